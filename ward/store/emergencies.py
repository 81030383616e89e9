"""Emergency openings: who opened a patient whom they did not see, why and until when, and who has taken note of it.

The caller owns the transaction. An opening is also the notice to the team that answered then: it is listed there until
somebody of the team says that it is seen. The invariant: it ends by itself (`ward.store.access` asks for `until`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.access.principals import AccountId
from ward.people import PatientId, StayId, TeamId
from ward.store import access
from ward.store.pool import Connection

LASTS = timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class InCare:
    """A patient in care, seen by nobody yet: whose, and which team answers."""

    patient_id: PatientId
    stay_id: StayId
    team_id: TeamId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRow:
    """An emergency opening, who it was, and who has taken note of it."""

    opening_id: int
    patient_id: PatientId
    account_id: AccountId
    name: str
    title: str | None
    organisation: str | None
    team_id: TeamId
    reason: str
    opened_at: datetime
    until: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    seen_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which openings: those of these teams' patients and one's own, the newest first; None leaves a filter out."""

    team_ids: Sequence[TeamId]
    account_id: AccountId
    opening_id: int | None = None
    before: int | None = None
    limit: int = 100


_IN_CARE = (
    b"select p.patient_id, s.stay_id, t.team_id from stay s join patient p using (patient_id)"
    + access.TEAM_OF_STAY
    + b"where s.period @> %(now)s and "
)
_OPENINGS = """
    select e.opening_id, e.patient_id, e.account_id, coalesce(f.name, c.name) as name, f.title,
           o.name as organisation, e.team_id, e.reason, e.opened_at, e.until, e.ended_at, e.seen_at,
           coalesce(g.name, d.name) as seen_name
    from emergency_opening e join account c using (account_id) left join staff f using (staff_id)
    left join organisation o on o.organisation_id = f.organisation_id
    left join account d on d.account_id = e.seen_by left join staff g on g.staff_id = d.staff_id
    where (e.team_id = any(%(teams)s) or e.account_id = %(account)s)
    and (%(opening)s::bigint is null or e.opening_id = %(opening)s)
    and (%(before)s::bigint is null or e.opening_id < %(before)s)
    order by e.opening_id desc limit %(limit)s
"""


async def in_care(conn: Connection, patient_id: PatientId, now: datetime) -> InCare | None:
    """Return a patient in care, whoever may see them."""
    cursor = conn.cursor(row_factory=class_row(InCare))
    await cursor.execute(_IN_CARE + b"p.patient_id = %(patient)s", {"now": now, "patient": patient_id})
    return await cursor.fetchone()


async def of_number(conn: Connection, personal_number: str, now: datetime) -> InCare | None:
    """Return the patient in care who has this number (twelve characters), whoever may see them."""
    cursor = conn.cursor(row_factory=class_row(InCare))
    await cursor.execute(_IN_CARE + b"p.personal_number = %(number)s", {"now": now, "number": personal_number})
    return await cursor.fetchone()


async def standing(conn: Connection, patient_id: PatientId, account_id: AccountId, now: datetime) -> int | None:
    """Return the opening of a patient by this account that is in force."""
    row = await (
        await conn.execute(
            "select opening_id from emergency_opening where patient_id = %s and account_id = %s and ended_at is null"
            " and until > %s order by opening_id desc limit 1",
            (patient_id, account_id, now),
        )
    ).fetchone()
    return None if row is None else int(row[0])


async def open_patient(conn: Connection, whose: InCare, by: AccountId, reason: str, now: datetime) -> int:
    """Open a patient for `LASTS`; return the opening."""
    row = await (
        await conn.execute(
            "insert into emergency_opening (patient_id, account_id, team_id, reason, opened_at, until)"
            " values (%s, %s, %s, %s, %s, %s) returning opening_id",
            (whose.patient_id, by, whose.team_id, reason, now, now + LASTS),
        )
    ).fetchone()
    if row is None:
        raise AssertionError("an insert with returning gives a row")
    return int(row[0])


async def find(conn: Connection, wanted: Wanted) -> list[OpeningRow]:
    """Return the openings that are asked for, the newest first."""
    cursor = conn.cursor(row_factory=class_row(OpeningRow))
    await cursor.execute(
        _OPENINGS.encode(),
        {
            "teams": list(wanted.team_ids),
            "account": wanted.account_id,
            "opening": wanted.opening_id,
            "before": wanted.before,
            "limit": wanted.limit,
        },
    )
    return await cursor.fetchall()


async def unseen(conn: Connection, team_ids: Sequence[TeamId]) -> int:
    """Return how many openings of these teams' patients nobody of them has taken note of."""
    row = await (
        await conn.execute(
            "select count(*) from emergency_opening where team_id = any(%s) and seen_at is null", (list(team_ids),)
        )
    ).fetchone()
    return 0 if row is None else int(row[0])


async def end(conn: Connection, opening_id: int, by: AccountId, now: datetime) -> bool:
    """End an opening before its time; whether it was in force."""
    done = await conn.execute(
        "update emergency_opening set ended_at = %s, ended_by = %s"
        " where opening_id = %s and ended_at is null and until > %s",
        (now, by, opening_id, now),
    )
    return done.rowcount == 1


async def note(conn: Connection, opening_id: int, by: AccountId, now: datetime) -> bool:
    """Say that the team has seen an opening; whether it was the first to."""
    done = await conn.execute(
        "update emergency_opening set seen_at = %s, seen_by = %s where opening_id = %s and seen_at is null",
        (now, by, opening_id),
    )
    return done.rowcount == 1
