"""Findings of a steady change: `slope.<kind>.<rise|fall>.<hours>h`, when it is faster than the plan allows for certain.

Theil-Sen over quarters of an hour, at most 24 points a window: the whole interval must lie beyond the bound. A window
whose last third lies less than half as far from its first as the bound would have it is quiet without that.
The invariant: no value is made up over a gap; a window with too few points, a gap or an old end is unknown.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from alerting.features import Batch, Floats, Ints
from alerting.quarters import QUARTER_S, Quarters
from alerting.rules import grid
from alerting.signal import trend
from alerting.signal.records import Bools
from alerting.signal.series import Lack, Moments
from alerting.signal.spans import Spans, between
from alerting.tracks import Track, Verdict, Verdicts
from ward.alerts import Priority
from ward.plans import Plan, Side, Slope
from ward.vitals import VitalKind

# The project's choices, to be confirmed by who is clinically responsible.
CONFIDENCE: Final = 0.99
MOST_POINTS: Final = 24
LEAST_POINTS: Final = 8
GATE: Final = 0.5
_MICRO: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A slope that some plan asks for: of what, which way, over how long. Its name is the rule's."""

    kind: VitalKind
    side: Side
    over_s: float

    @classmethod
    def of(cls, slope: Slope) -> Self:
        """Return what a plan's slope asks for."""
        return cls(kind=slope.kind, side=Side.HIGH if slope.per_hour > 0 else Side.LOW, over_s=slope.over_s)

    @property
    def name(self) -> str:
        """The rule's name."""
        return f"slope.{self.kind}.{'rise' if self.side is Side.HIGH else 'fall'}.{self.over_s / 3600:g}h"

    @property
    def sign(self) -> float:
        """What turns a fall into a rise."""
        return 1.0 if self.side is Side.HIGH else -1.0

    @property
    def step_s(self) -> float:
        """How far apart points, and instants at which it is judged, lie: whole quarters."""
        return QUARTER_S * max(1, math.ceil(self.over_s / MOST_POINTS / QUARTER_S))

    @property
    def holds_s(self) -> float:
        """How long a verdict holds without anything newer."""
        return trend.MOST_AGE * self.over_s

    def look_back_s(self) -> float:
        """Return how far back from an instant quarters are needed."""
        return self.over_s + self.step_s + self.holds_s


def asked(plans: Iterable[Plan]) -> list[Asked]:
    """Return what any of the plans asks for, in the order of the names."""
    return sorted({Asked.of(each) for plan in plans for each in plan.slopes}, key=lambda each: each.name)


def judge(batch: Batch, wanted: Asked) -> Track:
    """Judge one slope of every stay whose plan has it."""
    stays, quarters = len(batch.stays), batch.quarters.get(wanted.kind)
    bands = grid.bands(batch.plans, lambda plan: _bounds(plan, wanted))
    if quarters is None or not len(quarters.start_s) or not len(bands.bound):
        return grid.nobody(stays)
    mine = bands.given[batch.plan_of]
    chosen = _newest_of_steps(quarters, wanted.step_s)
    chosen = chosen[mine[quarters.row[chosen]]]
    at_s = np.ceil(quarters.end_s[chosen] / wanted.step_s) * wanted.step_s
    row = quarters.row[chosen]
    verdict = _verdicts(quarters, Moments(row=row, at_s=at_s), wanted, bands, batch.plan_of[row])
    said = verdict >= Verdict.PENDING
    judged = grid.Judged(
        row=row,
        at_s=at_s,
        verdict=verdict,
        began_s=np.where(said, at_s - wanted.over_s, np.nan),
        place=np.where(said, chosen, -1),
    )
    return grid.track(judged, stays, wanted.holds_s)


def measured(quarters: Quarters, at: Moments, wanted: Asked) -> trend.Slope:
    """Return the slopes at moments, with their intervals."""
    return trend.slope(quarters.course(), at, wanted.over_s, spacing_s=wanted.step_s, confidence=CONFIDENCE)


def _bounds(plan: Plan, wanted: Asked) -> list[tuple[float, Priority]]:
    return [(abs(each.per_hour), each.priority) for each in plan.slopes if Asked.of(each) == wanted]


def _newest_of_steps(quarters: Quarters, step_s: float) -> Ints:
    """Return the places of the newest quarter of each step of each stay."""
    step, row = np.ceil(quarters.end_s / step_s), quarters.row
    last = np.ones(len(step), np.bool_)
    last[:-1] = (step[1:] != step[:-1]) | (row[1:] != row[:-1])
    return np.flatnonzero(last)


def _verdicts(quarters: Quarters, at: Moments, wanted: Asked, bands: grid.Bands, plan: Ints) -> Verdicts:
    """Return what is said at each moment: the steepest band that is certainly left behind, or why none is."""
    rough, enough = _rough(quarters, at, wanted)
    bound = bands.bound[:, plan]
    least = np.nanmin(bound, axis=0)
    verdict = np.where(enough, np.where(rough < GATE * least, Verdict.QUIET, Verdict.PENDING), Verdict.UNKNOWN)
    near = np.flatnonzero(enough & (rough >= GATE * least))
    found = measured(quarters, Moments(row=at.row[near], at_s=at.at_s[near]), wanted)
    certain = found.low if wanted.side is Side.HIGH else -found.high
    known = (found.support.lack == Lack.NONE) & (found.points >= LEAST_POINTS)
    verdict[near[~known]] = Verdict.UNKNOWN
    beyond = np.where(certain >= bound[:, near], bands.verdict[:, plan[near]], 0).max(axis=0)
    verdict[near] = np.where(known & (beyond > 0), beyond, verdict[near])
    return verdict.astype(np.int8)


def _rough(quarters: Quarters, at: Moments, wanted: Asked) -> tuple[Floats, Bools]:
    """Return the change an hour from the first third of each window to its last, and whether both hold something."""
    course, third = quarters.course(), wanted.over_s / 3
    early = between(course, at.row, at.at_s - wanted.over_s, at.at_s - 2 * third)
    late = between(course, at.row, at.at_s - third, at.at_s)
    value, when = np.rint(quarters.mean * _MICRO).astype(np.int64), (quarters.start_s / QUARTER_S).astype(np.int64)
    risen = (_mean(value, late) - _mean(value, early)) / _MICRO
    hours = (_mean(when, late) - _mean(when, early)) * QUARTER_S / 3600
    enough = (early.count > 0) & (late.count > 0)
    rough: Floats = np.divide(wanted.sign * risen, hours, out=np.zeros(len(risen)), where=enough)
    return rough, enough


def _mean(value: Ints, spans: Spans) -> Floats:
    """Return the mean of each stretch, of whole numbers, so that nothing else in the column touches its digits."""
    total = np.concatenate(([0], np.cumsum(value)))
    found: Floats = (total[spans.end] - total[spans.first]) / np.maximum(spans.count, 1)
    return found
