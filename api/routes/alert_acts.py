"""`POST /api/alerts/{id}/…`: what people do about an alert.

Nothing here changes an alert: `alerting.apply` does. Whoever acts names the revision they saw in `If-Match`, so a
repeat does nothing twice. A refusal says why, in both languages, and holds the alert as it is now.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from starlette.requests import Request
from starlette.responses import Response

from alerting import apply
from alerting.durations import SNOOZED_AT_MOST
from api import alert_refusals
from api.alert_bodies import Closing, Note, Pause, Recipient, Remark
from api.alert_refusals import Refusal
from api.auth import Door
from api.context import Context, context_of
from api.errors import Problem
from api.live.alert_messages import AlertState, alert_state
from api.preconditions import IfMatch, revision
from api.replies import Id, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.alerts import AlertId, Priority
from ward.errors import Conflict, IllegalTransition, NotFound
from ward.people import StaffId, TeamId
from ward.store import alert_reads
from ward.store.alert_reads import AlertRow
from ward.store.borrow import borrow
from ward.store.pool import Connection

router = APIRouter(tags=["alerts"])
Clinician = Annotated[StaffPrincipal, Depends(Door(Permission.ALERTS_ACT))]
Noted = Annotated[Note, Body(default_factory=Note)]


@router.post("/api/alerts/{alert_id}/acknowledge", response_model=AlertState)
async def acknowledge(
    request: Request, alert_id: Id, principal: Clinician, body: Noted, if_match: IfMatch = None
) -> Response:
    """Say that somebody has seen it; it is quiet for a while."""
    event = apply.Acknowledge(by=principal.staff_id, rev=revision(if_match), note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/claim", response_model=AlertState)
async def claim(
    request: Request, alert_id: Id, principal: Clinician, body: Noted, if_match: IfMatch = None
) -> Response:
    """Take it: from now on it is yours."""
    event = apply.Claim(by=principal.staff_id, rev=revision(if_match), note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/release", response_model=AlertState)
async def release(
    request: Request, alert_id: Id, principal: Clinician, body: Noted, if_match: IfMatch = None
) -> Response:
    """Let it go: it is nobody's, and rings again."""
    event = apply.Release(by=principal.staff_id, rev=revision(if_match), note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/accept", response_model=AlertState)
async def accept(
    request: Request, alert_id: Id, principal: Clinician, body: Noted, if_match: IfMatch = None
) -> Response:
    """Take what was offered to you or your team."""
    event = apply.Accept(by=principal.staff_id, rev=revision(if_match), teams=principal.team_ids, note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/decline", response_model=AlertState)
async def decline(
    request: Request, alert_id: Id, principal: Clinician, body: Noted, if_match: IfMatch = None
) -> Response:
    """Do not take what was offered; it is back with whom it was."""
    event = apply.Decline(by=principal.staff_id, rev=revision(if_match), teams=principal.team_ids, note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/escalate", response_model=AlertState)
async def escalate(
    request: Request, alert_id: Id, principal: Clinician, body: Noted, if_match: IfMatch = None
) -> Response:
    """Have whoever is next told now."""
    event = apply.Escalate(by=principal.staff_id, rev=revision(if_match), note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/note", response_model=AlertState)
async def note(
    request: Request, alert_id: Id, principal: Clinician, body: Remark, if_match: IfMatch = None
) -> Response:
    """Write something beside it."""
    event = apply.Note(by=principal.staff_id, rev=revision(if_match), note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/resolve", response_model=AlertState)
async def resolve(
    request: Request, alert_id: Id, principal: Clinician, body: Closing, if_match: IfMatch = None
) -> Response:
    """Close it, and say what it was, what had caused it and what was done."""
    event = apply.Resolve(
        by=principal.staff_id,
        rev=revision(if_match),
        outcome=body.outcome,
        cause=body.cause,
        action=body.action,
        note=body.note,
    )
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/undo", response_model=AlertState)
async def undo(request: Request, alert_id: Id, principal: Clinician, if_match: IfMatch = None) -> Response:
    """Take back what you did last, within ten seconds."""
    event = apply.Undo(by=principal.staff_id, rev=revision(if_match))
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/snooze", response_model=AlertState)
async def snooze(
    request: Request, alert_id: Id, principal: Clinician, body: Pause, if_match: IfMatch = None
) -> Response:
    """Pause it, for a time and a reason; it rings at once when it gets worse."""
    context, length = context_of(request), timedelta(minutes=body.minutes)
    rev = revision(if_match)
    async with borrow(context.pool) as conn:
        row = await alert_reads.find_alert(conn, AlertId(alert_id), principal.scope, context.clock.now())
    if row is not None and length > SNOOZED_AT_MOST[Priority(row.priority)]:
        raise _problem(HTTPStatus.UNPROCESSABLE_ENTITY, alert_refusals.too_long(row), row, context)
    event = apply.Snooze(by=principal.staff_id, rev=rev, until=context.clock.now() + length, reason=body.reason)
    return await _act(context, AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/offer", response_model=AlertState)
async def offer(
    request: Request, alert_id: Id, principal: Clinician, body: Recipient, if_match: IfMatch = None
) -> Response:
    """Ask a colleague or a team to take it; until they accept, it is with whom it was."""
    context = context_of(request)
    staff_id = None if body.staff is None else StaffId(body.staff)
    rev = revision(if_match)
    async with borrow(context.pool) as conn:
        row = await alert_reads.find_alert(conn, AlertId(alert_id), principal.scope, context.clock.now())
    if row is None:
        raise NotFound
    team_id = row.team_id if body.team is None else TeamId(body.team)
    event = apply.Offer(by=principal.staff_id, rev=rev, team_id=team_id, staff_id=staff_id, note=body.note)
    return await _act(context, AlertId(alert_id), principal, event)


async def _act(context: Context, alert_id: AlertId, principal: StaffPrincipal, event: apply.FromPeople) -> Response:
    """Apply what a person did; when the alert is not as they saw it, answer with how it is now."""
    refused = None
    async with borrow(context.pool) as conn:
        await apply.hold(conn, alert_id)
        now = context.clock.now()
        row = await alert_reads.find_alert(conn, alert_id, principal.scope, now)
        if row is None:
            await _say_where_it_went(conn, alert_id, principal)
            raise NotFound
        if isinstance(event, apply.Offer) and not await alert_reads.may_take(conn, row, event.team_id, event.staff_id):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "They do not care for this patient, or cannot take alerts.")
        try:
            await apply.apply_event(conn, alert_id, event, now)
        except Conflict:
            refused = await _why_stale(conn, row, event)
        except IllegalTransition:
            refused = alert_refusals.why_not
        row = await alert_reads.find_alert(conn, alert_id, principal.scope, now)
    if row is None:
        raise NotFound
    if refused is not None:
        raise _problem(HTTPStatus.CONFLICT, refused(row, event), row, context)
    return reply(alert_state(row, now.date()), headers={"ETag": f'"{row.rev}"'})


async def _why_stale(
    conn: Connection, row: AlertRow, event: apply.FromPeople
) -> Callable[[AlertRow, apply.FromPeople], Refusal]:
    """Return what says why somebody who saw an older revision is refused."""
    if await alert_reads.has_happened(conn, row, "went_over", event.rev):
        return alert_refusals.went_over
    answers = isinstance(event, apply.Accept | apply.Decline)
    if answers and await alert_reads.has_happened(conn, row, "returned", event.rev):
        return alert_refusals.ran_out
    return alert_refusals.stale


async def _say_where_it_went(conn: Connection, alert_id: AlertId, principal: StaffPrincipal) -> None:
    """Refuse whoever had an alert, or was offered it, and sees it no more since its patient went over to another team.

    They are told that, and nothing of the patient or of who has it.
    """
    if await alert_reads.went_from(conn, alert_id, principal.staff_id, principal.team_ids):
        said = alert_refusals.GONE
        raise Problem(HTTPStatus.CONFLICT, said.en, more={"reason": said.reason, "detail_sv": said.sv})


def _problem(status: HTTPStatus, refusal: Refusal, row: AlertRow, context: Context) -> Problem:
    """Return a refusal with the alert as it is."""
    more = {
        "reason": refusal.reason,
        "detail_sv": refusal.sv,
        "alert": alert_state(row, context.clock.now().date()),
    }
    return Problem(status, refusal.en, more=more, headers={"ETag": f'"{row.rev}"'})
