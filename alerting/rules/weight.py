"""Weight gained within a time, as in heart failure: `weight.gain`, from weighings and not from one scale's whim.

A gain is told when two weighings in a row, an hour or more apart, show it, or one shows twice as much; what no body
gains that fast waits for a second weighing, and what none gains at all is no gain, however often it is weighed
(`identity` asks who stood on the scale). It is measured from the lightest of the time before, each weighing taken as
the median of itself and its neighbours, so that one without shoes, or by somebody else, makes no gain. The invariant:
what is said after a weighing rests on it and earlier ones.
"""

from typing import Final

import numpy as np

from alerting.features import Batch, Floats, Ints, in_order_of_time
from alerting.observed import RULE_VERSION
from alerting.quarters import Quarters
from alerting.rules import grid
from alerting.rules.grid import mean_at
from alerting.signal.spans import after
from alerting.tracks import Row, Track, Verdict
from ward.alerts import Evidence, Role
from ward.plans import Plan
from ward.vitals import VITALS, VitalKind

GAIN: Final = "weight.gain"
# The project's choices, to be confirmed by who is clinically responsible.
TOGETHER_S: Final = 3600.0  # weighings nearer to each other do not confirm each other
HARD: Final = 2.0  # times the plan's gain: told after one weighing
CLEAR: Final = 0.5  # of the plan's gain: below it is over
IMPLAUSIBLE_SHARE: Final = 0.07  # of the weight, within the plan's time: nobody gains that by water alone
IMPOSSIBLE_SHARE: Final = 0.2  # of the weight: another person or another unit, however often it is weighed
NEIGHBOURS_S: Final = 4 * 86_400.0  # further apart weighings are no neighbours
MOST_WEIGHINGS: Final = 100  # looked back upon: a scale that sends itself every minute must not cost more
# Less than any scale shows: 82.1 - 80.1 must reach 2.
_EPS: Final = 1e-6
STALE_S: Final = VITALS[VitalKind.WEIGHT].freshness.stale_s


def look_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back weighings are needed: two of them, each with its time before and a neighbour."""
    if plan.gain is None:
        return {}
    return {VitalKind.WEIGHT: plan.gain.within_s + NEIGHBOURS_S + 2 * STALE_S}


def judge(batch: Batch) -> dict[str, Track]:
    """Judge the gain of every stay whose plan has one; a weighing speaks when its quarter of an hour is over."""
    gains = grid.bands(batch.plans, lambda plan: [] if plan.gain is None else [(plan.gain.kg, plan.gain.priority)])
    if not len(gains.bound):
        return {}
    if not batch.quarters:
        return grid.unread(len(batch.stays), (GAIN,))
    quarters = batch.of_quarters(VitalKind.WEIGHT)
    plan = batch.plan_of[quarters.row]
    gained, since_s = gain(quarters, _within_s(batch)[plan])
    said = _verdicts(quarters, gained, gains.bound[0, plan])
    verdict = np.where(said > Verdict.PENDING, gains.verdict[0, plan], said).astype(np.int8)
    mine = np.flatnonzero(gains.given[plan])
    judged = grid.judged(quarters, mine, verdict[mine], since_s[mine])
    return {GAIN: grid.said(batch, judged, STALE_S, gains.given)}


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:  # noqa: ARG001 - every rule is asked alike
    """Return what was gained in which time, and the weighings: those of the lightest, and those that show the gain."""
    quarters, plan = batch.quarters[VitalKind.WEIGHT], batch.stays[row.stay].plan
    gained, since_s = (each[row.place] for each in gain(quarters, _within_s(batch)[batch.plan_of[quarters.row]]))
    own = slice(int(quarters.offsets[row.stay]), row.place)
    then = own.start + int(np.argmin(np.abs(quarters.end_s[own] - since_s)))
    before = np.unique(_trio(quarters, np.array([then]), np.array([row.place]))).tolist()
    again = int(_confirming(quarters)[row.place])
    shown = [row.place] if again in {-1, *before} else [again, row.place]
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=GAIN,
        params={
            "kind": VitalKind.WEIGHT.value,
            "value": float(gained),
            "limit": None if plan.gain is None else plan.gain.kg,
            "unit": VITALS[VitalKind.WEIGHT].unit,
            "duration_s": row.from_s - float(since_s),
        },
        inputs=in_order_of_time(
            *(mean_at(quarters, VitalKind.WEIGHT, place) for place in shown),
            *(mean_at(quarters, VitalKind.WEIGHT, place, Role.BEFORE) for place in before),
        ),
    )


def _within_s(batch: Batch) -> Floats:
    """Return the time of each plan's gain, NaN for none."""
    return np.array([np.nan if plan.gain is None else plan.gain.within_s for plan in batch.plans])


