"""What the deterioration score is made of: a vital sign's last value, its last six hours, and its last day.

Everything at a row depends on that row and the ones before it in the last `BACK_S` seconds, so a stream cut anywhere
gives what the whole course gives, to the bit: sums are of integers, and so depend on nothing that stands before them.
How often somebody was measured is no feature, nor is the time since anything began: in a mean, a value stands for the
time since the one before it, at most `HELD_S`, and a mean of too little is none. (The extremes of a span, and whether
a mean is known, do depend a little on how densely it was measured; nothing else does.)
Not here: what is good or bad (`risk_model`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from alerting.signal.oxygenation import AIR, PER_LITRE
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.risk_courses import Courses
from ward.vitals import VitalKind

DAY_S: Final = 24 * 3600
"""A value is looked at for a day: a personal baseline over the daily rhythm, and then it is forgotten."""

RECENT_S: Final = 6 * 3600
"""Vital signs go wrong 6 to 12 h before serious events (J Clin Monit Comput 2015, doi:10.1007/s10877-015-9790-8)."""

HELD_S: Final = 3600
"""In a mean, a value stands for the time since the one before it, but not for more than this."""

LEAST_DAY_S: Final = 3 * 3600
LEAST_RECENT_S: Final = 2 * 3600
"""A mean of values that stand for less than this is not known: one value has no trend. Chosen on the training data."""

BACK_S: Final = DAY_S + HELD_S
AHEAD_S: Final = 0

STALE_S: Final = 12 * 3600
"""A value older than this counts as unknown in the interval. RCP, NEWS2, 2017, Chart 4: the longest time allowed
between observations."""

AIR_PCT: Final = 100 * AIR
PCT_PER_L_MIN: Final = 100 * PER_LITRE

_GRAIN: Final = 1000  # sums are of thousandths of a unit


class Signal(StrEnum):
    """What is looked at over time."""

    HEART_RATE = "heart_rate"
    RESP_RATE = "resp_rate"
    SPO2 = "spo2"
    TEMPERATURE = "temperature"
    SYSTOLIC = "systolic"
    MEAN_PRESSURE = "mean_pressure"
    CONSCIOUSNESS = "consciousness"
    OXYGEN = "oxygen"
    PULSE_PRESSURE = "pulse_pressure"
    SHOCK_INDEX = "shock_index"
    OXYGENATION = "oxygenation"
    AGE = "age"


class Statistic(StrEnum):
    """What is taken of a signal: its last value in a day, something of its last six hours or day, what changed."""

    LAST = "last"
    RECENT_MEAN = "recent_mean"
    RECENT_LOWEST = "recent_lowest"
    RECENT_HIGHEST = "recent_highest"
    DAY_MEAN = "day_mean"
    DAY_SPREAD = "day_spread"
    CHANGE = "change"


Feature = tuple[Signal, Statistic]

_PLAIN: Final = MappingProxyType(
    {
        Signal.HEART_RATE: VitalKind.HEART_RATE,
        Signal.RESP_RATE: VitalKind.RESP_RATE,
        Signal.SPO2: VitalKind.SPO2,
        Signal.TEMPERATURE: VitalKind.TEMPERATURE,
        Signal.SYSTOLIC: VitalKind.SYSTOLIC,
        Signal.CONSCIOUSNESS: VitalKind.CONSCIOUSNESS,
    }
)
# Signals that are a ratio of what two others give: their last values, and their means.
_RATIOS: Final = MappingProxyType(
    {
        Signal.SHOCK_INDEX: (Signal.HEART_RATE, Signal.SYSTOLIC),
        Signal.OXYGENATION: (Signal.SPO2, Signal.OXYGEN),
    }
)


_OF_RATIOS: Final = frozenset({Statistic.LAST, Statistic.RECENT_MEAN, Statistic.DAY_MEAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spans:
    """(rows,) the first row of the same patient that is less than a day, or six hours, old."""

    day: Ints
    recent: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """One signal along all rows.

    value : (rows,) float64, NaN where not measured; last : (rows,) the newest row of the day with a value, -1 if none
    seconds, total, squares : (rows + 1,) int64, what stands before each row: seconds that values stand for, and these
        times the value, and times its square, in grains. A running sum may leave 64 bits; the difference of two of
        them is right all the same
    """

    spans: _Spans
    value: Floats
    last: Ints
    seconds: Ints
    total: Ints
    squares: Ints


class _Made:
    """What was computed for some courses so far, so that nothing is computed twice."""

    __slots__ = ("courses", "found", "spans", "tracks")

    def __init__(self, courses: Courses) -> None:
        self.courses = courses
        self.spans = _Spans(day=_starts(courses, DAY_S), recent=_starts(courses, RECENT_S))
        self.tracks: dict[Signal, _Track] = {}
        self.found: dict[Feature, Floats] = {}

    def track(self, signal: Signal) -> _Track:
        """Return a measured signal's track."""
        if signal not in self.tracks:
            self.tracks[signal] = _track(self.courses, _measured(self.courses, signal), self.spans)
        return self.tracks[signal]

    def feature(self, feature: Feature) -> Floats:
        """Return (rows,) a feature."""
        if feature not in self.found:
            self.found[feature] = self._feature(*feature)
        return self.found[feature]

    def _feature(self, signal: Signal, statistic: Statistic) -> Floats:
        if signal is Signal.AGE:
            return self.courses.age_years[self.courses.patient]
        if signal in _RATIOS:
            above, below = (self.feature((part, statistic)) for part in _RATIOS[signal])
            return above / np.where(below > 0, below, np.nan)
        return _STATISTICS[statistic](self.track(signal))

    def unknown(self, signal: Signal) -> Bools:
        """Return (rows,) where a signal has no value, or none younger than `STALE_S`."""
        if signal is Signal.AGE:
            return np.isnan(self.courses.age_years[self.courses.patient])
        found = np.zeros(len(self.courses.t_s), np.bool_)
        for part in _RATIOS.get(signal, (signal,)):
            last = self.track(part).last
            found |= (last < 0) | (self.courses.t_s - self.courses.t_s[np.maximum(last, 0)] >= STALE_S)
        return found


