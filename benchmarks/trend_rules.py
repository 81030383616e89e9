"""What trends find and cost: stable people, slow deteriorations, recorded courses, and a month of a hundred patients.

`python -m benchmarks.trend_rules [--patients 70] [--days 14] [--data FOLDER]`: simulated stable people, a reading every
five minutes, and the findings per patient-day of each rule at several bounds; the simulator's deteriorations slowed
eight- and sixteen-fold, and when each rule finds them, beside the plan's limits on the same readings; with `--data`,
the hourly courses of CinC 2019. Then CPU time, one thread, for a hundred patients over thirty days.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np

from alerting.evaluate import judge
from alerting.features import Batch, Floats
from alerting.models import datasets
from alerting.quarters import hourly, normals, taken_s
from alerting.rules import baseline_rules, identity, oxygen, slopes, weight
from alerting.signal.norms import NORMS
from alerting.signal.records import Bools
from alerting.signal.series import Moments
from alerting.tracks import Track, Verdict
from simulator import scenario
from tests.builders_trends import (
    DAY_S,
    HOUR_S,
    STABLE,
    START_S,
    a_series,
    a_stay,
    a_trend_batch,
    episodes,
    people,
    person,
)  # fmt: skip
from ward.plans import Deviation, Gain, Plan, Side, Slope, Support, template
from ward.vitals import VitalKind

PULSE, BREATHS, SPO2 = VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.SPO2
STEEPNESS = {PULSE: (2.0, 3.0, 4.0), BREATHS: (0.5, 0.7, 1.0), SPO2: (-0.3, -0.5, -0.7)}
FAR = {PULSE: Side.HIGH, BREATHS: Side.HIGH, SPO2: Side.LOW}
ILL = ("sepsis", "copd_exacerbation", "heart_failure")
WELL_DAYS, ILL_DAYS = 4, 2
PROPOSED = replace(
    template(),
    slopes=tuple(Slope(kind=kind, per_hour=by[1], over_s=6 * HOUR_S) for kind, by in STEEPNESS.items()),
    deviations=tuple(Deviation(kind=kind, side=side, sds=3.0, hold_s=2 * HOUR_S) for kind, side in FAR.items()),
    gain=Gain(kg=2.0, within_s=3 * DAY_S),
    support=Support(spo2_fall=3.0, flow_rise=1.0, within_s=6 * HOUR_S),
)
TRENDS = (slopes, baseline_rules, weight, oxygen, identity)


def tracks(batch: Batch) -> dict[str, Track]:
    """Judge a batch by every rule with a long memory."""
    return {name: track for rule in TRENDS for name, track in rule.judge(batch).items()}


def variants() -> Iterator[tuple[str, Plan]]:
    """Give plans that differ in one bound."""
    for kind, steep in STEEPNESS.items():
        for per_hour in steep:
            for hours in (6, 12, 24):
                one = Slope(kind=kind, per_hour=per_hour, over_s=hours * HOUR_S)
                yield f"{per_hour:g}/h", replace(PROPOSED, slopes=(one,), deviations=(), gain=None, support=None)
    for sds in (2.5, 3.0, 4.0):
        for hours in (1, 2, 4):
            far = tuple(replace(each, sds=sds, hold_s=hours * HOUR_S) for each in PROPOSED.deviations)
            yield f"{sds:g} sds, {hours} h", replace(PROPOSED, slopes=(), deviations=far, gain=None, support=None)
    yield "2 kg/3 d; 3 % on 1 L/min in 6 h", replace(PROPOSED, slopes=(), deviations=())


def stable(patients: int, days: int) -> None:
    lives = [person(STABLE[number % len(STABLE)], 1000 + number, days) for number in range(patients)]
    print(f"{patients} stable people over {days} days: findings per patient-day")
    all_of_it = people(lives, PROPOSED)
    for bound, plan in variants():
        stays = tuple(replace(stay, plan=plan) for stay in all_of_it.stays)
        judged = tracks(replace(all_of_it, stays=stays, plans=(plan,)))
        for name, track in judged.items():
            if name.startswith(identity.IDENTITY) and plan.gain is None:
                continue
            found = sum(len(episodes(track, stay)) for stay in range(patients))
            print(f"  {name:32s} {bound:32s} {found / patients / days:8.4f}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowed:
    """A deterioration that takes `times` as long as the simulator's."""

    times: float

    def load(self, name: str) -> scenario.Scenario:
        """Read a scenario."""
        told = _LOAD(name)
        changes = tuple(
            replace(each, points=tuple((at_s * self.times, level) for at_s, level in each.points))
            for each in told.course.changes
        )
        return replace(told, course=replace(told.course, changes=changes, repeats_after_s=None))


_LOAD = scenario.load


