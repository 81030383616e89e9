"""The figures of the deterioration score: what it is worth beside NEWS2, how calibrated it is, and for whom.

Takes scores that others made; pure. Not here: how the scores came about (`train`), how the figures are shown
(docs/model-card-deterioration.md).
"""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from alerting.models.datasets import DEATHS, Cohort
from alerting.models.deterioration import Figure
from alerting.models.judge import auroc, by_patient, calibration
from alerting.rules import news2
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.risk_features import DAY_S
from ward.vitals import VitalKind

SUMMARIES: Final = ("last", "mean", "max")
AGES: Final = ((0, 50, "under 50"), (50, 65, "50 to 64"), (65, 80, "65 to 79"), (80, 200, "80 and over"))
DRAWS: Final = 200
LEAST_OUTCOMES: Final = 10
"""A group with fewer outcomes has no figure of its own."""


def early_warning(cohort: Cohort) -> Floats:
    """Return (rows,) NEWS2 on scale 1 of the newest values of the last day, what is missing with no points.

    That is the lower end of the interval, the total that is certain, and what is compared in the literature.
    """
    newest = {kind: _newest(cohort, kind) for kind in news2.INPUTS}
    fresh = {kind: np.zeros(len(values), np.bool_) for kind, values in newest.items()}
    return news2.score(newest, fresh, np.ones(len(cohort.event), np.int64)).total_min.astype(np.float64)


def _newest(cohort: Cohort, kind: VitalKind) -> Floats:
    """Return (rows,) the newest value of the last day. A plain search, on purpose another than the score's own."""
    courses = cohort.courses
    values, found = courses.of(kind), np.full(len(courses.t_s), np.nan)
    for start, end in zip(courses.offsets, courses.offsets[1:], strict=False):
        known = np.flatnonzero(~np.isnan(values[start:end])) + start
        if len(known):
            at = np.searchsorted(known, np.arange(start, end), side="right") - 1
            place = known[np.maximum(at, 0)]
            usable = (at >= 0) & (courses.t_s[start:end] - courses.t_s[place] < DAY_S)
            found[start:end] = np.where(usable, values[place], np.nan)
    return found


def ranking(cohort: Cohort, score: Floats, name: str, groups: dict[str, Bools]) -> Iterator[Figure]:
    """Yield how well a score ranks: all patients with an interval, then the groups of patients."""
    offsets = cohort.courses.offsets
    everybody = np.ones(len(cohort.outcome), np.bool_)
    for group, chosen in {"all": everybody, **groups}.items():
        if cohort.outcome[chosen].sum() < LEAST_OUTCOMES:
            continue
        for how in SUMMARIES:
            value = by_patient(score, offsets, how)[chosen]
            yield _with_interval(cohort, group, f"{name} AUROC {how}", value, cohort.outcome[chosen])
        if cohort.name != DEATHS:
            rows = chosen[cohort.courses.patient]
            found = auroc(score[rows], cohort.event[rows])
            interval = _of_hours(cohort, score) if group == "all" else []
            yield Figure(data=cohort.name, group=group, what=f"{name} AUROC hour", found=found, interval=interval)
    if cohort.name != DEATHS:
        yield Figure(data=cohort.name, group="all", what=f"{name} AUROC same hour", found=_same_hour(cohort, score))


def calibrated(cohort: Cohort, predicted: Floats) -> Iterator[Figure]:
    """Yield how probabilities compare with what happened: deaths at the last row, sepsis at every hour."""
    last = cohort.courses.offsets[1:][np.diff(cohort.courses.offsets) > 0] - 1
    chosen = last if cohort.name == DEATHS else np.arange(len(predicted))
    found = calibration(predicted[chosen], cohort.event[chosen])
    for what, value in (("Brier score", found.brier), ("slope", found.slope), ("intercept", found.intercept)):
        yield Figure(data=cohort.name, group="all", what=what, found=value)
    for number, part in enumerate(found.bins, start=1):
        yield Figure(data=cohort.name, group=f"tenth {number}", what="predicted", found=part.predicted)
        yield Figure(data=cohort.name, group=f"tenth {number}", what="happened", found=part.happened)


