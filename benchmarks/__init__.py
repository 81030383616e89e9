"""Measurements, each beside the simplest script that could do the same job; see README.md."""
