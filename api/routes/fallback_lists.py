"""`/api/teams/{id}/fallback-list`: the team's patients on paper, for when nothing else works. For members of the team.

A look at every patient on it, and in the access log as such.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api import fallback_read
from api.auth import Door
from api.context import context_of
from api.fallback_list import Language
from api.replies import Id
from api.witness import looked
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.duty import wallclock
from ward.errors import NotFound
from ward.people import TeamId
from ward.store import duty_schedules
from ward.store.borrow import borrow

router = APIRouter(tags=["teams"])
MayHandovers = Annotated[StaffPrincipal, Depends(Door(Permission.HANDOVERS))]
_PDF = "application/pdf"


@router.get(
    "/api/teams/{team_id}/fallback-list",
    response_class=Response,
    responses={200: {"content": {_PDF: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def get_fallback_list(
    request: Request, team_id: Id, principal: MayHandovers, lang: Annotated[Language, Query()] = "sv"
) -> Response:
    """Print the team's patients with limits, latest values, alerts and whom to call; good for a day."""
    if team_id not in principal.team_ids:
        raise NotFound
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.looks) as conn:
        team = await duty_schedules.team(conn, TeamId(team_id))
        if team is None:
            raise NotFound
        made = await fallback_read.read(conn, team, now, lang)
    looked(request, made.patient_ids)
    name = f"hemvakt-{team_id}-{wallclock.wall(now):%Y-%m-%d-%H%M}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(await fallback_read.pdf(made), media_type=_PDF, headers=headers)
