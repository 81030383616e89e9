"""`/api/patients/{id}/responsibility`: who answers now and in the next fourteen days, whom to turn to, and the baton.

A patient is offered by who may see them, and taken by who it is offered to, who may then see what is shown here too,
and nothing else before it is taken. Of two who accept, one does, and the other is told who.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from alerting import apply
from api.auth import Door
from api.context import Context, context_of
from api.duty_bodies import AnswerBody, CareBody, OfferBody
from api.duty_pages import ResponsibilityState, Subject, page, subject
from api.errors import Problem
from api.once import once
from api.preconditions import IdempotencyKey, IfMatch, idempotency, revision
from api.reasons import Reason
from api.replies import Id, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.duty.baton import (
    Accept,
    Answer,
    Baton,
    Decline,
    Event,
    Person,
    Return,
    Withdraw,
    is_offered_to,
    is_past,
)
from ward.duty.durations import HELD_FOR, LONGEST_HOLD, OFFER_STANDS
from ward.errors import Conflict, IllegalTransition, NotFound
from ward.people import PatientId, Role, StaffId, TeamId
from ward.store import audit, duty, duty_batons, duty_care, duty_layout, duty_schedules, sharing
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.duty_care import CareRow
from ward.store.pool import Connection

router = APIRouter(tags=["responsibility"])
MayResponsibilityChange = Annotated[StaffPrincipal, Depends(Door(Permission.RESPONSIBILITY_CHANGE))]
MayResponsibilityRead = Annotated[StaffPrincipal, Depends(Door(Permission.RESPONSIBILITY_READ))]


@router.get("/api/patients/{patient_id}/responsibility", response_model=ResponsibilityState)
async def get_responsibility(
    request: Request,
    patient_id: Id,
    principal: MayResponsibilityRead,
) -> Response:
    """Show who answers for a patient, now and ahead; the revision of what routes them is the ETag."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        whose = await subject(conn, patient_id, principal, now)
        state = await page(conn, whose, now)
    return reply(state, headers={"ETag": f'"{state["rev"]}"'})


@router.put("/api/patients/{patient_id}/responsibility", response_model=ResponsibilityState)
async def put_care(
    request: Request,
    patient_id: Id,
    principal: MayResponsibilityChange,
    body: CareBody,
    if_match: IfMatch = None,
) -> Response:
    """Say what routes a patient: the unit, the needs, the named nurse and doctor. It is laid out anew."""
    context, seen = context_of(request), revision(if_match)
    async with borrow(context.pool) as conn:
        whose = await _seen(conn, patient_id, principal, context.clock.now())
        await _check_unit(conn, whose, body, principal)
        await _check_named(conn, body)
        wanted = CareRow(
            stay_id=whose.stay_id,
            policy_id=body.unit_id,
            nurse_id=None if body.nurse_id is None else StaffId(body.nurse_id),
            doctor_id=None if body.doctor_id is None else StaffId(body.doctor_id),
            needs=sorted(body.needs),
            rev=seen,
        )
        now = await _hold(conn, whose, context)
        before = await duty.holder(conn, whose.stay_id, now)
        if not await duty_care.save_care(conn, wanted):
            raise Problem(HTTPStatus.CONFLICT, "Somebody else has saved this since you saw it.")
        await _note(conn, principal, whose, Action.CARE_SAVED, now, {"unit_id": body.unit_id})
        await duty_layout.lay(conn, [whose.stay_id], now)
        await apply.go_over(conn, whose.stay_id, before.team_id, now)
        state = await page(conn, whose, now)
    return reply(state, headers={"ETag": f'"{state["rev"]}"'})


