"""When somebody who can be reached answers for a patient, day by day of the coming week, in words. Pure.

It says who is told when values change, never that values arrive: that is the lamp's (`ward.lamp`). The invariant: no
hour without anybody who can be reached is left unsaid, from now until the week is over.
The wording, Swedish and English, is to be confirmed by who is clinically responsible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ward.duty import coverage, wallclock
from ward.duty.coverage import Cell, Colour
from ward.people import TeamId

AHEAD = timedelta(days=8)
"""The rest of today and seven whole days."""

_WEEK = 7
_RUN = 3
_DAYS = (
    ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"),
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
_NOBODY = ("kan ingen nås av larm", "nobody can be reached by an alert")
_REST = ("Övrig tid", "All other hours")
_ALL = ("Dygnet runt", "At all hours")
_Hours = tuple[tuple[str, str, TeamId], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the week."""

    sv: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchWeek:
    """The week in lines; `always` where somebody can be reached at every hour of it."""

    always: bool
    lines: tuple[Line, ...]


def watch_week(ahead: Sequence[Cell], names: Mapping[TeamId, str], now: datetime) -> WatchWeek:
    """Return the week from `now` on.

    Parameters
    ----------
    ahead : who answers from `now` until `AHEAD` later; what is not in it is nobody's
    names : of the teams in it
    """
    first = wallclock.wall(now).date() + timedelta(days=1)
    days = [first + timedelta(days=each) for each in range(_WEEK)]
    met: dict[_Hours, list[date]] = {}
    for day in days:
        met.setdefault(_hours(ahead, day), []).append(day)
    lines = [_line(hours, found, names) for hours, found in met.items() if hours]
    base = {each.team_id for each in ahead if each.colour is Colour.FALLBACK}
    rest = _REST if lines else _ALL
    lines += [Line(sv=f"{rest[0]}: {names[each]}", en=f"{rest[1]}: {names[each]}") for each in sorted(base)]
    end = wallclock.instant(days[-1] + timedelta(days=1), time())
    holes = _holes(ahead, now, end)
    lines += [Line(sv=_capital(each.sv), en=each.en) for each in coverage.in_words(holes, (now, end), *_NOBODY)]
    return WatchWeek(always=not holes, lines=tuple(lines))


def _hours(ahead: Iterable[Cell], day: date) -> _Hours:
    """Return the hours of a day that a team keeps for the patient, those of the round-the-clock team not among them."""
    start, end = wallclock.instant(day, time()), wallclock.instant(day + timedelta(days=1), time())
    found: list[tuple[datetime, datetime, TeamId]] = []
    for cell in ahead:
        from_at, until = max(cell.from_at, start), min(cell.until, end)
        if from_at >= until or cell.colour is not Colour.COVERED:
            continue
        if found and found[-1][1:] == (from_at, cell.team_id):
            from_at = found.pop()[0]
        found.append((from_at, until, cell.team_id))
    return tuple((_clock(from_at), "24:00" if until == end else _clock(until), team) for from_at, until, team in found)


def _holes(ahead: Iterable[Cell], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the times within [start, end) at which nobody can be reached, or nobody is known to answer."""
    at, found = start, list[tuple[datetime, datetime]]()
    for cell in (each for each in ahead if each.colour is not Colour.NOBODY):
        if cell.from_at > at:
            found.append((at, min(cell.from_at, end)))
        at = max(at, cell.until)
        if at >= end:
            return found
    return [*found, (at, end)]


def _line(hours: _Hours, days: Sequence[date], names: Mapping[TeamId, str]) -> Line:
    said = ", ".join(f"{start}\N{EN DASH}{end} {names[team]}" for start, end, team in hours)
    sv, en = (_named(days, side) for side in (0, 1))
    return Line(sv=_capital(f"{sv}: {said}"), en=_capital(f"{en}: {said}"))


def _named(days: Sequence[date], side: int) -> str:
    """Return weekdays as one says them: every day, Monday–Friday, Saturday and Sunday."""
    if len(days) == _WEEK:
        return ("alla dagar", "every day")[side]
    places = sorted(day.weekday() for day in days)
    names = [_DAYS[side][place] for place in places]
    if len(places) >= _RUN and places[-1] - places[0] == len(places) - 1:
        return f"{names[0]}\N{EN DASH}{names[-1]}"
    return (" och ", " and ")[side].join(filter(None, (", ".join(names[:-1]), names[-1])))


def _clock(at: datetime) -> str:
    return f"{wallclock.wall(at):%H:%M}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
