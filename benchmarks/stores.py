"""The product's own reads and writes on several stores in turns: one primary beside another engine or layout.

`python -m benchmarks.stores --store plain=postgresql://… --store other=postgresql://… [--roots plain=PID,PID]`: each
address is an empty database, or one that has been migrated and laid out differently. It is filled and left as it is; a
second call finds it full. `--roots` names a store's first server processes on this machine and brings the CPU time of
all their descendants, of those that have ended too.
Each line: median milliseconds of a call (its fastest tenth), CPU milliseconds of the servers for a call, and the ratio
to the first store. Whoever calls decides what else runs; the turns let it hit all stores alike.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

import numpy as np
import psutil
import psycopg

from benchmarks.figures import head, percentile, row
from benchmarks.rig import load_average
from tests.acceptance.timeline import START, a_ward
from ward.clock import to_us
from ward.people import StayId
from ward.store import evaluation, history, migrate, registry, samples, scores, series, tiles
from ward.store.pool import Connection, connect
from ward.vitals import USABLE, Validity

_KINDS = (1, 2, 3, 4, 5)
_MINUTE_US = 60_000_000
_ROWS = 10_000
_BACK_S = dict.fromkeys(_KINDS, 6 * 3600.0)


@dataclass(slots=True, kw_only=True)
class Store:
    """A store that is measured; `at_us` is the measured time of the newest reading that was put into it."""

    name: str
    conn: Connection
    roots: Sequence[int]
    stays: list[StayId]
    version: int
    at_us: int

    def cpu_s(self) -> float:
        """Return what its servers have used, with what their ended processes had."""
        total = 0.0
        for root in map(psutil.Process, self.roots):
            first = root.cpu_times()
            living = [first, *(each.cpu_times() for each in root.children())]
            total += sum(each.user + each.system for each in living) + first.children_user + first.children_system
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something the product does, so many times a turn."""

    what: str
    times: int
    do: Callable[[Store], Awaitable[object]]


