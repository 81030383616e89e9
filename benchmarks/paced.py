"""Runs at a fixed rate, the contenders in turns: what the commands that measure a latency have in common."""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import load
from benchmarks.contenders import DEVICE, SECRET, Name, now_text
from benchmarks.figures import Spread, head, middle, row
from benchmarks.rig import Rig, load_average, rig

Measure = Callable[[Rig, Name, load.Plan, float], "Result"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run. `cpu` is CPU seconds a second, by part; `unseen` readings were stored and never seen to be."""

    seen: Spread
    ack_p50_ms: float
    ack_p99_ms: float
    cpu: dict[str, float]
    lost: int
    unseen: int
    others_cores: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: what it measures, in a word, the parts whose CPU it tells, and the rates it takes by itself."""

    doc: str
    seen: str
    parts: Sequence[str]
    rates: str
    measure: Measure

    def run(self) -> None:
        """Read the flags, let the contenders take turns, print each run and the medians; fail where one is missing."""
        flags = self._flags()
        columns = (
            "messages/s", "who", f"{self.seen} p50 ms", "p95", "p99", "max", "ratio p50", "ratio p99", "PUBACK p50 ms",
            "p99", *(f"cores: {part}" if n == 0 else part for n, part in enumerate(self.parts)), "lost", "unseen",
            "others' cores",
        )  # fmt: skip
        names = [Name(each) for each in flags.who.split(",")]
        print(f"{now_text()}, {os.cpu_count()} cores, load average {load_average()}\n\n{head(*columns)}", flush=True)
        medians: list[str] = []
        missing = 0
        with rig() as machine:
            for rate in (float(each) for each in flags.rates.split(",")):
                plan = load.Plan(
                    host="127.0.0.1", port=0, device=DEVICE, secret=SECRET, devices=flags.devices,
                    messages=max(10, round(rate * flags.seconds)), readings=flags.readings, window=1, rate=rate,
                )  # fmt: skip
                lines, absent = self._compare(machine, names, plan, flags.runs, flags.quiet)
                medians += lines
                missing += absent
        print(f"\nMedians of {flags.runs} runs\n\n{head(*columns)}")
        print("\n".join(medians), flush=True)
        if missing:
            raise SystemExit(f"{missing} readings were lost or never seen")

    def _flags(self) -> argparse.Namespace:
        parser = argparse.ArgumentParser(description=self.doc, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--rates", default=self.rates, help="messages a second, one part of the table each")
        parser.add_argument("--readings", type=int, default=1, help="readings in a message")
        parser.add_argument("--seconds", type=float, default=20)
        parser.add_argument("--devices", type=int, default=100, help="patients in the ward, each with a device")
        parser.add_argument("--runs", type=int, default=3)
        parser.add_argument("--who", default=",".join(Name), help="contenders, in the order of their turns")
        parser.add_argument("--quiet", type=float, default=0.3, help="wait (3 min at most) till others use fewer cores")
        return parser.parse_args()

    def _compare(
        self, rig: Rig, names: list[Name], plan: load.Plan, runs: int, quiet_cores: float
    ) -> tuple[list[str], int]:
        """Return the lines of the medians, and how many readings were lost or never seen."""
        results: dict[Name, list[Result]] = {name: [] for name in names}
        for _ in range(runs):
            for name in names:
                results[name].append(self.measure(rig, name, plan, quiet_cores))
                floor = results[Name.FLOOR][-1] if results.get(Name.FLOOR) else None
                print(_line(plan.rate, name, results[name][-1], floor), flush=True)
        medians = {name: _middle(each) for name, each in results.items()}
        missing = sum(each.lost + each.unseen for each in medians.values())
        floor = medians.get(Name.FLOOR)
        return [_line(plan.rate, f"**{name}**", each, floor) for name, each in medians.items()], missing


def _line(rate: float, name: str, result: Result, floor: Result | None) -> str:
    found, base = result.seen, (floor or result).seen
    return row(
        f"{rate:g}", name, found.p50, found.p95, found.p99, found.worst, found.p50 / base.p50, found.p99 / base.p99,
        result.ack_p50_ms, result.ack_p99_ms, *result.cpu.values(), result.lost, result.unseen, result.others_cores,
    )  # fmt: skip


def _middle(results: list[Result]) -> Result:
    spreads = [each.seen for each in results]
    return Result(
        seen=Spread(
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
