"""`/api/patients/{id}/plan`: what watches a patient and whose each field is, and how it is changed. `/api/programmes`.

A change names only what differs from the layer below, and why. What loosens a hard limit, and comfort care, wait for a
doctor's signature who is not the author; an order of SpO2 scale 2 waits for the doctor whose it is. Whoever changes a
plan names the revision they saw in `If-Match`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api import order_states, plan_desk, plan_silence, plan_states
from api.auth import Door
from api.backtest_states import BacktestState
from api.bodies import Why
from api.order_states import DoctorPage
from api.plan_desk import Desk, Promotion, Saving, Wish, Withdrawal
from api.plan_states import PatientPlan, ProgrammePage, ReviewState, VersionPage, VersionState
from api.preconditions import IdempotencyKey, IfMatch, idempotency
from api.replies import Id, reply
from api.routes.patients import find_seat
from api.routes.team_plans import visible_team
from ward import overlays
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.errors import NotFound
from ward.overlays import Origin
from ward.people import TeamId
from ward.plan_versions import layers_of
from ward.store import doctors, plan_versions, plans
from ward.store.plan_versions import Owner, Version
from ward.store.plans import StayLayers
from ward.store.pool import Connection
from ward.store.tiles import Seat

router = APIRouter(tags=["plans"])
MayPlansChange = Annotated[StaffPrincipal, Depends(Door(Permission.PLANS_CHANGE))]
MayPlansRead = Annotated[StaffPrincipal, Depends(Door(Permission.PLANS_READ))]
MayProgrammesRead = Annotated[StaffPrincipal, Depends(Door(Permission.PROGRAMMES_READ))]
_PATH = "/api/patients/{patient_id}/plan"
Take = Callable[[Connection, Owner], Awaitable[int]]


class Under(Why):
    """Which team's plan lies under the patient's, and why."""

    team_id: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patient:
    """A patient's plan on the desk, and what lies below it."""

    desk: Desk
    seat: Seat
    found: StayLayers
    team_id: TeamId | None
    rows: Mapping[tuple[Origin, int], Version]


@router.get("/api/programmes", response_model=ProgrammePage)
async def get_programmes(_principal: MayProgrammesRead) -> Response:
    """List the programmes, each with its template, and how far each field of a plan may lie."""
    return reply(
        {
            "items": plan_states.programme_states(),
            "ranges": plan_states.range_states(),
            "kinds": plan_states.kind_ranges(),
        }
    )


@router.get(_PATH, response_model=PatientPlan)
async def get_plan(request: Request, patient_id: Id, principal: MayPlansRead) -> Response:
    """Show the plan in force, field by field where it differs from the template."""
    async with _patient(request, patient_id, principal) as patient:
        return _plan(patient)


@router.get(f"{_PATH}/versions", response_model=VersionPage)
async def get_versions(request: Request, patient_id: Id, principal: MayPlansRead) -> Response:
    """List every version of the patient's overlay, the newest first."""
    async with _patient(request, patient_id, principal) as patient:
        desk = patient.desk
        items = [plan_states.version_state(row, desk.now) for row in desk.versions]
        return reply({"rev": desk.rev, "items": items}, headers={"ETag": f'"{desk.rev}"'})


@router.get(f"{_PATH}/doctors", response_model=DoctorPage)
async def get_doctors(request: Request, patient_id: Id, principal: MayPlansChange) -> Response:
    """List the doctors who care for the patient and can log in: who may order SpO2 scale 2, or answer for an order."""
    async with _patient(request, patient_id, principal) as patient:
        return reply({"items": order_states.doctor_states(patient.desk.doctors.values())})


@router.post(f"{_PATH}/review", response_model=ReviewState)
async def review(
    request: Request,
    patient_id: Id,
    principal: MayPlansChange,
    body: Saving,
) -> Response:
    """Say what a change would be; nothing is saved."""
    async with _patient(request, patient_id, principal) as patient:
        said = patient.desk.review(patient.desk.read(body.overlay), body.until)
        return reply(plan_states.review_state(said, patient.rows))


@router.put(_PATH, response_model=VersionState, responses={202: {"model": VersionState}})
async def put_plan(
    request: Request,
    patient_id: Id,
    principal: MayPlansChange,
    body: Saving,
    if_match: IfMatch = None,
) -> Response:
    """Save a change: 200 when it is in force, 202 when it waits for a second signature."""
    async with _patient(request, patient_id, principal, plan_versions.lock) as patient:
        plan_desk.expect(patient.desk, if_match)
        number = await plan_desk.save(patient.desk, patient.desk.read(body.overlay), body)
        return await plan_desk.saved(patient.desk, number)


@router.put(f"{_PATH}/team", response_model=PatientPlan)
async def put_team(
    request: Request,
    patient_id: Id,
    principal: MayPlansChange,
    body: Under,
    if_match: IfMatch = None,
) -> Response:
    """Name the team whose plan lies under the patient's from now on."""
    team_id = TeamId(body.team_id)

    async def take(conn: Connection, owner: Owner) -> int:
        rev = await plan_versions.lock(conn, owner)
        await plan_versions.share_team(conn, team_id)
        return rev

    async with _patient(request, patient_id, principal, take) as patient:
        desk = patient.desk
        plan_desk.expect(desk, if_match)
        await visible_team(desk.conn, team_id, principal)
        rows = await plan_versions.versions(desk.conn, Owner(team_id=team_id, programme=patient.seat.programme))
        layers = plan_desk.team_layers(patient.seat.programme, rows, desk.now)
        await plan_desk.lay_over(desk, layers, team_id, body.reason)
    async with _patient(request, patient_id, principal) as patient:
        return _plan(patient)


