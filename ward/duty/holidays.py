"""What kind of day a Swedish date is: a weekday, a public holiday, or the eve of one.

The days come from the `holidays` library. An eve is a day that people have off by law, agreement or custom (half of it
or all) and that a public holiday follows: Midsummer, Christmas, New Year's and Easter Eve, Maundy Thursday, Walpurgis,
Twelfth Night, Pentecost Eve, All Saints' Eve. A squeeze day is a weekday. The invariant: every date is of one kind.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from holidays import DE_FACTO, OPTIONAL, PUBLIC, country_holidays

_DAY = timedelta(days=1)


class Day(StrEnum):
    """The kinds of day that a schedule may name."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
    EVE = "eve"
    HOLIDAY = "holiday"


WEEKDAYS = (Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI, Day.SAT, Day.SUN)
EVERY_DAY = frozenset(WEEKDAYS)


@lru_cache(maxsize=64)
def _year(year: int, category: str) -> Mapping[date, str]:
    return dict(country_holidays("SE", years=year, categories=category, language="sv"))


def weekday(day: date) -> Day:
    """Return the day of the week."""
    return WEEKDAYS[day.weekday()]


def kind(day: date) -> Day:
    """Return `HOLIDAY`, `EVE`, or the day of the week where it is neither."""
    if day in _year(day.year, PUBLIC):
        return Day.HOLIDAY
    after = day + _DAY
    free = day in _year(day.year, DE_FACTO) or day in _year(day.year, OPTIONAL)
    return Day.EVE if free and after in _year(after.year, PUBLIC) else weekday(day)


def followed(day: date, named: frozenset[Day]) -> Day:
    """Return by which kind of day a date is scheduled, where a schedule names these kinds.

    A schedule that says nothing of holidays keeps them as Sundays, one that says nothing of eves as the weekday.
    """
    found = kind(day)
    if found is Day.HOLIDAY:
        return Day.HOLIDAY if Day.HOLIDAY in named else Day.SUN
    if found is Day.EVE and Day.EVE not in named:
        return weekday(day)
    return found


def name(day: date) -> str | None:
    """Return the Swedish name of a holiday or eve, None for an ordinary day."""
    found = kind(day)
    if found is Day.HOLIDAY:
        return _year(day.year, PUBLIC)[day]
    if found is Day.EVE:
        said = _year(day.year, DE_FACTO).get(day) or _year(day.year, OPTIONAL)[day]
        return said.partition(" (")[0]
    return None
