"""What a team has left without an answer: for its next morning, not for blame. Reads only.

The kinds: alerts that nobody has seen (`unseen`), that somebody saw and that ring again, their acknowledgement or pause
over (`lapsed`), that somebody has seen or taken a shift ago and nobody has closed (`unclosed`), of high priority that
ended with their stay before anybody had seen them (`ended_unseen`, of who answered at the end), offers of patients that
nobody answered, hand-overs that nobody took.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.duty.durations import DEBT_AFTER, DEBT_BACK
from ward.people import TeamId
from ward.store.pool import Connection

_DEBT = b"""
    with own as (
        select r.stay_id from responsibility r join stay s using (stay_id)
        where r.team_id = %(team)s and r.period @> %(now)s and s.period @> %(now)s
    )
    select kind, count(*)::int as count, array_agg(alert_id order by alert_id) filter (where alert_id is not null)
        as alerts
    from (
        select case when exists (
            select from alert_event e where e.stay_id = a.stay_id and e.alert_id = a.alert_id and e.staff_id is not null
        ) then 'lapsed' else 'unseen' end as kind, a.alert_id
        from alert a join own using (stay_id) where a.resolved_at is null and a.state = 'open'
        union all
        select 'unclosed', a.alert_id from alert a join own using (stay_id)
        where a.resolved_at is null and a.state <> 'open'
          and greatest(a.acknowledged_at, a.held_since) <= %(now)s - %(old)s::interval
        union all
        select 'ended_unseen', a.alert_id from alert a join stay s using (stay_id)
        where a.outcome = 'stay_ended' and a.worst = 3 and a.resolved_at > %(since)s
          and coalesce((
            select r.team_id from responsibility r where r.stay_id = a.stay_id
              and r.period @> least(upper(s.period), a.resolved_at) - interval '1 microsecond'
          ), a.team_id) = %(team)s
          and not exists (
            select from alert_event e where e.stay_id = a.stay_id and e.alert_id = a.alert_id and e.staff_id is not null
          )
        union all
        select 'unanswered_offer', null from baton where to_team = %(team)s and answer = 'timed_out'
          and answered_at > %(since)s
        union all
        select 'untaken_handover', null from duty_handover where team_id = %(team)s and outcome = 'lapsed'
          and closed_at > %(since)s
    ) owed group by kind order by kind
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """How much of one kind, and which alerts."""

    kind: str
    count: int
    alerts: list[int] | None


async def debt(conn: Connection, team_id: TeamId, now: datetime) -> list[Debt]:
    """Return what a team owes an answer now."""
    cursor = conn.cursor(row_factory=class_row(Debt))
    await cursor.execute(_DEBT, {"team": team_id, "now": now, "old": DEBT_AFTER, "since": now - DEBT_BACK})
    return await cursor.fetchall()
