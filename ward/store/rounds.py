"""The round before free days: what is known of a team's patients, and who has signed for whom with which plan.

The caller owns the transaction. The invariant: what was signed is kept by revision, and each is signed over
the one before.
"""

import functools
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward import overlays
from ward.people import PatientId, StaffId, StayId, TeamId
from ward.store.plans import LAYERS_OF_STAY
from ward.store.pool import Connection
from ward.weekend import LATELY, Facts

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StayFacts:
    """A stay that a team answers for, and what is known of it (`ward.weekend.Facts`)."""

    stay_id: StayId
    patient_id: PatientId
    given_name: str
    family_name: str
    next_step: str
    score_low: int | None
    score_high: int | None
    score_high_before: int | None
    single_three: bool
    missing: int
    open_alerts: int
    worst_open: int
    alerts_lately: int
    worn: int
    online: int
    battery_pct: float | None
    programme: str
    plan_layers: str
    plan_change_at: datetime | None
    waiting: int
    answered_at: datetime | None
    medications: int
    open_reports: int
    remind_at: datetime | None

    def facts(self) -> Facts:
        """Return what the rules of a round look at."""
        plan = overlays.folded(self.programme, self.plan_layers).plan
        return Facts(
            score_high=self.score_high,
            score_high_before=self.score_high_before,
            single_three=self.single_three,
            missing=self.missing,
            open_alerts=self.open_alerts,
            worst_open=self.worst_open,
            alerts_lately=self.alerts_lately,
            worn=self.worn,
            online=self.online,
            battery_pct=self.battery_pct,
            plan_change_at=self.plan_change_at,
            order=plan.scale_2_order if plan.spo2_scale == 2 else None,
            waiting=self.waiting,
            answered_at=self.answered_at,
            medications=self.medications,
            open_reports=self.open_reports,
            remind_at=self.remind_at,
            has_next_step=bool(self.next_step.strip()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who has signed for a stay, when and with which plan; `risk` is what the points were then."""

    stay_id: StayId
    rev: int
    staff_id: StaffId
    staff_name: str
    signed_at: datetime
    plan: str
    risk: int


_FACTS = f"""
    select s.stay_id, p.patient_id, p.given_name, p.family_name, s.next_step,
           c.total_min::int as score_low, c.total_max::int as score_high,
           (select total_max::int from score b where b.stay_id = s.stay_id and b.scored_at <= %(day_ago)s
            order by b.scored_at desc limit 1) as score_high_before,
           coalesce((c.detail ->> 'single_three')::boolean, false) as single_three,
           coalesce(jsonb_array_length(c.detail -> 'missing'), 0)
               + coalesce(jsonb_array_length(c.detail -> 'stale'), 0) as missing,
           a.open_alerts, a.worst_open, a.alerts_lately, d.worn, d.online, d.battery_pct, plan.plan_change_at,
           plan.plan_layers, s.programme,
           (select count(*)::int from plan v where v.stay_id = s.stay_id and v.state = 'awaiting'
                and (v.valid_until is null or v.valid_until > %(now)s)) as waiting,
           (select max(occurred_at) from device_event q where q.stay_id = s.stay_id and q.kind = 'check_in')
               as answered_at,
           e.medications, e.remind_at,
           (select count(*)::int from effect_report r where r.stay_id = s.stay_id and r.answer is null) as open_reports
    from responsibility r join stay s using (stay_id) join patient p using (patient_id)
    left join lateral (select total_min, total_max, detail from score n where n.stay_id = s.stay_id
                       order by n.scored_at desc limit 1) c on true
    cross join lateral (
        select count(*) filter (where state <> 'resolved')::int as open_alerts,
               coalesce(max(priority) filter (where state <> 'resolved'), 0)::int as worst_open,
               count(*) filter (where family = 'clinical' and opened_at > %(lately)s)::int as alerts_lately
        from alert where alert.stay_id = s.stay_id) a
    cross join lateral (
        select count(*)::int as worn, count(*) filter (where t.online)::int as online,
               min(t.battery_pct)::float8 as battery_pct
        from binding b left join device_status t using (device_no)
        where b.stay_id = s.stay_id and b.period @> %(now)s::timestamptz) d
    cross join lateral (
        select count(*) filter (where kind = 'medication' and occurred_at > %(lately)s)::int as medications,
               min(remind_at) filter (where remind_at >= %(now)s) as remind_at
        from care_event w where w.stay_id = s.stay_id and not exists (
            select from care_event_error x where (x.stay_id, x.event_id) = (w.stay_id, w.event_id))) e
    {LAYERS_OF_STAY}
    where r.team_id = %(team)s and r.period @> %(now)s::timestamptz and s.period @> %(now)s::timestamptz
    order by p.patient_id
"""  # nosec B608  # noqa: S608 - put together from constants
_SIGNED = """
    select w.stay_id, w.rev, w.staff_id, f.name as staff_name, w.signed_at, w.plan, w.risk
    from weekend_round w join staff f using (staff_id)
    where w.stay_id = any(%s) and w.ends_at = %s order by w.stay_id, w.rev desc
"""


async def facts(conn: Connection, team_id: TeamId, now: datetime) -> list[StayFacts]:
    """Return what is known of the patients that a team answers for now."""
    cursor = conn.cursor(row_factory=class_row(StayFacts))
    wanted = {"team": team_id, "now": now, "day_ago": now - _DAY, "lately": now - LATELY}
    await cursor.execute(_FACTS.encode(), wanted)
    return await cursor.fetchall()


async def signed(conn: Connection, stays: list[StayId], ends_at: datetime) -> dict[StayId, list[Signed]]:
    """Return who has signed for these stays for the free days that end then, with the plan in force, the last first."""
    cursor = conn.cursor(row_factory=class_row(Signed))
    await cursor.execute(_SIGNED.encode(), (stays, ends_at))
    found: dict[StayId, list[Signed]] = {}
    for stay_id, of_stay in itertools.groupby(await cursor.fetchall(), key=lambda row: row.stay_id):
        newest, *before = of_stay
        found[stay_id] = [newest, *itertools.takewhile(functools.partial(_same_plan, newest), before)]
    return found


def _same_plan(one: Signed, other: Signed) -> bool:
    return one.plan == other.plan


async def sign(
    conn: Connection, team_id: TeamId, stay_id: StayId, ends_at: datetime, new: Signed, now: datetime
) -> bool:
    """Keep a signature over revision `new.rev` (0: there was none); False where that is not the newest."""
    await conn.execute("select from stay where stay_id = %s for no key update", (stay_id,))
    done = await conn.execute(
        "insert into weekend_round (stay_id, ends_at, rev, team_id, staff_id, signed_at, plan, risk)"
        " select %(stay)s, %(ends)s, %(rev)s + 1, %(team)s, %(by)s, %(now)s, %(plan)s, %(risk)s"
        " where %(rev)s = coalesce("
        "(select max(rev) from weekend_round where stay_id = %(stay)s and ends_at = %(ends)s), 0)",
        {
            "stay": stay_id,
            "ends": ends_at,
            "rev": new.rev,
            "team": team_id,
            "by": new.staff_id,
            "now": now,
            "plan": new.plan,
            "risk": new.risk,
        },
    )
    return done.rowcount == 1
