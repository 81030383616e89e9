"""Tests of who is on duty and who answers."""
