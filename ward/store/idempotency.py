"""Requests that create, remembered by the key that their sender gave them, so that a repeat creates nothing.

A key belongs to one account and is kept for a fortnight: a page that was without a network sends late. Two requests
with one key at once wait for each other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ward.access.principals import AccountId
from ward.store.pool import Connection

KEPT = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A sender's key and the SHA-256 of what it stands for."""

    account_id: AccountId
    key: str
    request_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a key stands for already: the thing that was made, None where the key belongs to another request."""

    made_id: int | None


async def claim(conn: Connection, key: Key, now: datetime) -> Before | None:
    """Take a key for this transaction; None when it is new, and then `keep` says what was made."""
    await conn.execute("delete from idempotency where made_at < %s", (now - KEPT,))
    made = await conn.execute(
        "insert into idempotency (account_id, key, request_sha256, made_at) values (%s, %s, %s, %s)"
        " on conflict do nothing returning 1",
        (key.account_id, key.key, key.request_sha256, now),
    )
    if await made.fetchone() is not None:
        return None
    found = await conn.execute(
        "select made_id from idempotency where account_id = %s and key = %s and request_sha256 = %s",
        (key.account_id, key.key, key.request_sha256),
    )
    row = await found.fetchone()
    return Before(made_id=None if row is None else row[0])


async def keep(conn: Connection, key: Key, made_id: int) -> None:
    """Note what the request made."""
    await conn.execute(
        "update idempotency set made_id = %s where account_id = %s and key = %s", (made_id, key.account_id, key.key)
    )
