"""What each beat of an ECG looks like: its shape, its width, its size.

Not here: what that says about it (`ecg_kinds`). The invariant: shape and width depend on no unit, offset or sign.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal.events import Beats
from alerting.signal.quality_grid import Grid, pointed
from alerting.signal.records import Floats, bridged

POINTS_HZ: Final = 125.0
SHAPE_S: Final = 0.16
"""Half the time over which beats are compared: the QRS complex and how the ST segment leaves it."""
STEP_S: Final = 0.016
WIDTH_S: Final = 0.12
"""Half the time in which the width is measured: a wide QRS complex, and not the T wave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How beats look, as columns.

    shape : (k, values) of length 1, without mean and slant; zeros where samples are missing
    width_s : (k,) s, the standard deviation in time of the power of the slope
    size : (k,) the unit of the signal, root mean square of the slope
    """

    shape: Floats
    width_s: Floats
    size: Floats


def looks(signal: Floats, beats: Beats) -> Looks:
    """Return how the beats of (n, samples) look; NaN are missing samples."""
    grid = Grid.of(signal.shape[1], beats.fs_hz, POINTS_HZ)
    points = pointed(bridged(signal, beats.fs_hz), grid)
    exact = np.clip((beats.sample + 0.5) / grid.by - 0.5, 0, max(0, grid.held - 1))
    reach, step = round(SHAPE_S / STEP_S), grid.span(STEP_S)
    shape = _around(points, beats, exact, step * np.arange(-reach, reach + 1))
    inner = grid.span(WIDTH_S)
    at = np.arange(-inner, inner + 1)
    power = np.diff(_around(points, beats, exact, at), axis=-1) ** 2
    power[np.isnan(power)] = 0
    total = power.sum(axis=-1) + 1e-30
    time = (at[1:] - 0.5) / grid.fs_hz
    middle = (power * time).sum(axis=-1) / total
    width = np.sqrt((power * (time - middle[:, None]) ** 2).sum(axis=-1) / total) + 1 / grid.fs_hz / 4
    return Looks(shape=_unit(shape), width_s=width, size=np.sqrt(total))


def _around(points: Floats, beats: Beats, exact: Floats, at: "np.typing.NDArray[np.int64]") -> Floats:
    """Return the points at the offsets `at` from each beat, between two points by a straight line, (k, len(at))."""
    if len(exact) == 0:
        return np.zeros((0, len(at)))
    whole = exact.astype(np.int64)
    width = points.shape[1]
    start = (beats.row * width)[:, None]
    place = whole[:, None] + at
    flat = points.ravel()
    here, after = flat[start + np.clip(place, 0, width - 1)], flat[start + np.clip(place + 1, 0, width - 1)]
    return here + (exact - whole)[:, None] * (after - here)


def _unit(shape: Floats) -> Floats:
    count = shape.shape[1] // 2
    line = np.arange(-count, count + 1) / np.sqrt((np.arange(-count, count + 1) ** 2).sum())
    shape = shape - shape.mean(axis=-1, keepdims=True)
    shape -= (shape * line).sum(axis=-1, keepdims=True) * line
    shape[np.isnan(shape).any(axis=-1)] = 0
    length = np.sqrt((shape * shape).sum(axis=-1, keepdims=True))
    return np.divide(shape, length, out=np.zeros_like(shape), where=length > 0)
