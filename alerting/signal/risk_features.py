"""What the deterioration score is made of: each vital sign's last value, mean, extremes and change over the last day.

Everything at a row depends on that row and the ones before it in the last `BACK_S` seconds, so a stream cut anywhere
gives what the whole course gives, to the bit: sums are of integers, and so depend on nothing that stands before them.
How often somebody was measured enters nowhere: a value stands for the time since the one before it, at most `HELD_S`,
and no count, no interval between measurements and no time since admission is a feature. (The extremes of a day do know
a little about how densely it was measured; nothing else does.)
Not here: what is good or bad (`risk_model`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.risk_courses import Courses
from ward.vitals import VitalKind

WINDOW_S: Final = 24 * 3600
"""A value is looked at for a day: long enough for a personal baseline over the daily rhythm."""

HELD_S: Final = 3600
"""In a mean, a value stands for the time since the one before it, but not for more than this."""

BACK_S: Final = WINDOW_S + HELD_S
AHEAD_S: Final = 0

STALE_S: Final = 12 * 3600
"""A value older than this counts as unknown in the interval. RCP, NEWS2, 2017, Chart 4: the longest time allowed
between observations."""

AIR_PCT: Final = 21.0
PCT_PER_L_MIN: Final = 4.0
"""Oxygen in room air, and what a litre a minute by nasal cannula adds; the usual rule of thumb, up to 6 L/min and more
by mask (O'Driscoll 2017, BTS guideline, doi:10.1136/thoraxjnl-2016-209729, gives ranges around it)."""

_GRAIN: Final = 1000  # sums are of thousandths of a unit


class Signal(StrEnum):
    """What is looked at over time."""

    HEART_RATE = "heart_rate"
    RESP_RATE = "resp_rate"
    SPO2 = "spo2"
    TEMPERATURE = "temperature"
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    MEAN_PRESSURE = "mean_pressure"
    CONSCIOUSNESS = "consciousness"
    OXYGEN = "oxygen"
    PULSE_PRESSURE = "pulse_pressure"
    SHOCK_INDEX = "shock_index"
    OXYGENATION = "oxygenation"
    AGE = "age"


class Statistic(StrEnum):
    """What is taken of a signal over the last day."""

    LAST = "last"
    MEAN = "mean"
    LOWEST = "lowest"
    HIGHEST = "highest"
    SPREAD = "spread"
    CHANGE = "change"

Feature = tuple[Signal, Statistic]

_PLAIN: Final = MappingProxyType(
    {
        Signal.HEART_RATE: VitalKind.HEART_RATE,
        Signal.RESP_RATE: VitalKind.RESP_RATE,
        Signal.SPO2: VitalKind.SPO2,
        Signal.TEMPERATURE: VitalKind.TEMPERATURE,
        Signal.SYSTOLIC: VitalKind.SYSTOLIC,
        Signal.DIASTOLIC: VitalKind.DIASTOLIC,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """One signal along all rows.

    first : (rows,) the first row of each row's window; known : (rows,) bool, measured at this row
    value : (rows,) NaN where not; last : (rows,) the newest row of the window with a value, -1 where there is none
    weight : (rows,) seconds that a value stands for, 0 where there is none
    """

    first: Ints
    known: Bools
    value: Floats
    last: Ints
    weight: Ints


def allowed(feature: Feature) -> bool:
    """Return whether a feature can be computed."""
    signal, statistic = feature
    if signal is Signal.AGE:
        return statistic is Statistic.LAST
    return signal not in _RATIOS or statistic in {Statistic.LAST, Statistic.MEAN}


def needs(signal: Signal) -> tuple[Signal, ...]:
    """Return the signals that one is made of: itself, or the two of a ratio."""
    return _RATIOS.get(signal, (signal,))


def features(courses: Courses, wanted: tuple[Feature, ...]) -> Floats:
    """Return (len(wanted), rows) float64: each feature at each row, NaN where the last day does not tell.

    Parameters
    ----------
    courses : n patients; wanted : features that are `allowed`

    Notes
    -----
    Values older than `WINDOW_S` are forgotten. Units are the signal's own; CHANGE is the last value less the day's
    mean, SPREAD the standard deviation around it. Checked: tests/unit/signal/test_risk.py against a plain loop.
    """
    first = window_starts(courses)
    tracks: dict[Signal, _Track] = {}
    made: dict[Feature, Floats] = {}

    def give(feature: Feature) -> Floats:
        if feature not in made:
            signal, statistic = feature
            if signal is Signal.AGE:
                made[feature] = courses.age_years[courses.patient]
            elif signal in _RATIOS:
                above, below = (give((part, statistic)) for part in _RATIOS[signal])
                made[feature] = above / np.where(below > 0, below, np.nan)
            else:
                if signal not in tracks:
                    tracks[signal] = _track(courses, _measured(courses, signal), first)
                made[feature] = _STATISTICS[statistic](tracks[signal])
        return made[feature]

    return np.array([give(feature) for feature in wanted]).reshape(len(wanted), len(courses.t_s))


def unknown(courses: Courses, signals: tuple[Signal, ...]) -> Bools:
    """Return (len(signals), rows): the signal has no value, or none younger than `STALE_S`."""
    first = window_starts(courses)
    found = np.zeros((len(signals), len(courses.t_s)), np.bool_)
    for index, signal in enumerate(signals):
        for part in needs(signal):
            if part is Signal.AGE:
                found[index] |= np.isnan(courses.age_years[courses.patient])
                continue
            last = _track(courses, _measured(courses, part), first).last
            age_s = courses.t_s - courses.t_s[np.maximum(last, 0)]
            found[index] |= (last < 0) | (age_s >= STALE_S)
    return found


def window_starts(courses: Courses) -> Ints:
    """Return (rows,) the first row of the same patient that is less than `WINDOW_S` old."""
    stride = int(courses.t_s.max(initial=0)) + WINDOW_S + 1
    key = courses.t_s + courses.patient * stride
    return np.searchsorted(key, key - WINDOW_S, side="right").astype(np.int64)


def _measured(courses: Courses, signal: Signal) -> Floats:
    """Return (rows,) the signal where it was measured."""
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


def _track(courses: Courses, value: Floats, first: Ints) -> _Track:
    known = ~np.isnan(value)
    rows = np.arange(len(value))
    newest = np.maximum.accumulate(np.where(known, rows, -1)) if len(value) else rows
    before = np.concatenate(([-1], newest[:-1]))[: len(value)]
    start = courses.offsets[:-1][courses.patient]
    gap = np.where(before >= start, courses.t_s - courses.t_s[np.maximum(before, 0)], HELD_S)
    return _Track(
        first=first,
        known=known,
        value=value,
        last=np.where(newest >= first, newest, -1),
        weight=np.where(known, np.clip(gap, 1, HELD_S), 0),
    )


def _last(track: _Track) -> Floats:
    return np.where(track.last >= 0, track.value[np.maximum(track.last, 0)], np.nan)


def _sums(track: _Track, power: int) -> Floats:
    """Return (rows,) the sum over the window of weight times value to a power; exact, since of integers.

    The running sum may leave 64 bits; the difference of two of them is right all the same.
    """
    grains = np.rint(np.where(track.known, track.value, 0.0) * _GRAIN).astype(np.int64)
    running = np.concatenate(([0], np.cumsum(track.weight * grains**power)))
    return (running[1:] - running[track.first]).astype(np.float64)


def _mean(track: _Track) -> Floats:
    weight = _sums(track, 0)
    return _sums(track, 1) / np.where(weight > 0, weight, np.nan) / _GRAIN


def _spread(track: _Track) -> Floats:
    weight = _sums(track, 0)
    weight[weight == 0] = np.nan
    variance = _sums(track, 2) / weight - (_sums(track, 1) / weight) ** 2
    return np.sqrt(np.maximum(variance, 0.0)) / _GRAIN


def _extreme(track: _Track, better: np.ufunc) -> Floats:
    """Return (rows,) the extreme over the window, by tables of the extremes of 1, 2, 4, 8 … rows."""
    length = np.arange(len(track.first)) - track.first + 1
    level = np.frexp(length)[1] - 1
    table, found = track.value, np.full(len(length), np.nan)
    for power in range(int(level.max(initial=-1)) + 1):
        asked = np.flatnonzero(level == power)
        found[asked] = better(table[track.first[asked]], table[asked - (1 << power) + 1])
        reach = 1 << power
        table = better(table, np.concatenate((table[reach:], np.full(min(reach, len(table)), np.nan))))
    return found


def _lowest(track: _Track) -> Floats:
    return _extreme(track, np.fmin)


def _highest(track: _Track) -> Floats:
    return _extreme(track, np.fmax)


def _change(track: _Track) -> Floats:
    return _last(track) - _mean(track)


_STATISTICS: Final[Mapping[Statistic, Callable[[_Track], Floats]]] = MappingProxyType(
    {
        Statistic.LAST: _last,
        Statistic.MEAN: _mean,
        Statistic.LOWEST: _lowest,
        Statistic.HIGHEST: _highest,
        Statistic.SPREAD: _spread,
        Statistic.CHANGE: _change,
    }
)
