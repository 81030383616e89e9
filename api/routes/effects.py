"""`/api/patients/{id}/effect?event=`, `/api/effect-reports`: what a change of medication did, told to who ordered it.

Computed from the readings whenever somebody looks; what is sent is frozen as it was then. The prescriber sees the
reports sent to them, says that they have seen one, and answers it once.
"""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Door
from api.context import context_of
from api.effect_states import EffectPage, ReportAnswer, ReportBody, ReportPage, ReportState, effect_page, report_state
from api.errors import Problem
from api.once import once
from api.preconditions import IdempotencyKey, IfMatch, idempotency, revision
from api.reasons import Reason
from api.replies import Cursor, Id, cursor_after, reply
from api.routes.patients import find_seat
from api.routes.timeline import started_at
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.clock import from_us
from ward.effect import STEP, Lens, Points, effect, lens, windows
from ward.errors import NotFound
from ward.people import Role, StaffId, StayId
from ward.store import audit, care_events, duty_schedules, effects, series
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.effects import NewReport, ReportRow, Wanted
from ward.store.pool import Connection
from ward.store.series import Span
from ward.store.tiles import Seat
from ward.timeline import EntryKind
from ward.vitals import BY_CODE, VITALS, VitalKind

router = APIRouter(tags=["effects"])
MayEffects = Annotated[StaffPrincipal, Depends(Door(Permission.EFFECTS))]
Event = Annotated[Id, Query(description="The change of medication on the patient's timeline")]


class ReportsQuery(BaseModel):
    """Which of the reports sent to the caller."""

    model_config = ConfigDict(extra="forbid")

    answered: bool | None = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was computed, and who prescribed it."""

    page: EffectPage
    prescriber_id: StaffId | None


@router.get("/api/patients/{patient_id}/effect", response_model=EffectPage)
async def get_effect(request: Request, patient_id: Id, principal: MayEffects, event: Event) -> Response:
    """Show what a change of medication did: chosen vitals before and after, and after how long."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        found = await effect_of(conn, seat.stay_id, event, context.clock.now())
    return reply(found.page)


