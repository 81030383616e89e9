"""`/api/teams/{id}/schedule` and its exceptions: a team's week, changed by its members or an operator of its house.

Who changes it names the revision they saw. A week with two shifts at once, or one that leaves a round-the-clock team
without anybody at any time, is refused with every fault in words, and nothing of it is kept.
"""

from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from alerting.going_over import lay_out
from api.auth import Door
from api.bodies import Why
from api.context import context_of
from api.duty_bodies import OverrideBody, ScheduleBody
from api.duty_states import OverrideState, ScheduleState, override_state, schedule_state
from api.errors import Problem
from api.once import once
from api.preconditions import IdempotencyKey, IfMatch, idempotency, revision
from api.reasons import Reason
from api.refusals import refuse_faults
from api.replies import Id, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.clock import Clock
from ward.duty import checks
from ward.duty.checks import Fault
from ward.duty.durations import HORIZON
from ward.duty.schedule import Override, Schedule
from ward.errors import NotFound
from ward.people import Role, TeamId
from ward.store import audit, duty_care, duty_schedules
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.duty_schedules import TeamRow
from ward.store.pool import Connection

router = APIRouter(tags=["teams"])
MayDutyChange = Annotated[StaffPrincipal, Depends(Door(Permission.DUTY_CHANGE))]
MayDutyRead = Annotated[StaffPrincipal, Depends(Door(Permission.DUTY_READ))]


@router.get("/api/teams/{team_id}/schedule", response_model=ScheduleState)
async def get_schedule(request: Request, team_id: Id, _principal: MayDutyRead) -> Response:
    """Show a team's week, its exceptions ahead, and what is wrong with them; the revision is also the ETag."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await duty_schedules.team(conn, TeamId(team_id))
        if row is None:
            raise NotFound
        return await _answer(conn, row, now)


@router.put("/api/teams/{team_id}/schedule", response_model=ScheduleState)
async def put_schedule(
    request: Request,
    team_id: Id,
    principal: MayDutyChange,
    body: ScheduleBody,
    if_match: IfMatch = None,
) -> Response:
    """Save a team's whole week as a new revision; who answers for its patients is laid out anew."""
    context, seen = context_of(request), revision(if_match)
    clock = context.clock
    async with borrow(context.pool) as conn:
        row = await _own(conn, TeamId(team_id), principal)
        now = clock.now()
        if row.rev != seen:
            more = {"rev": row.rev}
            raise Problem(HTTPStatus.CONFLICT, "Somebody else has saved this week since you saw it.", more=more)
        schedule = body.schedule()
        people = (await duty_schedules.members(conn, [row.team_id]))[row.team_id]
        faults = checks.of_week(row.team_id, schedule, [each.staff_id for each in people], now)
        refuse_faults([*faults, *await _gaps(conn, row, schedule, [], now)])
        await duty_schedules.save_week(conn, row.team_id, seen + 1, schedule, principal.staff_id, now)
        await audit.write(
            conn,
            principal.actor,
            Deed(action=Action.SCHEDULE_SAVED, detail={"team_id": team_id, "rev": seen + 1}),
            now,
        )
        await lay_out(conn, await duty_care.stays_routed(conn, row.team_id, now), clock)
        return await _answer(conn, await _own(conn, row.team_id, principal), now)