def groups(cohort: Cohort) -> dict[str, Bools]:
    """Return the groups of patients that are looked at one by one: sex, age, kind of intensive care."""
    age = cohort.courses.age_years
    found = {f"{sex}": np.array([each == sex for each in cohort.sex]) for sex in ("female", "male")}
    found |= {label: (age >= low) & (age < high) for low, high, label in AGES}
    units = sorted(set(cohort.unit) - {"unknown"})
    found |= {unit: np.array([each == unit for each in cohort.unit]) for unit in units}
    return {group: chosen for group, chosen in found.items() if chosen.any()}


def shares(cohort: Cohort, predicted: Floats, chosen: dict[str, Bools]) -> Iterator[Figure]:
    """Yield for each group how many are in it; of deaths also which share of those with a score died, was predicted."""
    measured = np.diff(cohort.courses.offsets) > 0
    last = by_patient(predicted, cohort.courses.offsets, "last")
    for group, who in {"all": np.ones(len(last), np.bool_), **chosen}.items():
        yield Figure(data=cohort.name, group=group, what="patients", found=float(who.sum()))
        yield Figure(data=cohort.name, group=group, what="outcomes", found=float(cohort.outcome[who].sum()))
        if cohort.name == DEATHS:
            scored = who & measured
            yield Figure(data=cohort.name, group=group, what="share", found=float(cohort.outcome[scored].mean()))
            yield Figure(data=cohort.name, group=group, what="predicted share", found=float(last[scored].mean()))


def averaged(runs: list[list[Figure]]) -> list[Figure]:
    """Return the mean of the same figures of several runs."""
    made = []
    for same in zip(*runs, strict=True):
        first = same[0]
        interval = (
            [round(float(end), 3) for end in np.mean([each.interval for each in same], axis=0)]
            if first.interval
            else []
        )
        found = round(float(np.mean([each.found for each in same])), 4)
        made.append(Figure(data=first.data, group=first.group, what=first.what, found=found, interval=interval))
    return made


def _with_interval(cohort: Cohort, group: str, what: str, value: Floats, happened: Bools) -> Figure:
    interval = _bootstrap(len(value), lambda drawn: auroc(value[drawn], happened[drawn])) if group == "all" else []
    return Figure(data=cohort.name, group=group, what=what, found=auroc(value, happened), interval=interval)


def _of_hours(cohort: Cohort, score: Floats) -> list[float]:
    """Return the interval of the hourly AUROC, whole patients drawn."""
    offsets = cohort.courses.offsets
    length = np.diff(offsets)

    def once(drawn: Ints) -> float:
        ends = np.cumsum(length[drawn])
        rows = np.arange(ends[-1]) + np.repeat(offsets[drawn] - (ends - length[drawn]), length[drawn])
        return auroc(score[rows], cohort.event[rows])

    return _bootstrap(len(length), once)


def _bootstrap(count: int, of: Callable[[Ints], float]) -> list[float]:
    """Return the 2.5th and 97.5th percentile over draws with replacement; seeded, so the same every time."""
    rng = np.random.default_rng(0)
    found = [of(rng.integers(0, count, count)) for _ in range(DRAWS)]
    return [float(end) for end in np.nanpercentile(found, [2.5, 97.5])]


def _same_hour(cohort: Cohort, score: Floats) -> float:
    """Return the AUROC among rows of the same time since admission: nothing can be gained from that time."""
    pairs = gained = 0.0
    for hour in np.unique(cohort.courses.t_s):
        rows = cohort.courses.t_s == hour
        yes = int(cohort.event[rows].sum())
        if 0 < yes < rows.sum():
            weight = yes * (int(rows.sum()) - yes)
            pairs, gained = pairs + weight, gained + weight * auroc(score[rows], cohort.event[rows])
    return gained / pairs
