"""`GET /api/escalations`: what the alert lane shows beside each alert: who is told next and when, what it speaks for.

Looking here counts as seeing nothing: neither a notification nor a patient's log is touched. No patient is named, and
the look at the alerts themselves is in the log (`/api/live`, `/api/alerts`).
"""

from collections.abc import Iterable
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
from ward.store import next_steps
from ward.store.borrow import borrow
from ward.store.next_steps import HeldRule, NextContact

router = APIRouter(tags=["alerts"])
MayAlertsRead = Annotated[StaffPrincipal, Depends(Door(Permission.ALERTS_READ))]


class ToBeToldState(TypedDict):
    """One of those who are told next: a team, or a person of it."""

    team: str
    name: str | None
    title: str | None


class StepAheadState(TypedDict):
    """The step that is taken at `due_at` unless somebody answers before; `level` counts how far it has come."""

    level: int
    due_at: datetime
    to: list[ToBeToldState]


class EscalationState(TypedDict):
    """What comes next for an open alert, null where nobody further is told, and the rules that it speaks for."""

    alert_id: int
    next: StepAheadState | None
    speaks_for: list[str]


class EscalationList(TypedDict):
    """The open alerts that have either."""

    items: list[EscalationState]


@router.get("/api/escalations", response_model=EscalationList)
async def get_escalations(request: Request, principal: MayAlertsRead) -> Response:
    """List who is told next of each open alert, and when; what is not told by itself, since an alert speaks for it."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.looks) as conn:
        contacts = await next_steps.contacts(conn, principal.scope, now)
        held = await next_steps.held(conn, principal.scope, now)
    return reply({"items": _states(contacts, held)})


def _states(contacts: Iterable[NextContact], held: Iterable[HeldRule]) -> list[EscalationState]:
    found: dict[int, EscalationState] = {}
    for each in contacts:
        state = found.setdefault(each.alert_id, EscalationState(alert_id=each.alert_id, next=None, speaks_for=[]))
        step = state["next"] or StepAheadState(level=each.level, due_at=each.due_at, to=[])
        step["to"].append(ToBeToldState(team=each.team, name=each.name, title=each.title))
        state["next"] = step
    for rule in held:
        state = found.setdefault(rule.alert_id, EscalationState(alert_id=rule.alert_id, next=None, speaks_for=[]))
        state["speaks_for"].append(rule.rule)
    return list(found.values())