def allowed(feature: Feature) -> bool:
    """Return whether a feature can be computed: an age has no course, a ratio no extremes."""
    signal, statistic = feature
    if signal is Signal.AGE:
        return statistic is Statistic.LAST
    return signal not in _RATIOS or statistic in _OF_RATIOS


def features(courses: Courses, wanted: Sequence[Feature], signals: Sequence[Signal]) -> tuple[Floats, Bools]:
    """Look at every row of every course.

    Parameters
    ----------
    courses : n patients; wanted : features that are `allowed`; signals : whether these are known is asked too

    Returns
    -------
    (len(wanted), rows) float64, each feature at each row in its signal's unit, NaN where the last day does not tell;
    (len(signals), rows) bool, the signal was never measured in the last day, or not since `STALE_S`

    Notes
    -----
    Spread is the standard deviation, change the last value less the day's mean. A ratio (shock index: heart rate by
    systolic pressure; oxygenation: SpO2 by oxygen) is that of the two's statistics.
    Checked: tests/unit/signal/test_risk_features.py against a plain loop.
    """
    made = _Made(courses)
    rows = len(courses.t_s)
    found = np.array([made.feature(feature) for feature in wanted]).reshape(len(wanted), rows)
    return found, np.array([made.unknown(signal) for signal in signals], np.bool_).reshape(len(signals), rows)


def _starts(courses: Courses, window_s: int) -> Ints:
    stride = int(courses.t_s.max(initial=0)) + window_s + 1
    key = courses.t_s + courses.patient * stride
    return np.searchsorted(key, key - window_s, side="right").astype(np.int64)


