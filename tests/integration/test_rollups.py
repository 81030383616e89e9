"""Buckets say what the readings say, on the real store: whatever comes when, and whatever was rolled up in between.

Runs on either engine; the store under test decides (`--server`).
"""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from psycopg import sql

from ward.clock import to_us
from ward.people import StayId
from ward.store import migrate, registry, rollups, samples, series
from ward.store.pool import Connection, connect
from ward.vitals import USABLE, Validity

pytestmark = pytest.mark.integration

Reading = tuple[int, int, float, Validity]  # second since the example began, kind, value, validity
Key = tuple[int, int]
_START = datetime(2026, 3, 1, tzinfo=UTC)
_EXAMPLE = timedelta(days=4)  # each example has days of its own, since `rolled_until` only goes forward
_STAY, _OTHER = StayId(1), StayId(2)
_STEPS = [timedelta(seconds=20), *(timedelta(minutes=m) for m in (1, 5, 15, 60, 1440))]
_numbers = itertools.count()

_READING = st.tuples(
    st.integers(0, 3 * 86_400).map(lambda second: second // 7 * 7),
    st.sampled_from([1, 3]),
    st.floats(30, 250, allow_nan=False),
    st.sampled_from(list(Validity)),
)
_STORE = st.lists(_READING, min_size=1, max_size=25).map(lambda readings: ("store", readings))
_ADVANCE = st.integers(1, 72).map(lambda hours: ("advance", hours))
_ROLL = st.integers(1, 40).map(lambda times: ("roll", times))
_SPAN = st.tuples(st.integers(-3600, 3 * 86_400), st.integers(1, 3 * 86_400))


def columns(stay_id: int, start: datetime, readings: list[Reading]) -> samples.Rows:
    """Return readings as the writer hands them to the store."""
    count = len(readings)
    second, kind, value, validity = zip(*readings, strict=True)
    return samples.Rows(
        stay_id=np.full(count, stay_id, dtype=np.int64),
        kind=np.array(kind, dtype=np.int64),
        measured_us=np.array([to_us(start) + each * 1_000_000 for each in second], dtype=np.int64),
        device_no=np.full(count, 7, dtype=np.int64),
        value=np.array(value, dtype=np.float64),
        received_us=np.full(count, to_us(start), dtype=np.int64),
        validity=np.array([each.value for each in validity], dtype=np.int64),
        quality=np.full(count, -1, dtype=np.int64),
    )


async def prepared(database_url: str, start: datetime, days: int) -> Connection:
    """Return a connection that can store readings of these days."""
    conn = await connect(database_url, "test", autocommit=True)
    await samples.prepare(conn)
    await migrate.ensure_partitions(conn, [start.date() + timedelta(days=day) for day in range(-1, days)])
    return conn


async def store(conn: Connection, rows: samples.Rows, version: int) -> samples.Inserted | None:
    """Store readings; what of them is late is marked with it."""
    return await samples.insert_batch(conn, rows, version)


def expected(kept: dict[Key, tuple[float, Validity]], start: datetime, span: series.Span, step: timedelta) -> object:
    """Compute the buckets of a span one reading at a time."""
    found: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    width_ms = step // timedelta(milliseconds=1)
    for (second, kind), (value, validity) in kept.items():
        at = start + timedelta(seconds=second)
        if span.start <= at < span.end and validity in USABLE:
            found[kind][to_us(at) // 1000 // width_ms * width_ms].append(value)
    return [
        (kind, t, pytest.approx(sum(values) / len(values), rel=1e-12), min(values), max(values), len(values))
        for kind in sorted(found)
        for t, values in sorted(found[kind].items())
    ]


async def buckets(conn: Connection, span: series.Span, step: timedelta) -> object:
    """Read buckets as rows."""
    return [
        (each.kind, *row)
        for each in await series.read_buckets(conn, span, step)
        for row in zip(each.t_ms, each.mean, each.low, each.high, each.count, strict=True)
    ]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(_STORE, _STORE, _ADVANCE, _ROLL), min_size=3, max_size=12),
    st.lists(_SPAN, min_size=3, max_size=3),
)
def test_h19_buckets_are_those_of_the_readings(
    database_url: str, acts: list[tuple[str, object]], spans: list[tuple[int, int]]
) -> None:
    """Readings in any order, repeated or late, and roll-ups in between: buckets are as if computed from all of them."""
    start = _START + next(_numbers) * _EXAMPLE

    async def scene() -> None:
        conn = await prepared(database_url, start, 4)
        kept: dict[Key, tuple[float, Validity]] = {}
        async with conn:
            version = await registry.version(conn)
            for act, what in acts:
                if act == "store" and isinstance(what, list):
                    await store(conn, columns(_STAY, start, what), version)
                    for second, kind, value, validity in what:
                        kept.setdefault((second, kind), (value, validity))
                elif act == "advance" and isinstance(what, int):
                    while await rollups.advance(conn, start + timedelta(hours=what) + rollups.SETTLED):
                        pass
                elif isinstance(what, int):
                    for _ in range(what):
                        await rollups.roll_some(conn)
                for (after, length), step in zip(spans, itertools.cycle(_STEPS), strict=False):
                    await compare(conn, after, length, step, kept)
            for step in _STEPS:
                await compare(conn, -3600, 4 * 86_400, step, kept)

    async def compare(
        conn: Connection, after: int, length: int, step: timedelta, kept: dict[Key, tuple[float, Validity]]
    ) -> None:
        first = start + timedelta(seconds=after)
        span = series.Span(stay_id=_STAY, kinds=[1, 3], start=first, end=first + timedelta(seconds=length))
        assert await buckets(conn, span, step) == expected(kept, start, span, step)

    asyncio.run(scene())


