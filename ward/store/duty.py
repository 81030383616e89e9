"""Who answers for a stay at an instant, and whom to tell in which order. Reads only.

The schema keeps the periods of a stay whole: no gap and no overlap while it lasts. Before it began and after it
ended, and where somebody has undone that, a team is found all the same, for an alert must be seen.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.duty.chain import Ranks
from ward.duty.chain import chain as levels
from ward.duty.contact import Chain, Holder
from ward.duty.routing import OnDuty, fitting
from ward.errors import NotFound
from ward.people import Role, StaffId, StayId, TeamId
from ward.store import duty_care, duty_schedules
from ward.store.pool import Connection

_INSTANT = timedelta(microseconds=1)
_CLINICAL = frozenset({Role.NURSE, Role.DOCTOR})

_HOLDER = b"""
    select team_id, staff_id, since, until from (
        select team_id, staff_id, case when lower(period) >= '0001-01-02Z' then lower(period) end as since,
            case when upper(period) < '9999-01-01Z' then upper(period) end as until,
            case when period @> %(at)s then 0 when lower(period) > %(at)s then 2 else 1 end as choice,
            abs(extract(epoch from coalesce(lower(period), '-infinity') - %(at)s)) as far
        from responsibility where stay_id = %(stay)s
        union all
        select t.team_id, null, null, null, case when t.organisation_id = p.organisation_id then 3 else 4 end, t.team_id
        from stay s join patient p using (patient_id) cross join team t where s.stay_id = %(stay)s
    ) candidates order by choice, far limit 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    team_id: TeamId
    staff_id: StaffId | None
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
    return Holder(team_id=row.team_id, staff_id=row.staff_id, since=row.since, until=row.until)


async def chain(conn: Connection, stay_id: StayId, at: datetime, needs: Collection[str]) -> Chain:
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
    said = await duty_care.care(conn, stay_id)
    unit = None if said.policy_id is None else await duty_care.policy(conn, said.policy_id)
    teams = await duty_schedules.on_duty(conn, at, at + _INSTANT)
    following: tuple[TeamId, ...] = ()
    if unit is not None:
        following = fitting(unit.policy(), frozenset(said.needs) | frozenset(needs), teams, at, at + _INSTANT)
    return levels(held, said.named(), following, await _ranks(conn, teams))


async def _ranks(conn: Connection, teams: Mapping[TeamId, OnDuty]) -> Ranks:
    members = await duty_schedules.members(conn, teams)
    clinical = {team_id: [row for row in rows if row.role in _CLINICAL] for team_id, rows in members.items()}
    return Ranks(
        teams=teams,
        members={team_id: tuple(row.staff_id for row in rows) for team_id, rows in clinical.items()},
        roles={row.staff_id: Role(row.role) for rows in clinical.values() for row in rows},
    )
