"""Back-test jobs: asked for by people, taken by workers, watched and cancelled while they run. Whose: `cohorts`.

Workers share the jobs by `for update skip locked` and hold one by a lease. The caller owns the transaction. The
invariants: only the worker that holds the lease changes a running job, and a job that was cancelled stays cancelled; a
job that its workers die of is begun `MOST_TRIES` times and not again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.backtests import BacktestId, Failure, JobOrigin
from ward.overlays import Origin
from ward.people import OrganisationId, StaffId, StayId, TeamId
from ward.store import access
from ward.store.plan_versions import Owner, stays_of
from ward.store.pool import Connection

LEASE = timedelta(seconds=30)
SHADOW_EVERY = timedelta(minutes=10)
# By so many workers is a turn begun: one may have been ended by something else, three were not.
MOST_TRIES = 3
CUT_OFF = (
    f"Whoever counted it was cut off in the middle, {MOST_TRIES} times, as happens when memory does not suffice."
    " It is not tried again. Ask for fewer patients or a shorter time."
)

_COLUMNS = (
    "backtest_id, staff_id, asked_at, name, stays, from_at, until_at, plan::text as plan, suggest, state, started_at,"
    " ended_at, stays_done, report::text as report, fault, failure, layer, origin, team_id, programme, draft,"
    " (select f.name from staff f where f.staff_id = backtest.staff_id) as asker,"
    " (report -> 'candidate' ->> 'per_patient_day')::float8 as candidate_per_day,"
    " (report -> 'in_force' ->> 'per_patient_day')::float8 as in_force_per_day"
)
# What is true of the silent trial of an owner's draft that is under way.
_OF_DRAFT = (
    "draft = %(draft)s and state in ('queued', 'running') and (stays = array[%(stay)s::bigint] and team_id is null"
    " or (team_id, programme) = (%(team)s::bigint, %(programme)s::text))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for; `until_at` is None for a shadow, `plan` is JSON, tried at `layer`.

    `draft` is the version of a stay's, or a team's for a programme, that runs in silence.
    """

    organisation_id: OrganisationId
    staff_id: StaffId
    name: str
    stays: tuple[StayId, ...]
    from_at: datetime
    until_at: datetime | None
    plan: str
    suggest: bool
    layer: Origin = Origin.PATIENT
    origin: JobOrigin = JobOrigin.PERSON
    team_id: TeamId | None = None
    programme: str | None = None
    draft: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job as it stands; `plan` and `report` are JSON, `asker` who asked for it."""

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
    failure: str | None
    layer: str
    origin: str
    team_id: int | None
    programme: str | None
    draft: int | None
    asker: str
    candidate_per_day: float | None
    in_force_per_day: float | None


async def add(conn: Connection, order: Order, now: datetime) -> BacktestId:
    """Ask for a back-test."""
    row = await (
        await conn.execute(
            """
            insert into backtest (organisation_id, staff_id, asked_at, name, stays, from_at, until_at, plan, suggest,
                layer, origin, team_id, programme, draft, due_at)
            values (%(organisation)s, %(staff)s, %(now)s, %(name)s, %(stays)s, %(from)s, %(until)s, %(plan)s::jsonb,
                %(suggest)s, %(layer)s, %(origin)s, %(team)s, %(programme)s, %(draft)s, %(now)s)
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
                "layer": order.layer.value,
                "origin": order.origin.value,
                "team": order.team_id,
                "programme": order.programme,
                "draft": order.draft,
            },
        )
    ).fetchone()
    if row is None:
        raise AssertionError("an insert with returning gives a row")
    return BacktestId(row[0])


async def give_up(conn: Connection, worker: str, now: datetime) -> list[BacktestId]:
    """Let the jobs fail that the last of so many workers, none of them this one, did not come back from."""
    cursor = await conn.execute(
        "update backtest set state = 'failed', failure = %(failure)s, fault = %(fault)s, lease_until = null,"
        " ended_at = %(now)s where backtest_id in (select backtest_id from backtest where state = 'running'"
        " and lease_until < %(now)s and tries >= %(most)s and worker <> %(worker)s for update skip locked)"
        " returning backtest_id",
        {"failure": Failure.CUT_OFF, "fault": CUT_OFF, "now": now, "most": MOST_TRIES, "worker": worker},
    )
    return [BacktestId(number) for (number,) in await cursor.fetchall()]


async def give_back(conn: Connection, worker: str, now: datetime) -> None:
    """Let others take what a worker has, which ends in good order: that was no try."""
    await conn.execute(
        "update backtest set state = 'queued', lease_until = null, stays_done = 0, worker = null,"
        " tries = greatest(tries - 1, 0), due_at = least(due_at, %(now)s)"
        " where worker = %(worker)s and state = 'running'",
        {"worker": worker, "now": now},
    )


