"""Rows to decisions."""
