"""Peaks of the QRS energy, and what is known of each from the signal around it: columns, before anything is decided.

Not here: which of them are beats (`qrs_decision`). The invariant: a candidate at t, and all that is said of it, depends
on the samples of [t - BACK_S, t + AHEAD_S] alone, on the grid of blocks from sample 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from alerting.signal.qrs_energy import AHEAD_BLOCKS, BACK_BLOCKS, BLOCK_S, Energy, sliding_max
from alerting.signal.records import Bools, Floats, Ints

_APART_S: Final = 0.16
"""A candidate is the highest point from this long before to this long after it."""
_LEAST: Final = 0.15
"""Of the usual height: less is no candidate."""
_NEAR_S, _INNER_S = 0.5, 0.1
"""A candidate is compared with what lies this near, but for its own complex."""
_AROUND_S: Final = 5.0
"""How restless the record is, is told by this long before and after."""

_REACH_S, _BEYOND_S = 0.08, 0.05
"""The R peak lies within this of the energy's; the level it stands on is the mean of a bit more."""
_TAPER_S: Final = 0.2

_MARGIN_S: Final = 0.5
"""Half the width of a QRS complex in the energy, and more."""
BACK_S: Final = max((BACK_BLOCKS + 1) * BLOCK_S, _AROUND_S) + _MARGIN_S
AHEAD_S: Final = max((AHEAD_BLOCKS + 1) * BLOCK_S, _AROUND_S) + _MARGIN_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Candidates as columns, record after record, in order of time within each; (k,) float64 if not said otherwise.

    row : int64, the record; point : int64, of the energy; height : of the energy there; usual : height of a beat around
    beside : mean height right beside it; around : mean height of the seconds around it
    rises, falls : how far the signal goes up and down within the complex; up, down : where, in points from `point`
    by : samples in a point; fs_hz : Hz, of the points; records : how many were looked at
    """

    row: Ints
    point: Ints
    height: Floats
    usual: Floats
    beside: Floats
    around: Floats
    rises: Floats
    falls: Floats
    up: Floats
    down: Floats
    by: int
    fs_hz: float
    records: int

    def where(self, these: Bools, *, later: int = 0) -> Self:
        """Return some of them, (k,) bool, as if the record had begun so many points before."""
        columns = {name: getattr(self, name)[these] for name in _COLUMNS}
        columns["point"] += later
        return type(self)(**columns, by=self.by, fs_hz=self.fs_hz, records=self.records)

    def follow(self, earlier: "Candidates") -> "Candidates":
        """Return these and earlier ones of the same records."""
        order = np.lexsort((np.append(earlier.point, self.point), np.append(earlier.row, self.row)))
        columns = {name: np.append(getattr(earlier, name), getattr(self, name))[order] for name in _COLUMNS}
        return type(self)(**columns, by=self.by, fs_hz=self.fs_hz, records=self.records)

    @classmethod
    def joined(cls, parts: Sequence["Candidates"]) -> "Candidates":
        """Return those of other records one after another; there is at least one part."""
        starts = np.cumsum([0, *(part.records for part in parts)])
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
        columns["row"] = np.concatenate([part.row + start for part, start in zip(parts, starts, strict=False)])
        return cls(**columns, by=parts[0].by, fs_hz=parts[0].fs_hz, records=int(starts[-1]))


_COLUMNS: Final = ("row", "point", "height", "usual", "beside", "around", "rises", "falls", "up", "down")


def candidates(seen: Energy) -> Candidates:
    """Return the peaks of the energy."""
    row, point = _tops(seen)
    sums = np.zeros((len(seen.height), seen.height.shape[1] + 1))
    np.cumsum(seen.height, axis=1, dtype=np.float64, out=sums[:, 1:])
    near, inner, around = (round(each * seen.fs_hz) for each in (_NEAR_S, _INNER_S, _AROUND_S))
    wide, own = (_between(sums, row, point - each, point + each + 1)[0] for each in (near, inner))
    total, count = _between(sums, row, point - around, point + around)
    rises, falls, up, down = _deflections(seen, row, point)
    return Candidates(
        row=row,
        point=point,
        height=seen.height[row, point].astype(np.float64),
        usual=seen.usual[row, point].astype(np.float64),
        beside=np.maximum(wide - own, 0) / (2 * (near - inner)),
        around=total / np.maximum(count, 1),
        rises=rises,
        falls=falls,
        up=up,
        down=down,
        by=seen.by,
        fs_hz=seen.fs_hz,
        records=len(seen.height),
    )


def _tops(seen: Energy) -> tuple[Ints, Ints]:
    """Return record and point of the peaks of the height."""
    apart = round(_APART_S * seen.fs_hz)
    n, count = seen.height.shape
    padded = np.zeros((n, count + 2 * apart), np.float32)
    padded[:, apart : apart + count] = seen.height
    highest = sliding_max(padded, 2 * apart + 1)
    enough = seen.height > np.float32(_LEAST) * seen.usual
    place = np.flatnonzero((seen.height == highest) & enough & (seen.usual > 0) & ~seen.gone)
    return place // max(1, count), place % max(1, count)


def _between(sums: Floats, row: Ints, first: Ints, end: Ints) -> tuple[Floats, Ints]:
    """Return the sum of the points [first, end) of a record, and how many there are."""
    first, end = np.maximum(first, 0), np.minimum(end, sums.shape[1] - 1)
    return sums[row, end] - sums[row, first], end - first


def _deflections(seen: Energy, row: Ints, point: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """Return how far the signal goes up and down at each complex, and where: points from its own, between them too."""
    if not len(row):
        return np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0)
    reach, beyond = (round(each * seen.fs_hz) for each in (_REACH_S, _BEYOND_S))
    around = np.arange(-reach - beyond, reach + beyond + 1)
    count = seen.points.shape[1]
    piece = seen.points.ravel()[np.clip(point[:, None] + around, 0, count - 1) + (row * count)[:, None]]
    level = piece.mean(axis=1, keepdims=True)
    taper = np.exp(-0.5 * (np.arange(-reach, reach + 1) / seen.fs_hz / _TAPER_S) ** 2)
    piece = (piece[:, beyond : len(around) - beyond] - level) * taper
    each = np.arange(len(row))
    high, low = piece.argmax(axis=1), piece.argmin(axis=1)
    rises, falls = np.maximum(piece[each, high], 0), np.maximum(-piece[each, low], 0)
    return rises, falls, *(at - reach + _vertex(piece, each, at) for at in (high, low))


def _vertex(piece: Floats, each: Ints, best: Ints) -> Floats:
    """Return how far the vertex of the parabola through the extreme and its neighbours lies beside it."""
    inside = (best > 0) & (best < piece.shape[1] - 1)
    at = np.clip(best, 1, piece.shape[1] - 2)
    before, top, after = (piece[each, at + step] for step in (-1, 0, 1))
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / np.where(bend == 0, 1, bend)
    return np.where(inside & (bend != 0), np.clip(shift, -0.5, 0.5), 0.0)
