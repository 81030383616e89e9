"""Upkeep on the real store: what is due is done, nothing else, once, whoever calls and whoever is killed.

Runs on either engine; where they differ by nature, a test says what holds on each.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.test_rollups import columns, store
from ward.clock import SystemClock, to_us
from ward.people import StayId
from ward.store import migrate, partitions, quarantine, registry, rollups, samples, series, upkeep
from ward.store.keep import Keep
from ward.store.pool import Connection, connect
from ward.vitals import Validity

pytestmark = pytest.mark.integration
_START = datetime(2026, 3, 1, tzinfo=UTC)
_STAY = StayId(1)


def keep(**days: int) -> Keep:
    """Return how long things are kept: for ever, but for what is named (`readings=32`)."""
    spans = {name: timedelta(days=number) for name, number in days.items()}
    names = ("readings", "aggregates", "waveforms", "quarantine", "compress_after")
    return Keep(**{name: spans.get(name) for name in names})


def after(days: float) -> datetime:
    """Return the instant so many days after the beginning."""
    return _START + timedelta(days=days)


def run(database_url: str, scene: Callable[[Connection], Awaitable[None]]) -> None:
    """Play a scene on a store with three days of readings, one each ten minutes."""

    async def play() -> None:
        conn = await connect(database_url, "test", autocommit=True)
        async with conn:
            await samples.prepare(conn)
            await migrate.ensure_partitions(conn, [after(day).date() for day in range(3)])
            readings = [(600 * n, 1, 60.0 + n % 40, Validity.VLD) for n in range(3 * 144)]
            await store(conn, columns(_STAY, _START, readings), await registry.version(conn))
            await scene(conn)

    asyncio.run(play())


async def done(conn: Connection, now: datetime, kept: Keep) -> upkeep.Report:
    """Call upkeep until it has come to the end."""
    while True:
        report = await upkeep.run(conn, now, kept)
        assert report is not None
        if report.finished:
            return report


async def nothing(_: Connection) -> None:
    """Have the readings alone."""


async def one(conn: Connection, query: str) -> object:
    """Return the one value that a query gives."""
    row = await (await conn.execute(query.encode())).fetchone()
    assert row is not None
    return row[0]


async def days_of(conn: Connection) -> object:
    """Read the days' buckets of the three days: (start, mean, count)."""
    span = series.Span(stay_id=_STAY, kinds=[1], start=_START, end=after(3))
    (each,) = await series.read_buckets(conn, span, rollups.DAY)
    return list(zip(each.t_ms, each.mean, each.count, strict=True))


def test_partitions_are_there_a_week_ahead(database_url: str) -> None:
    """After upkeep, readings of today and of the week to come find their partition."""

    async def scene(conn: Connection) -> None:
        await done(conn, after(100), keep())
        await conn.execute("delete from latest_reading")
        readings = [(86_400 * (100 + day), 1, 70.0, Validity.VLD) for day in range(8)]
        stored = await store(conn, columns(_STAY, _START, readings), await registry.version(conn))

        assert stored is not None
        assert stored.stored == len(readings)
        assert await upkeep.faults(conn, after(100), keep()) == []

    run(database_url, scene)


def test_old_readings_go_and_their_aggregates_stay(database_url: str) -> None:
    """Readings past their time are dropped by whole days, and what was asked of them before is answered still."""

    async def scene(conn: Connection) -> None:
        await done(conn, after(4), keep())
        before = await days_of(conn)
        report = await done(conn, after(34), keep(readings=32))

        assert len(report.dropped) == 2
        assert await one(conn, "select min(measured_at) from reading") == after(2)
        assert await days_of(conn) == before
        assert await upkeep.faults(conn, after(34), keep(readings=32)) == []

    run(database_url, scene)


def test_readings_are_never_dropped_before_they_are_rolled_up(database_url: str) -> None:
    """However old they are, readings wait for the roll-up: here it is held up, and the mark of one late hour."""

    async def scene(conn: Connection) -> None:
        assert await rollups.advance(conn, after(1.5))
        await upkeep.run(conn, after(1.5), keep(readings=32))
        late = columns(_STAY, _START, [(86_000, 1, 99.0, Validity.VLD)])
        await store(conn, late, await registry.version(conn))
        report = upkeep.Report()
        await upkeep._drop(conn, after(400), keep(readings=32), report, upkeep._Deadline(at_s=float("inf")))

        assert await one(conn, "select count(*)::int from reading") == 3 * 144 + 1
        await done(conn, after(400), keep(readings=32))
        assert await one(conn, "select count(*)::int from reading") == 0
        assert await one(conn, "select sum(n)::int from rollup_1d") == 3 * 144 + 1

    run(database_url, scene)