def run(database_url: str, scene: Callable[[Connection, int], object]) -> None:
    """Play a scene on a store that can take readings of the first days."""

    async def play() -> None:
        conn = await prepared(database_url, _START, 3)
        async with conn:
            await scene(conn, await registry.version(conn))  # type: ignore[misc] # a coroutine function

    asyncio.run(play())


async def roll_all(conn: Connection, now: datetime) -> None:
    """Roll up everything that has settled."""
    while await rollups.advance(conn, now) or await rollups.roll_some(conn):
        pass


async def pending(conn: Connection) -> list[tuple[object, ...]]:
    """Return the marks."""
    return await (await conn.execute("select stay_id, hour from rollup_pending order by 1, 2")).fetchall()


def test_readings_in_time_leave_no_mark(database_url: str) -> None:
    """What comes before its hour is rolled up is not marked one by one."""

    async def scene(conn: Connection, version: int) -> None:
        await roll_all(conn, _START + timedelta(hours=5))
        on_time = [(5 * 3600, 1, 70.0, Validity.VLD)]
        await store(conn, columns(_STAY, _START, on_time), version)

        assert await pending(conn) == []

    run(database_url, scene)


def test_late_readings_mark_their_own_hours_alone(database_url: str) -> None:
    """A late batch marks each of its stay's hours once, and no other."""

    async def scene(conn: Connection, version: int) -> None:
        await roll_all(conn, _START + timedelta(hours=30))
        late: list[Reading] = [(60, 1, 70.0, Validity.VLD), (61, 1, 71.0, Validity.VLD), (7300, 3, 95.0, Validity.VLD)]
        await store(conn, columns(_STAY, _START, late), version)

        assert await pending(conn) == [(1, _START), (1, _START + timedelta(hours=2))]

    run(database_url, scene)


def test_a_batch_that_is_rolled_back_leaves_no_mark(database_url: str) -> None:
    """Marks live and die with the readings that they are for."""

    async def scene(conn: Connection, version: int) -> None:
        await roll_all(conn, _START + timedelta(hours=30))
        async with conn.transaction(force_rollback=True):
            await store(conn, columns(_STAY, _START, [(60, 1, 70.0, Validity.VLD)]), version)

        assert await pending(conn) == []

    run(database_url, scene)


