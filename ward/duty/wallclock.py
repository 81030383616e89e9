"""From the clock on a Swedish wall to UTC, over both daylight-saving nights.

The invariant: later on the wall is never earlier in UTC, so shifts that meet on the wall meet in UTC. A wall time that
spring leaves out is the instant of the change; of one that autumn shows twice, the first counts.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Stockholm")
_DAY = timedelta(days=1)


@lru_cache(maxsize=1 << 14)
def instant(day: date, at: time) -> datetime:
    """Return the instant (UTC) at which the wall shows `at` on `day`."""
    local = datetime.combine(day, at, ZONE)
    found = local.astimezone(UTC)
    if found.astimezone(ZONE).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    return _change(local.replace(fold=1).astimezone(UTC), found)


def _change(before: datetime, after: datetime) -> datetime:
    """Return the minute between two instants at which the offset changes."""
    offset = before.astimezone(ZONE).utcoffset()
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // timedelta(minutes=2) * timedelta(minutes=1)
        if middle.astimezone(ZONE).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def span(day: date, starts: time, ends: time) -> tuple[datetime, datetime]:
    """Return from when until when a watch lasts that begins on `day`; one that ends no later ends on the next day."""
    return instant(day, starts), instant(day if ends > starts else day + _DAY, ends)


def wall(at: datetime) -> datetime:
    """Return what the wall shows at an instant, aware."""
    return at.astimezone(ZONE)
