"""Oxygen saturation that falls although more oxygen is given: `support.spo2`.

At the end of each quarter of an hour the last hour's SpO2 is compared with every hour's of the time before: it is found
where it has fallen by the plan's points since an hour in which less oxygen flowed by the plan's litres. It is over when
half of that is made up; that the hours before the fall are longer ago than the plan looks back makes nothing up. The
invariant: where the flow is not known, fresh, at both ends, nothing is said: unknown oxygen is neither air nor more.
"""

from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Floats, Ints, in_order_of_time, moment
from alerting.observed import RULE_VERSION
from alerting.quarters import DECIMALS, QUARTER_S, Quarters
from alerting.rules import grid
from alerting.rules.grid import mean_at
from alerting.signal.spans import after
from alerting.tracks import Row, Track, Verdict
from ward.alerts import Evidence, Input, Role
from ward.plans import Plan
from ward.vitals import VITALS, VitalKind

SUPPORT: Final = "support.spo2"
# The project's choices, to be confirmed by who is clinically responsible.
SMOOTH: Final = 4  # quarters of an hour that a saturation is the mean of
LEAST: Final = 3  # of them that must be known
CLEAR: Final = 0.5  # of the plan's fall: less than this is left, and as much has been made up, when it is over
HOLDS_S: Final = 3600.0  # how long a verdict stands without a new saturation
_EPS: Final = 1e-6
FLOW_STALE_S: Final = VITALS[VitalKind.OXYGEN_FLOW].freshness.stale_s


def look_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back from an instant quarters of saturation and of flow are needed."""
    if plan.support is None:
        return {}
    saturation_s = plan.support.within_s + SMOOTH * QUARTER_S + HOLDS_S
    return {VitalKind.SPO2: saturation_s, VitalKind.OXYGEN_FLOW: saturation_s + FLOW_STALE_S}


def judge(batch: Batch) -> dict[str, Track]:
    """Judge saturation against support of every stay whose plan does."""
    bands = grid.bands(
        batch.plans, lambda plan: [] if plan.support is None else [(plan.support.spo2_fall, plan.support.priority)]
    )
    if not len(bands.bound):
        return {}
    if not batch.quarters:
        return grid.unread(len(batch.stays), (SUPPORT,))
    quarters = batch.of_quarters(VitalKind.SPO2)
    plan = batch.plan_of[quarters.row]
    fallen, since_s, known = fall(batch)
    bound = bands.bound[0, plan]
    made_up = (fallen < CLEAR * bound) & (risen(batch) >= CLEAR * bound - _EPS)
    over = np.where(made_up, Verdict.QUIET, Verdict.PENDING)
    verdict = np.where(~known, Verdict.UNKNOWN, np.where(fallen >= bound - _EPS, bands.verdict[0, plan], over))
    mine = np.flatnonzero(bands.given[plan])
    judged = grid.judged(quarters, mine, verdict[mine].astype(np.int8), since_s[mine])
    return {SUPPORT: grid.said(batch, judged, HOLDS_S, bands.given)}


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:  # noqa: ARG001 - every rule is asked alike
    """Return by how much it has fallen, and saturation and oxygen then and now."""
    quarters = batch.quarters[VitalKind.SPO2]
    fallen, since_s, _ = (each[row.place] for each in fall(batch))
    flow, smooth = batch.of_quarters(VitalKind.OXYGEN_FLOW), smoothed(quarters)
    flowing = flow_place(quarters, flow)
    own = slice(int(quarters.offsets[row.stay]), row.place + 1)
    then = own.start + int(np.argmin(np.abs(quarters.end_s[own] - since_s)))
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=SUPPORT,
        params={
            "kind": VitalKind.SPO2.value,
            "value": float(fallen),
            "unit": VITALS[VitalKind.SPO2].unit,
            "flow_before": float(flow.mean[flowing[then]]),
            "flow_now": float(flow.mean[flowing[row.place]]),
            "duration_s": row.from_s - float(since_s),
        },
        inputs=in_order_of_time(
            _hour(quarters, smooth, row.place, Role.JUDGED),
            mean_at(flow, VitalKind.OXYGEN_FLOW, int(flowing[row.place])),
            _hour(quarters, smooth, then, Role.BEFORE),
            mean_at(flow, VitalKind.OXYGEN_FLOW, int(flowing[then]), Role.BEFORE),
        ),
    )


def _hour(quarters: Quarters, smooth: Floats, place: int, role: Role) -> Input:
    """Return the saturation that is compared: the mean of an hour, as old as the hour's beginning."""
    kind, over_s = VitalKind.SPO2, SMOOTH * QUARTER_S
    began_at = moment(float(quarters.end_s[place]) - over_s)
    return Input(
        kind=kind,
        value=round(float(smooth[place]), DECIMALS),
        unit=VITALS[kind].unit,
        measured_at=began_at,
        role=role,
        over_s=over_s,
    )


