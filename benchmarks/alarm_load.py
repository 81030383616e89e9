"""How often it rings: alerts per patient-day on a simulated stable cohort, beside plain limits on the same readings.

`python -m benchmarks.alarm_load [--people 40] [--days 7]`. The cohort is the simulator's stable people, each with a
seed of their own, measured each minute by a device with its noise; six times a day its sensor sits badly for ten
minutes (strays and dropouts). Plain limits are the same plan's warnings (the alert where there is none), without delay,
median, count or hysteresis, and nothing else: what a simple system does.

No sustained event may be lost for that: every stretch in which the body's *true* value lies beyond a limit (by night
that of the night) for five minutes on end must have an alert of that limit's rule that begins within ten minutes of it
(of the signals that are measured each minute: nobody can be told of what was not measured). Such events are looked for
in the stable cohort and in as many people who deteriorate (sepsis, COPD, heart failure), whose alerts are not counted
in the load.
"""

import argparse
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from alerting import trend_period
from alerting.backtest_report import is_technical, judge
from alerting.episodes import Episodes, episodes
from alerting.features import Batch, Bools, Floats, Series, StayContext, batch
from alerting.rules import night
from alerting.rules.limit_alerts import by_night
from simulator import device, scenario
from simulator.course import Change, Course, Target
from simulator.device import Kit
from simulator.physiology import Body, vitals_at
from ward import plans
from ward.alerts import Priority
from ward.people import StayId
from ward.plans import Limits, Plan
from ward.vitals import VitalKind

