"""Logging in at an OpenID provider: what it says, whether that is true, and how to ask it."""
