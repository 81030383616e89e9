"""From a device's publish to a nurse's screen: the floor, our endpoint and our broker door, in turns, in one call.

Ours is the whole product: ingest, detection and the api as separate processes, a logged-in nurse's live stream.
A run fails the check when a reading is missing in the store, or was never visible. Read the ratios.
"""

import argparse
import asyncio
import os
from dataclasses import dataclass, replace

import numpy as np

from benchmarks import load
from benchmarks.contenders import DEVICE, SECRET, Extent, Name, Running, contender, now_text, settle
from benchmarks.figures import Floats, Spread, head, middle, row, spread
from benchmarks.rig import Others, Rig, await_quiet, load_average, rig
from benchmarks.viewers import latencies_ms, watching

_PATIENCE_S = 15.0
_HEAD = (
    "readings/s", "who", "visible p50 ms", "p95", "p99", "max", "ratio p50", "ratio p99", "PUBACK p50 ms", "p99",
    "CPU of a core: ingest", "alerting", "web", "broker", "store", "lost", "unseen", "others' cores",
)  # fmt: skip
_PARTS = {"ingest": "ingest", "floor-ingest": "ingest", "alerting": "alerting", "api": "web", "floor-web": "web"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run. `cpu` is CPU seconds a second, by part; `unseen` readings were stored and never shown."""

    visible: Spread
    ack_p50_ms: float
    ack_p99_ms: float
    cpu: dict[str, float]
    lost: int
    unseen: int
    others_cores: float


def measure(rig: Rig, name: Name, plan: load.Plan, quiet_cores: float) -> Result:
    """Run one contender once; the plan's port is filled in here."""
    with contender(rig, name, Extent.WHOLE, plan.devices) as running:
        await_quiet(quiet_cores)
        before, noise = _cpu_s(rig, running), Others()
        report, waited_ms = asyncio.run(_watch(rig, running, replace(plan, port=running.mqtt_port)))
        used = {part: (cpu_s - before[part]) / report.seconds for part, cpu_s in _cpu_s(rig, running).items()}
        others = noise.cores()
        least = running.counted + report.readings
        lost = least - settle(running.database_url, name, least=least, patience_s=_PATIENCE_S)
        seen = waited_ms[np.isfinite(waited_ms)]
        return Result(
            visible=spread(seen),
            ack_p50_ms=report.ack_p50_ms,
            ack_p99_ms=report.ack_p99_ms,
            cpu=used,
            lost=lost,
            unseen=len(waited_ms) - len(seen),
            others_cores=others,
        )


async def _watch(rig: Rig, running: Running, plan: load.Plan) -> tuple[load.Report, Floats]:
    log = rig.folder / "published.npy"
    async with watching(running) as seen:
        report = await load.run_apart(plan, log)
        await seen.quiet()
    return report, latencies_ms(running, seen, np.load(log))


def _cpu_s(rig: Rig, running: Running) -> dict[str, float]:
    used = {"ingest": 0.0, "alerting": 0.0, "web": 0.0, "broker": 0.0, "store": rig.store_cpu_s()}
    for each in running.children:
        used[_PARTS.get(each.name, "broker")] += each.cpu_s()
    return used


def _line(rate: float, name: str, result: Result, floor: Result | None) -> str:
    spread, base = result.visible, (floor or result).visible
    return row(
        f"{rate:g}", name, spread.p50, spread.p95, spread.p99, spread.worst, spread.p50 / base.p50,
        spread.p99 / base.p99, result.ack_p50_ms, result.ack_p99_ms, *result.cpu.values(), result.lost, result.unseen,
        result.others_cores,
    )  # fmt: skip


def _middle(results: list[Result]) -> Result:
    spreads = [each.visible for each in results]
    return Result(
        visible=Spread(
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
        unseen=sum(each.unseen for each in results),
        others_cores=max(each.others_cores for each in results),
    )


def compare(rig: Rig, names: list[Name], plan: load.Plan, runs: int, quiet_cores: float) -> tuple[list[str], int]:
    """Let the contenders take turns `runs` times; print each run.

    Returns
    -------
    The lines of the medians, and how many readings were lost or never visible.
    """
    results: dict[Name, list[Result]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            results[name].append(measure(rig, name, plan, quiet_cores))
            floor = results[Name.FLOOR][-1] if results.get(Name.FLOOR) else None
            print(_line(plan.rate, name, results[name][-1], floor), flush=True)
    medians = {name: _middle(each) for name, each in results.items()}
    missing = sum(each.lost + each.unseen for each in medians.values())
    return [_line(plan.rate, f"**{name}**", each, medians.get(Name.FLOOR)) for name, each in medians.items()], missing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="1,500,2000", help="readings a second, one part of the table each")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--devices", type=int, default=100, help="patients in the ward, each with a device")
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
                messages=max(10, round(rate * flags.seconds)), readings=1, window=1, rate=rate,
            )  # fmt: skip
            lines, absent = compare(machine, names, plan, flags.runs, flags.quiet)
            medians += lines
            missing += absent
    print(f"\nMedians of {flags.runs} runs\n\n{head(*_HEAD)}")
    print("\n".join(medians), flush=True)
    if missing:
        raise SystemExit(f"{missing} readings were lost or never visible")


if __name__ == "__main__":
    main()
