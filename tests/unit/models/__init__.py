"""Models that are fitted to data: unit tests."""
