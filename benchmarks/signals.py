"""The signal core on public recordings, beside the libraries that are installed here, from one run.

A table with a row for each line: what it must reach, what is wanted, ours, and the others'. Speeds are CPU time: set
OMP_NUM_THREADS=1, so that nobody is helped or hindered by more threads. To have the others beside us, run it with the
Python of an environment in which they are installed too (neurokit2, sleepecg, wfdb, biosppy, heartpy); none of them is
a dependency of ours.

Example: OMP_NUM_THREADS=1 python -m benchmarks.signals --data ../shared/data --only qrs,af
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks import adapters, signal_peers
from benchmarks.signal_courses import deterioration_by, heart_rate
from benchmarks.signal_lines import LINES, Figures, Function, one_by_one, pulse, qrs_batch
from benchmarks.signal_live import live

OURS: Final = "Hemvakt"
_AS: Final = MappingProxyType({"qrs_in_noise": "qrs"})  # lines that take the function of another form


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a line must reach and what is wanted; `low` where less is better."""

    must: float
    want: float
    low: bool = False

    def judge(self, value: float) -> str:
        """Say how a value stands to the target."""
        sign = -1 if self.low else 1
        if sign * value >= sign * self.want:
            return "wanted"
        return "must" if sign * value >= sign * self.must else "no"


TARGETS: Final = {
    "QRS F1 within 150 ms, %": Target(must=99.75, want=99.85),
    "QRS F1 within 50 ms, %": Target(must=99.3, want=99.6),
    "QRS F1 of the worst record, %": Target(must=95, want=97),
    "QRS F1, record 118 at 12 dB, %": Target(must=97, want=97),
    "QRS F1, record 118 at 6 dB, %": Target(must=88, want=88),
    "QRS F1, synthetic noise at 6 dB, %": Target(must=92, want=92),
    "QRS speed, 30 min records, x life": Target(must=50_000, want=80_000),
    "QRS speed, 1000 x 10 s in one call, x life": Target(must=40_000, want=80_000),
    "heart rate of 10 s within 5/min at 90 % coverage, %": Target(must=99, want=99.5),
    "respiration from PPG and ECG, MAE /min": Target(must=2.0, want=1.5, low=True),
    "the same at 70 % coverage, MAE /min": Target(must=1.2, want=0.8, low=True),
    "respiration from impedance, MAE /min": Target(must=0.58, want=0.40, low=True),
    "respiration from impedance, within 2/min, %": Target(must=95, want=97),
    "PPG beats F1, %": Target(must=97.8, want=98.8),
    "pulse rate, MAE /min": Target(must=1.0, want=0.8, low=True),
    "PPG speed, x life": Target(must=40_000, want=80_000),
    "AF from RR, 30 beats, AUROC": Target(must=0.970, want=0.98),
    "AF from RR, 128 beats, AUROC": Target(must=0.982, want=0.99),
    "AF in strips, AF vs normal and other, AUROC": Target(must=0.92, want=0.95),
    "noisy strips called AF, %": Target(must=15, want=5, low=True),
    "normal strips refused, %": Target(must=5, want=3, low=True),
    "alarm verification, score": Target(must=65, want=75),
    "alarm verification, true alarms kept, %": Target(must=97, want=97),
    "death in hospital from the first 48 h, AUROC": Target(must=0.74, want=0.80),
    "sepsis by hour, AUROC": Target(must=0.68, want=0.72),
    "sepsis by patient, AUROC": Target(must=0.72, want=0.77),
    "live patients a core, a look every 10 s": Target(must=10_000, want=30_000),
}


def _rows(data: Path, only: set[str]) -> Iterator[tuple[str, Figures]]:
    """Yield who, and the figures of one line."""
    lines: dict[str, Callable[[Path, Function], Figures]] = {**LINES, "pulse": partial(pulse, reference=adapters.qrs)}
    for form, line in lines.items():
        if only and form not in only:
            continue
        yield OURS, line(data, getattr(adapters, _AS.get(form, form)))
        beside = "qrs" if form == "qrs_batch" else _AS.get(form, form)
        for name, function in signal_peers.installed(beside):
            yield name, line(data, one_by_one(function) if line is qrs_batch else function)
    if not only or "heart_rate" in only:
        yield OURS, heart_rate(data)
    if not only or "risk" in only:
        yield OURS, deterioration_by("score")
        yield "NEWS2", deterioration_by("NEWS2")
    if not only or "live" in only:
        yield OURS, live(data)


def _printed(who: str, line: str, value: float) -> str:
    target = TARGETS.get(line)
    goals = ("", "", "") if target is None else (f"{target.must:,g}", f"{target.want:,g}", target.judge(value))
    shown = f"**{who}**" if who == OURS else who
    figure = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"| {line} | {shown} | {figure} | {' | '.join(goals)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of public recordings")
    parser.add_argument("--only", default="", help="lines, by their forms: qrs,pulse,af,…")
    flags = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n")  # noqa: TID251 - a heading
    print("| line | who | figure | must | wanted | reached |\n|---|---|---|---|---|---|")
    for who, figures in _rows(flags.data, set(filter(None, flags.only.split(",")))):
        for line, value in figures.items():
            print(_printed(who, line, value), flush=True)


if __name__ == "__main__":
    main()
