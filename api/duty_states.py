"""The shapes in which duty goes out: teams, weeks, coverage, batons, hand-overs. Pure; times are aware UTC."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from ward.duty.checks import Fault
from ward.duty.coverage import Cell
from ward.duty.routing import OnDuty, Policy, Route
from ward.duty.schedule import Schedule, Shift, Window
from ward.people import StaffId, TeamId
from ward.store.duty_batons import BatonRow
from ward.store.duty_handovers import HandedRow, HandoverRow, Unresolved
from ward.store.duty_schedules import MemberRow, OverrideRow, TeamRow

Names = Mapping[int, str]


class Person(TypedDict):
    """Somebody by number and name."""

    staff_id: int
    name: str


class Member(TypedDict):
    """Somebody of a team."""

    staff_id: int
    name: str
    title: str
    role: str


class Watch(TypedDict):
    """Who of a team keeps watch now; `on_call` is null where the team does without a name."""

    shift: str
    until: datetime
    on_call: Person | None


class TeamState(TypedDict):
    """A team; `round_the_clock` names the units whose holder of last resort it is."""

    team_id: int
    organisation_id: int
    organisation: str
    name: str
    phone: str
    competences: list[str]
    round_the_clock: list[str]
    on_duty: Watch | None
    schedule_rev: int


class FaultState(TypedDict):
    """What is wrong, in both languages, and its first time where it is about times."""

    what: str
    sv: str
    en: str
    from_at: datetime | None
    until: datetime | None


class WindowState(TypedDict):
    """Hours by the clock on the wall."""

    days: list[str]
    starts: str
    ends: str


class ShiftState(TypedDict):
    """A watch that comes back; its crews take turns."""

    name: str
    days: list[str]
    starts: str
    ends: str
    crews: list[list[int]]
    turn_days: int


class OverrideState(TypedDict):
    """An exception; `crew` null is nobody."""

    override_id: int
    from_at: datetime
    until: datetime
    crew: list[int] | None
    reason: str
    made_by: int | None
    made_at: datetime


class ScheduleState(TypedDict):
    """A team's week, its exceptions ahead, and what is wrong with them."""

    team_id: int
    rev: int
    anchor: str
    shifts: list[ShiftState]
    overrides: list[OverrideState]
    faults: list[FaultState]


class CellState(TypedDict):
    """A time in which the same team, with the same person on call, answers."""

    from_at: datetime
    until: datetime
    team_id: int
    team: str
    on_call: Person | None
    colour: str


class RouteState(TypedDict):
    """One line of a unit's routes."""

    window: WindowState | None
    needs: list[str]
    team_id: int | None
    competence: str | None


class BatonState(TypedDict):
    """An offer of a patient and what became of it; `waiting`, `held`, or how it was answered."""

    baton_id: int
    rev: int
    state: str
    to_team: int
    to_staff: int | None
    offered_by: Person
    offered_at: datetime
    expires_at: datetime
    held_until: datetime
    note: str
    answered_by: Person | None
    answered_at: datetime | None
    returned_at: datetime | None


class HandedState(TypedDict):
    """One patient of a hand-over."""

    patient_id: int
    name: str
    alerts: list[int]
    note: str
    taken_by: Person | None
    taken_at: datetime | None


class HandoverState(TypedDict):
    """A hand-over between two shifts."""

    handover_id: int
    note: str
    given_by: Person
    given_at: datetime
    lapses_at: datetime
    outcome: str | None
    closed_at: datetime | None
    patients: list[HandedState]


class UnresolvedState(TypedDict):
    """A patient with alerts that are not resolved."""

    patient_id: int
    name: str
    alerts: list[int]


def person(staff_id: int | None, names: Names) -> Person | None:
    """Return somebody by number and name, None for nobody."""
    return None if staff_id is None else {"staff_id": staff_id, "name": names.get(staff_id, "")}


def member(row: MemberRow) -> Member:
    """Return somebody of a team."""
    return {"staff_id": row.staff_id, "name": row.name, "title": row.title, "role": row.role}


def team_state(row: TeamRow, team: OnDuty, bases: Sequence[str], names: Names, now: datetime) -> TeamState:
    """Return a team and who keeps watch now."""
    turn = team.turn_at(now)
    watch: Watch | None = None
    if turn is not None:
        watch = {"shift": turn.name, "until": turn.until, "on_call": person(turn.on_call, names)}
    return {
        "team_id": row.team_id,
        "organisation_id": row.organisation_id,
        "organisation": row.organisation,
        "name": row.name,
        "phone": row.phone,
        "competences": sorted(row.competences),
        "round_the_clock": list(bases),
        "on_duty": watch,
        "schedule_rev": row.rev,
    }


