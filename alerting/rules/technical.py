"""Technical findings: silent signals, devices offline or nearly empty, plans and stays that cannot be judged.

They speak of the equipment, never of the patient, and nothing clinical is quieted by them. Silence is counted from
the last usable reading (the earlier of measured and received), or, where none ever came, from when the stay and its
first device began: a signal that never arrived is as silent as one that stopped.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from alerting.features import Batch, DeviceReport, Floats, Ints, Observed, Series, StayContext, moment, reading_at
from alerting.observed import RULE_VERSION, Observation, Quiet
from alerting.rules import steps
from alerting.tracks import Row, Track, Verdict, track, without
from ward.alerts import Evidence, Family, Finding, Input, Priority, Role
from ward.people import StayId
from ward.plans import Plan
from ward.vitals import VITALS, VitalKind

NODATA, OFFLINE, BATTERY, PLAN = "nodata", "offline", "battery", "plan"
SEVERAL = f"{OFFLINE}.several"
ORDER, UNWATCHED = "plan.order", "unwatched"
# Says that an order stands under a name that nobody could check.
UNNAMED = f"{ORDER}.unnamed"
# The project's choices, to be confirmed locally: seconds, per cent.
OFFLINE_AFTER_S = 120.0
BATTERY_LOW_PCT, BATTERY_EMPTY_PCT, BATTERY_CLEAR_PCT = 15.0, 5.0, 20.0
# A device that promises a reading less often than the kind goes stale may miss one before anybody is told.
_MISSED = 2.0


def silent_after_s(kind: VitalKind, expected_s: float) -> float:
    """Return how long a signal may be silent: the kind's stale time, longer for a device that promises less."""
    return max(VITALS[kind].freshness.stale_s, _MISSED * expected_s)


def silence_look_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return that the newest reading of each expected kind is enough."""
    return dict.fromkeys(plan.expected, 0.0)


def judge_silence(batch: Batch) -> dict[str, Track]:
    """Judge every expected signal by the clock: `nodata.<kind>` from when it has been silent for too long."""
    kinds = sorted({kind for plan in batch.plans for kind in plan.expected})
    return {f"{NODATA}.{kind}": _silence(batch, kind) for kind in kinds}


def _silence(batch: Batch, kind: VitalKind) -> Track:
    after = np.array([silent_after_s(kind, plan.expected[kind]) if kind in plan.expected else np.inf
                      for plan in batch.plans])[batch.plan_of]  # fmt: skip
    stay, from_s, last_s, place = _signs(batch, batch.of(kind), float(after.min()))
    over = steps.hold(len(batch.stays), stay, from_s, last_s, np.arange(1, len(stay) + 1), after[stay])
    silent = over.value == 0
    sign = np.where(silent, np.concatenate((over.value[:1], over.value[:-1])), over.value) - 1
    judged = track(
        len(batch.stays),
        over.stay,
        over.from_s,
        np.where(silent, Verdict.MEDIUM, Verdict.QUIET),
        last_s[sign],
        place=place[sign],
    )
    return without(judged, np.isinf(after))


def _signs(batch: Batch, series: Series, least_s: float) -> tuple[Ints, Floats, Floats, Ints]:
    """Return what says that a signal is there: that it was to begin, and its readings.

    Readings that follow each other within `least_s` are one sign: (stay, from, until, place of the last).
    """
    count = np.diff(series.offsets)
    owner = np.repeat(np.arange(len(count)), count)
    ends = np.flatnonzero(steps.following_s(owner, series.t_s) > series.t_s + least_s)
    begins = np.concatenate(([0], ends[:-1] + 1))[: len(ends)]
    first = series.offsets[:-1][count > 0]
    began_s = np.array([stay.watched_from_s for stay in batch.stays])
    first_s = np.full(len(count), np.inf)
    first_s[count > 0] = series.t_s[first]
    waited = np.flatnonzero(began_s < first_s)
    stay = np.concatenate((owner[ends], waited))
    from_s = np.concatenate((series.t_s[begins], began_s[waited]))
    last_s = np.concatenate((series.t_s[ends], began_s[waited]))
    place = np.concatenate((ends, np.full(len(waited), -1)))
    order = np.lexsort((from_s, stay))
    return stay[order], from_s[order], last_s[order], place[order]


def silence_evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return since when nothing has come, and what came last."""
    kind = VitalKind(rule.removeprefix(f"{NODATA}."))
    last = None if row.place < 0 else reading_at(batch.of(kind), kind, row.place, Role.BEFORE)
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=f"{NODATA}.never" if last is None else NODATA,
        params={
            "kind": kind.value,
            "duration_s": row.from_s - row.began_s,
            "value": None if last is None else last.value,
            "unit": VITALS[kind].unit,
        },
        inputs=() if last is None else (last,),
    )


