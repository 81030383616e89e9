"""`/api/offers`: the patients that are being offered to the caller, or to a team of theirs, and wait for an answer.

An offer says what the patient needs and why they are offered, not who they are: that is seen after accepting.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.duty_states import BatonState, baton_state
from api.replies import reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.store import duty_batons, duty_schedules
from ward.store.borrow import borrow
from ward.store.duty_batons import BatonRow, OfferedRow

router = APIRouter(tags=["responsibility"])
MayResponsibilityRead = Annotated[StaffPrincipal, Depends(Door(Permission.RESPONSIBILITY_READ))]


class OfferState(BatonState):
    """An offer that waits: the patient by number, what they are in care for, and what they need."""

    patient_id: int
    programme: str
    needs: list[str]
    from_team: str


class OfferList(TypedDict):
    """What waits for the caller, what runs out first at the top."""

    items: list[OfferState]


@router.get("/api/offers", response_model=OfferList)
async def get_offers(request: Request, principal: MayResponsibilityRead) -> Response:
    """List the patients that are offered to the caller or a team of theirs."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        rows = await duty_batons.waiting(conn, principal.staff_id, principal.team_ids, now)
        stays = await duty_batons.offered(conn, [row.stay_id for row in rows], now)
        names = await duty_schedules.names(conn, [row.offered_by for row in rows])
    here = [(row, stays[row.stay_id]) for row in rows if row.stay_id in stays]
    return reply({"items": [_state(row, about, names, now) for row, about in here]})


def _state(row: BatonRow, about: OfferedRow, names: dict[int, str], now: datetime) -> OfferState:
    return {
        **baton_state(row, names, now),
        "patient_id": about.patient_id,
        "programme": about.programme,
        "needs": about.needs,
        "from_team": about.from_team,
    }
