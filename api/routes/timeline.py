"""`/api/patients/{id}/events`: notes, visits, changes of medication, marks, readings, check-ins on one timeline.

Nothing is edited: who was mistaken says so with a reason, and may write what is right instead. Reading is noted, so
that everybody sees who knows. What is entered by hand comes in by `api.routes.by_hand`.
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
from api.errors import Problem
from api.once import once
from api.preconditions import IdempotencyKey, idempotency
from api.reasons import Reason
from api.replies import Cursor, Id, cursor_after, reply
from api.routes.patients import find_seat
from api.timeline_bodies import EntryBody, ErrorBody, MedicationBody, ReadBody, kind_of, remind_at
from api.timeline_states import EventPage, Kind, TimelineEvent, event_states
from ward.access.permissions import Permission
from ward.access.principals import Principal, StaffPrincipal
from ward.clock import to_us
from ward.errors import NotFound
from ward.people import Role, StaffId, StayId
from ward.store import audit, care_events, duty_schedules, people
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.care_events import Entry, Row, Wanted
from ward.store.pool import Connection
from ward.store.tiles import Seat
from ward.timeline import Author, EntryKind, TimeFault, time_fault
from ward.vitals import BY_CODE

router = APIRouter(tags=["timeline"])
MayTimelineRead = Annotated[StaffPrincipal, Depends(Door(Permission.TIMELINE_READ))]
MayTimelineWrite = Annotated[StaffPrincipal, Depends(Door(Permission.TIMELINE_WRITE))]
_TIMES = {
    TimeFault.AHEAD: "It cannot have happened at a time that lies ahead.",
    TimeFault.BEFORE_STAY: "The time lies before the patient's stay began.",
}


class EventsQuery(BaseModel):
    """Which lines; without `kind`, all of them."""

    model_config = ConfigDict(extra="forbid")

    kind: list[Kind] = Field(default=[], max_length=8)
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One request about one patient's timeline, in one transaction."""

    conn: Connection
    seat: Seat
    principal: Principal
    now: datetime

    @property
    def stay_id(self) -> StayId:
        """The stay in progress."""
        return self.seat.stay_id

    @property
    def staff_id(self) -> StaffId | None:
        """The member of staff who asks, None for a patient."""
        return self.principal.staff_id if isinstance(self.principal, StaffPrincipal) else None

    @property
    def author(self) -> Author:
        """Who writes what is written here."""
        return Author.PATIENT if self.staff_id is None else Author.STAFF

    async def note(self, action: Action, detail: dict[str, object], reason: str | None = None) -> None:
        """Write into the audit what is done here."""
        deed = Deed(
            action=action, patient_id=self.seat.patient_id, stay_id=self.seat.stay_id, reason=reason, detail=detail
        )
        await audit.write(self.conn, self.principal.actor, deed, self.now)


@router.get("/api/patients/{patient_id}/events", response_model=EventPage)
async def get_events(
    request: Request,
    patient_id: Id,
    principal: MayTimelineRead,
    query: Annotated[EventsQuery, Query()],
) -> Response:
    """Show the timeline of the stay in progress, the newest first."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        wanted = Wanted(stay_id=seat.stay_id, kinds=query.kind, before_us=query.cursor, limit=query.limit)
        rows = await care_events.find(conn, wanted)
        receipts = await care_events.receipts(conn, seat.stay_id, [row.event_id for row in rows if row.event_id])
    following = cursor_after(to_us(rows[-1].occurred_at)) if len(rows) >= query.limit else None
    return reply({"items": event_states(rows, receipts, principal.staff_id), "next": following})


@router.post("/api/patients/{patient_id}/events", response_model=TimelineEvent, status_code=HTTPStatus.CREATED)
async def post_event(
    request: Request,
    patient_id: Id,
    principal: MayTimelineWrite,
    body: Annotated[EntryBody, Body()],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Write an entry: a note, a visit done or planned, a change of medication, a mark."""
    context = context_of(request)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        desk = Desk(conn=conn, seat=seat, principal=principal, now=context.clock.now())
        done = await once(conn, key, desk.now, lambda: _write(desk, body, None))
        state = await shown(desk, done.number)
    return reply(state, status=done.status)


