"""A second, rougher way of finding beats, and how far it agrees with the first.

Where two detectors that err differently find the same beats, these are right (bSQI; Li, Mark & Clifford 2008,
doi:10.1088/0967-3334/29/1/002). Differs: the second way looks for bursts of curvature on blocks of 62 ms, so it costs
next to nothing and is led astray by other noise than a detector of slopes. Not here: beats for anybody to use.
"""

from typing import Final

import numpy as np

from alerting.signal.quality_grid import BLOCKS, Grid, Seen, pooled
from alerting.signal.records import Floats, Ints

SHARE: Final = 0.35
"""A burst is a beat if it reaches this part of what is usual around."""
REFRACTORY: Final = 3
"""Blocks to either side in which a beat is the largest burst: 190 ms."""


def agreed(buzz: Floats, grid: Grid, seen: Seen, apart_s: float, around: tuple[int, int]) -> Floats:
    """Return the share of beats that both ways find, (n, w), pooled over the windows `around`; NaN where none does.

    buzz : (n, windows * BLOCKS) curvature of each block
    """
    n, w = len(buzz), grid.windows
    found = bursts(buzz, grid, around)
    width = float(w * grid.points * 2)
    first, second = seen.row * width + seen.point, found.row * width + found.point
    most = apart_s * grid.fs_hz

    def per_window(which: Seen, values: Floats | None = None) -> Floats:
        window = which.row * w + np.minimum(which.point.astype(np.int64) // grid.points, w - 1)
        return np.bincount(window, values, n * w).reshape(n, w)

    both = per_window(seen, _near(first, second, most)) + per_window(found, _near(second, first, most))
    either = per_window(seen) + per_window(found)
    with np.errstate(invalid="ignore"):
        return pooled(both, *around) / pooled(either, *around)


def bursts(buzz: Floats, grid: Grid, around: tuple[int, int]) -> Seen:
    """Return the beats as bursts of curvature."""
    n, width = buzz.shape
    padded = np.pad(buzz, ((0, 0), (1, 1)))
    wide = buzz + (padded[:, :-2] + padded[:, 2:]) / 2
    most = wide.reshape(n, grid.windows, BLOCKS).max(axis=-1)
    usual = _middle(most, *around)
    level = np.repeat(usual * SHARE, BLOCKS, axis=1)
    room = np.pad(wide, ((0, 0), (REFRACTORY, REFRACTORY)), constant_values=-1.0)
    top = wide > level
    for shift in range(1, REFRACTORY + 1):
        top &= wide >= room[:, REFRACTORY - shift : REFRACTORY - shift + width]
        top &= wide > room[:, REFRACTORY + shift : REFRACTORY + shift + width]
    row, block = np.nonzero(top)
    before, here, after = padded[row, block], buzz[row, block], padded[row, block + 2]
    lean = (after - before) / np.maximum(before + here + after, 1e-300)
    return Seen(row=row, point=(block + 0.5 + lean) * grid.points / BLOCKS)


def _middle(windows: Floats, back: int, ahead: int) -> Floats:
    """Return the median over the windows around each; beyond the record the outermost goes on."""
    padded = np.pad(windows, ((0, 0), (back, ahead)), mode="edge")
    width = windows.shape[1]
    return np.median([padded[:, shift : shift + width] for shift in range(back + ahead + 1)], axis=0)


def _near(these: Floats, those: Floats, most: float) -> Floats:
    """Return 1 for each of `these` with one of `those` no more than `most` away, else 0. Both rise."""
    if len(those) == 0 or len(these) == 0:
        return np.zeros(len(these))
    after: Ints = np.searchsorted(those, these).astype(np.int64)
    left, right = those[np.maximum(after - 1, 0)], those[np.minimum(after, len(those) - 1)]
    return (np.minimum(np.abs(these - left), np.abs(right - these)) <= most).astype(np.float64)
