"""Pieces of a signal around beats, and their shape freed of size, offset and slant.

Not here: what the shapes say. The invariant: each piece depends on its own beat alone, and the shape of a piece in
which samples are missing is zero throughout, like nothing at all.
"""

from typing import Final

import numpy as np

from alerting.signal.quality_grid import Seen
from alerting.signal.records import Floats, Ints

ROUNDING: Final = 1e-11
"""A piece that varies by less than this part of its level is a straight line."""


def around(points: Floats, seen: Seen, offsets: Ints) -> Floats:
    """Return the points at these offsets from each beat, (k, len(offsets)), by a straight line between two points.

    Beyond the ends of a record its outermost point goes on.
    """
    if len(seen.row) == 0:
        return np.zeros((0, len(offsets)))
    width = points.shape[1]
    whole = seen.point.astype(np.int64)
    place = whole[:, None] + offsets
    start = (seen.row * width)[:, None]
    flat = points.ravel()
    here, after = flat[start + np.clip(place, 0, width - 1)], flat[start + np.clip(place + 1, 0, width - 1)]
    made: Floats = here + (seen.point - whole)[:, None] * (after - here)
    return made


def unit(pieces: Floats) -> Floats:
    """Return (k, 2c + 1) pieces without mean and slant, of length 1, so that the sum of a product is a correlation."""
    reach = pieces.shape[1] // 2
    line = np.arange(-reach, reach + 1) / np.sqrt((np.arange(-reach, reach + 1) ** 2).sum())
    shape = pieces - pieces.mean(axis=-1, keepdims=True)
    shape -= (shape * line).sum(axis=-1, keepdims=True) * line
    shape[np.isnan(shape).any(axis=-1)] = 0
    length = np.sqrt((shape * shape).sum(axis=-1, keepdims=True))
    rounding = ROUNDING * np.abs(pieces).max(axis=-1, keepdims=True, initial=0)
    made: Floats = np.divide(shape, length, out=np.zeros_like(shape), where=length > rounding)
    return made
