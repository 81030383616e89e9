"""How the beats of a signal stand out from the rest of it, and how much they look alike.

Not here: what to think of it (`quality_model`). The invariant: nothing depends on the signal's unit, offset or sign,
and what is said of a window depends on the windows from `FAR_BACK` before to `AHEAD` after it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal.quality_grid import BLOCKS, Grid, Seen, averaged, highest, loudest, pooled
from alerting.signal.quality_second import disagreement
from alerting.signal.records import Floats, Ints
from alerting.signal.snippets import around, unit

BACK: Final = 2
"""Windows before that a window is judged together with."""
AHEAD: Final = 1
"""Windows after, likewise."""
OWN: Final = 4
"""How much more the likeness of the window's own beats counts than that of the others."""
FAR_BACK: Final = 10
"""Windows before in which the size of a beat is looked for where there is none nearer."""
FELLOWS: Final = 4
"""A beat is compared with this many before and after it: in trigeminy two of each are of its kind."""
BEFORE_S: Final = 6.0
"""But with none longer ago than this."""
AFTER_S: Final = 2.5
"""And none later than this: a stream cannot wait long."""
ALIKE: Final = -4.5
UNLIKE: Final = -0.5
"""From this log of 1 - correlation (0.99) to this (0.4) a beat goes from being one of many to being odd."""
SMALLEST: Final = 0.01
"""Of the largest beat near: what is smaller, down to nothing where a signal stands still, counts as this."""
_TINY: Final = 1e-30


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """What a beat of a kind of signal is.

    rise_s : time in which its steepest part happens; reach_s : how far from its moment that part may lie
    shape_s : half the time over which two beats are compared; step_s : of one value to the next in that
    apart_s : two ways of finding beats mean the same one if no more than this apart
    """

    rise_s: float
    reach_s: float
    shape_s: float
    step_s: float
    apart_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Measures of each window, (n, w) float64; NaN where no beat is near. Sizes are those of the steepest slope.

    disagreement : share of beats that only one of two ways of finding them finds, 0-1
    rest : log of the largest moment away from any beat, in sizes of a usual beat
    unlikeness : log of 1 - correlation of the beats with the most alike ones near
    noise : log of the fast small swings, in sizes of a usual beat
    drift : log of the slow swings, in sizes of a usual beat
    doubtful : of the most doubtful beat, how much smaller than usual it is (log), if it is unlike the others too
    """

    disagreement: Floats
    rest: Floats
    unlikeness: Floats
    noise: Floats
    drift: Floats
    doubtful: Floats


def measure(points: Floats, grid: Grid, seen: Seen, lens: Lens) -> Shape:
    """Return the measures of (n, windows * grid.points) points, given the beats seen in them."""
    n, w = len(points), grid.windows
    slope = _slope(points, grid.span(lens.rise_s))
    buzz = averaged(_curve(points, grid.span(lens.rise_s / 2)), grid)
    window = grid.window_of(seen)
    size = _size(slope, grid, seen, lens)
    most = highest(_most(size, window, n * w).reshape(n, w), BACK, AHEAD)
    size = np.log(np.maximum(size, SMALLEST * most.ravel()[window]) + _TINY)
    unlike = _unlikeness(points, grid, seen, lens)

    def usual_of(values: Floats, own: int) -> Floats:
        total, count = (
            np.bincount(window, each, n * w).reshape(n, w).astype(np.float64) for each in (values, np.ones(len(values)))
        )
        near, far = ([pooled(each, back, AHEAD) for each in (total, count)] for back in (BACK, FAR_BACK))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(near[1] > 0, (near[0] + own * total) / (near[1] + own * count), far[0] / far[1])

    usual = usual_of(size, 0)
    odd = np.clip((unlike - ALIKE) / (UNLIKE - ALIKE), 0, 1)
    return Shape(
        disagreement=disagreement(buzz, grid, seen, lens.apart_s, (BACK, AHEAD)),
        rest=np.log(_rest(loudest(slope, grid), grid, seen, lens) + _TINY) - usual,
        unlikeness=usual_of(unlike, OWN),
        noise=np.log(np.median(buzz.reshape(n, w, BLOCKS), axis=-1) + _TINY) - usual,
        drift=np.log(_drift(points, grid) + _TINY) - usual,
        doubtful=_most((usual.ravel()[window] - size) * odd, window, n * w).reshape(n, w),
    )


def _most(values: Floats, window: Ints, windows: int) -> Floats:
    """Return the largest value of each window, at least 0."""
    made = np.zeros(windows)
    np.maximum.at(made, window, values)
    return made


def _slope(points: Floats, lag: int) -> Floats:
    """Return the size of the change over `lag` points, centred; 0 at the edges."""
    made = np.zeros(points.shape)
    before = lag // 2
    np.subtract(points[:, lag:], points[:, :-lag], out=made[:, before : before + points.shape[1] - lag])
    return _sizes(made)


def _curve(points: Floats, lag: int) -> Floats:
    """Return the size of the bend over `lag` points to either side; 0 at the edges."""
    made = np.zeros(points.shape)
    middle = made[:, lag:-lag]
    np.add(points[:, 2 * lag :], points[:, : -2 * lag], out=middle)
    middle -= 2 * points[:, lag:-lag]
    return _sizes(made)


def _sizes(change: Floats) -> Floats:
    """Return the absolute values, in place; where a sample is missing nothing has changed."""
    np.abs(change, out=change)
    change[np.isnan(change)] = 0
    return change


def _size(slope: Floats, grid: Grid, seen: Seen, lens: Lens) -> Floats:
    """Return the steepest slope near each beat, (k,)."""
    reach = grid.span(lens.reach_s)
    width = slope.shape[1]
    around = seen.point.astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
    found = slope.ravel()[np.clip(around, 0, width - 1) + seen.row[:, None] * width]
    return found.max(axis=-1) if len(found) else np.zeros(0)


def _rest(block: Floats, grid: Grid, seen: Seen, lens: Lens) -> Floats:
    """Return the loudest block of each window that no beat touches, (n, w)."""
    n, width = block.shape
    reach = -(-grid.span(lens.reach_s) * BLOCKS // grid.points)
    at = (seen.point * BLOCKS / grid.points).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
    quiet = block.copy()
    quiet.ravel()[np.clip(at, 0, width - 1) + seen.row[:, None] * width] = 0
    most: Floats = quiet.reshape(n, grid.windows, BLOCKS).max(axis=-1)
    return most


def _drift(points: Floats, grid: Grid) -> Floats:
    """Return the mean change from a quarter of a second to the next within each window, (n, w)."""
    n = len(points)
    edges = np.arange(grid.windows * 8) * grid.points // 8
    level = np.add.reduceat(points, edges, axis=-1) / np.diff(np.append(edges, points.shape[1]))
    made: Floats = _sizes(np.diff(level.reshape(n, grid.windows, 8), axis=-1)).mean(axis=-1)
    return made


def _unlikeness(points: Floats, grid: Grid, seen: Seen, lens: Lens) -> Floats:
    """Return log(1 - r) of each beat, r the mean correlation with the two most alike of its fellows, (k,)."""
    reach = round(lens.shape_s / lens.step_s)
    shape = unit(around(points, seen, grid.span(lens.step_s) * np.arange(-reach, reach + 1)))
    first = np.zeros(len(shape))
    second = first.copy()
    for apart in range(1, min(FELLOWS, len(shape) - 1) + 1):
        r = np.einsum("kv,kv->k", shape[apart:], shape[:-apart])
        passed = np.where(seen.row[apart:] == seen.row[:-apart], seen.point[apart:] - seen.point[:-apart], np.inf)
        for part, most_s in ((slice(apart, None), BEFORE_S), (slice(None, -apart), AFTER_S)):
            near = np.where(passed <= most_s * grid.fs_hz, r, 0)
            second[part] = np.maximum(second[part], np.minimum(first[part], near))
            first[part] = np.maximum(first[part], near)
    return np.log(1.001 - np.clip((first + second) / 2, 0, 1))
