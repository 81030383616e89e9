"""Lossless compression of int16 samples: a number says which way a stored block was encoded. Pure numpy and zlib."""
