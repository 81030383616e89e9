"""Whom to tell about a patient, level by level: a person first, then the team, the next team, a doctor last.

Pure. The invariants: no level is empty, nobody is named who cannot log in, and the first level is of who answers.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from ward.duty.contact import Chain, Contact, Holder, Why
from ward.duty.routing import OnDuty
from ward.people import Role, StaffId, TeamId

DOCTOR = "doctor"
"""The competence of teams that have a doctor on duty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Who is named for a patient: the nurse (fast vårdkontakt) and the doctor (fast läkarkontakt)."""

    nurse_id: StaffId | None = None
    doctor_id: StaffId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """The teams as they are at the instant: who is on duty (one turn at most each), and who of them can log in."""

    teams: Mapping[TeamId, OnDuty]
    members: Mapping[TeamId, tuple[StaffId, ...]]
    roles: Mapping[StaffId, Role] = field(default_factory=dict)

    def crew(self, team_id: TeamId) -> tuple[StaffId, ...]:
        """Return who of a team keeps watch by name."""
        team = self.teams.get(team_id)
        turns = () if team is None else team.turns
        return tuple(staff for staff in (turns[0].crew if turns else ()) if staff in self.roles)

    def present(self, team_id: TeamId) -> tuple[StaffId, ...]:
        """Return who of a team keeps watch, or, where nobody does by name, everybody in it."""
        return self.crew(team_id) or self.members.get(team_id, ())


def chain(
    held: Holder, named: Named, following: Iterable[TeamId], ranks: Ranks, able: Collection[TeamId] = ()
) -> Chain:
    """Return the levels for a patient whom `held` answers for.

    Parameters
    ----------
    following : teams on duty that the routes lead to beside the holder's, in their order, the base last
    able : those of them that what is wrong leads to, and the patient's own needs do not: the first is told with the
        next team, also where that is another one, since it knows what this is about
    """
    others = [team_id for team_id in following if team_id != held.team_id]
    levels = (
        _first(held, named, ranks),
        _team(held.team_id, Why.TEAM, ranks),
        once((*_next(held, others, ranks), *_able(others, able, ranks))),
        _doctor(held, named, others, ranks),
    )
    return tuple(level for level in levels if level)


def once(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """Return the contacts in order, each person and team once."""
    found: dict[tuple[TeamId, StaffId | None], Contact] = {}
    for each in contacts:
        found.setdefault((each.team_id, each.staff_id), each)
    return tuple(found.values())


def _first(held: Holder, named: Named, ranks: Ranks) -> tuple[Contact, ...]:
    crew = ranks.crew(held.team_id)
    if held.staff_id in ranks.roles:
        return (Contact(team_id=held.team_id, staff_id=held.staff_id, why=Why.HOLDER),)
    own = ((named.nurse_id, Why.NAMED_NURSE), (named.doctor_id, Why.NAMED_DOCTOR))
    found = [Contact(team_id=held.team_id, staff_id=staff, why=why) for staff, why in own if staff in crew]
    if not found and crew:
        found = [Contact(team_id=held.team_id, staff_id=crew[0], why=Why.ON_CALL)]
    return tuple(found) or (Contact(team_id=held.team_id, staff_id=None, why=Why.TEAM),)


def _team(team_id: TeamId, why: Why, ranks: Ranks) -> tuple[Contact, ...]:
    people = (Contact(team_id=team_id, staff_id=staff, why=why) for staff in ranks.present(team_id))
    return (Contact(team_id=team_id, staff_id=None, why=why), *people)


def _next(held: Holder, others: list[TeamId], ranks: Ranks) -> tuple[Contact, ...]:
    """Return the next team, one of another organisation before one of the same; the base is always the last."""
    if not others:
        return ()
    home = ranks.teams.get(held.team_id)
    away = [
        team_id
        for team_id in others
        if home is None or team_id not in ranks.teams or ranks.teams[team_id].organisation_id != home.organisation_id
    ]
    chosen = (away or others)[0]
    return _team(chosen, Why.BASE if chosen == others[-1] else Why.NEXT_TEAM, ranks)


def _able(others: list[TeamId], able: Collection[TeamId], ranks: Ranks) -> tuple[Contact, ...]:
    chosen = next((team_id for team_id in others if team_id in able), None)
    return () if chosen is None else _team(chosen, Why.NEXT_TEAM, ranks)


def _doctor(held: Holder, named: Named, others: list[TeamId], ranks: Ranks) -> tuple[Contact, ...]:
    """Return a doctor: the named one on duty, one of a team on duty, a team of doctors, the named one at home, any."""
    able = [team_id for team_id, team in ranks.teams.items() if DOCTOR in team.competences and team.turns]
    near = list(dict.fromkeys([held.team_id, *others, *able]))
    on_duty = [(team_id, staff) for team_id in near for staff in ranks.crew(team_id) if _is_doctor(staff, ranks)]
    for team_id, staff in on_duty:
        if staff == named.doctor_id:
            return (Contact(team_id=team_id, staff_id=staff, why=Why.NAMED_DOCTOR),)
    if on_duty:
        return (Contact(team_id=on_duty[0][0], staff_id=on_duty[0][1], why=Why.DOCTOR),)
    if able:
        return (Contact(team_id=able[0], staff_id=None, why=Why.DOCTOR),)
    if named.doctor_id is not None and _is_doctor(named.doctor_id, ranks):
        return (Contact(team_id=held.team_id, staff_id=named.doctor_id, why=Why.NAMED_DOCTOR),)
    anybody = [
        Contact(team_id=team_id, staff_id=staff, why=Why.DOCTOR)
        for team_id in near
        for staff in ranks.members.get(team_id, ())
        if _is_doctor(staff, ranks)
    ]
    return tuple(anybody[:1])


def _is_doctor(staff: StaffId, ranks: Ranks) -> bool:
    return ranks.roles.get(staff) is Role.DOCTOR
