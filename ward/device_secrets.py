"""Device secrets that can be computed again: HMAC of the platform's key over a device's id and a number. Pure.

A broker wants a device's password itself, and the store keeps only its SHA-256. With a key (HEMVAKT_DEVICE_KEY) a
secret is not drawn but derived, so that whoever holds the key can tell it to a broker at any time, and the store still
holds nothing that anybody could connect with. The number goes up by one with each new secret. Without a key secrets
are drawn at random, and only the endpoint of ingest can check them. Reasons: decision 0019.
"""

import base64
import hashlib
import hmac

FIRST = 1
_MOST_NUMBERS = 64
_BYTES = 24  # 192 bits: 32 URL-safe characters, like a secret that is drawn
_CONTEXT = b"hemvakt device secret 1"


def derive(key: str, device_id: str, number: int) -> str:
    """Return the secret of a device with a number, from `FIRST` on: 32 URL-safe characters."""
    message = b"\0".join((_CONTEXT, device_id.encode(), str(number).encode()))
    return base64.urlsafe_b64encode(hmac.digest(key.encode(), message, "sha256")[:_BYTES]).decode()


def number_of(key: str, device_id: str, secret_sha256: bytes) -> int | None:
    """Return the number of the secret whose digest the store keeps; None when it does not come from this key.

    The digest decides, so a wrong key is found out before a broker is told anything. Looks at the first 64 numbers.
    """
    for number in range(FIRST, FIRST + _MOST_NUMBERS):
        if hmac.compare_digest(hashlib.sha256(derive(key, device_id, number).encode()).digest(), secret_sha256):
            return number
    return None