@router.post(f"{_PATH}/drafts", response_model=VersionState, status_code=HTTPStatus.CREATED)
async def post_draft(
    request: Request,
    patient_id: Id,
    principal: MayPlansChange,
    body: Wish,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep a draft. It watches nobody; it can be tried on what was measured, and be promoted."""
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with _patient(request, patient_id, principal, plan_versions.lock) as patient:
        return await plan_desk.drafted(patient.desk, patient.desk.read(body.overlay), body, key)


@router.post(f"{_PATH}/versions/{{version}}/silent", response_model=BacktestState, status_code=HTTPStatus.ACCEPTED)
async def run_in_silence(request: Request, patient_id: Id, version: Id, principal: MayPlansChange) -> Response:
    """Let a draft run along in silence: it is judged on what comes, and nobody is alarmed by it."""
    async with _patient(request, patient_id, principal, plan_versions.lock) as patient:
        return await plan_silence.begin(patient.desk, version)


@router.post(
    f"{_PATH}/versions/{{version}}/promote", response_model=VersionState, responses={202: {"model": VersionState}}
)
async def promote(
    request: Request,
    patient_id: Id,
    version: Id,
    principal: MayPlansChange,
    body: Promotion,
    if_match: IfMatch = None,
) -> Response:
    """Save what a draft says: 200 when it is in force, 202 when it waits for a second signature."""
    async with _patient(request, patient_id, principal, plan_versions.lock) as patient:
        plan_desk.expect(patient.desk, if_match)
        number = await plan_desk.promote(patient.desk, version, body)
        return await plan_desk.saved(patient.desk, number)


@router.post(f"{_PATH}/versions/{{version}}/approve", response_model=VersionState)
async def approve(
    request: Request,
    patient_id: Id,
    version: Id,
    principal: MayPlansChange,
    body: Why,
    if_match: IfMatch = None,
) -> Response:
    """Give the second signature; the version is in force from now on."""
    async with _patient(request, patient_id, principal, plan_versions.lock) as patient:
        plan_desk.expect(patient.desk, if_match)
        await plan_desk.sign(patient.desk, version, body.reason)
        return await plan_desk.answer(patient.desk, version, HTTPStatus.OK)


@router.post(f"{_PATH}/versions/{{version}}/withdraw", response_model=VersionState)
async def withdraw(
    request: Request,
    patient_id: Id,
    version: Id,
    principal: MayPlansChange,
    body: Withdrawal,
    if_match: IfMatch = None,
) -> Response:
    """Take a version back; what was in force gives way to what is below it."""
    async with _patient(request, patient_id, principal, plan_versions.lock) as patient:
        plan_desk.expect(patient.desk, if_match)
        await plan_desk.take_back(patient.desk, version, body)
        return await plan_desk.answer(patient.desk, version, HTTPStatus.OK)


@asynccontextmanager
async def _patient(
    request: Request, patient_id: int, principal: StaffPrincipal, take: Take = plan_versions.revision
) -> AsyncIterator[_Patient]:
    """Put a patient's plan on the desk; `take` is `plan_versions.lock` for who is going to change it.

    Whoever waited for it looks again whether the patient is there: what is said of a stay that ended meanwhile would
    hold for nobody.
    """
    async with plan_desk.transaction(request) as (conn, clock):
        owner = Owner(stay_id=(await find_seat(conn, patient_id, principal.scope, clock)).stay_id)
        rev = await take(conn, owner)
        now = clock.now()
        seat = await find_seat(conn, patient_id, principal.scope, clock)
        if seat.stay_id != owner.stay_id:
            raise NotFound
        found = (await plans.effective(conn, [seat.stay_id], now))[0]
        own = await plan_versions.versions(conn, owner)
        team_id = await plans.team_of(conn, seat.stay_id)
        team = Owner(team_id=team_id, programme=seat.programme)
        below = [] if team_id is None else await plan_versions.versions(conn, team)
        desk = Desk(
            conn=conn,
            principal=principal,
            now=now,
            owner=owner,
            origin=Origin.PATIENT,
            layers=layers_of(found.programme, overlays.read_layers(found.plan_layers), Origin.PATIENT),
            versions=own,
            rev=rev,
            patient_id=seat.patient_id,
            doctors=await doctors.caring(conn, seat.stay_id, now),
        )
        rows = {(Origin.TEAM, row.version): row for row in below} | {(Origin.PATIENT, row.version): row for row in own}
        yield _Patient(desk=desk, seat=seat, found=found, team_id=team_id, rows=rows)


def _plan(patient: _Patient) -> Response:
    desk, found = patient.desk, patient.found
    effective = overlays.effective(found.programme, found.plan_layers, desk.now)
    state = plan_states.plan_state(effective, desk.versions, patient.rows, desk.rev, found.plan_change_at, desk.now)
    whose = {"patient_id": patient.seat.patient_id, "stay_id": patient.seat.stay_id, "team_id": patient.team_id}
    return reply({**state, **whose}, headers={"ETag": f'"{desk.rev}"'})
