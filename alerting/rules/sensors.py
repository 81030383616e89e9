"""Sensors whose waveform has not been readable for minutes: `sensor.ecg`, `sensor.ppg`; both at once: `sensor.heart`.

Technical: nothing clinical is quieted by them. A sensor that is off is told sooner and with more weight than a signal
that is poor; and when both lose the heart at once, soonest: it may be the heart. Not here: waveforms that do not come
at all (`wave_silence`). The invariant: a sensor is never said to be well for want of a signal.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Signal, moment
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
HEART: Final = f"{NAME}.heart"
OFF: Final = int(Reason.LEAD_OFF | Reason.FLAT | Reason.MISSING)

# The project's proposals, to be confirmed locally.
OFF_S: Final = 120.0
POOR_S: Final = 300.0
SHARE: Final = (0.8, 0.4)
LEAST: Final = 0.6
"""Least share of the time of which there must be a signal at all."""
HOLD_S: Final = 600.0
LOST_S: Final = 30.0
BEFORE_S: Final = 300.0
LEAST_LOST, LEAST_BEFORE = 2, 3
"""Of ten seconds each: so many unreadable in both signals, none readable, and so many readable in both before."""
LOOK_BACK_S: Final = POOR_S + HOLD_S


def look_back(plan: Plan) -> Mapping[VitalKind, float]:  # noqa: ARG001 - every rule is asked alike
    """Return that no readings are needed."""
    return {}


def judge(batch: Batch) -> dict[str, Track]:
    """Judge every waveform sensor of every stay that has one."""
    ecg, ppg = (cells(batch, feature) for feature in CHANNELS.values())
    return {f"{NAME}.ecg": _judge(ecg), f"{NAME}.ppg": _judge(ppg), HEART: _lost(ecg, ppg)}


def _lost(ecg: Cells, ppg: Cells) -> Track:
    """Say where both signals lost the heart within half a minute, after both had shown it."""
    readable = [each.signal.value >= READABLE for each in (ecg, ppg)]
    lately = [recent(ecg, each, LOST_S) for each in (ecg, ppg)]
    before = [recent(ecg, each, BEFORE_S) for each in (ecg, ppg)]
    seen = [rows.sum(good) for rows, good in zip(lately, readable, strict=True)]
    shown = np.logical_and.reduce(
        [rows.sum(good) >= LEAST_BEFORE for rows, good in zip(before, readable, strict=True)]
    )  # fmt: skip
    gone = np.logical_and.reduce(
        [(rows.count >= LEAST_LOST) & (count == 0) for rows, count in zip(lately, seen, strict=True)]
    )
    one_at_least = np.logical_or.reduce([count > 0 for count in seen])
    verdict = np.where(shown & gone, Verdict.HIGH, np.where(one_at_least, Verdict.QUIET, Verdict.UNKNOWN))
    began_s = oldest_s(lately[0], ~readable[0], ecg.t_s - CELL_S)
    return said(ecg, verdict, began_s, np.arange(len(verdict)))


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
    """Return since when the signal has not been readable, and how good it is now; of both where both lost the heart."""
    shown = [CHANNELS[rule]] if rule in CHANNELS else CHANNELS.values()
    why = "off" if row.priority is Priority.MEDIUM else "poor"
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=rule if rule == HEART else f"{rule}.{why}",
        params={"duration_s": row.from_s - row.began_s},
        inputs=tuple(each for feature in shown for each in _read(batch.signal(feature), feature, row)),
    )


def _read(signal: Signal, feature: WaveFeature, row: Row) -> Iterator[Input]:
    """Yield how well a signal could be read in its last ten seconds."""
    own = signal.t_s[int(signal.offsets[row.stay]) : int(signal.offsets[row.stay + 1])]
    place = int(signal.offsets[row.stay]) + int(np.searchsorted(own, row.from_s, side="right")) - 1
    value = float(signal.value[place]) if place >= signal.offsets[row.stay] else np.nan
    if np.isnan(value):
        return
    yield Input(
        kind=str(feature),
        value=value,
        unit="{score}",
        measured_at=moment(float(signal.t_s[place]) - CELL_S),
        quality=value,
        over_s=CELL_S,
    )
