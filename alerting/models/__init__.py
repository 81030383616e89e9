"""Models that are fitted to data, each a small readable file of weights: how it is made, kept and read."""
