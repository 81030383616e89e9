"""Vitals over time: what one look at everybody costs, and how soon and how falsely CUSUM speaks.

`python -m benchmarks.trends [--patients 10000] [--hours 24] [--runs 2]`: five kinds, a reading every 5 min at uneven
seconds, 2 % of them missing. One look is all that `alerting.signal` says of vitals over time, for everybody, now; the
filters alone are run over every reading of the period. Beside the slopes, from the same run, `scipy.stats.theilslopes`
in a loop over the same points, and the floor: plain numpy on an even, complete matrix, no interval and no p.
CPU time, one thread, the best of the runs. Then the run lengths of CUSUM on simulated scores.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ParamSpec, TypeVar

import numpy as np
from scipy import stats

from alerting.signal import baseline, change, comparison, distance, smooth, trend
from alerting.signal.norms import NORMS
from alerting.signal.records import Floats
from alerting.signal.series import Course, Moments
from alerting.signal.spans import thinned, trailing
from ward.vitals import VitalKind

KINDS = (VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.SPO2, VitalKind.TEMPERATURE, VitalKind.SYSTOLIC)
EPOCH_S, EVERY_S, HOUR_S = 1_795_255_200.0, 300.0, 3600.0
SHORT_S, LONG_S = 6 * HOUR_S, 24 * HOUR_S
PEOPLE_AT_ONCE = 1000
LOOPED = 300
P = ParamSpec("P")
T = TypeVar("T")

SHIFTS = (0.0, 0.5, 1.0, 2.0)
LONGEST = 1500
RUNS = 100


def lived(rng: np.random.Generator, patients: int, hours: float, kind: VitalKind) -> Course:
    """Return one kind's readings of everybody."""
    norm, count = NORMS[kind], int(hours * HOUR_S / EVERY_S)
    t_s = EPOCH_S - LONG_S + EVERY_S * np.arange(count) + rng.uniform(0, 60, (patients, count))
    walk = np.cumsum(rng.normal(0, 0.1, (patients, count)), axis=1) + rng.normal(0, 0.5, (patients, count))
    value = np.where(rng.random((patients, count)) < 0.02, np.nan, np.round(norm.day + norm.spread * walk, 1))
    offsets = np.arange(patients + 1) * count
    return Course(t_s=t_s.ravel(), value=value.ravel(), quality=np.full(value.size, np.nan), offsets=offsets)


def look(people: Mapping[VitalKind, Course], at: Moments, spent: dict[str, float]) -> None:
    """Do one look at some people, adding CPU seconds to `spent` by what they went for."""
    normals = []
    for kind, course in people.items():
        norm = NORMS[kind]
        timed("median filter, every reading", spent, smooth.median, course, HOUR_S / 2)
        timed("Hampel, every reading", spent, smooth.hampel, course, HOUR_S, floor=norm.accuracy)
        timed("slope 6 h", spent, trend.slope, course, at, SHORT_S)
        timed("slope 24 h", spent, trend.slope, course, at, LONG_S)
        timed("EWMA 1 h", spent, change.ewma, course, at, HOUR_S, hold_s=2 * EVERY_S)
        timed("change over 12 h", spent, comparison.change, course, at, LONG_S / 2, HOUR_S)
        at_night = baseline.night(course.t_s, HOUR_S)
        own = timed("baseline", spent, baseline.estimate, course, at, norm, at_night=at_night)
        scores = timed("deviation", spent, baseline.deviation, own, course.row, course.value, at_night)
        timed("CUSUM 24 h", spent, change.cusum, replace(course, value=scores), at, change.Plan())
        normals.append(own)
    timed("distance", spent, far, list(people.values()), normals, at)


def far(series: Sequence[Course], normals: Sequence[baseline.Baseline], at: Moments) -> distance.Distance:
    """Return how far everybody is from their own normal, by correlations of the last day."""
    scores = distance.standardised(series, normals, at, HOUR_S, buckets=24)
    return distance.distance(scores[:, -1], distance.correlation(scores))


