"""Whether the pulses follow the heart beats: arrival time, pulse deficit, rate difference, window by window.

For those who must decide whether to believe a channel (alarm verification, the fusion of heart rates). Not here:
finding beats or pulses, and what to do about a disagreement. The invariant: only pairs near one common delay count,
the delay being the commonest one of the neighbourhood; without a common delay there is no arrival time (NaN).

The delay holds the pre-ejection period, the way of the pulse wave and whatever the devices add; with clocks of their
own it is no measure of blood pressure. Its range is that of finger and wrist with the delays of common monitors.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from alerting.signal import columns
from alerting.signal.events import Beats
from alerting.signal.records import Floats, Ints

WINDOW_S: Final = 10.0
SOONEST_S: Final = 0.06
LATEST_S: Final = 0.90
"""Delays looked at, from R peak to the steepest rise of the pulse."""

NEAR_S: Final = 0.15
"""A pulse within this of the common delay belongs to its heart beat."""

AROUND: Final = 1
"""Windows before and after that have a say in the common delay."""

LEAST_SHARED: Final = 0.4
"""Share of the pulses that must agree on a delay for it to be one; by chance it is about 0.3 at 70/min."""

CANDIDATES: Final = 4
"""Pulses looked at after each R peak: as many as LATEST_S holds at 220/min."""

LEAST_WINDOW_S: Final = 5.0
BIN_S: Final = 0.02
PRIOR_PER_S: Final = 0.2
"""A regular rhythm fits the next delay, one interval later, as well: the sooner one is taken."""

BACK_S: Final = (AROUND + 1) * WINDOW_S + LATEST_S + NEAR_S
AHEAD_S: Final = BACK_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Pulses beside heart beats in consecutive windows, (n, w) float64 each.

    arrival_s : s, median delay from R peak to pulse, NaN where there is no common delay
    spread_s : s, 1.4826 times the median absolute deviation of it
    followed : share of R peaks with a pulse at the common delay, NaN without R peaks or delay
    unexplained : share of pulses without an R peak at the common delay, NaN without pulses or delay
    deficit_per_min : R peaks that no pulse followed, /min
    rate_difference_per_min : heart rate less pulse rate, by counts, /min
    """

    arrival_s: Floats
    spread_s: Floats
    followed: Floats
    unexplained: Floats
    deficit_per_min: Floats
    rate_difference_per_min: Floats
    window_s: float


