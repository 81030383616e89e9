"""The shape of each pulse: foot, top and height; from these the perfusion index and how much the height varies.

Not here: finding the pulses (`pulses`). The invariant: foot and top of a pulse lie between its neighbours' steepest
rises, so no sample belongs to two pulses, and a height is positive whichever way the signal points.

Perfusion index: height of the pulse over the level it stands on, in per cent (AC over DC; Lima 2002,
doi:10.1097/00003246-200206000-00006). It exists only where the signal kept its level; most monitors' curves are
filtered and scaled, which shows in a height that no tissue has.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import columns, pulses
from alerting.signal.events import Beats
from alerting.signal.records import Floats, Ints

FOOT_WITHIN_S: Final = 0.40
TOP_WITHIN_S: Final = 0.40
"""How far from the steepest rise the foot and the top are looked for."""

MOST_PERFUSED: Final = 0.25
"""A pulse is no more than this share of the light that comes through; oximeters give 0.02 to 20 %."""

LEAST_PULSES: Final = 3
"""A window with fewer whole pulses has no figure."""

NORMAL_QUARTILES: Final = 1.349
"""Between the quartiles of a normal distribution, in standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One row for each pulse of the `Beats` given, in its order.

    foot, top : (k,) int64, samples; -1 where the pulse is cut by the record's end or a gap
    height : (k,) float64, unit of the signal, NaN likewise; level : (k,) float64, of the middle between foot and top
    """

    foot: Ints
    top: Ints
    height: Floats
    level: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Perfusion:
    """Consecutive windows aligned to sample 0, (n, w) float64 each.

    index_pct : %, median pulse; NaN where the signal has no level or too few pulses
    variability : robust coefficient of variation of the heights, NaN with too few pulses. By quartiles: where pulses
        alternate between two heights, deviations from the median are those of the more frequent height alone
    """

    index_pct: Floats
    variability: Floats
    window_s: float


def shape(ppg: npt.ArrayLike, found: Beats) -> Shape:
    """Return foot, top and height of each pulse.

    Parameters
    ----------
    ppg : (samples,) or (n, samples), any unit, NaN where missing; found : of `pulses.detect` of the same signal
    """
    slow = pulses.coarse(ppg, found.fs_hz)
    at = np.minimum(found.sample // slow.block, max(0, slow.value.shape[1] - 1))
    same = found.row[1:] == found.row[:-1]
    before = np.append(-1, np.where(same, at[:-1], -1))[: len(at)]
    after = np.append(np.where(same, at[1:], slow.value.shape[1]), slow.value.shape[1])[: len(at)]
    sign = _direction(slow.value, found.row, at)
    foot, low = _lowest(slow, found.row, at, np.maximum(before, at - round(FOOT_WITHIN_S * slow.fs_hz)), sign)
    top, high = _lowest(slow, found.row, at, np.minimum(after, at + round(TOP_WITHIN_S * slow.fs_hz)), -sign)
    height = sign * (high - low)
    whole = ~np.isnan(height)
    return Shape(
        foot=np.where(whole, np.rint(slow.sample(foot.astype(np.float64))), -1).astype(np.int64),
        top=np.where(whole, np.rint(slow.sample(top.astype(np.float64))), -1).astype(np.int64),
        height=height,
        level=0.5 * (high + low),
    )


def _direction(value: Floats, row: Ints, at: Ints) -> Floats:
    """Return 1 where the signal rises with the blood, -1 where it falls."""
    if not len(at):
        return np.zeros(0)
    last = value.shape[1] - 1
    rise = value[row, np.minimum(at + 1, last)] - value[row, np.maximum(at - 1, 0)]
    return np.where(rise < 0, -1.0, 1.0)


def _lowest(slow: pulses.Coarse, row: Ints, at: Ints, end: Ints, sign: Floats) -> tuple[Ints, Floats]:
    """Return where sign * value is least from `at` to before `end`, going either way, and the value; NaN at a gap."""
    if not len(at):
        return np.zeros(0, np.int64), np.zeros(0)
    reach = max(1, int(np.abs(end - at).max()))
    away = np.arange(reach)
    place = at[:, np.newaxis] + np.sign(end - at)[:, np.newaxis] * away
    seen = slow.value[row[:, np.newaxis], np.clip(place, 0, slow.value.shape[1] - 1)]
    within = away < np.abs(end - at)[:, np.newaxis]
    cut = (np.isnan(seen) & within).any(axis=1)
    best = np.argmin(np.where(within, np.nan_to_num(seen) * sign[:, np.newaxis], np.inf), axis=1)
    mine = np.arange(len(at))
    return place[mine, best], np.where(cut, np.nan, seen[mine, best])


def perfusion(made: Shape, found: Beats, *, samples: int, window_s: float) -> Perfusion:
    """Return the perfusion index and the variability of the heights of each whole window.

    Parameters
    ----------
    made : of `shape`; found : the pulses it was made of; samples : length of the records; window_s : s, at least 5
    """
    if not window_s >= 5:
        raise ValueError(f"window_s: is {window_s!r}, must be at least 5 s")
    length = round(window_s * found.fs_hz)
    windows = samples // length
    cells = found.records * windows
    kept = ~np.isnan(made.height) & (found.sample < windows * length)
    cell = (found.row * windows + found.sample // length)[kept]
    height, level = made.height[kept], made.level[kept]
    enough = np.bincount(cell, minlength=cells) >= LEAST_PULSES
    quarter, middle, three = columns.quantiles(height, cell, cells, (0.25, 0.5, 0.75))
    share = columns.medians(np.where(level > 0, height / np.where(level > 0, level, 1.0), np.inf), cell, cells)
    varied = (three - quarter) / NORMAL_QUARTILES / middle
    return Perfusion(
        index_pct=np.where(enough & (share <= MOST_PERFUSED), 100.0 * share, np.nan).reshape(found.records, windows),
        variability=np.where(enough, varied, np.nan).reshape(found.records, windows),
        window_s=length / found.fs_hz,
    )