def timed(name: str, spent: dict[str, float], work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do some work and add its CPU time."""
    begun = time.process_time()
    made = work(*args, **kwargs)
    spent[name] = spent.get(name, 0.0) + time.process_time() - begun
    return made


def scipy_loop(course: Course, at: Moments, window_s: float) -> object:
    """Return scipy's slopes of the same points, one person after another."""
    points = thinned(course, trailing(course, at, window_s), trend.bucket_s(window_s))
    pieces = itertools.pairwise(points.offsets[: LOOPED + 1])
    return [stats.theilslopes(points.value[a:b], points.t_s[a:b]) for a, b in pieces]


def numpy_floor(matrix: Floats) -> object:
    """Return median pair slopes of rows of bucket medians (people, points, readings in each)."""
    value = np.median(matrix, axis=2)
    early, late = np.triu_indices(value.shape[1], 1)
    return np.median((value[:, late] - value[:, early]) / (late - early), axis=1)


def print_costs(patients: int, hours: float, runs: int) -> None:
    rng = np.random.default_rng(0)
    at = Moments.now(EPOCH_S, PEOPLE_AT_ONCE)
    spents: list[dict[str, float]] = []
    for _ in range(runs):
        spents.append({})
        for _ in range(0, patients, PEOPLE_AT_ONCE):
            look({kind: lived(rng, PEOPLE_AT_ONCE, hours, kind) for kind in KINDS}, at, spents[-1])
    best = min(spents, key=lambda each: sum(each.values()))
    filters = sum(cpu_s for name, cpu_s in best.items() if name.endswith("every reading"))
    total = sum(best.values())
    print(f"{patients} patients x {hours:g} h x {len(KINDS)} kinds, a reading every {EVERY_S:g} s, best of {runs}")
    for name, cpu_s in {**best, "all": total, "all but the filters": total - filters}.items():
        each = f"{cpu_s / patients * 1e6:8.1f} us/patient = {patients / cpu_s:9,.0f} patients/s"
        print(f"  {name:30s} {cpu_s:7.2f} s  {each}")
    print_slopes(lived(rng, PEOPLE_AT_ONCE, hours, KINDS[0]))


def print_slopes(course: Course) -> None:
    """Print the slope of one kind over a day by each of the three, CPU time of the best of five."""
    course = course.chosen(np.isfinite(course.value))
    at = Moments.now(EPOCH_S, course.stays)
    matrix = np.random.default_rng(1).normal(size=(course.stays, trend.MOST_POINTS, 6))
    works: dict[str, tuple[int, Callable[[], object]]] = {
        "ours: slope, interval, level, p": (course.stays, lambda: trend.slope(course, at, LONG_S)),
        "scipy.stats.theilslopes in a loop": (LOOPED, lambda: scipy_loop(course, at, LONG_S)),
        "floor: numpy, even matrix, slope only": (course.stays, lambda: numpy_floor(matrix)),
    }
    for name, (people, work) in works.items():
        spent = [0.0] * 5
        for run in range(5):
            begun = time.process_time()
            work()
            spent[run] = time.process_time() - begun
        print(f"  {name:40s} {min(spent) / people * 1e6:7.1f} us/slope")


def correlated(rng: np.random.Generator, shape: tuple[int, int], neighbours: float) -> Floats:
    """Return standard normal scores (runs, steps) with a correlation between neighbours."""
    scores = rng.normal(size=shape)
    for step in range(1, shape[1]):
        fresh = np.sqrt(1 - neighbours**2) * scores[:, step]
        scores[:, step] = neighbours * scores[:, step - 1] + fresh
    return scores


def run_length(plan: change.Plan, shift: float, neighbours: float) -> tuple[float, float]:
    """Return mean and median hours until a change is said, of hourly scores; the mean as of runs that are cut short."""
    rng = np.random.default_rng(2)
    steps = LONGEST if shift == 0 else LONGEST // 4
    scores = correlated(rng, (RUNS, steps), neighbours) + shift
    hours = EPOCH_S + HOUR_S * np.arange(steps)
    course = Course.joined([Course.of(hours, each) for each in scores])
    changed = change.cusum(course, Moments.readings(course), plan).changed.any(axis=0).reshape(RUNS, steps)
    found = changed.any(axis=1)
    waited = np.where(found, changed.argmax(axis=1) + 1.0, steps)
    return waited.sum() / max(found.sum(), 1), float(np.median(np.where(found, waited, np.inf)))


def print_run_lengths() -> None:
    print("CUSUM, hourly scores, window 24 h: mean (median) hours until a change is said, by shift in sd")
    print("  k    h    r  " + "".join(f"{shift:>16g}" for shift in SHIFTS))
    for allowance, threshold, neighbours in itertools.product((0.5, 1.0), (4.0, 5.0, 8.0), (0.0, 0.5)):
        plan = change.Plan(allowance=allowance, threshold=threshold, ceiling=1.5 * threshold)
        cells = [run_length(plan, shift, neighbours) for shift in SHIFTS]
        text = "".join(f"{f'{mean:.3g} ({middle:.3g})':>16s}" for mean, middle in cells)
        print(f"  {allowance:<4g} {threshold:<4g} {neighbours:<3g}{text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=10_000)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--runs", type=int, default=2)
    flags = parser.parse_args()
    print_costs(flags.patients, flags.hours, flags.runs)
    print_run_lengths()


if __name__ == "__main__":
    main()
