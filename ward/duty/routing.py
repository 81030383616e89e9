"""Which team answers for a patient when: by the time, what the patient needs, and who is competent and on duty.

Pure. The invariant: what is `laid` by any policy, schedules and batons joins without gap or overlap from `start` for
ever: where no route has a team on duty, the round-the-clock team (the base) answers, whatever its own schedule says.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from ward.duty.schedule import Schedule, Span, Turn, Window, spans
from ward.people import OrganisationId, StaffId, TeamId


class Ground(StrEnum):
    """Why a team answers in a period."""

    ASSIGNED = "assigned"
    ROUTE = "route"
    BATON = "baton"
    BASE = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One line of a policy: in these hours (None: always), for who has all these needs, this team or competence."""

    window: Window | None = None
    needs: frozenset[str] = frozenset()
    team_id: TeamId | None = None
    competence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A unit's routes, the first that fits and has somebody on duty counts; and who answers where none does."""

    base_team_id: TeamId
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """A team and who of it keeps watch when; `turns` are in order, within the time that is looked at.

    `week` is empty for a team whose hours nobody has entered: no route leads to it, and who assigns a patient to it
    relies on its telephone at all hours.
    """

    team_id: TeamId
    organisation_id: OrganisationId
    competences: frozenset[str]
    week: Schedule
    turns: tuple[Turn, ...]

    def turn_at(self, at: datetime) -> Turn | None:
        """Return the turn at an instant, None where nobody is on duty."""
        index = bisect_right(self.turns, at, key=_begins) - 1
        return self.turns[index] if index >= 0 and at < self.turns[index].until else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A baton that was taken: from `from_at` until before `until` this team, or one person of it, answers."""

    team_id: TeamId
    staff_id: StaffId | None
    from_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Who answers from `from_at` until before `until`; None: until something is changed."""

    team_id: TeamId
    staff_id: StaffId | None
    from_at: datetime
    until: datetime | None
    ground: Ground


def _begins(turn: Turn) -> datetime:
    return turn.from_at


def laid(
    ordered: Sequence[Period], holds: Iterable[Hold], start: datetime, current: Period | None
) -> tuple[Period, ...]:
    """Return who answers for ever, with the batons that were taken laid over what the routes say.

    Parameters
    ----------
    ordered : what the routes say (`routed`) or what was laid before (`unheld`), from `start` for ever
    current : the period that was laid before and began before `start`; it is past and stays as it was until then
    """
    whole = _held(ordered, sorted(holds, key=lambda hold: hold.from_at), start)
    if current is not None and current.from_at < start:
        whole = [replace(current, until=start), *whole]
    return _joined(whole)


def unheld(before: Sequence[Period], start: datetime) -> tuple[Period, ...]:
    """Return what was laid, from `start` for ever, without batons: the time of one is who comes after it."""
    kept = [each for each in before if each.ground is not Ground.BATON and (each.until is None or each.until > start)]
    at, found = start, []
    for each in kept:
        found.append(replace(each, from_at=at))
        at = each.until or at
    return tuple(found)


def routed(
    policy: Policy, needs: frozenset[str], teams: Mapping[TeamId, OnDuty], start: datetime, end: datetime
) -> tuple[Period, ...]:
    """Return what the routes say from `start` for ever; after `end`, until it is looked at again, the base answers."""
    lines = [
        (_opening(route, policy, start, end), _candidates(route, policy, teams))
        for route in policy.routes
        if route.needs <= needs
    ]
    cuts = {start, end}
    for opened, candidates in lines:
        cuts.update(edge for each in opened for edge in each)
        cuts.update(edge for team in candidates for turn in team.turns for edge in (turn.from_at, turn.until))
    edges = sorted(edge for edge in cuts if start <= edge <= end)
    found = [_period(policy, _first(lines, from_at), from_at, until) for from_at, until in pairwise(edges)]
    return _joined([*found, _period(policy, None, end, None)])


def _period(policy: Policy, team_id: TeamId | None, from_at: datetime, until: datetime | None) -> Period:
    base = team_id is None
    return Period(
        team_id=policy.base_team_id if team_id is None else team_id,
        staff_id=None,
        from_at=from_at,
        until=until,
        ground=Ground.BASE if base else Ground.ROUTE,
    )


def fitting(
    policy: Policy, needs: frozenset[str], teams: Mapping[TeamId, OnDuty], at: datetime, end: datetime
) -> tuple[TeamId, ...]:
    """Return the teams on duty at an instant to which any route leads, in the order of the routes, the base last."""
    found: list[TeamId] = []
    for route in policy.routes:
        if route.needs <= needs and any(from_at <= at < until for from_at, until in _opening(route, policy, at, end)):
            found += [team.team_id for team in _candidates(route, policy, teams) if team.turn_at(at) is not None]
    return tuple(dict.fromkeys([*found, policy.base_team_id]))


def _opening(route: Route, policy: Policy, start: datetime, end: datetime) -> list[Span]:
    if route.window is None:
        return [(start, end)]
    windows = (each.window for each in policy.routes if each.window is not None)
    named = frozenset().union(*(window.days for window in windows))
    return [opened for _, opened in spans(route.window, named, start, end)]


def _candidates(route: Route, policy: Policy, teams: Mapping[TeamId, OnDuty]) -> list[OnDuty]:
    """Return the teams that a route may mean: the one it names, or the competent, those of the base's house first."""
    if route.team_id is not None:
        return [teams[route.team_id]] if route.team_id in teams else []
    home = teams[policy.base_team_id].organisation_id if policy.base_team_id in teams else None
    able = [team for team in teams.values() if route.competence in team.competences]
    return sorted(able, key=lambda team: (team.organisation_id != home, team.team_id))


def _first(lines: Sequence[tuple[Sequence[Span], Sequence[OnDuty]]], at: datetime) -> TeamId | None:
    for opened, candidates in lines:
        if any(from_at <= at < until for from_at, until in opened):
            for team in candidates:
                if team.turn_at(at) is not None:
                    return team.team_id
    return None


def _held(ordered: Iterable[Period], holds: Sequence[Hold], start: datetime) -> list[Period]:
    """Lay holds over what the routes say; where two overlap, the later taken one counts."""
    found = list(ordered)
    for hold in holds:
        from_at = max(hold.from_at, start)
        if from_at >= hold.until:
            continue
        held = Period(
            team_id=hold.team_id, staff_id=hold.staff_id, from_at=from_at, until=hold.until, ground=Ground.BATON
        )
        found = [*_before(found, from_at), held, *_after(found, hold.until)]
    return found


def _before(ordered: Iterable[Period], at: datetime) -> list[Period]:
    return [
        each if each.until is not None and each.until <= at else replace(each, until=at)
        for each in ordered
        if each.from_at < at
    ]


def _after(ordered: Iterable[Period], at: datetime) -> list[Period]:
    return [
        each if each.from_at >= at else replace(each, from_at=at)
        for each in ordered
        if each.until is None or each.until > at
    ]


def _joined(ordered: Iterable[Period]) -> tuple[Period, ...]:
    """Join neighbours that say the same."""
    found: list[Period] = []
    for each in ordered:
        if found and (found[-1].team_id, found[-1].staff_id, found[-1].ground) == (
            each.team_id,
            each.staff_id,
            each.ground,
        ):
            found[-1] = replace(found[-1], until=each.until)
        else:
            found.append(each)
    return tuple(found)
