"""Oxygen saturation that falls although more oxygen is given: `support.spo2`.

At the end of each quarter of an hour the last hour's SpO2 is compared with every hour's of the time before: it is found
where it has fallen by the plan's points since an hour in which less oxygen flowed by the plan's litres. The invariant:
where the flow is not known, fresh, at both ends, nothing is said: unknown oxygen is neither air nor more.
"""

from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Floats, Ints, Series
from alerting.quarters import QUARTER_S, Quarters
from alerting.rules import grid
from alerting.signal.series import Course
from alerting.signal.spans import after
from alerting.tracks import Track, Verdict
from ward.plans import Plan
from ward.vitals import VITALS, VitalKind

SUPPORT: Final = "support.spo2"
# The project's choices, to be confirmed by who is clinically responsible.
SMOOTH: Final = 4  # quarters of an hour that a saturation is the mean of
LEAST: Final = 3  # of them that must be known
CLEAR: Final = 0.5  # of the plan's fall: below it is over
HOLDS_S: Final = 3600.0  # how long a verdict stands without a new saturation
FLOW_STALE_S: Final = VITALS[VitalKind.OXYGEN_FLOW].freshness.stale_s


def look_back_s(plan: Plan) -> float:
    """Return how far back from an instant quarters, and readings of the flow, are needed."""
    if plan.support is None:
        return 0.0
    return plan.support.within_s + SMOOTH * QUARTER_S + HOLDS_S + FLOW_STALE_S


def judge(batch: Batch) -> Track:
    """Judge saturation against support of every stay whose plan does."""
    stays, quarters = len(batch.stays), batch.quarters.get(VitalKind.SPO2)
    bands = grid.bands(
        batch.plans, lambda plan: [] if plan.support is None else [(plan.support.spo2_fall, plan.support.priority)]
    )
    if quarters is None or not len(quarters.start_s) or not len(bands.bound):
        return grid.nobody(stays)
    plan = batch.plan_of[quarters.row]
    rise = np.array([np.nan if each.support is None else each.support.flow_rise for each in batch.plans])[plan]
    within_s = np.array([0.0 if each.support is None else each.support.within_s for each in batch.plans])[plan]
    fallen, since_s, known = fall(quarters, batch.of(VitalKind.OXYGEN_FLOW), rise, within_s)
    bound = bands.bound[0, plan]
    over = np.where(fallen < CLEAR * bound, Verdict.QUIET, Verdict.PENDING)
    verdict = np.where(~known, Verdict.UNKNOWN, np.where(fallen >= bound, bands.verdict[0, plan], over))
    mine = np.flatnonzero(~np.isnan(bound))
    judged = grid.judge(quarters, mine, verdict[mine].astype(np.int8), since_s[mine])
    return grid.track(judged, stays, HOLDS_S)


def fall(quarters: Quarters, flow: Series, rise: Floats, within_s: Floats) -> tuple[Floats, Floats, Bools]:
    """Return by how much each quarter's SpO2 lies under the highest that needed `rise` less oxygen, and since when.

    All are (n,); the third tells whether saturation and flow are known. 0 where no oxygen has been added.
    """
    smooth, flowing, row = smoothed(quarters), flow_at(quarters, flow), quarters.row
    fallen, since_s = np.zeros(len(row)), quarters.end_s.copy()
    longest = int(np.max(within_s, initial=0.0) // QUARTER_S)
    for lag in range(1, longest + 1):
        here = np.arange(lag, len(row))
        there = here - lag
        near = (row[here] == row[there]) & (quarters.start_s[here] - quarters.start_s[there] <= within_s[here])
        if not near.any():
            break
        drop = smooth[there] - smooth[here]
        more = near & (flowing[here] - flowing[there] >= rise[here]) & (drop > fallen[here])
        fallen[here[more]], since_s[here[more]] = drop[more], quarters.end_s[there[more]]
    return fallen, since_s, ~np.isnan(smooth) & ~np.isnan(flowing)


def smoothed(quarters: Quarters) -> Floats:
    """Return the mean of the last hour's quarters at the end of each; NaN where too few of them are known."""
    total, count = quarters.mean.copy(), np.ones(len(quarters.mean))
    row = quarters.row
    for lag in range(1, SMOOTH):
        here = np.arange(lag, len(row))
        there = here - lag
        near = (row[here] == row[there]) & (quarters.start_s[here] - quarters.start_s[there] < SMOOTH * QUARTER_S)
        total[here[near]] += quarters.mean[there[near]]
        count[here[near]] += 1
    return np.where(count >= LEAST, total / count, np.nan)


def flow_at(quarters: Quarters, flow: Series) -> Floats:
    """Return the flow in force at the end of each quarter, NaN where it is not known or stale."""
    row: Ints = quarters.row
    course = Course(t_s=flow.t_s, value=flow.value, quality=flow.quality, offsets=flow.offsets)
    place = after(course, row, quarters.end_s) - 1
    there = place >= course.offsets[row]
    place = np.maximum(place, 0)
    if not len(course.t_s):
        return np.full(len(row), np.nan)
    fresh = there & (quarters.end_s - course.t_s[place] < FLOW_STALE_S)
    return np.where(fresh, course.value[place], np.nan)
