"""`/api/devices/{id}/bindings`: who wore a device when, and the two steps by which somebody comes to wear it.

First a proposal, which says what to check; then a confirmation at the bedside, with a second identifier of the
patient. The bounds are in `ward.association`. Nobody is told of a patient whom they may not see.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.attempts import sought
from api.auth import Door
from api.bodies import SecondIdentifier, Why
from api.context import context_of
from api.device_states import BindingState, Check, ProposalState, binding_state, wearer_state
from api.preconditions import IdempotencyKey, idempotency, key_reused
from api.refusals import refused
from api.replies import Cursor, DeviceId, Id, Instant, cursor_after, reply
from api.routes.patients import find_seat
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.association import MOST_WRONG, PROPOSAL_HOLDS, Association, Identifier, Refusal, start_fault
from ward.errors import NotFound
from ward.store import audit, bindings, people, provisioning, registry, wearers
from ward.store import idempotency as keys
from ward.store.audit import Action, Deed
from ward.store.bindings import BindingRow
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.provisioning import Registered
from ward.store.tiles import Seat
from ward.store.wearers import Wearer

router = APIRouter(tags=["bindings"])
MayBindingsChange = Annotated[StaffPrincipal, Depends(Door(Permission.BINDINGS_CHANGE))]
MayBindingsRead = Annotated[StaffPrincipal, Depends(Door(Permission.BINDINGS_READ))]


class BindingsQuery(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


class BindingPage(TypedDict):
    """A page of bindings and proposals, the newest first; `next` is the cursor of the following one."""

    items: list[BindingState]
    next: str | None


class Wish(BaseModel):
    """Who is to wear the device, and since when; without `from`, since it is confirmed."""

    model_config = ConfigDict(extra="forbid")

    patient_id: Id
    since: Instant | None = Field(default=None, alias="from")


class Ending(Why):
    """Why a binding ends, and when it did; without `at`, now."""

    at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One request about one device: the transaction, who asks, and when."""

    conn: Connection
    device: Registered
    principal: StaffPrincipal
    now: datetime


@router.get("/api/devices/{device_id}/bindings", response_model=BindingPage)
async def get_bindings(
    request: Request,
    device_id: DeviceId,
    principal: MayBindingsRead,
    query: Annotated[BindingsQuery, Query()],
) -> Response:
    """List who wore a device when; `wearer` is null for a patient whom the caller may not see."""
    async with _step(request, device_id, principal) as step:
        rows = await bindings.read(
            step.conn, step.device.device_no, step.now, before=query.cursor, limit=query.limit + 1
        )
        page = rows[: query.limit]
        seen = await wearers.visible(step.conn, [row.stay_id for row in page], principal.scope, step.now)
    following = cursor_after(page[-1].binding_id) if len(rows) > query.limit else None
    return reply({"items": [binding_state(device_id, row, seen) for row in page], "next": following})


