"""What each beat of an ECG looks like: its shape, its width, its size.

Not here: what that says about it (`ecg_kinds`). The invariant: shape and width depend on no unit, offset or sign.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal.events import Beats
from alerting.signal.quality_grid import Grid, pointed
from alerting.signal.records import Floats, bridged
from alerting.signal.snippets import around, unit

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
    seen = grid.seen(beats)
    step, inner = grid.span(STEP_S), grid.span(WIDTH_S)
    wide = step * round(SHAPE_S / STEP_S)
    outer = max(wide, inner)
    piece = around(points, seen, np.arange(-outer, outer + 1))
    shape = piece[:, outer - wide : outer + wide + 1 : step]
    at = np.arange(-inner, inner + 1)
    power = np.diff(piece[:, outer - inner : outer + inner + 1], axis=-1) ** 2
    power[np.isnan(power)] = 0
    total = power.sum(axis=-1) + 1e-30
    time = (at[1:] - 0.5) / grid.fs_hz
    middle = (power * time).sum(axis=-1) / total
    width = np.sqrt((power * (time - middle[:, None]) ** 2).sum(axis=-1) / total) + 1 / grid.fs_hz / 4
    return Looks(shape=unit(shape), width_s=width, size=np.sqrt(total))
