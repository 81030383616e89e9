"""`/api/teams/{id}/handover`: between two shifts, what is unresolved, what was said, who gave and who took, and when.

For members of the team. The team goes on answering for its patients all the while: a hand-over that nobody takes
leaves them with who gave it, and shows as a debt of the team.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.duty_bodies import HandoverBody, TakeBody
from api.duty_states import HandoverState, UnresolvedState, handover_state, unresolved_state
from api.errors import Problem
from api.once import once
from api.preconditions import IdempotencyKey, idempotency
from api.reasons import Reason
from api.replies import Id, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.errors import NotFound
from ward.people import TeamId
from ward.store import access, audit, duty_handovers
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.duty_handovers import HandoverRow
from ward.store.pool import Connection

router = APIRouter(tags=["teams"])
MayHandovers = Annotated[StaffPrincipal, Depends(Door(Permission.HANDOVERS))]


class HandoverPage(TypedDict):
    """What would be handed over now, and the newest hand-over, open or closed."""

    unresolved: list[UnresolvedState]
    handover: HandoverState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shift:
    """One request about a team's hand-over."""

    conn: Connection
    team_id: TeamId
    principal: StaffPrincipal
    now: datetime


@router.get("/api/teams/{team_id}/handover", response_model=HandoverPage)
async def get_handover(request: Request, team_id: Id, principal: MayHandovers) -> Response:
    """Show the team's patients with unresolved alerts, and the newest hand-over."""
    async with _shift(request, team_id, principal) as shift:
        left = await duty_handovers.unresolved(shift.conn, shift.team_id, shift.now)
        row = await duty_handovers.newest(shift.conn, shift.team_id)
        state = None if row is None else await _state(shift, row)
    return reply({"unresolved": [unresolved_state(each) for each in left], "handover": state})


@router.post("/api/teams/{team_id}/handover", response_model=HandoverState, status_code=HTTPStatus.CREATED)
async def give(
    request: Request,
    team_id: Id,
    principal: MayHandovers,
    body: HandoverBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Hand over the team's patients with unresolved alerts, with a note for each and for all, to the next shift."""
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with _shift(request, team_id, principal) as shift:
        done = await once(shift.conn, key, shift.now, lambda: _give(shift, body))
        state = await _read(shift, done.number)
    return reply(state, status=done.status)


@router.post("/api/teams/{team_id}/handover/{handover_id}/accept", response_model=HandoverState)
async def accept(
    request: Request,
    team_id: Id,
    handover_id: Id,
    principal: MayHandovers,
    body: TakeBody,
) -> Response:
    """Take over all patients that nobody has taken, or these; another person than who gave."""
    async with _shift(request, team_id, principal) as shift:
        row = await duty_handovers.lock(shift.conn, shift.team_id, handover_id)
        if row is None:
            raise NotFound
        if row.closed_at is not None:
            more = {"handover": await _state(shift, row)}
            raise Problem(HTTPStatus.CONFLICT, "The hand-over is closed already.", more=more)
        if row.given_by == principal.staff_id:
            raise Problem(HTTPStatus.CONFLICT, "Somebody else takes over what you have handed over.")
        taken = await duty_handovers.take(shift.conn, handover_id, principal.staff_id, body.patient_ids, shift.now)
        if body.patient_ids is not None and set(taken) != set(body.patient_ids):
            raise Problem(HTTPStatus.CONFLICT, "One of these is taken already, or not in this hand-over.")
        detail = {"team_id": team_id, "handover_id": handover_id, "patients": taken}
        await audit.write(shift.conn, principal.actor, Deed(action=Action.HANDOVER_TAKEN, detail=detail), shift.now)
        state = await _read(shift, handover_id)
    return reply(state)


async def _give(shift: _Shift, body: HandoverBody) -> int:
    left = await duty_handovers.unresolved(shift.conn, shift.team_id, shift.now)
    said = {each.patient_id: each.note for each in body.patients}
    named = await duty_handovers.held(shift.conn, shift.team_id, list(said), shift.now)
    left += [each for each in named if each.patient_id not in {known.patient_id for known in left}]
    if strangers := said.keys() - {each.patient_id for each in left}:
        numbers = ", ".join(map(str, sorted(strangers)))
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The team does not answer for patient {numbers}.")
    number = await duty_handovers.give(
        shift.conn, shift.team_id, shift.principal.staff_id, body.note, left, said, shift.now
    )
    if number is None:
        raise Problem(HTTPStatus.CONFLICT, "The team has a hand-over that waits to be taken.", reason=Reason.WAITS)
    deed = Deed(action=Action.HANDOVER_GIVEN, detail={"team_id": shift.team_id, "handover_id": number})
    await audit.write(shift.conn, shift.principal.actor, deed, shift.now)
    return number


@asynccontextmanager
async def _shift(request: Request, team_id: int, principal: StaffPrincipal) -> AsyncIterator[_Shift]:
    """Yield one request of a member; for others the team's hand-over does not exist."""
    if team_id not in principal.team_ids:
        raise NotFound
    context = context_of(request)
    async with borrow(context.pool) as conn:
        yield _Shift(conn=conn, team_id=TeamId(team_id), principal=principal, now=context.clock.now())


async def _read(shift: _Shift, handover_id: int) -> HandoverState:
    row = await duty_handovers.lock(shift.conn, shift.team_id, handover_id)
    if row is None:
        raise NotFound
    return await _state(shift, row)


async def _state(shift: _Shift, row: HandoverRow) -> HandoverState:
    """Return a hand-over with those of its patients whom the caller may still see: a block holds for what was, too."""
    rows = await duty_handovers.patients(shift.conn, row.handover_id)
    seen = await access.seen(shift.conn, [each.stay_id for each in rows], shift.principal.scope, shift.now)
    return handover_state(row, [each for each in rows if each.stay_id in seen])
