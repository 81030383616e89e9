"""What rules with a long memory look at: readings by the quarter of an hour, and each person's own normal.

Days of minute values are too much to be read whenever a stay is looked at, so trends are judged at whole quarters of
absolute time from what fell into them. Pure; not here: reading them (`ward.store.quarters`), judging (`rules`). The
invariant: a quarter says nothing before it is over, so whoever cuts time wherever judges the same at the same instants.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from alerting.signal import baseline
from alerting.signal.norms import Norm
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.series import Course, Moments, Ragged
from ward.clock import from_us

QUARTER_S: Final = 900.0
HOUR_S: Final = 3600.0
NORMAL_EVERY_S: Final = 12 * 3600.0
"""A person's own normal is taken anew at noon and midnight UTC, and holds until then."""

NORMAL_LOOK_BACK_S: Final = baseline.look_back_s()
"""How far back from the time at which it is taken hours are needed; the last `baseline.LAG_S` are not."""
_LOCAL: Final = ZoneInfo("Europe/Stockholm")
DECIMALS: Final = 6
"""Of a mean: sums of the same readings in another order differ in the last digits of a double, and must not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarters:
    """One kind's usable readings of `m` stays by steps of time, stay after stay; a step without a reading is not there.

    start_s : (n,) float64, seconds since 1970, multiples of `step_s`, strictly rising within a stay
    mean, low, high : (n,) float64, the kind's canonical unit; count : (n,) int64, 1 or more
    offsets : (m + 1,) int64, stay `i` owns `[offsets[i], offsets[i + 1])`
    step_s : seconds, a quarter of an hour unless something else is said
    """

    start_s: Floats
    mean: Floats
    low: Floats
    high: Floats
    count: Ints
    offsets: Ints
    step_s: float = QUARTER_S

    @property
    def end_s(self) -> Floats:
        """(n,) float64, when each is over: the instant at which it may be judged."""
        return self.start_s + self.step_s

    @property
    def row(self) -> Ints:
        """(n,) int64, the stay of each."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def chosen(self, mask: Bools) -> "Quarters":
        """Return those that `mask` (n,) names, the stays as they are."""
        return Quarters(
            start_s=self.start_s[mask],
            mean=self.mean[mask],
            low=self.low[mask],
            high=self.high[mask],
            count=self.count[mask],
            offsets=np.concatenate(([0], np.cumsum(mask)))[self.offsets].astype(np.int64),
            step_s=self.step_s,
        )

    def joined(self, other: "Quarters") -> "Quarters":
        """Return these and others of the same stays, none of them at the same time."""
        start_s = np.concatenate((self.start_s, other.start_s))
        order = np.lexsort((start_s, np.concatenate((self.row, other.row))))
        return Quarters(
            start_s=start_s[order],
            mean=np.concatenate((self.mean, other.mean))[order],
            low=np.concatenate((self.low, other.low))[order],
            high=np.concatenate((self.high, other.high))[order],
            count=np.concatenate((self.count, other.count))[order],
            offsets=self.offsets + other.offsets,
            step_s=self.step_s,
        )

    def course(self) -> Course:
        """Return the means as readings at the middle of their step."""
        none = np.full(len(self.mean), np.nan)
        return Course(t_s=self.start_s + self.step_s / 2, value=self.mean, quality=none, offsets=self.offsets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Normals:
    """One kind's own normals of `m` stays, stay after stay, each in force for `NORMAL_EVERY_S` from its time on.

    at_s : (k,) float64, strictly rising within a stay; offsets : (m + 1,) int64
    centre, spread : (k, 2) float64, by day and by night; personal : (k, 2) bool, rests on the person's own readings
    """

    at_s: Floats
    centre: Floats
    spread: Floats
    personal: Bools
    offsets: Ints


def columns(
    start_s: npt.ArrayLike,
    total: npt.ArrayLike,
    count: npt.ArrayLike,
    bounds: tuple[npt.ArrayLike, npt.ArrayLike],
    offsets: Ints,
    step_s: float = QUARTER_S,
) -> Quarters:
    """Return quarters out of sums and counts; `bounds` are the least and the largest value of each."""
    counted = np.asarray(count, np.int64)
    return Quarters(
        start_s=np.asarray(start_s, np.float64),
        mean=np.round(np.asarray(total, np.float64) / counted, DECIMALS),
        low=np.asarray(bounds[0], np.float64),
        high=np.asarray(bounds[1], np.float64),
        count=counted,
        offsets=offsets,
        step_s=step_s,
    )


def none(stays: int) -> Quarters:
    """Return what is there of stays of which nothing was read."""
    empty = np.empty(0)
    return columns(empty, empty, empty, (empty, empty), np.zeros(stays + 1, np.int64))


def binned(series: Ragged, step_s: float = QUARTER_S) -> Quarters:
    """Return readings by steps of absolute time."""
    stays = len(series.offsets) - 1
    row = np.repeat(np.arange(stays), np.diff(series.offsets))
    step = np.floor(series.t_s / step_s)
    begins = np.ones(len(step), np.bool_)
    begins[1:] = (step[1:] != step[:-1]) | (row[1:] != row[:-1])
    first = np.flatnonzero(begins)
    if not len(first):
        return none(stays)
    return columns(
        step[first] * step_s,
        np.add.reduceat(series.value, first),
        np.diff(np.append(first, len(step))),
        (np.minimum.reduceat(series.value, first), np.maximum.reduceat(series.value, first)),
        np.searchsorted(row[first], np.arange(stays + 1)).astype(np.int64),
        step_s,
    )


def hourly(quarters: Quarters) -> Quarters:
    """Return quarters by the hour."""
    hour, row = np.floor(quarters.start_s / HOUR_S), quarters.row
    begins = np.ones(len(hour), np.bool_)
    begins[1:] = (hour[1:] != hour[:-1]) | (row[1:] != row[:-1])
    first = np.flatnonzero(begins)
    if not len(first):
        return none(len(quarters.offsets) - 1)
    return columns(
        hour[first] * HOUR_S,
        np.add.reduceat(quarters.mean * quarters.count, first),
        np.add.reduceat(quarters.count, first),
        (np.minimum.reduceat(quarters.low, first), np.maximum.reduceat(quarters.high, first)),
        np.searchsorted(row[first], np.arange(len(quarters.offsets))).astype(np.int64),
        HOUR_S,
    )


def taken_s(at_s: npt.ArrayLike) -> Floats:
    """Return the time at which the normal in force at each time was taken."""
    found: Floats = np.floor(np.asarray(at_s, np.float64) / NORMAL_EVERY_S) * NORMAL_EVERY_S
    return found


def normals(hours: Quarters, at: Moments, norm: Norm) -> Normals:
    """Return the own normals that hours give at moments, which rise by stay and time (`taken_s`)."""
    course = hours.course()
    found = baseline.estimate(course, at, norm, at_night=at_night(course.t_s))
    return Normals(
        at_s=at.at_s,
        centre=found.centre,
        spread=found.spread,
        personal=found.basis == baseline.Basis.PERSONAL,
        offsets=np.searchsorted(at.row, np.arange(len(hours.offsets))).astype(np.int64),
    )


def at_night(t_s: Floats) -> Bools:
    """Return which times lie in the night where the people live."""
    return baseline.night(t_s, local_offset_s(t_s))


def local_offset_s(t_s: Floats) -> Floats:
    """Return local time less UTC at each time, seconds; it changes at whole hours alone."""
    hours, place = np.unique(np.floor(t_s / HOUR_S).astype(np.int64), return_inverse=True)
    return np.array([_offset_s(hour) for hour in hours.tolist()], np.float64)[place]


@lru_cache(maxsize=20_000)
def _offset_s(hour: int) -> float:
    offset = from_us(hour * 3_600_000_000).astimezone(_LOCAL).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()
