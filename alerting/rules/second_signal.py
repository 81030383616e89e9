"""A second signal beside a doubtful fall of SpO2: nothing else has changed and the reading is poor, so measure again.

A fall below the warning limit whose first reading is of doubtful quality (movement, a cold finger), while heart rate
and breathing are as they were minutes before, waits for a moment in which the patient is asked to sit still and measure
again; that it waits is told (`second.spo2`). Below the alarm limit nothing waits, so nothing of high priority ever
does. Off where the plan has no `second_signal`. The invariant: it waits at most the plan's time after its own delay,
and where a second signal is not known there is no doubt.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Floats, in_order_of_time, newest_at, reading_at
from alerting.observed import RULE_VERSION
from alerting.rules.steps import Aligned
from alerting.tracks import Row
from ward.alerts import Evidence, Input, Role
from ward.plans import Plan, SecondSignal
from ward.vitals import VITALS, VitalKind

NAME: Final = "second"
SECOND: Final = f"{NAME}.{VitalKind.SPO2}"
BEFORE_S: Final = 300.0
"""What heart rate and breathing are compared with was measured at least so long before the fall."""
_OTHERS: Final = (VitalKind.HEART_RATE, VitalKind.RESP_RATE)


def waits_s(batch: Batch) -> Floats:
    """Return (m,): how long a doubtful fall waits, 0 where the plan has no second signal."""
    per_plan = [0.0 if plan.second_signal is None else plan.second_signal.wait_s for plan in batch.plans]
    return np.array(per_plan)[batch.plan_of]


def look_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return how far back the second signals decide, beside what the limits themselves look at."""
    asked = plan.second_signal
    profiles = (plan.limits, plan.night.limits if plan.night else {})
    delays_s = [each[VitalKind.SPO2].delay_s for each in profiles if VitalKind.SPO2 in each]
    if asked is None or not delays_s:
        return {}
    longest_s = BEFORE_S + max(delays_s) + asked.wait_s
    return {kind: longest_s + VITALS[kind].freshness.stale_s for kind in _OTHERS}


def doubted(batch: Batch, at: Aligned, began_s: Floats, until_s: Floats) -> Bools:
    """Tell at which instants a fall that began then is held back for being doubtful: (k,) bool.

    began_s : (k,) since when the warning limit is violated, NaN where it is not; until_s : (k,) when it waits no more
    """
    waits = ~np.isnan(began_s) & (at.from_s < until_s) & (waits_s(batch)[at.stay] > 0)
    held = np.zeros(len(began_s), np.bool_)
    known: dict[tuple[int, float], bool] = {}
    for place in np.flatnonzero(waits).tolist():
        fall = (int(at.stay[place]), float(began_s[place]))
        if fall not in known:
            known[fall] = _doubtful(batch, *fall)
        held[place] = known[fall]
    return held


def _doubtful(batch: Batch, stay: int, began_s: float) -> bool:
    asked = batch.stays[stay].plan.second_signal
    series = batch.of(VitalKind.SPO2)
    place = newest_at(series, stay, began_s)
    if asked is None or place < 0 or not series.quality[place] < asked.quality_below:
        return False
    return all(_unchanged(batch, stay, began_s, kind, asked) for kind in _OTHERS)


def _unchanged(batch: Batch, stay: int, at_s: float, kind: VitalKind, asked: SecondSignal) -> bool:
    """Tell whether a kind is known to be at an instant as it was minutes before."""
    within = asked.heart_rate_within if kind is VitalKind.HEART_RATE else asked.resp_rate_within
    series, stale_s = batch.of(kind), VITALS[kind].freshness.stale_s
    now, before = newest_at(series, stay, at_s), newest_at(series, stay, at_s - BEFORE_S)
    if now < 0 or before < 0:
        return False
    fresh = at_s - series.t_s[now] < stale_s and at_s - BEFORE_S - series.t_s[before] < stale_s
    return bool(fresh and abs(series.value[now] - series.value[before]) <= within)


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return that a doubtful fall waits, and for how long at most, with what has not changed: then, and before."""
    asked = batch.stays[row.stay].plan.second_signal
    read = [
        *_read(batch, row.stay, VitalKind.SPO2, row.began_s),
        *(each for kind in _OTHERS for each in _read(batch, row.stay, kind, row.began_s)),
        *(each for kind in _OTHERS for each in _read(batch, row.stay, kind, row.began_s - BEFORE_S, Role.BEFORE)),
    ]
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=rule,
        params={"kind": VitalKind.SPO2.value, "duration_s": 0.0 if asked is None else asked.wait_s},
        inputs=in_order_of_time(*read),
    )


def _read(batch: Batch, stay: int, kind: VitalKind, at_s: float, role: Role = Role.JUDGED) -> list[Input]:
    """Return the newest reading at an instant, if there is one."""
    place = newest_at(batch.of(kind), stay, at_s)
    return [reading_at(batch.of(kind), kind, place, role)] if place >= 0 else []