async def take(conn: Connection, worker: str, now: datetime) -> JobRow | None:
    """Take the job that has waited longest, or one whose worker has not renewed its lease; None where there is none.

    Each other worker that begins it is a try; one that had lost the store meanwhile only goes on.
    """
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            f"""
            update backtest set state = 'running', worker = %(worker)s, lease_until = %(lease)s, stays_done = 0,
                tries = tries + (worker is distinct from %(worker)s)::int,
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


async def renew(conn: Connection, number: BacktestId, worker: str, now: datetime) -> bool:
    """Renew a job's lease while a part takes its time; False where the job is no longer this worker's."""
    done = await conn.execute(
        "update backtest set lease_until = %s where backtest_id = %s and worker = %s and state = 'running'",
        (now + LEASE, number, worker),
    )
    return done.rowcount == 1


async def finish(conn: Connection, number: BacktestId, worker: str, report: str, now: datetime) -> bool:
    """Keep the report; a shadow waits for its next turn. False where the job is no longer this worker's."""
    done = await conn.execute(
        """
        update backtest set report = %(report)s::jsonb, lease_until = null, stays_done = cardinality(stays),
            tries = 0, worker = null,
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
        "update backtest set state = 'failed', failure = %s, fault = %s, lease_until = null, ended_at = %s"
        " where backtest_id = %s and worker = %s and state = 'running'",
        (Failure.BROKE, fault, now, number, worker),
    )


async def cancel(conn: Connection, number: BacktestId, now: datetime) -> bool:
    """End a job that is not over; whether there was one to end. Who may is whoever may read it."""
    done = await conn.execute(
        "update backtest set state = 'cancelled', lease_until = null, ended_at = %s"
        " where backtest_id = %s and state in ('queued', 'running')",
        (now, number),
    )
    return done.rowcount == 1


async def silent(conn: Connection, owner: Owner, draft: int) -> BacktestId | None:
    """Return the silent trial of a draft that is under way, None where there is none."""
    query = f"select backtest_id from backtest where {_OF_DRAFT} order by 1 limit 1"  # nosec B608  # noqa: S608
    row = await (await conn.execute(query.encode(), {**owner.key, "draft": draft})).fetchone()
    return None if row is None else BacktestId(row[0])


async def end_draft(conn: Connection, owner: Owner, draft: int, now: datetime) -> None:
    """End the silent trial of a draft that is a draft no more; what it has reported stays."""
    query = f"update backtest set state = 'cancelled', lease_until = null, ended_at = %(now)s where {_OF_DRAFT}"  # nosec B608  # noqa: S608
    await conn.execute(query.encode(), {**owner.key, "draft": draft, "now": now})


async def gather(conn: Connection, job: JobRow, now: datetime) -> JobRow:
    """Let the stays that have come under a team's plan take part in its trial, as far as who asked may see them."""
    if job.team_id is None or job.programme is None:
        return job
    teams = await (
        await conn.execute("select team_id from team_member where staff_id = %s order by 1", (job.staff_id,))
    ).fetchall()
    scope = Scope(team_ids=tuple(TeamId(team_id) for (team_id,) in teams))
    come = await stays_of(conn, Owner(team_id=TeamId(job.team_id), programme=job.programme), now)
    new = sorted(await access.seen(conn, set(come) - set(job.stays), scope, now))
    if not new:
        return job
    await conn.execute("update backtest set stays = stays || %s where backtest_id = %s", (new, job.backtest_id))
    return replace(job, stays=[*job.stays, *new])


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


_LISTED = _READ.replace(b"report::text as report", b"null::text as report")  # a report may be long


async def read(conn: Connection, reader: Reader, number: BacktestId, now: datetime) -> JobRow | None:
    """Return a job, None where the reader has none of that number."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            _READ + b" and backtest_id = %(number)s",
            {**access.asked(reader.scope), "owner": reader.organisation_id, "number": number, "now": now},
        )
        return await cursor.fetchone()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which of the jobs: from before a number, of some origins, under way; None leaves a filter out."""

    before: int | None
    limit: int
    origins: tuple[JobOrigin, ...] | None = None
    running: bool | None = None


async def newest(conn: Connection, reader: Reader, wanted: Listing, now: datetime) -> list[JobRow]:
    """Return the reader's jobs, the newest first, without their reports."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            _LISTED
            + b" and (%(before)s::bigint is null or backtest_id < %(before)s)"
            + b" and (%(origins)s::text[] is null or origin = any(%(origins)s))"
            + b" and (%(running)s::bool is null or (state in ('queued', 'running')) = %(running)s)"
            + b" order by backtest_id desc limit %(limit)s",
            {
                **access.asked(reader.scope),
                "owner": reader.organisation_id,
                "before": wanted.before,
                "limit": wanted.limit,
                "origins": None if wanted.origins is None else [each.value for each in wanted.origins],
                "running": wanted.running,
                "now": now,
            },
        )
        return await cursor.fetchall()
