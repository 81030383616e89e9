"""Who answers for a stay at an instant, and whom to tell in which order. Reads only.

The schema keeps the periods of a stay whole: no gap and no overlap while it lasts. Before it began and after it
ended, and where somebody has undone that, a team is found all the same, for an alert must be seen.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.duty.contact import Chain, Contact, Holder, Why
from ward.errors import NotFound
from ward.people import StaffId, StayId, TeamId
from ward.store.pool import Connection

_HOLDER = b"""
    select team_id, since, until from (
        select team_id, nullif(lower(period), '-infinity') as since, nullif(upper(period), 'infinity') as until,
            case when period @> %(at)s then 0 when lower(period) > %(at)s then 2 else 1 end as choice,
            abs(extract(epoch from coalesce(lower(period), '-infinity') - %(at)s)) as far
        from responsibility where stay_id = %(stay)s
        union all
        select t.team_id, null, null, case when t.organisation_id = p.organisation_id then 3 else 4 end, t.team_id
        from stay s join patient p using (patient_id) cross join team t where s.stay_id = %(stay)s
    ) candidates order by choice, far limit 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    team_id: int
    since: datetime | None
    until: datetime | None


async def holder(conn: Connection, stay_id: StayId, at: datetime) -> Holder:
    """Return who answers for a stay at an instant; while the stay lasts that is exactly one.

    Outside the stay: the team that answered last, else the one that will first, else a team of the patient's
    organisation, else any.

    Raises
    ------
    NotFound
        If there is no such stay, or no team at all.
    """
    async with conn.cursor(row_factory=class_row(_Held)) as cursor:
        await cursor.execute(_HOLDER, {"stay": stay_id, "at": at})
        row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"a team for stay {stay_id}")
    return Holder(team_id=TeamId(row.team_id), staff_id=None, since=row.since, until=row.until)


async def chain(conn: Connection, stay_id: StayId, at: datetime, needs: Collection[str]) -> Chain:  # noqa: ARG001
    """Return whom to tell about a stay, level by level: a person, the team, the next team, a doctor last.

    Parameters
    ----------
    needs : tags of what is wrong (`respiratory`, …), beside those of the stay itself

    Raises
    ------
    NotFound
        If there is no such stay, or no team at all.
    """
    held = await holder(conn, stay_id, at)
    team = Contact(team_id=held.team_id, staff_id=None, why=Why.TEAM)
    cursor = await conn.execute(
        "select m.team_id, f.staff_id, f.role from team_member m join staff f using (staff_id)"
        " where f.disabled_at is null and f.role in ('nurse', 'doctor') order by m.team_id <> %(team)s, f.staff_id",
        {"team": held.team_id},
    )
    rows = await cursor.fetchall()
    own = tuple(
        Contact(team_id=held.team_id, staff_id=StaffId(staff), why=Why.TEAM)
        for number, staff, _ in rows
        if number == held.team_id
    )
    doctors = tuple(
        Contact(team_id=TeamId(number), staff_id=StaffId(staff), why=Why.DOCTOR)
        for number, staff, role in rows
        if role == "doctor"
    )
    levels = ((own or (team,))[:1], (team, *own), doctors[:1])
    return tuple(level for level in levels if level)