def gain(weighings: Quarters, within_s: Floats) -> tuple[Floats, Floats]:
    """Return what each weighing lies above the lightest of the time before it, and when that was: (n,) each, or NaN.

    Only weighings of at least `TOGETHER_S` before count; of them the nearest `MOST_WEIGHINGS`.
    """
    t_s, kg, row = weighings.end_s, weighings.mean, weighings.row
    lightest, since_s = np.full((2, len(t_s)), np.nan)
    for lag in range(1, MOST_WEIGHINGS):
        here = np.arange(lag, len(t_s))
        there = here - lag
        ago_s = t_s[here] - t_s[there]
        near = (row[here] == row[there]) & (ago_s <= within_s[here])
        if not near.any():
            break
        now, then = here[near & (ago_s >= TOGETHER_S)], there[near & (ago_s >= TOGETHER_S)]
        weight = _steadied(weighings, then, now)
        better = ~(weight >= lightest[now])
        lightest[now[better]], since_s[now[better]] = weight[better], t_s[then[better]]
    return kg - lightest, since_s


def _steadied(weighings: Quarters, place: Ints, until: Ints) -> Floats:
    """Return the median of each weighing and its neighbours, or of the two after it where there is none before.

    Nothing behind `until` is looked at; with fewer than three it is the weighing itself.
    """
    found: Floats = np.median(weighings.mean[_trio(weighings, place, until)], axis=0)
    return found


def _trio(weighings: Quarters, place: Ints, until: Ints) -> Ints:
    """Return the places of each weighing and its neighbours, (3, n); of itself thrice where it has too few."""
    t_s, row = weighings.end_s, weighings.row
    before = np.maximum(place - 1, 0)
    joined = (place > 0) & (row[before] == row[place]) & (t_s[place] - t_s[before] <= NEIGHBOURS_S)
    third = np.where(joined, before, place + 2)
    three = joined | (third <= until)
    found: Ints = np.where(three, np.stack([place, np.minimum(place + 1, until), third]), place)
    return found


def _confirming(weighings: Quarters) -> Ints:
    """Return the place of the weighing before each that may confirm it, -1 for none: (n,)."""
    t_s, row = weighings.end_s, weighings.row
    earlier = after(weighings.course(), row, weighings.start_s + weighings.step_s / 2 - TOGETHER_S) - 1
    there = (earlier >= weighings.offsets[row]) & (t_s - t_s[np.maximum(earlier, 0)] <= STALE_S)
    return np.where(there, earlier, -1)


def _verdicts(weighings: Quarters, gained: Floats, kg: Floats) -> Ints:
    """Return QUIET, PENDING, UNKNOWN, or LOW for "told" of each weighing."""
    beyond = gained >= kg - _EPS
    earlier = _confirming(weighings)
    again = beyond & (earlier >= 0) & beyond[earlier]
    surely = (gained >= HARD * kg - _EPS) & (gained < IMPLAUSIBLE_SHARE * weighings.mean)
    said = np.where(gained < CLEAR * kg, Verdict.QUIET, Verdict.PENDING)
    # Nothing is known of this body then; what was told of it before is not over.
    unknown = np.isnan(gained) | (gained >= IMPOSSIBLE_SHARE * weighings.mean)
    return np.where(unknown, Verdict.UNKNOWN, np.where(again | surely, Verdict.LOW, said))
