"""`/api/teams/{id}/shift`: what the next shift has to know: what happened, what is open, what nobody has read or seen.

For members of the team. Reads only; the hand-over itself is `api.routes.handovers`.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.live.alert_messages import AlertState, alert_state
from api.live.messages import shown_name
from api.replies import Id, Instant, reply
from api.timeline_states import TimelineEvent, event_states
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.alerts import AlertId
from ward.errors import NotFound
from ward.people import StaffId, TeamId
from ward.store import access, alert_reads, care_events, duty_debt, shifts
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.shifts import ShiftRow

router = APIRouter(tags=["teams"])
MayHandovers = Annotated[StaffPrincipal, Depends(Door(Permission.HANDOVERS))]
USUAL = timedelta(hours=10)
LONGEST = timedelta(hours=36)


class ShiftQuery(BaseModel):
    """From when; left out, the last ten hours."""

    model_config = ConfigDict(extra="forbid")

    start: Instant | None = Field(default=None, alias="from")


class ShiftPatient(TypedDict):
    """A patient for whom the team has answered: alerts open or closed since, entries new or not read by the caller."""

    patient_id: int
    name: str
    number_hint: str
    alerts: list[AlertState]
    entries: list[TimelineEvent]


class OwedState(TypedDict):
    """What the team owes an answer, by kind: how much, and which alerts."""

    kind: str
    count: int
    alerts: list[AlertState]


# `from` is a keyword of the language, hence the call form.
ShiftPage = TypedDict(
    "ShiftPage",
    {"team_id": int, "from": datetime, "until": datetime, "patients": list[ShiftPatient], "owed": list[OwedState]},
)


@router.get("/api/teams/{team_id}/shift", response_model=ShiftPage)
async def get_shift(
    request: Request, team_id: Id, principal: MayHandovers, query: Annotated[ShiftQuery, Query()]
) -> Response:
    """Show what the next shift has to know: what happened since then, what is open, what nobody has read or seen."""
    context = context_of(request)
    now, wanted = context.clock.now(), TeamId(team_id)
    since = now - USUAL if query.start is None else query.start
    if wanted not in principal.team_ids:
        raise NotFound
    if not timedelta(0) < now - since <= LONGEST:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A shift began in the past, 36 hours ago at most.")
    async with borrow(context.looks) as conn:
        rows = await shifts.of_team(conn, wanted, principal.scope, principal.staff_id, since, now)
        owed = await duty_debt.debt(conn, wanted, now)
        numbers = {number for row in rows for number in row.alerts} | {n for each in owed for n in each.alerts or ()}
        found = await alert_reads.read_alerts(conn, sorted(AlertId(number) for number in numbers), now)
        seen = await access.seen(conn, [row.stay_id for row in found], principal.scope, now)
        alerts = {row.alert_id: alert_state(row, now.date()) for row in found if row.stay_id in seen}
        patients = [await _patient(conn, row, alerts, principal.staff_id) for row in rows]
    debts = [OwedState(kind=each.kind, count=each.count, alerts=_known(each.alerts or [], alerts)) for each in owed]
    return reply({"team_id": team_id, "from": since, "until": now, "patients": patients, "owed": debts})


async def _patient(conn: Connection, row: ShiftRow, alerts: dict[AlertId, AlertState], me: StaffId) -> ShiftPatient:
    entries: list[TimelineEvent] = []
    if row.events:
        written = await care_events.some(conn, row.stay_id, row.events)
        entries = event_states(written, await care_events.receipts(conn, row.stay_id, row.events), me)
    return {
        "patient_id": row.patient_id,
        "name": f"{shown_name(row.given_name, row)} {shown_name(row.family_name, row)}",
        "number_hint": row.number_hint,
        "alerts": _known(row.alerts, alerts),
        "entries": entries,
    }


def _known(numbers: list[int], alerts: dict[AlertId, AlertState]) -> list[AlertState]:
    return [alerts[AlertId(number)] for number in numbers if AlertId(number) in alerts]
