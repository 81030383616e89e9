"""`/api/audit`: who did what to which device and for whom, for operators of the same organisation.

It names patients by number alone.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.replies import Cursor, DeviceId, Id, cursor_after, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.people import PatientId
from ward.store import audit
from ward.store.audit import Entry, Wanted
from ward.store.borrow import borrow

router = APIRouter(tags=["audit"])
MayAuditRead = Annotated[StaffPrincipal, Depends(Door(Permission.AUDIT_READ))]


class AuditQuery(BaseModel):
    """Which entries."""

    model_config = ConfigDict(extra="forbid")

    device: DeviceId | None = None
    patient: Id | None = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


class Who(TypedDict):
    """Who did it, and as what."""

    account_id: int
    staff_id: int | None
    name: str | None
    role: str
    organisation_id: int | None


class AuditState(TypedDict):
    """One deed."""

    audit_id: int
    at: datetime
    who: Who
    action: str
    device_id: str | None
    patient_id: int | None
    stay_id: int | None
    reason: str | None
    detail: dict[str, object]


class AuditPage(TypedDict):
    """A page of deeds, the newest first; `next` is the cursor of the following one."""

    items: list[AuditState]
    next: str | None


@router.get("/api/audit", response_model=AuditPage)
async def get_audit(
    request: Request,
    principal: MayAuditRead,
    query: Annotated[AuditQuery, Query()],
) -> Response:
    """List what was done in the own organisation, or to its patients, the newest first."""
    wanted = Wanted(
        organisation_id=principal.organisation_id,
        device_id=query.device,
        patient_id=None if query.patient is None else PatientId(query.patient),
        before=query.cursor,
        limit=query.limit + 1,
    )
    async with borrow(context_of(request).pool) as conn:
        rows = await audit.read(conn, wanted)
    page = rows[: query.limit]
    following = cursor_after(page[-1].audit_id) if len(rows) > query.limit else None
    return reply({"items": [_state(row) for row in page], "next": following})


def _state(row: Entry) -> AuditState:
    who = Who(
        account_id=row.account_id,
        staff_id=row.staff_id,
        name=row.name,
        role=row.role,
        organisation_id=row.organisation_id,
    )
    return AuditState(
        audit_id=row.audit_id,
        at=row.at,
        who=who,
        action=row.action,
        device_id=row.device_id,
        patient_id=row.patient_id,
        stay_id=row.stay_id,
        reason=row.reason,
        detail=row.detail,
    )
