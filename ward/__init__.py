"""The words of the field, and the store."""
