"""`/api/patients/{id}/readings` and `…/check-ins`: values that people read off, and answers to the day's questions.

Stored as what devices send, so that scores, rules and charts count them; marked as entered by hand. A value that cannot
be taken is answered at once with what to do, and nothing of its entry is kept.
"""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.once import once
from api.preconditions import ForAccount, IdempotencyKey, idempotency, same_account
from api.reasons import Reason
from api.replies import Id, reply
from api.routes.patients import find_seat
from api.routes.timeline import Desk, occurred, shown, started_at
from api.timeline_bodies import CheckInBody, ReadingsBody
from api.timeline_states import AnswerState, TimelineEvent
from ward.access.permissions import Permission
from ward.access.principals import Principal, StaffPrincipal
from ward.clock import from_us, to_us
from ward.events import DeviceEvent, EventKind
from ward.manual import BY_HAND, BY_PATIENT, BY_STAFF, Refused, settle
from ward.store import care_events
from ward.store.audit import Action
from ward.store.borrow import borrow
from ward.store.care_events import Entry
from ward.timeline import ByHand, EntryKind
from ward.vitals import VitalKind

router = APIRouter(tags=["timeline"])
MayReadingsEnter = Annotated[Principal, Depends(Door(Permission.READINGS_ENTER))]
MayCheckInsAnswer = Annotated[Principal, Depends(Door(Permission.CHECK_INS_ANSWER))]
_OTHER_VALUE = "Another value of the same kind is kept for that time. Say that entry was made in error first."
_OTHER_ANSWERS = "Other answers are kept for that time."


class CheckInState(TypedDict):
    """Answers as they are kept."""

    occurred_at: datetime
    answers: list[AnswerState]


@router.post("/api/patients/{patient_id}/readings", response_model=TimelineEvent, status_code=HTTPStatus.CREATED)
async def post_readings(
    request: Request,
    patient_id: Id,
    principal: MayReadingsEnter,
    body: ReadingsBody,
    idempotency_key: IdempotencyKey = None,
    for_account: ForAccount = None,
) -> Response:
    """Enter values that somebody read off; NEWS2 and the rules of the plan count them as they count a device's."""
    same_account(for_account, principal)
    context = context_of(request)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        desk = Desk(conn=conn, seat=seat, principal=principal, now=context.clock.now())
        values = _settled(body, BY_STAFF if isinstance(principal, StaffPrincipal) else BY_PATIENT)
        done = await once(conn, key, desk.now, lambda: _enter(desk, body, values))
        state = await shown(desk, done.number)
    return reply(state, status=done.status)


@router.post("/api/patients/{patient_id}/check-ins", response_model=CheckInState, status_code=HTTPStatus.CREATED)
async def post_check_in(
    request: Request,
    patient_id: Id,
    principal: MayCheckInsAnswer,
    body: CheckInBody,
    idempotency_key: IdempotencyKey = None,
    for_account: ForAccount = None,
) -> Response:
    """Answer the day's questions; answers that worry call for the team as a device's would."""
    same_account(for_account, principal)
    context = context_of(request)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        desk = Desk(conn=conn, seat=seat, principal=principal, now=context.clock.now())
        done = await once(conn, key, desk.now, lambda: _answer(desk, body))
    answers = [{"question": each.question, "answer": each.answer} for each in body.answers]
    return reply({"occurred_at": from_us(done.number), "answers": answers}, status=done.status)


def _settled(body: ReadingsBody, allowed: frozenset[VitalKind]) -> list[ByHand]:
    """Return the values in their own units; refuse all where one cannot be taken."""
    found = [settle(each.typed(), allowed) for each in body.values]
    refused = [each for each in found if isinstance(each, Refused)]
    if refused:
        faults = [
            {"kind": each.kind.value, "fault": each.fault.value, "sv": each.sv, "en": each.en} for each in refused
        ]
        said = "; ".join(each.en for each in refused)
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"It cannot be taken: {said}.",
            reason=Reason.NOT_BELIEVED,
            more={"faults": faults},
        )
    return [each for each in found if isinstance(each, ByHand)]


async def _enter(desk: Desk, body: ReadingsBody, values: Sequence[ByHand]) -> int:
    from ward.store import manual_readings  # noqa: PLC0415 - it brings numpy, which the api is spared until then

    at = occurred(EntryKind.READINGS, body.occurred_at, await started_at(desk.conn, desk.stay_id), desk.now)
    entry = Entry(
        stay_id=desk.stay_id,
        kind=EntryKind.READINGS,
        occurred_at=at,
        author=desk.author,
        staff_id=desk.staff_id,
        words=body.words,
        values=tuple(values),
    )
    number = await care_events.add(desk.conn, entry, desk.now)
    if not await manual_readings.add(desk.conn, desk.stay_id, values, at, desk.author, desk.now):
        raise Problem(HTTPStatus.CONFLICT, _OTHER_VALUE, reason=Reason.OTHER_VALUE)
    kinds = [each.kind.value for each in values]
    await desk.note(Action.READINGS_ENTERED, {"event_id": number, "kinds": kinds})
    return number


async def _answer(desk: Desk, body: CheckInBody) -> int:
    """Keep answers and return when they were given, which is their key; the same answers again are kept once."""
    from ward.store import device_events  # noqa: PLC0415 - it brings numpy, which the api is spared until then

    at = occurred(EntryKind.NOTE, body.occurred_at, await started_at(desk.conn, desk.stay_id), desk.now)
    answers = tuple(each.given() for each in body.answers)
    event = DeviceEvent(kind=EventKind.CHECK_IN, occurred_at=at, answers=answers)
    row = device_events.EventRow(stay_id=desk.stay_id, device_no=BY_HAND, received_at=desk.now, event=event)
    if (await device_events.insert(desk.conn, [row])).conflicts:
        raise Problem(HTTPStatus.CONFLICT, _OTHER_ANSWERS, reason=Reason.OTHER_ANSWERS)
    await desk.note(Action.CHECK_IN_ANSWERED, {"questions": len(answers)})
    return to_us(at)