@router.post(
    "/api/patients/{patient_id}/responsibility/offer",
    response_model=ResponsibilityState,
    status_code=HTTPStatus.CREATED,
)
async def offer(
    request: Request,
    patient_id: Id,
    principal: MayResponsibilityChange,
    body: OfferBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Offer a patient to a team, or one person of it. Until it is taken nothing changes."""
    context = context_of(request)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        whose = await _seen(conn, patient_id, principal, context.clock.now())
        now = await _hold(conn, whose, context)
        whose = await _seen(conn, patient_id, principal, now)
        done = await once(conn, key, now, lambda: _offer(conn, whose, body, principal, now))
        state = await page(conn, whose, now)
    return reply(state, status=done.status)


@router.post("/api/patients/{patient_id}/responsibility/accept", response_model=ResponsibilityState)
async def accept(
    request: Request,
    patient_id: Id,
    principal: MayResponsibilityChange,
    body: AnswerBody,
    if_match: IfMatch = None,
) -> Response:
    """Take a patient that is offered to the caller or a team of theirs: from now on they answer."""
    event = Accept(by=_person(principal), rev=revision(if_match))
    return await _answer(request, patient_id, principal, body, event)


@router.post("/api/patients/{patient_id}/responsibility/decline", response_model=ResponsibilityState)
async def decline(
    request: Request,
    patient_id: Id,
    principal: MayResponsibilityChange,
    body: AnswerBody,
    if_match: IfMatch = None,
) -> Response:
    """Do not take a patient; they stay with who has them."""
    event = Decline(by=_person(principal), rev=revision(if_match))
    return await _answer(request, patient_id, principal, body, event)


@router.post("/api/patients/{patient_id}/responsibility/withdraw", response_model=ResponsibilityState)
async def withdraw(
    request: Request,
    patient_id: Id,
    principal: MayResponsibilityChange,
    body: AnswerBody,
    if_match: IfMatch = None,
) -> Response:
    """Take an offer of one's own back."""
    event = Withdraw(by=_person(principal), rev=revision(if_match))
    return await _answer(request, patient_id, principal, body, event)


@router.post("/api/patients/{patient_id}/responsibility/return", response_model=ResponsibilityState)
async def give_back(
    request: Request,
    patient_id: Id,
    principal: MayResponsibilityChange,
    body: AnswerBody,
    if_match: IfMatch = None,
) -> Response:
    """Give a patient that was taken back to the schedule, before its time."""
    event = Return(by=_person(principal), rev=revision(if_match))
    return await _answer(request, patient_id, principal, body, event)


def _person(principal: StaffPrincipal) -> Person:
    return Person(staff_id=principal.staff_id, team_ids=frozenset(principal.team_ids))


async def _still(conn: Connection, whose: Subject, principal: StaffPrincipal, now: datetime) -> Subject:
    """Return the patient as the caller may see them now; who just gave them back or declined sees the answer."""
    try:
        return await subject(conn, whose.patient_id, principal, now)
    except NotFound:
        return replace(whose, visible=False)


async def _seen(conn: Connection, patient_id: int, principal: StaffPrincipal, now: datetime) -> Subject:
    """Return a patient whom the caller may see without an offer."""
    whose = await subject(conn, patient_id, principal, now)
    if not whose.visible:
        raise NotFound
    return whose


async def _check_unit(conn: Connection, whose: Subject, body: CareBody, principal: StaffPrincipal) -> None:
    """Refuse a unit that does not exist, or another organisation's: nobody is given a patient without accepting."""
    if body.unit_id is None or body.unit_id == (await duty_care.care(conn, whose.stay_id)).policy_id:
        return
    await duty_care.share_routes(conn, body.unit_id)
    unit = await duty_care.policy(conn, body.unit_id)
    if unit is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"There is no unit {body.unit_id}.")
    if unit.organisation_id != principal.organisation_id:
        detail = "A patient is taken into a unit by its own organisation. Offer them to a team of it."
        raise Problem(HTTPStatus.FORBIDDEN, detail)


async def _check_named(conn: Connection, body: CareBody) -> None:
    """Refuse named people who cannot log in or have another role."""
    roles = await duty_schedules.roles(conn, [body.nurse_id, body.doctor_id])
    if body.nurse_id is not None and roles.get(body.nurse_id) is not Role.NURSE:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{body.nurse_id} is not a nurse who can log in.")
    if body.doctor_id is not None and roles.get(body.doctor_id) is not Role.DOCTOR:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{body.doctor_id} is not a doctor who can log in.")


