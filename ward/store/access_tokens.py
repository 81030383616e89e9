"""Bearer tokens of systems: given by an operator, shown once, kept as SHA-256, known by their first letters.

A token lets in as a session does (`sessions.find_session`), with the permissions of its account; it ends at its time
or when somebody revokes it.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId, Actor
from ward.store import audit
from ward.store.audit import Action, Deed
from ward.store.bus import Channel
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token as an operator sees it."""

    token_id: int
    prefix: str
    name: str
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that is to be given."""

    account_id: AccountId
    token_sha256: bytes
    prefix: str
    name: str
    expires_at: datetime


_COLUMNS = "select token_id, prefix, name, made_at, expires_at, last_used_at, revoked_at from access_token"


async def give(conn: Connection, new: NewToken, actor: Actor, now: datetime) -> int:
    """Keep a token of a system; return its number."""
    row = await (
        await conn.execute(
            "insert into access_token (account_id, token_sha256, prefix, name, made_at, made_by, expires_at)"
            " values (%s, %s, %s, %s, %s, %s, %s) returning token_id",
            (new.account_id, new.token_sha256, new.prefix, new.name, now, actor.account_id, new.expires_at),
        )
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert that returns
    detail = {"account_id": new.account_id, "token_id": row[0]}
    await audit.write(conn, actor, Deed(action=Action.TOKEN_GIVEN, detail=detail), now)
    return int(row[0])


async def of_account(conn: Connection, account_id: AccountId) -> list[TokenRow]:
    """Return every token that an account was given, the newest first."""
    cursor = conn.cursor(row_factory=class_row(TokenRow))
    await cursor.execute(f"{_COLUMNS} where account_id = %s order by token_id desc", (account_id,))
    return await cursor.fetchall()


async def revoke(conn: Connection, account_id: AccountId, token_id: int, actor: Actor, now: datetime) -> bool:
    """End a token for good and close its sockets; False where the account has none of that number. Twice is once."""
    known = await (
        await conn.execute("select from access_token where account_id = %s and token_id = %s", (account_id, token_id))
    ).fetchone()
    if known is None:
        return False
    ended = await conn.execute(
        "update access_token set revoked_at = %s, revoked_by = %s where token_id = %s and revoked_at is null",
        (now, actor.account_id, token_id),
    )
    if ended.rowcount:
        detail = {"account_id": account_id, "token_id": token_id}
        await audit.write(conn, actor, Deed(action=Action.TOKEN_REVOKED, detail=detail), now)
        await conn.execute("select pg_notify(%s, '')", (Channel.SESSIONS.value,))
    return True
