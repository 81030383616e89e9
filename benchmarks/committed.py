"""From a device's publish to the commit: the floor, our endpoint and our broker door, in turns, in one call.

Only what stores runs. A reading counts as committed when a listener of PostgreSQL hears its announcement, which leaves
with the commit: the same for all three, and nothing of it waits for a device's PUBACK. Read the ratios.
"""

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import numpy as np
import psycopg

from benchmarks import load
from benchmarks.contenders import DEVICE, SECRET, Extent, Name, Running, contender, now_text, settle
from benchmarks.figures import Floats, Spread, head, middle, row, spread
from benchmarks.rig import Others, Rig, await_quiet, load_average, rig
from benchmarks.viewers import Published, matched
from ward.clock import to_us
from ward.store.bus import Channel, Hint

_PATIENCE_S = 15.0
_HEAD = (
    "messages/s", "who", "committed p50 ms", "p95", "p99", "max", "ratio p50", "ratio p99", "PUBACK p50 ms", "p99",
    "CPU of a core: ingest", "broker", "store", "lost", "unheard", "others' cores",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run. `cpu` is CPU seconds a second, by part; `unheard` readings were stored and never announced."""

    committed: Spread
    ack_p50_ms: float
    ack_p99_ms: float
    cpu: dict[str, float]
    lost: int
    unheard: int
    others_cores: float


@dataclass(slots=True)
class Heard:
    """What was announced: arrival in nanoseconds since 1970, and the payload."""

    notes: list[tuple[int, str]] = field(default_factory=list)


@asynccontextmanager
async def hearing(running: Running) -> AsyncIterator[Heard]:
    """Hear what a contender announces with its commits; it is read afterwards, so that reading delays nothing."""
    channel = "vit" if running.name is Name.FLOOR else Channel.READINGS.value
    heard = Heard()

    async def listen(conn: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        async for note in conn.notifies():
            heard.notes.append((time.time_ns(), note.payload))

    async with await psycopg.AsyncConnection.connect(running.database_url, autocommit=True) as conn:
        await conn.execute(f"listen {channel}".encode())
        listening = asyncio.create_task(listen(conn))
        try:
            yield heard
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


def latencies_ms(running: Running, heard: Heard, published: Published) -> Floats:
    """Return for each published reading the ms until its commit was heard; inf where it never was."""
    if running.name is Name.FLOOR:
        stamps = [(int(stamp), at_ns) for at_ns, text in heard.notes for stamp in text.split(",")]
        came = np.array(sorted(stamps), dtype=np.float64).reshape(-1, 2)
        came = came[np.isin(came[:, 0], published["measured_us"])][: len(published)]
        out = np.full(len(published), np.inf)
        out[: len(came)] = came[:, 1] / 1e6 - came[:, 0] / 1e3
        return out
    with psycopg.connect(running.database_url) as conn:
        stays: dict[int, int] = dict(conn.execute("select stay_id, patient_id from stay").fetchall())
    device = {int(patient_id): number for number, patient_id in enumerate(running.patients)}
    rows = [
        (device[stays[each.stay_id]], each.kind, to_us(each.measured_at), at_ns // 1000)
        for at_ns, text in heard.notes
        for each in Hint(Channel.READINGS, text).latest()[0]
    ]
    return matched(rows, published)


def measure(rig: Rig, name: Name, plan: load.Plan, quiet_cores: float) -> Result:
    """Run one contender once; the plan's port is filled in here."""
    with contender(rig, name, Extent.INGEST, plan.devices) as running:
        await_quiet(quiet_cores)
        before, noise = _cpu_s(rig, running), Others()
        report, waited_ms = asyncio.run(_listen(rig, running, replace(plan, port=running.mqtt_port)))
        used = {part: (cpu_s - before[part]) / report.seconds for part, cpu_s in _cpu_s(rig, running).items()}
        others = noise.cores()
        least = running.counted + report.readings
        lost = least - settle(running.database_url, name, least=least, patience_s=_PATIENCE_S)
        heard = waited_ms[np.isfinite(waited_ms)]
        return Result(
            committed=spread(heard),
            ack_p50_ms=report.ack_p50_ms,
            ack_p99_ms=report.ack_p99_ms,
            cpu=used,
            lost=lost,
            unheard=len(waited_ms) - len(heard),
            others_cores=others,
        )


async def _listen(rig: Rig, running: Running, plan: load.Plan) -> tuple[load.Report, Floats]:
    log = rig.folder / "published.npy"
    async with hearing(running) as heard:
        report = await load.run_apart(plan, log)
        least = running.counted + report.readings
        await asyncio.to_thread(
            settle, running.database_url, running.name, least=least, patience_s=_PATIENCE_S
        )  # what is committed has been announced
        await asyncio.sleep(0.2)
    return report, await asyncio.to_thread(latencies_ms, running, heard, np.load(log))


def _cpu_s(rig: Rig, running: Running) -> dict[str, float]:
    broker = sum(each.cpu_s() for each in running.children if each.name == "mosquitto")
    ingest = sum(each.cpu_s() for each in running.children) - broker
    return {"ingest": ingest, "broker": broker, "store": rig.store_cpu_s()}


def _line(rate: float, name: str, result: Result, floor: Result | None) -> str:
    found, base = result.committed, (floor or result).committed
    return row(
        f"{rate:g}", name, found.p50, found.p95, found.p99, found.worst, found.p50 / base.p50, found.p99 / base.p99,
        result.ack_p50_ms, result.ack_p99_ms, *result.cpu.values(), result.lost, result.unheard, result.others_cores,
    )  # fmt: skip


def _middle(results: list[Result]) -> Result:
    spreads = [each.committed for each in results]
    return Result(
        committed=Spread(
            count=sum(each.count for each in spreads),
            p50=middle([each.p50 for each in spreads]),
            p95=middle([each.p95 for each in spreads]),
            p99=middle([each.p99 for each in spreads]),
            worst=max(each.worst for each in spreads),
        ),
        ack_p50_ms=middle([each.ack_p50_ms for each in results]),
        ack_p99_ms=middle([each.ack_p99_ms for each in results]),
        cpu={part: middle([each.cpu[part] for each in results]) for part in results[0].cpu},
        lost=sum(each.lost for each in results),
        unheard=sum(each.unheard for each in results),
        others_cores=max(each.others_cores for each in results),
    )


def compare(rig: Rig, names: list[Name], plan: load.Plan, runs: int, quiet_cores: float) -> tuple[list[str], int]:
    """Let the contenders take turns `runs` times; print each run.

    Returns
    -------
    The lines of the medians, and how many readings were lost or never announced.
    """
    results: dict[Name, list[Result]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            results[name].append(measure(rig, name, plan, quiet_cores))
            floor = results[Name.FLOOR][-1] if results.get(Name.FLOOR) else None
            print(_line(plan.rate, name, results[name][-1], floor), flush=True)
    medians = {name: _middle(each) for name, each in results.items()}
    missing = sum(each.lost + each.unheard for each in medians.values())
    return [_line(plan.rate, f"**{name}**", each, medians.get(Name.FLOOR)) for name, each in medians.items()], missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="500,2000", help="messages a second, one part of the table each")
    parser.add_argument("--readings", type=int, default=1, help="readings in a message")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--devices", type=int, default=100, help="devices, each worn by a patient of its own")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--who", default=",".join(Name), help="contenders, in the order of their turns")
    parser.add_argument("--quiet", type=float, default=0.3, help="wait (3 min at most) till others use fewer cores")
    flags = parser.parse_args()
    names = [Name(each) for each in flags.who.split(",")]
    print(f"{now_text()}, {os.cpu_count()} cores, load average {load_average()}\n\n{head(*_HEAD)}", flush=True)
    medians: list[str] = []
    missing = 0
    with rig() as machine:
        for rate in (float(each) for each in flags.rates.split(",")):
            plan = load.Plan(
                host="127.0.0.1", port=0, device=DEVICE, secret=SECRET, devices=flags.devices,
                messages=max(10, round(rate * flags.seconds)), readings=flags.readings, window=1, rate=rate,
            )  # fmt: skip
            lines, absent = compare(machine, names, plan, flags.runs, flags.quiet)
            medians += lines
            missing += absent
    print(f"\nMedians of {flags.runs} runs\n\n{head(*_HEAD)}")
    print("\n".join(medians), flush=True)
    if missing:
        raise SystemExit(f"{missing} readings were lost or never announced")


if __name__ == "__main__":
    main()
