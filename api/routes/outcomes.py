"""`/api/teams/{id}/outcomes`, `/api/alerts/{id}/consequence`, `/api/stays/{id}/outcome`: what care led to.

Said by who may see the patient, over the revision that was seen; counted by month for a team, without any patient.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.outcome_states import (
    ConsequenceBody,
    LedgerState,
    OutcomeBody,
    SaidState,
    ledger_state,
    said_state,
)
from api.preconditions import IfMatch, revision
from api.replies import Id, reply
from api.witness import looked
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.alerts import AlertId
from ward.errors import NotFound
from ward.outcomes import months
from ward.people import StayId, TeamId
from ward.store import alert_reads, audit, duty_schedules, outcomes, wearers
from ward.store.alert_reads import AlertRow
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.outcomes import Said
from ward.store.pool import Connection
from ward.store.wearers import Wearer

router = APIRouter(tags=["outcomes"])
MayOutcomesRead = Annotated[StaffPrincipal, Depends(Door(Permission.OUTCOMES_READ))]
MayOutcomesChange = Annotated[StaffPrincipal, Depends(Door(Permission.OUTCOMES_CHANGE))]
_MEANWHILE = "Somebody else has said otherwise since you saw it."


@router.get("/api/teams/{team_id}/outcomes", response_model=LedgerState)
async def get_ledger(
    request: Request,
    team_id: Id,
    principal: MayOutcomesRead,
    count: Annotated[int, Query(alias="months", ge=1, le=60, description="How many, the present one included")] = 12,
) -> Response:
    """Show what a team's closed alerts and ended stays came to, by month; for its own organisation and members."""
    context = context_of(request)
    now, wanted = context.clock.now(), TeamId(team_id)
    span = months(now, count)
    async with borrow(context.pool) as conn:
        row = await duty_schedules.team(conn, wanted)
        if row is None or (row.organisation_id != principal.organisation_id and wanted not in principal.team_ids):
            raise NotFound
        counts = await outcomes.ledger(conn, wanted, span, now)
    return reply(ledger_state(team_id, span, counts, now))


@router.get("/api/alerts/{alert_id}/consequence", response_model=SaidState)
async def get_consequence(request: Request, alert_id: Id, principal: MayOutcomesChange) -> Response:
    """Show what an alert led to; the revision is the ETag, 0 where nobody has said."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        row = await _alert(conn, request, alert_id, principal)
        return _shown(await outcomes.consequence(conn, row.alert_id))


@router.put("/api/alerts/{alert_id}/consequence", response_model=SaidState)
async def put_consequence(
    request: Request, alert_id: Id, principal: MayOutcomesChange, body: ConsequenceBody, if_match: IfMatch = None
) -> Response:
    """Say what a closed alert led to, or spared the patient."""
    context = context_of(request)
    now, rev = context.clock.now(), revision(if_match)
    async with borrow(context.pool) as conn:
        row = await _alert(conn, request, alert_id, principal)
        if row.resolved_at is None:
            raise Problem(HTTPStatus.CONFLICT, "Close the alert first.")
        done = await outcomes.save_consequence(conn, row.alert_id, rev, body.consequence, principal.staff_id, now)
        said = await outcomes.consequence(conn, row.alert_id)
        if not done:
            raise _stale(said)
        deed = Deed(
            action=Action.CONSEQUENCE_SAVED,
            patient_id=row.patient_id,
            stay_id=row.stay_id,
            detail={"alert_id": alert_id, "consequence": body.consequence.value},
        )
        await audit.write(conn, principal.actor, deed, now)
    return _shown(said)


@router.get("/api/stays/{stay_id}/outcome", response_model=SaidState)
async def get_outcome(request: Request, stay_id: Id, principal: MayOutcomesChange) -> Response:
    """Show how a stay ended; the revision is the ETag, 0 where nobody has said."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        whose = await _stay(conn, request, stay_id, principal)
        return _shown(await outcomes.outcome(conn, whose.stay_id))


@router.put("/api/stays/{stay_id}/outcome", response_model=SaidState)
async def put_outcome(
    request: Request, stay_id: Id, principal: MayOutcomesChange, body: OutcomeBody, if_match: IfMatch = None
) -> Response:
    """Say where the patient went when a stay ended."""
    context = context_of(request)
    now, rev = context.clock.now(), revision(if_match)
    async with borrow(context.pool) as conn:
        whose = await _stay(conn, request, stay_id, principal)
        if not await outcomes.is_over(conn, whose.stay_id, now):
            raise Problem(HTTPStatus.CONFLICT, "The stay goes on.")
        done = await outcomes.save_outcome(conn, whose.stay_id, rev, body.disposition, principal.staff_id, now)
        said = await outcomes.outcome(conn, whose.stay_id)
        if not done:
            raise _stale(said)
        deed = Deed(
            action=Action.OUTCOME_SAVED,
            patient_id=whose.patient_id,
            stay_id=whose.stay_id,
            detail={"disposition": body.disposition.value},
        )
        await audit.write(conn, principal.actor, deed, now)
    return _shown(said)


async def _alert(conn: Connection, request: Request, alert_id: int, principal: StaffPrincipal) -> AlertRow:
    now = context_of(request).clock.now()
    row = await alert_reads.find_alert(conn, AlertId(alert_id), principal.scope, now)
    if row is None:
        raise NotFound
    looked(request, [row.patient_id])
    return row


async def _stay(conn: Connection, request: Request, stay_id: int, principal: StaffPrincipal) -> Wearer:
    now, wanted = context_of(request).clock.now(), StayId(stay_id)
    found = (await wearers.visible(conn, [wanted], principal.scope, now)).get(wanted)
    if found is None:
        raise NotFound
    looked(request, [found.patient_id])
    return found


def _stale(said: Said | None) -> Problem:
    return Problem(HTTPStatus.CONFLICT, _MEANWHILE, more={"now": said_state(said)}, headers=_etag(said))


def _etag(said: Said | None) -> dict[str, str]:
    return {"ETag": f'"{said_state(said)["rev"]}"'}


def _shown(said: Said | None) -> Response:
    return reply(said_state(said), headers=_etag(said))
