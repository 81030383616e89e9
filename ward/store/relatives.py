"""What a patient has opened to whom of their relatives, with its history. The caller owns the transaction.

The invariant: to one relative a patient has one set of things opened at a time; opening anew closes what was before.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId, Opened
from ward.people import PatientId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """What was opened to a relative; `ended_at` is None while it is."""

    relative_access_id: int
    account_id: AccountId
    name: str
    opens: list[str]
    given_at: datetime
    ended_at: datetime | None


async def of_patient(conn: Connection, patient_id: PatientId) -> list[AccessRow]:
    """Return all that a patient has opened, the newest first."""
    cursor = conn.cursor(row_factory=class_row(AccessRow))
    await cursor.execute(
        "select r.relative_access_id, r.account_id, c.name, r.opens, r.given_at, r.ended_at"
        " from relative_access r join account c using (account_id) where r.patient_id = %s"
        " order by r.relative_access_id desc",
        (patient_id,),
    )
    return await cursor.fetchall()


async def find_account(conn: Connection, username: str) -> AccountId | None:
    """Return the relative who logs in by this name, None where nobody does."""
    row = await (
        await conn.execute(
            "select account_id from account where kind = 'relative' and username = %s and disabled_at is null",
            (username.lower(),),
        )
    ).fetchone()
    return None if row is None else AccountId(row[0])


async def open_to(
    conn: Connection,
    patient_id: PatientId,
    relative: AccountId,
    opens: Collection[Opened],
    by: AccountId,
    now: datetime,
) -> int:
    """Open this, and nothing else, to a relative from now on."""
    await conn.execute("select from patient where patient_id = %s for no key update", (patient_id,))
    await conn.execute(
        "update relative_access set ended_at = %s, ended_by = %s"
        " where patient_id = %s and account_id = %s and ended_at is null",
        (now, by, patient_id, relative),
    )
    row = await (
        await conn.execute(
            "insert into relative_access (account_id, patient_id, opens, given_at, given_by)"
            " values (%s, %s, %s, %s, %s) returning relative_access_id",
            (relative, patient_id, sorted({each.value for each in opens}), now, by),
        )
    ).fetchone()
    if row is None:
        raise AssertionError("an insert with returning gives a row")
    return int(row[0])


async def close(conn: Connection, patient_id: PatientId, access_id: int, by: AccountId, now: datetime) -> bool:
    """Close what was opened to a relative; whether it was open."""
    done = await conn.execute(
        "update relative_access set ended_at = %s, ended_by = %s"
        " where patient_id = %s and relative_access_id = %s and ended_at is null",
        (now, by, patient_id, access_id),
    )
    return done.rowcount == 1
