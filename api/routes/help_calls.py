"""`/api/patients/{id}/help`: the patient calls for help from their own page, and reads what became of it.

A call counts as a pressed help button of a device does. The invariant: the answer says only what is committed; that the
team has it is said when its alert is there, and that somebody has seen it when a person has touched that alert.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.bodies import Moment
from api.context import context_of
from api.once import once
from api.preconditions import ForAccount, IdempotencyKey, idempotency, same_account
from api.replies import Id, reply
from api.routes.patients import find_seat
from api.routes.timeline import Desk, occurred, started_at
from ward.access.permissions import Permission
from ward.access.principals import PatientPrincipal
from ward.clock import to_us
from ward.events import DeviceEvent, EventKind
from ward.manual import BY_HAND
from ward.store import help_calls
from ward.store.audit import Action
from ward.store.borrow import borrow
from ward.store.help_calls import HelpCall
from ward.timeline import EntryKind

router = APIRouter(tags=["home"])
MayHelpCall = Annotated[PatientPrincipal, Depends(Door(Permission.HELP_CALL))]


class HelpBody(BaseModel):
    """A call for help."""

    model_config = ConfigDict(extra="forbid")

    occurred_at: Moment | None = Field(default=None, description="When it was pressed; left out: now")


class HelpState(TypedDict):
    """The newest call: received, with the team since, who has seen it, over since; all null where there is none."""

    called_at: datetime | None
    received_at: datetime | None
    team_at: datetime | None
    seen_at: datetime | None
    seen_by: str | None
    seen_title: str | None
    over_at: datetime | None


@router.get("/api/patients/{patient_id}/help", response_model=HelpState)
async def get_help(request: Request, patient_id: Id, principal: MayHelpCall) -> Response:
    """Tell what became of the newest call for help."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        return reply(_state(await help_calls.newest(conn, seat.stay_id, context.clock.now())))


@router.post("/api/patients/{patient_id}/help", response_model=HelpState, status_code=HTTPStatus.CREATED)
async def call(
    request: Request,
    patient_id: Id,
    principal: MayHelpCall,
    body: HelpBody,
    idempotency_key: IdempotencyKey = None,
    for_account: ForAccount = None,
) -> Response:
    """Call for help: an alert of high priority to the team that answers now. Follow what becomes of it with GET."""
    same_account(for_account, principal)
    context = context_of(request)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        desk = Desk(conn=conn, seat=seat, principal=principal, now=context.clock.now())
        done = await once(conn, key, desk.now, lambda: _ring(desk, body))
        state = _state(await help_calls.newest(conn, desk.stay_id, desk.now))
    return reply(state, status=done.status)


async def _ring(desk: Desk, body: HelpBody) -> int:
    """Keep the call as an event by hand, and return when it was pressed."""
    from ward.store import device_events  # noqa: PLC0415 - it brings numpy, which the api is spared until then

    at = occurred(EntryKind.NOTE, body.occurred_at, await started_at(desk.conn, desk.stay_id), desk.now)
    event = DeviceEvent(kind=EventKind.HELP_BUTTON, occurred_at=at)
    row = device_events.EventRow(stay_id=desk.stay_id, device_no=BY_HAND, received_at=desk.now, event=event)
    await device_events.insert(desk.conn, [row])
    await desk.note(Action.HELP_CALLED, {})
    return to_us(at)


def _state(found: HelpCall | None) -> HelpState:
    if found is None:
        return HelpState(
            called_at=None, received_at=None, team_at=None, seen_at=None, seen_by=None, seen_title=None, over_at=None
        )
    return HelpState(
        called_at=found.called_at,
        received_at=found.received_at,
        team_at=found.team_at,
        seen_at=found.seen_at,
        seen_by=found.seen_by,
        seen_title=found.seen_title,
        over_at=found.over_at,
    )
