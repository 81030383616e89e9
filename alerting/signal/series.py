"""Vitals over time: readings as ragged columns, the moments they are looked at, and what a result rests on.

Not here: any estimate. The invariants: times strictly rise within a stay; a reading that is NaN or infinite is missing
and is left out, never filled in; what is said of a moment rests on readings at or before it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from alerting.signal.records import Bools, Floats, Ints

_LAST_S: Final = 95_617_584_000.0
"""The year 5000: milliseconds taken for seconds lie beyond it."""


class Ragged(Protocol):
    """One kind's readings of `m` stays, stay after stay: what `alerting.features.Series` is.

    t_s : (n,) seconds since 1970, strictly rising within a stay; value : (n,), the kind's canonical unit
    quality : (n,) 0-1, NaN where not known; offsets : (m + 1,), stay `i` owns `[offsets[i], offsets[i + 1])`
    """

    @property
    def t_s(self) -> Floats:
        """Times."""

    @property
    def value(self) -> Floats:
        """Values."""

    @property
    def quality(self) -> Floats:
        """Qualities."""

    @property
    def offsets(self) -> Ints:
        """Where each stay begins, and where the last ends."""


class Heading(IntEnum):
    """Which way; the number is the sign that turns "down" into "up"."""

    DOWN = -1
    UP = 1


class Lack(IntFlag):
    """Why a result is NaN, or rests on less than it should."""

    NONE = 0
    FEW = 1  # too few readings
    SHORT = 2  # they span too little of the window
    STALE = 4  # the newest is too old to speak of the moment
    GAP = 8  # too much of the window lies between two neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Readings of stays as columns, in the layout of `Ragged`; shapes and ranges as there."""

    t_s: Floats
    value: Floats
    quality: Floats
    offsets: Ints

    @classmethod
    def of(cls, t_s: npt.ArrayLike, value: npt.ArrayLike, quality: npt.ArrayLike | None = None) -> Self:
        """Return the course of one stay."""
        times = np.asarray(t_s, np.float64)
        known = np.full(times.shape, np.nan) if quality is None else np.asarray(quality, np.float64)
        return cls(
            t_s=times, value=np.asarray(value, np.float64), quality=known, offsets=np.array([0, times.size], np.int64)
        )

    @classmethod
    def joined(cls, parts: Sequence[Ragged]) -> Self:
        """Return several courses one after another, their stays in the order given."""
        starts = np.cumsum([0] + [len(part.t_s) for part in parts[:-1]], dtype=np.int64)
        ends = [part.offsets[1:] + start for part, start in zip(parts, starts, strict=True)]
        return cls(
            t_s=np.concatenate([part.t_s for part in parts]),
            value=np.concatenate([part.value for part in parts]),
            quality=np.concatenate([part.quality for part in parts]),
            offsets=np.concatenate([np.zeros(1, np.int64), *ends]).astype(np.int64),
        )

    @property
    def stays(self) -> int:
        """How many stays there are, those without a reading too."""
        return len(self.offsets) - 1

    @property
    def row(self) -> Ints:
        """(n,) int64, the stay of each reading."""
        return np.repeat(np.arange(self.stays), np.diff(self.offsets))

    def chosen(self, mask: Bools) -> "Course":
        """Return the readings that `mask` (n,) names, the stays as they are."""
        before = np.concatenate(([0], np.cumsum(mask)))
        return Course(
            t_s=self.t_s[mask], value=self.value[mask], quality=self.quality[mask], offsets=before[self.offsets]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """When which stay is looked at: row (k,) int64, at_s (k,) float64 seconds since 1970, in any order."""

    row: Ints
    at_s: Floats

    @classmethod
    def now(cls, at_s: npt.ArrayLike, stays: int) -> Self:
        """Return one moment for each of `stays` stays; `at_s` is one time for all, or (stays,)."""
        times = np.broadcast_to(np.asarray(at_s, np.float64), (stays,))
        return cls(row=np.arange(stays, dtype=np.int64), at_s=times)

    @classmethod
    def readings(cls, series: Ragged) -> Self:
        """Return a moment at every reading."""
        row = np.repeat(np.arange(len(series.offsets) - 1), np.diff(series.offsets))
        return cls(row=row.astype(np.int64), at_s=np.asarray(series.t_s, np.float64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What each of k results rests on.

    readings : (k,) int64; span_s : (k,) float64, oldest to newest of them, 0 where there is none
    age_s : (k,) float64, of the newest, inf where there is none
    quality : (k,) float64, mean of those known, NaN where none is; lack : (k,) uint8, `Lack`, NONE where enough
    """

    readings: Ints
    span_s: Floats
    age_s: Floats
    quality: Floats
    lack: npt.NDArray[np.uint8]


def checked(series: Ragged) -> Course:
    """Return a series as float64 columns in which NaN alone stands for a missing reading.

    Raises
    ------
    ValueError
        If columns differ in length, hold no real numbers, `offsets` does not partition them, times do not strictly
        rise within a stay or are no seconds, or a quality is not 0-1.
    """
    columns = {name: np.asarray(getattr(series, name)) for name in ("t_s", "value", "quality")}
    offsets = np.asarray(series.offsets)
    size = columns["t_s"].size
    for name, column in columns.items():
        if column.shape != (size,):
            raise ValueError(f"{name}: has the shape {column.shape}, must be ({size},) as t_s has {size} readings")
        if column.dtype.kind not in "iuf":
            raise ValueError(f"{name}: holds {column.dtype}, must hold real numbers")
    _check_offsets(offsets, size)
    t_s = columns["t_s"].astype(np.float64, copy=False)
    _check_times(t_s, offsets)
    quality = columns["quality"].astype(np.float64, copy=False)
    if ((quality < 0) | (quality > 1)).any():
        raise ValueError(
            f"quality: is {quality[(quality < 0) | (quality > 1)][0]}, must lie between 0 and 1, or be NaN"
        )
    value = columns["value"].astype(np.float64, copy=False)
    return Course(
        t_s=t_s,
        value=np.where(np.isinf(value), np.nan, value) if np.isinf(value).any() else value,
        quality=quality,
        offsets=offsets.astype(np.int64, copy=False),
    )


def present(series: Ragged) -> Course:
    """Return the readings of a checked series that are not missing."""
    course = checked(series)
    known = np.isfinite(course.value)
    return course if known.all() else course.chosen(known)


def at_moments(at: Moments, stays: int) -> Moments:
    """Return moments whose rows name stays that there are and whose times are finite.

    Raises
    ------
    ValueError
        If they do not.
    """
    row, at_s = np.asarray(at.row), np.asarray(at.at_s, np.float64)
    if row.ndim != 1 or row.dtype.kind not in "iu" or at_s.shape != row.shape:
        raise ValueError(f"at: rows {row.shape} of {row.dtype} and times {at_s.shape}, must be (k,) integers and (k,)")
    wrong = (row < 0) | (row >= stays) | ~np.isfinite(at_s)
    if wrong.any():
        which = int(np.argmax(wrong))
        raise ValueError(f"at: stay {row[which]} at {at_s[which]}, must be one of {stays} stays at a finite time")
    return Moments(row=row.astype(np.int64, copy=False), at_s=at_s)


def positive(value: float, *, name: str) -> float:
    """Return a finite number above zero.

    Raises
    ------
    ValueError
        If it is none.
    """
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"{name}: is {value!r}, must be a finite number above 0")
    return float(value)


def _check_offsets(offsets: npt.NDArray[np.generic], size: int) -> None:
    if offsets.ndim != 1 or not len(offsets) or offsets.dtype.kind not in "iu":
        raise ValueError(f"offsets: {offsets.shape} of {offsets.dtype}, must be (m + 1,) integers")
    if offsets[0] != 0 or offsets[-1] != size or (np.diff(offsets.astype(np.int64)) < 0).any():
        raise ValueError(f"offsets: from {offsets[0]} to {offsets[-1]}, must rise from 0 to {size} readings")


def _check_times(t_s: Floats, offsets: npt.NDArray[np.generic]) -> None:
    if not np.isfinite(t_s).all():
        raise ValueError(f"t_s: is {t_s[~np.isfinite(t_s)][0]}, must be finite")
    if (np.abs(t_s) > _LAST_S).any():
        raise ValueError(
            f"t_s: is {t_s[np.abs(t_s) > _LAST_S][0]}, must be seconds since 1970, and before the year 5000"
        )
    falls = np.diff(t_s) <= 0
    starts = offsets[1:-1].astype(np.int64) - 1
    falls[starts[(starts >= 0) & (starts < len(falls))]] = False
    if falls.any():
        which = int(np.argmax(falls))
        raise ValueError(f"t_s: {t_s[which]} is followed by {t_s[which + 1]}, must strictly rise within a stay")
