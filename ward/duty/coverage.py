"""Who will answer, ahead: covered, only the round-the-clock team, or nobody; and what a schedule leaves open, in words.

Pure. The invariant: the cells of a stay or team join without gap from the first to the last instant asked for.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ward.duty import holidays, wallclock
from ward.duty.routing import Ground, OnDuty, Period
from ward.duty.schedule import Span, Turn
from ward.people import StaffId, TeamId

_DAYS_SV = ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Colour(StrEnum):
    """How well a time is covered."""

    COVERED = "covered"
    FALLBACK = "fallback"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A time in which the same team, with the same person on call, answers."""

    from_at: datetime
    until: datetime
    team_id: TeamId
    on_call: StaffId | None
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Who can be reached: teams with a telephone, people with one or with another channel."""

    teams: frozenset[TeamId]
    staff: frozenset[StaffId]

    def reaches(self, team_id: TeamId, crew: Iterable[StaffId]) -> bool:
        """Tell whether anybody of a watch can be reached."""
        return team_id in self.teams or not self.staff.isdisjoint(crew)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time without a team, in words of both languages; it comes back `times` times in what was looked at."""

    from_at: datetime
    until: datetime
    times: int
    sv: str
    en: str


def cells(
    ordered: Iterable[Period], teams: Mapping[TeamId, OnDuty], reach: Reach, start: datetime, end: datetime
) -> tuple[Cell, ...]:
    """Return the coverage of a stay within [start, end); a team that keeps no hours is on duty at all of them."""
    found: list[Cell] = []
    for period in ordered:
        from_at, until = max(period.from_at, start), end if period.until is None else min(period.until, end)
        if from_at < until:
            found += _of_period(period, teams.get(period.team_id), reach, (from_at, until))
    return tuple(found)


def _of_period(period: Period, team: OnDuty | None, reach: Reach, within: Span) -> list[Cell]:
    fallback = Colour.FALLBACK if period.ground is Ground.BASE else Colour.COVERED
    found = []
    for from_at, until, turn in _watches(team, within):
        on_duty = turn is not None or team is None or not team.week.shifts
        crew = (period.staff_id,) if period.staff_id is not None else turn.crew if turn is not None else ()
        taken = period.staff_id in reach.staff  # a baton, at whatever hour
        reached = taken or (on_duty and reach.reaches(period.team_id, crew))
        on_call = period.staff_id if turn is None or period.staff_id is not None else turn.on_call
        found.append(
            Cell(
                from_at=from_at,
                until=until,
                team_id=period.team_id,
                on_call=on_call,
                colour=fallback if reached else Colour.NOBODY,
            )
        )
    return found


def _watches(team: OnDuty | None, within: Span) -> list[tuple[datetime, datetime, Turn | None]]:
    """Cut a time at a team's turns; None where nobody keeps a watch."""
    at, end = within
    found: list[tuple[datetime, datetime, Turn | None]] = []
    for turn in () if team is None else team.turns:
        if turn.until <= at or turn.from_at >= end:
            continue
        if turn.from_at > at:
            found.append((at, turn.from_at, None))
        found.append((max(at, turn.from_at), min(turn.until, end), turn))
        at = min(turn.until, end)
    if at < end:
        found.append((at, end, None))
    return found


def of_team(team: OnDuty, reach: Reach, idle: Colour, start: datetime, end: datetime) -> tuple[Cell, ...]:
    """Return the coverage of a team within [start, end); `idle` is the colour of the hours that it does not keep."""
    found = []
    for from_at, until, turn in _watches(team, (start, end)):
        kept = turn is not None and reach.reaches(team.team_id, turn.crew)
        colour = Colour.COVERED if kept else idle if turn is None else Colour.NOBODY
        on_call = None if turn is None else turn.on_call
        found.append(Cell(from_at=from_at, until=until, team_id=team.team_id, on_call=on_call, colour=colour))
    return tuple(found)


def idle_hours(team: OnDuty, reach: Reach, start: datetime, end: datetime) -> tuple[Span, ...]:
    """Return when within [start, end) nobody of a team can be reached; one that keeps no hours keeps all of them."""
    if not team.week.shifts:
        return () if team.team_id in reach.teams else ((start, end),)
    ahead = of_team(team, reach, Colour.NOBODY, start, end)
    return tuple((cell.from_at, cell.until) for cell in ahead if cell.colour is Colour.NOBODY)


def in_words(open_spans: Iterable[Span], within: Span, sv: str, en: str) -> tuple[Gap, ...]:
    """Return spans in words, those that come back on the same weekdays and times once.

    `sv` and `en` say what is wrong with them: "saknar team", "has no team". They were looked for `within` a time: what
    comes in each week of it comes every week.
    """
    met: dict[tuple[str, str], list[Span]] = {}
    for span in open_spans:
        key = (_said(span, _DAYS_SV), _said(span, _DAYS_EN))
        met.setdefault(key, []).append(span)
    return tuple(
        Gap(
            from_at=found[0][0],
            until=found[0][1],
            times=len(found),
            sv=f"{said_sv} {sv}{_when(found, within, ' varje vecka', ' gånger, först ')}",
            en=f"{said_en} {en}{_when(found, within, ' every week', ' times, first ')}",
        )
        for (said_sv, said_en), found in met.items()
    )


def _said(span: Span, days: tuple[str, ...]) -> str:
    first, last = wallclock.wall(span[0]), wallclock.wall(span[1])
    start = f"{days[first.weekday()]} {first:%H:%M}"
    end = f"{last:%H:%M}" if first.date() == last.date() else f"{days[last.weekday()]} {last:%H:%M}"
    return f"{start}\N{EN DASH}{end}"


def _when(found: list[Span], within: Span, every_week: str, times: str) -> str:
    day = wallclock.wall(found[0][0]).date()
    begins = (within[0], *(each[0] for each in found), within[1])
    if len(found) > 1 and all(b - a < timedelta(days=7, hours=2) for a, b in itertools.pairwise(begins)):
        return every_week
    called = holidays.name(day)
    date_of = f"{day.isoformat()} ({called})" if called else day.isoformat()
    return f" {date_of}" if len(found) == 1 else f", {len(found)}{times}{date_of}"
