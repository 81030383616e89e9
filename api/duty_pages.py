"""One patient's responsibility as a page: who answers now and ahead, whom to turn to, the baton. Reads the store.

The invariant: who may not see the patient gets nothing, unless they are offered the patient or have given them away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import TypedDict

from api.duty_states import BatonState, CellState, Names, Person, baton_state, cell_state, person, staff_of
from ward.access.principals import StaffPrincipal
from ward.duty import baton, coverage
from ward.duty.contact import Contact, Holder
from ward.duty.coverage import Cell, Colour
from ward.duty.durations import AHEAD
from ward.errors import Blocked, NotFound
from ward.people import PatientId, StayId, TeamId
from ward.store import access, duty, duty_batons, duty_care, duty_layout, duty_schedules, duty_watch, tiles
from ward.store.duty_schedules import TeamRow
from ward.store.pool import Connection
from ward.store.tiles import Wanted

_BATONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The patient of a request; `visible` is False for one who is only offered to the caller, or was given away."""

    patient_id: PatientId
    stay_id: StayId
    visible: bool


class Answering(TypedDict):
    """Who answers now; `colour` says how well, `watched` is False when nobody does: then this is whom to call."""

    team_id: int
    team: str
    phone: str
    staff: Person | None
    since: datetime | None
    until: datetime | None
    colour: str
    watched: bool


class ContactState(TypedDict):
    """Somebody to turn to; a team where `staff` is null."""

    team_id: int
    team: str
    phone: str
    staff: Person | None
    why: str


class ResponsibilityState(TypedDict):
    """Who answers for a patient, now and ahead. `rev` is that of what routes them."""

    patient_id: int
    rev: int
    unit_id: int | None
    needs: list[str]
    nurse: Person | None
    doctor: Person | None
    now: Answering
    ahead: list[CellState]
    red_from: datetime | None
    chain: list[list[ContactState]]
    batons: list[BatonState]


async def subject(conn: Connection, patient_id: int, principal: StaffPrincipal, now: datetime) -> Subject:
    """Return the patient, where the caller may see them, is being offered them, or has given them away.

    Raises
    ------
    NotFound, Blocked
        If there is no such patient in care, or not for this caller.
    """
    wanted = Wanted(scope=principal.scope, patient_id=PatientId(patient_id), limit=1)
    seats = await tiles.find_seats(conn, wanted, now)
    if seats:
        return Subject(patient_id=seats[0].patient_id, stay_id=seats[0].stay_id, visible=True)
    stay_id = await duty_batons.stay_offered(conn, PatientId(patient_id), principal.staff_id, principal.team_ids, now)
    if stay_id is None:
        blocked = await access.is_blocked(conn, PatientId(patient_id), principal.scope, now)
        raise Blocked if blocked else NotFound
    return Subject(patient_id=PatientId(patient_id), stay_id=stay_id, visible=False)


async def page(conn: Connection, whose: Subject, now: datetime) -> ResponsibilityState:
    """Return the page; who may not see the patient sees the baton and who answers, but not the needs."""
    rows = {row.team_id: row for row in await duty_schedules.teams(conn)}
    laid = await duty_layout.ahead(conn, whose.stay_id, now)
    answering = [rows[team_id] for team_id in {period.team_id for period in laid}]
    teams = await duty_schedules.on_duty(conn, now, now + AHEAD, answering)
    cells = coverage.cells(laid, teams, await duty_watch.reach(conn), now, now + AHEAD)
    batons = await duty_batons.recent(conn, whose.stay_id, _BATONS)
    said = await duty_care.care(conn, whose.stay_id)
    levels = await duty.chain(conn, whose.stay_id, now, ())
    held = await duty.holder(conn, whose.stay_id, now)
    asked = {number for row in batons for number in (row.offered_by, row.answered_by)}
    told = {contact.staff_id for level in levels for contact in level}
    people = staff_of(teams, cells) | told | asked | {said.nurse_id, said.doctor_id, held.staff_id}
    names = await duty_schedules.names(conn, people)
    called: dict[int, str] = {row.team_id: row.name for row in rows.values()}
    shown = [row for row in batons if whose.visible or baton.is_open(row.baton()) or baton.is_held(row.baton(), now)]
    return {
        "patient_id": whose.patient_id,
        "rev": said.rev,
        "unit_id": said.policy_id,
        "needs": said.needs if whose.visible else [],
        "nurse": person(said.nurse_id, names),
        "doctor": person(said.doctor_id, names),
        "now": _answering(held, rows, cells, names),
        "ahead": [cell_state(cell, called, names) for cell in cells],
        "red_from": next((cell.from_at for cell in cells if cell.colour is Colour.NOBODY), None),
        "chain": [[_contact(each, rows, names) for each in level] for level in levels],
        "batons": [baton_state(row, names, now) for row in shown],
    }


def _answering(held: Holder, rows: Mapping[TeamId, TeamRow], cells: Sequence[Cell], names: Names) -> Answering:
    colour = cells[0].colour if cells else Colour.NOBODY
    return {
        "team_id": held.team_id,
        "team": rows[held.team_id].name,
        "phone": rows[held.team_id].phone,
        "staff": person(held.staff_id, names),
        "since": held.since,
        "until": held.until,
        "colour": colour.value,
        "watched": colour is not Colour.NOBODY,
    }


def _contact(contact: Contact, rows: Mapping[TeamId, TeamRow], names: Names) -> ContactState:
    return {
        "team_id": contact.team_id,
        "team": rows[contact.team_id].name,
        "phone": rows[contact.team_id].phone,
        "staff": person(contact.staff_id, names),
        "why": contact.why.value,
    }
