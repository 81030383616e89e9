"""Roll readings up into aggregates over 1 min, 15 min, 1 h and 1 d, again wherever late readings came.

`advance` moves `rolled_until` forward and marks what it passed; `roll_some` takes the oldest marks and recomputes what
they name. The invariant: an hour before `rolled_until` that has no mark is right in every aggregate, at every commit;
so a process that is killed between any two statements leaves work behind, and no wrong number. With TimescaleDB the
aggregates are continuous aggregates that are refreshed here, else tables that are filled here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import sql

from ward.store import partitions
from ward.store.pool import Connection
from ward.vitals import BY_CODE, USABLE

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SETTLED = timedelta(minutes=10)  # how long after its end an hour is rolled up: most of what is late has come by then
_LOCK = 4200009  # taken shared by mark_late(), which whoever stores readings calls, and by reading_changed()
_MOST_HOURS = 48
_MOST_STAYS = 200
_MOST_MARKS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One aggregate: its table (of minutes a view), or its continuous aggregate, and how long its buckets are."""

    table: str
    step: timedelta


# Each is made of the one before it.
LEVELS = (
    Level(table="rollup_1min", step=timedelta(minutes=1)),
    Level(table="rollup_15min", step=timedelta(minutes=15)),
    Level(table="rollup_1h", step=HOUR),
    Level(table="rollup_1d", step=DAY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Until when aggregates stand, and before when there are no readings any more."""

    rolled_until: datetime
    dropped_until: datetime


async def state(conn: Connection) -> State:
    """Return how far aggregates go."""
    row = await (await conn.execute("select rolled_until, dropped_until from rollup_state")).fetchone()
    if row is None:
        raise LookupError("rollup_state has no row")
    return State(rolled_until=row[0], dropped_until=row[1])


async def advance(conn: Connection, now: datetime) -> int:
    """Take `rolled_until` forward by what has settled, two days at most, and mark it; return how many hours.

    Waits for the batches that are being stored, half a second at most, and has new ones wait that long.

    Raises
    ------
    psycopg.errors.LockNotAvailable
        If a batch takes longer: nothing has happened, come again.
    """
    target = floor(now - SETTLED, HOUR)
    if (await state(conn)).rolled_until >= target:
        return 0
    async with conn.transaction():
        await conn.execute("set local lock_timeout = '500ms'")
        await conn.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        start = await _first(conn, (await state(conn)).rolled_until, target)
        end = min(target, start + _MOST_HOURS * HOUR)
        marked = await conn.execute(
            "insert into rollup_pending (hour) select generate_series(%s::timestamptz, %s, interval '1 hour')",
            (start, end - HOUR),
        )
        await conn.execute("update rollup_state set rolled_until = %s where rolled_until < %s", (end, end))
    return marked.rowcount


async def _first(conn: Connection, rolled_until: datetime, target: datetime) -> datetime:
    """Return where to go on: at the oldest readings there are, when all before them is empty."""
    parts = await partitions.parts(conn, partitions.READING)
    oldest = min([part.start for part in parts if part.end > rolled_until], default=target)
    return min(target, max(rolled_until, oldest))


async def roll_some(conn: Connection) -> int:
    """Recompute what the oldest marks name; return how many marks are done with, 0 when there is none.

    `conn` must be in autocommit, and only one process may be here at a time (`upkeep.run` sees to it).
    """
    row = await (await conn.execute("select min(hour) from rollup_pending")).fetchone()
    if row is None or row[0] is None:
        return 0
    hour: datetime = row[0].astimezone(UTC)
    now = await state(conn)
    if hour < now.dropped_until:  # its readings have gone: what was computed from all of them stays
        return (await conn.execute("delete from rollup_pending where hour < %s", (now.dropped_until,))).rowcount
    if await partitions.native(conn, partitions.MINUTES):
        return await _fill(conn, hour)
    return await _refresh(conn, hour, now.rolled_until)


async def _fill(conn: Connection, hour: datetime) -> int:
    """Recompute the marked stays of one hour, some at a time.

    The marks are deleted by one statement and the readings read by a later one, which therefore sees what belongs to
    them; a batch that is committed in between has left a mark of its own.
    """
    async with conn.transaction():
        await _name_stays(conn, hour)
        found = await conn.execute(
            "select distinct stay_id from rollup_pending where hour = %s order by stay_id limit %s", (hour, _MOST_STAYS)
        )
        stays = [stay for (stay,) in await found.fetchall()]
        if not stays:
            return 1
        marks = await conn.execute("delete from rollup_pending where hour = %s and stay_id = any(%s)", (hour, stays))
        for ageing in partitions.ROLLUPS:
            await partitions.ensure(conn, ageing, [hour.date()])
        await _recompute(conn, hour, stays)
    return marks.rowcount


async def _name_stays(conn: Connection, hour: datetime) -> None:
    """Turn the mark of every stay into marks of those that may have readings in this hour."""
    every = await conn.execute("delete from rollup_pending where hour = %s and stay_id is null", (hour,))
    if every.rowcount:
        await conn.execute(
            "insert into rollup_pending (stay_id, hour)"
            " select distinct stay_id, %(hour)s::timestamptz from latest_reading where measured_at >= %(hour)s",
            {"hour": hour},
        )


_RAW = """
    with minute as (
        select r.stay_id, r.kind, date_bin('1 minute', r.measured_at, 'epoch') as bucket,
               count(*) as n, sum(r.value) as total, min(r.value) as low, max(r.value) as high
        from unnest(%(stays)s::bigint[]) as s (stay_id) cross join unnest(%(kinds)s::smallint[]) as k (kind)
        join reading r on r.stay_id = s.stay_id and r.kind = k.kind
        where r.measured_at >= %(hour)s and r.measured_at < %(end)s and r.validity = any(%(usable)s)
        group by 1, 2, 3
    ), minutes as (
        insert into rollup_minutes (stay_id, kind, hour, minute, n, total, low, high)
        select stay_id, kind, %(hour)s, array_agg(extract(minute from bucket)::smallint order by bucket),
               array_agg(n order by bucket), array_agg(total order by bucket),
               array_agg(low order by bucket), array_agg(high order by bucket)
        from minute group by 1, 2
    ), quarter as (
        insert into rollup_15min (stay_id, kind, bucket, n, total, low, high)
        select stay_id, kind, date_bin('15 minutes', bucket, 'epoch'), sum(n), sum(total), min(low), max(high)
        from minute group by 1, 2, 3 returning *
    )
    insert into rollup_1h (stay_id, kind, bucket, n, total, low, high)
    select stay_id, kind, %(hour)s, sum(n), sum(total), min(low), max(high) from quarter group by 1, 2
"""
_DAY = """
    insert into rollup_1d (stay_id, kind, bucket, n, total, low, high)
    select stay_id, kind, %(day)s, sum(n), sum(total), min(low), max(high) from rollup_1h
    where stay_id = any(%(stays)s) and kind = any(%(kinds)s) and bucket >= %(day)s and bucket < %(tomorrow)s
    group by 1, 2
"""


async def _recompute(conn: Connection, hour: datetime, stays: list[int]) -> None:
    """Compute an hour of some stays from readings, and its day, as far as it has come, from its hours."""
    day = floor(hour, DAY)
    given = {
        "stays": stays, "kinds": list(BY_CODE), "usable": [each.value for each in USABLE],
        "hour": hour, "end": hour + HOUR, "day": day, "tomorrow": day + DAY,
    }  # fmt: skip
    await conn.execute(
        "delete from rollup_minutes where stay_id = any(%(stays)s) and kind = any(%(kinds)s) and hour = %(hour)s", given
    )
    for level in LEVELS[1:]:
        start = floor(hour, max(level.step, HOUR))
        await conn.execute(
            sql.SQL(
                "delete from {} where stay_id = any(%(stays)s) and kind = any(%(kinds)s)"
                " and bucket >= %(from)s and bucket < %(to)s"
            ).format(sql.Identifier(level.table)),
            {**given, "from": start, "to": start + max(level.step, HOUR)},
        )
    await conn.execute(_RAW.encode(), given)
    await conn.execute(_DAY.encode(), given)


async def _refresh(conn: Connection, hour: datetime, rolled_until: datetime) -> int:
    """Refresh the continuous aggregates over the marked hours of one day; TimescaleDB knows what in it has changed.

    The marks go last: what was committed before they were read is refreshed, and whatever comes later adds its own.
    """
    day = floor(hour, DAY)
    found = await conn.execute(
        "select pending_id, hour from rollup_pending where hour < %s order by hour limit %s", (day + DAY, _MOST_MARKS)
    )
    marks = await found.fetchall()
    last = marks[-1][1].astimezone(UTC) + HOUR
    for level in LEVELS:
        start, end = (hour, last) if level.step < DAY else (day, day + DAY)
        if end <= rolled_until:  # a day is refreshed once it is over
            await conn.execute("call refresh_continuous_aggregate(%s::regclass, %s, %s)", (level.table, start, end))
    done = await conn.execute("delete from rollup_pending where pending_id = any(%s)", ([mark for mark, _ in marks],))
    return done.rowcount


async def any_between(conn: Connection, start: datetime, end: datetime) -> bool:
    """Tell whether there are readings of a time: a look at every one of them, so for what should not be."""
    found = await conn.execute(
        "select 1 from reading where measured_at >= %s and measured_at < %s limit 1", (start, end)
    )
    return await found.fetchone() is not None


async def dropping(conn: Connection, end: datetime) -> None:
    """Write down that readings up to `end` are about to go: no day is computed from what is left of it."""
    midnight = floor(end - timedelta.resolution, DAY) + DAY
    await conn.execute("update rollup_state set dropped_until = %s where dropped_until < %s", (midnight, midnight))


async def safe_to_drop(conn: Connection) -> datetime:
    """Return until which midnight readings are in the aggregates, so that they may go."""
    row = await (
        await conn.execute("select least(rolled_until, (select min(hour) from rollup_pending)) from rollup_state")
    ).fetchone()
    if row is None:
        raise LookupError("rollup_state has no row")
    return floor(row[0], DAY)


def floor(at: datetime, step: timedelta) -> datetime:
    """Return the beginning of the step, counted from 1970 UTC, that `at` lies in."""
    origin = datetime(1970, 1, 1, tzinfo=UTC)
    return origin + (at - origin) // step * step
