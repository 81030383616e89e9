"""Invitations of relatives: a one-time code, for whom, what the patient opens by it, and what became of it.

The code is kept as its SHA-256 only. The caller owns the transaction. The invariant: a code that was never made, has
expired, was taken back or was used is found by one and the same question, and answers none.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from ward.access.principals import AccountId, Kind, Opened
from ward.people import OrganisationId, PatientId
from ward.store import people, relatives
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """An invitation that is to be made."""

    patient_id: PatientId
    code_sha256: bytes
    name: str
    language: str
    opens: Collection[Opened]
    made_by: AccountId
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """An invitation as it is kept; `username` is the log-in of who has used it."""

    invitation_id: int
    name: str
    language: str
    opens: list[str]
    made_by_name: str
    made_by_kind: Kind
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    username: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """What a good code leads to. `organisation_id` is the patient's."""

    invitation_id: int
    patient_id: PatientId
    organisation_id: OrganisationId
    name: str
    language: str
    opens: list[str]
    made_by: AccountId
    expires_at: datetime


_ROWS = """
    select i.invitation_id, i.name, i.language, i.opens, coalesce(f.name, m.name) as made_by_name,
           m.kind as made_by_kind, i.made_at, i.expires_at, i.revoked_at, i.used_at, u.username
    from relative_invitation i join account m on m.account_id = i.made_by left join staff f on f.staff_id = m.staff_id
    left join account u on u.account_id = i.account_id where i.patient_id = %(patient)s
"""
_GOOD = """
    select i.invitation_id, i.patient_id, p.organisation_id, i.name, i.language, i.opens, i.made_by, i.expires_at
    from relative_invitation i join patient p using (patient_id) join account m on m.account_id = i.made_by
    where i.code_sha256 = %(code)s and i.revoked_at is null and i.used_at is null and i.expires_at > %(now)s
"""


async def make(conn: Connection, new: NewInvitation, now: datetime) -> int:
    """Keep an invitation and return its number."""
    cursor = await conn.execute(
        "insert into relative_invitation (patient_id, code_sha256, name, language, opens, made_by, made_at, expires_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) returning invitation_id",
        (
            new.patient_id,
            new.code_sha256,
            new.name,
            new.language,
            sorted({each.value for each in new.opens}),
            new.made_by,
            now,
            new.expires_at,
        ),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an insert with returning gives a row
    return int(row[0])


async def of_patient(conn: Connection, patient_id: PatientId) -> list[InvitationRow]:
    """Return the invitations of a patient's relatives, the newest first."""
    cursor = conn.cursor(row_factory=class_row(InvitationRow))
    await cursor.execute(f"{_ROWS} order by i.invitation_id desc".encode(), {"patient": patient_id})
    return await cursor.fetchall()


async def one(conn: Connection, patient_id: PatientId, invitation_id: int) -> InvitationRow | None:
    """Return one invitation of a patient's relatives."""
    cursor = conn.cursor(row_factory=class_row(InvitationRow))
    query = f"{_ROWS} and i.invitation_id = %(invitation)s"
    await cursor.execute(query.encode(), {"patient": patient_id, "invitation": invitation_id})
    return await cursor.fetchone()


async def revoke(conn: Connection, patient_id: PatientId, invitation_id: int, by: AccountId, now: datetime) -> bool:
    """Take an invitation back; False where it was used or taken back already."""
    done = await conn.execute(
        "update relative_invitation set revoked_at = %s, revoked_by = %s where patient_id = %s and invitation_id = %s"
        " and revoked_at is null and used_at is null",
        (now, by, patient_id, invitation_id),
    )
    return done.rowcount == 1


async def follow(conn: Connection, code_sha256: bytes, now: datetime) -> Good | None:
    """Return what a code leads to, None for every code that is not good now; locked until the transaction ends."""
    cursor = conn.cursor(row_factory=class_row(Good))
    await cursor.execute(f"{_GOOD} for update of i".encode(), {"code": code_sha256, "now": now})
    return await cursor.fetchone()


async def add_relative(conn: Connection, good: Good, username: str, password_hash: str) -> AccountId | None:
    """Add the relative who is invited, with the log-in they chose; None where the name is taken."""
    try:
        async with conn.transaction():
            return await people.add_account(
                conn,
                kind=Kind.RELATIVE,
                username=username,
                name=good.name,
                password_hash=password_hash,
                language=good.language,
                kept_by=good.organisation_id,
            )
    except UniqueViolation:
        return None


async def use(conn: Connection, good: Good, relative: AccountId, now: datetime) -> int | None:
    """Note who has used an invitation and open what the patient opens by it; the opening's number, None for nothing."""
    await conn.execute(
        "update relative_invitation set used_at = %s, account_id = %s where invitation_id = %s",
        (now, relative, good.invitation_id),
    )
    if not good.opens:
        return None
    opens = [Opened(each) for each in good.opens]
    return await relatives.open_to(conn, good.patient_id, relative, opens, good.made_by, now)
