"""Whose values are these? Technical findings that ask somebody to look before what is measured is believed.

`identity.weight`: a weighing far from the last ones: another person on the scale, or another scale. `identity.wearer`:
since a device was put on, two vitals at once lie far from the person's own normal, and did not before.
`identity.devices`: two devices of one person measure the same at the same time and disagree. All are careful to be
seldom wrong, so none of them proves anything when silent. The invariant: nothing clinical is quieted by such a doubt.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Floats, Heard, Ints, Observed, StayContext, moment
from alerting.observed import RULE_VERSION, Observation, Quiet
from alerting.quarters import HOUR_S, Quarters
from alerting.rules import grid
from alerting.rules.baseline_rules import scores, usual_at
from alerting.rules.grid import mean_at
from alerting.signal.spans import Spans, between, medians
from alerting.tracks import Row, Track, Verdict
from ward.alerts import Evidence, Family, Finding, Input, Priority, Role
from ward.plans import Plan
from ward.vitals import VITALS, VitalKind

IDENTITY: Final = "identity"
WEIGHT, WEARER, DEVICES = f"{IDENTITY}.weight", f"{IDENTITY}.wearer", f"{IDENTITY}.devices"
# The project's choices, to be confirmed locally.
USUAL_WEIGHINGS: Final = 3  # before the one that is judged, within the time; their median is what is usual
MOST_WEIGHINGS: Final = 7
USUAL_S: Final = 14 * 86_400.0
JUMP_SHARE, JUMP_KG = 0.08, 5.0  # from what is usual: the larger of the two
AFTER_S: Final = 6 * HOUR_S  # a device put on so long ago is no longer asked about
JUMP_SDS: Final = 4.0  # of the own normal: the median of the last hour since, against that of the hour before
BEFORE_SDS: Final = 2.0  # so near to it everything was
LEAST_KINDS: Final = 2
DISAGREE: Final[Mapping[VitalKind, float]] = MappingProxyType(
    {VitalKind.HEART_RATE: 15.0, VitalKind.SPO2: 6.0, VitalKind.RESP_RATE: 8.0, VitalKind.SYSTOLIC: 40.0}
)
AGREE_SHARE: Final = 0.6  # of that difference: below it they agree again
LEAST_READINGS: Final = 3


def look_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back quarters are needed: weighings where a plan asks for them, hours of what has a normal."""
    found: dict[VitalKind, float] = {}
    if plan.gain is not None or VitalKind.WEIGHT in (*plan.expected, *plan.limits):
        found[VitalKind.WEIGHT] = USUAL_S + VITALS[VitalKind.WEIGHT].freshness.stale_s
    for each in plan.deviations:
        found[each.kind] = AFTER_S + HOUR_S
    return found


