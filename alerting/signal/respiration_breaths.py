"""Breaths one by one in a slow wave of the chest: where it turns, and which turns are breaths.

Not here: what rate to believe when counting and spectrum disagree. The invariant: turns of a record alternate between
high and low, and none lies inside a gap.

A turn counts if the wave swings far enough on both sides of it, measured by the record's own median swing: a heart's
ripple is a small swing beside a large one, a deep sigh changes no median, a step of the baseline does not turn back.
Of two small swings the smallest goes first, as in topological persistence (Edelsbrunner 2002,
doi:10.1007/s00454-002-2885-2).
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from alerting.signal.records import Bools, Floats, Ints, gaps, straight

BREATHS_HZ: Final = 8.0
"""Chest waves are averaged down to about this rate: a breath is placed to a sixteenth of a second."""

# The band in which breaths of a rate are looked for, in multiples of it: half-rate waves and slower are the baseline,
# the heart and the shape of a breath are faster.
SLOWEST: Final = 0.45
FASTEST: Final = 2.0
_STEEPNESS: Final = 6

_STEEP_CENTILE: Final = 0.95
_STEEPEST: Final = 1.2  # of that centile of the wave's changes; what is steeper is no breath but a step

_FIRST_SHARE: Final = 0.15  # of the range between the 10th and 90th centile; what is smaller never enters the median
_PASSES: Final = 12  # each removes every smallest swing of its neighbourhood; few records need more than five


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Highest and lowest points, record after record, alternating within each.

    row : (k,) int64; at : (k,) int64, index along the last axis; value : (k,); records : how many were looked at
    """

    row: Ints
    at: Ints
    value: Floats
    records: int

    def only(self, kept: Bools) -> Self:
        """Return these of the turns."""
        return type(self)(row=self.row[kept], at=self.at[kept], value=self.value[kept], records=self.records)

    @property
    def swings(self) -> Floats:
        """How far it is to the next turn of the same record, (k - 1,); infinite where there is none."""
        together = self.row[1:] == self.row[:-1]
        return np.where(together, np.abs(np.diff(self.value)), np.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Breaths counted in each record: the rate of all whole breaths, NaN without one, and how they differ in length.

    rate_per_min, irregularity : (n,); the latter is the coefficient of variation of the breaths' lengths, 0 without two
    """

    rate_per_min: Floats
    irregularity: Floats


def block(fs_hz: float) -> int:
    """Return how many samples are averaged into one."""
    return max(1, round(fs_hz / BREATHS_HZ))


def slowed(resp: Floats, fs_hz: float) -> tuple[Floats, float]:
    """Return averages over blocks, (n, blocks), and their rate in Hz; NaN where half a block or more is missing."""
    size = block(fs_hz)
    count = resp.shape[1] // size
    blocks = resp[:, : count * size].reshape(len(resp), count, size)
    there = ~np.isnan(blocks)
    if there.all():
        return blocks.mean(axis=-1), fs_hz / size
    found = there.sum(axis=-1)
    mean = np.where(there, blocks, 0).sum(axis=-1) / np.maximum(found, 1)
    return np.where(2 * found > size, mean, np.nan), fs_hz / size


def filled(wave: Floats) -> Floats:
    """Return a wave with straight lines across its gaps, the ends held, zeros for nothing: to filter, not to read."""
    if not np.isnan(wave).any():
        return wave
    lost = gaps(wave)
    made = wave.copy()
    made[lost.row, lost.at] = straight(wave, lost)
    return made


def without_steps(wave: Floats) -> Floats:
    """Return a wave whose changes are cut to what is usual in it, so that a step of its baseline becomes a small one.

    wave : (n, samples), no NaN
    """
    changes = np.diff(wave, axis=1)
    place = int(_STEEP_CENTILE * changes.shape[1])
    most = _STEEPEST * np.partition(np.abs(changes), place, axis=1)[:, place, None]
    return np.concatenate((wave[:, :1], wave[:, :1] + np.cumsum(np.clip(changes, -most, most), axis=1)), axis=1)


def banded(wave: Floats, wave_hz: float, rate_per_min: Floats) -> Floats:
    """Return a wave without what is slower or faster than breaths of a rate, each record for its own, (n, samples).

    wave : (n, samples), no NaN; the ends are mirrored through their last value, so that they stay where they are
    """
    samples = wave.shape[1]
    ends = samples // 2
    before, after = 2 * wave[:, :1] - wave[:, ends:0:-1], 2 * wave[:, -1:] - wave[:, -2 : -ends - 2 : -1]
    longer = np.concatenate((before, wave, after), axis=1)
    per_min = 60 * np.fft.rfftfreq(longer.shape[1], 1 / wave_hz) / rate_per_min[:, None]
    passed = 1 / (1 + (per_min / FASTEST) ** _STEEPNESS)
    passed *= 1 - 1 / (1 + (per_min / SLOWEST) ** _STEEPNESS)
    return np.fft.irfft(np.fft.rfft(longer) * passed, longer.shape[1])[:, ends : ends + samples]


def turns(wave: Floats, *, share: float) -> Turns:
    """Return the turns that swing at least `share` of the record's median swing on both sides."""
    rises = np.diff(wave, axis=1) > 0
    row, before = np.nonzero(rises[:, 1:] != rises[:, :-1])
    found = Turns(row=row, at=before + 1, value=wave[row, before + 1], records=len(wave))
    low, high = np.quantile(wave, (0.1, 0.9), axis=1)
    found = without_small(found, _FIRST_SHARE * (high - low))
    return without_small(found, share * median_swing(found))


def median_swing(found: Turns) -> Floats:
    """Return the median swing of each record, (n,); 0 where there is none."""
    swings = found.swings
    inside = np.isfinite(swings)
    return by_row_median(found.row[:-1][inside], swings[inside], found.records)


def by_row_median(row: Ints, values: Floats, records: int) -> Floats:
    """Return the median of the values of each record, (records,); 0 where there is none. row : rising."""
    ordered = values[np.lexsort((values, row))]
    first = np.searchsorted(row, np.arange(records))
    found = np.searchsorted(row, np.arange(records), side="right") - first
    if not len(ordered):
        return np.zeros(records)
    low, high = (np.minimum(first + np.maximum(found + each, 0) // 2, len(ordered) - 1) for each in (-1, 0))
    return np.where(found > 0, (ordered[low] + ordered[high]) / 2, 0.0)


def without_small(found: Turns, least: Floats) -> Turns:
    """Remove pairs of turns with less than `least` between them, (n,), the smallest of each neighbourhood first."""
    for _ in range(_PASSES):
        swings = found.swings
        if not len(swings):
            break
        left, right = np.append(np.inf, swings[:-1]), np.append(swings[1:], np.inf)
        small = (swings < least[found.row[:-1]]) & (swings < left) & (swings <= right)
        if not small.any():
            break
        found = found.only(~_gone(small, np.isinf(left), np.isinf(right)))
    return found


def _gone(small: Bools, starts: Bools, ends: Bools) -> Bools:
    """Return which turns go, (k,): both of a small swing, of one at an end of the record only the outermost."""
    gone = np.zeros(len(small) + 1, np.bool_)
    gone[:-1] |= small & (starts | ~ends)
    gone[1:] |= small & (ends | ~starts)
    return gone


def outside_gaps(found: Turns, gone: Bools) -> Turns:
    """Return the turns where the wave is there; gone : (n, samples), where it is not."""
    return found.only(~gone[found.row, found.at]) if gone.any() else found


def counted(found: Turns, gone: Bools, wave_hz: float) -> Count:
    """Return the rate of breathing from one high point to the next and from one low point to the next.

    found : alternating turns; gone : (n, samples), where the wave is missing: a breath across a gap is not counted
    """
    missed = np.cumsum(gone, axis=1)[found.row, found.at]
    whole = (found.row[2:] == found.row[:-2]) & (missed[2:] == missed[:-2])
    length_s = (found.at[2:] - found.at[:-2])[whole] / wave_hz
    row = found.row[2:][whole]
    breaths = np.maximum(np.bincount(row, minlength=found.records), 1)
    mean_s = np.bincount(row, length_s, found.records) / breaths
    variance = np.bincount(row, (length_s - mean_s[row]) ** 2, found.records) / breaths
    some = np.where(mean_s > 0, mean_s, np.nan)
    return Count(rate_per_min=60 / some, irregularity=np.nan_to_num(np.sqrt(variance) / some))
