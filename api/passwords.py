"""Passwords: argon2id, the parameters of RFC 9106's second choice. Slow by intent; never called on the event loop."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """Return what the store keeps of a password; takes some 50 ms and 64 MiB."""
    return _hasher.hash(password)


@cache
def _nobody() -> str:
    """Return a hash that no password fits in practice, for names that do not exist."""
    return _hasher.hash("a password that nobody has")


def verify(password_hash: str | None, password: str) -> bool:
    """Tell whether the password fits; without a hash takes as long and says no, so that time tells no names."""
    nobody = _nobody()  # made at the first log-in of all, whoever that is
    try:
        _hasher.verify(password_hash or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
