"""How much can be taken in: messages and readings a second, for one-reading messages and for arrays.

The floor, our endpoint and our broker door take turns, so that what else the machine does hits all alike. A run lasts
from the first publish to the last reading in the store; nothing may be missing there. Read the ratios.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmarks import load
from benchmarks.contenders import DEVICE, SECRET, Extent, Name, Running, contender, now_text, settle
from benchmarks.figures import head, middle, row
from benchmarks.rig import Others, Rig, await_quiet, load_average, rig

_PATIENCE_S = 30.0
_HEAD = (
    "readings a message", "who", "messages/s", "readings/s", "ratio", "PUBACK p50 ms", "p99 ms",
    "CPU s per M readings: ingest", "broker", "store", "bytes a reading", "lost", "others' cores",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run; CPU seconds are of a million readings."""

    messages_per_s: float
    readings_per_s: float
    ack_p50_ms: float
    ack_p99_ms: float
    ingest_cpu_s: float
    broker_cpu_s: float
    store_cpu_s: float
    bytes_per_reading: float
    lost: int
    others_cores: float


def measure(rig: Rig, name: Name, plan: load.Plan, quiet_cores: float, workers: int) -> Result:
    """Run one contender once; the plan's port is filled in here."""
    with contender(rig, name, Extent.INGEST, plan.devices, workers if name is Name.BROKER else 1) as running:
        await_quiet(quiet_cores)
        before, noise = _cpu_s(rig, running), Others()
        report = asyncio.run(load.run_apart(replace(plan, port=running.mqtt_port)))
        least = running.counted + report.readings
        held = settle(running.database_url, name, least=least, patience_s=_PATIENCE_S)
        took_s = time.time_ns() / 1e9 - report.started_us / 1e6
        others = noise.cores()
        used = {who: (cpu_s - before[who]) / report.readings * 1e6 for who, cpu_s in _cpu_s(rig, running).items()}
        return Result(
            messages_per_s=report.messages / took_s,
            readings_per_s=report.readings / took_s,
            ack_p50_ms=report.ack_p50_ms,
            ack_p99_ms=report.ack_p99_ms,
            ingest_cpu_s=used["ingest"],
            broker_cpu_s=used["broker"],
            store_cpu_s=used["store"],
            bytes_per_reading=running.bytes_per_reading(),
            lost=least - held,
            others_cores=others,
        )


def _cpu_s(rig: Rig, running: Running) -> Mapping[str, float]:
    broker = sum(each.cpu_s() for each in running.children if each.name == "mosquitto")
    return {
        "ingest": sum(each.cpu_s() for each in running.children) - broker,
        "broker": broker,
        "store": rig.store_cpu_s(),
    }


def _line(readings: int, name: str, result: Result, floor: Result | None) -> str:
    ratio = result.readings_per_s / floor.readings_per_s if floor else 1.0
    return row(
        readings, name, round(result.messages_per_s), round(result.readings_per_s), ratio, result.ack_p50_ms,
        result.ack_p99_ms, result.ingest_cpu_s, result.broker_cpu_s, result.store_cpu_s,
        round(result.bytes_per_reading), result.lost, result.others_cores,
    )  # fmt: skip


def _middle(results: list[Result]) -> Result:
    numbers = ("messages_per_s", "readings_per_s", "ack_p50_ms", "ack_p99_ms", "ingest_cpu_s", "broker_cpu_s",
               "store_cpu_s", "bytes_per_reading", "others_cores")  # fmt: skip
    medians = {name: middle([getattr(each, name) for each in results]) for name in numbers}
    return replace(results[0], **medians, lost=sum(each.lost for each in results))


def compare(rig: Rig, names: list[Name], plan: load.Plan, runs: int, quiet_cores: float, workers: int) -> list[str]:
    """Let the contenders take turns `runs` times; print each run, return the lines of the medians."""
    results: dict[Name, list[Result]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            results[name].append(measure(rig, name, plan, quiet_cores, workers))
            floor = results[Name.FLOOR][-1] if results.get(Name.FLOOR) else None
            print(_line(plan.readings, name, results[name][-1], floor), flush=True)
    medians = {name: _middle(each) for name, each in results.items()}
    return [_line(plan.readings, f"**{name}**", each, medians.get(Name.FLOOR)) for name, each in medians.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--window", type=int, default=10, help="unacknowledged messages per device")
    parser.add_argument("--readings", default="1,10,100", help="readings in a message, one table part each")
    parser.add_argument("--total", type=int, default=100_000, help="readings a run (arrays: twice as many)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--who", default=",".join(Name), help="contenders, in the order of their turns")
    parser.add_argument("--workers", type=int, default=1, help="ingest processes that share the broker's subscription")
    parser.add_argument("--quiet", type=float, default=0.3, help="wait (3 min at most) till others use fewer cores")
    flags = parser.parse_args()
    names = [Name(each) for each in flags.who.split(",")]
    print(f"{now_text()}, {os.cpu_count()} cores, load average {load_average()}\n\n{head(*_HEAD)}", flush=True)
    medians: list[str] = []
    with rig() as machine:
        for readings in (int(each) for each in flags.readings.split(",")):
            total = flags.total * (2 if readings > 1 else 1)
            plan = load.Plan(
                host="127.0.0.1", port=0, device=DEVICE, secret=SECRET, devices=flags.devices,
                messages=total // readings, readings=readings, window=flags.window, rate=0,
            )  # fmt: skip
            medians += compare(machine, names, plan, flags.runs, flags.quiet, flags.workers)
    print(f"\nMedians of {flags.runs} runs\n\n{head(*_HEAD)}")
    print("\n".join(medians), flush=True)


if __name__ == "__main__":
    main()
