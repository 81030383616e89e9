"""Rules: columnar windows in, condition intervals out."""
