"""Limits on event time: two bands and a hard bound a side, each with hysteresis, as a trigger over ragged columns.

Pure and vectorised over stays. Not here: when a condition has lasted long enough and what follows (`limit_alerts`).
A value holds from its time until the next value or until it is stale; a stretch without a fresh value is neither
violation nor recovery. The invariant: cutting the readings anywhere in time and carrying `State` across the cut
gives the same intervals as the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from alerting.features import Bools, Floats, Ints, Series
from ward.plans import Limits

# Differences below this are binary rounding: 39.5 - 0.2 must be reached by a value of 39.3.
_EPS = 1e-9


class Side(IntEnum):
    """Which way is bad; the number is the sign that turns "too low" into "too high"."""

    LOW = -1
    HIGH = 1

    @property
    def label(self) -> str:
        """The name in rule names and text keys."""
        return self.name.lower()


class Level(IntEnum):
    """The three bounds of a side, the mildest first."""

    WARN = 0
    ALERT = 1
    HARD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """One side's limits of `m` stays, for one kind.

    limit : (3, m) float64, by `Level`, in the kind's canonical unit, NaN where there is none
    delay_s : (3, m) float64, how long beyond it before it counts; clear_by : (m,) float64, hysteresis
    """

    side: Side
    limit: Floats
    delay_s: Floats
    clear_by: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one stretch of readings hands to the next.

    begun_s : (3, m) float64, since when each level is violated, NaN where it is not
    last_s : (m,) float64, time of the last reading, NaN where there was none
    """

    begun_s: Floats
    last_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Ended violations, by level, stay, and time: (k,) arrays; each lasted from `began_s` until before `ended_s`."""

    level: Ints
    stay: Ints
    began_s: Floats
    ended_s: Floats


def bounds(limits: Sequence[Limits | None], side: Side) -> Bounds:
    """Turn each stay's limits into arrays; None stands for no limit."""
    low = side is Side.LOW
    table = [
        (np.nan, np.nan, np.nan, 0.0, 0.0)
        if each is None
        else (
            each.warn_low if low else each.warn_high,
            each.alert_low if low else each.alert_high,
            each.floor if low else each.ceiling,
            each.delay_s,
            each.clear_by,
        )
        for each in limits
    ]
    columns = np.array(table, np.float64).reshape(-1, 5).T
    return Bounds(
        side=side,
        limit=columns[:3],
        delay_s=np.stack((columns[3], columns[3], np.zeros(len(table)))),
        clear_by=columns[4],
    )


def select(unique: Bounds, index: Ints) -> Bounds:
    """Return the bounds of stay `i` as those of `unique`'s row `index[i]`."""
    return Bounds(
        side=unique.side,
        limit=unique.limit[:, index],
        delay_s=unique.delay_s[:, index],
        clear_by=unique.clear_by[index],
    )


def start(stays: int) -> State:
    """Return the state before any reading."""
    return State(begun_s=np.full((len(Level), stays), np.nan), last_s=np.full(stays, np.nan))


def watch(series: Series, limits: Bounds, state: State, stale_s: float) -> tuple[State, Intervals]:
    """Follow the readings; return the new state and the violations that ended.

    A violation begins at the first value beyond the limit and ends at the first value that is `clear_by` inside it,
    or when its last value goes stale. After such a gap a value between the two continues as a new violation.

    Parameters
    ----------
    series : readings later than all that `state` has seen
    limits : of the same stays
    stale_s : seconds after which a value of this kind no longer holds
    """
    count = np.diff(series.offsets)
    stay_of = np.repeat(np.arange(len(count)), count)
    first = series.offsets[:-1][count > 0]
    on = _trigger(series, limits, state, stay_of)
    before = np.empty_like(on)
    before[:, 1:] = on[:, :-1]
    before[:, first] = ~np.isnan(state.begun_s[:, count > 0])
    previous_s = np.empty_like(series.t_s)
    previous_s[1:] = series.t_s[:-1]
    previous_s[first] = state.last_s[count > 0]
    gap = series.t_s - previous_s >= stale_s
    begins = on & (~before | gap)
    ends = before & (~on | gap)
    ended_s = np.fmin(series.t_s, previous_s + stale_s)
    return _pair(series, state, on, begins, ends, ended_s)


def _trigger(series: Series, limits: Bounds, state: State, stay_of: Ints) -> Bools:
    """Return (3, n): violated after each reading. Between the limit and its clearing point the last word stands."""
    signed = series.value * limits.side.value
    limit = (limits.limit * limits.side.value)[:, stay_of]
    beyond = signed > limit + _EPS
    inside = (signed <= limit - limits.clear_by[stay_of] + _EPS) | np.isnan(limit)
    decisive = np.where(beyond | inside, np.arange(len(stay_of)), -1)
    latest = np.maximum.accumulate(decisive, axis=1)
    said = latest >= series.offsets[stay_of]
    carried = ~np.isnan(state.begun_s)[:, stay_of]
    return np.where(said, np.take_along_axis(beyond, np.maximum(latest, 0), axis=1), carried)


def _pair(
    series: Series, state: State, on: Bools, begins: Bools, ends: Bools, ended_s: Floats
) -> tuple[State, Intervals]:
    """Match each beginning with its end: both are sorted by level, then place, and every beginning has one end."""
    count = np.diff(series.offsets)
    spoke = np.flatnonzero(count > 0)
    last = series.offsets[1:][spoke] - 1
    carried_level, carried = np.nonzero(~np.isnan(state.begun_s[:, spoke]))
    begin_level, begin_at = np.nonzero(begins)
    end_level, end_at = np.nonzero(ends)
    still_level, still = np.nonzero(on[:, last])
    # What was carried in stands just before its stay's first reading, what goes on just after the last one.
    level = np.concatenate((carried_level, begin_level))
    place = np.concatenate((series.offsets[spoke[carried]] - 0.5, begin_at))
    began = np.concatenate((state.begun_s[carried_level, spoke[carried]], series.t_s[begin_at]))
    began = began[np.lexsort((place, level))]
    close_level = np.concatenate((end_level, still_level))
    close_place = np.concatenate((end_at, last[still] + 0.5))
    stay_of = np.repeat(np.arange(len(count)), count)
    stay = np.concatenate((stay_of[end_at], spoke[still]))
    ended = np.concatenate((ended_s[end_at], np.full(len(still), np.nan)))
    order = np.lexsort((close_place, close_level))
    close_level, stay, ended = close_level[order], stay[order], ended[order]
    begun_s = state.begun_s.copy()
    begun_s[:, spoke] = np.nan
    open_ = np.isnan(ended)
    begun_s[close_level[open_], stay[open_]] = began[open_]
    last_s = state.last_s.copy()
    last_s[spoke] = series.t_s[last]
    closed = ~open_
    return (
        State(begun_s=begun_s, last_s=last_s),
        Intervals(level=close_level[closed], stay=stay[closed], began_s=began[closed], ended_s=ended[closed]),
    )


def conclude(state: State, until_s: float, stale_s: float) -> Intervals:
    """Return what is still violated as intervals that end at `until_s`, or earlier where the last value goes stale."""
    level, stay = np.nonzero(~np.isnan(state.begun_s))
    return Intervals(
        level=level,
        stay=stay,
        began_s=state.begun_s[level, stay],
        ended_s=np.fmin(until_s, state.last_s[stay] + stale_s),
    )


def confirmed(intervals: Intervals, limits: Bounds) -> Bools:
    """Tell which intervals outlasted their delay: (k,) bool."""
    due_s = intervals.began_s + limits.delay_s[intervals.level, intervals.stay]
    return due_s < intervals.ended_s
