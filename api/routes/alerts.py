"""`/api/alerts`: who needs somebody, the life of one alert, and what people do about it.

Nothing here changes an alert: `alerting.apply` does. Whoever acts names the revision they saw in `If-Match`.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from alerting import apply
from api.auth import CLINICAL, Principal
from api.context import Context, context_of
from api.errors import Problem
from api.live.alert_messages import AlertDetail, AlertState, alert_detail, alert_state
from api.preconditions import IfMatch, revision
from api.replies import Cursor, Id, Text, cursor_after, reply
from ward import alerts
from ward.alerts import AlertId, Outcome
from ward.errors import Conflict, IllegalTransition, NotFound
from ward.people import PatientId, TeamId
from ward.store import alert_reads
from ward.store.alert_reads import AlertRow, WantedAlerts
from ward.store.borrow import borrow

router = APIRouter(tags=["alerts"])
_STATES = frozenset(state.value for state in alerts.AlertState)


class AlertsQuery(BaseModel):
    """Which alerts; `state` lists states by commas."""

    model_config = ConfigDict(extra="forbid")

    state: str = "open,acknowledged"
    team: Id | None = None
    patient: Id | None = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None

    def states(self) -> list[str]:
        """Return the states that are asked for."""
        states = self.state.split(",")
        if not _STATES.issuperset(states):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"`state` lists any of {', '.join(sorted(_STATES))}.")
        return states


class AlertPage(TypedDict):
    """A page of alerts, the newest first; `next` is the cursor of the following one."""

    items: list[AlertState]
    next: str | None


class Note(BaseModel):
    """What to write beside an acknowledgement."""

    model_config = ConfigDict(extra="forbid", strict=True)

    note: Text | None = Field(default=None, max_length=2000)


class Closing(BaseModel):
    """What the alert turned out to be."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    note: Text | None = Field(default=None, max_length=2000)


@router.get("/api/alerts", response_model=AlertPage)
async def get_alerts(
    request: Request, principal: Annotated[Principal, Depends(CLINICAL)], query: Annotated[AlertsQuery, Query()]
) -> Response:
    """List alerts, the newest first."""
    context = context_of(request)
    now = context.clock.now()
    wanted = WantedAlerts(
        scope=principal.scope,
        states=query.states(),
        team_id=None if query.team is None else TeamId(query.team),
        patient_id=None if query.patient is None else PatientId(query.patient),
        before=None if query.cursor is None else AlertId(query.cursor),
        limit=query.limit + 1,
    )
    async with borrow(context.pool) as conn:
        rows = await alert_reads.find_alerts(conn, wanted, now)
    page = rows[: query.limit]
    following = cursor_after(page[-1].alert_id) if len(rows) > query.limit else None
    return reply({"items": [alert_state(row, now.date()) for row in page], "next": following})


@router.get("/api/alerts/{alert_id}", response_model=AlertDetail)
async def get_alert(request: Request, alert_id: Id, principal: Annotated[Principal, Depends(CLINICAL)]) -> Response:
    """Show one alert with its life; the revision is also the ETag."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await alert_reads.find_alert(conn, AlertId(alert_id), principal.scope, now)
        if row is None:
            raise NotFound
        events = await alert_reads.read_events(conn, row)
    return reply(alert_detail(row, events, now.date()), headers={"ETag": f'"{row.rev}"'})


@router.post("/api/alerts/{alert_id}/acknowledge", response_model=AlertState)
async def acknowledge(
    request: Request,
    alert_id: Id,
    principal: Annotated[Principal, Depends(CLINICAL)],
    body: Note,
    if_match: IfMatch = None,
) -> Response:
    """Say that somebody has seen it."""
    event = apply.Acknowledge(by=principal.staff_id, rev=revision(if_match), note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


@router.post("/api/alerts/{alert_id}/resolve", response_model=AlertState)
async def resolve(
    request: Request,
    alert_id: Id,
    principal: Annotated[Principal, Depends(CLINICAL)],
    body: Closing,
    if_match: IfMatch = None,
) -> Response:
    """Close it, and say what it was."""
    event = apply.Resolve(by=principal.staff_id, rev=revision(if_match), outcome=body.outcome, note=body.note)
    return await _act(context_of(request), AlertId(alert_id), principal, event)


async def _act(
    context: Context, alert_id: AlertId, principal: Principal, event: apply.Acknowledge | apply.Resolve
) -> Response:
    """Apply what a person did; when the alert is not as they saw it, answer with how it is now."""
    now = context.clock.now()
    refusal = None
    async with borrow(context.pool) as conn:
        if await alert_reads.find_alert(conn, alert_id, principal.scope, now) is None:
            raise NotFound
        try:
            await apply.apply_event(conn, alert_id, event, now)
        except Conflict:
            refusal = "It has changed since you saw it."
        except IllegalTransition:
            refusal = "It is not in a state that allows this."
        row: AlertRow | None = await alert_reads.find_alert(conn, alert_id, principal.scope, now)
    if row is None:
        raise NotFound
    state = alert_state(row, now.date())
    headers = {"ETag": f'"{row.rev}"'}
    if refusal is not None:
        raise Problem(HTTPStatus.CONFLICT, refusal, more={"alert": state}, headers=headers)
    return reply(state, headers=headers)
