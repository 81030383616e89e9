"""Working days and the free days between them: from when to when a round must look ahead. Pure.

A day is free that is a Saturday, a Sunday, a public holiday, or an eve that everybody has off (Midsummer, Christmas,
New Year's). The invariant: a stretch begins at 16 of a working day and ends at 08 of the next, whatever lies between.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ward.duty import holidays, wallclock

LEAVES = time(16)
RETURNS = time(8)
_DAY = timedelta(days=1)
_LONGEST = timedelta(days=7)  # more free days than ever come together
# Walpurgis, Maundy Thursday and their like are worked until the afternoon.
_WHOLE_EVES = frozenset({(6, 19), (6, 20), (6, 21), (6, 22), (6, 23), (6, 24), (6, 25), (12, 24), (12, 31)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Free days: from 16 of the last working day until 08 of the next."""

    from_at: datetime
    until: datetime
    last_day: date
    next_day: date


def is_free(day: date) -> bool:
    """Tell whether nobody works as on a weekday."""
    kind = holidays.kind(day)
    if kind in {holidays.Day.SAT, holidays.Day.SUN, holidays.Day.HOLIDAY}:
        return True
    return kind is holidays.Day.EVE and (day.weekday() > 4 or (day.month, day.day) in _WHOLE_EVES)


def next_working_day(day: date) -> date:
    """Return the first working day after a day."""
    following = day + _DAY
    while is_free(following):
        following += _DAY
    return following


def ahead(now: datetime) -> Stretch:
    """Return the free days that are going on or come next."""
    day = wallclock.wall(now).date() - _LONGEST
    while True:
        following = next_working_day(day)
        if not is_free(day) and following - day > _DAY and wallclock.instant(following, RETURNS) > now:
            return _stretch(day, following)
        day += _DAY


def ending(next_day: date) -> Stretch | None:
    """Return the free days that end on the morning of a working day, None where there are none before it."""
    if is_free(next_day) or not is_free(next_day - _DAY):
        return None
    last = next_day - _DAY
    while is_free(last):
        last -= _DAY
    return _stretch(last, next_day)


def _stretch(last: date, following: date) -> Stretch:
    return Stretch(
        from_at=wallclock.instant(last, LEAVES),
        until=wallclock.instant(following, RETURNS),
        last_day=last,
        next_day=following,
    )