STABLE = (
    "stable_atrial_fibrillation",
    "stable_cellulitis",
    "stable_copd",
    "stable_frail",
    "stable_heart_failure",
    "stable_pneumonia",
    "stable_postoperative",
)
ILL = ("sepsis", "copd_exacerbation", "heart_failure")
BEGIN_S = 1_767_600_000.0  # 2026-01-05, 09:00 in Stockholm
DAY_S = 86_400.0
SUSTAINED_S, WITHIN_S = 300.0, 600.0
_STEP_S = 30.0
_UNQUIET = 6
_ILL_DAYS = 1.0
_EACH_MINUTE = (VitalKind.HEART_RATE, VitalKind.SPO2, VitalKind.RESP_RATE)
_EVERY_S = MappingProxyType(
    {
        VitalKind.HEART_RATE: 60.0,
        VitalKind.SPO2: 60.0,
        VitalKind.RESP_RATE: 60.0,
        VitalKind.TEMPERATURE: 4 * 3600.0,
        VitalKind.SYSTOLIC: 6 * 3600.0,
        VitalKind.CONSCIOUSNESS: 6 * 3600.0,
        VitalKind.OXYGEN_FLOW: 6 * 3600.0,
        VitalKind.WEIGHT: DAY_S,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A stable person: the name of the scenario, and the body."""

    name: str
    body: Body


def cohort(people: int) -> list[Person]:
    """Return so many stable people."""
    found = []
    for number in range(people):
        name = STABLE[number % len(STABLE)]
        told = scenario.load(name)
        found.append(
            Person(
                name=name,
                body=Body(seed=900 + number, baseline=told.baseline, course=unquiet(900 + number), clock_s=9 * 3600.0),
            )
        )
    return found


def ill(people: int) -> list[Person]:
    """Return so many people who deteriorate, once."""
    found = []
    for number in range(people):
        told = scenario.load(name := ILL[number % len(ILL)])
        course = replace(told.course, starts_after_s=4 * 3600.0, repeats_after_s=None)
        found.append(Person(name=name, body=Body(seed=400 + number, baseline=told.baseline, course=course)))
    return found


def unquiet(seed: int) -> Course:
    """Return a day, told again each day, on which the sensor sits badly six times for ten minutes."""
    starts = np.sort(np.random.default_rng(seed).uniform(0.0, DAY_S - 700.0, _UNQUIET))
    apart = starts[np.insert(np.diff(starts) > 700.0, 0, True)].tolist()
    changes = tuple(
        Change(target=target, points=tuple(point for at in apart for point in _bump(at, size)))
        for target, size in ((Target.SENSOR_NOISE, 0.6), (Target.SENSOR_DROPOUT, 0.4))
    )
    return Course(repeats_after_s=DAY_S, changes=changes)


def _bump(at_s: float, size: float) -> tuple[tuple[float, float], ...]:
    return ((at_s, 0.0), (at_s, size), (at_s + 600.0, size), (at_s + 600.0, 0.0))


def measured(people: list[Person], days: float) -> dict[VitalKind, Series]:
    """Return what their devices measure."""
    taken: dict[VitalKind, list[tuple[Floats, Floats, Floats]]] = {kind: [] for kind in _EVERY_S}
    for person in people:
        kit = Kit(device_id="load", body=person.body, plan=device.Plan(every_s=_EVERY_S))
        every = device.samples(kit, 0.0, days * DAY_S)
        for kind, series in taken.items():
            own = [sample for sample in every if sample.kind == kind]
            series.append(
                (
                    np.array([sample.t_s for sample in own]),
                    np.array([sample.value for sample in own]),
                    np.array([np.nan if sample.quality is None else sample.quality for sample in own]),
                )
            )
    return {kind: _series(own) for kind, own in taken.items()}


def _series(own: list[tuple[Floats, Floats, Floats]]) -> Series:
    return Series(
        t_s=BEGIN_S + np.round(np.concatenate([t_s for t_s, _, _ in own]), 6),
        value=np.concatenate([value for _, value, _ in own]),
        quality=np.concatenate([quality for _, _, quality in own]),
        offsets=np.concatenate(([0], np.cumsum([len(t_s) for t_s, _, _ in own]))).astype(np.int64),
    )


def stays(people: int, plan: Plan, series: dict[VitalKind, Series]) -> Batch:
    """Return the cohort as a batch with one plan."""
    contexts = [StayContext(stay_id=StayId(n + 1), plan=plan, watched_from_s=BEGIN_S, alerts={}) for n in range(people)]
    return batch(contexts, series)


def bound_of(limits: Limits, side: str) -> float | None:
    """Return where a side's warning begins, or its alert where there is no warning."""
    if side == "low":
        return limits.alert_low if limits.warn_low is None else limits.warn_low
    return limits.alert_high if limits.warn_high is None else limits.warn_high


def beyond(values: Floats, bound: float | Floats, side: str) -> Bools:
    """Return which values lie beyond."""
    return np.asarray(values < bound if side == "low" else values > bound)


def crossings(series: Series, bound: float, side: str) -> int:
    """Return how often a plain limit would ring: each time a value is beyond after one that was not."""
    is_beyond = beyond(series.value, bound, side)
    before = np.zeros(len(is_beyond), np.bool_)
    before[1:] = is_beyond[:-1]
    before[series.offsets[:-1][np.diff(series.offsets) > 0]] = False
    return int((is_beyond & ~before).sum())


def sustained(person: Person, kind: VitalKind, plan: Plan, side: str, days: float) -> Floats:
    """Return when the true value had been beyond the limit in force for five minutes on end: s since the beginning."""
    t_s = np.arange(0.0, days * DAY_S, _STEP_S)
    true = np.asarray(getattr(vitals_at(person.body, t_s), kind.value))
    dark = np.array([night.is_night(plan, BEGIN_S + at_s) for at_s in t_s.tolist()])
    bounds = [None if each is None else bound_of(each, side) for each in (plan.limits[kind], by_night(plan, kind))]
    by_day, nightly = (np.nan if bound is None else bound for bound in bounds)
    steps = round(SUSTAINED_S / _STEP_S) + 1
    held = np.convolve(beyond(true, np.where(dark, nightly, by_day), side), np.ones(steps), "full")
    held = held[: len(t_s)] > steps - 0.5
    starts = held.copy()
    starts[1:] &= ~held[:-1]
    return t_s[starts]


@dataclass(slots=True)
class Counts:
    """What is counted of one rule."""

    low: int = 0
    urgent: int = 0
    plain: int = 0
    events: int = 0
    lost: int = 0


def count(people: list[Person], looked_at: Batch, days: float) -> dict[str, Counts]:
    """Judge the cohort by its plan and by plain limits, and look for sustained events that nobody was told of."""
    end_s = BEGIN_S + days * DAY_S
    counts: dict[str, Counts] = {}
    opened: dict[str, Episodes] = {}
    for rule, track in judge(looked_at):
        each = opened[rule] = episodes(track, end_s)
        urgent = int((each.priority >= Priority.MEDIUM.value).sum())
        counts[rule] = Counts(low=len(each) - urgent, urgent=urgent)
    for kind, limits in looked_at.plans[0].limits.items():
        for side in ("low", "high"):
            bound = bound_of(limits, side)
            if bound is None:
                continue
            rule = f"limit.{kind}.{side}"
            mine = counts.setdefault(rule, Counts())
            mine.plain = crossings(looked_at.of(kind), bound, side)
            for number, person in enumerate(people if kind in _EACH_MINUTE else []):
                at_s = sustained(person, kind, looked_at.plans[0], side, days)
                mine.events += len(at_s)
                mine.lost += sum(not _told(opened.get(rule), number, BEGIN_S + at) for at in at_s.tolist())
    return counts


def _told(each: Episodes | None, stay: int, at_s: float) -> bool:
    if each is None:
        return False
    mine = each.stay == stay
    return bool((mine & (each.opened_s <= at_s + WITHIN_S) & (each.ended_s >= at_s - SUSTAINED_S)).any())


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--days", type=float, default=7.0)
    flags = parser.parse_args()
    people = cohort(flags.people)
    looked_at = stays(flags.people, plans.template(), measured(people, flags.days))
    looked_at = trend_period.period(looked_at, BEGIN_S, BEGIN_S + flags.days * DAY_S, {})
    counts = count(people, looked_at, flags.days)
    patient_days = flags.people * flags.days
    print(f"{flags.people} people, {flags.days:g} days: alerts per patient-day")
    print("\n| rule | medium and high | low | plain limits | sustained events | lost |\n|---|---|---|---|---|---|")
    for rule, each in sorted(counts.items(), key=lambda item: -item[1].urgent):
        print(
            f"| {rule} | {each.urgent / patient_days:.3f} | {each.low / patient_days:.3f}"
            f" | {each.plain / patient_days:.3f} | {each.events} | {each.lost} |"
        )
    clinical = [each for rule, each in counts.items() if not is_technical(rule)]
    rung = sum(each.urgent + each.low for each in clinical)
    simple = sum(each.plain for each in clinical)
    sick = ill(flags.people)
    of_sick = count(sick, stays(flags.people, plans.template(), measured(sick, _ILL_DAYS)), _ILL_DAYS)
    missed = sum(each.lost for each in of_sick.values()), sum(each.events for each in of_sick.values())
    print(
        f"\nof the patient: {rung / patient_days:.3f}; plain limits {simple / patient_days:.3f}"
        f" ({100 * (1 - rung / simple):.1f} % fewer); of equipment:"
        f" {sum(each.urgent + each.low for rule, each in counts.items() if is_technical(rule)) / patient_days:.3f};"
        f" sustained events lost: {sum(each.lost for each in clinical)} of {sum(each.events for each in clinical)},"
        f" of those who deteriorate {missed[0]} of {missed[1]}"
    )


if __name__ == "__main__":
    main()
