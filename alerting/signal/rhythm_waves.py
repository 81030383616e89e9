"""What the beats of a short ECG have in common: P waves in front of them, and how much else there is.

In sinus rhythm the moment before each QRS complex looks the same from beat to beat: there is a P wave. In atrial
fibrillation it does not: there are fibrillatory waves that know nothing of the beat. So likeness is asked for, not
amplitude; an inverted or scaled lead tells the same. Not here: rhythm. The invariant: a record's measures depend on
that record alone, and beats near a gap or an edge take no part.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt

from alerting.signal.events import Beats
from alerting.signal.records import Bools, Floats, Ints

LEAST_HZ: Final = 100.0
"""The signal is averaged in blocks to between this and twice this rate: enough for waves of 25 Hz and less."""

BAND_HZ: Final = (1.0, 25.0)
"""Below it lies the baseline, above it muscle; P waves and fibrillatory waves lie within."""

BEAT_S: Final = (-0.24, 0.30)
QRS_S: Final = (-0.10, 0.12)
P_S: Final = (-0.22, -0.06)
"""Where a beat, its QRS complex and its P wave lie, from the R peak. A P wave further ahead (a long PR) is missed."""

LEAST_BEATS: Final = 4

_Floats32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """Measures of n records, (n,) float64 each, NaN where fewer than `LEAST_BEATS` whole beats are there.

    p_likeness : mean correlation of what precedes any two beats, -1 to 1; 1 the same each time, 0 unrelated
    qrs_likeness : mean correlation of the QRS complexes with their mean, -1 to 1
    residue : what is left of most beats (four in five) when the mean beat is taken away, rms, of the QRS's height
    """

    p_likeness: Floats
    qrs_likeness: Floats
    residue: Floats


def waves(signal: Floats, beats: Beats) -> Waves:
    """Return what the beats of each record have in common.

    Parameters
    ----------
    signal : (n, samples), any unit, at `beats.fs_hz` >= `LEAST_HZ`; NaN is missing
    beats : R peaks of the same n records
    """
    points, at_hz, gap = _points(signal, beats.fs_hz)
    step = beats.fs_hz / at_hz
    column = np.rint((beats.sample - (step - 1) / 2) / step).astype(np.int64)
    whole = _whole(gap, beats.row, column, at_hz)
    row, column = beats.row[whole], column[whole]
    count = np.bincount(row, minlength=len(signal))
    enough = count >= LEAST_BEATS
    row, column = row[enough[row]], column[enough[row]]
    found = np.full((3, len(signal)), np.nan)
    if len(row):
        cut = points[row[:, None], column[:, None] + _span(BEAT_S, at_hz)]
        found[:, enough] = _measures(cut, np.concatenate(([0], np.cumsum(count[enough])[:-1])), at_hz)
    return Waves(p_likeness=found[0], qrs_likeness=found[1], residue=found[2])


def _measures(cut: _Floats32, starts: Ints, at_hz: float) -> tuple[Floats, Floats, Floats]:
    """Return the three measures from the beats (k, samples); those of a record follow each other from its start on."""
    count = np.diff(np.append(starts, len(cut)))
    owner = np.repeat(np.arange(len(starts)), count)
    qrs = _part(cut, QRS_S, at_hz)
    qrs = qrs - qrs.mean(axis=-1, keepdims=True)
    shape = _unit(qrs)
    alike = np.einsum("ks,ks->k", shape, _unit(np.add.reduceat(shape, starts))[owner]).astype(np.float64)
    weight = np.maximum(alike, 0.05) ** 4  # an odd beat counts little: below 0.5 in likeness, a sixteenth
    height = _mean(np.ptp(qrs, axis=-1), weight, starts)
    usual = np.add.reduceat(cut * weight[:, None].astype(np.float32), starts) / np.add.reduceat(weight, starts)[:, None]
    left = cut - usual[owner].astype(np.float32)
    left -= left.mean(axis=-1, keepdims=True)
    rest = np.sqrt(np.einsum("ks,ks->k", left, left) / left.shape[-1])
    p_likeness = _likeness(_unit(_straightened(_part(cut, P_S, at_hz))), weight, starts)
    return p_likeness, _mean(alike, np.ones(len(alike)), starts), _quantile(rest, owner, starts, count, 0.8) / height


def _likeness(unit: _Floats32, weight: Floats, starts: Ints) -> Floats:
    """Return the weighted mean correlation over all pairs of different beats of a record."""
    together = np.add.reduceat(unit * weight[:, None].astype(np.float32), starts).astype(np.float64)
    own = np.add.reduceat(weight**2, starts)
    pairs = np.add.reduceat(weight, starts) ** 2 - own
    return np.asarray((np.einsum("ns,ns->n", together, together) - own) / pairs)


def _points(signal: Floats, fs_hz: float) -> tuple[_Floats32, float, Bools]:
    """Return the signal in blocks, band-passed, its new rate, and which blocks hold a missing sample."""
    block = int(fs_hz // LEAST_HZ)
    held = signal.shape[-1] // block * block
    blocks = sum(signal[:, first:held:block] for first in range(1, block)) + signal[:, :held:block]
    gap = np.isnan(blocks)
    filled = np.where(gap, 0, blocks - _level(blocks, gap)) if gap.any() else blocks
    if filled.shape[-1] <= _PAD:
        return np.zeros(filled.shape, np.float32), fs_hz / block, np.ones_like(gap)
    return sosfiltfilt(_band(fs_hz / block), filled, axis=-1).astype(np.float32), fs_hz / block, gap


def _level(blocks: Floats, gap: Bools) -> Floats:
    """Return (n, 1) the mean of each record's blocks that are there."""
    return np.asarray(np.sum(blocks, axis=-1, where=~gap, keepdims=True) / np.maximum((~gap).sum(-1, keepdims=True), 1))