@router.post("/api/teams/{team_id}/overrides", response_model=OverrideState, status_code=HTTPStatus.CREATED)
async def post_override(
    request: Request,
    team_id: Id,
    principal: MayDutyChange,
    body: OverrideBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add an exception for one date or time: somebody else is on duty, or nobody is."""
    context = context_of(request)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        row = await _own(conn, TeamId(team_id), principal)
        now = context.clock.now()
        done = await once(conn, key, now, lambda: _add(conn, row, body, principal, context.clock))
        found = (await duty_schedules.overrides(conn, [row.team_id], now, now + HORIZON))[row.team_id]
    made = next((each for each in found if each.override_id == done.number), None)
    if made is None:
        raise NotFound
    return reply(override_state(made), status=done.status)


@router.post("/api/teams/{team_id}/overrides/{override_id}/withdraw", response_model=ScheduleState)
async def withdraw_override(
    request: Request,
    team_id: Id,
    override_id: Id,
    principal: MayDutyChange,
    body: Why,
) -> Response:
    """Take an exception back; the week counts again."""
    context = context_of(request)
    clock = context.clock
    async with borrow(context.pool) as conn:
        row = await _own(conn, TeamId(team_id), principal)
        now = clock.now()
        if not await duty_schedules.withdraw_override(conn, row.team_id, override_id, principal.staff_id, now):
            raise NotFound
        detail = {"team_id": team_id, "override_id": override_id}
        deed = Deed(action=Action.OVERRIDE_WITHDRAWN, reason=body.reason, detail=detail)
        await audit.write(conn, principal.actor, deed, now)
        refuse_faults(await _gaps(conn, row, row.schedule(), [], now))
        await lay_out(conn, await duty_care.stays_routed(conn, row.team_id, now), clock)
        return await _answer(conn, row, now)


async def _add(conn: Connection, row: TeamRow, body: OverrideBody, principal: StaffPrincipal, clock: Clock) -> int:
    """Keep an exception that leaves nobody alone."""
    now = clock.now()
    override = body.override()
    if override.until <= now or override.until > now + HORIZON:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"An exception ends within the next {HORIZON.days} days.",
            reason=Reason.TOO_FAR_AHEAD,
        )
    people = (await duty_schedules.members(conn, [row.team_id]))[row.team_id]
    if strangers := set(override.crew or ()) - {each.staff_id for each in people}:
        numbers = ", ".join(map(str, sorted(strangers)))
        refuse_faults([Fault(what="stranger", sv=f"{numbers} är inte med i teamet", en=f"{numbers} not in the team")])
    refuse_faults(await _gaps(conn, row, row.schedule(), [override], now))
    number = await duty_schedules.add_override(conn, row.team_id, override, body.reason, principal.staff_id, now)
    if number is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "The team has an exception at that time already. Withdraw that one first.",
            reason=Reason.EXCEPTION_THERE,
        )
    detail = {"team_id": row.team_id, "override_id": number}
    await audit.write(conn, principal.actor, Deed(action=Action.OVERRIDE_ADDED, reason=body.reason, detail=detail), now)
    await lay_out(conn, await duty_care.stays_routed(conn, row.team_id, now), clock)
    return number


async def _own(conn: Connection, team_id: TeamId, principal: StaffPrincipal) -> TeamRow:
    """Return a team, locked, that the caller may change: a member, or an operator of its organisation."""
    row = await duty_schedules.lock(conn, team_id)
    if row is None:
        raise NotFound
    operates = principal.role is Role.OPERATOR and row.organisation_id == principal.organisation_id
    if not operates and team_id not in principal.team_ids:
        raise Problem(HTTPStatus.FORBIDDEN, "A team's hours are changed by its members, or by an operator of theirs.")
    return row


async def _gaps(
    conn: Connection, row: TeamRow, schedule: Schedule, more: Iterable[Override], now: datetime
) -> tuple[Fault, ...]:
    """Return when a round-the-clock team would have nobody on duty; other teams may keep the hours they like."""
    if row.team_id not in await duty_schedules.bases(conn):
        return ()
    kept = (await duty_schedules.overrides(conn, [row.team_id], now, now + HORIZON))[row.team_id]
    return checks.of_base(row.team_id, schedule, [*(each.override() for each in kept), *more], now)


async def _answer(conn: Connection, row: TeamRow, now: datetime) -> Response:
    ahead = (await duty_schedules.overrides(conn, [row.team_id], now, now + HORIZON))[row.team_id]
    people = (await duty_schedules.members(conn, [row.team_id]))[row.team_id]
    faults = [
        *checks.of_week(row.team_id, row.schedule(), [each.staff_id for each in people], now),
        *await _gaps(conn, row, row.schedule(), [], now),
    ]
    return reply(schedule_state(row, row.schedule(), ahead, faults), headers={"ETag": f'"{row.rev}"'})
