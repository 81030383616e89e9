"""Finding a patient in care among those that somebody may see, by number or by name. Reads only.

A protected identity is found by its whole number alone. What is not seen is not found: neither that it exists.
"""

from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import PatientId, TeamId
from ward.store import access
from ward.store.pool import Connection

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRow:
    """A patient as a list of findings shows them."""

    patient_id: PatientId
    personal_number: str
    given_name: str
    family_name: str
    birth_date: date
    protected: bool
    team_id: TeamId
    team_name: str


_FOUND = (
    b"select p.patient_id, p.personal_number, p.given_name, p.family_name, p.birth_date,"
    b" p.protected_since is not null as protected, t.team_id, t.name as team_name"
    + access.VISIBLE_STAYS
    + b"and s.period @> %(now)s and "
)


async def by_number(conn: Connection, scope: Scope, personal_number: str, now: datetime) -> list[FoundRow]:
    """Return who has this number (twelve characters)."""
    cursor = conn.cursor(row_factory=class_row(FoundRow))
    await cursor.execute(
        _FOUND + b"p.personal_number = %(number)s", {**access.asked(scope), "now": now, "number": personal_number}
    )
    return await cursor.fetchall()


async def by_name(conn: Connection, scope: Scope, name: str, now: datetime) -> list[FoundRow]:
    """Return whose given or family name, or both in this order, begin so; never a protected identity."""
    cursor = conn.cursor(row_factory=class_row(FoundRow))
    await cursor.execute(
        _FOUND
        + b"p.protected_since is null and (starts_with(lower(p.given_name), lower(%(name)s))"
        + b" or starts_with(lower(p.family_name), lower(%(name)s))"
        + b" or starts_with(lower(p.given_name || ' ' || p.family_name), lower(%(name)s)))"
        + b" order by p.family_name, p.given_name, p.patient_id limit %(limit)s",
        {**access.asked(scope), "now": now, "name": name, "limit": MOST},
    )
    return await cursor.fetchall()
