"""`/api/routing`: units, each with its round-the-clock team and its routes by time, need and competence.

Changed by operators and doctors of the unit's organisation. A unit whose round-the-clock team does not cover every
hour is refused, with the hours in words. A route to a team of another organisation counts once that one has consented.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from alerting.going_over import lay_out
from api.auth import Door
from api.context import context_of
from api.duty_bodies import RoutingBody, UnitBody
from api.duty_states import RouteState, routes_state
from api.errors import Problem
from api.once import once
from api.preconditions import IdempotencyKey, IfMatch, idempotency, revision
from api.refusals import refuse_faults
from api.replies import Id, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.clock import Clock
from ward.duty import checks
from ward.duty.durations import HORIZON
from ward.duty.routing import Policy
from ward.errors import NotFound
from ward.people import TeamId
from ward.store import audit, duty_care, duty_schedules, people
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.duty_care import PolicyRow
from ward.store.pool import Connection

router = APIRouter(tags=["teams"])
MayDutyRead = Annotated[StaffPrincipal, Depends(Door(Permission.DUTY_READ))]
MayRoutesChange = Annotated[StaffPrincipal, Depends(Door(Permission.ROUTES_CHANGE))]


class UnitState(TypedDict):
    """A unit: who answers round the clock, and the routes before that.

    `awaiting` are the teams of other organisations that routes name and that nobody has consented for yet.
    """

    unit_id: int
    organisation_id: int
    name: str
    rev: int
    base_team_id: int
    routes: list[RouteState]
    awaiting: list[int]


class UnitList(TypedDict):
    """Every unit, by name."""

    items: list[UnitState]


@router.get("/api/routing", response_model=UnitList)
async def get_units(request: Request, _principal: MayDutyRead) -> Response:
    """List the units and their routes."""
    async with borrow(context_of(request).pool) as conn:
        rows = await duty_care.policies(conn)
    return reply({"items": [_state(row) for row in rows]})


@router.post("/api/routing", response_model=UnitState, status_code=HTTPStatus.CREATED)
async def post_unit(
    request: Request,
    principal: MayRoutesChange,
    body: UnitBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add a unit of the caller's organisation."""
    context = context_of(request)
    now = context.clock.now()
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        done = await once(conn, key, now, lambda: _add(conn, body, principal, now))
        row = await duty_care.policy(conn, done.number)
    if row is None:
        raise NotFound
    return reply(_state(row), headers={"ETag": f'"{row.rev}"'}, status=done.status)


@router.put("/api/routing/{unit_id}", response_model=UnitState)
async def put_unit(
    request: Request,
    unit_id: Id,
    principal: MayRoutesChange,
    body: RoutingBody,
    if_match: IfMatch = None,
) -> Response:
    """Save a unit's routes; who answers for its patients is laid out anew."""
    context, seen = context_of(request), revision(if_match)
    clock = context.clock
    now = clock.now()
    async with borrow(context.pool) as conn:
        row = await duty_care.policy(conn, unit_id)
        if row is None or row.organisation_id != principal.organisation_id:
            raise NotFound
        await _refuse_base(conn, body.policy(), principal, row)
        await _check(conn, body.policy(), now)
        if not await duty_care.save_policy(conn, unit_id, seen, body.policy()):
            raise Problem(HTTPStatus.CONFLICT, "Somebody else has saved this unit since you saw it.")
        await _note(conn, principal, unit_id, now)
        await lay_out(conn, await duty_care.stays_of(conn, unit_id, now), clock)
        saved = await duty_care.policy(conn, unit_id)
    if saved is None:
        raise NotFound
    return reply(_state(saved), headers={"ETag": f'"{saved.rev}"'})