def readings(store: Store, count: int) -> samples.Rows:
    """Make up the next readings: every stay's kinds once a minute, until there are so many."""
    each = np.arange(count, dtype=np.int64)
    series_no, minute = each % (len(store.stays) * len(_KINDS)), each // (len(store.stays) * len(_KINDS))
    stay = np.array(store.stays, dtype=np.int64)[series_no // len(_KINDS)]
    measured = store.at_us + (minute + 1) * _MINUTE_US + series_no
    store.at_us = int(measured[-1])
    same = np.zeros(count, dtype=np.int64)
    return samples.Rows(
        stay_id=stay, kind=np.array(_KINDS, dtype=np.int64)[series_no % len(_KINDS)], measured_us=measured,
        device_no=stay, value=80 + (each % 17).astype(np.float64), received_us=measured, validity=same,
        quality=same + 95,
    )  # fmt: skip


async def insert(store: Store, rows: samples.Rows) -> None:
    """Store a batch as ingest does, in a transaction of its own."""
    done = await samples.insert_batch(store.conn, rows, store.version)
    if done is None or done.stored != len(rows):
        raise AssertionError(done)


async def repeated(store: Store) -> None:
    """Store a small batch of which half is stored already."""
    rows = readings(store, 100)
    await insert(store, rows)
    both = readings(store, 100)
    mixed = {name: np.append(getattr(rows, name), getattr(both, name)) for name in samples.Rows.__slots__}
    done = await samples.insert_batch(store.conn, samples.Rows(**mixed), store.version)
    if done is None or done.stored != len(both):
        raise AssertionError(done)


async def evaluated(store: Store) -> None:
    """Read what a worker that has just started needs to judge 200 stays: six hours, and what held before them."""
    since = START + timedelta(microseconds=store.at_us - to_us(START))
    wanted = [
        evaluation.Wanted(place=place, stay_id=stay, since=since, anew=True)
        for place, stay in enumerate(store.stays[:200])
    ]
    await evaluation.readings(store.conn, wanted, _BACK_S, [each.value for each in USABLE])


def _span(store: Store, hours: int) -> series.Span:
    return series.Span(stay_id=store.stays[7], kinds=_KINDS, start=START, end=START + timedelta(hours=hours))


async def scored(store: Store) -> None:
    """Write a score of each of 200 stays."""
    store.at_us += 1
    at = START + timedelta(microseconds=store.at_us - to_us(START))
    detail = scores.ScoreDetail(parts={}, missing=[], stale=[], settles=None, single_three=False)
    await scores.insert(
        store.conn,
        [
            scores.ScoreRow(
                stay_id=stay, scored_at=at, total_min=0, total_max=2, risk="low", spo2_scale=1, detail=detail
            )
            for stay in store.stays[:200]
        ],
    )


async def one_row(store: Store) -> None:
    """Read one row by its stay: what one statement takes on the way."""
    await store.conn.execute(
        "select value from reading where stay_id = %s and kind = 1 and measured_at >= %s and measured_at < %s limit 1",
        (store.stays[3], START, START + timedelta(minutes=3)),
        prepare=True,
    )


async def cohort(store: Store) -> None:
    """Read a day of 200 patients, as a back-test does."""
    span = (START, START + timedelta(hours=24))
    found = await history.courses(store.conn, store.stays[:200], _KINDS, span, [Validity.VLD])
    if len(found) != len(store.stays[:200]) * len(_KINDS):
        raise AssertionError(len(found))


WORKS = (
    Work(what="2,000 readings, all new (COPY)", times=5, do=lambda store: insert(store, readings(store, 2000))),
    Work(what="100 readings, all new (one statement)", times=20, do=lambda store: insert(store, readings(store, 100))),
    Work(what="100 new, then 200 of which half are repeats", times=10, do=repeated),
    Work(what="a score of each stay, 200 at most", times=10, do=scored),
    Work(what="one row of one stay", times=200, do=one_row),
    Work(what="chart: 24 h of five kinds, 15 min", times=20,
         do=lambda store: series.read_buckets(store.conn, _span(store, 24), timedelta(minutes=15))),
    Work(what="chart: 6 h of five kinds, every reading", times=20,
         do=lambda store: series.read_raw(store.conn, _span(store, 6), 10_000)),
    Work(what="board: tiles, 100 stays at most", times=10,
         do=lambda store: tiles.read_tiles(store.conn, store.stays[:100], START + timedelta(hours=7))),
    Work(what="evaluation: what 200 stays at most need, anew", times=3, do=evaluated),
    Work(what="back-test: a day, 200 patients at most", times=2, do=cohort),
)  # fmt: skip


async def ready(name: str, url: str, roots: Sequence[int], stays: int, hours: int) -> Store:
    """Migrate where needed; admit patients and give each so many hours of readings a minute where there is nobody."""
    await migrate.migrate(url, START)
    await asyncio.to_thread(_people, url, stays)
    conn = await connect(url, "bench", autocommit=True)
    await migrate.ensure_partitions(conn, [(START + timedelta(days=day)).date() for day in range(-1, 8)])
    await samples.prepare(conn)
    numbers = [StayId(each) for (each,) in await (await conn.execute("select stay_id from stay order by 1")).fetchall()]
    newest = await (await conn.execute("select max(measured_at) from latest_reading")).fetchone()
    at_us = to_us(newest[0] if newest and newest[0] else START)
    store = Store(name=name, conn=conn, roots=roots, stays=numbers, version=await registry.version(conn), at_us=at_us)
    if at_us == to_us(START):
        for _ in range(hours * 60 * stays * len(_KINDS) // _ROWS):
            await insert(store, readings(store, _ROWS))
        await conn.execute("analyze")
    return store


def _people(url: str, stays: int) -> None:
    with psycopg.connect(url) as people:
        if people.execute("select from stay limit 1").fetchone() is None:
            a_ward(people, stays)


async def turn(store: Store, work: Work) -> tuple[list[float], float]:
    """Do something its times; return the milliseconds of each and the servers' CPU milliseconds of one."""
    await work.do(store)  # plans and connections are made
    before, took_ms = store.cpu_s(), []
    for _ in range(work.times):
        began = time.perf_counter()
        await work.do(store)
        took_ms.append((time.perf_counter() - began) * 1000)
    return took_ms, (store.cpu_s() - before) * 1000 / work.times


async def measure(stores: Sequence[Store], turns: int) -> None:
    """Print a table of every work on every store."""
    print(f"load average before: {load_average()}\n")
    print(head("what", "store", "median ms", "fastest tenth, ms", "servers' CPU ms", "ratio of medians"))
    for work in WORKS:
        took: dict[str, list[float]] = {each.name: [] for each in stores}
        cpu: dict[str, list[float]] = {each.name: [] for each in stores}
        refused: dict[str, str] = {}
        for _ in range(turns):
            for store in stores:
                if store.name in refused:
                    continue
                try:
                    times, used = await turn(store, work)
                except psycopg.Error as error:
                    refused[store.name] = str(error).splitlines()[0]
                    continue
                took[store.name] += times
                cpu[store.name].append(used)
        first = median(took[stores[0].name])
        for name, times in took.items():
            if name in refused:
                print(row(work.what, name, f"refused: {refused[name]}", "", "", ""))
                continue
            ms = np.array(times)
            print(row(work.what, name, median(times), percentile(ms, 10), median(cpu[name]), median(times) / first))


async def compare(flags: argparse.Namespace) -> None:
    """Make the stores ready and measure them."""
    roots = {name: [int(pid) for pid in pids.split(",")] for name, pids in map(_pair, flags.roots)}
    stores = [
        await ready(name, url, roots.get(name, []), flags.stays, flags.hours) for name, url in map(_pair, flags.store)
    ]
    await measure(stores, flags.turns)
    for each in stores:
        await each.conn.close()


def _pair(given: str) -> tuple[str, str]:
    name, _, rest = given.partition("=")
    return name, rest


def main() -> None:
    """Read the flags and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", action="append", required=True, help="NAME=postgresql://…; the first is compared to")
    parser.add_argument("--roots", action="append", default=[], help="NAME=PID,PID: a store's first server processes")
    parser.add_argument("--stays", type=int, default=500)
    parser.add_argument("--hours", type=int, default=26)
    parser.add_argument("--turns", type=int, default=5)
    asyncio.run(compare(parser.parse_args()))


if __name__ == "__main__":
    main()
