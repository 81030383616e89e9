"""A device's credential: drawn by the platform, kept as a digest, checked at its door. Pure but for the drawing.

A device's secret is drawn by the platform with at least 128 bits, so a plain SHA-256 of it is kept:
there is nothing to guess, and ten thousand devices reconnecting at once cost no key stretching.
"""

import hashlib
import hmac
import secrets

from ward import device_secrets


def new_secret() -> str:
    """Draw a device secret: 32 URL-safe characters, 192 bits."""
    return secrets.token_urlsafe(24)


def secret_of(key: str, device_id: str, number: int) -> str:
    """Return a device's secret with a number: derived where the platform has a key for it, else drawn."""
    return device_secrets.derive(key, device_id, number) if key else new_secret()


def digest(secret: str | bytes) -> bytes:
    """Return what the store keeps of a secret."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).digest()


def matches(secret: bytes, kept: bytes) -> bool:
    """Compare a presented secret with the kept digest in constant time."""
    return hmac.compare_digest(hashlib.sha256(secret).digest(), kept)
