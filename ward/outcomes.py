"""What care led to: consequences of closed alerts, how stays ended, and months as they are counted. Pure.

Not here: the counting (`ward.store.outcomes`). The invariant: a month is one on a Swedish wall, and a number of what
happens within thirty days is complete only when these have passed for the whole of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Final

from ward.duty import wallclock

READMITTED_WITHIN: Final = timedelta(days=30)
RUN: Final = 6
"""So many points in a row on one side of the median are a shift and no chance (the usual rule of run charts)."""


class Consequence(StrEnum):
    """What a closed alert led to, or spared the patient."""

    NONE = "none"
    AVOIDED_EMERGENCY = "avoided_emergency"
    HOME_VISIT = "home_visit"
    EMERGENCY_VISIT = "emergency_visit"
    ADMISSION = "admission"


class Disposition(StrEnum):
    """Where a patient went when the stay ended."""

    HOME = "home"
    HOSPITAL = "hospital"
    CARE_HOME = "care_home"
    DIED = "died"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month: [from_at, until)."""

    first: date
    from_at: datetime
    until: datetime

    def is_complete(self, now: datetime) -> bool:
        """Tell whether thirty days have passed for the whole of it."""
        return self.until + READMITTED_WITHIN <= now


def months(now: datetime, count: int) -> tuple[Month, ...]:
    """Return so many months up to the present one, the oldest first."""
    first = wallclock.wall(now).date().replace(day=1)
    firsts = [_following(first)]
    for _ in range(count):
        firsts.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    ordered = firsts[::-1]
    return tuple(Month(first=start, from_at=_midnight(start), until=_midnight(end)) for start, end in pairwise(ordered))


def _following(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _midnight(day: date) -> datetime:
    return wallclock.instant(day, time())


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChart:
    """A row of numbers with their median; `shift` is 1 or -1 where the last ones have all been above or below it."""

    median: float | None
    shift: int


def run_chart(values: Sequence[float]) -> RunChart:
    """Return the median of a row, and whether the last `RUN` that do not lie on it all lie on one side."""
    if not values:
        return RunChart(median=None, shift=0)
    middle = float(median(values))
    sides = [1 if value > middle else -1 for value in values if value != middle][-RUN:]
    return RunChart(median=middle, shift=sides[0] if len(sides) == RUN and len(set(sides)) == 1 else 0)
