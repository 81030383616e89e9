"""`/api/patients/{id}/relatives`: what the patient has opened to whom, which the patient alone changes.

Closing takes hold with the next request: a session is looked up at each, with what is open at that moment.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.replies import Id, Text, reply
from api.routes.patients import find_seat
from ward.access.permissions import Permission
from ward.access.principals import Opened, PatientPrincipal, Principal
from ward.errors import NotFound
from ward.people import PatientId
from ward.store import audit, relatives
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.relatives import AccessRow

router = APIRouter(tags=["relatives"])
MayRelativesRead = Annotated[Principal, Depends(Door(Permission.RELATIVES_READ))]
MayRelativesChange = Annotated[PatientPrincipal, Depends(Door(Permission.RELATIVES_CHANGE))]
OpenedWord = Literal["values", "trends", "alerts", "plan", "contacts"]
_EXAMPLE: dict[str, JsonValue] = {"username": "maja", "opens": ["values", "contacts"]}


class Opens(BaseModel):
    """The relative, by the name they log in with, and all that is open to them from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    username: Text = Field(min_length=1, max_length=100)
    opens: list[Opened] = Field(min_length=1, max_length=len(Opened))


class Wider(BaseModel):
    """All that is open to that relative from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"opens": ["values", "contacts"]}]})

    opens: list[Opened] = Field(min_length=1, max_length=len(Opened))


class RelativeState(TypedDict):
    """What was opened to a relative, from when until when; `ended_at` is null while it is."""

    access_id: int
    name: str
    opens: list[OpenedWord]
    given_at: datetime
    ended_at: datetime | None


class RelativeList(TypedDict):
    """All that was opened, the newest first."""

    items: list[RelativeState]


@router.get("/api/patients/{patient_id}/relatives", response_model=RelativeList)
async def get_relatives(request: Request, patient_id: Id, principal: MayRelativesRead) -> Response:
    """List what the patient has opened to relatives, with its history."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        return reply(await _listed(conn, seat.patient_id))


@router.post("/api/patients/{patient_id}/relatives", response_model=RelativeList, status_code=HTTPStatus.CREATED)
async def open_to(request: Request, patient_id: Id, principal: MayRelativesChange, body: Opens) -> Response:
    """Open this to a relative, and nothing else: what was open to them before is closed."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        mine = _mine(patient_id, principal)
        relative = await relatives.find_account(conn, body.username.strip())
        if relative is None:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "No relative logs in by this name.")
        number = await relatives.open_to(conn, mine, relative, body.opens, principal.account_id, now)
        detail = {"access_id": number, "account_id": relative, "opens": sorted(body.opens)}
        await audit.write(
            conn, principal.actor, Deed(action=Action.RELATIVE_OPENED, patient_id=mine, detail=detail), now
        )
        return reply(await _listed(conn, mine), status=HTTPStatus.CREATED)


@router.put("/api/patients/{patient_id}/relatives/{access_id}", response_model=RelativeList)
async def change(
    request: Request, patient_id: Id, access_id: Id, principal: MayRelativesChange, body: Wider
) -> Response:
    """Open more or less to a relative to whom something is open. It is another opening: the list tells its id."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        mine = _mine(patient_id, principal)
        rows = await relatives.of_patient(conn, mine)
        row = next((each for each in rows if each.relative_access_id == access_id and each.ended_at is None), None)
        if row is None:
            raise NotFound
        number = await relatives.open_to(conn, mine, row.account_id, body.opens, principal.account_id, now)
        detail = {"access_id": number, "account_id": row.account_id, "opens": sorted(body.opens)}
        await audit.write(
            conn, principal.actor, Deed(action=Action.RELATIVE_OPENED, patient_id=mine, detail=detail), now
        )
        return reply(await _listed(conn, mine))


@router.delete("/api/patients/{patient_id}/relatives/{access_id}", response_model=RelativeList)
async def close(request: Request, patient_id: Id, access_id: Id, principal: MayRelativesChange) -> Response:
    """Close at once what was opened to a relative."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        mine = _mine(patient_id, principal)
        if not await relatives.close(conn, mine, access_id, principal.account_id, now):
            raise NotFound
        deed = Deed(action=Action.RELATIVE_CLOSED, patient_id=mine, detail={"access_id": access_id})
        await audit.write(conn, principal.actor, deed, now)
        return reply(await _listed(conn, mine))


def _mine(patient_id: int, principal: PatientPrincipal) -> PatientId:
    """Return the patient, where it is they who ask."""
    if patient_id != principal.patient_id:
        raise NotFound
    return principal.patient_id


async def _listed(conn: Connection, patient_id: PatientId) -> RelativeList:
    return RelativeList(items=[_state(row) for row in await relatives.of_patient(conn, patient_id)])


def _state(row: AccessRow) -> RelativeState:
    return RelativeState(
        access_id=row.relative_access_id,
        name=row.name,
        opens=row.opens,  # type: ignore[typeddict-item]  # the schema checks the words
        given_at=row.given_at,
        ended_at=row.ended_at,
    )
