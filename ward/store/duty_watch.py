"""Hours of nobody ahead: who can be reached, and which stays would be left alone soon.

The caller owns the transaction. Not here: what runs out and what is extended (`duty_batons`, `duty_handovers`,
`duty_layout`; `alerting.duty` looks after them). The invariant: nothing is kept here between two looks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ward.duty.coverage import Reach, idle_hours
from ward.duty.durations import WARN_AHEAD
from ward.people import StaffId, StayId, TeamId
from ward.store import duty_schedules
from ward.store.pool import Connection

# So far beyond the warning are open hours looked at, to say when they end.
_SEEN_TO_THE_END = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncovered:
    """A stay for which nobody can be reached from `from_at` until before `until`."""

    stay_id: StayId
    team_id: TeamId
    from_at: datetime
    until: datetime


async def reach(conn: Connection) -> Reach:
    """Return which teams and which people can be reached: by telephone, or by a way of being told that works."""
    teams = await conn.execute(
        "select team_id from team where btrim(phone) <> ''"
        " union select team_id from contact_channel where team_id is not null and broken_at is null"
    )
    staff = await conn.execute(
        "select staff_id from staff s where disabled_at is null and (btrim(phone) <> '' or exists"
        " (select from contact_channel c where c.staff_id = s.staff_id and c.broken_at is null))"
    )
    return Reach(
        teams=frozenset(TeamId(row[0]) for row in await teams.fetchall()),
        staff=frozenset(StaffId(row[0]) for row in await staff.fetchall()),
    )


async def warned(conn: Connection, rule: str) -> list[StayId]:
    """Return the stays of which a rule of duty has an alert that is not closed."""
    cursor = await conn.execute("select stay_id from alert where rule = %s and resolved_at is null", (rule,))
    return [StayId(row[0]) for row in await cursor.fetchall()]


async def uncovered(conn: Connection, now: datetime) -> list[Uncovered]:
    """Return the stays in progress for which nobody can be reached at some time soon, the first such time of each."""
    end = now + WARN_AHEAD + _SEEN_TO_THE_END
    reached = await reach(conn)
    duty = await duty_schedules.on_duty(conn, now, end)
    open_hours = [(team_id, *each) for team_id, team in duty.items() for each in idle_hours(team, reached, now, end)]
    return [each for each in await _stays(conn, open_hours, reached, now) if each.from_at < now + WARN_AHEAD]


async def _stays(
    conn: Connection, open_hours: Iterable[tuple[TeamId, datetime, datetime]], reached: Reach, now: datetime
) -> list[Uncovered]:
    """Return the stays that teams answer for in hours which they do not keep, where nobody in reach has taken them."""
    hours = list(open_hours)
    if not hours:
        return []
    cursor = await conn.execute(
        "select distinct on (r.stay_id) r.stay_id, r.team_id, greatest(w.from_at, lower(r.period)),"
        " least(w.until, upper(r.period))"
        " from unnest(%(teams)s::bigint[], %(from)s::timestamptz[], %(until)s::timestamptz[]) as w (team_id, from_at,"
        " until) join responsibility r on r.team_id = w.team_id and r.period && tstzrange(w.from_at, w.until)"
        " join stay s on s.stay_id = r.stay_id and s.period @> %(now)s"
        " where r.staff_id is null or r.staff_id <> all(%(staff)s)"
        " order by r.stay_id, greatest(w.from_at, lower(r.period))",
        {
            "teams": [team_id for team_id, _, _ in hours],
            "from": [from_at for _, from_at, _ in hours],
            "until": [until for _, _, until in hours],
            "staff": list(reached.staff),
            "now": now,
        },
    )
    return [
        Uncovered(stay_id=StayId(stay_id), team_id=TeamId(team_id), from_at=from_at, until=until)
        for stay_id, team_id, from_at, until in await cursor.fetchall()
    ]
