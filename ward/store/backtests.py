"""Back-test jobs: asked for by people, taken by workers, watched and cancelled while they run.

Workers share the jobs by `for update skip locked` and hold one by a lease. The caller owns the transaction. The
invariant: only the worker that holds the lease changes a running job, and a job that was cancelled stays cancelled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.backtests import BacktestId
from ward.people import OrganisationId, PatientId, StaffId, StayId, TeamId
from ward.store import access
from ward.store.pool import Connection

LEASE = timedelta(seconds=30)
SHADOW_EVERY = timedelta(minutes=10)

_COLUMNS = (
    "backtest_id, staff_id, asked_at, name, stays, from_at, until_at, plan::text as plan, suggest, state, started_at,"
    " ended_at, stays_done, report::text as report, fault"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for; `until_at` is None for a shadow, `plan` is JSON."""

    organisation_id: OrganisationId
    staff_id: StaffId
    name: str
    stays: tuple[StayId, ...]
    from_at: datetime
    until_at: datetime | None
    plan: str
    suggest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job as it stands; `plan` and `report` are JSON."""

    backtest_id: int
    staff_id: int
    asked_at: datetime
    name: str
    stays: list[int]
    from_at: datetime
    until_at: datetime | None
    plan: str
    suggest: bool
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    stays_done: int
    report: str | None
    fault: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRow:
    """A recorded clinical alert that a person has closed."""

    alert_id: int
    stay_id: StayId
    patient_id: PatientId
    rule: str
    opened_at: datetime
    outcome: str


async def add(conn: Connection, order: Order, now: datetime) -> BacktestId:
    """Ask for a back-test."""
    row = await (
        await conn.execute(
            """
            insert into backtest (organisation_id, staff_id, asked_at, name, stays, from_at, until_at, plan, suggest,
                due_at)
            values (%(organisation)s, %(staff)s, %(now)s, %(name)s, %(stays)s, %(from)s, %(until)s, %(plan)s::jsonb,
                %(suggest)s, %(now)s)
            returning backtest_id
            """,
            {
                "organisation": order.organisation_id,
                "staff": order.staff_id,
                "now": now,
                "name": order.name,
                "stays": list(order.stays),
                "from": order.from_at,
                "until": order.until_at,
                "plan": order.plan,
                "suggest": order.suggest,
            },
        )
    ).fetchone()
    if row is None:
        raise AssertionError("an insert with returning gives a row")
    return BacktestId(row[0])


async def take(conn: Connection, worker: str, now: datetime) -> JobRow | None:
    """Take the job that has waited longest, or one whose worker has not renewed its lease; None where there is none."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            f"""
            update backtest set state = 'running', worker = %(worker)s, lease_until = %(lease)s, stays_done = 0,
                started_at = coalesce(started_at, %(now)s)
            where backtest_id = (
                select backtest_id from backtest
                where (state = 'queued' and due_at <= %(now)s) or (state = 'running' and lease_until < %(now)s)
                order by due_at, backtest_id limit 1 for update skip locked)
            returning {_COLUMNS}
            """.encode(),  # nosec B608  # noqa: S608 - the names of columns
            {"worker": worker, "lease": now + LEASE, "now": now},
        )
        return await cursor.fetchone()


async def progress(conn: Connection, number: BacktestId, worker: str, stays_done: int, now: datetime) -> bool:
    """Note how far a job is and renew its lease; False where it is no longer this worker's: cancelled, or taken."""
    done = await conn.execute(
        "update backtest set stays_done = %s, lease_until = %s"
        " where backtest_id = %s and worker = %s and state = 'running'",
        (stays_done, now + LEASE, number, worker),
    )
    return done.rowcount == 1


