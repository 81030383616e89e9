"""What each channel of a patient shows before an alarm: its beats, and how like the channel's usual beat each one is.

Not here: what that says about the alarm (`verify`). The invariant: a channel is read by itself alone, and its size and
offset do not matter; times are seconds before the alarm, which sounds at the end of the signals, so none is positive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import pulses, qrs
from alerting.signal.records import Floats, Ints, bridged, rate, rows

EVENT_S: Final = 16.0
"""What an alarm speaks of lies in the last seconds: an onset within 10 s (Clifford 2015) and what led there."""


class Sort(StrEnum):
    """What a channel measures."""

    ECG = "ecg"
    PPG = "ppg"
    PRESSURE = "pressure"


SORTS: Final = {
    "PLETH": Sort.PPG,
    "PPG": Sort.PPG,
    "ABP": Sort.PRESSURE,
    "ART": Sort.PRESSURE,
}
NO_BEATS: Final = frozenset({"RESP", "CO2", "CVP", "PAP", "ICP"})
"""Channels that show no beat of the heart that could be counted on."""

TEMPLATE_S: Final = {Sort.ECG: (0.14, 0.16), Sort.PPG: (0.25, 0.30), Sort.PRESSURE: (0.25, 0.30)}
"""Seconds before and after the peak that make up a beat's form."""
WORKING_HZ: Final = 125.0
SHIFT_S: Final = 0.024
ALIKE: Final = 0.8
LEAST_BEATS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel before an alarm.

    beat_s : (k,) float64, s, 0 is the alarm, rising; likeness : (k,) correlation with the usual beat, -1 to 1
    height : (k,) size of each beat, 1 is the usual; usual_share : how many of the earlier beats are like the usual one
    present : share of the last `EVENT_S` seconds in which samples are there and move, 0 to 1
    """

    name: str
    sort: Sort
    beat_s: Floats
    likeness: Floats
    height: Floats
    usual_share: float
    present: float


def sort_of(name: str) -> Sort | None:
    """Return what a channel of this name measures, None if it shows no beats; an unknown name is an ECG lead."""
    known = name.strip().upper()
    return None if known in NO_BEATS else SORTS.get(known, Sort.ECG)


def read(signals: Mapping[str, npt.ArrayLike], fs_hz: float) -> tuple[Channel, ...]:
    """Return what the channels show that have beats, in the order given.

    Parameters
    ----------
    signals : by name, each (samples,), all of one length, NaN where a sample is missing
    fs_hz : Hz, 100 to 1000
    """
    fs_hz = rate(fs_hz, least=100, most=1000)
    made = {name: rows(each, name=name) for name, each in signals.items() if sort_of(name) is not None}
    leads = [name for name in made if sort_of(name) is Sort.ECG]
    flows = [name for name in made if sort_of(name) is not Sort.ECG]
    beats = _beats(qrs.detect, made, leads, fs_hz) | _beats(pulses.detect, made, flows, fs_hz)
    return tuple(_channel(name, made[name][0], beats[name], fs_hz) for name in made)


def _beats(detect, made, names, fs_hz):
    if not names:
        return {}
    found = detect(np.concatenate([made[name] for name in names]), fs_hz).split()
    return dict(zip(names, found, strict=True))


def _channel(name: str, signal: Floats, beats: Ints, fs_hz: float) -> Channel:
    sort = sort_of(name) or Sort.ECG
    step = max(1, round(fs_hz / WORKING_HZ))
    low = _decimated(bridged(signal[None], fs_hz)[0], step)
    before_s, after_s = TEMPLATE_S[sort]
    hz = fs_hz / step
    at = np.clip(beats // step, 0, max(0, len(low) - 1))
    end_s = len(signal) / fs_hz
    beat_s = beats / fs_hz - end_s
    forms = _forms(low, at, round(before_s * hz), round(after_s * hz), max(1, round(SHIFT_S * hz)))
    likeness, height, share = _compared(forms, beat_s < -EVENT_S)
    return Channel(
        name=name,
        sort=sort,
        beat_s=beat_s,
        likeness=likeness,
        height=height,
        usual_share=share,
        present=_present(signal, fs_hz),
    )


def _decimated(signal: Floats, step: int) -> Floats:
    whole = len(signal) // step * step
    return signal[:whole].reshape(-1, step).mean(axis=-1)


def _forms(signal: Floats, at: Ints, before: int, after: int, shift: int) -> Floats:
    """Return (k, 2 shift + 1, before + after) stretches around each beat, at every shift, NaN beyond the ends."""
    padded = np.pad(signal, (before + shift, after + shift), constant_values=np.nan)
    offsets = np.arange(2 * shift + 1)[:, None] + np.arange(before + after)
    return padded[at[:, None, None] + offsets]


def _compared(forms: Floats, earlier: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, float]:
    """Return likeness to the usual beat, height over the usual height, and how many earlier beats are like it."""
    if len(forms) == 0:
        return np.empty(0), np.empty(0), 0.0
    centred = forms - forms.mean(axis=-1, keepdims=True)
    norm = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    unit = np.nan_to_num(centred / np.where(norm > 0, norm, 1))
    middle = unit[:, unit.shape[1] // 2]
    pool = np.flatnonzero(earlier & (np.abs(middle).sum(axis=-1) > 0))
    if len(pool) < LEAST_BEATS:
        pool = np.flatnonzero(np.abs(middle).sum(axis=-1) > 0)
    if len(pool) == 0:
        return np.zeros(len(forms)), np.zeros(len(forms)), 0.0
    alike = (unit[pool] @ middle[pool].T).max(axis=1) >= ALIKE
    chosen = alike[:, alike.sum(axis=0).argmax()]
    usual = middle[pool][chosen].mean(axis=0)
    usual /= np.sqrt((usual**2).sum())
    heights = np.nan_to_num(norm[:, unit.shape[1] // 2, 0])
    return (unit @ usual).max(axis=1), heights / np.median(heights[pool][chosen]), float(chosen.mean())


def _present(signal: Floats, fs_hz: float) -> float:
    last = signal[-round(EVENT_S * fs_hz) :]
    step = max(1, round(fs_hz))
    whole = last[: len(last) // step * step].reshape(-1, step)
    moving = np.nanmax(whole, axis=-1, initial=-np.inf) > np.nanmin(whole, axis=-1, initial=np.inf)
    return float((moving & ~np.isnan(whole).any(axis=-1)).mean()) if len(whole) else 0.0