def judge(batch: Batch) -> dict[str, Track]:
    """Judge weighings and what is measured since a device was put on."""
    if not batch.quarters:
        return grid.unread(len(batch.stays), (WEIGHT, WEARER))
    return {WEIGHT: _weighings(batch), WEARER: _wearers(batch)}


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return the weighing and what is usual, or what has jumped since the device was put on."""
    if rule == WEARER:
        return _wearer_evidence(batch, row)
    quarters = batch.quarters[VitalKind.WEIGHT]
    first = int(_weighed_before(quarters).first[row.place])
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=WEIGHT,
        params={
            "kind": VitalKind.WEIGHT.value,
            "value": float(quarters.mean[row.place]),
            "usual": float(usual_weight(quarters)[row.place]),
            "unit": VITALS[VitalKind.WEIGHT].unit,
        },
        inputs=(
            *(mean_at(quarters, VitalKind.WEIGHT, place, Role.BEFORE) for place in range(first, row.place)),
            mean_at(quarters, VitalKind.WEIGHT, row.place),
        ),
    )


def usual_weight(quarters: Quarters) -> Floats:
    """Return the median of the weighings before each, NaN where there are too few: (n,)."""
    spans = _weighed_before(quarters)
    return np.where(spans.count >= USUAL_WEIGHINGS, medians(quarters.mean, spans), np.nan)


def _weighed_before(quarters: Quarters) -> Spans:
    """Return the weighings before each that say what is usual."""
    place = np.arange(len(quarters.mean))
    spans = between(quarters.course(), quarters.row, quarters.start_s - USUAL_S, quarters.start_s)
    first = np.maximum(spans.first, place - MOST_WEIGHINGS)
    return Spans(first=np.minimum(first, place), end=place)


def _weighings(batch: Batch) -> Track:
    quarters = batch.of_quarters(VitalKind.WEIGHT)
    usual = usual_weight(quarters)
    away = np.abs(quarters.mean - usual) > np.maximum(JUMP_KG, JUMP_SHARE * usual)
    verdict = np.where(np.isnan(usual), Verdict.UNKNOWN, np.where(away, Verdict.MEDIUM, Verdict.QUIET))
    judged = grid.judged(quarters, np.arange(len(usual)), verdict.astype(np.int8), quarters.start_s)
    return grid.said(batch, judged, VITALS[VitalKind.WEIGHT].freshness.stale_s, _everybody(batch))


def _wearers(batch: Batch) -> Track:
    """Judge every quarter of the hours since a device was put on, by all kinds of which the plan asks for a normal."""
    kinds = [kind for kind in sorted(batch.normals) if kind in batch.quarters]
    row, at_s = _instants(batch, kinds)
    worn_s = _worn_s(batch)[row]
    known, jumped = np.zeros((2, len(row)), np.int64)
    for kind in kinds:
        asked = _has(batch, kind)[row]
        known_too, jumped_too = jumps(batch, kind, row, at_s, worn_s)
        known, jumped = known + (asked & known_too), jumped + (asked & jumped_too)
    found = np.where(jumped >= LEAST_KINDS, Verdict.MEDIUM, np.where(jumped == 0, Verdict.QUIET, Verdict.PENDING))
    verdict = np.where(known >= LEAST_KINDS, found, Verdict.UNKNOWN).astype(np.int8)
    nowhere = np.full(len(row), -1, np.int64)
    judged = grid.Judged(row=row, at_s=at_s, verdict=verdict, began_s=worn_s, place=nowhere)
    return grid.said(batch, judged, HOUR_S, _everybody(batch))


def _instants(batch: Batch, kinds: Sequence[VitalKind]) -> tuple[Ints, Floats]:
    """Return (stay, time) of the ends of all quarters of these kinds in the hours since a device was put on."""
    row, at_s = [np.empty(0, np.int64)], [np.empty(0)]
    for kind in kinds:
        quarters = batch.quarters[kind]
        since_s = quarters.end_s - _worn_s(batch)[quarters.row]
        asked = _has(batch, kind)[quarters.row] & (since_s >= HOUR_S) & (since_s <= AFTER_S)
        row.append(quarters.row[asked])
        at_s.append(quarters.end_s[asked])
    both = np.unique(np.stack((np.concatenate(row).astype(np.float64), np.concatenate(at_s))), axis=1)
    return both[0].astype(np.int64), both[1]


def _has(batch: Batch, kind: VitalKind) -> Bools:
    """Tell of which stays the plan asks for a normal of a kind."""
    asked = [any(each.kind is kind for each in plan.deviations) for plan in batch.plans]
    return np.array(asked, np.bool_)[batch.plan_of]


def jumps(batch: Batch, kind: VitalKind, row: Ints, at_s: Floats, worn_s: Floats) -> tuple[Bools, Bools]:
    """Tell of each moment whether a kind is known before and since a device was put on, and whether it has jumped."""
    quarters = batch.quarters[kind]
    course = quarters.course()
    away = scores(quarters, batch.normals[kind])
    course = course.chosen(~np.isnan(away))
    away = away[~np.isnan(away)]
    since = medians(away, between(course, row, np.maximum(at_s - HOUR_S, worn_s), at_s))
    before = medians(away, between(course, row, worn_s - HOUR_S, worn_s))
    known = ~np.isnan(since) & ~np.isnan(before)
    return known, known & (np.abs(since) >= JUMP_SDS) & (np.abs(before) <= BEFORE_SDS)


def _wearer_evidence(batch: Batch, row: Row) -> Evidence:
    kinds = [kind for kind in sorted(batch.normals) if kind in batch.quarters and _has(batch, kind)[row.stay]]
    whose, at_s, worn_s = (np.array([each]) for each in (row.stay, row.from_s, row.began_s))
    jumped = [kind for kind in kinds if jumps(batch, kind, whose, at_s, worn_s)[1][0]]
    spans = [(kind, between(batch.quarters[kind].course(), whose, worn_s, at_s)) for kind in jumped]
    newest = [(kind, batch.quarters[kind], int(each.end[0]) - 1) for kind, each in spans]
    device = max(batch.stays[row.stay].devices, key=lambda each: each.worn_from_s or -np.inf)
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=WEARER,
        params={"device_id": device.device_id, "kinds": ",".join(jumped), "duration_s": row.from_s - row.began_s},
        inputs=(
            *(mean_at(quarters, kind, place) for kind, quarters, place in newest),
            *(usual_at(quarters, batch.normals[kind], kind, place) for kind, quarters, place in newest),
        ),
    )


def _worn_s(batch: Batch) -> Floats:
    """Return when each stay's newest device was put on, -inf where that is not known."""
    return np.array(
        [max((each.worn_from_s or -np.inf for each in stay.devices), default=-np.inf) for stay in batch.stays]
    )


