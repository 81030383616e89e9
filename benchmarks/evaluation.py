"""How many stays a second one process evaluates: read, judge, write, commit; beside a floor of the same run.

`python -m benchmarks.evaluation [--stays 1000] [--rounds 3]`: each stay has six hours of readings once a minute of
three continuous kinds and four manual ones, then a new minute comes for all; its plan has limits by day and night,
three combinations, NEWS2 and its rise. The floor is one SELECT of the minute's readings and one INSERT of as many
scores, committed. CPU time stands beside the clock's, since others may use the machine. How judging alone grows is
`benchmarks.growth`.
"""

import argparse
import asyncio
import os
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import psycopg

from alerting import apply, due, evaluate
from alerting.features import seconds
from alerting.windows import Windows
from tests.acceptance.timeline import START, a_ward
from ward import overlays
from ward.overlays import Combined, Layer, NightPatch, Origin, Overlay, Patch
from ward.people import StayId
from ward.plans import DEFAULT_PROGRAMME, Plan, Side, Term
from ward.store import embedded, evaluation, migrate, plan_versions
from ward.store.pool import Connection, connect
from ward.vitals import VITALS, VitalKind

NOW = START + timedelta(hours=7)
MINUTE = timedelta(minutes=1)
CONTINUOUS = {VitalKind.SPO2: 97, VitalKind.HEART_RATE: 72, VitalKind.RESP_RATE: 15}
MANUAL = {VitalKind.TEMPERATURE: 37, VitalKind.SYSTOLIC: 125, VitalKind.CONSCIOUSNESS: 0, VitalKind.OXYGEN_FLOW: 0}
SPREAD = {VitalKind.SPO2: 1.5, VitalKind.HEART_RATE: 6.0, VitalKind.RESP_RATE: 2.5}
_READ = "select stay_id, kind, measured_at, value, quality from reading where measured_at > %s"
_WRITE = (
    "insert into score (stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail)"
    " select unnest(%s::bigint[]), %s, 0, 2, 'low', 1, '{}'"
)


def overlay() -> Overlay:
    """Return what a plan that uses all that a plan can say of readings has beside the template."""
    hot, fast, breathless = (
        Term(kind=VitalKind.TEMPERATURE, side=Side.HIGH, bound=38.3),
        Term(kind=VitalKind.HEART_RATE, side=Side.HIGH, bound=95),
        Term(kind=VitalKind.RESP_RATE, side=Side.HIGH, bound=22),
    )
    low = Term(kind=VitalKind.SPO2, side=Side.LOW, bound=92)
    return Overlay(
        combinations={
            "sepsis": Combined(terms=(hot, fast, breathless), at_least=2, delay_s=300),
            "lungs": Combined(terms=(breathless, low), at_least=2, delay_s=120),
            "shock": Combined(terms=(fast, replace(low, kind=VitalKind.SYSTOLIC, bound=100)), at_least=2),
        },
        night=NightPatch(begins=22 * 60, ends=6 * 60, limits={VitalKind.SPO2: Patch(warn_low=90)}),
    )


def full_plan() -> Plan:
    """Return the plan that every stay here has."""
    layer = Layer(origin=Origin.PATIENT, version=1, rules=overlays.raw(overlay()))
    found = overlays.fold(DEFAULT_PROGRAMME, (layer,))
    if found.faults:
        raise AssertionError(found.faults)
    return found.plan


async def minute(conn: Connection, kinds: dict[VitalKind, int], first: datetime, last: datetime) -> None:
    """Store readings once a minute for every stay, a little different each time, and ask for their evaluation."""
    insert = (
        "insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)"
        " select stay_id, %s, t, 1, %s + %s * (random() + random() - 1), t, 0, 95 from stay,"
        " generate_series(%s::timestamptz, %s, '1 minute') t"
    )
    for kind, value in kinds.items():
        await conn.execute(insert, (VITALS[kind].code, value, SPREAD.get(kind, 0), first, last))
    await conn.execute(
        "insert into latest_reading select distinct on (stay_id, kind) * from reading where measured_at >= %s"
        " order by stay_id, kind, measured_at desc on conflict (stay_id, kind) do update"
        " set measured_at = excluded.measured_at, value = excluded.value, received_at = excluded.received_at",
        (first,),
    )
    await conn.execute("insert into evaluation_request select stay_id, %s from stay", (first,))
    await conn.commit()


