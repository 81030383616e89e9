"""Findings of a value far from the person's own normal: `deviation.<kind>.<low|high>`, by day and by night.

Counted over the quarters of an hour of the time that it must last: three of four of those known must lie beyond, the
newest too. It is quiet once the newest lies well inside and no more than half of them beyond; between the two nothing
is said. The invariant: without a normal of the person's own nothing is said; others' normals never stand in for it.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Floats, Ints, in_order_of_time, moment
from alerting.observed import RULE_VERSION
from alerting.quarters import NORMAL_EVERY_S, QUARTER_S, Normals, Quarters, at_night, taken_s
from alerting.rules import grid
from alerting.rules.grid import mean_at
from alerting.signal.spans import between
from alerting.tracks import Row, Track, Verdict, Verdicts
from ward.alerts import Evidence, Input, Role
from ward.plans import Deviation, Plan, Side
from ward.vitals import VITALS, VitalKind

DEVIATION: Final = "deviation"
# The project's choices, to be confirmed by who is clinically responsible.
LEAST_KNOWN: Final = 0.5  # share of the quarters of the time that must be known
LEAST_BEYOND: Final = 0.75  # share of those known that must lie beyond
CLEAR_SDS: Final = 0.5  # how far inside the bound the newest must lie to be over
HOLDS_S: Final = 3600.0  # how long a verdict stands without anything newer
_STRIDE: Final = 1 << 32


def asked(plans: Iterable[Plan]) -> list[tuple[VitalKind, Side]]:
    """Return the kinds and sides that any of the plans watches for deviations."""
    return sorted({(each.kind, each.side) for plan in plans for each in plan.deviations})


def rule_name(kind: VitalKind, side: Side) -> str:
    """Return the rule's name."""
    return f"{DEVIATION}.{kind}.{side}"


def look_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back from an instant a plan's deviations need quarters, by kind, in seconds.

    Normals reach further: `quarters.NORMAL_LOOK_BACK_S`.
    """
    found: dict[VitalKind, float] = {}
    for each in plan.deviations:
        found[each.kind] = max(found.get(each.kind, 0.0), max(each.hold_s, QUARTER_S) + HOLDS_S)
    return found


def judge(batch: Batch) -> dict[str, Track]:
    """Judge every deviation that any of the plans asks for."""
    wanted = asked(batch.plans)
    if not batch.quarters:
        return grid.unread(len(batch.stays), (rule_name(kind, side) for kind, side in wanted))
    return {rule_name(kind, side): _track(batch, kind, side) for kind, side in wanted}


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return the last quarter's mean, the first beyond, and what is usual for the person at this time of day."""
    kind, side = (part for part in rule.split(".")[1:])
    quarters, normals = batch.quarters[VitalKind(kind)], batch.normals[VitalKind(kind)]
    centre, spread, _ = in_force(quarters, normals)
    usual, limits = float(centre[row.place]), _of(batch.stays[row.stay].plan, VitalKind(kind), Side(side))
    sds = max((each.sds for each in limits if each.priority <= row.priority), default=0.0)
    away = sds * float(spread[row.place])
    signed = scores(quarters, normals) * (1 if side == Side.HIGH else -1)
    beyond = np.flatnonzero((signed >= sds) & (quarters.row == row.stay) & (quarters.start_s >= row.began_s))
    first = min(int(beyond[0]), row.place) if len(beyond) else row.place
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=f"{DEVIATION}.{side}",
        params={
            "kind": kind,
            "value": float(quarters.mean[row.place]),
            "limit": usual + away if side == Side.HIGH else usual - away,
            "usual": usual,
            "unit": VITALS[VitalKind(kind)].unit,
            "duration_s": row.from_s - row.began_s,
        },
        inputs=(
            *in_order_of_time(
                mean_at(quarters, VitalKind(kind), row.place),
                mean_at(quarters, VitalKind(kind), first, Role.SINCE),
            ),
            usual_at(quarters, normals, VitalKind(kind), row.place),
        ),
    )


def usual_at(quarters: Quarters, normals: Normals, kind: VitalKind, place: int) -> Input:
    """Return the person's own normal that a quarter is judged by as evidence, as of when it was taken."""
    centre, _, _ = in_force(quarters, normals)
    return Input(
        kind=kind,
        value=float(centre[place]),
        unit=VITALS[kind].unit,
        measured_at=moment(float(taken_s(quarters.end_s[place]))),
        role=Role.USUAL,
    )


def _track(batch: Batch, kind: VitalKind, side: Side) -> Track:
    quarters = batch.of_quarters(kind)
    bounds = grid.bands(batch.plans, lambda plan: [(each.sds, each.priority) for each in _of(plan, kind, side)])
    lasting = grid.bands(batch.plans, lambda plan: [(each.hold_s, each.priority) for each in _of(plan, kind, side)])
    plan = batch.plan_of[quarters.row]
    away = scores(quarters, batch.normals.get(kind)) * (1 if side is Side.HIGH else -1)
    verdict = np.zeros(len(away), np.int8)
    began_s = np.full(len(away), np.nan)
    for bound, hold_s, found in zip(bounds.bound, lasting.bound, bounds.verdict, strict=True):
        said = _band(quarters, away, bound[plan], hold_s[plan], found[plan])
        began_s = np.where(said > verdict, quarters.end_s - np.fmax(hold_s[plan], QUARTER_S), began_s)
        verdict = np.maximum(verdict, said)
    mine = np.flatnonzero(bounds.given[plan])
    return grid.said(batch, grid.judged(quarters, mine, verdict[mine], began_s[mine]), HOLDS_S, bounds.given)


def scores(quarters: Quarters, normals: Normals | None) -> Floats:
    """Return how many of the person's spreads each quarter's mean lies above what is usual: (n,), NaN for none."""
    if normals is None:
        return np.full(len(quarters.mean), np.nan)
    centre, spread, own = in_force(quarters, normals)
    found: Floats = np.where(own, (quarters.mean - centre) / spread, np.nan)
    return found


def in_force(quarters: Quarters, normals: Normals) -> tuple[Floats, Floats, Bools]:
    """Return centre and spread of the normal in force in each quarter's half of the day, and whether it is personal.

    It is the one taken last before the quarter is over, at noon or midnight UTC (`quarters.taken_s`).
    """
    row = quarters.row
    owner = np.repeat(np.arange(len(normals.offsets) - 1), np.diff(normals.offsets))
    # One order over both: stay first, then time; times are whole steps of the same clock.
    there, asking = (
        stay * _STRIDE + (at_s / NORMAL_EVERY_S).astype(np.int64)
        for stay, at_s in ((owner, normals.at_s), (row, taken_s(quarters.end_s)))
    )
    if not len(there):
        return np.ones(len(row)), np.ones(len(row)), np.zeros(len(row), np.bool_)
    place = np.minimum(np.searchsorted(there, asking), len(there) - 1)
    half = at_night(quarters.start_s + quarters.step_s / 2).astype(np.int64)
    own = (there[place] == asking) & normals.personal[place, half]
    return normals.centre[place, half], normals.spread[place, half], own


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
