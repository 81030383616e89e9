"""`POST /api/patients/{id}/emergency` and `/api/emergencies`: opening a patient whom one does not see, in an emergency.

It needs a reason, ends after four hours by itself, and is a notice to the team that answers, which says that it has
seen it. A person is found by their number in a body, never in a path: `POST /api/patients/lookup`.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.bodies import PersonalNumber, Why
from api.context import context_of
from api.errors import Problem
from api.reasons import Reason
from api.replies import Cursor, Id, cursor_after, reply
from api.witness import because
from ward.access.permissions import Permission
from ward.access.principals import Scope, StaffPrincipal
from ward.errors import NotFound
from ward.people import PatientId
from ward.store import access, audit, emergencies
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.emergencies import InCare, OpeningRow, Wanted
from ward.store.pool import Connection

router = APIRouter(tags=["emergency"])
MayOpen = Annotated[StaffPrincipal, Depends(Door(Permission.EMERGENCY_OPEN))]
MayRead = Annotated[StaffPrincipal, Depends(Door(Permission.EMERGENCY_READ))]
Standing = Literal["seen", "blocked", "closed"]


class Lookup(Why):
    """Whose number, and why it is asked."""

    personal_number: PersonalNumber


class Whose(TypedDict):
    """A person in care, and what the caller may do: `seen`; or open in an emergency what is `blocked` or `closed`."""

    patient_id: int
    standing: Standing


class OpeningsQuery(BaseModel):
    """Which openings."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


class OpeningState(TypedDict):
    """An emergency opening: who, why, until when, and who of the team has seen the notice of it."""

    opening_id: int
    patient_id: int
    name: str
    title: str | None
    organisation: str | None
    mine: bool
    team_id: int
    reason: str
    opened_at: datetime
    until: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    seen_by: str | None


class OpeningPage(TypedDict):
    """Openings of the caller's teams' patients and the caller's own, the newest first; `unseen` counts notices."""

    items: list[OpeningState]
    unseen: int
    next: str | None


@router.post("/api/patients/lookup", response_model=Whose, responses={404: {}})
async def look_up(request: Request, principal: MayOpen, body: Lookup) -> Response:
    """Find a person in care by their number, in an emergency. That it was asked, and why, is in the audit."""
    context = context_of(request)
    now = context.clock.now()
    because(request, "emergency")
    async with borrow(context.pool) as conn:
        whose = await emergencies.of_number(conn, body.personal_number, now)
        deed = Deed(
            action=Action.PERSON_LOOKED_UP, patient_id=None if whose is None else whose.patient_id, reason=body.reason
        )
        await audit.write(conn, principal.actor, deed, now)
        standing = None if whose is None else await _standing(conn, whose, principal.scope, now)
    if whose is None or standing is None:
        raise NotFound
    return reply(Whose(patient_id=whose.patient_id, standing=standing))


@router.post("/api/patients/{patient_id}/emergency", response_model=OpeningState, status_code=HTTPStatus.CREATED)
async def open_patient(request: Request, patient_id: Id, principal: MayOpen, body: Why) -> Response:
    """Open a patient for four hours. The team that answers for them is told. A repeat returns what is open."""
    context = context_of(request)
    now = context.clock.now()
    because(request, "emergency")
    async with borrow(context.pool) as conn:
        whose = await emergencies.in_care(conn, PatientId(patient_id), now)
        if whose is None:
            raise NotFound
        before = await emergencies.standing(conn, whose.patient_id, principal.account_id, now)
        if before is None and await access.seen(conn, [whose.stay_id], principal.scope, now):
            raise Problem(HTTPStatus.CONFLICT, "You see this patient without an emergency.", reason=Reason.NO_EMERGENCY)
        number = before or await emergencies.open_patient(conn, whose, principal.account_id, body.reason, now)
        if before is None:
            detail: dict[str, object] = {"opening_id": number}
            await _note(conn, principal, Action.EMERGENCY_OPENED, whose.patient_id, detail, now, body.reason)
        row = await _one(conn, principal, number)
    return reply(_state(row, principal), status=HTTPStatus.CREATED if before is None else HTTPStatus.OK)


