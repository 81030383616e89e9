"""The signal core: unit tests."""
