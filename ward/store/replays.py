"""What was known during a stretch of the past: whose care was going on, readings by when they came, scores, alerts.

Reads only. A reading counts from when it came, not from when it was measured: nobody had seen it before. The invariant:
only stays that the scope may see now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.alerts import AlertId
from ward.people import PatientId, StayId, TeamId
from ward.store import access
from ward.store.pool import Connection
from ward.vitals import BY_CODE

_BACK = timedelta(hours=24)  # scores that old were still shown when the stretch began
ReadingRow = tuple[StayId, int, int, float, float, int]
"""(stay, kind code, minute, seconds from the start at which it was measured, value, validity code)"""
ScoreRow = tuple[StayId, int, int, int, str]
"""(stay, minute, lowest and highest possible total, risk)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From when until when is looked back."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRow:
    """A stay that went on during the stretch; `teams` and `team_from` are who answered, in order, and from when."""

    stay_id: StayId
    patient_id: PatientId
    given_name: str
    family_name: str
    birth_date: date
    personal_number: str
    protected: bool
    reason: str
    teams: list[str]
    team_from: list[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One line of an alert's life, with what of the alert is the same in all of them."""

    stay_id: StayId
    alert_id: AlertId
    rule: str
    family: str
    resolved_at: datetime | None
    at: datetime
    kind: str
    name: str | None
    priority: int | None
    evidence: dict[str, object] | None
    until: datetime | None


_STAYS = (
    b"""
    select s.stay_id, s.patient_id, p.given_name, p.family_name, p.birth_date, p.personal_number,
           p.protected_since is not null as protected, s.reason, who.teams, who.team_from
    from stay s join patient p using (patient_id)
    """
    + access.TEAM_OF_STAY
    + b"""
    join lateral (
        select array_agg(o.name order by r.period) as teams,
               array_agg(greatest(coalesce(lower(r.period), %(start)s), %(start)s) order by r.period) as team_from,
               array_agg(r.team_id) as team_ids
        from responsibility r join team o using (team_id)
        where r.stay_id = s.stay_id and r.period && tstzrange(%(start)s, %(end)s)
    ) who on who.teams is not null
    where """
    + access.MAY_SEE
    + b"""
    and s.period && tstzrange(%(start)s, %(end)s)
    and (%(team)s::bigint is null or %(team)s = any(who.team_ids))
    and s.stay_id > %(after)s order by s.stay_id limit %(limit)s
"""
)
_READINGS = b"""
    select distinct on (stay_id, kind, minute) stay_id, kind, minute, measured_s, value, validity
    from (
        select r.stay_id, r.kind, r.measured_at, r.value, r.validity,
               greatest(0, ceil(extract(epoch from r.received_at - %(start)s) / 60))::int as minute,
               extract(epoch from r.measured_at - %(start)s)::float8 as measured_s
        from reading r join unnest(%(kinds)s::smallint[], %(back_s)s::float8[]) k (kind, back_s) using (kind)
        where r.stay_id = any(%(stays)s::bigint[]) and r.received_at <= %(end)s and r.measured_at < %(end)s
          and r.measured_at > %(earliest)s and r.measured_at > %(start)s - make_interval(secs => k.back_s)
    ) known
    order by stay_id, kind, minute, measured_at desc
"""
_SCORES = b"""
    select distinct on (stay_id, minute) stay_id, minute, total_min, total_max, risk
    from (
        select stay_id, greatest(0, ceil(extract(epoch from scored_at - %(start)s) / 60))::int as minute, scored_at,
               total_min::int as total_min, total_max::int as total_max, risk
        from score where stay_id = any(%(stays)s::bigint[]) and scored_at > %(earliest)s and scored_at <= %(end)s
    ) known
    order by stay_id, minute, scored_at desc
"""
_LINES = b"""
    select a.stay_id, a.alert_id, a.rule, a.family, a.resolved_at, e.at, e.kind, f.name, e.priority, e.evidence, e.until
    from alert a join alert_event e using (stay_id, alert_id) left join staff f on f.staff_id = e.staff_id
    where a.stay_id = any(%(stays)s::bigint[]) and a.opened_at < %(end)s
      and (a.resolved_at is null or a.resolved_at > %(start)s) and e.at < %(end)s
    order by a.stay_id, a.alert_id, e.rev
"""


async def stays(
    conn: Connection,
    scope: Scope,
    within: Stretch,
    now: datetime,
    *,
    team_id: TeamId | None,
    after: int,
    limit: int,
) -> list[StayRow]:
    """Return the stays of a stretch that may be seen, by number; of one team, those that it answered for."""
    cursor = conn.cursor(row_factory=class_row(StayRow))
    wanted = {**_span(within), "now": now, "team": team_id, "after": after, "limit": limit}
    await cursor.execute(_STAYS, {**access.asked(scope), **wanted})
    return await cursor.fetchall()


async def readings(conn: Connection, of: Sequence[StayId], kinds: Sequence[int], within: Stretch) -> list[ReadingRow]:
    """Return for each stay, kind and minute in which any came the newest reading that had come by its end.

    Minute 0 is what was known at the start and could still be used.
    """
    back_s = [BY_CODE[kind].freshness.stale_s for kind in kinds]
    earliest = within.start - timedelta(seconds=max(back_s, default=0.0))
    wanted = {**_span(within), "stays": list(of), "kinds": list(kinds), "back_s": back_s, "earliest": earliest}
    return await (await conn.execute(_READINGS, wanted)).fetchall()


async def scores(conn: Connection, of: Sequence[StayId], within: Stretch) -> list[ScoreRow]:
    """Return for each stay and minute in which any was made the last score."""
    wanted = {**_span(within), "stays": list(of), "earliest": within.start - _BACK}
    return await (await conn.execute(_SCORES, wanted)).fetchall()


async def lines(conn: Connection, of: Sequence[StayId], within: Stretch) -> list[LineRow]:
    """Return the lives, until the end, of the alerts that were open at any time of the stretch."""
    cursor = conn.cursor(row_factory=class_row(LineRow))
    await cursor.execute(_LINES, {**_span(within), "stays": list(of)})
    return await cursor.fetchall()


def _span(within: Stretch) -> dict[str, object]:
    return {"start": within.start, "end": within.end}