def fault_state(fault: Fault) -> FaultState:
    """Return what is wrong."""
    return {
        "what": fault.what,
        "sv": fault.sv,
        "en": fault.en,
        "from_at": fault.from_at,
        "until": fault.until,
    }


def schedule_state(
    row: TeamRow, schedule: Schedule, overrides: Iterable[OverrideRow], faults: Iterable[Fault]
) -> ScheduleState:
    """Return a team's week with its exceptions."""
    return {
        "team_id": row.team_id,
        "rev": row.rev,
        "anchor": schedule.anchor.isoformat(),
        "shifts": [_shift(each) for each in schedule.shifts],
        "overrides": [override_state(each) for each in overrides],
        "faults": [fault_state(each) for each in faults],
    }


def override_state(row: OverrideRow) -> OverrideState:
    """Return an exception."""
    return {
        "override_id": row.override_id,
        "from_at": row.from_at,
        "until": row.until,
        "crew": row.crew,
        "reason": row.reason,
        "made_by": row.made_by,
        "made_at": row.made_at,
    }


def _shift(shift: Shift) -> ShiftState:
    return {
        "name": shift.name,
        **_window(shift.window),
        "crews": [list(crew) for crew in shift.crews],
        "turn_days": shift.turn_days,
    }


def _window(window: Window) -> WindowState:
    return {"days": sorted(window.days), "starts": f"{window.starts:%H:%M}", "ends": f"{window.ends:%H:%M}"}


def route_state(route: Route) -> RouteState:
    """Return one line of a unit's routes."""
    return {
        "window": None if route.window is None else _window(route.window),
        "needs": sorted(route.needs),
        "team_id": route.team_id,
        "competence": route.competence,
    }


def routes_state(policy: Policy) -> list[RouteState]:
    """Return a unit's routes, in their order."""
    return [route_state(each) for each in policy.routes]


def cell_state(cell: Cell, teams: Names, names: Names) -> CellState:
    """Return a time of a coverage."""
    return {
        "from_at": cell.from_at,
        "until": cell.until,
        "team_id": cell.team_id,
        "team": teams.get(cell.team_id, ""),
        "on_call": person(cell.on_call, names),
        "colour": cell.colour.value,
    }


def baton_state(row: BatonRow, names: Names, now: datetime) -> BatonState:
    """Return an offer and what became of it."""
    state = row.answer or "waiting"
    if state == "accepted":
        state = "returned" if row.returned_at is not None else "held" if row.held_until > now else "over"
    return {
        "baton_id": row.baton_id,
        "rev": row.rev,
        "state": state,
        "to_team": row.to_team,
        "to_staff": row.to_staff,
        "offered_by": {"staff_id": row.offered_by, "name": names.get(row.offered_by, "")},
        "offered_at": row.offered_at,
        "expires_at": row.expires_at,
        "held_until": row.held_until,
        "note": row.note,
        "answered_by": person(row.answered_by, names),
        "answered_at": row.answered_at,
        "returned_at": row.returned_at,
    }


def handover_state(row: HandoverRow, patients: Iterable[HandedRow]) -> HandoverState:
    """Return a hand-over with its patients."""
    return {
        "handover_id": row.handover_id,
        "note": row.note,
        "given_by": {"staff_id": row.given_by, "name": row.given_by_name},
        "given_at": row.given_at,
        "lapses_at": row.lapses_at,
        "outcome": row.outcome,
        "closed_at": row.closed_at,
        "patients": [_handed(each) for each in patients],
    }


def _handed(row: HandedRow) -> HandedState:
    taken: dict[int, str] = {} if row.taken_by is None else {row.taken_by: row.taken_by_name or ""}
    return {
        "patient_id": row.patient_id,
        "name": f"{row.given_name} {row.family_name}",
        "alerts": row.alerts,
        "note": row.note,
        "taken_by": person(row.taken_by, taken),
        "taken_at": row.taken_at,
    }


def unresolved_state(row: Unresolved) -> UnresolvedState:
    """Return a patient with alerts that are not resolved."""
    return {
        "patient_id": row.patient_id,
        "name": f"{row.given_name} {row.family_name}",
        "alerts": row.alerts,
    }


def staff_of(teams: Mapping[TeamId, OnDuty], cells: Iterable[Cell] = ()) -> set[StaffId]:
    """Return who is named in weeks or cells, so that their names can be read."""
    crews = {staff for team in teams.values() for turn in team.turns for staff in turn.crew}
    return crews | {cell.on_call for cell in cells if cell.on_call is not None}