def test_what_comes_after_the_drop_does_not_undo_the_aggregates(database_url: str) -> None:
    """A reading of a day that has been dropped does not have the day computed from itself alone."""

    async def scene(conn: Connection) -> None:
        await done(conn, after(40), keep(readings=32))
        before = await days_of(conn)
        await migrate.ensure_partitions(conn, [_START.date()])
        late = columns(_STAY, _START, [(61, 1, 99.0, Validity.VLD)])
        await store(conn, late, await registry.version(conn))
        await done(conn, after(40), keep())

        assert await days_of(conn) == before
        assert await one(conn, "select count(*)::int from rollup_pending") == 0

    run(database_url, scene)


def test_aggregates_go_when_their_time_has_come(database_url: str) -> None:
    """Aggregates past their time are dropped; each table once all that its partition may hold is too old."""

    async def scene(conn: Connection) -> None:
        await done(conn, after(4), keep())
        report = await done(conn, after(500), keep(readings=32, aggregates=32))

        assert report.dropped
        for query in ("select count(*) from rollup_1min", "select count(*) from rollup_15min"):
            assert await one(conn, query) == 0
        for query in ("select count(*) from rollup_1h", "select count(*) from rollup_1d"):
            assert await one(conn, query) == 0

    run(database_url, scene)


def test_nothing_goes_that_is_kept_for_ever(database_url: str) -> None:
    """Without a time, nothing is dropped, ever."""

    async def scene(conn: Connection) -> None:
        report = await done(conn, after(4000), keep())

        assert (report.dropped, report.forgotten) == ([], 0)
        assert await one(conn, "select count(*)::int from reading") == 3 * 144

    run(database_url, scene)


def test_what_was_refused_long_ago_is_forgotten(database_url: str) -> None:
    """The quarantine loses what is older than its time, and keeps the rest."""

    async def scene(conn: Connection) -> None:
        for day in (0, 9, 11, 20):
            refused = quarantine.Refused(
                received_at=after(day), device_id="kit-1", topic="t", reason="malformed", detail="", index=None,
                payload=b"",
            )  # fmt: skip
            await quarantine.insert(conn, [refused])
        report = await done(conn, after(20), keep(quarantine=10))

        assert report.forgotten == 2
        assert await one(conn, "select min(received_at) from quarantine") == after(11)

    run(database_url, scene)


def test_compressed_days_answer_and_take_late_readings(database_url: str) -> None:
    """With TimescaleDB old days are compressed, late readings go into them, and they are compressed again.

    On plain PostgreSQL nothing is compressed, and late readings are counted all the same.
    """

    async def scene(conn: Connection) -> None:
        before = await days_of(conn)
        report = await done(conn, after(20), keep(compress_after=7))
        columnar = await partitions.compressible(conn, partitions.READING)

        assert bool(report.compressed) == columnar
        assert await days_of(conn) == before
        late = columns(_STAY, _START, [(n, 1, 99.0, Validity.VLD) for n in range(1, 500)])
        stored = await store(conn, late, await registry.version(conn))
        assert stored is not None
        assert stored.stored == 499
        await done(conn, after(21), keep(compress_after=7))
        assert await one(conn, "select sum(n)::int from rollup_1d") == 3 * 144 + 499

    run(database_url, scene)


def test_one_works_and_the_others_go_home(database_url: str) -> None:
    """While one process is at upkeep, another's call does nothing; when that one is gone, it works."""

    async def scene(conn: Connection) -> None:
        other = await connect(database_url, "test", autocommit=True)
        async with other:
            await other.execute("select pg_advisory_lock(%s)", (upkeep._LOCK,))
            assert await upkeep.run(conn, after(4), keep()) is None
        while (report := await upkeep.run(conn, after(4), keep())) is None:
            pass  # the server notices in its own time that the session has ended

        assert report.finished

    run(database_url, scene)


def test_a_call_that_runs_out_of_time_is_gone_on_with(database_url: str) -> None:
    """However little time a call has, it does something, and calls together do all."""

    async def scene(conn: Connection) -> None:
        calls = 0
        while True:
            report = await upkeep.run(conn, after(34), keep(readings=32), seconds=0)
            calls += 1
            assert report is not None
            if report.finished:
                break

        assert calls > 2
        assert await one(conn, "select sum(n)::int from rollup_1d") == 3 * 144
        assert await one(conn, "select min(measured_at) from reading") == after(2)

    run(database_url, scene)


_CHILD = """
import asyncio, sys
from datetime import datetime
from ward.store import upkeep
from ward.store.keep import Keep
from ward.store.pool import connect
from tests.integration.test_upkeep import after, keep
async def main():
    conn = await connect(sys.argv[1], "test", autocommit=True)
    print("begins", flush=True)
    while True:
        await upkeep.run(conn, after(34), keep(readings=32, compress_after=7))
asyncio.run(main())
"""


