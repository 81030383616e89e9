"""`/api/replay`: a stretch of the past as a board showed it, for those who may see its patients now.

Reads only, in pages of patients. What a reading, a score or an alert was known to be then is what is told, not what is
known of it since.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.replay_states import ReplayPage, replay_stays
from api.replies import Cursor, Id, Instant, cursor_after, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.people import TeamId
from ward.store import replays
from ward.store.borrow import borrow
from ward.store.replays import Stretch
from ward.vitals import VITALS, VitalKind

router = APIRouter(tags=["patients"])
MayPatientsRead = Annotated[StaffPrincipal, Depends(Door(Permission.PATIENTS_READ))]
LONGEST = timedelta(hours=24)
PAGE = 40
# What the rows of a board show.
_KINDS = (
    VitalKind.HEART_RATE,
    VitalKind.RESP_RATE,
    VitalKind.SPO2,
    VitalKind.SYSTOLIC,
    VitalKind.DIASTOLIC,
    VitalKind.TEMPERATURE,
)


class ReplayQuery(BaseModel):
    """Which stretch, and whose; without `team` everybody whom the caller may see."""

    model_config = ConfigDict(extra="forbid")

    from_at: Instant = Field(alias="from")
    to: Instant
    team: Id | None = None
    cursor: Cursor | None = None


@router.get("/api/replay", response_model=ReplayPage)
async def get_replay(request: Request, principal: MayPatientsRead, query: Annotated[ReplayQuery, Query()]) -> Response:
    """Show a stretch of the past, a day at most, minute by minute as it was known then."""
    context = context_of(request)
    now = context.clock.now()
    within = Stretch(start=query.from_at, end=min(query.to, now))
    if not timedelta(0) < within.end - within.start <= LONGEST:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A replay begins in the past and is at most 24 hours long.")
    async with borrow(context.looks) as conn:
        rows = await replays.stays(
            conn,
            principal.scope,
            within,
            now,
            team_id=None if query.team is None else TeamId(query.team),
            after=query.cursor or 0,
            limit=PAGE + 1,
        )
        page = rows[:PAGE]
        of = [row.stay_id for row in page]
        readings = await replays.readings(conn, of, [VITALS[kind].code for kind in _KINDS], within)
        scores = await replays.scores(conn, of, within)
        lines = await replays.lines(conn, of, within)
    following = cursor_after(page[-1].stay_id) if len(rows) > PAGE else None
    items = replay_stays(page, readings, scores, lines, now.date())
    return reply({"from": within.start, "to": within.end, "items": items, "next": following})
