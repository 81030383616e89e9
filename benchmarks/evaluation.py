"""How many stays a second one process evaluates: read, judge, write, commit; on an embedded store of its own.

`python -m benchmarks.evaluation [--stays 1000] [--every-s 1]`: each stay has the readings of three continuous
kinds over the look-back, one reading every so many seconds, and four manual ones; nobody has an alert.
"""

import argparse
import asyncio
import tempfile
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import psycopg

from alerting import due
from alerting.evaluate import evaluate
from alerting.features import seconds
from alerting.windows import Windows
from tests.acceptance.timeline import START, a_ward
from ward.store import embedded, evaluation, migrate
from ward.store.pool import Connection, connect
from ward.vitals import VITALS, VitalKind

NOW = START + timedelta(minutes=10)
CONTINUOUS = {VitalKind.SPO2: 97, VitalKind.HEART_RATE: 72, VitalKind.RESP_RATE: 15}
MANUAL = {VitalKind.TEMPERATURE: 37, VitalKind.SYSTOLIC: 125, VitalKind.CONSCIOUSNESS: 0, VitalKind.OXYGEN_FLOW: 0}


async def fill(conn: Connection, every_s: float) -> int:
    """Store calm readings; return how many."""
    insert = (
        "insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)"
        " select stay_id, %s, t, 1, %s, t, 0, 95 from stay,"
        " generate_series(%s::timestamptz, %s, make_interval(secs => %s)) t"
    )
    for kind, value in CONTINUOUS.items():
        await conn.execute(insert, (VITALS[kind].code, value, NOW - timedelta(minutes=9), NOW, every_s))
    for kind, value in MANUAL.items():
        await conn.execute(insert, (VITALS[kind].code, value, NOW, NOW, every_s))
    await conn.execute(
        "insert into latest_reading select distinct on (stay_id, kind) * from reading"
        " order by stay_id, kind, measured_at desc"
    )
    await conn.commit()
    await conn.execute("analyze")
    row = await (await conn.execute("select count(*) from reading")).fetchone()
    await conn.commit()
    return int(row[0]) if row else 0


async def measure(database_url: str, stays: int, every_s: float) -> None:
    await migrate.migrate(database_url, NOW)
    await asyncio.to_thread(_people, database_url, stays)
    async with await connect(database_url, "bench") as conn:
        await migrate.ensure_partitions(conn, [START.date()])
        print(f"{stays} stays, {await fill(conn, every_s)} readings, one every {every_s:g} s")
        windows = Windows()
        for number in range(4):
            await evaluation.enrol(conn, NOW)
            await conn.execute("update evaluation_due set due_at = %s", (NOW,))
            await conn.commit()
            started, taken = time.perf_counter(), 0
            while (done := await due.evaluate_due(conn, NOW + timedelta(seconds=number), windows=windows)).stays:
                await conn.commit()
                taken += done.stays
            spent = time.perf_counter() - started
            print(f"round {number}: {taken} stays in {spent * 1000:.0f} ms = {taken / spent:.0f} stays/s")
        await parts(conn, windows)


async def parts(conn: Connection, windows: Windows) -> None:
    """Say where the time of one pass goes."""
    now = NOW + timedelta(seconds=5)
    await conn.execute("update evaluation_due set due_at = %s", (now,))
    marks = [time.perf_counter()]
    claimed = await evaluation.claim(conn, now, 500)
    marks.append(time.perf_counter())
    stays = await due._contexts(conn, claimed, {}, [], now)  # noqa: SLF001
    marks.append(time.perf_counter())
    batch = await due._read(conn, claimed, stays, {}, windows)  # noqa: SLF001
    marks.append(time.perf_counter())
    found = evaluate(batch, seconds(now))
    marks.append(time.perf_counter())
    await due._write(conn, batch, found, [], now, windows.worker)  # noqa: SLF001
    await conn.commit()
    marks.append(time.perf_counter())
    names = ("claim", "contexts", "read", "evaluate", "write")
    spent = [
        f"{name} {(after - before) * 1000:.0f} ms" for name, (before, after) in zip(names, pairwise(marks), strict=True)
    ]
    print(f"one pass of {len(stays)}: " + ", ".join(spent))


def _people(database_url: str, stays: int) -> None:
    with psycopg.connect(database_url) as conn:
        a_ward(conn, stays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stays", type=int, default=1000)
    parser.add_argument("--every-s", type=float, default=1.0)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        server = embedded.start(Path(folder))
        try:
            asyncio.run(measure(server.database_url, flags.stays, flags.every_s))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
