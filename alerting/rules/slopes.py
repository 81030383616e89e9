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

from alerting.features import Batch, Floats, Ints, in_order_of_time
from alerting.observed import RULE_VERSION
from alerting.quarters import QUARTER_S, Quarters
from alerting.rules import grid
from alerting.rules.grid import mean_at
from alerting.signal import trend
from alerting.signal.records import Bools
from alerting.signal.series import Heading, Lack, Moments
from alerting.signal.spans import Spans, between
from alerting.tracks import Row, Track, Verdict, Verdicts
from ward.alerts import Evidence, Priority, Role
from ward.plans import Plan, Side, Slope
from ward.vitals import VITALS, VitalKind

SLOPE: Final = "slope"
# The project's choices, to be confirmed by who is clinically responsible.
CONFIDENCE: Final = 0.95
MOST_POINTS: Final = 24
LEAST_POINTS: Final = 8
GATE: Final = 0.5
SOON_S: Final = 24 * 3600.0  # a limit that would be reached later is not spoken of
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
    def word(self) -> str:
        """The way in the rule's name."""
        return "rise" if self.side is Side.HIGH else "fall"

    @property
    def name(self) -> str:
        """The rule's name."""
        return f"{SLOPE}.{self.kind}.{self.word}.{self.over_s / 3600:g}h"

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


def look_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back from an instant a plan's slopes need quarters, by kind, in seconds."""
    found: dict[VitalKind, float] = {}
    for each in asked([plan]):
        found[each.kind] = max(found.get(each.kind, 0.0), each.over_s + each.step_s + each.holds_s)
    return found


def asked(plans: Iterable[Plan]) -> list[Asked]:
    """Return what any of the plans asks for, in the order of the names."""
    return sorted({Asked.of(each) for plan in plans for each in plan.slopes}, key=lambda each: each.name)


def judge(batch: Batch) -> dict[str, Track]:
    """Judge every slope that any of the plans asks for."""
    wanted = asked(batch.plans)
    if not batch.quarters:
        return grid.unread(len(batch.stays), (each.name for each in wanted))
    return {each.name: _track(batch, each) for each in wanted}


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return how fast it changes, and certainly; the bound, and the first and the last quarter of the window."""
    wanted = next(each for each in asked(batch.plans) if each.name == rule)
    quarters, plan = batch.quarters[wanted.kind], batch.stays[row.stay].plan
    at = Moments(row=np.array([row.stay]), at_s=np.array([row.from_s]))
    window = between(quarters.course(), at.row, at.at_s - wanted.over_s, at.at_s)
    bound = max((limit for limit, priority in _bounds(plan, wanted) if priority <= row.priority), default=None)
    found = measured(quarters, at, wanted)
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=f"{SLOPE}.{wanted.word}",
        params={
            "kind": wanted.kind.value,
            "value": wanted.sign * float(found.per_hour[0]),
            "certain": float((found.low if wanted.side is Side.HIGH else -found.high)[0]),
            "limit": bound,
            "unit": VITALS[wanted.kind].unit,
            "duration_s": wanted.over_s,
            **_reach(plan, wanted, found),
        },
        inputs=in_order_of_time(
            mean_at(quarters, wanted.kind, int(window.end[0]) - 1),
            mean_at(quarters, wanted.kind, int(window.first[0]), Role.BEFORE),
        ),
    )


def _reach(plan: Plan, wanted: Asked, found: trend.Slope) -> dict[str, float]:
    """Return when the plan's alarm limit is reached if it goes on so, where that is soon."""
    limits = plan.limits.get(wanted.kind)
    limit = None if limits is None else limits.alert_high if wanted.side is Side.HIGH else limits.alert_low
    if limit is None:
        return {}
    heading = Heading.UP if wanted.side is Side.HIGH else Heading.DOWN
    reach_s = float(trend.reach(found, limit, heading).expected_s[0])
    return {"reach_limit": limit, "reach_s": reach_s} if 0 < reach_s <= SOON_S else {}


def _track(batch: Batch, wanted: Asked) -> Track:
    quarters = batch.of_quarters(wanted.kind)
    bands = grid.bands(batch.plans, lambda plan: _bounds(plan, wanted))
    chosen = _newest_of_steps(quarters, wanted.step_s)
    chosen = chosen[bands.given[batch.plan_of[quarters.row[chosen]]]]
    at_s = np.ceil(quarters.end_s[chosen] / wanted.step_s) * wanted.step_s
    if batch.trends_from_s is not None:
        asked_for = at_s >= batch.trends_from_s[quarters.row[chosen]]
        chosen, at_s = chosen[asked_for], at_s[asked_for]
    at = Moments(row=quarters.row[chosen], at_s=at_s)
    judged = grid.Judged(
        row=at.row,
        at_s=at.at_s,
        verdict=_verdicts(quarters, at, wanted, bands, batch.plan_of[at.row]),
        began_s=at.at_s - wanted.over_s,
        place=chosen,
    )
    return grid.said(batch, judged, wanted.holds_s, bands.given)


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
    least = np.fmin.reduce(bound, axis=0, initial=np.inf)
    verdict = np.where(enough, np.where(rough < GATE * least, Verdict.QUIET, Verdict.PENDING), Verdict.UNKNOWN)
    near = np.flatnonzero(enough & (rough >= GATE * least))
    found = measured(quarters, Moments(row=at.row[near], at_s=at.at_s[near]), wanted)
    certain = found.low if wanted.side is Side.HIGH else -found.high
    known = (found.support.lack == Lack.NONE) & (found.points >= LEAST_POINTS)
    verdict[near[~known]] = Verdict.UNKNOWN
    beyond = np.where(certain >= bound[:, near], bands.verdict[:, plan[near]], 0).max(axis=0, initial=0)
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