async def finish(conn: Connection, number: BacktestId, worker: str, report: str, now: datetime) -> bool:
    """Keep the report; a shadow waits for its next turn. False where the job is no longer this worker's."""
    done = await conn.execute(
        """
        update backtest set report = %(report)s::jsonb, lease_until = null, stays_done = cardinality(stays),
            state = case when until_at is null then 'queued' else 'done' end,
            due_at = %(again)s, ended_at = case when until_at is null then null else %(now)s end
        where backtest_id = %(number)s and worker = %(worker)s and state = 'running'
        """,
        {"report": report, "again": now + SHADOW_EVERY, "now": now, "number": number, "worker": worker},
    )
    return done.rowcount == 1


async def fail(conn: Connection, number: BacktestId, worker: str, fault: str, now: datetime) -> None:
    """Say why a job could not be done."""
    await conn.execute(
        "update backtest set state = 'failed', fault = %s, lease_until = null, ended_at = %s"
        " where backtest_id = %s and worker = %s and state = 'running'",
        (fault, now, number, worker),
    )


async def cancel(conn: Connection, number: BacktestId, now: datetime) -> bool:
    """End a job that is not over; whether there was one to end. Who may is whoever may read it."""
    done = await conn.execute(
        "update backtest set state = 'cancelled', lease_until = null, ended_at = %s"
        " where backtest_id = %s and state in ('queued', 'running')",
        (now, number),
    )
    return done.rowcount == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads jobs: those of their organisation, and of these the ones all of whose stays they may see."""

    organisation_id: OrganisationId
    scope: Scope


_READ = (
    b"select "
    + _COLUMNS.encode()
    + b" from backtest where organisation_id = %(owner)s and stays <@ array(select s.stay_id"
    + access.VISIBLE_STAYS
    + b"and s.stay_id = any(stays))"
)


async def read(conn: Connection, reader: Reader, number: BacktestId, now: datetime) -> JobRow | None:
    """Return a job, None where the reader has none of that number."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            _READ + b" and backtest_id = %(number)s",
            {**access.asked(reader.scope), "owner": reader.organisation_id, "number": number, "now": now},
        )
        return await cursor.fetchone()


async def newest(conn: Connection, reader: Reader, before: int | None, limit: int, now: datetime) -> list[JobRow]:
    """Return the reader's jobs, the newest first."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            _READ
            + b" and (%(before)s::bigint is null or backtest_id < %(before)s)"
            + b" order by backtest_id desc limit %(limit)s",
            {
                **access.asked(reader.scope),
                "owner": reader.organisation_id,
                "before": before,
                "limit": limit,
                "now": now,
            },
        )
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which stays of those that may be seen; None leaves a filter out."""

    team_id: TeamId | None = None
    programme: str | None = None


async def cohort(
    conn: Connection, scope: Scope, chosen: Chosen, start: datetime, end: datetime, now: datetime
) -> list[StayId]:
    """Return the stays within a period that somebody may see now, of a team or a programme where one is named."""
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
            order by 1
            """,
            {
                **access.asked(scope),
                "now": now,
                "start": start,
                "end": end,
                "team": chosen.team_id,
                "programme": chosen.programme,
            },
        )
    ).fetchall()
    return [StayId(row[0]) for row in rows]


async def patients_of(conn: Connection, stay_ids: Sequence[StayId]) -> dict[StayId, PatientId]:
    """Return whose stays these are."""
    rows = await (
        await conn.execute("select stay_id, patient_id from stay where stay_id = any(%s)", (list(stay_ids),))
    ).fetchall()
    return {StayId(stay_id): PatientId(patient_id) for stay_id, patient_id in rows}


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
    """Return the clinical alerts of these stays that opened within a period and that a person closed."""
    async with conn.cursor(row_factory=class_row(SettledRow)) as cursor:
        await cursor.execute(
            """
            select a.alert_id, a.stay_id, s.patient_id, a.rule, a.opened_at, a.outcome
            from alert a join stay s using (stay_id)
            where a.stay_id = any(%s) and a.opened_at >= %s and a.opened_at < %s and a.family = 'clinical'
                and a.state = 'resolved' and a.outcome in ('true_alarm', 'false_alarm')
            order by a.opened_at, a.alert_id
            """,
            (list(stay_ids), start, end),
        )
        return await cursor.fetchall()