_PAD: Final = 15  # what scipy mirrors at either end for two sections


@lru_cache(maxsize=16)
def _band(fs_hz: float) -> Floats:
    return np.asarray(butter(2, BAND_HZ, "bandpass", fs=fs_hz, output="sos"), np.float64)


def _whole(gap: Bools, row: Ints, column: Ints, at_hz: float) -> Bools:
    """Return which beats lie in their record with all that belongs to them, and with no gap in it."""
    span = _span(BEAT_S, at_hz)
    inside = (column + span[0] >= 0) & (column + span[-1] < gap.shape[-1])
    if not gap.any():
        return np.asarray(inside)
    before = np.pad(np.cumsum(gap, axis=-1), ((0, 0), (1, 0)))
    first, end = np.clip((column + span[0], column + span[-1] + 1), 0, gap.shape[-1])
    return np.asarray(inside & (before[row, end] == before[row, first]))


def _span(seconds: tuple[float, float], at_hz: float) -> Ints:
    return np.arange(round(seconds[0] * at_hz), round(seconds[1] * at_hz))


def _part(cut: _Floats32, seconds: tuple[float, float], at_hz: float) -> _Floats32:
    first = _span(BEAT_S, at_hz)[0]
    span = _span(seconds, at_hz)
    return cut[:, span[0] - first : span[-1] + 1 - first]


def _straightened(cut: _Floats32) -> _Floats32:
    """Return each row without its mean and its slope."""
    along = np.linspace(-1, 1, cut.shape[-1], dtype=np.float32)
    level = cut - cut.mean(axis=-1, keepdims=True)
    return np.asarray(level - ((level @ along) / (along @ along))[:, None] * along)


def _unit(cut: _Floats32) -> _Floats32:
    """Return each row at length 1; a flat one stays flat."""
    length = np.sqrt(np.einsum("ks,ks->k", cut, cut))
    return np.asarray(cut / np.where(length > 0, length, 1)[:, None], np.float32)


def _mean(value: npt.NDArray[np.floating], weight: Floats, starts: Ints) -> Floats:
    return np.add.reduceat(value * weight, starts) / np.add.reduceat(weight, starts)


def _quantile(value: _Floats32, owner: Ints, starts: Ints, count: Ints, share: float) -> Floats:
    """Return the lower quantile of each record's values."""
    ordered = value[np.lexsort((value, owner))]
    return ordered[starts + (share * (count - 1)).astype(np.int64)].astype(np.float64)
