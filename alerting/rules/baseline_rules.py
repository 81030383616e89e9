"""Findings of a value far from the person's own normal: `deviation.<kind>.<low|high>`, by day and by night.

Counted over the quarters of an hour of the time that it must last: three of four of those known must lie beyond, the
newest too. It is quiet once the newest lies well inside and no more than half of them beyond; between the two nothing
is said. The invariant: without a normal of the person's own nothing is said; others' normals never stand in for it.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Floats, Ints
from alerting.quarters import QUARTER_S, Normals, Quarters, at_night, taken_s
from alerting.rules import grid
from alerting.signal.spans import between
from alerting.tracks import Track, Verdict, Verdicts
from ward.plans import Deviation, Plan, Side
from ward.vitals import VitalKind

# The project's choices, to be confirmed by who is clinically responsible.
LEAST_KNOWN: Final = 0.5  # share of the quarters of the time that must be known
LEAST_BEYOND: Final = 0.75  # share of those known that must lie beyond
CLEAR_SDS: Final = 0.5  # how far inside the bound the newest must lie to be over
HOLDS_S: Final = 3600.0  # how long a verdict stands without anything newer


def asked(plans: Iterable[Plan]) -> list[tuple[VitalKind, Side]]:
    """Return the kinds and sides that any of the plans watches for deviations."""
    return sorted({(each.kind, each.side) for plan in plans for each in plan.deviations})


def rule_name(kind: VitalKind, side: Side) -> str:
    """Return the rule's name."""
    return f"deviation.{kind}.{side}"


def look_back_s(plan: Plan) -> float:
    """Return how far back from an instant quarters are needed; normals reach further (`quarters`)."""
    return max((each.hold_s for each in plan.deviations), default=0.0) + HOLDS_S


def judge(batch: Batch, kind: VitalKind, side: Side) -> Track:
    """Judge the deviations of a kind to one side of every stay whose plan has them."""
    stays, quarters, normals = len(batch.stays), batch.quarters.get(kind), batch.normals.get(kind)
    bounds = grid.bands(batch.plans, lambda plan: [(e.sds, e.priority) for e in _of(plan, kind, side)])
    lasting = grid.bands(batch.plans, lambda plan: [(e.hold_s, e.priority) for e in _of(plan, kind, side)])
    if quarters is None or normals is None or not len(quarters.start_s) or not len(bounds.bound):
        return grid.nobody(stays)
    plan = batch.plan_of[quarters.row]
    away = scores(quarters, normals) * (1 if side is Side.HIGH else -1)
    verdict = np.zeros(len(away), np.int8)
    began_s = np.full(len(away), np.nan)
    for bound, hold_s, found in zip(bounds.bound, lasting.bound, bounds.verdict, strict=True):
        said = _band(quarters, away, bound[plan], hold_s[plan], found[plan])
        began_s = np.where(said > verdict, quarters.end_s - np.maximum(hold_s[plan], QUARTER_S), began_s)
        verdict = np.maximum(verdict, said)
    mine = np.flatnonzero(bounds.given[plan])
    return grid.track(grid.judge(quarters, mine, verdict[mine], began_s[mine]), stays, HOLDS_S)


def scores(quarters: Quarters, normals: Normals) -> Floats:
    """Return how many of the person's spreads each quarter's mean lies above the normal in force: (n,), NaN for none.

    The normal in force when a quarter is over is the one taken last before that, at noon or midnight UTC.
    """
    row = quarters.row
    owner = np.repeat(np.arange(len(normals.offsets) - 1), np.diff(normals.offsets))
    wanted_s = taken_s(quarters.end_s)
    # One order over both: stay first, then time; times are whole steps of the same clock.
    stride = 1 << 40
    there, asking = (each.astype(np.int64) for each in (owner * stride + normals.at_s, row * stride + wanted_s))
    if not len(there):
        return np.full(len(row), np.nan)
    place = np.minimum(np.searchsorted(there, asking), len(there) - 1)
    half = at_night(quarters.start_s + quarters.step_s / 2).astype(np.int64)
    known = (there[place] == asking) & normals.personal[place, half]
    found: Floats = np.where(known, (quarters.mean - normals.centre[place, half]) / normals.spread[place, half], np.nan)
    return found


def _of(plan: Plan, kind: VitalKind, side: Side) -> list[Deviation]:
    return [each for each in plan.deviations if (each.kind, each.side) == (kind, side)]


def _band(quarters: Quarters, away: Floats, sds: Floats, hold_s: Floats, found: Verdicts) -> Verdicts:
    """Return what one bound a stay says at the end of each quarter; unknown where the plan has none."""
    lasts_s = np.fmax(hold_s, QUARTER_S)
    end_s, row = quarters.end_s, quarters.row
    spans = between(quarters.course(), row, end_s - lasts_s, end_s)
    known, beyond = ~np.isnan(away), away >= sds
    counted, outside = _count(known, spans.first, spans.end), _count(beyond, spans.first, spans.end)
    enough = known & (counted >= LEAST_KNOWN * lasts_s / QUARTER_S)
    there = enough & beyond & (outside >= LEAST_BEYOND * counted)
    over = enough & (away < sds - CLEAR_SDS) & (outside <= (1 - LEAST_KNOWN) * counted)
    said = np.where(there, found, np.where(over, Verdict.QUIET, np.where(enough, Verdict.PENDING, Verdict.UNKNOWN)))
    return np.where(np.isnan(sds), Verdict.UNKNOWN, said).astype(np.int8)


def _count(true: Bools, first: Ints, end: Ints) -> Ints:
    total = np.concatenate(([0], np.cumsum(true)))
    found: Ints = total[end] - total[first]
    return found
