"""What is wrong with a signal whatever it shows: samples missing, standing still, cut off at the end of the range.

Not here: noise, which needs beats to be told from a heart. The invariant: nothing depends on the signal's unit, offset
or sign.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal.quality_grid import Grid
from alerting.signal.records import Bools, Floats, Ints

FLAT_S: Final = 0.8
"""Standing still for this long: longer than the line between T and P at 50 beats a minute in a signal without noise."""
CLIPPED_S: Final = 0.02
"""Standing still for this long at the window's extreme, reached by a jump, is the end of the range."""
JUMP: Final = 0.03
"""Such a jump is at least this part of the window's range; the round top of a wave is reached in smaller steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Seconds of each window that are lost, (n, w) float64 each."""

    missing_s: Floats
    flat_s: Floats
    clipped_s: Floats


def faults(points: Floats, grid: Grid) -> Faults:
    """Return what is lost of each window of (n, windows * grid.points) points, NaN where samples are missing."""
    n = len(points)
    gone = np.isnan(points)
    gone[:, grid.held :] = False
    missing_s = gone.reshape(n, grid.windows, grid.points).sum(axis=-1) / grid.fs_hz
    begin, end = _still(points, grid)
    still_s = (end - begin) / grid.fs_hz
    flat = still_s >= FLAT_S
    maybe = ~flat & (still_s >= CLIPPED_S)
    begin_c, end_c = begin[maybe], end[maybe]
    cut = _at_end_of_range(points, grid, begin_c)
    return Faults(
        missing_s=missing_s,
        flat_s=_lasting(begin[flat], end[flat], n, grid),
        clipped_s=_lasting(begin_c[cut], end_c[cut], n, grid),
    )


def _still(points: Floats, grid: Grid) -> tuple[Ints, Ints]:
    """Return begin and end, as places in all points of all records, of every run of equal points."""
    same = np.zeros(points.shape, np.bool_)
    np.equal(points[:, 1:], points[:, :-1], out=same[:, 1:])
    same[:, grid.held :] = False
    place = np.flatnonzero(same)
    if len(place) == 0:
        return place, place
    first = np.flatnonzero(np.diff(place, prepend=-2) != 1)
    last = np.append(first[1:], len(place)) - 1
    return place[first] - 1, place[last] + 1


def _at_end_of_range(points: Floats, grid: Grid, begin: Ints) -> Bools:
    """Tell which runs stand at the extreme of their window and were reached by a jump."""
    if len(begin) == 0:
        return np.zeros(0, np.bool_)
    windows = points.reshape(-1, grid.points)
    window = begin // grid.points
    which, again = np.unique(window, return_inverse=True)
    seen = windows[which]
    high, low = np.fmax.reduce(seen, axis=-1)[again], np.fmin.reduce(seen, axis=-1)[again]
    flat = points.ravel()
    value, before = flat[begin], flat[np.maximum(begin - 1, 0)]
    jump = np.abs(value - before) >= JUMP * (high - low)
    inside = begin % (grid.points * grid.windows) > 0
    made: Bools = inside & jump & ((value == high) | (value == low)) & (high > low)
    return made


def _lasting(begin: Ints, end: Ints, n: int, grid: Grid) -> Floats:
    """Return how much of each window the runs last, s."""
    whole = np.zeros(n * grid.windows)
    if len(begin):
        edge = np.zeros(n * grid.windows * grid.points + 1, np.int64)
        np.add.at(edge, begin, 1)
        np.add.at(edge, end, -1)
        whole = (np.cumsum(edge[:-1]) > 0).reshape(-1, grid.points).sum(axis=-1) / grid.fs_hz
    return whole.reshape(n, grid.windows)
