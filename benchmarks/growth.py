"""How the cost of judging grows with patients, with rules and with the time looked at; printed, and plotted.

`python -m benchmarks.growth [--plot docs/growth.png]`: a cohort with readings once a minute of three continuous kinds
and now and then of four manual ones is judged by every rule, without a store; the least CPU time of three is told,
since others may use the machine.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from alerting import evaluate, runs
from alerting.features import Batch, Series, StayContext, batch, seconds
from alerting.rules.catalogue import RULES
from benchmarks.evaluation import CONTINUOUS, MANUAL, NOW, SPREAD, full_plan
from ward.people import StayId
from ward.plans import Combination, Plan, Side, Term, template
from ward.vitals import VitalKind

_TRIES = 3
_PATIENTS = (10, 30, 100, 300, 1000, 3000)
_HOURS = (1.0, 6.0, 24.0, 96.0, 720.0)
_MORE_RULES = (0, 5, 10, 20, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What judging a cohort took: `cpu_s` for so many readings of so many patients, by so many alert rules."""

    patients: int
    hours: float
    rules: int
    readings: int
    cpu_s: float


def a_cohort(stays: int, hours: float, plan: Plan) -> Batch:
    """Make stays with readings once a minute for so many hours, as they could be."""
    draw = np.random.default_rng(1)
    series = {}
    for kind, value in {**CONTINUOUS, **MANUAL}.items():
        count = max(1, round(hours * (60 if kind in CONTINUOUS else 0.2)))
        t_s = np.tile(seconds(NOW) + np.arange(count) * (hours * 3600 / count), stays)
        level = np.repeat(draw.normal(value, SPREAD.get(kind, 0.1), stays), count)
        noise = draw.normal(0, SPREAD.get(kind, 0.1) / 2, stays * count)
        series[kind] = Series(
            t_s=t_s,
            value=np.maximum(np.round(level + noise), 0.0),
            quality=np.full(stays * count, 0.95),
            offsets=np.arange(stays + 1) * count,
        )
    who = [
        StayContext(stay_id=StayId(number), plan=plan, watched_from_s=seconds(NOW), alerts={})
        for number in range(stays)
    ]
    return batch(who, series)


def with_more(plan: Plan, count: int) -> Plan:
    """Return a plan with so many combinations more, no two alike."""
    kinds = (*CONTINUOUS, VitalKind.TEMPERATURE)
    more = tuple(
        Combination(
            name=f"further{number}",
            terms=tuple(
                Term(kind=kind, side=Side.HIGH, bound=value + number)
                for kind, value in {**CONTINUOUS, **MANUAL}.items()
                if kind in kinds
            ),
            at_least=2,
            delay_s=60.0,
        )
        for number in range(count)
    )
    return replace(plan, combinations=(*plan.combinations, *more))


def cost(patients: int, hours: float, plan: Plan) -> Cost:
    """Judge a cohort some times, and return what the cheapest took."""
    cohort, least, rules = a_cohort(patients, hours, plan), np.inf, 0
    for _ in range(_TRIES):
        began = time.process_time()
        rules = sum(1 for _ in evaluate.judge(cohort))
        least = min(least, time.process_time() - began)
    readings = sum(len(each.t_s) for each in cohort.series.values())
    return Cost(patients=patients, hours=hours, rules=rules, readings=readings, cpu_s=float(least))


def tell(title: str, found: Sequence[Cost]) -> None:
    """Print one table."""
    print(
        f"\n{title}\n\n| patients | hours | alert rules | readings | CPU ms | µs a patient |\n|---|---|---|---|---|---|"
    )
    for each in found:
        apiece_us = each.cpu_s * 1e6 / each.patients
        print(
            f"| {each.patients} | {each.hours:g} | {each.rules} | {each.readings:,} | {each.cpu_s * 1000:.1f} |"
            f" {apiece_us:.0f} |",
            flush=True,
        )


def by_rule() -> None:
    """Say which rule costs what."""
    cohort = runs.reduced(a_cohort(100, 96.0, full_plan()))
    spent = []
    for rule in RULES:
        began = time.process_time()
        rule.judge(cohort)
        spent.append(f"{rule.name} {(time.process_time() - began) * 1000:.0f} ms")
    print("\nrules over 100 patients × 96 h: " + ", ".join(spent))


def plot(path: Path, patients: Sequence[Cost], rules: Sequence[Cost], hours: Sequence[Cost]) -> None:
    """Draw the three, each beside what would be proportional."""
    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    panels = figure.subplots(1, 3)
    for axes, found, name, of, scale in (
        (panels[0], patients, "patients (24 h)", [each.patients for each in patients], "log"),
        (panels[1], rules, "alert rules (100 patients, 24 h)", [each.rules for each in rules], "linear"),
        (panels[2], hours, "hours looked at (100 patients)", [each.hours for each in hours], "log"),
    ):
        x, y = np.array(of, np.float64), np.array([each.cpu_s * 1000 for each in found])
        axes.plot(x, y, "o-", color="#1b5e8c", label="measured")
        axes.plot(x, y[-1] * x / x[-1], ":", color="#777777", label="proportional")
        axes.set(xlabel=name, xscale=scale, yscale=scale)
        axes.grid(visible=True, which="major", alpha=0.3)
    panels[1].set(xlim=(0, None), ylim=(0, None))
    panels[0].set_ylabel("CPU ms to judge")
    panels[0].legend(frameon=False)
    figure.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plot", type=Path, help="where to draw the curves")
    flags = parser.parse_args()
    full = full_plan()
    patients = [cost(count, 24.0, full) for count in _PATIENTS]
    tell("With patients", patients)
    rules = [cost(100, 24.0, with_more(full, count)) for count in _MORE_RULES]
    tell("With rules", [cost(100, 24.0, template()), *rules])
    hours = [cost(100, each, full) for each in _HOURS]
    tell("With the time looked at", hours)
    by_rule()
    if flags.plot is not None:
        plot(flags.plot, patients, rules, hours)


if __name__ == "__main__":
    main()
