"""Who somebody is at an OpenID provider, and log-ins that are on their way there and back.

A log-in is taken away when it comes back, so the same answer is never good twice.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId, Actor
from ward.store import audit
from ward.store.audit import Action, Deed
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a provider says of somebody: `subject` is the value of `claim`."""

    issuer: str
    claim: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A log-in that has been sent to the provider, from one browser."""

    state_sha256: bytes
    browser_sha256: bytes
    nonce: str
    verifier: str
    shared: bool
    expires_at: datetime


async def begin(conn: Connection, begun: Begun, now: datetime) -> None:
    """Keep a log-in until it comes back; those that never did are swept out."""
    await conn.execute("delete from oidc_login where expires_at <= %s", (now,))
    await conn.execute(
        "insert into oidc_login (state_sha256, browser_sha256, nonce, verifier, shared, expires_at)"
        " values (%s, %s, %s, %s, %s, %s)",
        (begun.state_sha256, begun.browser_sha256, begun.nonce, begun.verifier, begun.shared, begun.expires_at),
    )


async def take(conn: Connection, state_sha256: bytes, browser_sha256: bytes, now: datetime) -> Begun | None:
    """Take a log-in that has come back to the browser that began it; None where there is none, or no longer."""
    cursor = conn.cursor(row_factory=class_row(Begun))
    await cursor.execute(
        "delete from oidc_login where state_sha256 = %s and browser_sha256 = %s and expires_at > %s"
        " returning state_sha256, browser_sha256, nonce, verifier, shared, expires_at",
        (state_sha256, browser_sha256, now),
    )
    return await cursor.fetchone()


async def find_account(conn: Connection, identity: Identity) -> AccountId | None:
    """Return whose identity it is, where that account is open."""
    row = await (
        await conn.execute(
            "select c.account_id from account_identity i join account c using (account_id)"
            " left join staff f using (staff_id) where i.issuer = %s and i.claim = %s and i.subject = %s"
            " and c.disabled_at is null and f.disabled_at is null",
            (identity.issuer, identity.claim, identity.subject),
        )
    ).fetchone()
    return None if row is None else AccountId(row[0])


async def of_account(conn: Connection, account_id: AccountId) -> list[Identity]:
    """Return who an account is at providers."""
    cursor = conn.cursor(row_factory=class_row(Identity))
    await cursor.execute(
        "select issuer, claim, subject from account_identity where account_id = %s order by 1, 2, 3", (account_id,)
    )
    return await cursor.fetchall()


async def link(conn: Connection, account_id: AccountId, identity: Identity, actor: Actor, now: datetime) -> bool:
    """Let whoever the provider says this of log in to the account; False where it is another's. Twice is once."""
    linked = await conn.execute(
        "insert into account_identity (issuer, claim, subject, account_id, linked_at, linked_by)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
        (identity.issuer, identity.claim, identity.subject, account_id, now, actor.account_id),
    )
    if linked.rowcount:
        await audit.write(conn, actor, _deed(Action.ACCOUNT_LINKED, account_id, identity), now)
        return True
    return identity in await of_account(conn, account_id)


async def unlink_all(conn: Connection, account_id: AccountId, issuer: str, actor: Actor, now: datetime) -> None:
    """Let nobody log in to the account by way of this provider any more."""
    gone = await conn.execute(
        "delete from account_identity where account_id = %s and issuer = %s", (account_id, issuer)
    )
    if gone.rowcount:
        detail = {"account_id": account_id, "issuer": issuer}
        await audit.write(conn, actor, Deed(action=Action.ACCOUNT_UNLINKED, detail=detail), now)


def _deed(action: Action, account_id: AccountId, identity: Identity) -> Deed:
    """Return the deed; the value of the claim may be a personal number, and has no place in it."""
    detail = {"account_id": account_id, "issuer": identity.issuer, "claim": identity.claim}
    return Deed(action=action, detail=detail)
