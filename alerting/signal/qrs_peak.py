"""The R peak of a beat: the largest deflection of its QRS complex, upwards or downwards.

Which way is the beat's own: the larger of the two, where they are nearly alike the way its fellows before it point.
"""

from typing import Final

import numpy as np

from alerting.signal.qrs_energy import Energy
from alerting.signal.records import Floats, Ints

_REACH_S, _BEYOND_S = 0.08, 0.05
"""The peak lies within this of the energy's; the level it stands on is the mean of a bit more."""
_TAPER_S: Final = 0.2
_UPWARDS: Final = 0.1
"""How much (in logarithms) a deflection upwards is preferred."""
_FELLOWS: Final = 8
_FELLOWS_S: Final = 8.0
_WEIGHT: Final = 0.3
"""Of the fellows' direction, beside the beat's own; both in logarithms, at most 2 and 1."""

PEAK_BACK_S: Final = _FELLOWS_S + 0.5


def peaks(seen: Energy, row: Ints, point: Ints) -> Floats:
    """Return the points of the R peaks of beats at these points of the energy, (k,) float64, between points too."""
    if not len(row):
        return np.zeros(0)
    reach, beyond = (round(each * seen.fs_hz) for each in (_REACH_S, _BEYOND_S))
    around = np.arange(-reach - beyond, reach + beyond + 1)
    piece = seen.points[row[:, None], np.clip(point[:, None] + around, 0, seen.points.shape[1] - 1)]
    piece = piece - piece.mean(axis=1, keepdims=True)
    piece = piece[:, beyond : len(around) - beyond] * np.exp(
        -0.5 * (np.arange(-reach, reach + 1) / seen.fs_hz / _TAPER_S) ** 2
    )
    each = np.arange(len(row))
    up, down = piece.argmax(axis=1), piece.argmin(axis=1)
    rises, falls = np.maximum(piece[each, up], 0), np.maximum(-piece[each, down], 0)
    tiny = np.finfo(np.float64).tiny
    own = np.clip(np.log((rises + tiny) / (falls + tiny)), -2, 2) + _UPWARDS
    upwards = own + _WEIGHT * np.clip(_of_fellows(row, point / seen.fs_hz, own), -1, 1) > 0
    best = np.where(upwards, up, down)
    exact: Floats = point - reach + best + _between(piece, each, best)
    return exact


def _of_fellows(row: Ints, at_s: Floats, own: Floats) -> Floats:
    """Return the median direction of the beats before each."""
    seen = np.full((_FELLOWS, len(row)), np.inf)
    for step in range(1, min(_FELLOWS, len(row) - 1) + 1):
        near = (row[:-step] == row[step:]) & (at_s[step:] - at_s[:-step] < _FELLOWS_S)
        seen[step - 1, step:] = np.where(near, own[:-step], np.inf)
    known = np.isfinite(seen).sum(axis=0)
    seen.sort(axis=0)
    median = np.take_along_axis(seen, (np.maximum(known, 1)[None] - 1) // 2, axis=0)[0]
    return np.where(known > 0, median, 0.0)


def _between(piece: Floats, each: Ints, best: Ints) -> Floats:
    """Return how far the vertex of the parabola through the peak and its neighbours lies beside it."""
    inside = (best > 0) & (best < piece.shape[1] - 1)
    at = np.clip(best, 1, piece.shape[1] - 2)
    before, top, after = (piece[each, at + step] for step in (-1, 0, 1))
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / np.where(bend == 0, 1, bend)
    return np.where(inside & (bend != 0), np.clip(shift, -0.5, 0.5), 0.0)
