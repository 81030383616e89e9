"""`/api/teams/{id}/plan`: what a team differs in from a programme's template, for all its patients of that programme.

Saved and signed as a patient's plan is. A change that would make the plan of one of the team's patients unusable is
refused and says whose.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response

from api import plan_desk, plan_silence, plan_states
from api.auth import Door
from api.backtest_states import BacktestState
from api.bodies import Why
from api.plan_desk import Desk, Over, Promotion, Saving, Wish, Withdrawal
from api.plan_states import ReviewState, TeamPlan, TeamPlanPage, VersionPage, VersionState
from api.preconditions import IdempotencyKey, IfMatch, idempotency
from api.replies import Id, reply
from ward import overlays, plan_documents
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.errors import NotFound
from ward.overlays import Origin, Overlay
from ward.people import TeamId
from ward.plan_checks import Fault
from ward.plan_versions import Exchange, as_they_end, with_change, withdrawal
from ward.store import people, plan_versions, plans
from ward.store.plan_versions import Owner
from ward.store.pool import Connection

router = APIRouter(tags=["plans"])
MayTeamPlansChange = Annotated[StaffPrincipal, Depends(Door(Permission.TEAM_PLANS_CHANGE))]
MayTeamPlansRead = Annotated[StaffPrincipal, Depends(Door(Permission.TEAM_PLANS_READ))]
_PATH = "/api/teams/{team_id}/plan"
Take = Callable[[Connection, Owner], Awaitable[int]]


def _known(programme: str) -> str:
    if programme not in plan_documents.names():
        raise ValueError("there is no such programme")
    return programme


Programme = Annotated[str, AfterValidator(_known), Query(description="One of `/api/programmes`")]


@router.get("/api/team-plans", response_model=TeamPlanPage)
async def list_plans(request: Request, principal: MayTeamPlansRead) -> Response:
    """List the teams' plans that lie under anybody's whom the caller may see, with the patients.

    The team is the one whose plan applies, which is not always the one that answers now.
    """
    async with plan_desk.transaction(request) as (conn, clock):
        rows = await plans.of_teams(conn, principal.scope, clock.now())
    return reply(
        {"items": [{"team_id": each.team_id, "programme": each.programme, "patients": each.patients} for each in rows]}
    )


@router.get(_PATH, response_model=TeamPlan)
async def get_plan(
    request: Request,
    team_id: Id,
    programme: Programme,
    principal: MayTeamPlansRead,
) -> Response:
    """Show a team's plan for a programme."""
    async with _team(request, team_id, programme, principal) as desk:
        rows = {(Origin.TEAM, row.version): row for row in desk.versions}
        ends = [each.until for each in desk.layers.temporary if each.until is not None]
        found = overlays.fold(programme, desk.layers.all)
        state = plan_states.plan_state(found, desk.versions, rows, desk.rev, min(ends, default=None), desk.now)
        return reply({**state, "team_id": team_id}, headers={"ETag": f'"{desk.rev}"'})


@router.get(f"{_PATH}/versions", response_model=VersionPage)
async def get_versions(
    request: Request,
    team_id: Id,
    programme: Programme,
    principal: MayTeamPlansRead,
) -> Response:
    """List every version of the team's overlay, the newest first."""
    async with _team(request, team_id, programme, principal) as desk:
        items = [plan_states.version_state(row, desk.now) for row in desk.versions]
        return reply({"rev": desk.rev, "items": items}, headers={"ETag": f'"{desk.rev}"'})


@router.post(f"{_PATH}/review", response_model=ReviewState)
async def review(
    request: Request,
    team_id: Id,
    programme: Programme,
    principal: MayTeamPlansChange,
    body: Saving,
) -> Response:
    """Say what a change of a team's plan would be, to its patients too; nothing is saved."""
    async with _team(request, team_id, programme, principal) as desk:
        overlay = plan_desk.read_overlay(body.overlay)
        said = desk.review(overlay, body.until)
        rows = {(Origin.TEAM, row.version): row for row in desk.versions}
        state = plan_states.review_state(said, rows)
        spoiled = [] if said.faults else (await _patients(desk, overlay, body.until)).faults
        return reply({**state, "faults": [*state["faults"], *plan_states.fault_states(spoiled)]})


@router.put(_PATH, response_model=VersionState, responses={202: {"model": VersionState}})
async def put_plan(
    request: Request,
    team_id: Id,
    programme: Programme,
    principal: MayTeamPlansChange,
    body: Saving,
    if_match: IfMatch = None,
) -> Response:
    """Save a change: 200 when it is in force, 202 when it waits for a second signature."""
    async with _team(request, team_id, programme, principal, plan_versions.lock) as desk:
        plan_desk.expect(desk, if_match)
        overlay = plan_desk.read_overlay(body.overlay)
        number = await plan_desk.save(desk, overlay, body, await _patients(desk, overlay, body.until))
        return await plan_desk.saved(desk, number)


