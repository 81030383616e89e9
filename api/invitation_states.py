"""What is sent and told of invitations of relatives. Pure; times are aware UTC."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from typing_extensions import TypedDict

from api.account_bodies import Language, Name, Username
from api.routes.relatives import OpenedWord
from ward.access.principals import Kind, Opened
from ward.store.invitations import Good, InvitationRow

_EXAMPLE: dict[str, JsonValue] = {"name": "Maja Provsson", "opens": ["values", "contacts"], "hours": 72}
Code = Annotated[str, Field(min_length=1, max_length=200)]


class InvitationBody(BaseModel):
    """Whom to invite, for how many hours the code is good, and what the patient opens; staff leave that empty."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: Name
    opens: list[Opened] = Field(default_factory=list, max_length=len(Opened))
    hours: int = Field(default=72, ge=1, le=24 * 14)
    language: Language = "sv"


class CodeBody(BaseModel):
    """The code of an invitation; only ever in a body, never in a path or query."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Code


class AcceptBody(BaseModel):
    """The code, and the log-in that the relative chooses."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Code
    username: Username
    password: str = Field(min_length=1, max_length=1000)


class InvitationState(TypedDict):
    """An invitation and what became of it; `username` is the log-in of who has used it."""

    invitation_id: int
    name: str
    language: Literal["sv", "en"]
    opens: list[OpenedWord]
    made_by: str
    made_by_kind: Literal["staff", "patient", "relative", "system"]
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    username: str | None


class InvitationMade(InvitationState):
    """An invitation that is new. `code` is told once; None for a repeat."""

    code: str | None


class InvitationList(TypedDict):
    """Every invitation of a patient's relatives, the newest first."""

    items: list[InvitationState]


class Invited(TypedDict):
    """What a code is for."""

    name: str
    language: Literal["sv", "en"]
    opens: list[OpenedWord]
    expires_at: datetime


class Joined(TypedDict):
    """The log-in of a relative who is new."""

    username: str


def invitation_state(row: InvitationRow) -> InvitationState:
    """Return an invitation without its code, which nobody knows any more."""
    return {
        "invitation_id": row.invitation_id,
        "name": row.name,
        "language": row.language,  # type: ignore[typeddict-item]  # the schema checks the word
        "opens": row.opens,  # type: ignore[typeddict-item]  # likewise
        "made_by": row.made_by_name,
        "made_by_kind": Kind(row.made_by_kind).value,
        "made_at": row.made_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "used_at": row.used_at,
        "username": row.username,
    }


def invited_state(good: Good) -> Invited:
    """Return what a code is for; nothing of the patient."""
    return {
        "name": good.name,
        "language": good.language,  # type: ignore[typeddict-item]  # the schema checks the word
        "opens": good.opens,  # type: ignore[typeddict-item]  # likewise
        "expires_at": good.expires_at,
    }
