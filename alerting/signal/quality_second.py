"""A second, rougher way of finding beats, and how far it agrees with the first.

Where two detectors that err differently find the same beats, these are right (bSQI; Li, Mark & Clifford 2008,
doi:10.1088/0967-3334/29/1/002). Differs: the second way looks for bursts of curvature on blocks of 62 ms, so it costs
next to nothing and is led astray by other noise than a detector of slopes. Not here: beats for anybody to use.
"""

from typing import Final

import numpy as np

from alerting.signal.quality_grid import BLOCKS, Grid, Seen, widened
from alerting.signal.records import Floats, Ints

SHARE: Final = 0.35
"""A burst is a beat if it reaches this part of what is usual around."""
REFRACTORY: Final = 3
"""Blocks to either side in which a beat is the largest burst: 190 ms."""


def disagreement(buzz: Floats, grid: Grid, seen: Seen, apart_s: float, around: tuple[int, int]) -> Floats:
    """Return the share of beats that only one way finds, (n, w) in [0, 1]; 0 where neither finds any.

    buzz : (n, windows * BLOCKS) curvature of each block; around : windows before and after that say what is usual
    """
    n, w = len(buzz), grid.windows
    found = bursts(buzz, grid, around)
    width = float(w * grid.points * 2)
    first, second = seen.row * width + seen.point, found.row * width + found.point
    most = apart_s * grid.fs_hz
    alone = np.concatenate((_far(first, second, most), _far(second, first, most)))
    window = np.concatenate((grid.window_of(seen), grid.window_of(found)))
    all_of_them = np.bincount(window, minlength=n * w)
    return (np.bincount(window, alone, n * w) / np.maximum(all_of_them, 1)).reshape(n, w)


def bursts(buzz: Floats, grid: Grid, around: tuple[int, int]) -> Seen:
    """Return the beats as bursts of curvature."""
    n, width = buzz.shape
    padded = widened(buzz, 1, 1, 0.0)
    wide = buzz + (padded[:, :-2] + padded[:, 2:]) / 2
    most = wide.reshape(n, grid.windows, BLOCKS).max(axis=-1)
    usual = _middle(most, *around)
    level = np.repeat(usual * SHARE, BLOCKS, axis=1)
    room = widened(wide, REFRACTORY, REFRACTORY, -1.0)
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
    padded = np.concatenate((*[windows[:, :1]] * back, windows, *[windows[:, -1:]] * ahead), axis=1)
    width = windows.shape[1]
    return np.median([padded[:, shift : shift + width] for shift in range(back + ahead + 1)], axis=0)


def _far(these: Floats, those: Floats, most: float) -> Floats:
    """Return 1 for each of `these` with none of `those` within `most`, else 0. Both rise."""
    if len(those) == 0 or len(these) == 0:
        return np.ones(len(these))
    after: Ints = np.searchsorted(those, these).astype(np.int64)
    left, right = those[np.maximum(after - 1, 0)], those[np.minimum(after, len(those) - 1)]
    return (np.minimum(np.abs(these - left), np.abs(right - these)) > most).astype(np.float64)
