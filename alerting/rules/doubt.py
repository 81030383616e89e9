"""Technical findings of doubt: a value outside what is plausible, a device whose clock is wrong.

Neither says anything of the patient, and nothing clinical is quieted by them. A value that no rule may use is told at
once, since it may be true (H17): somebody has to look.
"""

import numpy as np

from alerting.features import Batch, DeviceReport, Observed, StayContext, moment
from alerting.observed import RULE_VERSION, Observation, Quiet
from ward.alerts import Evidence, Family, Finding, Input, Priority
from ward.vitals import VITALS, VitalKind

CHECK, CLOCK = "check", "clock"
# The project's clinical table 3.5: warn above 30 s. Behind is a bound only, so it takes far more (to be confirmed).
CLOCK_AHEAD_S, CLOCK_BEHIND_S = 30.0, 300.0


def observe_values(batch: Batch, now_s: float) -> Observed:  # noqa: ARG001 - every rule is asked alike
    """Find the signals whose newest value lies outside what is plausible."""
    observations: list[Observation] = []
    for stay in batch.stays:
        doubted = {each.kind: each for each in stay.doubted}
        observations += [_check(stay, kind) for kind in doubted]
        rules = {f"{CHECK}.{kind}" for kind in VitalKind} & stay.alerts.keys()
        quiet = rules - {f"{CHECK}.{kind}" for kind in doubted}
        observations += [Quiet(stay_id=stay.stay_id, rule=rule) for rule in sorted(quiet)]
    return Observed(observations=tuple(observations), next_s=np.full(len(batch.stays), np.inf))


def _check(stay: StayContext, kind: VitalKind) -> Finding:
    found = next(each for each in stay.doubted if each.kind is kind)
    unit, at = VITALS[kind].unit, moment(found.measured_s)
    return Finding(
        stay_id=stay.stay_id,
        rule=f"{CHECK}.{kind}",
        family=Family.TECHNICAL,
        priority=Priority.MEDIUM,
        began_at=at,
        due_at=at,
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=CHECK,
            params={"kind": kind.value, "value": found.value, "unit": unit},
            inputs=(Input(kind=kind.value, value=found.value, unit=unit, measured_at=at, quality=None),),
        ),
    )


def observe_clocks(batch: Batch, now_s: float) -> Observed:
    """Find stays whose device has a clock far ahead, or surely behind."""
    observations: list[Observation] = []
    for stay in batch.stays:
        wrong = [device for device in stay.devices if is_wrong(device)]
        if wrong:
            observations.append(_clock(stay, max(wrong, key=lambda each: abs(each.ahead_s or 0.0)), now_s))
        elif CLOCK in stay.alerts:
            observations.append(Quiet(stay_id=stay.stay_id, rule=CLOCK))
    return Observed(observations=tuple(observations), next_s=np.full(len(batch.stays), np.inf))


def is_wrong(device: DeviceReport) -> bool:
    """Tell whether a device's clock is far from the platform's."""
    return device.ahead_s is not None and not -CLOCK_BEHIND_S <= device.ahead_s <= CLOCK_AHEAD_S


def _clock(stay: StayContext, device: DeviceReport, now_s: float) -> Finding:
    ahead_s = device.ahead_s or 0.0
    return Finding(
        stay_id=stay.stay_id,
        rule=CLOCK,
        family=Family.TECHNICAL,
        priority=Priority.LOW,
        began_at=moment(now_s),
        due_at=moment(now_s),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=f"{CLOCK}.ahead" if ahead_s > 0 else f"{CLOCK}.behind",
            params={"device_id": device.device_id, "duration_s": abs(ahead_s)},
            inputs=(),
        ),
    )
