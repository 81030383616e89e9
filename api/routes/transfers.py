"""`/api/patients/{id}/transfer`: the on-ramp home. Arranged by who answers in hospital, accepted by a team at home.

Until it is complete the hospital's team answers. Whoever it is arranged with sees what it waits for, and of the patient
nothing before it is complete. `If-Match` is the `rev` that was seen.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from alerting import apply
from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.preconditions import IfMatch, revision
from api.replies import Id, reply
from api.routes.patients import find_seat
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.duty.baton import Person
from ward.duty.onramp import Accept, Cancel, Decline, Event, Transfer, due_at, lacks
from ward.duty.routing import Policy
from ward.errors import Conflict, IllegalTransition, NotFound
from ward.people import PatientId, StayId, TeamId
from ward.store import audit, duty, duty_care, duty_layout, duty_schedules, duty_transfers, sharing
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.pool import Connection

router = APIRouter(tags=["responsibility"])
MayResponsibilityChange = Annotated[StaffPrincipal, Depends(Door(Permission.RESPONSIBILITY_CHANGE))]
MayResponsibilityRead = Annotated[StaffPrincipal, Depends(Door(Permission.RESPONSIBILITY_READ))]


class TransferBody(BaseModel):
    """Which team at home is to take the patient on: one that the patient's unit leads to."""

    model_config = ConfigDict(extra="forbid", strict=True)

    to_team: int


class TransferState(TypedDict):
    """A transfer: what it waits for (`acceptance`, `data`), since when the data is good, when that will be enough."""

    rev: int
    from_team: int
    to_team: int
    arranged_at: datetime
    accepted_at: datetime | None
    good_since: datetime | None
    waits_for: list[str]
    complete_at: datetime | None
    closed: str | None
    closed_at: datetime | None


@router.get("/api/patients/{patient_id}/transfer", response_model=TransferState)
async def get_transfer(request: Request, patient_id: Id, principal: MayResponsibilityRead) -> Response:
    """Show the newest transfer of the stay in progress."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        stay_id = await duty_transfers.stay_of(conn, PatientId(patient_id), principal.team_ids, now)
        if stay_id is None:
            stay_id = (await find_seat(conn, patient_id, principal.scope, context.clock)).stay_id
        found = await duty_transfers.newest(conn, stay_id)
    if found is None:
        raise NotFound
    return _reply(found, now, HTTPStatus.OK)


@router.post("/api/patients/{patient_id}/transfer", response_model=TransferState, status_code=HTTPStatus.CREATED)
async def post_transfer(
    request: Request, patient_id: Id, principal: MayResponsibilityChange, body: TransferBody
) -> Response:
    """Arrange that a patient goes home: the caller's team answers until the transfer is complete."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        await duty_layout.hold(conn, [seat.stay_id])
        now = context.clock.now()
        holder = await duty.holder(conn, seat.stay_id, now)
        if holder.team_id not in principal.team_ids:
            raise Problem(HTTPStatus.FORBIDDEN, "Only the team that answers for a patient arranges the way home.")
        if await sharing.blocks_team(conn, seat.patient_id, TeamId(body.to_team)):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The patient has a block against that team.")
        await _require_routed(conn, seat.stay_id, TeamId(body.to_team), now)
        wanted = Transfer(
            stay_id=seat.stay_id,
            rev=1,
            from_team=holder.team_id,
            to_team=TeamId(body.to_team),
            arranged_by=principal.staff_id,
            arranged_at=now,
        )
        if wanted.from_team == wanted.to_team or not await duty_transfers.arrange(conn, wanted):
            raise Problem(HTTPStatus.CONFLICT, "The patient is on the way already, or with that team.")
        await _note(conn, principal, patient_id, wanted, now)
    return _reply(wanted, now, HTTPStatus.CREATED)


@router.post("/api/patients/{patient_id}/transfer/accept", response_model=TransferState)
async def accept_transfer(
    request: Request, patient_id: Id, principal: MayResponsibilityChange, if_match: IfMatch = None
) -> Response:
    """Take the patient on; it counts from when two hours of good data have been seen."""
    return await _answer(request, patient_id, principal, Accept(by=_person(principal), rev=revision(if_match)))


