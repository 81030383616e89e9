"""The days of a span of time by the clock on a Swedish wall: which are holidays, and which are not 24 hours long. Pure.

The invariant: the days join without gap, and cover the whole span.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ward.duty import holidays, wallclock
from ward.duty.holidays import Day

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WallDay:
    """One day, from midnight to midnight (UTC instants); `name` is that of a holiday or eve."""

    date: date
    kind: Day
    name: str | None
    starts_at: datetime
    ends_at: datetime


def days(start: datetime, end: datetime) -> tuple[WallDay, ...]:
    """Return the days that touch [start, end)."""
    day = wallclock.wall(start).date()
    found = []
    while wallclock.instant(day, _MIDNIGHT) < end:
        found.append(
            WallDay(
                date=day,
                kind=holidays.kind(day),
                name=holidays.name(day),
                starts_at=wallclock.instant(day, _MIDNIGHT),
                ends_at=wallclock.instant(day + _DAY, _MIDNIGHT),
            )
        )
        day += _DAY
    return tuple(found)
