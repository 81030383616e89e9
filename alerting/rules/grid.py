"""Verdicts at whole quarters: which bands of a plan apply to whom, and tracks out of what was judged.

Pure. Not here: any rule. The invariant: a verdict holds until the next one or until nothing was judged for too long;
a rule that can say neither "there" nor "gone" says PENDING, which leaves an alert as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from alerting.features import Batch, Bools, Floats, Ints, moment
from alerting.quarters import Quarters
from alerting.rules.steps import hold
from alerting.tracks import FINDING, Track, Verdict, Verdicts, track, without
from ward.alerts import Input, Priority, Role
from ward.plans import Goals, Plan
from ward.vitals import VITALS, VitalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """One rule's bounds, the n-th of every plan side by side: (bands, plans); NaN where a plan has fewer.

    bound : float64, in the rule's own measure; verdict : int8, what lies beyond it
    """

    bound: Floats
    verdict: Verdicts

    @property
    def given(self) -> Bools:
        """(plans,) bool, which plans have any."""
        found: Bools = np.logical_or.reduce(~np.isnan(self.bound), axis=0)
        return found


def bands(plans: Sequence[Plan], of: Callable[[Plan], Sequence[tuple[float, Priority]]]) -> Bands:
    """Collect each plan's bounds; where care is for comfort there is none."""
    each = [[] if plan.goals is Goals.COMFORT else list(of(plan)) for plan in plans]
    deep = max(map(len, each), default=0)
    bound = np.full((deep, len(each)), np.nan)
    verdict = np.zeros((deep, len(each)), np.int8)
    for plan, found in enumerate(each):
        for band, (limit, priority) in enumerate(found):
            bound[band, plan], verdict[band, plan] = limit, FINDING + priority
    return Bands(bound=bound, verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Verdicts at k instants, stay after stay in rising time; columns as in `Track`, `row` (k,) the stay of each."""

    row: Ints
    at_s: Floats
    verdict: Verdicts
    began_s: Floats
    place: Ints


def judged(quarters: Quarters, chosen: Ints, verdict: Verdicts, began_s: Floats) -> Judged:
    """Return verdicts (k,) at the ends of the quarters `chosen` (k,)."""
    return Judged(row=quarters.row[chosen], at_s=quarters.end_s[chosen], verdict=verdict, began_s=began_s, place=chosen)


def said(batch: Batch, judged: Judged, holds_s: float, asked: Bools) -> Track:
    """Return the track of what was judged; where nothing was for `holds_s`, nobody knows any more.

    What lies before `Batch.trends_from_s` rests on less than its look-back, and is left out.
    asked : (plans,) bool, which plans have this rule; the others' stays are quiet
    """
    if batch.trends_from_s is not None:
        judged = _since(judged, batch.trends_from_s)
    steps = hold(len(batch.stays), judged.row, judged.at_s, judged.at_s, np.arange(1, len(judged.row) + 1), holds_s)
    over, place = steps.value == 0, np.maximum(steps.value - 1, 0).astype(np.int64)
    found = track(
        len(batch.stays),
        steps.stay,
        steps.from_s,
        np.where(over, Verdict.UNKNOWN, judged.verdict[place]),
        judged.began_s[place],
        place=np.where(over, -1, judged.place[place]),
    )
    return without(found, ~asked[batch.plan_of])


def _since(judged: Judged, from_s: Floats) -> Judged:
    kept = judged.at_s >= from_s[judged.row]
    return Judged(
        row=judged.row[kept],
        at_s=judged.at_s[kept],
        verdict=judged.verdict[kept],
        began_s=judged.began_s[kept],
        place=judged.place[kept],
    )


def unread(stays: int, names: Iterable[str]) -> dict[str, Track]:
    """Return that nothing is said of anybody: the tracks of a pass in which no quarters were read."""
    none, whole = np.empty(0), np.empty(0, np.int64)
    return {name: track(stays, whole, none, whole, none) for name in names}


def mean_at(quarters: Quarters, kind: VitalKind, place: int, role: Role = Role.JUDGED) -> Input:
    """Return the mean of one quarter as evidence, as old as its oldest reading may be: when the quarter began."""
    return Input(
        kind=kind.value,
        value=float(quarters.mean[place]),
        unit=VITALS[kind].unit,
        measured_at=moment(float(quarters.start_s[place])),
        role=role,
        over_s=quarters.step_s,
    )
