"""What each channel shows before an alarm: its beats, how like its own usual beat each one is, and how well it reads.

Not here: what that says about the alarm (`verify_rules`). The invariant: a channel is read by itself alone, and its
offset and polarity do not matter, nor its size but for a pressure; the alarm sounds at the end of the signals, so times
are seconds before it and none is positive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import pulses, qrs, quality
from alerting.signal.quality_verdict import Reason
from alerting.signal.records import Floats, Ints, bridged, rate, rows
from alerting.signal.verify_waves import decimated, least_leakage, likeness

LEAST_HZ, MOST_HZ = 100.0, 1000.0

EVENT_S: Final = 16.0
"""What an alarm speaks of begins at most 10 s before it sounds (Clifford 2015) and needs some seconds to begin with."""

BACK_S: Final = 60.0
"""Nothing earlier is looked at: the usual beat is that of the last minute."""

PULSE_MMHG: Final = (10.0, 200.0)
"""A pressure that swings by less or more than this is no arterial pulse in mmHg: a damped, flushed or open line."""


class Sort(StrEnum):
    """What a channel measures."""

    ECG = "ecg"
    PPG = "ppg"
    PRESSURE = "pressure"


FLOWS: Final = {"PLETH": Sort.PPG, "PPG": Sort.PPG, "ABP": Sort.PRESSURE, "ART": Sort.PRESSURE}
SILENT: Final = frozenset({"RESP", "CO2", "CVP", "PAP", "ICP", "SPO2", "ACC"})
"""Channels that show no beat of the heart on which one could rely."""

BEFORE_S: Final = {Sort.ECG: 0.14, Sort.PPG: 0.25, Sort.PRESSURE: 0.25}
AFTER_S: Final = {Sort.ECG: 0.16, Sort.PPG: 0.30, Sort.PRESSURE: 0.30}
"""Seconds around the peak that make up a beat's form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel before an alarm.

    beat_s : (k,) float64, s, rising; likeness : (k,) correlation with the usual beat, -1 to 1
    height : (k,) size of each beat, 1 is the usual one; quality : mean index of the last `EVENT_S` seconds, 0 to 1
    width_s : s, in which the usual beat has its slopes, 0 without a usual beat
    leakage : least VF leakage of the last seconds of an ECG lead, 0 to 1; 1 for the others
    """

    name: str
    sort: Sort
    beat_s: Floats
    likeness: Floats
    height: Floats
    quality: float
    width_s: float
    leakage: float


def sort_of(name: str) -> Sort | None:
    """Return what a channel of this name measures, None if it shows no beats; an unknown name is an ECG lead."""
    known = name.strip().upper()
    return None if known in SILENT else FLOWS.get(known, Sort.ECG)


def read(signals: Mapping[str, npt.ArrayLike], fs_hz: float) -> tuple[Channel, ...]:
    """Return what the channels show that have beats, in the order given.

    Parameters
    ----------
    signals : by name, each (samples,), all of one length, NaN where a sample is missing; pressures in mmHg
    fs_hz : Hz, 100 to 1000

    Raises
    ------
    ValueError
        If a signal is no record of numbers, the lengths differ, or the rate is out of its range.
    """
    fs = rate(fs_hz, least=LEAST_HZ, most=MOST_HZ)
    whole = {name: _record(name, each) for name, each in signals.items()}
    if len({len(each) for each in whole.values()}) > 1:
        lengths = ", ".join(f"{name} {len(each)}" for name, each in whole.items())
        raise ValueError(f"signals: have {lengths} samples, must all be of one length")
    held = {name: each[-round(BACK_S * fs) :] for name, each in whole.items()}
    sorts = {name: sort for name in held if (sort := sort_of(name)) is not None}
    leads = [name for name, sort in sorts.items() if sort is Sort.ECG]
    flows = [name for name in sorts if name not in leads]
    read_of = _leads(leads, held, fs) | _flows(flows, held, sorts, fs)
    return tuple(read_of[name] for name in sorts)


def _record(name: str, signal: npt.ArrayLike) -> Floats:
    given = rows(signal, name=name)
    if len(given) != 1 or np.ndim(signal) != 1:
        raise ValueError(f"{name}: has {np.ndim(signal)} dimensions, must be one record, (samples,)")
    record: Floats = given[0]
    return record


def _leads(names: list[str], held: Mapping[str, Floats], fs_hz: float) -> dict[str, Channel]:
    if not names:
        return {}
    signals = np.stack([held[name] for name in names])
    beats = qrs.detect(signals, fs_hz)
    index = _recent(quality.ecg(signals, fs_hz, beats))
    return {
        name: _channel(name, Sort.ECG, signal, found, good, fs_hz)
        for name, signal, found, good in zip(names, signals, beats.split(), index, strict=True)
    }


def _flows(names: list[str], held: Mapping[str, Floats], sorts: Mapping[str, Sort], fs_hz: float) -> dict[str, Channel]:
    if not names:
        return {}
    signals = np.stack([held[name] for name in names])
    beats = pulses.detect(signals, fs_hz)
    index = _recent(quality.ppg(signals, fs_hz, beats))
    return {
        name: _channel(name, sorts[name], signal, found, good, fs_hz)
        for name, signal, found, good in zip(names, signals, beats.split(), index, strict=True)
    }


def _recent(judged: quality.Quality) -> Floats:
    """Return the mean index of the last seconds of each record, (n,), without a window that has only begun."""
    begun = np.any(judged.reasons[:, -1:] & Reason.SHORT)
    last = judged.index[:, : judged.index.shape[1] - int(begun)]
    last = last[:, -max(1, round(EVENT_S / judged.window_s)) :]
    made: Floats = last.mean(axis=-1) if last.shape[1] else np.zeros(len(last))
    return made


def _channel(name: str, sort: Sort, signal: Floats, found: Ints, good: float, fs_hz: float) -> Channel:
    points, hz = decimated(bridged(signal[None], fs_hz)[0], fs_hz)
    beat_s = found / fs_hz - len(signal) / fs_hz
    at = np.minimum((found * hz / fs_hz).astype(np.int64), max(0, len(points) - 1))
    alike = likeness(points, at, hz, BEFORE_S[sort], AFTER_S[sort], beat_s < -EVENT_S)
    if sort is Sort.PRESSURE and not PULSE_MMHG[0] <= alike.size <= PULSE_MMHG[1]:
        good = 0.0
    return Channel(
        name=name,
        sort=sort,
        beat_s=beat_s,
        likeness=alike.likeness,
        height=alike.height,
        quality=float(good),
        width_s=alike.width_s,
        leakage=least_leakage(points, hz) if sort is Sort.ECG else 1.0,
    )
