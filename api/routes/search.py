"""`POST /api/patients/search`: finding a patient among those whom one may see. In a body, never in an address.

Each search is in the audit, with whom it found. A protected identity is found by the whole number alone.
"""

from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.bodies import PersonalNumber
from api.context import context_of
from api.replies import Text, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.store import audit, search
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.search import FoundRow

router = APIRouter(tags=["patients"])
MaySearch = Annotated[StaffPrincipal, Depends(Door(Permission.PATIENTS_SEARCH))]


class Sought(BaseModel):
    """A whole personal number, or the beginning of a name: one of the two."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Tolv"}]})

    personal_number: PersonalNumber | None = None
    name: Annotated[Text, Field(min_length=2, max_length=100, pattern=r"\S\S|\S.*\S")] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.personal_number is None) == (self.name is None):
            raise ValueError("give personal_number or name, one of them")
        return self


class FoundState(TypedDict):
    """A patient who was found; two identifiers tell them apart."""

    patient_id: int
    given_name: str
    family_name: str
    birth_date: date
    number_hint: str
    protected: bool
    team_id: int
    team: str


class FoundList(TypedDict):
    """Who was found, by name; at most fifty."""

    items: list[FoundState]


@router.post("/api/patients/search", response_model=FoundList)
async def search_patients(request: Request, principal: MaySearch, body: Sought) -> Response:
    """Find patients in care whom the caller may see."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        if body.personal_number is not None:
            rows = await search.by_number(conn, principal.scope, body.personal_number, now)
        else:
            rows = await search.by_name(conn, principal.scope, (body.name or "").strip(), now)
        detail = {
            "by": "name" if body.personal_number is None else "number",
            "found": [row.patient_id for row in rows],
        }
        await audit.write(conn, principal.actor, Deed(action=Action.PATIENTS_SEARCHED, detail=detail), now)
    return reply(FoundList(items=[_state(row) for row in rows]))


def _state(row: FoundRow) -> FoundState:
    return FoundState(
        patient_id=row.patient_id,
        given_name=row.given_name,
        family_name=row.family_name,
        birth_date=row.birth_date,
        number_hint=row.personal_number[-4:],
        protected=row.protected,
        team_id=row.team_id,
        team=row.team_name,
    )
