"""How long a back-test takes: a month of a hundred patients' vital signs a minute, by the plan in force and another.

`python -m benchmarks.backtest [--patients 100] [--days 30]` fills an embedded store of its own (a minute or two), asks
for the back-test as the API does, has a worker do it, and prints how long that took, with its progress. The floor of
the same call: read the same readings by one plain COPY and compare each with two limits, in one process.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import psycopg

from alerting.backtest_worker import Worker
from tests.acceptance.timeline import START, a_ward
from ward.access.principals import Scope
from ward.backtests import Report
from ward.clock import FakeClock, to_us
from ward.people import OrganisationId, StaffId, StayId
from ward.store import backtests, embedded, migrate
from ward.store.backtests import Order, Reader
from ward.store.columns import FLOAT8, INT2, INT8, TIMESTAMPTZ, copy_rows
from ward.store.pool import Connection, connect, pool
from ward.vitals import VITALS, VitalKind

_TYPES = (INT8, INT2, TIMESTAMPTZ, INT8, FLOAT8, TIMESTAMPTZ, INT2, INT2)
_COLUMNS = "stay_id, kind, measured_at, device_no, value, received_at, validity, quality"
_MINUTE_US = 60_000_000
_EVERYBODY = Reader(organisation_id=OrganisationId(1), scope=Scope(organisation_id=OrganisationId(1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How one kind is made up: a slow wander about a level that each patient has, and noise; every so many minutes."""

    level: float
    between: float
    wander: float
    noise: float
    every: int = 1


MADE = {
    VitalKind.HEART_RATE: Made(level=76, between=6, wander=7, noise=2),
    VitalKind.SPO2: Made(level=95.5, between=1, wander=1, noise=0.6),
    VitalKind.RESP_RATE: Made(level=16, between=1.5, wander=1.5, noise=1),
    VitalKind.TEMPERATURE: Made(level=36.9, between=0.2, wander=0.3, noise=0.1, every=240),
    VitalKind.SYSTOLIC: Made(level=132, between=10, wander=8, noise=5, every=360),
}


def a_course(made: Made, minutes: int, rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Make up one patient's values of one kind."""
    count = minutes // made.every
    # A wander without a loop: a random walk with its own running mean over three hours taken off.
    walk = np.cumsum(rng.normal(0, 1, count))
    width = max(2, 180 // made.every)
    slow = np.convolve(walk, np.ones(width) / width, "same")
    wander = (walk - slow) / max(1e-9, float(np.std(walk - slow)))
    values = made.level + rng.normal(0, made.between) + made.wander * wander + rng.normal(0, made.noise, count)
    return np.asarray(np.round(values, 1 if made.level < 40 and made.every > 1 else 0), np.float64)


async def fill(conn: Connection, days: int, until: datetime = START) -> int:
    """Store the readings of every stay over so many days; return how many."""
    rng = np.random.default_rng(20)
    minutes = days * 1440
    from_us = to_us(until) - minutes * _MINUTE_US
    total = 0
    rows = await (await conn.execute("select stay_id from stay order by 1")).fetchall()
    for (stay_id,) in rows:
        for kind, made in MADE.items():
            value = np.clip(a_course(made, minutes, rng), VITALS[kind].low, VITALS[kind].high)
            count = len(value)
            at_us = from_us + np.arange(count, dtype=np.int64) * made.every * _MINUTE_US
            at_us += rng.integers(0, 1_000_000, count)
            same = np.ones(count, np.int64)
            columns = (
                stay_id * same,
                VITALS[kind].code * same,
                at_us,
                stay_id * same,
                value,
                at_us,
                0 * same,
                95 * same,
            )
            async with conn.cursor().copy(f"copy reading ({_COLUMNS}) from stdin (format binary)".encode()) as copy:
                await copy.write(copy_rows(_TYPES, columns))
            total += count
        await conn.commit()
    return total


async def plain(conn: Connection) -> float:
    """Read every reading by one COPY and compare it with two limits; return the seconds."""
    started = time.perf_counter()
    text = bytearray()
    query = "copy (select stay_id, kind, measured_at, value from reading) to stdout (format binary)"
    async with conn.cursor().copy(query.encode()) as copy:
        async for block in copy:
            text += block
    fields = [("n", ">i2"), ("s0", ">i4"), ("stay", ">i8"), ("s1", ">i4"), ("kind", ">i2"), ("s2", ">i4")]
    rows = np.frombuffer(memoryview(text)[19:-2], [*fields, ("t", ">i8"), ("s3", ">i4"), ("value", ">f8")])
    value = rows["value"].astype(np.float64)
    beyond = (value < 91) | (value > 130)
    np.count_nonzero(beyond[1:] & ~beyond[:-1])
    return time.perf_counter() - started


async def measure(database_url: str, patients: int, days: int) -> None:
    """Fill a store, and time the floor and the back-test in turns."""
    await migrate.migrate(database_url, START)
    await asyncio.to_thread(_people, database_url, patients)
    clock = FakeClock(START)
    async with await connect(database_url, "bench") as conn:
        await migrate.ensure_partitions(conn, [(START - timedelta(days=back)).date() for back in range(days + 1)])
        total = await fill(conn, days)
        await conn.set_autocommit(True)
        await conn.execute("vacuum analyze reading")
        print(f"{patients} patients, {days} days, {total} readings")
        async with pool(database_url, "bench", size=2) as store:
            for turn in range(3):
                print(f"turn {turn}: floor {await plain(conn):.2f} s", end=", ", flush=True)
                await _one(conn, Worker(store=store, clock=clock), START - timedelta(days=days))


async def _one(conn: Connection, worker: Worker, start: datetime) -> None:
    stays = [StayId(row[0]) for row in await (await conn.execute("select stay_id from stay order by 1")).fetchall()]
    order = Order(
        organisation_id=OrganisationId(1),
        staff_id=StaffId(1),
        name="benchmark",
        stays=tuple(stays),
        from_at=start,
        until_at=START,
        plan='{"limits": {"spo2": {"delay_s": 120}}}',
        suggest=False,
    )
    number = await backtests.add(conn, order, START)
    started, used = time.perf_counter(), time.process_time()
    await worker.once()
    spent, used = time.perf_counter() - started, time.process_time() - used
    row = await backtests.read(conn, _EVERYBODY, number, START)
    if row is None or row.report is None:
        raise SystemExit(f"the back-test is {row and row.state}: {row and row.fault}")
    report = msgspec.json.decode(row.report, type=Report)
    print(
        f"back-test {spent:.2f} s ({used:.2f} CPU s of the worker): {report.readings} readings,"
        f" {report.candidate.alerts} alerts, {report.in_force.alerts} by the plan in force"
    )


def _people(database_url: str, patients: int) -> None:
    with psycopg.connect(database_url) as conn:
        a_ward(conn, patients)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--days", type=int, default=30)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        server = embedded.start(Path(folder))
        try:
            asyncio.run(measure(server.database_url, flags.patients, flags.days))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
