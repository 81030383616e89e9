"""The week as a patient reads it: who is told at which hours, and every hour without anybody."""

from datetime import UTC, datetime, timedelta

from ward.duty import wallclock
from ward.duty.coverage import Cell, Colour
from ward.duty.watch_week import AHEAD, watch_week
from ward.people import TeamId

NOW = datetime(2026, 11, 18, 11, tzinfo=UTC)
DAY, NIGHT = TeamId(1), TeamId(2)
NAMES = {DAY: "ASIH", NIGHT: "Dygnet runt-teamet"}
_WEEKEND = 5


def _cells(night: Colour, until: datetime = NOW + AHEAD) -> list[Cell]:
    """Return an office of weekdays from 8 to 16 and, at all other hours, a team that is `night`."""
    at, found = NOW, list[Cell]()
    while at < until:
        wall = wallclock.wall(at)
        works = wall.weekday() < _WEEKEND and 8 <= wall.hour < 16
        team, colour = (DAY, Colour.COVERED) if works else (NIGHT, night)
        found.append(Cell(from_at=at, until=at + timedelta(hours=1), team_id=team, on_call=None, colour=colour))
        at += timedelta(hours=1)
    return found


def test_week_is_said_in_days_that_are_alike() -> None:
    """Days with the same hours are one line, hours of the round-the-clock team are the rest."""
    week = watch_week(_cells(Colour.FALLBACK), NAMES, NOW)

    assert week.always
    assert [line.sv for line in week.lines] == ["Måndag–fredag: 08:00–16:00 ASIH", "Övrig tid: Dygnet runt-teamet"]
    assert [line.en for line in week.lines] == [
        "Monday–Friday: 08:00–16:00 ASIH",
        "All other hours: Dygnet runt-teamet",
    ]


def test_week_of_one_team_is_one_line() -> None:
    """Where the round-the-clock team alone answers, it does so at all hours."""
    cell = Cell(from_at=NOW, until=NOW + AHEAD, team_id=NIGHT, on_call=None, colour=Colour.FALLBACK)

    assert [line.sv for line in watch_week([cell], NAMES, NOW).lines] == ["Dygnet runt: Dygnet runt-teamet"]


def test_h09_hour_of_nobody_is_said() -> None:
    """What nobody answers is named with its day and hours, and what is not known ahead counts as nobody's."""
    week = watch_week(_cells(Colour.NOBODY), NAMES, NOW)
    ends = watch_week(_cells(Colour.FALLBACK, NOW + timedelta(days=2)), NAMES, NOW)

    assert not week.always
    assert "Onsdag 16:00–torsdag 08:00 kan ingen nås av larm 2026-11-18" in [line.sv for line in week.lines]
    assert not ends.always
    assert ends.lines[-1].en == "Friday 12:00–Thursday 00:00 nobody can be reached by an alert 2026-11-20"