def _measured(courses: Courses, signal: Signal) -> Floats:
    """Return (rows,) a signal where it was measured."""
    if signal in _PLAIN:
        return courses.of(_PLAIN[signal])
    systolic, diastolic = courses.of(VitalKind.SYSTOLIC), courses.of(VitalKind.DIASTOLIC)
    if signal is Signal.PULSE_PRESSURE:
        return systolic - diastolic
    if signal is Signal.MEAN_PRESSURE:
        mean = courses.of(VitalKind.MEAN_PRESSURE)
        return np.where(np.isnan(mean), diastolic + (systolic - diastolic) / 3, mean)
    fio2 = courses.of(VitalKind.FIO2)
    by_flow = np.minimum(AIR_PCT + PCT_PER_L_MIN * courses.of(VitalKind.OXYGEN_FLOW), 100.0)
    return np.where(np.isnan(fio2), by_flow, fio2)


def _track(courses: Courses, value: Floats, spans: _Spans) -> _Track:
    known = ~np.isnan(value)
    newest = np.maximum.accumulate(np.where(known, np.arange(len(value)), -1))
    before = np.concatenate(([-1], newest))[:-1]
    gap = courses.t_s - courses.t_s[np.maximum(before, 0)] if len(value) else courses.t_s
    gap = np.where(before >= courses.offsets[:-1][courses.patient], gap, HELD_S)
    weight = np.where(known, np.clip(gap, 1, HELD_S), 0)
    grains = np.rint(np.where(known, value, 0.0) * _GRAIN).astype(np.int64)
    return _Track(
        spans=spans,
        value=value,
        last=np.where(newest >= spans.day, newest, -1),
        seconds=_running(weight),
        total=_running(weight * grains),
        squares=_running(weight * grains * grains),
    )


def _running(terms: Ints) -> Ints:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(terms)))


def _over(running: Ints, first: Ints) -> Floats:
    """Return (rows,) the sum from `first` up to and with each row."""
    return (running[1:] - running[first]).astype(np.float64)


def _last(track: _Track) -> Floats:
    return np.where(track.last >= 0, track.value[np.maximum(track.last, 0)], np.nan) if len(track.last) else track.value


def _mean(track: _Track, first: Ints, least_s: int) -> Floats:
    seconds = _over(track.seconds, first)
    return _over(track.total, first) / np.where(seconds >= least_s, seconds, np.nan) / _GRAIN


def _recent_mean(track: _Track) -> Floats:
    return _mean(track, track.spans.recent, LEAST_RECENT_S)


def _day_mean(track: _Track) -> Floats:
    return _mean(track, track.spans.day, LEAST_DAY_S)


def _day_spread(track: _Track) -> Floats:
    mean = _mean(track, track.spans.day, 1) * _GRAIN
    seconds = np.maximum(_over(track.seconds, track.spans.day), 1.0)
    return np.sqrt(np.maximum(_over(track.squares, track.spans.day) / seconds - mean**2, 0.0)) / _GRAIN


def _change(track: _Track) -> Floats:
    return _last(track) - _day_mean(track)


def _extreme(track: _Track, better: np.ufunc) -> Floats:
    """Return (rows,) the extreme of the last six hours, by tables of the extremes of 1, 2, 4, 8 … rows."""
    first = track.spans.recent
    rows = np.arange(len(first))
    level = np.frexp(rows - first + 1)[1] - 1
    table, found = track.value, np.full(len(first), np.nan)
    for power in range(int(level.max(initial=-1)) + 1):
        reach = 1 << power
        asked = np.flatnonzero(level == power)
        found[asked] = better(table[first[asked]], table[asked - reach + 1])
        table = better(table, np.concatenate((table[reach:], np.full(min(reach, len(table)), np.nan))))
    return found


def _recent_lowest(track: _Track) -> Floats:
    return _extreme(track, np.fmin)


def _recent_highest(track: _Track) -> Floats:
    return _extreme(track, np.fmax)


_STATISTICS: Final[Mapping[Statistic, Callable[[_Track], Floats]]] = MappingProxyType(
    {
        Statistic.LAST: _last,
        Statistic.RECENT_MEAN: _recent_mean,
        Statistic.RECENT_LOWEST: _recent_lowest,
        Statistic.RECENT_HIGHEST: _recent_highest,
        Statistic.DAY_MEAN: _day_mean,
        Statistic.DAY_SPREAD: _day_spread,
        Statistic.CHANGE: _change,
    }
)
