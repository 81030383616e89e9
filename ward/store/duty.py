"""Who answers for a stay at an instant, and whom to tell in which order. Reads only.

The schema keeps the periods of a stay whole: no gap and no overlap while it lasts. Before it began and after it
ended, and where somebody has undone that, a team is found all the same, for an alert must be seen.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from psycopg.rows import class_row

from ward.duty.chain import Ranks
from ward.duty.chain import chain as levels
from ward.duty.contact import Chain, Holder
from ward.duty.routing import OnDuty, fitting
from ward.errors import NotFound
from ward.people import Role, StaffId, StayId, TeamId
from ward.store import duty_care, duty_schedules
from ward.store.pool import Coming, Connection

_INSTANT = timedelta(microseconds=1)
_CLINICAL = frozenset({Role.NURSE, Role.DOCTOR})

_HOLDER = """
    select team_id, staff_id, since, until from (
        select team_id, staff_id, case when lower(period) >= '0001-01-02Z' then lower(period) end as since,
            case when upper(period) < '9999-01-01Z' then upper(period) end as until,
            case when period @> %(at)s then 0 when lower(period) > %(at)s then 2 else 1 end as choice,
            abs(extract(epoch from coalesce(lower(period), '-infinity')) - extract(epoch from %(at)s)) as far
        from responsibility where stay_id = %(stay)s
        union all
        select t.team_id, null, null, null, case when t.organisation_id = p.organisation_id then 3 else 4 end, t.team_id
        from stay s join patient p using (patient_id) cross join team t where s.stay_id = %(stay)s
    ) candidates order by choice, far limit 1
"""


# The team alone, of a stay `stay` at `at`; NULL where there is none.
HOLDER_TEAM = f"select h.team_id from ({_HOLDER}) h"  # nosec B608  # noqa: S608 - put together from constants
# All that decides whom to tell, in one answer: many questions would have the alert wait for as many answers.
_AROUND = f"""
    select json_build_object(
        'held', (select to_json(h) from ({_HOLDER}) h),
        'care', (select to_json(c) from ({duty_care.CARE} where stay_id = %(stay)s) c),
        'unit', (select to_json(p) from ({duty_care.POLICIES} where policy_id =
            (select policy_id from duty_care where stay_id = %(stay)s)) p),
        'teams', coalesce((select json_agg(t) from ({duty_schedules.TEAMS}
            order by o.name, t.name, t.team_id) t), '[]'),
        'overrides', coalesce((select json_agg(e) from ({duty_schedules.OVERRIDES} and period @> %(at)s
            order by lower(period)) e), '[]'),
        'members', coalesce((select json_agg(m) from ({duty_schedules.MEMBERS}
            order by f.role <> 'nurse', f.name, f.staff_id) m), '[]')
    )::text
""".encode()  # nosec B608  # noqa: S608 - put together from constants


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    team_id: TeamId
    staff_id: StaffId | None
    since: datetime | None
    until: datetime | None


class _Around(msgspec.Struct, frozen=True, kw_only=True):
    """What `_AROUND` answers; no unit where nobody has said which."""

    held: _Held | None
    care: duty_care.CareRow | None
    unit: duty_care.PolicyRow | None
    teams: list[duty_schedules.TeamRow]
    overrides: list[duty_schedules.OverrideRow]
    members: list[duty_schedules.MemberRow]


_DECODED = msgspec.json.Decoder(_Around)


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
        await cursor.execute(_HOLDER.encode(), {"stay": stay_id, "at": at})
        row = await cursor.fetchone()
    return _holder(stay_id, row)


def _holder(stay_id: StayId, row: _Held | None) -> Holder:
    if row is None:
        raise NotFound(f"a team for stay {stay_id}")
    return Holder(team_id=row.team_id, staff_id=row.staff_id, since=row.since, until=row.until)


async def ask_chain(conn: Connection, stay_id: StayId, at: datetime) -> Coming:
    """Ask for what `answer_chain` returns, so that other questions can go with it."""
    return await conn.execute(_AROUND, {"stay": stay_id, "at": at})


async def chain(conn: Connection, stay_id: StayId, at: datetime, needs: Collection[str]) -> Chain:
    """Return whom to tell about a stay, at once: see `answer_chain`."""
    return await answer_chain(await ask_chain(conn, stay_id, at), stay_id, at, needs)


async def answer_chain(asked: Coming, stay_id: StayId, at: datetime, needs: Collection[str]) -> Chain:
    """Return whom to tell about a stay, level by level: a person, the team, the next team, a doctor last.

    Parameters
    ----------
    needs : tags of what is wrong (`respiratory`, …), beside those of the stay itself

    Raises
    ------
    NotFound
        If there is no such stay, or no team at all.
    """
    row = await asked.fetchone()
    around = _DECODED.decode(row[0] if row else "{}")
    held = _holder(stay_id, around.held)
    said = around.care or duty_care.unsaid(stay_id)
    teams = _on_duty(around, at)
    following: tuple[TeamId, ...] = ()
    able: list[TeamId] = []
    if around.unit is not None:
        policy, until = around.unit.policy(), at + _INSTANT
        following = fitting(policy, frozenset(said.needs) | frozenset(needs), teams, at, until)
        own = fitting(policy, frozenset(said.needs), teams, at, until) if needs else following
        able = [team_id for team_id in following if team_id not in own]
    return levels(held, said.named(), following, _ranks(teams, around.members), able)


def _on_duty(around: _Around, at: datetime) -> dict[TeamId, OnDuty]:
    exceptions: dict[TeamId, list[duty_schedules.OverrideRow]] = {row.team_id: [] for row in around.teams}
    for each in around.overrides:
        exceptions[each.team_id].append(each)
    return {row.team_id: duty_schedules.watch(row, exceptions[row.team_id], at, at + _INSTANT) for row in around.teams}


def _ranks(teams: Mapping[TeamId, OnDuty], members: Iterable[duty_schedules.MemberRow]) -> Ranks:
    clinical: dict[TeamId, list[StaffId]] = {team_id: [] for team_id in teams}
    roles: dict[StaffId, Role] = {}
    for row in members:
        if row.role in _CLINICAL:
            clinical[row.team_id].append(row.staff_id)
            roles[row.staff_id] = Role(row.role)
    return Ranks(
        teams=teams,
        members={team_id: tuple(staff) for team_id, staff in clinical.items()},
        roles=roles,
    )
