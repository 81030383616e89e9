"""What a reading costs on disk and how long it takes to roll up and to read back, on the server that it is given.

`python -m benchmarks.storage [--server postgresql://…] [--days 7] [--every-s 60]`: the twelve simulated patients of the
demo, five kinds each, in a database of its own that is dropped at the end. Without `--server`, on a plain PostgreSQL of
its own; a server with TimescaleDB is told by itself. Everything is done by the product's own code but for the last
line on plain PostgreSQL: what a table of blocks would take, which the product does not have.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np
import psycopg
from psycopg import sql

from simulator.device import Plan, samples
from simulator.scenario import kit, load_roster
from ward.clock import to_us
from ward.people import StayId
from ward.store import embedded, migrate, partitions, registry, rollups, series, upkeep
from ward.store import samples as store
from ward.store.keep import Keep
from ward.store.pool import Connection, connect
from ward.vitals import VITALS, VitalKind

_START = datetime(2026, 3, 2, tzinfo=UTC)
_KINDS = (
    VitalKind.HEART_RATE, VitalKind.SPO2, VitalKind.RESP_RATE, VitalKind.TEMPERATURE, VitalKind.SYSTOLIC,
)  # fmt: skip
_BATCH = 10_000
_FOR_EVER = Keep(readings=None, aggregates=None, waveforms=None, quarantine=None, compress_after=None)


def readings(days: int, every_s: float) -> store.Rows:
    """Return what the demo's patients measure, in order of time; received a little later, as over a radio."""
    plan = Plan(every_s=MappingProxyType(dict.fromkeys(_KINDS, every_s)))
    rows = []
    for number, entry in enumerate(load_roster(), start=1):
        worn = replace(kit(entry, seed=1, clock_s=0.0, on_at_s=0.0), plan=plan)
        for each in samples(worn, 0.0, days * 86_400.0):
            said = -1 if each.quality is None else round(each.quality * 100)
            rows.append((round(each.t_s * 1000) * 1000, number, VITALS[each.kind].code, each.value, said))
    rows.sort()
    after, stay, kind, value, quality = (np.array(column) for column in zip(*rows, strict=True))
    measured = to_us(_START) + after
    lag = np.random.default_rng(1).integers(20_000, 900_000, len(rows))
    return store.Rows(
        stay_id=stay, kind=kind, measured_us=measured, device_no=stay, value=value.astype(np.float64),
        received_us=measured + lag, validity=np.zeros(len(rows), dtype=np.int64), quality=quality,
    )  # fmt: skip


async def fill(conn: Connection, rows: store.Rows, days: int) -> float:
    """Store readings as ingest does; return seconds."""
    await store.prepare(conn)
    await migrate.ensure_partitions(conn, [_START.date() + timedelta(days=day) for day in range(days + 1)])
    version = await registry.version(conn)
    began = time.perf_counter()
    for at in range(0, len(rows), _BATCH):
        part = {name: getattr(rows, name)[at : at + _BATCH] for name in store.Rows.__slots__}
        await store.insert_batch(conn, store.Rows(**part), version)
    return time.perf_counter() - began


async def size(conn: Connection, table: str) -> int:
    """Return the bytes of a table by time with its indexes."""
    ageing = next(each for each in partitions.AGEING if each.table == table)
    if await partitions.native(conn, ageing):
        query = "select sum(pg_total_relation_size(inhrelid))::bigint from pg_inherits where inhparent = %s::regclass"
    else:
        query = "select hypertable_size(%s::regclass)"
    row = await (await conn.execute(query.encode(), (table,))).fetchone()
    return int(row[0]) if row else 0


async def reading_ms(conn: Connection, days: int, step: timedelta) -> float:
    """Return the median time to read all of one patient in buckets."""
    span = series.Span(
        stay_id=StayId(5), kinds=[VITALS[kind].code for kind in _KINDS], start=_START, end=_START + timedelta(days=days)
    )
    taken = []
    for _ in range(9):
        began = time.perf_counter()
        await series.read_buckets(conn, span, step)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def roll_up(conn: Connection, now: datetime) -> float:
    """Roll everything up; return seconds."""
    began = time.perf_counter()
    while await rollups.advance(conn, now) or await rollups.roll_some(conn):
        pass
    return time.perf_counter() - began


