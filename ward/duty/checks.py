"""What keeps a week, an exception or a unit's routes from being saved, in words of both languages.

Pure. The invariant: the round-the-clock team of a unit has somebody on duty at every instant of the next `HORIZON`,
which holds every holiday and both nights when the clocks change, or nothing is saved.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ward.duty.coverage import in_words
from ward.duty.durations import HORIZON
from ward.duty.routing import OnDuty, Policy
from ward.duty.schedule import Override, Schedule, gaps, overlaps, turns
from ward.people import StaffId, TeamId

_ALL_OPEN = ("saknar team", "has no team")
_TWICE = ("har två turer", "has two shifts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong; the times are those of its first instance, where it is about times."""

    what: str
    sv: str
    en: str
    from_at: datetime | None = None
    until: datetime | None = None


def of_week(team_id: TeamId, schedule: Schedule, members: Iterable[StaffId], now: datetime) -> tuple[Fault, ...]:
    """Return what is wrong with a week in itself: two shifts at once, somebody who is not in the team."""
    known, found = frozenset(members), []
    for shift in schedule.shifts:
        strangers = sorted({staff for crew in shift.crews for staff in crew} - known)
        if strangers:
            numbers = ", ".join(map(str, strangers))
            found.append(
                Fault(
                    what="stranger",
                    sv=f"{shift.name}: {numbers} är inte med i teamet",
                    en=f"{shift.name}: {numbers} not in the team",
                )
            )
        if any(not crew for crew in shift.crews):
            found.append(
                Fault(
                    what="empty_crew",
                    sv=f"{shift.name}: ett lag är tomt",
                    en=f"{shift.name}: one of the crews is empty",
                )
            )
    twice = in_words(overlaps(team_id, schedule, now, now + HORIZON), (now, now + HORIZON), *_TWICE)
    found += [Fault(what="overlap", sv=gap.sv, en=gap.en, from_at=gap.from_at, until=gap.until) for gap in twice]
    return tuple(found)


def of_base(team_id: TeamId, schedule: Schedule, overrides: Iterable[Override], now: datetime) -> tuple[Fault, ...]:
    """Return when a round-the-clock team would have nobody on duty."""
    kept = turns(team_id, schedule, overrides, now, now + HORIZON)
    left_open = in_words(gaps(kept, now, now + HORIZON), (now, now + HORIZON), *_ALL_OPEN)
    return tuple(Fault(what="gap", sv=gap.sv, en=gap.en, from_at=gap.from_at, until=gap.until) for gap in left_open)


def of_policy(policy: Policy, teams: Mapping[TeamId, OnDuty]) -> tuple[Fault, ...]:
    """Return which routes of a unit lead nowhere."""
    able = frozenset().union(*(team.competences for team in teams.values()))
    found = []
    for number, route in enumerate(policy.routes, start=1):
        if (route.team_id is None) == (route.competence is None):
            sv, en = "ange team eller kompetens", "name a team or a competence"
        elif route.team_id is not None and route.team_id not in teams:
            sv, en = f"team {route.team_id} finns inte", f"there is no team {route.team_id}"
        elif route.competence is not None and route.competence not in able:
            sv, en = f"inget team har kompetensen {route.competence}", f"no team has the competence {route.competence}"
        else:
            continue
        found.append(Fault(what="route", sv=f"rad {number}: {sv}", en=f"line {number}: {en}"))
    if policy.base_team_id not in teams:
        said = policy.base_team_id
        found.append(Fault(what="base", sv=f"team {said} finns inte", en=f"there is no team {said}"))
    return tuple(found)
