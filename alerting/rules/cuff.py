"""A cuff that is inflated on the arm of the pulse oximeter stops the blood there: what SpO2 falls to then is no fall.

A fall that begins within `WINDOW_S` of a blood pressure reading, on either side of it, does not count until `WINDOW_S`
after the reading; then it counts as if nothing had been. On which arm either of them sits is not known, so every fall
is held back, and that it is held back is told (`held.spo2`). Not here: the limits themselves (`limits`). The invariant:
a fall is held back by at most twice the window, and beyond the hard floor not at all.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Floats, in_order_of_time, newest_at, reading_at
from alerting.observed import RULE_VERSION
from alerting.rules import steps
from alerting.rules.steps import Steps
from alerting.tracks import Row
from ward.alerts import Evidence, Role
from ward.plans import Plan
from ward.vitals import VitalKind

NAME: Final = "held"
HELD: Final = f"{NAME}.{VitalKind.SPO2}"
WINDOW_S: Final = 60.0
"""The project's proposal, to be confirmed locally: a cuff is inflated for half a minute to a minute."""


def inflations(batch: Batch) -> Steps:
    """Return when the last blood pressure was read, for as long as that matters; NaN else."""
    series = batch.of(VitalKind.SYSTOLIC)
    stay = np.repeat(np.arange(len(batch.stays)), np.diff(series.offsets))
    return steps.hold(len(batch.stays), stay, series.t_s, series.t_s, series.t_s, WINDOW_S, gone=np.nan)


def covers(began_s: Floats, read_s: Floats) -> Bools:
    """Tell whether a fall that began then is held back by a blood pressure that was read then: (k,) bool."""
    near: Bools = read_s - began_s <= WINDOW_S
    return near


def look_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return how far back blood pressures decide, where there is a limit to hold back."""
    return {VitalKind.SYSTOLIC: WINDOW_S} if VitalKind.SPO2 in plan.limits else {}


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return that a fall is held back, and for how long at most: its first value and its last, and the cuff's."""
    spo2, cuff = batch.of(VitalKind.SPO2), batch.of(VitalKind.SYSTOLIC)
    first, last = newest_at(spo2, row.stay, row.began_s), newest_at(spo2, row.stay, row.from_s)
    taken = newest_at(cuff, row.stay, row.from_s)
    read = [reading_at(spo2, VitalKind.SPO2, last)] if last >= 0 else []
    read += [reading_at(spo2, VitalKind.SPO2, first, Role.SINCE)] if first >= 0 else []
    read += [reading_at(cuff, VitalKind.SYSTOLIC, taken)] if taken >= 0 else []
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=rule,
        params={"kind": VitalKind.SPO2.value, "duration_s": WINDOW_S},
        inputs=in_order_of_time(*read),
    )
