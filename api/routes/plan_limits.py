"""`/api/patients/{id}/plan/limits`: the limits as they were in force, for the bands behind a patient's curves.

Only looks. The invariant: a band is of the plan that watched at that instant, never today's drawn over the past.
"""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.live.messages import LimitState, bands
from api.replies import Id, reply
from api.routes.patients import find_seat
from api.routes.vitals import SpanQuery
from ward import overlays
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.people import StayId
from ward.plans import Plan
from ward.store import plans
from ward.store.borrow import borrow
from ward.store.pool import Connection

router = APIRouter(tags=["plans"])
MayPatientsRead = Annotated[StaffPrincipal, Depends(Door(Permission.PATIENTS_READ))]
MOST_STEPS = 100
_DEFAULT_SPAN = timedelta(hours=4)


class NightState(TypedDict):
    """The limits from `begins` until `ends`, minutes after midnight in Stockholm; kinds without are as by day."""

    begins: int
    ends: int
    limits: dict[str, LimitState]


# From when until when a plan's limits were the same; those that are not known any more are left out.
LimitStep = TypedDict(
    "LimitStep",
    {"from": datetime, "to": datetime, "limits": dict[str, LimitState], "night": NightState | None},
)


class LimitsState(TypedDict):
    """The limits of the interval, in order, without a hole. `truncated`: only the newest changes are told."""

    steps: list[LimitStep]
    truncated: bool


def _bounds(query: SpanQuery, now: datetime) -> tuple[datetime, datetime]:
    end = query.end or now
    start = query.start or end - _DEFAULT_SPAN
    if start >= end:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "`from` must lie before `to`.")
    return start, end


def _night(plan: Plan) -> NightState | None:
    if plan.night is None:
        return None
    return NightState(begins=plan.night.begins, ends=plan.night.ends, limits=bands(plan.night.limits))


async def _step(conn: Connection, stay_id: StayId, start: datetime, end: datetime) -> LimitStep:
    found = (await plans.effective(conn, [stay_id], start))[0]
    plan = overlays.effective(found.programme, found.plan_layers, start).plan
    return LimitStep({"from": start, "to": end, "limits": bands(plan.limits), "night": _night(plan)})


def joined(steps: list[LimitStep]) -> list[LimitStep]:
    """Join neighbours that say the same: a new version of a plan need not touch its limits."""
    found: list[LimitStep] = []
    for step in steps:
        last = found[-1] if found else None
        if last is not None and (last["limits"], last["night"]) == (step["limits"], step["night"]):
            last["to"] = step["to"]
        else:
            found.append(step)
    return found


@router.get("/api/patients/{patient_id}/plan/limits", response_model=LimitsState)
async def get_limits(
    request: Request, patient_id: Id, principal: MayPatientsRead, query: Annotated[SpanQuery, Query()]
) -> Response:
    """Show the limits as they were in force over an interval of the stay in progress, step by step."""
    context = context_of(request)
    start, end = _bounds(query, context.clock.now())
    async with borrow(context.looks) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        stay_id = StayId(seat.stay_id)
        changes = await plans.changes(conn, stay_id, start, end)
        edges = [start, *changes[-MOST_STEPS:], end]
        steps = [await _step(conn, stay_id, edges[place], edges[place + 1]) for place in range(len(edges) - 1)]
    return reply({"steps": joined(steps), "truncated": len(changes) > MOST_STEPS})
