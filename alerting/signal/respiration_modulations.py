"""What breathing does to a pulse wave and an ECG, beat by beat: series that rise and fall with the chest.

Baseline, amplitude and rate of both (Charlton 2016, doi:10.1088/0967-3334/37/4/610; Karlen 2013,
doi:10.1109/TBME.2013.2246160). Not here: finding the beats, and deciding on a rate. The invariant: no value is carried
farther than `HELD_S` from a beat, so where beats are missing a series is NaN.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal.events import Beats
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.respiration_evidence import SERIES_HZ

HELD_S: Final = 1.5
"""How far from a beat its value is believed: one beat at 40/min."""

# Where the parts of a QRS complex lie, in seconds from the R peak.
QRS_S: Final = (-0.064, 0.064)
BEFORE_QRS_S: Final = (-0.100, -0.044)

PULSE_SERIES: Final = ("mean", "peak", "trough", "amplitude", "interval")
ECG_SERIES: Final = ("swing", "R", "S", "area", "mean", "interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is looked at: how many rows there are and how many seconds each is long."""

    rows: int
    span_s: float

    @property
    def samples(self) -> int:
        """How long a series is."""
        return int(self.span_s * SERIES_HZ)


def of_pulses(ppg: Floats, pulses: Beats, window: Window) -> Floats:
    """Return (n, 5, samples): the series of `PULSE_SERIES` from each pulse to the next.

    ppg : (n, samples), any unit, NaN where missing; pulses : any one point of each pulse, foot or peak
    """
    at = pulses.row * ppg.shape[1] + pulses.sample
    follows = _follows(pulses)
    flat = ppg.ravel()
    if not follows.any():
        return np.full((window.rows, len(PULSE_SERIES), window.samples), np.nan)
    peak, trough = (each.reduceat(flat, at)[:-1] for each in (np.maximum, np.minimum))
    mean = np.add.reduceat(flat, at)[:-1] / np.maximum(np.diff(at), 1)
    interval_s, middle_s = _intervals(pulses)
    values = np.stack((mean, peak, trough, peak - trough, interval_s))[:, follows]
    return _series(values, pulses.row[:-1][follows], middle_s[follows], window)


def of_ecg(ecg: Floats, beats: Beats, window: Window) -> Floats:
    """Return (n, 6, samples): the series of `ECG_SERIES`, the last two from each R peak to the next.

    ecg : (n, samples), any unit, NaN where missing; beats : R peaks
    """
    at_peaks = _series(*_complexes(ecg, beats), window)
    follows = _follows(beats)
    if not follows.any():
        between = np.full((window.rows, 2, window.samples), np.nan)
    else:
        at = beats.row * ecg.shape[1] + beats.sample
        mean = np.add.reduceat(ecg.ravel(), at)[:-1] / np.maximum(np.diff(at), 1)
        interval_s, middle_s = _intervals(beats)
        values = np.stack((mean, interval_s))[:, follows]
        between = _series(values, beats.row[:-1][follows], middle_s[follows], window)
    return np.concatenate((at_peaks, between), axis=1)


def _complexes(ecg: Floats, beats: Beats) -> tuple[Floats, Ints, Floats]:
    """Return swing, R, S and area of each whole complex, (4, k), its row and its time."""
    first = int(np.floor(BEFORE_QRS_S[0] * beats.fs_hz))
    start, end = (round(each * beats.fs_hz) for each in QRS_S)
    whole = (beats.sample + first >= 0) & (beats.sample + end < ecg.shape[1])
    row, sample = beats.row[whole], beats.sample[whole]
    cut = np.take(ecg, row * ecg.shape[1] + sample + np.arange(first, end + 1)[:, None])  # time runs down: faster
    level = cut[: round(BEFORE_QRS_S[1] * beats.fs_hz) - first + 1].mean(axis=0)
    qrs = cut[start - first :] - level
    high, low = qrs.max(axis=0), qrs.min(axis=0)
    return np.stack((high - low, high, low, np.abs(qrs).sum(axis=0))), row, sample / beats.fs_hz


def _follows(beats: Beats) -> Bools:
    """Return which beats but the last are followed by another of their record, (k - 1,)."""
    return np.equal(beats.row[1:], beats.row[:-1])


def _intervals(beats: Beats) -> tuple[Floats, Floats]:
    """Return the time from each beat to the next and the middle between them, in s, (k - 1,)."""
    at_s: Floats = beats.exact / beats.fs_hz
    return np.diff(at_s), (at_s[1:] + at_s[:-1]) / 2


def _series(values: Floats, row: Ints, at_s: Floats, window: Window) -> Floats:
    """Return (n, m, samples) at `SERIES_HZ`: straight lines between beats, held at the ends, NaN far from any.

    values : (m, k), the beats with a NaN among them are left out; row : (k,) rising; at_s : (k,) rising within a row
    """
    there = ~np.isnan(values).any(axis=0)
    if not there.any():
        return np.full((window.rows, len(values), window.samples), np.nan)
    values, row, at_s = values[:, there], row[there], at_s[there]
    row_s = window.span_s + 4 * HELD_S  # rows lie one after the other, too far apart to touch
    grid_s = np.arange(window.rows)[:, None] * row_s + (np.arange(window.samples) + 0.5) / SERIES_HZ
    known_s = row * row_s + at_s
    between = np.interp(grid_s, known_s, np.arange(len(known_s)))
    left = between.astype(np.int64)
    right = np.minimum(left + 1, len(known_s) - 1)
    before, after = grid_s - known_s[left], known_s[right] - grid_s
    apart = before + after
    held = (before < 0) | (apart > 2 * HELD_S)  # before the first beat, or beside a gap
    share = np.where(held, 0.0, before / np.maximum(apart, 1e-9))
    share[np.minimum(np.abs(before), np.abs(after)) > HELD_S] = np.nan
    left = np.where(held & (before > after), right, left)
    rise = np.diff(values, axis=1, append=values[:, -1:])
    drawn: Floats = np.take(values, left, axis=1) + share * np.take(rise, left, axis=1)
    return drawn.transpose(1, 0, 2)