@router.get("/api/patients/{patient_id}/events/{event_id}", response_model=TimelineEvent)
async def get_event(request: Request, patient_id: Id, event_id: Id, principal: MayTimelineRead) -> Response:
    """Show one entry and who has read it."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        return reply(await shown(Desk(conn=conn, seat=seat, principal=principal, now=context.clock.now()), event_id))


@router.post("/api/patients/{patient_id}/events/{event_id}/error", response_model=TimelineEvent)
async def put_in_error(
    request: Request,
    patient_id: Id,
    event_id: Id,
    principal: MayTimelineWrite,
    body: ErrorBody,
) -> Response:
    """Say that an entry was made in error, and write what is right instead. It stays, and so does who has read it."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        desk = Desk(conn=conn, seat=seat, principal=principal, now=context.clock.now())
        row = await _entry(desk, event_id)
        if body.instead is not None and kind_of(body.instead) != row.kind:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"What is right instead is a {row.kind} as well.",
                reason=Reason.OTHER_KIND,
            )
        if not await care_events.put_in_error(conn, seat.stay_id, event_id, principal.staff_id, body.reason, desk.now):
            more = {"event": await shown(desk, event_id)}
            raise Problem(HTTPStatus.CONFLICT, "Somebody has said so already.", reason=Reason.IN_ERROR, more=more)
        if row.kind == EntryKind.READINGS:
            await _take_out(desk, row)
        number = None if body.instead is None else await _write(desk, body.instead, event_id)
        await desk.note(Action.EVENT_IN_ERROR, {"event_id": event_id, "instead": number}, body.reason)
        state = await shown(desk, event_id)
    return reply(state)


@router.post("/api/patients/{patient_id}/events/read", response_model=EventPage)
async def read(request: Request, patient_id: Id, principal: MayTimelineWrite, body: ReadBody) -> Response:
    """Say that the caller has read these entries; the first time counts."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        now = context.clock.now()
        await care_events.read(conn, seat.stay_id, body.event_ids, principal.staff_id, now)
        found = [await care_events.find_one(conn, seat.stay_id, each) for each in sorted(set(body.event_ids))]
        rows = [row for row in found if row is not None]
        receipts = await care_events.receipts(conn, seat.stay_id, body.event_ids)
    return reply({"items": event_states(rows, receipts, principal.staff_id), "next": None})


def occurred(kind: EntryKind, at: datetime | None, started_at: datetime, now: datetime) -> datetime:
    """Return when something happened, now where nobody said.

    Raises
    ------
    Problem
        422 where it cannot have.
    """
    found = now if at is None else at
    fault = time_fault(kind, found, started_at, now)
    if fault is not None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _TIMES[fault], reason=fault)
    return found


async def started_at(conn: Connection, stay_id: StayId) -> datetime:
    """Return when a stay began."""
    person = await people.read_person(conn, stay_id)
    if person is None:
        raise NotFound
    return person.started_at


async def shown(desk: Desk, event_id: int) -> TimelineEvent:
    """Return one entry as it goes out."""
    row = await _entry(desk, event_id)
    receipts = await care_events.receipts(desk.conn, desk.stay_id, [event_id])
    return event_states([row], receipts, desk.staff_id)[0]


async def _entry(desk: Desk, event_id: int) -> Row:
    row = await care_events.find_one(desk.conn, desk.stay_id, event_id)
    if row is None:
        raise NotFound
    return row


async def _write(desk: Desk, body: EntryBody, corrects: int | None) -> int:
    kind = kind_of(body)
    at = occurred(kind, body.occurred_at, await started_at(desk.conn, desk.stay_id), desk.now)
    remind = remind_at(body)
    if remind is not None and remind <= desk.now:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A reminder lies ahead.", reason=Reason.NOT_AHEAD)
    medication = body.medication() if isinstance(body, MedicationBody) else None
    if medication is not None and medication.prescriber_id is not None:
        roles = await duty_schedules.roles(desk.conn, [medication.prescriber_id])
        if roles.get(medication.prescriber_id) is not Role.DOCTOR:
            detail = f"{medication.prescriber_id} is not a doctor who can log in."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, reason=Reason.NO_PRESCRIBER)
    entry = Entry(
        stay_id=desk.stay_id,
        kind=kind,
        occurred_at=at,
        author=desk.author,
        staff_id=desk.staff_id,
        words=body.words,
        medication=medication,
        remind_at=remind,
        corrects=corrects,
    )
    number = await care_events.add(desk.conn, entry, desk.now)
    await desk.note(Action.EVENT_WRITTEN, {"event_id": number, "kind": kind.value})
    return number


async def _take_out(desk: Desk, row: Row) -> None:
    """Take the values of an entry in error out of the readings."""
    from ward.store import manual_readings  # noqa: PLC0415 - it brings numpy, which the api is spared until then

    values = row.detail.get("values")
    named = {each["kind"] for each in values} if isinstance(values, list) else set()
    codes = [code for code, vital in BY_CODE.items() if vital.kind.value in named]
    await manual_readings.take_out(desk.conn, desk.stay_id, codes, row.occurred_at, desk.now)
