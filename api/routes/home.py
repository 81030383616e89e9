"""`/api/patients/{id}/home`: what a patient's own page needs; the next step; and "seen by the team".

For the patient, for a relative what the patient has opened, and for staff who want to see what the patient sees. The
invariant: who looks learns whether the patient is watched now, and whom to call, whatever else is opened.
"""

from collections.abc import Sequence
from datetime import datetime, time
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.home_states import (
    HomeState,
    NextStepState,
    SeenState,
    StepBody,
    VisitState,
    contacts,
    lamp_state,
    question_state,
    seen_state,
    step_state,
    week_state,
)
from api.live.messages import plan_of, vitals_by_stay
from api.preconditions import IfMatch, revision
from api.reasons import Reason
from api.replies import Id, reply
from api.routes.patients import find_seat
from ward import questions
from ward.access.permissions import Permission
from ward.access.principals import Opened, Principal, RelativePrincipal, StaffPrincipal
from ward.duty import coverage, wallclock
from ward.duty.coverage import Cell, Colour
from ward.duty.watch_week import AHEAD, watch_week
from ward.lamp import lamp
from ward.people import PatientId, TeamId
from ward.store import audit, care_events, doubts, duty_layout, duty_schedules, duty_watch, homes, tiles
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.care_events import Wanted
from ward.store.pool import Connection
from ward.store.tiles import Seat
from ward.timeline import EntryKind
from ward.vitals import BY_CODE

router = APIRouter(tags=["home"])
MayHomeRead = Annotated[Principal, Depends(Door(Permission.HOME_READ))]
MayHomeChange = Annotated[StaffPrincipal, Depends(Door(Permission.HOME_CHANGE))]
_VISITS = 5
_NAMED = frozenset({"nurse", "doctor"})


@router.get("/api/patients/{patient_id}/home", response_model=HomeState)
async def get_home(request: Request, patient_id: Id, principal: MayHomeRead) -> Response:
    """Show what the patient's own page needs: watched or not, the next step, whom to call, the day's questions."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        state = await home_of(conn, seat, principal, context.clock.now())
    return reply(state)


@router.get("/api/patients/{patient_id}/next-step", response_model=NextStepState)
async def get_step(request: Request, patient_id: Id, principal: MayHomeChange) -> Response:
    """Show the next step; its revision is the ETag, 0 where nobody has written one."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        state = step_state(await homes.step(conn, seat.stay_id))
    return reply(state, headers={"ETag": f'"{state["rev"]}"'})


@router.put("/api/patients/{patient_id}/next-step", response_model=NextStepState)
async def put_step(
    request: Request, patient_id: Id, principal: MayHomeChange, body: StepBody, if_match: IfMatch = None
) -> Response:
    """Write the next step over the revision that was seen; the board and the patient see it at once."""
    context = context_of(request)
    now, rev = context.clock.now(), revision(if_match)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        if any(at is not None and at <= now for at in (body.at, body.check_at)):
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "The next step and the next look lie ahead.", reason=Reason.NOT_AHEAD
            )
        done = await homes.save_step(conn, seat.stay_id, rev, body.step(), principal.staff_id, now)
        state = step_state(await homes.step(conn, seat.stay_id))
        headers = {"ETag": f'"{state["rev"]}"'}
        if not done:
            detail = "Somebody else has written the next step since you saw it."
            raise Problem(HTTPStatus.CONFLICT, detail, more={"next_step": state}, headers=headers)
        deed = Deed(
            action=Action.NEXT_STEP_SAVED,
            patient_id=seat.patient_id,
            stay_id=seat.stay_id,
            detail={"rev": state["rev"]},
        )
        await audit.write(conn, principal.actor, deed, now)
    return reply(state, headers=headers)