def test_readings_of_an_open_transaction_are_not_passed_by(database_url: str) -> None:
    """While a batch is being stored, `rolled_until` does not go past it; once it is committed, it is in the buckets."""

    async def scene(conn: Connection, version: int) -> None:
        now = _START + timedelta(hours=3)
        other = await prepared(database_url, _START, 3)
        async with other:
            async with other.transaction():
                await store(other, columns(_STAY, _START, [(60, 1, 70.0, Validity.VLD)]), version)
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    await rollups.advance(conn, now)
            await roll_all(conn, now)
        found = await conn.execute("select sum(n)::int from rollup_1h where stay_id = 1")

        assert await found.fetchone() == (1,)

    run(database_url, scene)


def test_a_batch_committed_during_a_roll_up_is_not_lost(database_url: str) -> None:
    """A late batch that is open while its hour is rolled up again leaves its mark, and the next roll-up has it."""

    async def scene(conn: Connection, version: int) -> None:
        await roll_all(conn, _START + timedelta(hours=30))
        await store(conn, columns(_STAY, _START, [(60, 1, 70.0, Validity.VLD)]), version)
        other = await prepared(database_url, _START, 3)
        async with other:
            async with other.transaction():
                await store(other, columns(_STAY, _START, [(61, 1, 72.0, Validity.VLD)]), version)
                assert await rollups.roll_some(conn)
            assert await pending(conn) == [(1, _START)]
        await roll_all(conn, _START + timedelta(hours=30))
        found = await conn.execute("select sum(n)::int, max(high) from rollup_1h where stay_id = 1")

        assert await found.fetchone() == (2, 72.0)

    run(database_url, scene)


def test_erased_and_corrected_readings_leave_the_buckets(database_url: str) -> None:
    """Whatever is deleted or changed in the store by hand is rolled up anew."""

    async def scene(conn: Connection, version: int) -> None:
        some: list[Reading] = [(60 * n, 1, 70.0 + n, Validity.VLD) for n in range(10)]
        for stay in (_STAY, _OTHER):
            await store(conn, columns(stay, _START, some), version)
        await roll_all(conn, _START + timedelta(hours=30))
        await conn.execute("delete from reading where stay_id = 2")
        await conn.execute("update reading set validity = 2 where stay_id = 1 and value > 75")
        span = series.Span(stay_id=_STAY, kinds=[1], start=_START, end=_START + timedelta(days=1))
        at_once = await buckets(conn, span, rollups.HOUR)
        await roll_all(conn, _START + timedelta(hours=30))

        assert at_once == await buckets(conn, span, rollups.HOUR) == [(1, to_us(_START) // 1000, 72.5, 70.0, 75.0, 6)]
        found = await conn.execute("select count(*) from rollup_1min where stay_id = 2")
        assert await found.fetchone() == (0,)

    run(database_url, scene)


def test_what_the_aggregates_count_is_what_rules_use(database_url: str) -> None:
    """Of all validities, the aggregates hold those that a rule may use, and no other."""

    async def scene(conn: Connection, version: int) -> None:
        every: list[Reading] = [(n, 1, float(40 + each.value), each) for n, each in enumerate(Validity)]
        await store(conn, columns(_STAY, _START, every), version)
        await roll_all(conn, _START + timedelta(hours=30))
        for level in rollups.LEVELS:
            found = await conn.execute(
                sql.SQL("select sum(n)::int, sum(total) from {}").format(sql.Identifier(level.table))
            )
            assert await found.fetchone() == (len(USABLE), sum(40 + each.value for each in USABLE))

    run(database_url, scene)


@pytest.mark.parametrize("count", [2, samples.COPY_FROM + 1])
@pytest.mark.parametrize("repeated", [0, 1])
def test_every_way_of_storing_marks_what_is_late(database_url: str, count: int, repeated: int) -> None:
    """Few readings, many by COPY, and many with a repeat among them: each marks its late hours, once."""

    async def scene(conn: Connection, version: int) -> None:
        late: list[Reading] = [(n, 1, 70.0, Validity.VLD) for n in range(count)]
        if repeated:
            await samples.insert_batch(conn, columns(_STAY, _START, late[:repeated]), version)
        await roll_all(conn, _START + timedelta(hours=30))
        await samples.insert_batch(conn, columns(_STAY, _START, late), version)

        assert await pending(conn) == [(1, _START)]

    run(database_url, scene)
