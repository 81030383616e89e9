"""`/api/patients/{id}/consents|blocks|protection`: what the patient has said of who may see them.

Said by the patient, or on their word by the team that answers for them now; nobody else who sees the patient, by
consent or by an emergency, changes who does. What follows from it is `ward.store.access`. A block against who answers
is refused: an alert must never go to somebody who cannot see its patient.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, model_validator
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.reasons import Reason
from api.replies import Id, reply
from api.routes.patients import find_seat
from ward.access.permissions import Permission
from ward.access.principals import Principal, StaffPrincipal
from ward.clock import Clock
from ward.errors import NotFound
from ward.people import OrganisationId, TeamId
from ward.store import audit, duty_layout, sharing
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.sharing import Against, BlockRow, ConsentRow, UnitRow
from ward.store.tiles import Seat

router = APIRouter(tags=["sharing"])
MaySharingRead = Annotated[Principal, Depends(Door(Permission.SHARING_READ))]
MaySharingChange = Annotated[Principal, Depends(Door(Permission.SHARING_CHANGE))]
MayProtectionChange = Annotated[StaffPrincipal, Depends(Door(Permission.PROTECTION_CHANGE))]


class Consent(BaseModel):
    """The organisation that may see what it needs to care."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"organisation_id": 2}]})

    organisation_id: Id


class Block(BaseModel):
    """Whom the block is against: a team, or another organisation as a whole."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"team_id": 3}]})

    team_id: Id | None = None
    organisation_id: Id | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.team_id is None) == (self.organisation_id is None):
            raise ValueError("give a team or an organisation, one of them")
        return self

    def against(self) -> Against:
        """Return whom it is against."""
        return Against(
            team_id=None if self.team_id is None else TeamId(self.team_id),
            organisation_id=None if self.organisation_id is None else OrganisationId(self.organisation_id),
        )


class Protection(BaseModel):
    """Whether the patient's identity is protected (skyddad folkbokföring)."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"protected": True}]})

    protected: bool


class ConsentState(TypedDict):
    """A consent and its history."""

    consent_id: int
    organisation_id: int
    organisation: str
    given_at: datetime
    withdrawn_at: datetime | None


class ConsentList(TypedDict):
    """Every consent of a patient, the newest first."""

    items: list[ConsentState]


class BlockState(TypedDict):
    """A block and its history; `name` is the team's or the organisation's."""

    block_id: int
    team_id: int | None
    organisation_id: int | None
    name: str
    set_at: datetime
    lifted_at: datetime | None


class BlockList(TypedDict):
    """Every block of a patient, the newest first."""

    items: list[BlockState]


class BlockableState(TypedDict):
    """A team, or another organisation as a whole (`team_id` null), and why a block against it may not be set now.

    `answers`: it answers for the patient now or ahead, or is offered them; `blocked`: there is a block in force.
    """

    organisation_id: int
    organisation: str
    team_id: int | None
    name: str
    answers: bool
    blocked: bool


class BlockableList(TypedDict):
    """Whom a patient can block, the patient's own organisation first."""

    items: list[BlockableState]


class ProtectionState(TypedDict):
    """Whether the identity is protected."""

    patient_id: int
    protected: bool


@router.get("/api/patients/{patient_id}/consents", response_model=ConsentList)
async def get_consents(request: Request, patient_id: Id, principal: MaySharingRead) -> Response:
    """List the consents of a patient to share with other organisations, with their history."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        return reply(await _consents(conn, seat))


@router.post("/api/patients/{patient_id}/consents", response_model=ConsentList, status_code=HTTPStatus.CREATED)
async def give_consent(request: Request, patient_id: Id, principal: MaySharingChange, body: Consent) -> Response:
    """Note that the patient consents to another organisation seeing what it needs to care."""
    context = context_of(request)
    now, organisation_id = context.clock.now(), OrganisationId(body.organisation_id)
    async with borrow(context.pool) as conn:
        seat = await seat_to_change(conn, patient_id, principal, context.clock)
        if not await sharing.known(conn, seat.patient_id, Against(organisation_id=organisation_id)):
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "There is no such organisation beside the patient's own.",
                reason=Reason.NO_SUCH_ORGANISATION,
            )
        number = await sharing.give(conn, seat.patient_id, organisation_id, principal.account_id, now)
        if number is None:
            raise Problem(HTTPStatus.CONFLICT, "The patient has consented to that already.", reason=Reason.CONSENTED)
        detail: dict[str, object] = {"consent_id": number, "organisation_id": organisation_id}
        await _note(conn, principal, seat, Action.CONSENT_GIVEN, now, detail)
        return reply(await _consents(conn, seat), status=HTTPStatus.CREATED)


@router.delete("/api/patients/{patient_id}/consents/{consent_id}", response_model=ConsentList)
async def withdraw_consent(request: Request, patient_id: Id, consent_id: Id, principal: MaySharingChange) -> Response:
    """Withdraw a consent: from now on the other organisation sees the patient only while it answers for them."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        seat = await seat_to_change(conn, patient_id, principal, context.clock)
        if not await sharing.withdraw(conn, seat.patient_id, consent_id, principal.account_id, now):
            raise NotFound
        await _note(conn, principal, seat, Action.CONSENT_WITHDRAWN, now, {"consent_id": consent_id})
        return reply(await _consents(conn, seat))