def fall(batch: Batch) -> tuple[Floats, Floats, Bools]:
    """Return by how much each quarter's SpO2 lies under the highest that needed less oxygen, and since when.

    All are (n,); the third tells whether saturation and flow are known. 0 where no oxygen has been added.
    """
    quarters = batch.of_quarters(VitalKind.SPO2)
    row = quarters.row
    rise, within_s = (column[batch.plan_of[row]] for column in _asked(batch))
    smooth, flowing = smoothed(quarters), flow_at(quarters, batch.of_quarters(VitalKind.OXYGEN_FLOW))
    fallen, since_s = np.zeros(len(row)), quarters.end_s.copy()
    longest = int(np.max(within_s, initial=0.0) // QUARTER_S)
    for lag in range(1, longest + 1):
        here = np.arange(lag, len(row))
        there = here - lag
        near = (row[here] == row[there]) & (quarters.start_s[here] - quarters.start_s[there] <= within_s[here])
        if not near.any():
            break
        drop = smooth[there] - smooth[here]
        more = near & (flowing[here] - flowing[there] >= rise[here] - _EPS) & (drop > fallen[here])
        fallen[here[more]], since_s[here[more]] = drop[more], quarters.end_s[there[more]]
    return fallen, since_s, ~np.isnan(smooth) & ~np.isnan(flowing)


def risen(batch: Batch) -> Floats:
    """Return by how much each quarter's SpO2 lies over the lowest of the plan's time before it: (n,), 0 for none."""
    quarters = batch.of_quarters(VitalKind.SPO2)
    row, smooth = quarters.row, smoothed(quarters)
    within_s = _asked(batch)[1][batch.plan_of[row]]
    found = np.zeros(len(row))
    for lag in range(1, int(np.max(within_s, initial=0.0) // QUARTER_S) + 1):
        here = np.arange(lag, len(row))
        there = here - lag
        near = (row[here] == row[there]) & (quarters.start_s[here] - quarters.start_s[there] <= within_s[here])
        if not near.any():
            break
        found[here[near]] = np.fmax(found[here[near]], (smooth[here] - smooth[there])[near])
    return found


def _asked(batch: Batch) -> tuple[Floats, Floats]:
    """Return each plan's rise of the flow and its time; NaN and 0 for none."""
    found = [
        (np.nan, 0.0) if each.support is None else (each.support.flow_rise, each.support.within_s)
        for each in batch.plans
    ]
    columns = np.array(found).reshape(-1, 2)
    return columns[:, 0], columns[:, 1]


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


def flow_at(quarters: Quarters, flow: Quarters) -> Floats:
    """Return the flow in force at the end of each quarter, NaN where it is not known or stale."""
    place = flow_place(quarters, flow)
    return np.where(place >= 0, np.append(flow.mean, np.nan)[place], np.nan)


def flow_place(quarters: Quarters, flow: Quarters) -> Ints:
    """Return the place of the flow in force at the end of each quarter, -1 where it is not known or stale."""
    if not len(flow.mean):
        return np.full(len(quarters.mean), -1, np.int64)
    row = quarters.row
    place = after(flow.course(), row, quarters.end_s) - 1
    fresh = (place >= flow.offsets[row]) & (quarters.end_s - flow.end_s[np.maximum(place, 0)] < FLOW_STALE_S)
    return np.where(fresh, place, -1)
