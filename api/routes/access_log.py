"""`/api/patients/{id}/access-log`: who looked at a patient's data, for the patient, in plain words."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.replies import Cursor, Id, cursor_after, reply
from ward.access.areas import Looker, Seen, area_of, reads, sentence
from ward.access.permissions import Permission
from ward.access.principals import PatientPrincipal, Principal, StaffPrincipal
from ward.errors import NotFound
from ward.people import PatientId
from ward.store import accesses, people
from ward.store.accesses import AccessRow
from ward.store.borrow import borrow
from ward.store.pool import Connection

router = APIRouter(tags=["audit"])
MayAccessLogRead = Annotated[Principal, Depends(Door(Permission.ACCESS_LOG_READ))]


class AccessLogQuery(BaseModel):
    """Which looks."""

    model_config = ConfigDict(extra="forbid")

    whose: Literal["all", "others"] = Field(default="all", description="others: without the patient's own looks")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


class AccessState(TypedDict):
    """One look: who, from which unit, when, at what and why; `text_*` says it in one sentence.

    `attempts` is set where nothing was shown: so many attempts within a minute were refused.
    """

    access_id: int
    at: datetime
    name: str
    title: str | None
    role: str
    units: list[str]
    area: str
    did: Literal["read", "changed"]
    why: str
    patients: int
    attempts: int | None
    text_sv: str
    text_en: str


class AccessPage(TypedDict):
    """A page of looks, the newest first; `next` is the cursor of the following one."""

    items: list[AccessState]
    next: str | None


def access_state(row: AccessRow) -> AccessState:
    """Build one look."""
    units = [*row.teams, *([] if row.organisation is None else [row.organisation])]
    looker = Looker(name=row.name, title=row.title, units=tuple(units))
    look = Seen(path=row.path.partition(", ")[0], method=row.method, why=row.why, attempts=row.attempts)
    return AccessState(
        access_id=row.access_id,
        at=row.at,
        name=row.name,
        title=row.title,
        role=row.role,
        units=units,
        area=area_of(look.path),
        did="read" if reads(look.path, look.method) else "changed",
        why=row.why,
        patients=row.patients,
        attempts=row.attempts,
        text_sv=sentence(looker, look, "sv"),
        text_en=sentence(looker, look, "en"),
    )


@router.get("/api/patients/{patient_id}/access-log", response_model=AccessPage)
async def get_access_log(
    request: Request, patient_id: Id, principal: MayAccessLogRead, query: Annotated[AccessLogQuery, Query()]
) -> Response:
    """List who has looked at a patient's data: a patient their own, an operator anybody's of their organisation."""
    patient = PatientId(patient_id)
    async with borrow(context_of(request).pool) as conn:
        if not await _may_see(conn, patient, principal):
            raise NotFound
        read = accesses.by_others if query.whose == "others" else accesses.of_patient
        rows = await read(conn, patient, query.cursor, query.limit + 1)
    page = rows[: query.limit]
    following = cursor_after(page[-1].access_id) if len(rows) > query.limit else None
    return reply({"items": [access_state(row) for row in page], "next": following})


async def _may_see(conn: Connection, patient_id: PatientId, principal: Principal) -> bool:
    match principal:
        case PatientPrincipal():
            return principal.patient_id == patient_id
        case StaffPrincipal():
            return await people.organisation_of_patient(conn, patient_id) == principal.organisation_id
        case _:
            return False
