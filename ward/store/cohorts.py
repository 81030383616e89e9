"""Whose readings a back-test reads: the stays of a cohort or of named patients, and what people closed of theirs.

The caller owns the transaction. Not here: the jobs (`ward.store.backtests`). The invariant: a cohort holds nobody whom
who asks may not see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import PatientId, StayId, TeamId
from ward.store import access
from ward.store.plans import TEAM_OF_PLAN
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRow:
    """A recorded clinical alert that a person has closed.

    `opened_at` is when it rang. What came late and was over never rang: it was there from then until `until_at`.
    """

    alert_id: int
    stay_id: StayId
    patient_id: PatientId
    rule: str
    opened_at: datetime
    until_at: datetime
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which stays of those that may be seen; None leaves a filter out.

    `team_id` answered for them within the period, the plan of `planned_by` lies under theirs.
    """

    team_id: TeamId | None = None
    programme: str | None = None
    planned_by: TeamId | None = None


async def cohort(
    conn: Connection, scope: Scope, chosen: Chosen, start: datetime, end: datetime, now: datetime
) -> list[StayId]:
    """Return the stays within a period that somebody may see now, of whom one of `Chosen` is true."""
    rows = await (
        await conn.execute(
            b"select s.stay_id"
            + access.VISIBLE_STAYS
            + b"""
            and s.period && tstzrange(%(start)s, %(end)s)
            and (%(programme)s::text is null or s.programme = %(programme)s)
            and (%(team)s::bigint is null or exists (
                select from responsibility r where r.stay_id = s.stay_id and r.team_id = %(team)s
                and r.period && tstzrange(%(start)s, %(end)s)))
            and (%(planned_by)s::bigint is null or %(planned_by)s =
            """
            + TEAM_OF_PLAN.encode()
            + b") order by 1",
            {
                **access.asked(scope),
                "now": now,
                "start": start,
                "end": end,
                "team": chosen.team_id,
                "programme": chosen.programme,
                "planned_by": chosen.planned_by,
            },
        )
    ).fetchall()
    return [StayId(row[0]) for row in rows]


async def whose(conn: Connection, stay_ids: Sequence[StayId]) -> dict[StayId, tuple[PatientId, datetime | None]]:
    """Return whose stays these are, and when each ended or will end, where that is known."""
    rows = await (
        await conn.execute(
            "select stay_id, patient_id, nullif(upper(period), 'infinity') from stay where stay_id = any(%s)",
            (list(stay_ids),),
        )
    ).fetchall()
    return {StayId(stay_id): (PatientId(patient_id), ended_at) for stay_id, patient_id, ended_at in rows}


async def stays_of(conn: Connection, patient_ids: Sequence[PatientId], start: datetime, end: datetime) -> list[StayId]:
    """Return the stays of these patients within a period."""
    rows = await (
        await conn.execute(
            "select stay_id from stay where patient_id = any(%s) and period && tstzrange(%s, %s) order by 1",
            (list(patient_ids), start, end),
        )
    ).fetchall()
    return [StayId(row[0]) for row in rows]


async def settled(conn: Connection, stay_ids: Sequence[StayId], start: datetime, end: datetime) -> list[SettledRow]:
    """Return the clinical alerts of these stays that rang, or were there, within a period and that a person closed."""
    async with conn.cursor(row_factory=class_row(SettledRow)) as cursor:
        await cursor.execute(
            """
            select a.alert_id, a.stay_id, s.patient_id, a.rule, w.opened_at, w.until_at, a.outcome
            from alert a join stay s using (stay_id), lateral (
                select case when a.cleared_at <= a.opened_at then a.began_at else a.opened_at end as opened_at,
                    case when a.cleared_at <= a.opened_at then a.cleared_at else a.opened_at end as until_at) w
            where a.stay_id = any(%s) and w.opened_at >= %s and w.opened_at < %s and a.family = 'clinical'
                and a.state = 'resolved' and a.outcome in ('true_alarm', 'false_alarm')
            order by w.opened_at, a.alert_id
            """,
            (list(stay_ids), start, end),
        )
        return await cursor.fetchall()
