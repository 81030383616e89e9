"""The second factor of a local account: codes of six digits that change every 30 s (TOTP, RFC 6238), sealed secrets.

A code of the period before or after counts too, since telephones' clocks differ; each counts once. Secrets are kept
sealed (AES-256-GCM, bound to the account) under `HEMVAKT_FACTOR_KEY`, which the store does not hold. Whoever has lost
the telephone uses a code for an emergency: 80 random bits, good once.
"""

import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.auth import digest
from ward import log
from ward.access.principals import AccountId
from ward.settings import Settings
from ward.store import factors
from ward.store.pool import Connection
from ward.store.proofs import Proofs

PERIOD_S = 30
CODES = 10
_NEAR = (0, -1, 1)
_DIGITS = 6
_NONCE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A secret that is new, as authenticators take it: typed in, opened as an address, or scanned (rows of 0 and 1)."""

    secret: str
    uri: str
    square: list[str]


def draw(username: str) -> Drawn:
    """Return a secret of 160 bits for somebody."""
    secret = pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Hemvakt")
    rows = ["".join("1" if dark else "0" for dark in row) for row in segno.make(uri, micro=False).matrix]
    return Drawn(secret=secret, uri=uri, square=rows)


def draw_codes() -> list[str]:
    """Return codes for an emergency, as people write them down."""
    drawn = [b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(CODES)]
    return ["-".join(each[at : at + 4] for at in range(0, 16, 4)) for each in drawn]


def plain(code: str) -> str:
    """Return a code as it is compared: without the spaces and hyphens that people write."""
    return "".join(sign for sign in code.lower() if sign.isalnum())


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the period whose code this is, now or next to it; None for any other."""
    said, current = plain(code), int(now.timestamp()) // PERIOD_S
    if len(said) != _DIGITS or not said.isascii():
        return None
    one = pyotp.TOTP(secret)
    return next((current + off for off in _NEAR if hmac.compare_digest(one.generate_otp(current + off), said)), None)


def seal(settings: Settings, account_id: AccountId, secret: str) -> bytes:
    """Return a secret as the store keeps it."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_key(settings)).encrypt(nonce, secret.encode(), _bound(account_id))


def unseal(settings: Settings, account_id: AccountId, sealed: bytes) -> str | None:
    """Return a secret; None where the key is not the one, or not set."""
    if not settings.factor_key:
        return None
    try:
        return AESGCM(_key(settings)).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(account_id)).decode()
    except InvalidTag:
        return None


async def use(conn: Connection, settings: Settings, who: Proofs, code: str, now: datetime) -> bool:
    """Tell whether this is a code of somebody's second factor, or for an emergency, and use it up."""
    if len(plain(code)) != _DIGITS:
        left = await factors.use_recovery(conn, who.account_id, digest(plain(code)))
        if left is not None:
            await factors.note_recovery(conn, who.account_id, left, who.actor, now)
        return left is not None
    sealed = (await factors.read(conn, who.account_id, now)).sealed
    secret = None if sealed is None else unseal(settings, who.account_id, sealed)
    if secret is None:
        log.get().error("second_factor_unreadable", account=who.account_id)
        return False
    step = step_of(secret, code, now)
    return step is not None and await factors.use_step(conn, who.account_id, step)


def _key(settings: Settings) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hemvakt second factor").derive(
        settings.factor_key.encode()
    )


def _bound(account_id: AccountId) -> bytes:
    return f"account {account_id}".encode()