def observe_devices(batch: Batch, now_s: float) -> Observed:
    """Find stays whose device is offline or low on battery."""
    observations: list[Observation] = []
    next_s = np.full(len(batch.stays), np.inf)
    for index, stay in enumerate(batch.stays):
        observations += _battery(stay, now_s)
        away = [device for device in stay.devices if not device.online]
        due = [(device.changed_s + OFFLINE_AFTER_S, device) for device in away]
        gone = [(due_s, device) for due_s, device in due if due_s <= now_s]
        if gone:
            observations.append(_offline(stay, sorted(gone, key=lambda each: (each[0], each[1].device_id))))
        elif OFFLINE in stay.alerts and not away:
            observations.append(Quiet(stay_id=stay.stay_id, rule=OFFLINE))
        next_s[index] = min((due_s for due_s, _ in due if due_s > now_s), default=np.inf)
    return Observed(observations=tuple(observations), next_s=next_s)


def _offline(stay: StayContext, gone: list[tuple[float, DeviceReport]]) -> Finding:
    """Return that devices are out of contact, each by its name; one that the alert does not name yet is news."""
    due_s, first = gone[0]
    names = [device.device_id for _, device in gone]
    params: dict[str, str | float | int | None] = {"device_id": first.device_id, "duration_s": OFFLINE_AFTER_S}
    if len(names) > 1:
        params["devices"] = ", ".join(names)
    found = _finding(stay.stay_id, OFFLINE, Priority.LOW, first.changed_s, due_s, params)
    if len(names) > 1:
        found = replace(found, evidence=replace(found.evidence, text_key=SEVERAL))
    alert = stay.alerts.get(OFFLINE)
    return found if alert is None else replace(found, renews=not set(names) <= _named(alert.evidence))


def _named(evidence: Evidence) -> set[str]:
    """Return the devices that an alert names."""
    return set(str(evidence.params.get("devices", evidence.params.get("device_id", ""))).split(", "))


def _battery(stay: StayContext, now_s: float) -> list[Observation]:
    told = [(device.battery_pct, device) for device in stay.devices if device.battery_pct is not None]
    percent, device = min(told, key=lambda each: each[0], default=(100.0, None))
    if device is not None and percent <= BATTERY_LOW_PCT:
        priority = Priority.MEDIUM if percent <= BATTERY_EMPTY_PCT else Priority.LOW
        params: dict[str, str | float | int | None] = {"device_id": device.device_id, "value": percent, "unit": "%"}
        found = _finding(stay.stay_id, BATTERY, priority, device.reported_s, device.reported_s, params)
        left = Input(kind=BATTERY, value=percent, unit="%", measured_at=moment(device.reported_s))
        return [replace(found, evidence=replace(found.evidence, inputs=(left,), judged_at=moment(now_s)))]
    if BATTERY in stay.alerts and percent >= BATTERY_CLEAR_PCT:
        return [Quiet(stay_id=stay.stay_id, rule=BATTERY)]
    return []


def observe_watching(batch: Batch, now_s: float) -> Observed:
    """Find stays of whose plan a layer was left out, or whose order of scale 2 has run out or is no known doctor's.

    To be here at all is to be evaluated.
    """
    observations: list[Observation] = []
    for stay in batch.stays:
        order = _order_text(stay)
        if stay.plan_faults:
            observations.append(_finding(stay.stay_id, PLAN, Priority.MEDIUM, now_s, now_s, {}))
        if order is not None:
            observations.append(_finding(stay.stay_id, ORDER, Priority.LOW, now_s, now_s, {}, order))
        over = [rule for rule, on in ((PLAN, stay.plan_faults != ()), (ORDER, order is not None)) if not on]
        observations += [Quiet(stay_id=stay.stay_id, rule=rule) for rule in (*over, UNWATCHED) if rule in stay.alerts]
    return Observed(observations=tuple(observations), next_s=np.full(len(batch.stays), np.inf))


def _order_text(stay: StayContext) -> str | None:
    """Return what is to be told of a stay's order of scale 2, as the key of its words."""
    if stay.scale_2_lapsed:
        return ORDER
    order = stay.plan.scale_2_order
    return UNNAMED if stay.plan.spo2_scale == 2 and order is not None and not order.is_named else None


def unwatched(stay_id: StayId, now_s: float) -> Finding:
    """Return that a stay could not be evaluated at `now_s`: no rule watches over it."""
    return _finding(stay_id, UNWATCHED, Priority.HIGH, now_s, now_s, {})


def _finding(
    stay_id: StayId,
    rule: str,
    priority: Priority,
    began_s: float,
    due_s: float,
    params: dict[str, str | float | int | None],
    text_key: str | None = None,
) -> Finding:
    return Finding(
        stay_id=stay_id,
        rule=rule,
        family=Family.TECHNICAL,
        priority=priority,
        began_at=moment(began_s),
        due_at=moment(due_s),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=text_key or rule,
            params=params,
            inputs=(),
            judged_at=moment(due_s),
        ),
    )