async def blocks(conn: Connection, per: str) -> int:
    """Return the bytes of the readings as one row for each stay, kind and `per`, in arrays."""
    await conn.execute("drop table if exists block")
    await conn.execute(
        sql.SQL(
            "create table block as select stay_id, kind, device_no, date_trunc({per}, measured_at) as start,"
            " array_agg(coalesce(extract(epoch from measured_at - before) * 1000, 0)::int order by measured_at) as ms,"
            " array_agg(value::real order by measured_at) as value,"
            " array_agg((extract(epoch from received_at - measured_at) * 1000)::int order by measured_at) as lag_ms,"
            " array_agg(validity order by measured_at) as validity, array_agg(quality order by measured_at) as quality"
            " from (select *, lag(measured_at) over (partition by stay_id, kind, device_no,"
            " date_trunc({per}, measured_at) order by measured_at) as before from reading) r group by 1, 2, 3, 4"
        ).format(per=sql.Literal(per))
    )
    await conn.execute("alter table block add primary key (stay_id, kind, start, device_no)")
    row = await (await conn.execute("select pg_total_relation_size('block')")).fetchone()
    return int(row[0]) if row else 0


async def measure(database_url: str, days: int, every_s: float) -> None:
    """Print everything."""
    now = _START + timedelta(days=days, hours=3)
    await migrate.migrate(database_url, now)
    rows = readings(days, every_s)
    count = len(rows)
    conn = await connect(database_url, "bench", autocommit=True)
    async with conn:
        took_s = await fill(conn, rows, days)
        await conn.execute("vacuum analyze")
        print(f"{count} readings: 12 patients, {len(_KINDS)} kinds, {days} days, one each {every_s:g} s; as printed:\n")
        print(f"stored in {took_s:.1f} s, {count / took_s:,.0f} readings/s in batches of {_BATCH}")
        print(f"readings with their key: {await size(conn, 'reading') / count:.1f} bytes a reading")
        before = {level.step: await reading_ms(conn, days, level.step) for level in rollups.LEVELS}
        took_s = await roll_up(conn, now)
        await conn.execute("vacuum analyze")
        print(f"rolled up in {took_s:.1f} s, {count / took_s:,.0f} readings/s")
        await _sizes(conn, count)
        if await partitions.compressible(conn, partitions.READING):
            began = time.perf_counter()
            keep = replace(_FOR_EVER, compress_after=timedelta(days=1))
            while not ((report := await upkeep.run(conn, now + timedelta(days=60), keep)) and report.finished):
                pass
            print(f"compressed in {time.perf_counter() - began:.1f} s")
            print(f"readings, compressed: {await size(conn, 'reading') / count:.2f} bytes a reading")
            await _sizes(conn, count)
        else:
            for per in ("hour", "day"):
                print(f"(as blocks of one {per}: {await blocks(conn, per) / count:.1f} bytes a reading)")
        print(f"one patient, {len(_KINDS)} kinds, {days} days, median of 9, from readings and from aggregates:")
        for step, raw_ms in before.items():
            print(f"  buckets of {step}: {raw_ms:.1f} ms, {await reading_ms(conn, days, step):.1f} ms")


async def _sizes(conn: Connection, count: int) -> None:
    found = await conn.execute("select distinct relname from pg_class where relkind in ('p', 'v')")
    there = {name for (name,) in await found.fetchall()}
    if "rollup_minutes" in there:  # then `rollup_1min` is a view of it
        there.discard("rollup_1min")
    sizes = [(each.table, await size(conn, each.table) / count) for each in partitions.ROLLUPS if each.table in there]
    print("aggregates: " + ", ".join(f"{name} {each:.2f}" for name, each in sizes) + " bytes a reading")


@contextmanager
def server(given: str | None) -> Iterator[str]:
    """Give the address of a database of our own, on the server named or on one of our own."""
    with tempfile.TemporaryDirectory(prefix="hemvakt-bench-") as folder:
        Path(folder).chmod(0o711)
        running = None if given else embedded.start(Path(folder))
        address = given or (running.database_url if running else "")
        name = f"hemvakt_storage_{os.getpid()}"
        try:
            with psycopg.connect(address, autocommit=True) as admin:
                admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            try:
                yield f"{address.rpartition('/')[0]}/{name}"
            finally:
                with psycopg.connect(address, autocommit=True) as admin:
                    admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        finally:
            if running:
                running.stop()


def main() -> None:
    """Read the flags and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", help="postgresql:// address of a server on which a database may be made")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--every-s", type=float, default=60.0)
    flags = parser.parse_args()
    with server(flags.server) as database_url:
        asyncio.run(measure(database_url, flags.days, flags.every_s))


if __name__ == "__main__":
    main()