def test_h21_killed_upkeep_is_gone_on_with(database_url: str) -> None:
    """SIGKILL at several moments of upkeep: the calls that follow come to the same end as an undisturbed one."""
    run(database_url, nothing)
    for n in range(6):
        child = subprocess.Popen([sys.executable, "-c", _CHILD, database_url], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "begins\n"
        killing = threading.Timer(0.02 * n, os.kill, (child.pid, signal.SIGKILL))
        killing.start()
        child.wait()
        child.stdout.close()

    async def ends() -> None:
        async with await connect(database_url, "test", autocommit=True) as conn:
            while (report := await upkeep.run(conn, after(34), keep(readings=32, compress_after=7))) is None:
                pass
            assert report.finished
            assert await one(conn, "select min(measured_at) from reading") == after(2)
            assert await one(conn, "select sum(n)::int from rollup_1d") == 3 * 144
            assert await one(conn, "select count(*)::int from rollup_1min") == 3 * 144

    asyncio.run(ends())


def test_faults_say_what_has_not_been_done(database_url: str) -> None:
    """Without upkeep, check names missing partitions, the roll-up's lag, marks that wait and what is too old."""

    async def scene(conn: Connection) -> None:
        await done(conn, after(4), keep())
        late = columns(_STAY, _START, [(61, 1, 99.0, Validity.VLD)])
        await store(conn, late, await registry.version(conn))
        await conn.execute("update rollup_pending set marked_at = now() - interval '2 hours'")
        await migrate.ensure_partitions(conn, [after(10).date()])
        waiting = columns(_STAY, _START, [(10 * 86_400, 1, 70.0, Validity.VLD)])
        await store(conn, waiting, await registry.version(conn))
        said = "\n".join(await upkeep.faults(conn, after(60), keep(readings=32)))
        native = await partitions.native(conn, partitions.READING)

        assert ("partition reading_20260430 is missing" in said) == native
        assert "rolled up until 2026-03-04 23:00 UTC only" in said
        assert "1 marks wait for over an hour, the oldest for the hour 2026-03-01 00:00 UTC" in said
        assert "partitions of reading are too old" in said

    run(database_url, scene)


def test_an_empty_store_has_no_faults(database_url: str) -> None:
    """Where nothing has been measured, nothing is behind, before the first upkeep as after it."""

    async def looks() -> None:
        async with await connect(database_url, "test", autocommit=True) as conn:
            assert await upkeep.faults(conn, SystemClock().now(), keep(readings=32)) == []

    asyncio.run(looks())


def test_ingest_goes_on_while_a_partition_is_made(database_url: str) -> None:
    """Somebody who reads and writes the table keeps nobody from adding a partition, and is not kept from anything."""

    async def scene(conn: Connection) -> None:
        other = await connect(database_url, "test")
        async with other:
            readings = columns(_STAY, _START, [(30, 1, 70.0, Validity.VLD)])
            await samples.prepare(other)
            await store(other, readings, await registry.version(other))
            await conn.execute("set lock_timeout = '1s'")
            made = await partitions.ensure(conn, partitions.READING, [after(-300).date()])  # a day that no clock is at

            assert bool(made) == await partitions.native(conn, partitions.READING)

    run(database_url, scene)


def test_two_who_make_the_same_partition_take_turns(database_url: str) -> None:
    """Many who need a new day at once all find it there, and none fails."""

    async def scene(_: Connection) -> None:
        async def wants() -> None:
            async with await connect(database_url, "test", autocommit=True) as conn:
                await migrate.ensure_partitions(conn, [after(200).date(), after(201).date()])

        await asyncio.gather(*(wants() for _ in range(6)))

    run(database_url, scene)


def test_buckets_begin_where_utc_days_begin(database_url: str) -> None:
    """A day's bucket begins at midnight UTC on either engine."""

    async def scene(conn: Connection) -> None:
        await done(conn, after(4), keep())
        assert [row[0] for row in await days_of(conn)] == [  # type: ignore[attr-defined] # rows
            to_us(after(day)) // 1000 for day in range(3)
        ]

    run(database_url, scene)


def test_a_table_in_use_is_dropped_from_later(database_url: str) -> None:
    """Somebody who reads for long, as a backup does, is not waited for and keeps nobody waiting: next time, then."""

    async def scene(conn: Connection) -> None:
        await done(conn, after(4), keep())
        other = await connect(database_url, "test")
        async with other:
            await other.execute("select count(*) from reading")
            report = await upkeep.run(conn, after(34), keep(readings=32))
            assert report is not None
            assert (report.dropped, report.finished) == ([], False)
        report = await done(conn, after(34), keep(readings=32))

        assert len(report.dropped) == 2

    run(database_url, scene)