@router.post("/api/devices/{device_id}/bindings", response_model=ProposalState, status_code=HTTPStatus.CREATED)
async def propose(
    request: Request,
    device_id: DeviceId,
    principal: MayBindingsChange,
    body: Wish,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """First step: say who is to wear it. Nothing is attributed yet; the answer says what to check."""
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with _step(request, device_id, principal) as step:
        before = await keys.claim(step.conn, key, step.now) if key else None
        if before is None:
            sought(request, [body.patient_id])
            seat = await find_seat(step.conn, body.patient_id, principal.scope, context_of(request).clock)
            number = await _propose(step, seat, body.since)
            if key:
                await keys.keep(step.conn, key, number)
        elif before.made_id is None:
            raise key_reused()
        else:
            number = before.made_id
        row, wearer = await _visible(step, number)
    status = HTTPStatus.CREATED if before is None else HTTPStatus.OK
    return reply(_proposal_state(step.device, row, wearer), status=status)


@router.post("/api/devices/{device_id}/bindings/{binding_id}/confirm", response_model=BindingState)
async def confirm(
    request: Request,
    device_id: DeviceId,
    binding_id: Id,
    principal: MayBindingsChange,
    body: SecondIdentifier,
) -> Response:
    """Second step, at the bedside: from now on (or from `from`) what the device measures is this patient's."""
    async with _step(request, device_id, principal, registry.freeze) as step:
        _, wearer = await _visible(step, binding_id)
        refusal, more = await _confirm(step, binding_id, body.identifier(), wearer)
        row, wearer = await _visible(step, binding_id)
    return _answer(device_id, row, wearer, refusal, more)


@router.post("/api/devices/{device_id}/bindings/{binding_id}/end", response_model=BindingState)
async def end(
    request: Request,
    device_id: DeviceId,
    binding_id: Id,
    principal: MayBindingsChange,
    body: Ending,
) -> Response:
    """End a binding, or withdraw a proposal. What was measured before the end stays this patient's, when it comes."""
    async with _step(request, device_id, principal, registry.freeze) as step:
        row, wearer = await _visible(step, binding_id)
        conn, number = step.conn, step.device.device_no
        if row.association == Association.PRE:
            action = Action.BINDING_WITHDRAWN
            proposal = await bindings.claim(conn, number, binding_id, step.now)
            refusal = Refusal.OVER if proposal is None else await bindings.withdraw(conn, proposal, step.now)
        else:
            action = Action.BINDING_ENDED
            refusal = await bindings.end(conn, number, row, body.at, principal.staff_id, body.reason, step.now)
        if refusal is None:
            await _note(step, action, wearer, reason=body.reason, detail={"binding_id": binding_id})
        row, wearer = await _visible(step, binding_id)
    return _answer(device_id, row, wearer, refusal, {})


async def _nothing(conn: Connection) -> None:
    """Hold nothing: who only looks waits for nobody."""


@asynccontextmanager
async def _step(
    request: Request,
    device_id: str,
    principal: StaffPrincipal,
    take: Callable[[Connection], Awaitable[None]] = _nothing,
) -> AsyncIterator[_Step]:
    """Begin a request about a device; who changes a binding freezes them first, and sees what others did till then."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        await take(conn)
        now = context.clock.now()
        device = await provisioning.find_one(conn, device_id, now)
        if device is None:
            raise NotFound
        yield _Step(conn=conn, device=device, principal=principal, now=now)


async def _propose(step: _Step, seat: Seat, since: datetime | None) -> int:
    """Keep a proposal that can be confirmed as things stand."""
    person = await people.read_person(step.conn, seat.stay_id)
    fault = None if since is None or person is None else start_fault(since, step.now, person.started_at)
    if step.device.revoked_at is not None:
        fault = Refusal.REVOKED
    elif not await bindings.modes_agree(step.conn, step.device.device_no, seat.stay_id):
        fault = Refusal.OTHER_MODE
    if fault is not None:
        raise refused(fault)
    number = await bindings.propose(
        step.conn, step.device.device_no, seat.stay_id, since, step.principal.staff_id, step.now
    )
    _, wearer = await _visible(step, number)
    await _note(step, Action.BINDING_PROPOSED, wearer, detail={"binding_id": number})
    return number


async def _confirm(
    step: _Step, binding_id: int, identifier: Identifier, wearer: Wearer
) -> tuple[Refusal | None, dict[str, object]]:
    """Take the second step; return why it was not done, and what more to say of that."""
    proposal = await bindings.claim(step.conn, step.device.device_no, binding_id, step.now)
    if proposal is None:
        return Refusal.OVER, {}
    refusal = await bindings.confirm(step.conn, proposal, identifier, step.principal.staff_id, step.now)
    detail = {"binding_id": binding_id}
    if refusal is None:
        await _note(step, Action.BINDING_CONFIRMED, wearer, detail=detail)
    elif refusal is Refusal.WRONG_IDENTIFIER:
        await _note(step, Action.BINDING_IDENTIFIER_WRONG, wearer, detail=detail)
        return refusal, {"attempts_left": MOST_WRONG - proposal.wrong_identifiers - 1}
    elif refusal is Refusal.WORN:
        other = await bindings.wearer_since(step.conn, step.device.device_no, proposal.from_at or step.now)
        seen = await wearers.visible(step.conn, [other] if other else [], step.principal.scope, step.now)
        return refusal, {"wearer": wearer_state(seen.get(other) if other else None)}
    return refusal, {}


async def _visible(step: _Step, binding_id: int) -> tuple[BindingRow, Wearer]:
    """Return a binding or proposal of a patient whom the caller may see."""
    row = await bindings.read_one(step.conn, step.device.device_no, binding_id, step.now)
    seen = await wearers.visible(step.conn, [row.stay_id] if row else [], step.principal.scope, step.now)
    if row is None or row.stay_id not in seen:
        raise NotFound
    return row, seen[row.stay_id]


async def _note(
    step: _Step, action: Action, wearer: Wearer, *, detail: Mapping[str, object], reason: str | None = None
) -> None:
    deed = Deed(
        action=action,
        device_id=step.device.device_id,
        patient_id=wearer.patient_id,
        stay_id=wearer.stay_id,
        reason=reason,
        detail=detail,
    )
    await audit.write(step.conn, step.principal.actor, deed, step.now)


def _answer(
    device_id: str, row: BindingRow, wearer: Wearer, refusal: Refusal | None, more: Mapping[str, object]
) -> Response:
    """Return the binding as it now is, as an error where the step was not done."""
    state = binding_state(device_id, row, {wearer.stay_id: wearer})
    if refusal is not None:
        raise refused(refusal, {"binding": state, **more})
    return reply(state)


def _proposal_state(device: Registered, row: BindingRow, wearer: Wearer) -> ProposalState:
    check = Check(
        device_id=device.device_id,
        model=device.model,
        given_name=wearer.given_name,
        family_name=wearer.family_name,
        birth_date=wearer.birth_date,
    )
    state = binding_state(device.device_id, row, {wearer.stay_id: wearer})
    return {**state, "check": check, "holds_s": int(PROPOSAL_HOLDS.total_seconds())}