@router.get("/api/patients/{patient_id}/blocks", response_model=BlockList)
async def get_blocks(request: Request, patient_id: Id, principal: MaySharingRead) -> Response:
    """List the blocks (spärrar) of a patient, with their history."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        return reply(await _blocks(conn, seat))


@router.get("/api/patients/{patient_id}/blocks/units", response_model=BlockableList)
async def get_units(request: Request, patient_id: Id, principal: MaySharingRead) -> Response:
    """List whom a patient can block: teams, and other organisations as a whole, with what stands against it."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        rows = await sharing.units(conn, seat.stay_id, context.clock.now())
    return reply(BlockableList(items=[_unit(row) for row in rows]))


@router.post("/api/patients/{patient_id}/blocks", response_model=BlockList, status_code=HTTPStatus.CREATED)
async def set_block(request: Request, patient_id: Id, principal: MaySharingChange, body: Block) -> Response:
    """Set a block. Refused against who answers for the patient now or ahead, or is offered them: route first."""
    context = context_of(request)
    now, against = context.clock.now(), body.against()
    async with borrow(context.pool) as conn:
        seat = await seat_to_change(conn, patient_id, principal, context.clock)
        if not await sharing.known(conn, seat.patient_id, against):
            detail = "There is no such team, or no such organisation beside the patient's own."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, reason=Reason.NO_SUCH_ORGANISATION)
        await duty_layout.hold(conn, [seat.stay_id])
        if await sharing.answers(conn, seat.stay_id, against, now):
            detail = "They answer for the patient, now or ahead, or are offered them. Let another team answer first."
            detail_sv = "De ansvarar för patienten, nu eller framöver, eller tillfrågas. Låt ett annat team ta vid."
            raise Problem(HTTPStatus.CONFLICT, detail, reason=Reason.ANSWERS, more={"detail_sv": detail_sv})
        number = await sharing.block(conn, seat.patient_id, against, principal.account_id, now)
        if number is None:
            raise Problem(HTTPStatus.CONFLICT, "That block is set already.", reason=Reason.BLOCK_SET)
        await _note(conn, principal, seat, Action.BLOCK_SET, now, {"block_id": number})
        return reply(await _blocks(conn, seat), status=HTTPStatus.CREATED)


@router.delete("/api/patients/{patient_id}/blocks/{block_id}", response_model=BlockList)
async def lift_block(request: Request, patient_id: Id, block_id: Id, principal: MaySharingChange) -> Response:
    """Lift a block, on the patient's word."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        seat = await seat_to_change(conn, patient_id, principal, context.clock)
        if not await sharing.lift(conn, seat.patient_id, block_id, principal.account_id, now):
            raise NotFound
        await _note(conn, principal, seat, Action.BLOCK_LIFTED, now, {"block_id": block_id})
        return reply(await _blocks(conn, seat))


@router.put("/api/patients/{patient_id}/protection", response_model=ProtectionState)
async def put_protection(
    request: Request, patient_id: Id, principal: MayProtectionChange, body: Protection
) -> Response:
    """Say whether the patient's identity is protected: then their telephone is hidden, and no name finds them."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        seat = await seat_to_change(conn, patient_id, principal, context.clock)
        await sharing.protect(conn, seat.patient_id, now if body.protected else None)
        await _note(conn, principal, seat, Action.PROTECTION_CHANGED, now, {"protected": body.protected})
    return reply(ProtectionState(patient_id=seat.patient_id, protected=body.protected))


async def seat_to_change(conn: Connection, patient_id: int, principal: Principal, clock: Clock) -> Seat:
    """Return the patient, where the caller may change who sees them: the patient, or the team that answers now.

    Raises
    ------
    NotFound
        If the caller may not see the patient.
    Problem
        403 for everybody else who may.
    """
    seat = await find_seat(conn, patient_id, principal.scope, clock)
    if isinstance(principal, StaffPrincipal) and seat.team_id not in principal.team_ids:
        detail = "Only the patient, or the team that answers for them now, changes who sees them."
        raise Problem(HTTPStatus.FORBIDDEN, detail)
    return seat


async def _consents(conn: Connection, seat: Seat) -> ConsentList:
    return ConsentList(items=[_consent(row) for row in await sharing.consents(conn, seat.patient_id)])


def _consent(row: ConsentRow) -> ConsentState:
    return ConsentState(
        consent_id=row.consent_id,
        organisation_id=row.organisation_id,
        organisation=row.organisation,
        given_at=row.given_at,
        withdrawn_at=row.withdrawn_at,
    )


async def _blocks(conn: Connection, seat: Seat) -> BlockList:
    return BlockList(items=[_block(row) for row in await sharing.blocks(conn, seat.patient_id)])


def _block(row: BlockRow) -> BlockState:
    return BlockState(
        block_id=row.block_id,
        team_id=row.team_id,
        organisation_id=row.organisation_id,
        name=row.name,
        set_at=row.set_at,
        lifted_at=row.lifted_at,
    )


def _unit(row: UnitRow) -> BlockableState:
    return BlockableState(
        organisation_id=row.organisation_id,
        organisation=row.organisation,
        team_id=row.team_id,
        name=row.organisation if row.team is None else row.team,
        answers=row.answers,
        blocked=row.blocked,
    )


async def _note(
    conn: Connection, principal: Principal, seat: Seat, action: Action, now: datetime, detail: dict[str, object]
) -> None:
    deed = Deed(action=action, patient_id=seat.patient_id, stay_id=seat.stay_id, detail=detail)
    await audit.write(conn, principal.actor, deed, now)
