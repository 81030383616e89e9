"""`/api/burden`: how much is rung for the patients whom one may see, by patient-day, hour, patient and rule.

Counts and no vital value. Who is tuning begins here: which patients and which rules ring most, and how many of the
alerts that people have judged were false.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Door
from api.burden_states import BurdenState, burden_state
from api.context import context_of
from api.errors import Problem
from api.replies import Id, Instant, reply
from api.witness import looked
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.people import TeamId
from ward.store import burden
from ward.store.borrow import borrow
from ward.store.burden import Span

router = APIRouter(tags=["backtests"])
MayBurden = Annotated[StaffPrincipal, Depends(Door(Permission.BURDEN_READ))]
LONGEST = timedelta(days=92)


class BurdenQuery(BaseModel):
    """Which time; `team` leaves only its patients."""

    model_config = ConfigDict(extra="forbid")

    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    team: Id | None = None


@router.get("/api/burden", response_model=BurdenState)
async def get_burden(request: Request, principal: MayBurden, query: Annotated[BurdenQuery, Query()]) -> Response:
    """Count the alerts of a time, of patients whom the caller may see."""
    context = context_of(request)
    now = context.clock.now()
    end = min(query.end, now)
    if query.start >= end:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "from must lie before to, and in the past.")
    if end - query.start > LONGEST:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Ask for {LONGEST.days} days at most.")
    span = Span(start=query.start, end=end, team_id=None if query.team is None else TeamId(query.team))
    async with borrow(context.pool) as conn:
        watched = await burden.watched(conn, principal.scope, span, now)
        rung = await burden.rung(conn, principal.scope, span, now)
    state = burden_state(span, watched, rung)
    looked(request, [each["patient_id"] for each in state["top_patients"]])
    return reply(state)
