"""What closed alerts and ended stays came to: said by revision, and counted by month for a team.

The caller owns the transaction. The invariant: counts name no patient; each alert and each stay is counted in one month
and for one team, the alert for whom it was raised, the stay for who answered for it last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.alerts import AlertId
from ward.outcomes import READMITTED_WITHIN, Consequence, Disposition, Month
from ward.people import StaffId, StayId, TeamId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody said of an alert or a stay; the newest revision."""

    word: str
    rev: int
    staff_id: StaffId
    staff_name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """One month of a team. `unmarked` are true alarms of which nobody has said what they led to.

    `readmitted` counts stays that ended at home or in a care home and whose patient was admitted, or in care anew,
    within thirty days.
    """

    month: int
    closed: int
    true_alarms: int
    false_alarms: int
    avoided_emergency: int
    home_visits: int
    emergency_visits: int
    admissions: int
    unmarked: int
    stays_begun: int
    stays_ended: int
    ended_in_hospital: int
    ended_at_home: int
    readmitted: int


_ALERTS = """
    select m.month, a.outcome, c.consequence from m join alert a
        on a.team_id = %(team)s and a.resolved_at >= m.from_at and a.resolved_at < m.until and a.family <> 'technical'
    left join lateral (select consequence from alert_consequence q
        where (q.stay_id, q.alert_id) = (a.stay_id, a.alert_id) order by q.rev desc limit 1) c on true
"""
_STAYS = """
    select m.month, s.stay_id, s.patient_id, upper(s.period) as ended_at, o.disposition
    from m join stay s on upper(s.period) >= m.from_at and upper(s.period) < m.until and s.mode <> 'test'
    join responsibility r on r.stay_id = s.stay_id and r.team_id = %(team)s
        and r.period @> upper(s.period) - interval '1 microsecond'
    left join lateral (select disposition from stay_outcome q where q.stay_id = s.stay_id
        order by q.rev desc limit 1) o on true
    where upper(s.period) <= %(now)s
"""
# Anew in care, admitted from it, or ended in hospital, within the time after a stay that did not end so itself.
_AGAIN = """
    exists (select from stay n where n.patient_id = e.patient_id and n.stay_id <> e.stay_id
            and lower(n.period) >= e.ended_at and lower(n.period) < e.ended_at + %(within)s)
    or exists (select from stay n join alert_consequence q using (stay_id)
               join alert a on (a.stay_id, a.alert_id) = (q.stay_id, q.alert_id)
               where n.patient_id = e.patient_id and q.consequence = 'admission'
               and q.rev = (select max(rev) from alert_consequence z
                            where (z.stay_id, z.alert_id) = (q.stay_id, q.alert_id))
               and a.resolved_at >= e.ended_at and a.resolved_at < e.ended_at + %(within)s)
"""
_LEDGER = f"""
    with m as (select * from unnest(%(months)s::int[], %(from)s::timestamptz[], %(until)s::timestamptz[])
               as m(month, from_at, until)),
    closed as ({_ALERTS}), ended as ({_STAYS})
    select m.month, c.*, e.*, (
        select count(*)::int from stay s join responsibility r using (stay_id)
        where r.team_id = %(team)s and r.period @> lower(s.period) and s.mode <> 'test'
        and lower(s.period) >= m.from_at and lower(s.period) < m.until and lower(s.period) <= %(now)s) as stays_begun
    from m cross join lateral (
        select count(*)::int as closed,
               count(*) filter (where outcome = 'true_alarm')::int as true_alarms,
               count(*) filter (where outcome = 'false_alarm')::int as false_alarms,
               count(*) filter (where consequence = 'avoided_emergency')::int as avoided_emergency,
               count(*) filter (where consequence = 'home_visit')::int as home_visits,
               count(*) filter (where consequence = 'emergency_visit')::int as emergency_visits,
               count(*) filter (where consequence = 'admission')::int as admissions,
               count(*) filter (where outcome = 'true_alarm' and consequence is null)::int as unmarked
        from closed where closed.month = m.month) c
    cross join lateral (
        select count(*)::int as stays_ended,
               count(*) filter (where disposition = 'hospital')::int as ended_in_hospital,
               count(*) filter (where disposition in ('home', 'care_home'))::int as ended_at_home,
               count(*) filter (where disposition in ('home', 'care_home') and ({_AGAIN}))::int as readmitted
        from ended e where e.month = m.month) e
    order by m.month
"""  # nosec B608  # noqa: S608 - put together from constants


