"""Second factors of local accounts: a sealed secret, the codes that are left for an emergency, and what was used.

Nothing here can read a secret (`api.second_factor` has the key). The invariant: a code counts once, whoever asks twice
at the same time, since the row that says so is changed by the statement that looks at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.access.principals import AccountId, Actor
from ward.store import audit
from ward.store.audit import Action, Deed
from ward.store.pool import Connection

PROVED_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """What an account's second factor is: a secret in force, one to be proved, or both."""

    sealed: bytes | None
    pending: bytes | None


async def read(conn: Connection, account_id: AccountId, now: datetime) -> Factor:
    """Return an account's second factor; what was not proved in time is nothing."""
    cursor = conn.cursor(row_factory=class_row(Factor))
    await cursor.execute(
        "select sealed, case when pending_at > %s then pending end as pending from second_factor where account_id = %s",
        (now - PROVED_WITHIN, account_id),
    )
    return await cursor.fetchone() or Factor(sealed=None, pending=None)


async def begin(conn: Connection, account_id: AccountId, pending: bytes, now: datetime) -> None:
    """Keep a secret that its person has still to prove; the one in force stays until then."""
    await conn.execute(
        "insert into second_factor (account_id, pending, pending_at) values (%s, %s, %s)"
        " on conflict (account_id) do update set pending = excluded.pending, pending_at = excluded.pending_at",
        (account_id, pending, now),
    )


async def confirm(
    conn: Connection, account_id: AccountId, step: int, codes: Sequence[bytes], actor: Actor, now: datetime
) -> bool:
    """Put the secret that was just proved by the code of a period in force, with these codes for an emergency.

    False where another request was first.
    """
    done = await conn.execute(
        "update second_factor set sealed = pending, confirmed_at = %s, last_step = %s, pending = null,"
        " pending_at = null where account_id = %s and pending is not null",
        (now, step, account_id),
    )
    if done.rowcount == 0:
        return False
    await conn.execute("delete from recovery_code where account_id = %s", (account_id,))
    await conn.execute(
        "insert into recovery_code (account_id, code_sha256) select %s, unnest(%s::bytea[])", (account_id, list(codes))
    )
    await _note(conn, Action.FACTOR_ADDED, account_id, actor, now, None)
    return True


async def use_step(conn: Connection, account_id: AccountId, step: int) -> bool:
    """Use the code of a period up; False where it, or a later one, was used already."""
    done = await conn.execute(
        "update second_factor set last_step = %s where account_id = %s and sealed is not null and last_step < %s",
        (step, account_id, step),
    )
    return done.rowcount == 1


async def use_recovery(conn: Connection, account_id: AccountId, code_sha256: bytes) -> int | None:
    """Use a code for an emergency up; return how many are left, None where it is none."""
    done = await conn.execute(
        "delete from recovery_code where account_id = %s and code_sha256 = %s", (account_id, code_sha256)
    )
    if done.rowcount == 0:
        return None
    row = await (
        await conn.execute("select count(*) from recovery_code where account_id = %s", (account_id,))
    ).fetchone()
    return 0 if row is None else int(row[0])


async def note_recovery(conn: Connection, account_id: AccountId, left: int, actor: Actor, now: datetime) -> None:
    """Write into the audit that a code for an emergency was used."""
    detail = {"account_id": account_id, "left": left}
    await audit.write(conn, actor, Deed(action=Action.RECOVERY_USED, detail=detail), now)


async def remove(
    conn: Connection, account_id: AccountId, actor: Actor, now: datetime, reason: str | None = None
) -> bool:
    """Take a second factor and its codes away; False where there is none."""
    done = await conn.execute("delete from second_factor where account_id = %s", (account_id,))
    if done.rowcount:
        await _note(conn, Action.FACTOR_REMOVED, account_id, actor, now, reason)
    return done.rowcount == 1


async def _note(
    conn: Connection, action: Action, account_id: AccountId, actor: Actor, now: datetime, reason: str | None
) -> None:
    await audit.write(conn, actor, Deed(action=action, reason=reason, detail={"account_id": account_id}), now)
