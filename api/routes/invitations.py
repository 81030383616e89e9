"""`/api/patients/{id}/invitations` and `/api/invitations`: how somebody becomes a relative with a log-in.

The patient, or the team that answers, makes a one-time code; whoever has it chooses a log-in. What is opened is the
patient's word alone: an invitation of the patient opens what it says, one of staff opens nothing until the patient has
opened something to that log-in. The invariant: a code that is not good, for whatever reason, gets the same answer.
"""

import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api import log_in
from api.auth import Door, digest
from api.context import Context, context_of
from api.errors import Problem
from api.invitation_states import (
    AcceptBody,
    CodeBody,
    InvitationBody,
    InvitationList,
    InvitationMade,
    InvitationState,
    Invited,
    Joined,
    invitation_state,
    invited_state,
)
from api.preconditions import IdempotencyKey, idempotency, key_reused
from api.reasons import Reason
from api.replies import Id, reply
from api.routes.patients import find_seat
from api.routes.sharing import seat_to_change
from ward.access import passwords
from ward.access.permissions import Permission
from ward.access.principals import AccountId, Actor, Capacity, PatientPrincipal, Principal, RelativePrincipal
from ward.errors import NotFound
from ward.store import audit, invitations, login_attempts
from ward.store import idempotency as keys
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.invitations import Good, NewInvitation
from ward.store.pool import Connection
from ward.store.tiles import Seat

router = APIRouter(tags=["relatives"])
MayRelativesRead = Annotated[Principal, Depends(Door(Permission.RELATIVES_READ))]
MayRelativesInvite = Annotated[Principal, Depends(Door(Permission.RELATIVES_INVITE))]
MayInvitationsJoin = Annotated[RelativePrincipal, Depends(Door(Permission.INVITATIONS_JOIN))]


@router.get("/api/patients/{patient_id}/invitations", response_model=InvitationList)
async def get_invitations(request: Request, patient_id: Id, principal: MayRelativesRead) -> Response:
    """List the invitations of a patient's relatives, by whom, and what became of them."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        rows = await invitations.of_patient(conn, seat.patient_id)
    return reply(InvitationList(items=[invitation_state(row) for row in rows]))


@router.post("/api/patients/{patient_id}/invitations", response_model=InvitationMade, status_code=HTTPStatus.CREATED)
async def invite(
    request: Request,
    patient_id: Id,
    principal: MayRelativesInvite,
    body: InvitationBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Invite a relative; the code is in this answer alone. A repeat is answered without it.

    Whoever has the code becomes the relative: give it to nobody else.
    """
    context = context_of(request)
    now, code = context.clock.now(), secrets.token_urlsafe(24)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        seat = await seat_to_change(conn, patient_id, principal, context.clock)
        _refuse_opening(principal, body)
        before = await keys.claim(conn, key, now) if key else None
        if before is not None and before.made_id is None:
            raise key_reused()
        if before is None:
            new = NewInvitation(
                patient_id=seat.patient_id,
                code_sha256=digest(code),
                name=body.name,
                language=body.language,
                opens=body.opens,
                made_by=principal.account_id,
                expires_at=now + timedelta(hours=body.hours),
            )
            number = await invitations.make(conn, new, now)
            detail: dict[str, object] = {"invitation_id": number, "opens": sorted(body.opens)}
            deed = Deed(action=Action.RELATIVE_INVITED, patient_id=seat.patient_id, detail=detail)
            await audit.write(conn, principal.actor, deed, now)
            if key:
                await keys.keep(conn, key, number)
        else:
            number = before.made_id or 0
        state = await _one(conn, seat, number)
    status = HTTPStatus.CREATED if before is None else HTTPStatus.OK
    return reply(InvitationMade(**state, code=code if before is None else None), status=status)


