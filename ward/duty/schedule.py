"""A team's week: shifts with crews that take turns, and exceptions for one date or time.

Pure. The invariant: `turns` of a schedule never overlap, whatever was entered; `overlaps` and `gaps` tell what must
be refused before it is saved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from ward.duty import holidays, wallclock
from ward.duty.holidays import Day
from ward.people import StaffId, TeamId

_DAY = timedelta(days=1)
# The longest shift is a day, and the longest day has 25 hours.
_REACH = timedelta(days=2)
MONDAY = date(2026, 1, 5)

Span = tuple[datetime, datetime]
"""From when until before when, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of some kinds of day, by the clock on the wall; where `ends` is no later, they end the day after."""

    days: frozenset[Day]
    starts: time
    ends: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A watch that comes back. Its crews take turns, `turn_days` each, counted from the schedule's anchor.

    The first of a crew is on call; a shift without crews is kept by the team without anybody's name.
    """

    name: str
    window: Window
    crews: tuple[tuple[StaffId, ...], ...] = ()
    turn_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An exception: from `from_at` until before `until` this crew is on duty, whatever the week says.

    `crew` None: nobody is. An empty one: the team is, without anybody's name.
    """

    from_at: datetime
    until: datetime
    crew: tuple[StaffId, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A team's week, and the Monday from which turns are counted."""

    shifts: tuple[Shift, ...] = ()
    anchor: date = MONDAY

    @property
    def named(self) -> frozenset[Day]:
        """The kinds of day that any shift names."""
        return frozenset().union(*(shift.window.days for shift in self.shifts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One watch that is kept: from when until before when, and by whom."""

    team_id: TeamId
    name: str
    from_at: datetime
    until: datetime
    crew: tuple[StaffId, ...]

    @property
    def on_call(self) -> StaffId | None:
        """Who of the crew is called first."""
        return self.crew[0] if self.crew else None


def spans(window: Window, named: frozenset[Day], start: datetime, end: datetime) -> list[tuple[date, Span]]:
    """Return each time a window opens that touches [start, end), with the date on which it begins."""
    day = wallclock.wall(start).date() - _REACH
    last = wallclock.wall(end).date()
    found = []
    while day <= last:
        opened = _opened(window, named, day)
        if opened is not None and opened[0] < end and opened[1] > start:
            found.append((day, opened))
        day += _DAY
    return found


@lru_cache(maxsize=16384)
def _opened(window: Window, named: frozenset[Day], day: date) -> Span | None:
    """Return when a window that begins on a day is open, None where it does not open."""
    if holidays.followed(day, named) not in window.days:
        return None
    opened = wallclock.span(day, window.starts, window.ends)
    return opened if opened[0] < opened[1] else None


def weekly(team_id: TeamId, schedule: Schedule, start: datetime, end: datetime) -> list[Turn]:
    """Return the week's turns that touch [start, end), by their beginning, overlapping where the schedule does."""
    found = []
    for shift in schedule.shifts:
        for day, (from_at, until) in spans(shift.window, schedule.named, start, end):
            crew = _crew(shift, day, schedule.anchor)
            found.append(Turn(team_id=team_id, name=shift.name, from_at=from_at, until=until, crew=crew))
    return sorted(found, key=lambda turn: (turn.from_at, turn.until))


def _crew(shift: Shift, day: date, anchor: date) -> tuple[StaffId, ...]:
    if not shift.crews:
        return ()
    return shift.crews[(day - anchor).days // max(1, shift.turn_days) % len(shift.crews)]


def turns(
    team_id: TeamId, schedule: Schedule, overrides: Iterable[Override], start: datetime, end: datetime
) -> list[Turn]:
    """Return who is on duty within [start, end): in order, without overlap, exceptions before the week."""
    exceptions = sorted((each for each in overrides if each.from_at < end and each.until > start), key=_begins)
    kept = [part for turn in weekly(team_id, schedule, start, end) for part in _without(turn, exceptions)]
    kept += [
        Turn(team_id=team_id, name="", from_at=each.from_at, until=each.until, crew=each.crew)
        for each in exceptions
        if each.crew is not None
    ]
    kept.sort(key=lambda turn: turn.from_at)
    return _in_line(kept, start, end)


def _begins(override: Override) -> datetime:
    return override.from_at


def _without(turn: Turn, exceptions: Sequence[Override]) -> list[Turn]:
    """Cut exceptions out of a turn."""
    parts, at = [], turn.from_at
    for each in exceptions:
        if each.from_at >= turn.until or each.until <= at:
            continue
        if each.from_at > at:
            parts.append(replace(turn, from_at=at, until=each.from_at))
        at = max(at, each.until)
    if at < turn.until:
        parts.append(replace(turn, from_at=at))
    return parts


def _in_line(ordered: Iterable[Turn], start: datetime, end: datetime) -> list[Turn]:
    """Cut turns to [start, end) and to one at a time; whoever began first keeps the watch to its end."""
    found, at = [], start
    for turn in ordered:
        from_at, until = max(turn.from_at, at), min(turn.until, end)
        if from_at < until:
            found.append(replace(turn, from_at=from_at, until=until))
            at = until
    return found


def gaps(kept: Iterable[Turn], start: datetime, end: datetime) -> list[Span]:
    """Return when within [start, end) nobody keeps a watch; `kept` is in order."""
    found, at = [], start
    for turn in kept:
        if turn.from_at > at:
            found.append((at, min(turn.from_at, end)))
        at = max(at, turn.until)
    if at < end:
        found.append((at, end))
    return found


def overlaps(team_id: TeamId, schedule: Schedule, start: datetime, end: datetime) -> list[Span]:
    """Return when two shifts of a week are kept at once."""
    found: list[Span] = []
    busy_until: datetime | None = None
    for turn in weekly(team_id, schedule, start, end):
        if busy_until is not None and turn.from_at < busy_until:
            found.append((turn.from_at, min(busy_until, turn.until)))
        busy_until = turn.until if busy_until is None else max(busy_until, turn.until)
    return found


def at_instant(kept: Iterable[Turn], at: datetime) -> Turn | None:
    """Return the turn that is kept at an instant, None where nobody is on duty."""
    return next((turn for turn in kept if turn.from_at <= at < turn.until), None)