async def ledger(conn: Connection, team_id: TeamId, months: Sequence[Month], now: datetime) -> list[Counts]:
    """Return a team's months; `month` is the place in `months`."""
    cursor = conn.cursor(row_factory=class_row(Counts))
    await cursor.execute(
        _LEDGER.encode(),
        {
            "team": team_id,
            "now": now,
            "within": READMITTED_WITHIN,
            "months": list(range(len(months))),
            "from": [month.from_at for month in months],
            "until": [month.until for month in months],
        },
    )
    return await cursor.fetchall()


async def consequence(conn: Connection, alert_id: AlertId) -> Said | None:
    """Return what was last said that an alert led to."""
    cursor = conn.cursor(row_factory=class_row(Said))
    await cursor.execute(
        "select q.consequence as word, q.rev, q.staff_id, f.name as staff_name, q.at"
        " from alert_consequence q join staff f using (staff_id) where q.alert_id = %s order by q.rev desc limit 1",
        (alert_id,),
    )
    return await cursor.fetchone()


async def save_consequence(
    conn: Connection, alert_id: AlertId, rev: int, word: Consequence, by: StaffId, now: datetime
) -> bool:
    """Say what a closed alert led to over revision `rev` (0: nobody has); False where that is not the newest."""
    await conn.execute("select from alert where alert_id = %s for no key update", (alert_id,))
    done = await conn.execute(
        "insert into alert_consequence (stay_id, alert_id, rev, consequence, staff_id, at)"
        " select stay_id, alert_id, %(rev)s + 1, %(word)s, %(by)s, %(now)s from alert where alert_id = %(alert)s"
        " and resolved_at is not null"
        " and %(rev)s = coalesce((select max(rev) from alert_consequence where alert_id = %(alert)s), 0)",
        {"alert": alert_id, "rev": rev, "word": word.value, "by": by, "now": now},
    )
    return done.rowcount == 1


async def outcome(conn: Connection, stay_id: StayId) -> Said | None:
    """Return what was last said of how a stay ended."""
    cursor = conn.cursor(row_factory=class_row(Said))
    await cursor.execute(
        "select q.disposition as word, q.rev, q.staff_id, f.name as staff_name, q.at"
        " from stay_outcome q join staff f using (staff_id) where q.stay_id = %s order by q.rev desc limit 1",
        (stay_id,),
    )
    return await cursor.fetchone()


async def save_outcome(
    conn: Connection, stay_id: StayId, rev: int, word: Disposition, by: StaffId, now: datetime
) -> bool:
    """Say how a stay ended over revision `rev` (0: nobody has); False where that is not the newest."""
    await conn.execute("select from stay where stay_id = %s for no key update", (stay_id,))
    done = await conn.execute(
        "insert into stay_outcome (stay_id, rev, disposition, staff_id, at)"
        " select stay_id, %(rev)s + 1, %(word)s, %(by)s, %(now)s from stay where stay_id = %(stay)s"
        " and upper(period) <= %(now)s"
        " and %(rev)s = coalesce((select max(rev) from stay_outcome where stay_id = %(stay)s), 0)",
        {"stay": stay_id, "rev": rev, "word": word.value, "by": by, "now": now},
    )
    return done.rowcount == 1


async def is_over(conn: Connection, stay_id: StayId, now: datetime) -> bool:
    """Tell whether a stay has ended."""
    row = await (
        await conn.execute("select upper(period) <= %s from stay where stay_id = %s", (now, stay_id))
    ).fetchone()
    return row is not None and bool(row[0])
