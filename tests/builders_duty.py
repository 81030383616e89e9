"""Weeks, teams and units with defaults, for the tests of duty. All of it is invented."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta

from ward.duty.holidays import EVERY_DAY, Day
from ward.duty.routing import OnDuty, Policy, Route
from ward.duty.schedule import Override, Schedule, Shift, Window, turns
from ward.people import OrganisationId, StaffId, TeamId

DAY_TEAM, NIGHT_TEAM, LUNG_TEAM, DOCTORS = TeamId(1), TeamId(2), TeamId(3), TeamId(4)
MUNICIPALITY, REGION = OrganisationId(1), OrganisationId(2)
WORKDAYS = frozenset({Day.MON, Day.TUE, Day.WED, Day.THU, Day.FRI})
# A Wednesday in winter, noon in Sweden.
NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    """Return a time given as `2026-11-18 12:00` UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_window(days: frozenset[Day] = EVERY_DAY, starts: str = "07:00", ends: str = "16:00") -> Window:
    """Return hours; the day's by default."""
    return Window(days=days, starts=time.fromisoformat(starts), ends=time.fromisoformat(ends))


def a_shift(name: str = "Dag", window: Window | None = None, *crews: tuple[int, ...], turn_days: int = 7) -> Shift:
    """Return a shift; its crews are numbers of staff."""
    known = tuple(tuple(StaffId(each) for each in crew) for crew in crews)
    return Shift(name=name, window=window or a_window(), crews=known, turn_days=turn_days)


def office_hours(*crews: tuple[int, ...]) -> Schedule:
    """Return a week of 07 to 16 on working days."""
    return Schedule(shifts=(a_shift("Dag", a_window(WORKDAYS), *crews),))


def round_the_clock(*crews: tuple[int, ...]) -> Schedule:
    """Return a week of two shifts that cover every hour."""
    day = a_shift("Dag", a_window(EVERY_DAY, "07:00", "21:00"), *crews)
    night = a_shift("Natt", a_window(EVERY_DAY, "21:00", "07:00"), *crews)
    return Schedule(shifts=(day, night))


def on_duty(
    team_id: TeamId,
    week: Schedule,
    start: datetime = NOON,
    days: float = 15,
    *,
    organisation: OrganisationId = MUNICIPALITY,
    competences: Iterable[str] = (),
    overrides: Iterable[Override] = (),
) -> OnDuty:
    """Return a team and its turns from `start` on."""
    end = start + timedelta(days=days)
    return OnDuty(
        team_id=team_id,
        organisation_id=organisation,
        competences=frozenset(competences),
        week=week,
        turns=tuple(turns(team_id, week, overrides, start, end)),
    )


def a_policy(*routes: Route) -> Policy:
    """Return a unit whose round-the-clock team is `NIGHT_TEAM`."""
    return Policy(base_team_id=NIGHT_TEAM, routes=routes)
