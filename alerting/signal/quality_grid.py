"""The grid on which quality is judged: samples, points (means of a few samples), blocks (1/32 window), windows.

Not here: what is judged. The invariant: the grid starts at sample 0 and depends on the sampling rate alone, so a record
and a piece of it that begins a whole number of windows later fall on the same points.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from alerting.signal.events import Beats
from alerting.signal.records import Floats, Ints

WINDOW_S: Final = 2.0
"""A window is this long, but for the rounding to whole points."""
BLOCKS: Final = 32
"""Blocks in a window: 62 ms each, less than a QRS complex and a quarter of the shortest RR interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Beats on a grid as columns: row (k,) int64, point (k,) float64, with its fraction."""

    row: Ints
    point: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How a record of some rate and length is divided.

    by : samples in a point; fs_hz : Hz, of the points; points : in a window; windows : of the record, the last one
    possibly only begun; held : points that the record fills
    """

    by: int
    fs_hz: float
    points: int
    windows: int
    held: int

    @classmethod
    def of(cls, samples: int, fs_hz: float, wanted_hz: float) -> Self:
        """Return the grid with points at about `wanted_hz`, never more than `fs_hz`."""
        by = max(1, round(fs_hz / wanted_hz))
        points = round(WINDOW_S * fs_hz / by)
        held = samples // by
        return cls(by=by, fs_hz=fs_hz / by, points=points, windows=-(-samples // (by * points)), held=held)

    @property
    def window_s(self) -> float:
        """The length of a window in seconds."""
        return self.points / self.fs_hz

    @property
    def edges(self) -> Ints:
        """(windows * BLOCKS,) int64: the first point of each block."""
        return np.arange(self.windows * BLOCKS) * self.points // BLOCKS

    def seen(self, beats: Beats) -> Seen:
        """Return where beats lie among the points."""
        point = (beats.sample + 0.5) / self.by - 0.5
        return Seen(row=beats.row, point=np.clip(point, 0, max(0, self.held - 1)))

    def window_of(self, seen: Seen) -> Ints:
        """Return the place of each beat's window among all windows of all records, (k,) int64."""
        within = np.minimum(seen.point.astype(np.int64) // self.points, self.windows - 1)
        return seen.row * self.windows + within

    def span(self, seconds: float) -> int:
        """Return how many points a time is, at least one."""
        return max(1, round(seconds * self.fs_hz))


def pointed(signal: Floats, grid: Grid) -> Floats:
    """Return (n, windows * points): means of `by` samples; the last one goes on to the end of its window."""
    n = signal.shape[0]
    whole = signal[:, : grid.held * grid.by]
    made = np.empty((n, grid.windows * grid.points))
    kept = made[:, : grid.held]
    np.copyto(kept, whole[:, :: grid.by])
    for later in range(1, grid.by):
        kept += whole[:, later :: grid.by]
    kept /= grid.by
    made[:, grid.held :] = kept[:, -1:] if grid.held else np.nan
    return made


def loudest(points: Floats, grid: Grid) -> Floats:
    """Return the largest value of each block, (n, windows * BLOCKS)."""
    return np.maximum.reduceat(points, grid.edges, axis=-1)


def averaged(points: Floats, grid: Grid) -> Floats:
    """Return the mean of each block, (n, windows * BLOCKS)."""
    edges = grid.edges
    return np.add.reduceat(points, edges, axis=-1) / np.diff(np.append(edges, grid.windows * grid.points))


def pooled(windows: Floats, back: int, ahead: int) -> Floats:
    """Return sums over the windows from `back` before to `ahead` after, (n, w); beyond the record there is nothing."""
    padded = widened(windows, back, ahead, 0.0)
    width = windows.shape[1]
    made = np.zeros(windows.shape)
    for shift in range(back + ahead + 1):
        made += padded[:, shift : shift + width]
    return made


def highest(windows: Floats, back: int, ahead: int) -> Floats:
    """Return the largest over the windows from `back` before to `ahead` after, (n, w); none is below 0."""
    padded = widened(windows, back, ahead, 0.0)
    width = windows.shape[1]
    made = np.zeros(windows.shape)
    for shift in range(back + ahead + 1):
        np.maximum(made, padded[:, shift : shift + width], out=made)
    return made


def widened(windows: Floats, back: int, ahead: int, beyond: float) -> Floats:
    """Return (n, back + w + ahead): columns of one value before and after. `numpy.pad` takes ten times as long."""
    n, width = windows.shape
    made = np.full((n, back + width + ahead), beyond)
    made[:, back : back + width] = windows
    return made
