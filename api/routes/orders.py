"""`/api/orders`: the orders of SpO2 scale 2 that wait for the caller's name, so that a doctor need not look for them.

An order says whose patient it is by number; what it says, and how it is signed, is at the patient's plan.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.replies import reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.store import waiting_orders
from ward.store.borrow import borrow

router = APIRouter(tags=["plans"])
MayPlansRead = Annotated[StaffPrincipal, Depends(Door(Permission.PLANS_READ))]


class WaitingOrder(TypedDict):
    """An order that waits: until the caller, or another doctor where it is one from outside, signs `version`.

    `doctor_id` is the caller where the order is theirs, null where it is of a doctor from outside (`doctor`, `clinic`).
    """

    patient_id: int
    version: int
    doctor: str
    doctor_id: int | None
    clinic: str | None
    written_by: str | None
    written_at: datetime
    expires_at: datetime


class WaitingOrders(TypedDict):
    """What waits for the caller, what has waited longest at the top."""

    items: list[WaitingOrder]


@router.get("/api/orders", response_model=WaitingOrders)
async def get_orders(request: Request, principal: MayPlansRead) -> Response:
    """List the orders of SpO2 scale 2 that wait for the caller to sign; nobody but a doctor has any."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        rows = await waiting_orders.waiting(conn, principal.scope, principal.staff_id, context.clock.now())
    items = [
        WaitingOrder(
            patient_id=row.patient_id,
            version=row.version,
            doctor=order.doctor,
            doctor_id=order.doctor_id,
            clinic=None if order.outside is None else order.outside.clinic,
            written_by=row.author,
            written_at=row.written_at,
            expires_at=order.expires_at,
        )
        for row, order in rows
    ]
    return reply({"items": items})
