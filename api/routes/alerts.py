"""`/api/alerts`: who needs somebody, and the life of one alert. Reads only; what people do: `api.routes.alert_acts`."""

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api import plan_desk
from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.live.alert_messages import AlertState, alert_state
from api.live.life_messages import alert_detail
from api.notification_states import AlertTold, held_state, notification_state, step_state
from api.replies import Cursor, Id, cursor_after, reply
from ward import alerts
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.alerts import AlertId
from ward.errors import NotFound
from ward.people import PatientId, StaffId, TeamId
from ward.store import alert_reads, escalations, outbox, outbox_reads, suppressions
from ward.store.alert_reads import WantedAlerts
from ward.store.borrow import borrow

Holder = Literal["me"] | Id

router = APIRouter(tags=["alerts"])
MayAlertsRead = Annotated[StaffPrincipal, Depends(Door(Permission.ALERTS_READ))]
_STATES = frozenset(state.value for state in alerts.AlertState)


class AlertsQuery(BaseModel):
    """Which alerts; `state` lists states by commas, `holder` is `me` or who has taken them."""

    model_config = ConfigDict(extra="forbid")

    state: str = "open,acknowledged"
    team: Id | None = None
    patient: Id | None = None
    holder: Holder | None = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None

    def states(self) -> list[str]:
        """Return the states that are asked for."""
        states = self.state.split(",")
        if not _STATES.issuperset(states):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"`state` lists any of {', '.join(sorted(_STATES))}.")
        return states


def _holder(holder: int | str | None, principal: StaffPrincipal) -> StaffId | None:
    if holder is None:
        return None
    return principal.staff_id if isinstance(holder, str) else StaffId(holder)


class AlertPage(TypedDict):
    """A page of alerts, the newest first; `next` is the cursor of the following one."""

    items: list[AlertState]
    next: str | None


@router.get("/api/alerts", response_model=AlertPage)
async def get_alerts(
    request: Request,
    principal: MayAlertsRead,
    query: Annotated[AlertsQuery, Query()],
) -> Response:
    """List alerts, the newest first."""
    context = context_of(request)
    now = context.clock.now()
    wanted = WantedAlerts(
        scope=principal.scope,
        states=query.states(),
        team_id=None if query.team is None else TeamId(query.team),
        patient_id=None if query.patient is None else PatientId(query.patient),
        holder_id=_holder(query.holder, principal),
        before=None if query.cursor is None else AlertId(query.cursor),
        limit=query.limit + 1,
    )
    async with borrow(context.looks) as conn:
        rows = await alert_reads.find_alerts(conn, wanted, now)
    page = rows[: query.limit]
    following = cursor_after(page[-1].alert_id) if len(rows) > query.limit else None
    return reply({"items": [alert_state(row, now.date()) for row in page], "next": following})


@router.get("/api/alerts/{alert_id}", response_model=AlertTold)
async def get_alert(request: Request, alert_id: Id, principal: MayAlertsRead) -> Response:
    """Show one alert with its life and who was told of it; whoever looks has seen what they were sent of it.

    The revision is also the ETag.
    """
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await alert_reads.find_alert(conn, AlertId(alert_id), principal.scope, now)
        if row is None:
            raise NotFound
        events = await alert_reads.read_events(conn, row)
        await outbox.seen(conn, row.stay_id, row.alert_id, principal.staff_id, now)
        steps = await escalations.read(conn, row.stay_id, row.alert_id)
        notifications = await outbox_reads.of_alert(conn, row.stay_id, row.alert_id)
        held = await suppressions.held_by(conn, row.stay_id, row.rule, row.opened_at)
        card = await plan_desk.card_of(conn, row.stay_id, row.rule, now)
    told = AlertTold(
        **alert_detail(row, events, now.date()),
        card=card,
        steps=[step_state(each) for each in steps],
        notifications=[notification_state(each) for each in notifications],
        speaks_for=[held_state(each) for each in held],
    )
    return reply(told, headers={"ETag": f'"{row.rev}"'})
