"""Technical finding of doubt: a device whose clock is wrong.

It says nothing of the patient, and nothing clinical is quieted by it. Values in doubt: `signals`.
"""

import numpy as np

from alerting.features import Batch, DeviceReport, Observed, StayContext, moment
from alerting.observed import RULE_VERSION, Observation, Quiet
from ward.alerts import Evidence, Family, Finding, Priority
from ward.attribution import MAX_AHEAD

CLOCK = "clock"
# The project's clinical table 3.5: warn above 30 s. Behind is a bound only, so it takes far more (to be confirmed).
CLOCK_AHEAD_S, CLOCK_BEHIND_S = 30.0, 300.0
# Further ahead than this, nothing that is measured with the clock is stored: nobody watches what it would have said.
REFUSED_S = MAX_AHEAD.total_seconds()


def observe_clocks(batch: Batch, now_s: float) -> Observed:
    """Find stays whose device has a clock far ahead, or surely behind."""
    observations: list[Observation] = []
    for stay in batch.stays:
        wrong = [device for device in stay.devices if is_wrong(device)]
        if wrong:
            observations.append(_clock(stay, max(wrong, key=_gravity), now_s))
        elif CLOCK in stay.alerts:
            observations.append(Quiet(stay_id=stay.stay_id, rule=CLOCK))
    return Observed(observations=tuple(observations), next_s=np.full(len(batch.stays), np.inf))


def is_wrong(device: DeviceReport) -> bool:
    """Tell whether a device's clock is far from the platform's."""
    return device.ahead_s is not None and not -CLOCK_BEHIND_S <= device.ahead_s <= CLOCK_AHEAD_S


def _gravity(device: DeviceReport) -> tuple[bool, float]:
    ahead_s = device.ahead_s or 0.0
    return ahead_s > REFUSED_S, abs(ahead_s)


def _clock(stay: StayContext, device: DeviceReport, now_s: float) -> Finding:
    ahead_s = device.ahead_s or 0.0
    refused = ahead_s > REFUSED_S
    return Finding(
        stay_id=stay.stay_id,
        rule=CLOCK,
        family=Family.TECHNICAL,
        priority=Priority.MEDIUM if refused else Priority.LOW,
        began_at=moment(now_s),
        due_at=moment(now_s),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=f"{CLOCK}.refused" if refused else f"{CLOCK}.ahead" if ahead_s > 0 else f"{CLOCK}.behind",
            params={"device_id": device.device_id, "duration_s": abs(ahead_s)},
            inputs=(),
            judged_at=moment(now_s),
        ),
    )