def ill(times: float, each_of: int) -> None:
    starts_h = [WELL_DAYS * 24 + 3 * number for number in range(each_of)]
    with patch("simulator.scenario.load", Slowed(times=times).load):
        lives = {
            name: [
                person(name, 2000 + n, WELL_DAYS + ILL_DAYS, starts_after_s=at_h * HOUR_S)
                for n, at_h in enumerate(starts_h)
            ]
            for name in ILL
        }
    print(f"deteriorations {times:g} times as slow, {each_of} of each: found, and hours after they began (median)")
    for name, of in lives.items():
        batch = people(of, PROPOSED)
        print(f"  {name}")
        for rule, track in {**tracks(batch), **limit_tracks(batch)}.items():
            told = [[at - start for at, _ in episodes(track, n) if at >= start] for n, start in enumerate(starts_h)]
            waits = [each[0] for each in told if each]
            if waits:
                print(f"    {rule:32s} {len(waits):3d} of {each_of}  {np.median(waits):6.1f} h")


def limit_tracks(batch: Batch) -> dict[str, Track]:
    """Judge the plan's limits on the same readings."""
    return {name: track for _, name, track in judge(batch) if name.startswith("limit.")}


def recorded(folder: Path) -> None:
    cohort = datasets.sepsis(folder)
    courses, bounds = cohort.courses, list(pairwise(cohort.courses.offsets.tolist()))
    plan = replace(
        PROPOSED,
        slopes=tuple(
            Slope(kind=kind, per_hour=steep[0], over_s=hours * HOUR_S)
            for kind, steep in STEEPNESS.items()
            for hours in (12, 24)
        ),
        deviations=(),
    )
    stays = [a_stay(plan, number) for number in range(len(bounds))]
    series = {
        kind: a_series(
            *((courses.t_s[a:b][known], value[a:b][known]) for a, b in bounds for known in [np.isfinite(value[a:b])])
        )
        for kind in STEEPNESS
        for value in [courses.of(kind)]
    }
    days = sum(float(courses.t_s[b - 1] - courses.t_s[a]) for a, b in bounds) / DAY_S
    print(f"CinC 2019, hourly, {len(bounds)} patients in intensive care, {days:.0f} patient-days")
    for name, track in slopes.judge(a_trend_batch(stays, series)).items():
        count = sum(len(episodes(track, stay)) for stay in range(len(bounds)))
        on = np.concatenate(
            [going(track, stay, (courses.t_s[a:b] + START_S).astype(np.float64)) for stay, (a, b) in enumerate(bounds)]
        )
        shares = [100 * on[hours].mean() for hours in (cohort.event, ~cohort.event)]
        print(
            f"  {name:32s} {count / days:.3f} a patient-day; holds in {shares[0]:.2f} % of the hours labelled septic,"
            f" {shares[1]:.2f} % of the others"
        )


def going(track: Track, stay: int, at_s: Floats) -> Bools:
    """Tell at which times a finding of a stay holds."""
    own = slice(int(track.offsets[stay]), int(track.offsets[stay + 1]))
    row = np.searchsorted(track.from_s[own], at_s, side="right") - 1
    verdict = np.append(track.verdict[own], Verdict.UNKNOWN)
    return np.asarray((row >= 0) & (verdict[row] >= Verdict.LOW))


def costs(lives: Sequence[Mapping[VitalKind, tuple[Floats, Floats]]]) -> None:
    """Print CPU time of a hundred patients over thirty days, made of shorter lives one after another."""
    kinds = list(lives[0])
    span_s = max(float(times[-1]) for times, _ in lives[0].values()) + 300.0
    repeats = int(np.ceil(30 * DAY_S / span_s))
    longer = [
        {
            kind: (
                np.concatenate([life[kind][0] + number * span_s for number in range(repeats)]),
                np.tile(life[kind][1], repeats),
            )
            for kind in kinds
        }
        for life in lives
    ]
    batch = people(longer, PROPOSED)
    count = sum(len(each.start_s) for each in batch.quarters.values())
    print(f"{len(lives)} patients x 30 days, {count} quarters of {len(kinds)} kinds, CPU seconds")
    for rule in TRENDS:
        begun = time.process_time()
        found = rule.judge(batch)
        name = rule.__name__.rsplit(".", maxsplit=1)[-1]
        print(f"  {name:20s} {time.process_time() - begun:6.2f}  ({len(found)} rules)")
    begun = time.process_time()
    taken = [taken_s(START_S) + half * 12 * HOUR_S for half in range(61)]
    for kind in FAR:
        hours = hourly(batch.quarters[kind])
        at = Moments(row=np.repeat(np.arange(len(lives)), len(taken)), at_s=np.tile(taken, len(lives)))
        normals(hours, at, NORMS[kind])
    print(f"  {'own normals':20s} {time.process_time() - begun:6.2f}  ({len(FAR)} kinds)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=70)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--each-of", type=int, default=10)
    parser.add_argument("--data", type=Path)
    flags = parser.parse_args()
    stable(flags.patients, flags.days)
    for times in (8.0, 16.0):
        ill(times, flags.each_of)
    if flags.data:
        recorded(flags.data)
    costs([person(STABLE[number % len(STABLE)], number, 5) for number in range(100)])


if __name__ == "__main__":
    main()