@router.put("/api/routing/{unit_id}/consents/{team_id}", response_model=UnitState)
async def put_consent(request: Request, unit_id: Id, team_id: Id, principal: MayRoutesChange) -> Response:
    """Let a unit of another organisation route its patients to a team of the caller's own."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        await _asked(conn, unit_id, TeamId(team_id), principal)
        if await duty_care.consent(conn, unit_id, TeamId(team_id), principal.staff_id, now):
            await _consented(conn, principal, unit_id, team_id, context.clock, word="given")
        saved = await duty_care.policy(conn, unit_id)
    if saved is None:
        raise NotFound
    return reply(_state(saved))


@router.delete("/api/routing/{unit_id}/consents/{team_id}", response_model=UnitState)
async def delete_consent(request: Request, unit_id: Id, team_id: Id, principal: MayRoutesChange) -> Response:
    """Take a consent back: who the routes led to the team go by the next route, at last to the unit's own base."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        await _asked(conn, unit_id, TeamId(team_id), principal)
        if await duty_care.withdraw_consent(conn, unit_id, TeamId(team_id)):
            await _consented(conn, principal, unit_id, team_id, context.clock, word="withdrawn")
        saved = await duty_care.policy(conn, unit_id)
    if saved is None:
        raise NotFound
    return reply(_state(saved))


async def _asked(conn: Connection, unit_id: int, team_id: TeamId, principal: StaffPrincipal) -> None:
    """Refuse who does not speak for the team, and what no route of the unit names."""
    row = await duty_care.policy(conn, unit_id)
    named = row is not None and any(route.team_id == team_id for route in row.written().routes)
    if not named or await people.organisation_of(conn, team_id) != principal.organisation_id:
        raise NotFound


async def _consented(
    conn: Connection, principal: StaffPrincipal, unit_id: int, team_id: int, clock: Clock, *, word: str
) -> None:
    now = clock.now()
    detail = {"unit_id": unit_id, "team_id": team_id, "consent": word}
    await audit.write(conn, principal.actor, Deed(action=Action.ROUTING_SAVED, detail=detail), now)
    await lay_out(conn, await duty_care.stays_of(conn, unit_id, now), clock)


async def _add(conn: Connection, body: UnitBody, principal: StaffPrincipal, now: datetime) -> int:
    policy = body.policy()
    await _refuse_base(conn, policy, principal, None)
    await _check(conn, policy, now)
    number = await duty_care.add_policy(
        conn,
        organisation_id=principal.organisation_id,
        name=body.name,
        base_team_id=policy.base_team_id,
        routes=policy.routes,
    )
    if number is None:
        raise Problem(HTTPStatus.CONFLICT, "The organisation has a unit of that name already.")
    await _note(conn, principal, number, now)
    return number


async def _refuse_base(conn: Connection, policy: Policy, principal: StaffPrincipal, before: PolicyRow | None) -> None:
    """Refuse to make another organisation's team the last to answer, before it has consented to the unit."""
    base = policy.base_team_id
    organisation_id = await people.organisation_of(conn, base)
    if organisation_id in {None, principal.organisation_id} or (before is not None and base == before.base_team_id):
        return
    if before is None or not await duty_care.has_consented(conn, before.policy_id, base):
        detail = "The round-the-clock team is of your own organisation, or of one that has consented to a route to it."
        raise Problem(HTTPStatus.FORBIDDEN, detail)


async def _check(conn: Connection, policy: Policy, now: datetime) -> None:
    """Refuse routes that lead nowhere, and a round-the-clock team that has nobody on duty at any time."""
    base = await duty_schedules.lock(conn, policy.base_team_id)
    rows = await duty_schedules.teams(conn)
    faults = list(checks.of_policy(policy, await duty_schedules.on_duty(conn, now, now, rows)))
    if base is not None:
        kept = await duty_schedules.overrides(conn, [base.team_id], now, now + HORIZON)
        overrides = [each.override() for each in kept[base.team_id]]
        faults += checks.of_base(base.team_id, base.schedule(), overrides, now)
    refuse_faults(faults)


async def _note(conn: Connection, principal: StaffPrincipal, unit_id: int, now: datetime) -> None:
    await audit.write(conn, principal.actor, Deed(action=Action.ROUTING_SAVED, detail={"unit_id": unit_id}), now)


def _state(row: PolicyRow) -> UnitState:
    written = row.written()
    return {
        "unit_id": row.policy_id,
        "organisation_id": row.organisation_id,
        "name": row.name,
        "rev": row.rev,
        "base_team_id": row.base_team_id,
        "routes": routes_state(written),
        "awaiting": row.waiting,
    }
