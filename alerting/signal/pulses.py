"""Pulses in a pulse wave (PPG), each at its steepest upstroke, the moment that wanders least.

Not here: what pulses tell (`ppg`), whether the signal can be trusted (`quality`). A wave that is upside down has its
steep side falling, and gives the beginning of its fall's recovery instead; devices send the pulse upwards. The
invariant: whether there is a pulse at t depends on the samples of [t - BACK_S, t + AHEAD_S], on the grid of blocks that
begins at sample 0, and on no unit or offset. Nothing is found within a gap.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.events import Beats
from alerting.signal.records import Bools, Floats, Ints, bridged, rate, rows

LEAST_HZ, MOST_HZ = 20.0, 1000.0

_WORK_HZ: Final = 32.0
"""Samples are averaged in blocks to about this rate: an upstroke takes 0.1 s or more."""
_SMOOTH_S: Final = 0.035
"""Width (standard deviation) of the Gaussian whose derivative gives the slope."""
_BLOCK_S: Final = 1.5
_BACK_BLOCKS, _AHEAD_BLOCKS = 4, 3
"""The typical slope is the median of the steepest ones of these blocks: some nine seconds around."""
_LEAST: Final = 0.2
"""Of the typical slope: less is no pulse. A weak premature beat reaches a third of it."""
_MOST: Final = 2.0
"""Of the typical slope: more counts as this much, so that a jolt does not hide the pulses after it."""
_REFRACTORY_S: Final = 0.24
_AS_STEEP: Final = 0.85
"""Within the refractory time after a pulse, another must be at least this steep to be told from a dicrotic wave …"""
_FREE_S: Final = 0.45
_LATER: Final = 0.25
"""… falling to this share of it from here on …"""
_REACH_S: Final = 1.0
"""… until here."""
_NEIGHBOURS: Final = 6

# The constants are fitted on 17 records of BIDMC (benchmarks.signals), where all of them lie on wide plateaus.

BACK_S: Final = (_BACK_BLOCKS + 1) * _BLOCK_S + 2 * _REACH_S + 0.5
AHEAD_S: Final = (_AHEAD_BLOCKS + 1) * _BLOCK_S + 2 * _REFRACTORY_S + 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Coarse:
    """A signal in blocks: value (n, points), the mean of each `block` samples, NaN where one is missing."""

    value: Floats
    block: int
    fs_hz: float

    def sample(self, point: Floats) -> Floats:
        """Return where the middles of blocks lie among the samples."""
        return (point + 0.5) * self.block - 0.5


def coarse(ppg: npt.ArrayLike, fs_hz: float) -> Coarse:
    """Return the blocks that pulses are looked for in; what does not fill a block at the end is left out."""
    block = _by(fs_hz)
    value = _blocks(bridged(rows(ppg, name="ppg"), fs_hz), block)
    return Coarse(value=value, block=block, fs_hz=fs_hz / block)


def grid(fs_hz: float) -> int:
    """Return after how many samples the blocks are where they were at sample 0: a stream is cut there."""
    by = _by(fs_hz)
    return by * round(_BLOCK_S * fs_hz / by)


def detect(ppg: npt.ArrayLike, fs_hz: float) -> Beats:
    """Return the pulses of a batch of pulse waves.

    Parameters
    ----------
    ppg : (samples,) or (n, samples), any unit, uniform at `fs_hz`, pulse upwards; NaN and infinities are missing
    fs_hz : Hz, 20 to 1000

    Returns
    -------
    Beats
        The sample of the steepest upstroke of each pulse; none in a record that stands still.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    After Zong et al. 2003 (doi:10.1109/CIC.2003.1291140): upstrokes rather than peaks. Differs: the derivative of a
    Gaussian instead of a sum over a window; a threshold from the steepest slopes of the seconds around instead of one
    that follows; a dicrotic wave is told from an early pulse by how steep it is and how late. Checked:
    tests/unit/signal/test_pulses.py, tests/property/test_signal_pulses.py, floors on BIDMC.
    """
    fs = rate(fs_hz, least=LEAST_HZ, most=MOST_HZ)
    signal = rows(ppg, name="ppg")
    points = coarse(signal, fs)
    slope = _slope(points.value, points.fs_hz)
    row, top, steep = _upstrokes(slope)
    if not len(top):
        return Beats(row=row, sample=top, fs_hz=fs, records=len(signal), shift=steep)
    typical = _typical(row, top, steep, slope.shape, points.fs_hz)
    is_pulse = steep > _LEAST * typical
    row, top, steep = row[is_pulse], top[is_pulse], np.minimum(steep, _MOST * typical)[is_pulse]
    kept = _shown(row, top / points.fs_hz, steep)
    exact = points.sample(_vertex(slope, row[kept], top[kept]))
    sample = np.rint(exact).astype(np.int64)
    return Beats(row=row[kept], sample=sample, fs_hz=fs, records=len(signal), shift=exact - sample)


def _by(fs_hz: float) -> int:
    return max(1, round(fs_hz / _WORK_HZ))


def _blocks(signal: Floats, by: int) -> Floats:
    """Return the means of blocks of `by` samples, NaN where one is missing; what is left over at the end is dropped."""
    samples = signal.shape[1]
    count = samples // by
    total = signal[:, 0 : count * by : by].copy()
    for shift in range(1, by):
        total += signal[:, shift : count * by : by]
    total /= by
    return total


def _slope(points: Floats, fs_hz: float) -> Floats:
    """Return the smoothed slope, (n, points), 0 where it reaches beyond the record or into a gap."""
    reach = int(np.ceil(3 * _SMOOTH_S * fs_hz))
    at_s = np.arange(1, reach + 1) / fs_hz
    weight = at_s * np.exp(-0.5 * (at_s / _SMOOTH_S) ** 2)
    weight /= 2 * (weight * at_s).sum()
    slope = np.zeros_like(points)
    inner = points.shape[1] - 2 * reach
    if inner <= 0:
        return slope
    middle = slope[:, reach : reach + inner]
    for step, each in enumerate(weight, start=1):
        middle += each * (
            points[:, reach + step : reach + step + inner] - points[:, reach - step : reach - step + inner]
        )
    return np.nan_to_num(slope, copy=False)


def _upstrokes(slope: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the steepest point of each stretch that rises: record, point, slope; stretches at an edge are left out."""
    points = slope.shape[1]
    if points < 3:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    flat = slope.copy()
    flat[:, [0, -1]] = 0
    flat = np.maximum(flat, 0).ravel()
    edge = np.flatnonzero((flat[1:] > 0) != (flat[:-1] > 0)) + 1
    if not len(edge):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    steep = np.maximum.reduceat(flat, edge)[::2]
    length = edge[1::2] - edge[::2]
    stretch = np.repeat(np.arange(len(length)), length)
    inside = np.flatnonzero(flat > 0)
    at_top = inside[flat[inside] == steep[stretch]]
    which = stretch[flat[inside] == steep[stretch]]
    first = np.concatenate(([True], which[1:] != which[:-1]))
    return (at_top[first] // points).astype(np.int64), (at_top[first] % points).astype(np.int64), steep


def _typical(row: Ints, top: Ints, steep: Floats, shape: tuple[int, ...], fs_hz: float) -> Floats:
    """Return for each upstroke the typical steepest slope of the seconds around it."""
    width = round(_BLOCK_S * fs_hz)
    count = -(-shape[1] // width)
    most = np.zeros((shape[0], count))
    np.maximum.at(most, (row, top // width), steep)
    around = _BACK_BLOCKS + _AHEAD_BLOCKS + 1
    padded = np.full((shape[0], count + around - 1), np.inf)  # a block without an upstroke, or beyond an edge, is none
    padded[:, _BACK_BLOCKS : _BACK_BLOCKS + count] = np.where(most > 0, most, np.inf)
    seen = np.sort(np.lib.stride_tricks.sliding_window_view(padded, around, axis=1), axis=-1)
    there = np.maximum(np.isfinite(seen).sum(-1), 1)[..., None]
    lower, upper = (np.take_along_axis(seen, (there - 1 + more) // 2, axis=-1)[..., 0] for more in (0, 1))
    return np.asarray(((lower + upper) / 2)[row, top // width], np.float64)


def _shown(row: Ints, at_s: Floats, steep: Floats) -> Bools:
    """Return which upstrokes are pulses of their own: not hidden by one before that is so much steeper.

    Twice over: what was hidden only by upstrokes that are themselves hidden shows.
    """
    shown = ~_hidden(row, at_s, steep, np.ones(len(row), np.bool_))
    open_ = ~shown & ~_hidden(row, at_s, steep, shown)
    return shown | (open_ & ~_hidden(row, at_s, steep, open_))


def _hidden(row: Ints, at_s: Floats, steep: Floats, by: Bools) -> Bools:
    """Return which upstrokes are hidden by one of `by` before them, or within the refractory time after."""
    hidden = np.zeros(len(row), np.bool_)
    for step in range(1, min(_NEIGHBOURS, len(row) - 1) + 1):
        apart_s = at_s[step:] - at_s[:-step]
        near = (row[step:] == row[:-step]) & (apart_s < _REACH_S)
        share = np.clip((apart_s - _REFRACTORY_S) / (_FREE_S - _REFRACTORY_S), 0, 1)
        share = _AS_STEEP + (_LATER - _AS_STEEP) * share
        first, second = steep[:-step], steep[step:]
        hidden[step:] |= near & by[:-step] & (second < share * first)
        hidden[:-step] |= near & by[step:] & (apart_s < _REFRACTORY_S) & (first < second)
    return hidden


def _vertex(slope: Floats, row: Ints, top: Ints) -> Floats:
    """Return where the parabola through the steepest point and its neighbours is steepest."""
    before, at, after = (slope[row, top + step] for step in (-1, 0, 1))
    bend = before - 2 * at + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1), 0)
    exact: Floats = top + np.clip(shift, -0.5, 0.5)
    return exact
