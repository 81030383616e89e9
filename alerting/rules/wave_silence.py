"""Waveforms that have stopped coming while other values still do: `silent.ecg`, `silent.ppg`, told by the clock.

Technical: a loose plug, or a device that has given up one of its sensors. Not here: a signal that comes and cannot be
read (`sensors`), a device that sends nothing at all (`technical`). A recording made now and then is no stream: only
what has come nearly all the time for ten minutes falls silent. The invariant: a stream is said to be back only when it
is.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from alerting.features import Batch, Observed, Signal, StayContext, moment, newest_at
from alerting.observed import RULE_VERSION, Observation, Quiet
from ward.alerts import Evidence, Family, Finding, Input, Priority, Role
from ward.vitals import VitalKind
from ward.wave_features import CELL_S, WaveFeature

NAME: Final = "silent"
CHANNELS: Final[Mapping[str, WaveFeature]] = {
    f"{NAME}.ecg": WaveFeature.ECG_QUALITY,
    f"{NAME}.ppg": WaveFeature.PPG_QUALITY,
}
# The project's proposals, to be confirmed locally.
SILENT_S: Final = 300.0
STREAM_S: Final = 600.0
SHARE: Final = 0.8
STILL_COMES_S: Final = 180.0
OTHERS: Final = (VitalKind.HEART_RATE, VitalKind.SPO2, VitalKind.RESP_RATE)


def observe(batch: Batch, now_s: float) -> Observed:
    """Say of each stay which streams have fallen silent, and which are back."""
    said: list[Observation] = []
    next_s = np.full(len(batch.stays), np.inf)
    for rule, feature in CHANNELS.items():
        signal = batch.signal(feature)
        for place in np.flatnonzero(np.diff(signal.offsets)).tolist():
            last_s = float(signal.t_s[int(signal.offsets[place + 1]) - 1])
            due_s = last_s + SILENT_S
            if now_s < due_s:
                next_s[place] = min(next_s[place], due_s)
            said += _said(batch, place, rule, signal, last_s, now_s)
    return Observed(observations=tuple(said), next_s=next_s)


def _said(batch: Batch, place: int, rule: str, signal: Signal, last_s: float, now_s: float) -> Iterator[Observation]:
    stay = batch.stays[place]
    if now_s < last_s + SILENT_S:
        if rule in stay.alerts:
            yield Quiet(stay_id=stay.stay_id, rule=rule)
    elif _streamed(signal, place, last_s) and _others_come(batch, place, now_s):
        yield _finding(stay, rule, last_s, _last(signal, place, rule))


def _streamed(signal: Signal, place: int, last_s: float) -> bool:
    """Tell whether the signal came nearly all the time before it stopped."""
    own = signal.t_s[int(signal.offsets[place]) : int(signal.offsets[place + 1])]
    return int((own > last_s - STREAM_S).sum()) >= SHARE * STREAM_S / CELL_S


def _others_come(batch: Batch, place: int, now_s: float) -> bool:
    """Tell whether some value of the stay is of just now."""
    for kind in OTHERS:
        series = batch.of(kind)
        newest = newest_at(series, place, now_s)
        if newest >= 0 and now_s - series.t_s[newest] < STILL_COMES_S:
            return True
    return False


def _last(signal: Signal, place: int, rule: str) -> tuple[Input, ...]:
    """Return how well the signal could be read in the last ten seconds that came."""
    newest = int(signal.offsets[place + 1]) - 1
    value, begins_s = float(signal.value[newest]), float(signal.t_s[newest]) - CELL_S
    read = Input(
        kind=str(CHANNELS[rule]),
        value=value,
        unit="{score}",
        measured_at=moment(begins_s),
        role=Role.BEFORE,
        over_s=CELL_S,
    )
    return () if np.isnan(value) else (read,)


def _finding(stay: StayContext, rule: str, last_s: float, last: tuple[Input, ...]) -> Finding:
    return Finding(
        stay_id=stay.stay_id,
        rule=rule,
        family=Family.TECHNICAL,
        priority=Priority.MEDIUM,
        began_at=moment(last_s),
        due_at=moment(last_s + SILENT_S),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=rule,
            params={"duration_s": SILENT_S},
            inputs=last,
            judged_at=moment(last_s + SILENT_S),
        ),
    )
