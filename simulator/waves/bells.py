"""Sums of bell curves on an even grid of samples: of which every beat and every pulse is drawn. Pure.

The invariant: a sample is the sum of the bells that reach it, in the order in which they are given, so any part of a
drawing is the same as that part of the whole.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.noise import Floats

REACH: Final = 5.0
"""A bell reaches this many widths to either side; beyond it is less than four millionths of its height."""


def draw(first: int, count: int, fs_hz: float, at_s: Floats, width_s: npt.ArrayLike, top: npt.ArrayLike) -> Floats:
    """Return the sum of bells at the samples `first` to `first + count`, (count,) float64.

    Parameters
    ----------
    first, count, fs_hz : which samples; number n is at n / fs_hz seconds
    at_s, width_s, top : (k,) middle (s), standard deviation (s) and height of each bell
    """
    width = np.broadcast_to(np.asarray(width_s, float), at_s.shape)
    height = np.broadcast_to(np.asarray(top, float), at_s.shape)
    drawn = np.zeros(count)
    if not at_s.size or not count:
        return drawn
    half = int(np.ceil(REACH * width.max() * fs_hz)) + 1
    near = np.round(at_s * fs_hz).astype(np.int64)[:, None] + np.arange(-half, half + 1)
    off = (near / fs_hz - at_s[:, None]) / width[:, None]
    values = np.where(np.abs(off) <= REACH, height[:, None] * np.exp(-0.5 * off * off), 0.0)
    place = near - first
    inside = (place >= 0) & (place < count)
    return drawn + np.bincount(place[inside], values[inside], minlength=count)