@router.delete("/api/patients/{patient_id}/invitations/{invitation_id}", response_model=InvitationState)
async def revoke(request: Request, patient_id: Id, invitation_id: Id, principal: MayRelativesInvite) -> Response:
    """Take an invitation back at once. One that was used is not there any more: close what is opened instead."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        seat = await seat_to_change(conn, patient_id, principal, context.clock)
        state = await _one(conn, seat, invitation_id)
        if await invitations.revoke(conn, seat.patient_id, invitation_id, principal.account_id, now):
            about: dict[str, object] = {"invitation_id": invitation_id}
            deed = Deed(action=Action.INVITATION_REVOKED, patient_id=seat.patient_id, detail=about)
            await audit.write(conn, principal.actor, deed, now)
        elif state["used_at"] is not None:
            detail = "It has been used: close what is opened to the relative instead."
            raise Problem(HTTPStatus.CONFLICT, detail, reason=Reason.INVITATION_USED)
        state = await _one(conn, seat, invitation_id)
    return reply(state)


@router.post("/api/invitations/look", response_model=Invited)
async def look(request: Request, body: CodeBody) -> Response:
    """Show what a code is for, before a log-in is chosen; nothing of the patient. No log-in: the code is it."""
    context = context_of(request)
    return reply(invited_state(await _good(request, context, body.code)))


@router.post("/api/invitations/accept", response_model=Joined, status_code=HTTPStatus.CREATED)
async def accept(request: Request, body: AcceptBody) -> Response:
    """Become the relative who is invited, by a name and a password of one's own. Then log in."""
    context = context_of(request)
    good = await _good(request, context, body.code)
    fault = passwords.fault(body.password, names=(body.username, good.name))
    if fault is not None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, fault, reason=Reason.WEAK_PASSWORD)
    password_hash = await log_in.hashed(context, body.password)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        again = await invitations.follow(conn, digest(body.code), now)
        if again is None:
            raise NotFound
        relative = await invitations.add_relative(conn, again, body.username, password_hash)
        if relative is None:
            raise Problem(HTTPStatus.CONFLICT, "That name is taken: choose another.", reason=Reason.NAME_TAKEN)
        await _join(conn, again, relative, context)
    await log_in.took_one_try(request)
    return reply(Joined(username=body.username), status=HTTPStatus.CREATED)


@router.post("/api/invitations/join", status_code=HTTPStatus.NO_CONTENT)
async def join(request: Request, principal: MayInvitationsJoin, body: CodeBody) -> Response:
    """Use an invitation with the log-in that a relative has already: of another patient, or after a new code."""
    context = context_of(request)
    await _good(request, context, body.code)
    async with borrow(context.pool) as conn:
        good = await invitations.follow(conn, digest(body.code), context.clock.now())
        if good is None:
            raise NotFound
        await _join(conn, good, principal.account_id, context)
    await log_in.took_one_try(request)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _good(request: Request, context: Context, code: str) -> Good:
    """Return what a code leads to, no faster than guessing may go; 404 for every code that is not good."""
    await log_in.slow_down(context, [login_attempts.of_address(log_in.address_of(request))])
    async with borrow(context.pool) as conn:
        good = await invitations.follow(conn, digest(code), context.clock.now())
    if good is None:
        raise NotFound
    return good


async def _join(conn: Connection, good: Good, relative: AccountId, context: Context) -> None:
    now = context.clock.now()
    opening = await invitations.use(conn, good, relative, now)
    detail: dict[str, object] = {"invitation_id": good.invitation_id, "account_id": relative, "access_id": opening}
    deed = Deed(action=Action.RELATIVE_JOINED, patient_id=good.patient_id, detail=detail)
    await audit.write(conn, Actor(account_id=relative, capacity=Capacity.RELATIVE), deed, now)


def _refuse_opening(principal: Principal, body: InvitationBody) -> None:
    """Refuse what would open more than the patient says; 422."""
    if isinstance(principal, PatientPrincipal):
        if not body.opens:
            detail = "Say what you open to the relative."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, reason=Reason.NOTHING_OPENED)
    elif body.opens:
        detail = "What is opened to a relative is the patient's own to say."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, reason=Reason.PATIENTS_OWN)


async def _one(conn: Connection, seat: Seat, invitation_id: int) -> InvitationState:
    row = await invitations.one(conn, seat.patient_id, invitation_id)
    if row is None:
        raise NotFound
    return invitation_state(row)