async def _offer(conn: Connection, whose: Subject, body: OfferBody, principal: StaffPrincipal, now: datetime) -> int:
    team_id, staff_id = TeamId(body.team_id), None if body.staff_id is None else StaffId(body.staff_id)
    if await duty_schedules.team(conn, team_id) is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"There is no team {team_id}.")
    if await sharing.blocks_team(conn, whose.patient_id, team_id):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The patient has a block against that team.")
    if staff_id is not None and not await duty_batons.is_member(conn, team_id, staff_id):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{staff_id} is not in that team, or cannot log in.")
    stands = OFFER_STANDS if body.stands_min is None else timedelta(minutes=body.stands_min)
    held_until = now + HELD_FOR if body.held_until is None else body.held_until
    if not now + stands < held_until <= now + LONGEST_HOLD:
        most = LONGEST_HOLD.days
        detail = f"A patient is held longer than the offer stands, and at most {most} days."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    baton = Baton(
        stay_id=whose.stay_id,
        rev=1,
        to_team=team_id,
        to_staff=staff_id,
        offered_by=principal.staff_id,
        offered_at=now,
        expires_at=now + stands,
        held_until=held_until,
        note=body.note,
    )
    await duty_batons.time_out_of(conn, whose.stay_id, now)
    number = await duty_batons.offer(conn, baton)
    if number is None:
        more = {"responsibility": await page(conn, whose, now)}
        raise Problem(HTTPStatus.CONFLICT, "The patient is offered to somebody already.", more=more)
    await _note(conn, principal, whose, Action.BATON_OFFERED, now, {"baton_id": number})
    return number


async def _answer(
    request: Request, patient_id: int, principal: StaffPrincipal, body: AnswerBody, event: Event
) -> Response:
    """Apply what somebody did; when somebody else was first, answer with how it is now."""
    context = context_of(request)
    refusal: tuple[str, Reason] | None = None
    async with borrow(context.pool) as conn:
        whose = await _asked(conn, patient_id, principal, body.baton_id, context)
        now = await _hold(conn, whose, context)
        before = await duty.holder(conn, whose.stay_id, now)
        try:
            baton = await duty_batons.apply_event(conn, whose.stay_id, body.baton_id, event, now)
            detail: dict[str, object] = {"baton_id": body.baton_id, "answer": baton.answer or "returned"}
            await _note(conn, principal, whose, Action.BATON_ANSWERED, now, detail)
        except Conflict:
            row = await duty_batons.lock(conn, whose.stay_id, body.baton_id)
            refusal = _why_not(None if row is None else row.baton(), now)
        except IllegalTransition as error:
            refusal = f"It cannot be done: {error}.", Reason.NOT_NOW
        await apply.go_over(conn, whose.stay_id, before.team_id, now)
        state = await page(conn, await _still(conn, whose, principal, now), now)
    if refusal is not None:
        said, reason = refusal
        raise Problem(HTTPStatus.CONFLICT, said, reason=reason, more={"responsibility": state})
    return reply(state)


async def _hold(conn: Connection, whose: Subject, context: Context) -> datetime:
    """Hold the stay, and return the present: what was waited for is past by then."""
    await duty_layout.hold(conn, [whose.stay_id])
    return context.clock.now()


async def _asked(
    conn: Connection, patient_id: int, principal: StaffPrincipal, baton_id: int, context: Context
) -> Subject:
    """Return the patient of an offer; who was offered them, and is no more, is told what became of that."""
    now = context.clock.now()
    try:
        return await subject(conn, patient_id, principal, now)
    except NotFound:
        row = await duty_batons.of_patient(conn, PatientId(patient_id), baton_id)
        if row is None or not is_offered_to(row.baton(), _person(principal)) or not is_past(row.baton(), now):
            raise
        said, reason = _why_not(row.baton(), now)
        raise Problem(HTTPStatus.CONFLICT, said, reason=reason) from None


def _why_not(baton: Baton | None, now: datetime) -> tuple[str, Reason]:
    """Say what became of an offer that somebody answers too late."""
    if baton is not None and baton.answer is Answer.LAPSED:
        return "The patient has gone over to another team since, and the offer with them.", Reason.WENT_OVER
    if baton is not None and is_past(baton, now) and baton.answer in {None, Answer.TIMED_OUT}:
        return "The offer has run out: nobody answered in time.", Reason.RAN_OUT
    return "Somebody else has answered it before you, or it was taken back.", Reason.ANSWERED


async def _note(
    conn: Connection,
    principal: StaffPrincipal,
    whose: Subject,
    action: Action,
    now: datetime,
    detail: dict[str, object],
) -> None:
    deed = Deed(action=action, patient_id=whose.patient_id, stay_id=whose.stay_id, detail=detail)
    await audit.write(conn, principal.actor, deed, now)
