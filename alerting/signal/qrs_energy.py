"""How much of a QRS complex there is at each moment of an ECG, and how much is usual around it.

Not here: which of the peaks are beats (`qrs_decision`). Works on means of blocks at about 125 Hz; what comes out has
the unit of the signal and its sign is lost on the way, so an inverted lead gives the same.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from alerting.signal.records import Bools, Floats, gaps

Singles = npt.NDArray[np.float32]

_WORK_HZ: Final = 125.0
_SMOOTH_S, _DELAY_S, _HOLD_S = 0.025, 0.025, 0.03
_TURN: Final = 2.0
"""Weight of the turning (second difference) beside the slope's change, squared: the point of the R wave counts too."""

BLOCK_S: Final = 1.0
BACK_BLOCKS, AHEAD_BLOCKS = 10, 4
_LOWER, _UPPER, _SHARE = 0.35, 0.8, 0.3
"""The usual height: the lower of these quantiles of the blocks' highest points, or this share of the upper one."""

EDGE: Final = 64
"""Points by which a record is continued at either end, level, so that its edges are no steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """A batch of ECG at about 125 Hz.

    points : (n, m) float64, means of `by` samples; height : (n, m) float32, of the QRS complex at each
    usual : (n, m) float32, the height that beats have around it; gone : (n, m), nothing to be found here; fs_hz : Hz
    """

    points: Floats
    height: Singles
    usual: Singles
    gone: Bools
    by: int
    fs_hz: float


def block(fs_hz: float) -> int:
    """Return how many samples there are between two blocks of the usual height."""
    by = _by(fs_hz)
    return by * round(BLOCK_S * fs_hz / by)


def energy(signal: Floats, fs_hz: float) -> Energy:
    """Return the QRS energy of a batch (n, samples) in which gaps are NaN."""
    by = _by(fs_hz)
    rate_hz = fs_hz / by
    points, gone = _filled(_means(signal, by), rate_hz)
    height = _height(points, rate_hz)
    height[gone] = 0
    return Energy(points=points, height=height, usual=_usual(height, gone, rate_hz), gone=gone, by=by, fs_hz=rate_hz)


def _by(fs_hz: float) -> int:
    return max(1, round(fs_hz / _WORK_HZ))


def _means(signal: Floats, by: int) -> Floats:
    count = signal.shape[1] // by
    total = signal[:, 0 : count * by : by].copy()
    for shift in range(1, by):
        total += signal[:, shift : count * by : by]
    total /= by
    return total


def _filled(points: Floats, fs_hz: float) -> tuple[Floats, Bools]:
    """Return the points with the nearest known one in each gap, and where nothing may be found: in gaps, beside them.

    Beside them means wherever the height would depend on what is filled in. So nothing depends on a gap's length.
    """
    gone = np.isnan(points)
    if not gone.any():
        return points, gone
    lost = gaps(points)
    nearest = np.where(lost.at - lost.before <= lost.after - lost.at, lost.before, lost.after)
    nearest = np.where(lost.before < 0, lost.after, np.where(lost.after == points.shape[1], lost.before, nearest))
    filled = points.copy()
    filled[lost.row, lost.at] = np.nan_to_num(points[lost.row, np.clip(nearest, 0, points.shape[1] - 1)])
    smooth, delay, hold = _widths(fs_hz)
    beside = smooth + (3 * delay + hold) // 2
    return filled, sliding_max(np.pad(gone, ((0, 0), (beside, beside))), 2 * beside + 1)


def _height(points: Floats, fs_hz: float) -> Singles:
    """Return the root of the squared changes of the smoothed slope, once and twice over the delay, held a moment."""
    n, count = points.shape
    if not count:
        return np.zeros((n, 0), np.float32)
    edges = (np.repeat(points[:, :1], EDGE, axis=1), points, np.repeat(points[:, -1:], EDGE, axis=1))
    slope = np.diff(np.concatenate(edges, axis=1), axis=1).astype(np.float32)
    smooth, delay, hold = _widths(fs_hz)
    total = sliding_sum(sliding_sum(sliding_sum(slope, smooth), smooth), delay)
    change = total[:, delay:] - total[:, :-delay]
    turn = change[:, delay:] - change[:, :-delay]
    change, turn = middle(change, count + hold - 1), middle(turn, count + hold - 1)
    squared = change * change
    turn = turn * turn
    turn *= np.float32(_TURN)
    squared += turn
    return middle(sliding_sum(np.sqrt(squared, out=squared), hold), count).copy()


def _widths(fs_hz: float) -> tuple[int, int, int]:
    """Return how many points are smoothed over, between two slopes, and held."""
    smooth, delay, hold = (max(1, round(each * fs_hz)) for each in (_SMOOTH_S, _DELAY_S, _HOLD_S))
    return smooth, delay, hold


def _usual(height: Singles, gone: Bools, fs_hz: float) -> Singles:
    """Return the usual height at each point, from the highest points of the blocks around."""
    n, count = height.shape
    width = round(BLOCK_S * fs_hz)
    blocks = -(-count // width)
    if not blocks:
        return np.zeros((n, 0), np.float32)
    padded = np.zeros((n, blocks * width), np.float32)
    padded[:, :count] = height
    highest = padded.reshape(n, blocks, width).max(axis=-1)
    lost = np.zeros((n, blocks * width), np.bool_)
    lost[:, :count] = gone
    held = np.minimum(count - width * np.arange(blocks), width)  # the last block may be cut
    highest[lost.reshape(n, blocks, width).sum(axis=-1) > 0.5 * held] = np.nan
    around = np.full((n, blocks + BACK_BLOCKS + AHEAD_BLOCKS), np.nan, np.float32)
    around[:, BACK_BLOCKS : BACK_BLOCKS + blocks] = highest
    seen = np.sort(np.lib.stride_tricks.sliding_window_view(around, BACK_BLOCKS + AHEAD_BLOCKS + 1, axis=1), axis=-1)
    known = (~np.isnan(seen)).sum(axis=-1)
    lower, upper = (_quantile(seen, known, each) for each in (_LOWER, _UPPER))
    usual = np.nan_to_num(np.maximum(lower, np.float32(_SHARE) * upper))
    return np.repeat(usual, width, axis=1)[:, :count]


def _quantile(ranked: Singles, known: npt.NDArray[np.int_], share: float) -> Singles:
    place = np.maximum(np.rint(share * (known - 1)).astype(np.int64), 0)
    found: Singles = np.take_along_axis(ranked, place[..., None], axis=-1)[..., 0]
    return found


def sliding_sum(values: Singles, width: int) -> Singles:
    """Return the sums of `width` neighbours along the last axis, by doubling: rounding does not pile up."""
    if width == 1:
        return values
    half = width // 2
    part = sliding_sum(values, half)
    twice = part[..., :-half] + part[..., half:]
    return twice if width % 2 == 0 else twice[..., :-1] + values[..., 2 * half :]


def sliding_max(values: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    """Return the highest of `width` neighbours along the last axis, by doubling."""
    size, part = 1, values
    while size * 2 <= width:
        part = np.maximum(part[..., :-size], part[..., size:])
        size *= 2
    rest = width - size
    return part if rest == 0 else np.maximum(part[..., :-rest], part[..., rest:])


def middle(values: Singles, count: int) -> Singles:
    """Return the middle `count` along the last axis."""
    first = (values.shape[-1] - count) // 2
    return values[..., first : first + count]
