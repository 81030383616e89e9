"""Tests: unit, property, golden, integration, acceptance, browser."""