@router.post("/api/patients/{patient_id}/transfer/decline", response_model=TransferState)
async def decline_transfer(
    request: Request, patient_id: Id, principal: MayResponsibilityChange, if_match: IfMatch = None
) -> Response:
    """Do not take the patient on, or not any more: the hospital keeps them, and may arrange another way."""
    return await _answer(request, patient_id, principal, Decline(by=_person(principal), rev=revision(if_match)))


@router.post("/api/patients/{patient_id}/transfer/cancel", response_model=TransferState)
async def cancel_transfer(
    request: Request, patient_id: Id, principal: MayResponsibilityChange, if_match: IfMatch = None
) -> Response:
    """Keep the patient in hospital after all."""
    return await _answer(request, patient_id, principal, Cancel(by=_person(principal), rev=revision(if_match)))


async def _answer(request: Request, patient_id: int, principal: StaffPrincipal, event: Event) -> Response:
    context = context_of(request)
    async with borrow(context.pool) as conn:
        asked_at = context.clock.now()
        stay_id = await duty_transfers.stay_of(conn, PatientId(patient_id), principal.team_ids, asked_at)
        if stay_id is None:
            raise NotFound
        await duty_layout.hold(conn, [stay_id])
        now = context.clock.now()
        before = await duty.holder(conn, stay_id, now)
        try:
            changed = await duty_transfers.apply_event(conn, stay_id, event, now)
        except Conflict as error:
            raise Problem(HTTPStatus.CONFLICT, "The transfer has changed since you saw it.") from error
        except IllegalTransition as error:
            raise Problem(HTTPStatus.CONFLICT, f"That cannot be said of this transfer: {error}.") from error
        await apply.go_over(conn, stay_id, before.team_id, now)
        await _note(conn, principal, patient_id, changed, now)
    return _reply(changed, now, HTTPStatus.OK)


def _person(principal: StaffPrincipal) -> Person:
    return Person(staff_id=principal.staff_id, team_ids=frozenset(principal.team_ids))


async def _require_routed(conn: Connection, stay_id: StayId, team_id: TeamId, now: datetime) -> None:
    """Refuse a team that nothing would lead to once the hospital lets go: the patient would be with somebody else."""
    care = await duty_care.care(conn, stay_id)
    unit = None if care.policy_id is None else await duty_care.policy(conn, care.policy_id)
    teams = await duty_schedules.on_duty(conn, now, now)
    if unit is None or team_id not in teams or not _leads(unit.policy(), team_id, teams[team_id].competences):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Give the patient a unit first, and a team that its routes lead to."
        )


def _leads(policy: Policy, team_id: TeamId, competences: frozenset[str]) -> bool:
    if policy.base_team_id == team_id:
        return True
    return any(route.team_id == team_id or route.competence in competences for route in policy.routes)


async def _note(
    conn: Connection, principal: StaffPrincipal, patient_id: int, transfer: Transfer, now: datetime
) -> None:
    detail = {"transfer_rev": transfer.rev, "to_team": transfer.to_team, "closed": transfer.closed}
    deed = Deed(action=Action.BATON_ANSWERED if transfer.rev > 1 else Action.BATON_OFFERED,
                patient_id=PatientId(patient_id), stay_id=transfer.stay_id, detail=detail)  # fmt: skip
    await audit.write(conn, principal.actor, deed, now)


def _reply(found: Transfer, now: datetime, status: HTTPStatus) -> Response:
    state = TransferState(
        rev=found.rev,
        from_team=found.from_team,
        to_team=found.to_team,
        arranged_at=found.arranged_at,
        accepted_at=found.accepted_at,
        good_since=found.good_since,
        waits_for=[] if found.closed is not None else list(lacks(found, now)),
        complete_at=due_at(found),
        closed=found.closed,
        closed_at=found.closed_at,
    )
    return reply(state, headers={"ETag": f'"{found.rev}"'}, status=status)
