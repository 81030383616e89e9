"""`/api/quarantine`: what was refused and why; a reading of nobody's is given to its patient, or put aside.

Operators see every entry and none of its values. Clinical staff see, with what was sent, the entries of devices that
their patients wear or wore (`ward.store.quarantine_reads`).
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.attempts import sought
from api.auth import Door
from api.bodies import SecondIdentifier, Why
from api.context import context_of
from api.errors import Problem
from api.quarantine_states import CountPage, EntryPage, EntryState, clinical_state, operator_state
from api.refusals import refused
from api.replies import Cursor, DeviceId, Id, Instant, Reason, cursor_after, reply
from api.routes.patients import find_seat
from ward import wire
from ward.access.permissions import Permission
from ward.access.principals import Scope, StaffPrincipal
from ward.association import Refusal
from ward.errors import NotFound
from ward.people import Role
from ward.store import audit, people, quarantine_reads, settlements
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.quarantine_reads import EntryRow, WantedEntries
from ward.store.tiles import Seat

router = APIRouter(tags=["quarantine"])
MayQuarantineAssign = Annotated[StaffPrincipal, Depends(Door(Permission.QUARANTINE_ASSIGN))]
MayQuarantineDismiss = Annotated[StaffPrincipal, Depends(Door(Permission.QUARANTINE_DISMISS))]
MayQuarantineRead = Annotated[StaffPrincipal, Depends(Door(Permission.QUARANTINE_READ))]
_COUNTED = timedelta(days=1)


class CountsQuery(BaseModel):
    """What to count; without `since`, the last day."""

    model_config = ConfigDict(extra="forbid")

    device: DeviceId | None = None
    since: Instant | None = None


class EntriesQuery(CountsQuery):
    """Which entries."""

    reason: wire.Reason | None = None
    settled: bool | None = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


class Assignment(SecondIdentifier):
    """Whose a reading is after all, and why."""

    patient_id: Id
    reason: Reason


@router.get("/api/quarantine", response_model=EntryPage)
async def get_quarantine(
    request: Request,
    principal: MayQuarantineRead,
    query: Annotated[EntriesQuery, Query()],
) -> Response:
    """List what was refused, the newest first."""
    context = context_of(request)
    wanted = WantedEntries(
        scope=_scope(principal),
        device_id=query.device,
        reason=query.reason,
        since=query.since,
        settled=query.settled,
        before=query.cursor,
        limit=query.limit + 1,
    )
    async with borrow(context.pool) as conn:
        rows = await quarantine_reads.find(conn, wanted, context.clock.now())
    page = rows[: query.limit]
    following = cursor_after(page[-1].quarantine_id) if len(rows) > query.limit else None
    return reply({"items": [_state(row, principal) for row in page], "next": following})


@router.get("/api/quarantine/counts", response_model=CountPage)
async def get_counts(
    request: Request,
    principal: MayQuarantineRead,
    query: Annotated[CountsQuery, Query()],
) -> Response:
    """Count what was refused by reason."""
    context = context_of(request)
    now = context.clock.now()
    since = query.since or now - _COUNTED
    wanted = WantedEntries(scope=_scope(principal), device_id=query.device, since=since)
    async with borrow(context.pool) as conn:
        rows = await quarantine_reads.count(conn, wanted, now)
    items = [{"reason": row.reason, "entries": row.entries, "unsettled": row.unsettled} for row in rows]
    return reply({"since": since, "items": items})


@router.post("/api/quarantine/{quarantine_id}/assign", response_model=EntryState)
async def assign(
    request: Request,
    quarantine_id: Id,
    principal: MayQuarantineAssign,
    body: Assignment,
) -> Response:
    """Give a reading that was measured while nobody wore its device to the patient whose it is; once."""
    from ward.store import assignments  # noqa: PLC0415 - it brings numpy, which the api is spared until then

    context = context_of(request)
    async with borrow(context.pool) as conn:
        entry = await _entry(conn, quarantine_id, principal, request)
        sought(request, [body.patient_id])
        seat = await find_seat(conn, body.patient_id, principal.scope, context.clock)
        action = Action.QUARANTINE_IDENTIFIER_WRONG
        refusal: Refusal | None = Refusal.WRONG_IDENTIFIER
        if await _fits(conn, seat, body):
            action = Action.QUARANTINE_ASSIGNED
            refusal = await assignments.assign(conn, entry, seat.stay_id, principal.staff_id, context.clock)
        if refusal in {None, Refusal.WRONG_IDENTIFIER}:
            deed = _deed(action, entry, body.reason, seat)
            await audit.write(conn, principal.actor, deed, context.clock.now())
        entry = await _entry(conn, quarantine_id, principal, request)
    if refusal is not None:
        raise refused(refusal, {"entry": _state(entry, principal)})
    return reply(_state(entry, principal))


@router.post("/api/quarantine/{quarantine_id}/dismiss", response_model=EntryState)
async def dismiss(
    request: Request,
    quarantine_id: Id,
    principal: MayQuarantineDismiss,
    body: Why,
) -> Response:
    """Put an entry aside. That nobody's reading is of no use is for clinical staff to say."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        entry = await _entry(conn, quarantine_id, principal, request)
        if principal.role == Role.OPERATOR and entry.reason == wire.Reason.NO_BINDING:
            raise Problem(HTTPStatus.FORBIDDEN, "A reading that may be a patient's is settled by clinical staff.")
        refusal = await settlements.dismiss(conn, entry, principal.staff_id, context.clock)
        if refusal is None:
            deed = _deed(Action.QUARANTINE_DISMISSED, entry, body.reason, None)
            await audit.write(conn, principal.actor, deed, context.clock.now())
        entry = await _entry(conn, quarantine_id, principal, request)
    if refusal is not None:
        raise refused(refusal, {"entry": _state(entry, principal)})
    return reply(_state(entry, principal))


def _scope(principal: StaffPrincipal) -> Scope | None:
    return None if principal.role == Role.OPERATOR else principal.scope


def _state(row: EntryRow, principal: StaffPrincipal) -> EntryState:
    return operator_state(row) if principal.role == Role.OPERATOR else clinical_state(row)


async def _entry(conn: Connection, quarantine_id: int, principal: StaffPrincipal, request: Request) -> EntryRow:
    wanted = WantedEntries(scope=_scope(principal), quarantine_id=quarantine_id, limit=1)
    found = await quarantine_reads.find(conn, wanted, context_of(request).clock.now())
    if not found:
        raise NotFound
    return found[0]


async def _fits(conn: Connection, seat: Seat, body: SecondIdentifier) -> bool:
    person = await people.read_person(conn, seat.stay_id)
    return person is not None and body.identifier().fits(person.personal_number, person.birth_date)


def _deed(action: Action, entry: EntryRow, reason: str, seat: Seat | None) -> Deed:
    return Deed(
        action=action,
        device_id=entry.device_id,
        patient_id=seat.patient_id if seat else None,
        stay_id=seat.stay_id if seat else None,
        reason=reason,
        detail={"quarantine_id": entry.quarantine_id, "refused_as": entry.reason},
    )
