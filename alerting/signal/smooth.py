"""Median filter and Hampel marks on readings over time, by seconds and not by count.

A median filter takes out the short excursions of a healthy body and of a bad sensor without making the time between
assessments longer: Zahradka 2022 (PMC9854741) counts 65 to 3,113 alarms from the same data, by rules and filters.

Nothing here removes a reading. The invariant: a value at or beyond its hard bound passes through as it was measured
and is never called removable; whatever a filter thinks of it, somebody has to look.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.series import Course, Lack, Moments, Ragged, Support, checked, positive
from alerting.signal.spans import behind, between, located, medians, support

MAD_TO_SIGMA: Final = 1.4826
"""1 / Phi^-1(3/4): the median absolute deviation of a normal sample times this estimates its standard deviation.
Hampel 1974, J Am Stat Assoc 69:383, doi:10.1080/01621459.1974.10482962."""

SIGMAS: Final = 3.0
"""How many robust standard deviations off the median an outlier lies; Hampel's usual choice, as in the identifier of
Davies & Gather 1993, J Am Stat Assoc 88:782, doi:10.1080/01621459.1993.10476339."""

LEAST_READINGS: Final = 3
"""Of fewer readings no one can be said to be the outlier."""


class Placement(StrEnum):
    """Where a window lies: TRAILING is [t - window, t], CENTRED [t - window / 2, t + window / 2] for looking back."""

    TRAILING = "trailing"
    CENTRED = "centred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where the hard bounds of a kind lie: one number for all stays, or (m,); infinite where there is none."""

    low: npt.ArrayLike = -np.inf
    high: npt.ArrayLike = np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothed:
    """A median-filtered series, (n,) each: one value for each reading.

    value : float64, NaN where the reading is missing; hard : bool, the reading itself, at or beyond a hard bound
    """

    value: Floats
    hard: Bools
    support: Support


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What Hampel's identifier says of each reading, (n,) each.

    outlier : bool; score : float64, distance from the window's median in robust standard deviations, NaN where missing
    hard : bool, at or beyond a hard bound; removable : bool, an outlier that is not hard
    """

    outlier: Bools
    score: Floats
    hard: Bools
    removable: Bools
    support: Support


def look_back_s(window_s: float, placement: Placement = Placement.TRAILING) -> float:
    """Return how far back a result here looks."""
    return window_s if placement is Placement.TRAILING else window_s / 2


def look_ahead_s(window_s: float, placement: Placement = Placement.TRAILING) -> float:
    """Return how far ahead a result here looks."""
    return 0.0 if placement is Placement.TRAILING else window_s / 2


def median(series: Ragged, window_s: float, *, hard: Bounds | None = None) -> Smoothed:
    """Return the median of the readings of [t - window_s, t] at each reading; no look-ahead, nothing across a gap.

    Parameters
    ----------
    series : any number of stays, uneven; NaN is a missing reading
    window_s : seconds, above 0
    hard : bounds at or beyond which a reading passes through unfiltered

    Raises
    ------
    ValueError
        If times do not rise within a stay, columns do not fit, or `window_s` is not above 0.
    """
    window = positive(window_s, name="window_s")
    given, course, known = _parted(series)
    at = Moments.readings(course)
    spans = behind(course, window)
    extreme = _hard(given, hard)
    value = medians(course.value, spans)
    value[extreme[known]] = course.value[extreme[known]]
    found = _spread(support(course, at, spans), known, given)
    return Smoothed(value=_placed(value, known, len(given.t_s)), hard=extreme, support=found)


def hampel(
    series: Ragged,
    window_s: float,
    *,
    floor: float,
    placement: Placement = Placement.TRAILING,
    hard: Bounds | None = None,
) -> Marks:
    """Mark readings far from the median of their window.

    Parameters
    ----------
    window_s : seconds, above 0, of the whole window
    floor : the smallest standard deviation that is believed, in the kind's unit (`norms.Norm.accuracy`): a window of
        equal readings has a deviation of 0, and the next digit of the sensor is no outlier

    Raises
    ------
    ValueError
        As `median`; and if `floor` is not above 0.

    Notes
    -----
    Outlier: |x - median| > `SIGMAS` * max(`MAD_TO_SIGMA` * MAD, floor), the reading itself being part of its window;
    with fewer than `LEAST_READINGS` nothing is marked and `support.lack` says FEW. A true step is marked until it
    makes up half of a trailing window, and is not marked in a centred one.
    """
    window, least = positive(window_s, name="window_s"), positive(floor, name="floor")
    given, course, known = _parted(series)
    at = Moments.readings(course)
    half = window / 2
    spans = behind(course, window)
    if placement is Placement.CENTRED:
        spans = between(course, at.row, at.at_s - half, at.at_s + half)
    centre, spread = located(course.value, spans)
    sigma = np.maximum(MAD_TO_SIGMA * spread, least)
    enough = spans.count >= LEAST_READINGS
    score = np.where(enough, (course.value - centre) / sigma, np.nan)
    lack = np.where(enough, Lack.NONE, Lack.FEW).astype(np.uint8)
    outlier = np.zeros(len(given.t_s), np.bool_)
    outlier[known] = np.abs(score) > SIGMAS
    extreme = _hard(given, hard)
    return Marks(
        outlier=outlier,
        score=_placed(score, known, len(given.t_s)),
        hard=extreme,
        removable=outlier & ~extreme,
        support=_spread(support(course, at, spans, lack), known, given),
    )


def _parted(series: Ragged) -> tuple[Course, Course, Ints]:
    given = checked(series)
    mask = np.isfinite(given.value)
    return given, given.chosen(mask), np.flatnonzero(mask)


def _hard(course: Course, hard: Bounds | None) -> Bools:
    bounds = Bounds() if hard is None else hard
    low, high = (_bound(getattr(bounds, name), course, name) for name in ("low", "high"))
    reached: Bools = (course.value <= low) | (course.value >= high)
    return reached


def _bound(bound: npt.ArrayLike, course: Course, name: str) -> Floats:
    given = np.asarray(bound, np.float64)
    if given.shape not in {(), (course.stays,)} or np.isnan(given).any():
        raise ValueError(
            f"hard: {name} is {bound!r}, must be one number or ({course.stays},), infinite where there is none"
        )
    return np.broadcast_to(given, (course.stays,))[course.row]


def _placed(value: Floats, known: Ints, size: int) -> Floats:
    if len(known) == size:
        return value
    whole = np.full(size, np.nan)
    whole[known] = value
    return whole


def _spread(found: Support, known: Ints, given: Course) -> Support:
    """Say of a missing reading that nothing supports it."""
    size = len(given.t_s)
    if len(known) == size:
        return found
    readings, lack = np.zeros(size, np.int64), np.full(size, Lack.FEW, np.uint8)
    readings[known], lack[known] = found.readings, found.lack
    span_s, age_s = np.zeros(size), np.full(size, np.inf)
    span_s[known], age_s[known] = found.span_s, found.age_s
    return Support(
        readings=readings, span_s=span_s, age_s=age_s, quality=_placed(found.quality, known, size), lack=lack
    )