@router.post("/api/patients/{patient_id}/effect", response_model=ReportState, status_code=HTTPStatus.CREATED)
async def post_report(
    request: Request,
    patient_id: Id,
    principal: MayEffects,
    event: Event,
    body: Annotated[ReportBody, Body(default_factory=ReportBody)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Report back what a change did to who prescribed it, as it is known now."""
    context = context_of(request)
    now = context.clock.now()
    key = idempotency(idempotency_key, principal, f"{request.url.path}?event={event}", body)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        done = await once(conn, key, now, lambda: _report(conn, seat, event, body, principal, now))
        rows = await effects.of_event(conn, seat.stay_id, event)
    state = next(report_state(row) for row in rows if row.report_id == done.number)
    return reply(state, status=done.status)


@router.get("/api/effect-reports", response_model=ReportPage)
async def get_reports(request: Request, principal: MayEffects, query: Annotated[ReportsQuery, Query()]) -> Response:
    """List the reports that were sent to the caller, the newest first; none that a block hides from them."""
    context = context_of(request)
    wanted = Wanted(
        prescriber_id=principal.staff_id,
        scope=principal.scope,
        answered=query.answered,
        before=query.cursor,
        limit=query.limit + 1,
    )
    async with borrow(context.pool) as conn:
        rows = await effects.to_prescriber(conn, wanted, context.clock.now())
    page = rows[: query.limit]
    following = cursor_after(page[-1].report_id) if len(rows) > query.limit else None
    return reply({"items": [report_state(row) for row in page], "next": following})


@router.post("/api/effect-reports/{report_id}/seen", response_model=ReportState)
async def see(request: Request, report_id: Id, principal: MayEffects) -> Response:
    """Say that the caller has seen a report that was sent to them; the first time counts."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await _mine(conn, principal, report_id, now)
        if await effects.see(conn, principal.staff_id, report_id, now):
            row = await _mine(conn, principal, report_id, now)
            await _note(conn, principal, row, "seen", now)
        return _shown(row)


@router.post("/api/effect-reports/{report_id}/answer", response_model=ReportState)
async def answer(
    request: Request, report_id: Id, principal: MayEffects, body: ReportAnswer, if_match: IfMatch = None
) -> Response:
    """Answer a report that was sent to the caller, once: all is well so, or something is to be adjusted."""
    context = context_of(request)
    now, rev = context.clock.now(), revision(if_match)
    async with borrow(context.pool) as conn:
        await _mine(conn, principal, report_id, now)
        done = await effects.answer(conn, principal.staff_id, report_id, rev, body.answer, body.note, now)
        row = await _mine(conn, principal, report_id, now)
        if not done:
            detail = "It is answered already." if row.answer else "It has changed since you saw it."
            raise Problem(
                HTTPStatus.CONFLICT,
                detail,
                reason=Reason.ANSWERED,
                more={"report": report_state(row)},
                headers=_etag(row),
            )
        await _note(conn, principal, row, body.answer, now)
    return _shown(row)


async def effect_of(conn: Connection, stay_id: StayId, event_id: int, now: datetime) -> Found:
    """Return what a change of medication has done as far as is known now.

    Raises
    ------
    NotFound
        If the stay has no such entry.
    Problem
        If it is no change of medication, or in error.
    """
    row = await care_events.find_one(conn, stay_id, event_id)
    if row is None:
        raise NotFound
    if row.kind != EntryKind.MEDICATION:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This is no change of medication.", reason=Reason.NO_MEDICATION)
    if row.error_at is not None:
        raise Problem(HTTPStatus.CONFLICT, "This was entered in error.", reason=Reason.IN_ERROR)
    medication = care_events.medication(row)
    looked = lens(medication.drug_class, medication.watch)
    when = windows(looked, row.occurred_at, await started_at(conn, stay_id), now)
    before = await _points(conn, stay_id, looked, when.start, when.at)
    late = await _points(conn, stay_id, looked, when.at, when.until)
    found = [effect(kind, to, before.get(kind, ()), late.get(kind, ()), when) for kind, to in looked.watched.items()]
    others = await care_events.medications(conn, stay_id, when.start, when.until)
    also = [each.event_id for each in others if each.event_id is not None and each.event_id != event_id]
    reports = await effects.of_event(conn, stay_id, event_id)
    page = effect_page(row, medication, when, found, also, reports)
    return Found(page=page, prescriber_id=medication.prescriber_id)


async def _points(
    conn: Connection, stay_id: StayId, looked: Lens, start: datetime, end: datetime
) -> dict[VitalKind, Points]:
    """Return the values of each kind within [start, end), as means of `STEP`; none is said to be from before."""
    if start >= end:
        return {}
    kinds = [VITALS[kind].code for kind in looked.watched]
    return {
        BY_CODE[each.kind].kind: [
            (max(start, from_us(at * 1000)), mean) for at, mean in zip(each.t_ms, each.mean, strict=True)
        ]
        for each in await series.read_buckets(conn, Span(stay_id=stay_id, kinds=kinds, start=start, end=end), STEP)
    }


async def _report(
    conn: Connection, seat: Seat, event_id: int, body: ReportBody, principal: StaffPrincipal, now: datetime
) -> int:
    found = await effect_of(conn, seat.stay_id, event_id, now)
    to = found.prescriber_id if body.prescriber_id is None else StaffId(body.prescriber_id)
    if to is None or (await duty_schedules.roles(conn, [to])).get(to) is not Role.DOCTOR:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Name a doctor who can log in as the prescriber.",
            reason=Reason.NO_PRESCRIBER,
        )
    if not await effects.may_be_told(conn, seat.stay_id, to, now):
        detail = "The patient has a block against the prescriber, or has not consented to telling that organisation."
        raise Problem(HTTPStatus.CONFLICT, detail, reason=Reason.BLOCKED)
    new = NewReport(
        stay_id=seat.stay_id,
        event_id=event_id,
        prescriber_id=to,
        sent_by=principal.staff_id,
        line_sv=found.page["sv"],
        line_en=found.page["en"],
        report={"effects": found.page["effects"]},
    )
    number = await effects.send(conn, new, now)
    deed = Deed(
        action=Action.EFFECT_REPORTED,
        patient_id=seat.patient_id,
        stay_id=seat.stay_id,
        detail={"event_id": event_id, "report_id": number, "prescriber_id": to},
    )
    await audit.write(conn, principal.actor, deed, now)
    return number


async def _mine(conn: Connection, principal: StaffPrincipal, report_id: int, now: datetime) -> ReportRow:
    row = await effects.one(conn, principal.staff_id, principal.scope, report_id, now)
    if row is None:
        raise NotFound
    return row


async def _note(conn: Connection, principal: StaffPrincipal, row: ReportRow, said: str, now: datetime) -> None:
    detail: dict[str, object] = {"report_id": row.report_id, "answer": said}
    deed = Deed(action=Action.EFFECT_ANSWERED, patient_id=row.patient_id, stay_id=row.stay_id, detail=detail)
    await audit.write(conn, principal.actor, deed, now)


def _etag(row: ReportRow) -> dict[str, str]:
    return {"ETag": f'"{row.rev}"'}


def _shown(row: ReportRow) -> Response:
    return reply(report_state(row), headers=_etag(row))