@router.post("/api/patients/{patient_id}/seen", response_model=SeenState)
async def see(request: Request, patient_id: Id, principal: MayHomeChange) -> Response:
    """Say that the caller has looked at the values: the patient reads who did, and when."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        await homes.look(conn, seat.stay_id, principal.staff_id, now)
        deed = Deed(action=Action.PATIENT_SEEN, patient_id=seat.patient_id, stay_id=seat.stay_id)
        await audit.write(conn, principal.actor, deed, now)
        seen = await homes.seen(conn, seat.stay_id, now)
    return reply(seen_state(seen, frozenset(Opened)))


async def home_of(conn: Connection, seat: Seat, principal: Principal, now: datetime) -> HomeState:
    """Return the page of a patient whom the caller was found to see, as far as it is open to them."""
    opened = _opened(principal, seat.patient_id)
    ahead, names = await _ahead(conn, seat, now)
    latest = (await tiles.read_tiles(conn, [seat.stay_id], now)).latest
    newest = [(BY_CODE[row[1]].kind, row[3]) for row in latest if row[1] in BY_CODE]
    colour = ahead[0].colour if ahead else Colour.NOBODY
    in_doubt = await doubts.since(conn, now) is not None
    whom = contacts(seat.team_name, seat.team_phone, await homes.named(conn, seat.stay_id))
    state: HomeState = {
        "server_time": now,
        "patient_id": seat.patient_id,
        "given_name": seat.given_name,
        "lamp": lamp_state(lamp(newest, colour, seat.team_phone, plan_of(seat).goals, now, in_doubt=in_doubt)),
        "week": week_state(watch_week(ahead, names, now)),
        "seen": seen_state(await homes.seen(conn, seat.stay_id, now), opened),
        "next_step": None,
        "visits": [],
        "contacts": [each for each in whom if Opened.CONTACTS in opened or each["role"] not in _NAMED],
        "vitals": vitals_by_stay(latest).get(seat.stay_id, {}) if Opened.VALUES in opened else None,
        "questions": [],
        "answered_at": None,
    }
    if Opened.CONTACTS in opened:
        state["next_step"] = step_state(await homes.step(conn, seat.stay_id))
        state["visits"] = await planned_visits(conn, seat, now)
    if not isinstance(principal, RelativePrincipal):
        asked = questions.today(seat.programme, await homes.configs(conn, seat.stay_id, now))
        state["questions"] = [question_state(each) for each in asked]
        state["answered_at"] = await homes.answered_since(conn, seat.stay_id, _midnight(now))
    return state


def _opened(principal: Principal, patient_id: PatientId) -> frozenset[Opened]:
    """Return what is open to somebody: to a relative what this patient has opened, to the others everything."""
    if not isinstance(principal, RelativePrincipal):
        return frozenset(Opened)
    found = [each.opens for each in principal.openings if each.patient_id == patient_id]
    return found[0] if found else frozenset()


async def _ahead(conn: Connection, seat: Seat, now: datetime) -> tuple[Sequence[Cell], dict[TeamId, str]]:
    """Return who answers from now on for as long as the page tells, and what the teams among them are called."""
    until = now + AHEAD
    laid = await duty_layout.ahead(conn, seat.stay_id, now)
    named = {period.team_id for period in laid}
    rows = [row for row in await duty_schedules.teams(conn) if row.team_id in named]
    duty = await duty_schedules.on_duty(conn, now, until, rows)
    cells = coverage.cells(laid, duty, await duty_watch.reach(conn), now, until)
    return cells, {row.team_id: row.name for row in rows}


async def planned_visits(conn: Connection, seat: Seat, now: datetime) -> list[VisitState]:
    """Return the visits that are planned, the next one first."""
    rows = await care_events.find(conn, Wanted(stay_id=seat.stay_id, kinds=[EntryKind.VISIT.value], limit=50))
    ahead = [row for row in rows if row.occurred_at >= now and row.error_at is None]
    return [VisitState(at=row.occurred_at, words=row.words) for row in reversed(ahead)][:_VISITS]


def _midnight(now: datetime) -> datetime:
    return wallclock.instant(wallclock.wall(now).date(), time())
