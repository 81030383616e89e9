"""Weight gained within a time, as in heart failure: `weight.gain`, from weighings and not from one scale's whim.

A gain is told when two weighings in a row, an hour or more apart, show it, or one shows twice as much; what no body
gains that fast waits for a second weighing (and `identity` asks who stood on the scale). It is measured from
the lightest of the time before, each weighing taken as the median of itself and its neighbours, so that one without
shoes, or by somebody else, makes no gain. The invariant: what is said after a weighing rests on it and earlier ones.
"""

from typing import Final

import numpy as np

from alerting.features import Batch, Floats, Ints
from alerting.rules import grid
from alerting.signal.series import Course, Ragged
from alerting.signal.spans import after
from alerting.tracks import Track, Verdict
from ward.plans import Plan
from ward.vitals import VITALS, VitalKind

GAIN: Final = "weight.gain"
# The project's choices, to be confirmed by who is clinically responsible.
TOGETHER_S: Final = 3600.0  # weighings nearer to each other do not confirm each other
HARD: Final = 2.0  # times the plan's gain: told after one weighing
CLEAR: Final = 0.5  # of the plan's gain: below it is over
IMPLAUSIBLE_SHARE: Final = 0.07  # of the weight, within the plan's time: nobody gains that by water alone
NEIGHBOURS_S: Final = 4 * 86_400.0  # further apart weighings are no neighbours
MOST_WEIGHINGS: Final = 100  # looked back upon: a scale that sends itself every minute must not cost more
STALE_S: Final = VITALS[VitalKind.WEIGHT].freshness.stale_s


def look_back_s(plan: Plan) -> float:
    """Return how far back from an instant weighings are needed: two of them, each with its time and a neighbour."""
    if plan.gain is None:
        return 0.0
    return plan.gain.within_s + NEIGHBOURS_S + 2 * STALE_S


def judge(batch: Batch) -> Track:
    """Judge the gain of every stay whose plan has one."""
    gains = grid.bands(batch.plans, lambda plan: [] if plan.gain is None else [(plan.gain.kg, plan.gain.priority)])
    times = np.array([np.nan if plan.gain is None else plan.gain.within_s for plan in batch.plans])
    series = batch.of(VitalKind.WEIGHT)
    row = np.repeat(np.arange(len(batch.stays)), np.diff(series.offsets))
    if not len(gains.bound) or not len(row):
        return grid.nobody(len(batch.stays))
    plan = batch.plan_of[row]
    gained, since_s = gain(series, times[plan])
    said_low = _verdicts(series, gained, gains.bound[0, plan])
    verdict = np.where(said_low > Verdict.PENDING, gains.verdict[0, plan], said_low).astype(np.int8)
    said = verdict >= Verdict.PENDING
    mine = np.flatnonzero(~np.isnan(gains.bound[0, plan]))
    judged = grid.Judged(
        row=row[mine],
        at_s=series.t_s[mine],
        verdict=verdict[mine],
        began_s=np.where(said, since_s, np.nan)[mine],
        place=np.where(said, np.arange(len(row)), -1)[mine],
    )
    return grid.track(judged, len(batch.stays), STALE_S)


def gain(series: Ragged, within_s: Floats) -> tuple[Floats, Floats]:
    """Return what each weighing lies above the lightest of the time before it, and when that was: (n,) each, or NaN.

    Only weighings of at least `TOGETHER_S` before count; of them the nearest `MOST_WEIGHINGS`.
    """
    t_s, kg = series.t_s, series.value
    lightest, since_s = np.full((2, len(t_s)), np.nan)
    row = np.repeat(np.arange(len(series.offsets) - 1), np.diff(series.offsets))
    for lag in range(1, MOST_WEIGHINGS):
        here = np.arange(lag, len(t_s))
        there = here - lag
        ago_s = t_s[here] - t_s[there]
        near = (row[here] == row[there]) & (ago_s <= within_s[here])
        if not near.any():
            break
        now, then = here[near & (ago_s >= TOGETHER_S)], there[near & (ago_s >= TOGETHER_S)]
        weight = _steadied(series, row, then, now)
        better = ~(weight >= lightest[now])
        lightest[now[better]], since_s[now[better]] = weight[better], t_s[then[better]]
    return kg - lightest, since_s


def _steadied(series: Ragged, row: Ints, place: Ints, until: Ints) -> Floats:
    """Return the median of each weighing and its neighbours, or of the two after it where there is none before.

    Nothing behind `until` is looked at; with fewer than three it is the weighing itself.
    """
    kg, t_s = series.value, series.t_s
    before = np.maximum(place - 1, 0)
    joined = (place > 0) & (row[before] == row[place]) & (t_s[place] - t_s[before] <= NEIGHBOURS_S)
    third = np.where(joined, before, place + 2)
    three = joined | (third <= until)
    third = np.where(three, third, place)
    middle = np.median(np.stack([kg[place], kg[np.minimum(place + 1, until)], kg[third]]), axis=0)
    found: Floats = np.where(three, middle, kg[place])
    return found


def _verdicts(series: Ragged, gained: Floats, kg: Floats) -> Ints:
    """Return QUIET, PENDING, UNKNOWN, or LOW for "told" of each weighing."""
    course = Course(t_s=series.t_s, value=series.value, quality=series.quality, offsets=series.offsets)
    beyond = gained >= kg
    earlier = after(course, course.row, course.t_s - TOGETHER_S) - 1
    there = (earlier >= course.offsets[course.row]) & (course.t_s - course.t_s[np.maximum(earlier, 0)] <= STALE_S)
    again = beyond & there & beyond[np.maximum(earlier, 0)]
    surely = (gained >= HARD * kg) & (gained < IMPLAUSIBLE_SHARE * course.value)
    said = np.where(gained < CLEAR * kg, Verdict.QUIET, Verdict.PENDING)
    return np.where(np.isnan(gained), Verdict.UNKNOWN, np.where(again | surely, Verdict.LOW, said))
