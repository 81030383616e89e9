"""One time against an earlier one: the day before, and weight over days.

Not here: limits for it; a plan sets those. The invariant: two medians are compared, each of readings near its end of
the interval; where either end has none the change is NaN and its support says so.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal.records import Floats
from alerting.signal.series import Course, Moments, Ragged, Support, at_moments, positive, present
from alerting.signal.spans import Spans, between, medians, support

DAY_S: Final = 86400.0

DAY_WIDTH_S: Final = 3 * 3600.0
"""Day to day: the last 3 h against the same hours of the day before, so that the time of day falls out."""

WEIGHT_WIDTH_S: Final = DAY_S
"""Weight is taken once a day, mostly: the last day against the day that lies so far back."""

SHORT_GAIN_S: Final = 2 * DAY_S
LONG_GAIN_S: Final = 7 * DAY_S
"""Weight in heart failure is asked for over 2-3 days (over 2 kg in 3 days: ESC 2021, doi:10.1093/eurheartj/ehab368)
and over a week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Newer median minus older median, (k,) float64, NaN where either is missing; `newer`, `older` are the two."""

    change: Floats
    newer: Floats
    older: Floats
    newer_support: Support
    older_support: Support


def look_back_s(apart_s: float, width_s: float) -> float:
    """Return how far back `change` looks."""
    return apart_s + width_s


def change(series: Ragged, at: Moments, apart_s: float, width_s: float) -> Change:
    """Return the median of (at - width_s, at] minus that of (at - apart_s - width_s, at - apart_s].

    Raises
    ------
    ValueError
        If `apart_s` or `width_s` is not above 0 or windows overlap, times do not rise, or a moment names no stay.
    """
    apart, width = positive(apart_s, name="apart_s"), positive(width_s, name="width_s")
    if apart < width:
        raise ValueError(f"apart_s: is {apart}, must be at least width_s, {width}, or readings would count twice")
    course = present(series)
    asked = at_moments(at, course.stays)
    earlier = Moments(row=asked.row, at_s=asked.at_s - apart)
    newer, older = (_last(course, each, width) for each in (asked, earlier))
    values = medians(course.value, newer), medians(course.value, older)
    return Change(
        change=values[0] - values[1],
        newer=values[0],
        older=values[1],
        newer_support=support(course, asked, newer),
        older_support=support(course, earlier, older),
    )


def day_to_day(series: Ragged, at: Moments) -> Change:
    """Return the change against the same hours of the day before."""
    return change(series, at, DAY_S, DAY_WIDTH_S)


def weight_gain(weight: Ragged, at: Moments) -> tuple[Change, Change]:
    """Return the gain in kg over 2 days and over 7 days."""
    return change(weight, at, SHORT_GAIN_S, WEIGHT_WIDTH_S), change(weight, at, LONG_GAIN_S, WEIGHT_WIDTH_S)


def _last(course: Course, at: Moments, width_s: float) -> Spans:
    return between(course, at.row, np.nextafter(at.at_s - width_s, np.inf), at.at_s)