@dataclass(frozen=True, slots=True)
class _Grid:
    """Windows of a batch, numbered through; a beat after the last whole window is in the cell past the end."""

    length: int
    records: int
    windows: int

    @property
    def cells(self) -> int:
        return self.records * self.windows

    def of(self, row: Ints, sample: Ints) -> Ints:
        return np.where(sample < self.windows * self.length, row * self.windows + sample // self.length, self.cells)

    def shaped(self, column: Floats) -> Floats:
        return column[: self.cells].reshape(self.records, self.windows)


def agreement(pulses: Beats, beats: Beats, *, samples: int, window_s: float = WINDOW_S) -> Agreement:
    """Return how the pulses go with the heart beats in each whole window.

    Parameters
    ----------
    pulses : of `pulses.detect`; beats : R peaks (`qrs.detect`) of the same records, at the same `fs_hz`
    samples : length of the records; window_s : s, at least 5

    Raises
    ------
    ValueError
        If the two are not of as many records or not at the same rate, or the window is shorter than 5 s.
    """
    grid = _grid(pulses, beats, samples, window_s)
    delay, pulse = _delays(pulses, beats)
    heart, pulsed = grid.of(beats.row, beats.sample), grid.of(pulses.row, pulses.sample)
    common = np.append(_common(delay, heart, grid), np.nan)
    off = np.abs(delay - common[heart])
    off[np.isnan(off)] = np.inf
    nearest = np.argmin(off, axis=0)
    mine = np.arange(len(heart))
    follows = off[nearest, mine] <= NEAR_S
    own = np.where(follows, delay[nearest, mine], np.nan)
    arrival = np.append(columns.medians(own, heart, grid.cells + 1)[: grid.cells], np.nan)
    spread = 1.4826 * columns.medians(np.abs(own - arrival[heart]), heart, grid.cells + 1)
    explained = np.zeros(len(pulsed))
    explained[pulse[nearest, mine][follows]] = 1.0
    known = np.where(np.isnan(common), np.nan, 0.0)
    followed = columns.means(follows + known[heart], heart, grid.cells + 1)
    unexplained = 1.0 - columns.means(explained + known[pulsed], pulsed, grid.cells + 1)
    missed = columns.sums(~follows + known[heart], heart, grid.cells + 1) + known
    return Agreement(
        arrival_s=grid.shaped(arrival),
        spread_s=grid.shaped(spread),
        followed=grid.shaped(followed),
        unexplained=grid.shaped(unexplained),
        deficit_per_min=grid.shaped(missed * 60.0 / window_s),
        rate_difference_per_min=grid.shaped(_rates(beats, heart, grid) - _rates(pulses, pulsed, grid)),
        window_s=window_s,
    )


def _grid(pulses: Beats, beats: Beats, samples: int, window_s: float) -> _Grid:
    if pulses.records != beats.records:
        raise ValueError(f"beats: of {beats.records} records, must be of {pulses.records} like the pulses")
    if pulses.fs_hz != beats.fs_hz:
        raise ValueError(f"beats: at {beats.fs_hz:g} Hz, must be at {pulses.fs_hz:g} Hz like the pulses")
    if not window_s >= LEAST_WINDOW_S:
        raise ValueError(f"window_s: is {window_s!r}, must be at least {LEAST_WINDOW_S:g} s")
    length = round(window_s * pulses.fs_hz)
    return _Grid(length, pulses.records, samples // length)


def _delays(pulses: Beats, beats: Beats) -> tuple[Floats, Ints]:
    """Return delays in s from each R peak to the pulses after it, (4, beats), NaN where there is none, and which."""
    apart = 2 * (max(int(each.sample.max(initial=0)) for each in (pulses, beats)) + round(pulses.fs_hz)) + 1
    pulsed, heart = pulses.row * apart + pulses.sample, beats.row * apart + beats.sample
    first = np.searchsorted(pulsed, heart + round(SOONEST_S * pulses.fs_hz))
    pulse = first + np.arange(CANDIDATES)[:, np.newaxis]
    known = pulse < len(pulsed)
    pulse = np.where(known, pulse, 0)
    delay = (np.append(pulsed, 0)[pulse] - heart) / pulses.fs_hz
    return np.where(known & (delay <= LATEST_S), delay, np.nan), pulse


def _common(delay: Floats, heart: Ints, grid: _Grid) -> Floats:
    """Return the commonest delay around each cell, (cells,) s, NaN where few R peaks share one."""
    bins = round(LATEST_S / BIN_S) + 1
    known = ~np.isnan(delay) & (heart < grid.cells)
    slot = np.broadcast_to(heart, delay.shape)[known] * bins + (delay[known] / BIN_S).astype(np.int64)
    votes = np.bincount(slot, minlength=grid.cells * bins).reshape(grid.records, grid.windows, bins)
    asked = np.bincount(heart, minlength=grid.cells + 1)[: grid.cells].reshape(grid.records, grid.windows, 1)
    votes, asked = (_around(_around(each, AROUND, 1), wide, 2) for each, wide in ((votes, 2), (asked, 0)))
    best = np.argmax(votes * (1.0 - PRIOR_PER_S * BIN_S * np.arange(bins)), axis=-1)
    share = np.take_along_axis(votes, best[..., np.newaxis], -1) / np.maximum(asked, 1)
    return np.where(share[..., 0] >= LEAST_SHARED, (best + 0.5) * BIN_S, np.nan).ravel()


def _around(count: Ints, wide: int, axis: int) -> Ints:
    """Return each count with those of its neighbours up to `wide` away along an axis."""
    padding = [(wide, wide) if each == axis else (0, 0) for each in range(count.ndim)]
    total: Ints = sliding_window_view(np.pad(count, padding), 2 * wide + 1, axis=axis).sum(axis=-1)
    return total


def _rates(beats: Beats, cell: Ints, grid: _Grid) -> Floats:
    """Return 60 over the mean interval that ends in each cell, /min, NaN where none does."""
    within = np.flatnonzero(beats.row[1:] == beats.row[:-1])
    gap_s = (beats.exact[within + 1] - beats.exact[within]) / beats.fs_hz
    return 60.0 / columns.means(gap_s, cell[within + 1], grid.cells + 1)
