"""Who is on duty when, in a roster: weeks of teams, and units with their routes, from the file into the store.

A team whose week is kept already, and a unit that is there already, stay as they are. The invariant: what the api would
refuse (`ward.duty.checks`) is refused here too, in the same words.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Annotated

import msgspec

from ward.duty import checks
from ward.duty.checks import Fault
from ward.duty.holidays import Day
from ward.duty.routing import Policy, Route
from ward.duty.schedule import MONDAY, Schedule, Shift, Window
from ward.errors import ConfigError
from ward.people import OrganisationId, StaffId, TeamId
from ward.store import duty_care, duty_schedules, people
from ward.store.pool import Connection

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Tag = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Days = Annotated[tuple[Day, ...], msgspec.Meta(min_length=1)]


class ShiftEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A watch that comes back; crews of log-in names take turns, `turn_days` each, counted from the team's anchor."""

    name: Text
    days: Days
    starts: time
    ends: time
    crews: tuple[tuple[Text, ...], ...] = ()
    turn_days: Annotated[int, msgspec.Meta(ge=1, le=366)] = 7

    def shift(self, staff: Mapping[str, StaffId]) -> Shift:
        """Return it as the rules take it."""
        crews = tuple(tuple(_known(staff, name) for name in crew) for crew in self.crews)
        window = Window(days=frozenset(self.days), starts=self.starts, ends=self.ends)
        return Shift(name=self.name, window=window, crews=crews, turn_days=self.turn_days)


class RouteEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """One line of a unit's routes: a team or a competence, in these hours, for who has all these needs."""

    team: Text | None = None
    competence: Tag | None = None
    needs: tuple[Tag, ...] = ()
    days: Days | None = None
    starts: time = time(0, 0)
    ends: time = time(0, 0)

    def route(self, teams: Mapping[str, TeamId]) -> Route:
        """Return it as the rules take it."""
        window = None
        if self.days is not None:
            window = Window(days=frozenset(self.days), starts=self.starts, ends=self.ends)
        team_id = None if self.team is None else _team(teams, self.team)
        return Route(window=window, needs=frozenset(self.needs), team_id=team_id, competence=self.competence)


class UnitEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    """A unit: its round-the-clock team, and where its patients are routed before that."""

    organisation: Text
    name: Text
    base: Text
    route: tuple[RouteEntry, ...] = ()


class Week(msgspec.Struct, kw_only=True, frozen=True):
    """A team's shifts as the file has them."""

    team_id: TeamId
    name: str
    shifts: Sequence[ShiftEntry]
    anchor: date = MONDAY


async def load_week(conn: Connection, week: Week, staff: Mapping[str, StaffId], now: datetime) -> bool:
    """Keep a team's week; return whether it is new.

    Raises
    ------
    ConfigError
        If two shifts overlap, or somebody is named who is not in the team.
    """
    kept = await duty_schedules.lock(conn, week.team_id)
    if kept is None or kept.rev or not week.shifts:
        return False
    schedule = Schedule(shifts=tuple(each.shift(staff) for each in week.shifts), anchor=week.anchor)
    members = (await duty_schedules.members(conn, [week.team_id]))[week.team_id]
    _refuse(week.name, checks.of_week(week.team_id, schedule, [each.staff_id for each in members], now))
    await duty_schedules.save_week(conn, week.team_id, 1, schedule, None, now)
    return True


async def load_unit(
    conn: Connection, entry: UnitEntry, organisation_id: OrganisationId, teams: Mapping[str, TeamId], now: datetime
) -> tuple[int, bool]:
    """Keep a unit; return its number, and whether it is new.

    Raises
    ------
    ConfigError
        If a route leads nowhere, or the round-the-clock team has nobody on duty at any time.
    """
    for row in await duty_care.policies(conn):
        if (row.organisation_id, row.name) == (organisation_id, entry.name):
            return row.policy_id, False
    base_team_id = _team(teams, entry.base)
    policy = Policy(base_team_id=base_team_id, routes=tuple(each.route(teams) for each in entry.route))
    rows = await duty_schedules.teams(conn)
    schedule = next(row.schedule() for row in rows if row.team_id == base_team_id)
    faults = checks.of_policy(policy, await duty_schedules.on_duty(conn, now, now, rows))
    _refuse(entry.name, (*faults, *checks.of_base(base_team_id, schedule, (), now)))
    number = await duty_care.add_policy(
        conn, organisation_id=organisation_id, name=entry.name, base_team_id=base_team_id, routes=policy.routes
    )
    if number is None:
        raise AssertionError("a unit that was not there is new")
    # Who loads a file speaks for every organisation in it.
    for team_id in {each.team_id for each in policy.routes if each.team_id is not None}:
        if await people.organisation_of(conn, team_id) != organisation_id:
            await duty_care.consent(conn, number, team_id, None, now)
    return number, True


def _refuse(name: str, faults: Sequence[Fault]) -> None:
    if faults:
        raise ConfigError(f"{name}: {'; '.join(each.en for each in faults)}")


def _known(staff: Mapping[str, StaffId], name: str) -> StaffId:
    if name not in staff:
        raise ConfigError(
            f"log-in {name!r} is named in a shift but not in the file; it has {', '.join(staff) or 'none'}"
        )
    return staff[name]


def _team(teams: Mapping[str, TeamId], name: str) -> TeamId:
    if name not in teams:
        known = ", ".join(teams) or "none"
        raise ConfigError(f"team {name!r} is named by a unit but not in the file; it has {known}")
    return teams[name]
