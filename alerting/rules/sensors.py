"""Sensors whose waveform has not been readable for minutes: `sensor.ecg`, `sensor.ppg`; they speak of the equipment.

Technical: nothing clinical is quieted by them. A sensor that is off is told sooner and with more weight than a signal
that is poor. Not here: waveforms that do not come at all (a device that is offline says so). The invariant: a sensor is
never said to be well for want of a signal.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from alerting.features import Batch, Bools, moment
from alerting.observed import RULE_VERSION
from alerting.rules.cells import Cells, cells, mostly, oldest_s, recent, said
from alerting.signal.quality import READABLE, Reason
from alerting.tracks import Row, Track, Verdict
from ward.alerts import Evidence, Input, Priority
from ward.plans import Plan
from ward.vitals import VitalKind
from ward.wave_features import CELL_S, WaveFeature

NAME: Final = "sensor"
CHANNELS: Final[Mapping[str, WaveFeature]] = {
    f"{NAME}.ecg": WaveFeature.ECG_QUALITY,
    f"{NAME}.ppg": WaveFeature.PPG_QUALITY,
}
OFF: Final = int(Reason.LEAD_OFF | Reason.FLAT | Reason.MISSING)

# The project's proposals, to be confirmed locally.
OFF_S: Final = 120.0
POOR_S: Final = 300.0
SHARE: Final = (0.8, 0.4)
LEAST: Final = 0.6
"""Least share of the time of which there must be a signal at all."""
HOLD_S: Final = 600.0
LOOK_BACK_S: Final = POOR_S + HOLD_S


def look_back(plan: Plan) -> Mapping[VitalKind, float]:  # noqa: ARG001 - every rule is asked alike
    """Return that no readings are needed."""
    return {}


def judge(batch: Batch) -> dict[str, Track]:
    """Judge every waveform sensor of every stay that has one."""
    return {rule: _judge(cells(batch, feature)) for rule, feature in CHANNELS.items()}


def _judge(at: Cells) -> Track:
    bad = at.signal.value < READABLE
    off = bad & ((at.signal.reasons & OFF) != 0)
    is_off, _ = _lasting(at, off, OFF_S)
    is_poor, known = _lasting(at, bad, POOR_S)
    verdict = np.where(
        is_off, Verdict.MEDIUM, np.where(is_poor, Verdict.LOW, np.where(known, Verdict.QUIET, Verdict.UNKNOWN))
    )
    began_s = oldest_s(recent(at, at, POOR_S), bad, at.t_s - CELL_S)
    return said(at, verdict, began_s, np.arange(len(bad)))


def _lasting(at: Cells, yes: Bools, window_s: float) -> tuple[Bools, ...]:
    known = np.ones(len(yes), np.bool_)
    least = round(LEAST * window_s / CELL_S)
    return mostly(at, yes, known, window_s=window_s, least=least, share=SHARE, hold_s=HOLD_S)


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return since when the signal has not been readable, and how good it is now."""
    signal = batch.signal(CHANNELS[rule])
    at = moment(row.from_s)
    quality = float(signal.value[row.place])
    why = "off" if row.priority is Priority.MEDIUM else "poor"
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=f"{rule}.{why}",
        params={"duration_s": row.from_s - row.began_s},
        inputs=(
            Input(kind=str(CHANNELS[rule]), value=quality, unit="{score}", measured_at=at, quality=quality),
        ),
    )  # fmt: skip