@router.get("/api/emergencies", response_model=OpeningPage)
async def get_openings(request: Request, principal: MayRead, query: Annotated[OpeningsQuery, Query()]) -> Response:
    """List the emergency openings of one's teams' patients, which are notices to the team, and one's own."""
    async with borrow(context_of(request).pool) as conn:
        wanted = Wanted(
            team_ids=principal.team_ids,
            account_id=principal.account_id,
            before=query.cursor,
            limit=query.limit + 1,
        )
        rows = await emergencies.find(conn, wanted)
        unseen = await emergencies.unseen(conn, principal.team_ids)
    page = rows[: query.limit]
    following = cursor_after(page[-1].opening_id) if len(rows) > query.limit else None
    return reply(OpeningPage(items=[_state(row, principal) for row in page], unseen=unseen, next=following))


@router.post("/api/emergencies/{opening_id}/end", response_model=OpeningState)
async def end_opening(request: Request, opening_id: Id, principal: MayRead) -> Response:
    """End an opening before its time: who opened it, or somebody of the team that was told."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await _one(conn, principal, opening_id)
        if not await emergencies.end(conn, opening_id, principal.account_id, now):
            raise Problem(HTTPStatus.CONFLICT, "It is over already.", reason=Reason.EMERGENCY_OVER)
        await _note(conn, principal, Action.EMERGENCY_ENDED, row.patient_id, {"opening_id": opening_id}, now)
        row = await _one(conn, principal, opening_id)
    return reply(_state(row, principal))


@router.post("/api/emergencies/{opening_id}/seen", response_model=OpeningState)
async def see_opening(request: Request, opening_id: Id, principal: MayRead) -> Response:
    """Say that the team has seen the notice: somebody of it, never who opened the patient."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await _one(conn, principal, opening_id)
        if row.team_id not in principal.team_ids or row.account_id == principal.account_id:
            detail = "Somebody of the team says that it is seen, not who opened the patient."
            raise Problem(HTTPStatus.CONFLICT, detail, reason=Reason.NOT_BY_OPENER)
        if await emergencies.note(conn, opening_id, principal.account_id, now):
            await _note(conn, principal, Action.EMERGENCY_SEEN, row.patient_id, {"opening_id": opening_id}, now)
        row = await _one(conn, principal, opening_id)
    return reply(_state(row, principal))


async def _standing(conn: Connection, whose: InCare, scope: Scope, now: datetime) -> Standing:
    if await access.seen(conn, [whose.stay_id], scope, now):
        return "seen"
    return "blocked" if await access.is_blocked(conn, whose.patient_id, scope, now) else "closed"


async def _one(conn: Connection, principal: StaffPrincipal, opening_id: int) -> OpeningRow:
    """Return an opening that is the caller's, or of a patient of a team of theirs."""
    wanted = Wanted(team_ids=principal.team_ids, account_id=principal.account_id, opening_id=opening_id, limit=1)
    rows = await emergencies.find(conn, wanted)
    if not rows:
        raise NotFound
    return rows[0]


def _state(row: OpeningRow, principal: StaffPrincipal) -> OpeningState:
    return OpeningState(
        opening_id=row.opening_id,
        patient_id=row.patient_id,
        name=row.name,
        title=row.title,
        organisation=row.organisation,
        mine=row.account_id == principal.account_id,
        team_id=row.team_id,
        reason=row.reason,
        opened_at=row.opened_at,
        until=row.until,
        ended_at=row.ended_at,
        seen_at=row.seen_at,
        seen_by=row.seen_name,
    )


async def _note(
    conn: Connection,
    principal: StaffPrincipal,
    action: Action,
    patient_id: PatientId,
    detail: dict[str, object],
    now: datetime,
    reason: str | None = None,
) -> None:
    await audit.write(
        conn, principal.actor, Deed(action=action, patient_id=patient_id, reason=reason, detail=detail), now
    )