@router.post(f"{_PATH}/drafts", response_model=VersionState, status_code=HTTPStatus.CREATED)
async def post_draft(
    request: Request,
    team_id: Id,
    programme: Programme,
    principal: MayTeamPlansChange,
    body: Wish,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep a draft of a team's plan. It watches nobody; it can be tried, run in silence, and be promoted."""
    key = idempotency(idempotency_key, principal, f"{request.url.path}?{programme}", body)
    async with _team(request, team_id, programme, principal, plan_versions.lock) as desk:
        overlay = plan_desk.read_overlay(body.overlay)
        return await plan_desk.drafted(desk, overlay, body, key, await _patients(desk, overlay, None))


@router.post(f"{_PATH}/versions/{{version}}/silent", response_model=BacktestState, status_code=HTTPStatus.ACCEPTED)
async def run_in_silence(
    request: Request, team_id: Id, version: Id, programme: Programme, principal: MayTeamPlansChange
) -> Response:
    """Let a draft run along in silence over the team's patients, those that come too; nobody is alarmed by it."""
    async with _team(request, team_id, programme, principal, plan_versions.lock) as desk:
        return await plan_silence.begin(desk, version)


@router.post(
    f"{_PATH}/versions/{{version}}/promote", response_model=VersionState, responses={202: {"model": VersionState}}
)
async def promote(
    request: Request,
    team_id: Id,
    version: Id,
    programme: Programme,
    principal: MayTeamPlansChange,
    body: Promotion,
    if_match: IfMatch = None,
) -> Response:
    """Save what a draft says for the team's patients: 200 when it is in force, 202 when it waits for a signature."""
    async with _team(request, team_id, programme, principal, plan_versions.lock) as desk:
        plan_desk.expect(desk, if_match)
        overlay = overlays.decode(desk.version(version).rules)
        number = await plan_desk.promote(desk, version, body, await _patients(desk, overlay, body.until))
        return await plan_desk.saved(desk, number)


@router.post(f"{_PATH}/versions/{{version}}/approve", response_model=VersionState)
async def approve(
    request: Request,
    team_id: Id,
    version: Id,
    programme: Programme,
    principal: MayTeamPlansChange,
    body: Why,
    if_match: IfMatch = None,
) -> Response:
    """Give the second signature; the version is in force from now on."""
    async with _team(request, team_id, programme, principal, plan_versions.lock) as desk:
        plan_desk.expect(desk, if_match)
        row = desk.version(version)
        over = await _patients(desk, overlays.decode(row.rules), row.valid_until)
        await plan_desk.sign(desk, version, body.reason, over)
        return await plan_desk.answer(desk, version, HTTPStatus.OK)


@router.post(f"{_PATH}/versions/{{version}}/withdraw", response_model=VersionState)
async def withdraw(
    request: Request,
    team_id: Id,
    version: Id,
    programme: Programme,
    principal: MayTeamPlansChange,
    body: Withdrawal,
    if_match: IfMatch = None,
) -> Response:
    """Take a version back; what was in force gives way to the template."""
    async with _team(request, team_id, programme, principal, plan_versions.lock) as desk:
        plan_desk.expect(desk, if_match)
        await plan_desk.take_back(desk, version, body, await _without(desk, version))
        return await plan_desk.answer(desk, version, HTTPStatus.OK)


@asynccontextmanager
async def _team(
    request: Request, team_id: int, programme: str, principal: StaffPrincipal, take: Take = plan_versions.revision
) -> AsyncIterator[Desk]:
    """Put a team's plan on the desk, for those of the team and of its organisation."""
    async with plan_desk.transaction(request) as (conn, clock):
        await visible_team(conn, TeamId(team_id), principal)
        owner = Owner(team_id=TeamId(team_id), programme=programme)
        rev = await take(conn, owner)
        now = clock.now()
        rows = await plan_versions.versions(conn, owner)
        yield Desk(
            conn=conn,
            principal=principal,
            now=now,
            owner=owner,
            origin=Origin.TEAM,
            layers=plan_desk.team_layers(programme, rows, now),
            versions=rows,
            rev=rev,
        )


async def _without(desk: Desk, number: int) -> list[tuple[str, Exchange]]:
    """Say what withdrawing a version changes for those who have something of their own over the team's plan."""
    found = []
    stays = await plan_versions.stays_of(desk.conn, desk.owner, desk.now)
    for stay in await plans.effective(desk.conn, stays, desk.now):
        layers = overlays.read_layers(stay.plan_layers)
        if any(each.origin is Origin.PATIENT for each in layers):
            changes = withdrawal(layers, Origin.TEAM, number, stay.programme)
            found += [(f"stays.{stay.stay_id}.", each) for each in changes]
    return found


async def visible_team(conn: Connection, team_id: TeamId, principal: StaffPrincipal) -> None:
    """Raise NotFound unless somebody is of a team or of its organisation."""
    organisation_id = await people.organisation_of(conn, team_id)
    if organisation_id is None or (organisation_id != principal.organisation_id and team_id not in principal.team_ids):
        raise NotFound


async def _patients(desk: Desk, overlay: Overlay, until: datetime | None) -> Over:
    """Say whose plan would be unusable over a change, and what the plans of those with their own would be."""
    new = overlays.Layer(origin=Origin.TEAM, version=0, rules=overlays.raw(overlay), until=until)
    below = with_change(desk.layers, new).all
    programme = desk.layers.programme
    own = len(overlays.fold(programme, below).faults)
    stays = await plan_versions.stays_of(desk.conn, desk.owner, desk.now)
    found, tried = [], []
    for stay in await plans.effective(desk.conn, stays, desk.now):
        layers = [each for each in overlays.read_layers(stay.plan_layers) if each.origin is Origin.PATIENT]
        over = overlays.fold(programme, [*below, *layers]).faults[own:]
        found += [Fault(path=f"stays.{stay.stay_id}.{each.path}", sv=each.sv, en=each.en) for each in over]
        each_left = as_they_end([*below, *layers]) if layers else ()
        tried += [(f"stays.{stay.stay_id}", overlays.fold(programme, left).plan) for left in each_left]
    return Over(faults=found, plans=tried)