def _everybody(batch: Batch) -> Bools:
    return np.ones(len(batch.plans), np.bool_)


def observe(batch: Batch, now_s: float) -> Observed:
    """Find stays of which two devices measure the same, and disagree."""
    observations: list[Observation] = []
    for stay in batch.stays:
        pairs = sorted(_pairs(stay), key=lambda pair: -_apart(*pair))
        if pairs and _apart(*pairs[0]) >= 1:
            observations.append(_disagreement(stay, pairs[0], now_s))
        elif DEVICES in stay.alerts and (not pairs or _apart(*pairs[0]) < AGREE_SHARE):
            observations.append(Quiet(stay_id=stay.stay_id, rule=DEVICES))
    return Observed(observations=tuple(observations), next_s=np.full(len(batch.stays), np.inf))


def _pairs(stay: StayContext) -> list[tuple[Heard, Heard]]:
    heard = [each for each in stay.heard if each.kind in DISAGREE and each.count >= LEAST_READINGS]
    return [(one, other) for one, other in combinations(heard, 2) if one.kind is other.kind]


def _apart(one: Heard, other: Heard) -> float:
    """Return how far two devices are apart, 1 being what they may be."""
    return abs(one.mean - other.mean) / DISAGREE[one.kind]


def _disagreement(stay: StayContext, pair: tuple[Heard, Heard], now_s: float) -> Finding:
    one, other = sorted(pair, key=lambda each: each.device_id)
    return Finding(
        stay_id=stay.stay_id,
        rule=DEVICES,
        family=Family.TECHNICAL,
        priority=Priority.MEDIUM,
        began_at=moment(min(one.last_s, other.last_s, now_s)),
        due_at=moment(min(one.last_s, other.last_s, now_s)),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=DEVICES,
            params={
                "kind": one.kind.value,
                "value": one.mean,
                "limit": other.mean,
                "unit": VITALS[one.kind].unit,
                "device_id": one.device_id,
                "other_id": other.device_id,
            },
            inputs=(_mean(one), _mean(other)),
            judged_at=moment(now_s),
        ),
    )


def _mean(heard: Heard) -> Input:
    """Return what a device has measured lately as evidence, as old as the first of it."""
    return Input(
        kind=heard.kind,
        value=heard.mean,
        unit=VITALS[heard.kind].unit,
        measured_at=moment(heard.first_s),
        over_s=heard.last_s - heard.first_s,
    )
