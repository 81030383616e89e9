"""Verdicts at whole quarters: which bands of a plan apply to whom, and tracks out of what was judged.

Pure. Not here: any rule. The invariant: a verdict holds until the next one or until nothing was judged for too long;
a rule that can say neither "there" nor "gone" says PENDING, which leaves an alert as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from alerting.features import Bools, Floats, Ints
from alerting.quarters import Quarters
from alerting.tracks import FINDING, Track, Verdict, Verdicts
from ward.alerts import Priority
from ward.plans import Goals, Plan


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


def track(judged: Judged, stays: int, holds_s: float) -> Track:
    """Return the track of what was judged; where nothing was for `holds_s`, nobody knows any more."""
    last = np.ones(len(judged.row), np.bool_)
    last[:-1] = judged.row[1:] != judged.row[:-1]
    next_s = np.full(len(last), np.inf)
    next_s[:-1] = np.where(last[:-1], np.inf, judged.at_s[1:])
    lost = np.flatnonzero((next_s - judged.at_s > holds_s) & (judged.verdict != Verdict.UNKNOWN))
    after = lost + 1
    row = np.insert(judged.row, after, judged.row[lost])
    return Track(
        offsets=np.searchsorted(row, np.arange(stays + 1)).astype(np.int64),
        from_s=np.insert(judged.at_s, after, judged.at_s[lost] + holds_s),
        verdict=np.insert(judged.verdict, after, np.int8(Verdict.UNKNOWN)),
        began_s=np.insert(judged.began_s, after, np.nan),
        place=np.insert(judged.place, after, -1),
    )


def judge(quarters: Quarters, chosen: Ints, verdict: Verdicts, began_s: Floats) -> Judged:
    """Return verdicts (k,) at the ends of the quarters `chosen` (k,)."""
    said = verdict >= Verdict.PENDING
    return Judged(
        row=quarters.row[chosen],
        at_s=quarters.end_s[chosen],
        verdict=verdict,
        began_s=np.where(said, began_s, np.nan),
        place=np.where(said, chosen, -1),
    )


def sums(value: Floats | Ints | Bools) -> Floats:
    """Return running sums with a zero before them: (n + 1,)."""
    found: Floats = np.concatenate(([0.0], np.cumsum(value)))
    return found


def nobody(stays: int) -> Track:
    """Return the track that knows nothing of anybody."""
    empty = np.empty(0)
    whole = np.empty(0, np.int64)
    return Track(
        offsets=np.zeros(stays + 1, np.int64), from_s=empty, verdict=np.empty(0, np.int8), began_s=empty, place=whole
    )
