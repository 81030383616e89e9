"""`/api/patients/{id}/readings/kinds`: what the caller may enter by hand, in which units, and what is plausible.

The page checks what is typed by this before it is sent, without a network too. Nothing of the patient is in it.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.replies import Id, reply
from api.routes.patients import find_seat
from ward.access.permissions import Permission
from ward.access.principals import Principal, StaffPrincipal
from ward.manual import BY_PATIENT, BY_STAFF
from ward.store.borrow import borrow
from ward.vitals import VITALS, VitalKind

router = APIRouter(tags=["timeline"])
MayReadingsEnter = Annotated[Principal, Depends(Door(Permission.READINGS_ENTER))]


class KindState(TypedDict):
    """One kind: its unit (UCUM), the decimals that are shown, and the least and greatest plausible value."""

    kind: VitalKind
    unit: str
    decimals: int
    low: float
    high: float


class KindList(TypedDict):
    """What may be entered by hand."""

    items: list[KindState]


@router.get("/api/patients/{patient_id}/readings/kinds", response_model=KindList)
async def get_kinds(request: Request, patient_id: Id, principal: MayReadingsEnter) -> Response:
    """List what the caller may enter by hand, with units and plausible ranges."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        await find_seat(conn, patient_id, principal.scope, context.clock)
    allowed = BY_STAFF if isinstance(principal, StaffPrincipal) else BY_PATIENT
    return reply(KindList(items=[_state(kind) for kind in VitalKind if kind in allowed]))


def _state(kind: VitalKind) -> KindState:
    vital = VITALS[kind]
    return KindState(kind=kind, unit=vital.unit, decimals=vital.decimals, low=vital.low, high=vital.high)