async def measure(database_url: str, stays: int, rounds: int) -> None:
    await migrate.migrate(database_url, NOW)
    await asyncio.to_thread(_people, database_url, stays)
    async with await connect(database_url, "bench") as conn:
        for (stay_id,) in await (await conn.execute("select stay_id from stay")).fetchall():
            await plan_versions.begin(conn, StayId(stay_id), overlay(), START)
        await migrate.ensure_partitions(conn, [START.date()])
        await minute(conn, MANUAL, NOW - MINUTE, NOW - MINUTE)
        await minute(conn, CONTINUOUS, NOW - 365 * MINUTE, NOW - MINUTE)
        await conn.execute("analyze")
        await evaluation.enrol(conn, NOW)
        await conn.commit()
        await conn.execute("delete from evaluation_request")
        await conn.commit()
        windows = Windows()
        await one_round(conn, windows, NOW, "a worker that has just started: ")
        for number in range(1, rounds + 1):
            now = NOW + number * MINUTE
            await minute(conn, CONTINUOUS, now, now)
            await one_round(conn, windows, now, "a minute's new vitals: ")
            await floor(conn, now)
        await minute(conn, CONTINUOUS, now + MINUTE, now + MINUTE)
        await parts(conn, windows, now + MINUTE)


def cpu_s(conn: Connection) -> tuple[float, float]:
    """Return the CPU seconds that this process and its server process have used."""
    fields = Path(f"/proc/{conn.info.backend_pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return time.process_time(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def one_round(conn: Connection, windows: Windows, now: datetime, what: str) -> None:
    """Evaluate until nothing is due, and say how fast that was."""
    started, before, taken = time.perf_counter(), cpu_s(conn), 0
    while (done := await due.evaluate_due(conn, now, windows=windows)).stays:
        await conn.commit()
        taken += done.stays
    spent, after = time.perf_counter() - started, cpu_s(conn)
    own, served = (then - each for then, each in zip(after, before, strict=True))
    print(
        f"{what}{taken} stays in {spent * 1000:.0f} ms = {taken / spent:.0f} stays/s; CPU {own * 1000:.0f} ms ours,"
        f" {served * 1000:.0f} ms the server's = {taken / (own + served):.0f} stays/s of one core"
    )


async def floor(conn: Connection, now: datetime) -> None:
    """Read a minute's readings and write as many scores as there are stays, and no more."""
    started, before = time.perf_counter(), cpu_s(conn)
    rows = await (await conn.execute(_READ, (now - MINUTE,))).fetchall()
    ids = sorted({row[0] for row in rows})
    await conn.execute(_WRITE, (ids, now + timedelta(microseconds=1)))
    await conn.commit()
    spent, cpu = time.perf_counter() - started, sum(cpu_s(conn)) - sum(before)
    print(
        f"floor: {len(rows)} readings and {len(ids)} scores in {spent * 1000:.0f} ms = {len(ids) / spent:.0f} stays/s;"
        f" CPU {cpu * 1000:.0f} ms = {len(ids) / cpu:.0f} stays/s of one core"
    )


async def parts(conn: Connection, windows: Windows, now: datetime) -> None:
    """Say where the CPU time of one pass goes, ours and the server's."""
    marks = [cpu_s(conn)]
    claimed = await evaluation.claim(conn, now, 500)
    since = await evaluation.take_requests(conn, [row.stay_id for row in claimed])
    marks.append(cpu_s(conn))
    stays = await due._contexts(conn, claimed, since, [], now)  # noqa: SLF001
    marks.append(cpu_s(conn))
    read = await due._read(conn, claimed, stays, since, windows, now)  # noqa: SLF001
    marks.append(cpu_s(conn))
    found = evaluate.evaluate(read.batch, seconds(now))
    marks.append(cpu_s(conn))
    nothing = apply.Settled(changed=(), overtaken=frozenset())
    await due._write_scores(conn, found, now)  # noqa: SLF001
    await due._reschedule(conn, read.batch, found, nothing, now, windows.worker)  # noqa: SLF001
    await conn.commit()
    marks.append(cpu_s(conn))
    spent = [
        f"{name} {(later[0] - each[0]) * 1000:.0f} + {(later[1] - each[1]) * 1000:.0f} ms"
        for name, (each, later) in zip(("claim", "contexts", "read", "evaluate", "write"), pairwise(marks), strict=True)
    ]
    print(f"one pass of {len(stays)} with {len(read.rows)} rows held, ours + the server's: " + ", ".join(spent))


def _people(database_url: str, stays: int) -> None:
    with psycopg.connect(database_url) as conn:
        a_ward(conn, stays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stays", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        server = embedded.start(Path(folder))
        try:
            asyncio.run(measure(server.database_url, flags.stays, flags.rounds))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
