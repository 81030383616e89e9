"""`/api/session`: log in, who am I, log out. What a session is: `api.auth`."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import ANYBODY, COOKIE, LONGEST, Principal, log_in
from api.context import Context, context_of
from api.errors import Problem
from api.live.messages import TeamState
from api.replies import Text, reply
from ward.store import sessions, tiles
from ward.store.borrow import borrow
from ward.store.sessions import SessionRow

router = APIRouter(tags=["session"])


class Credentials(BaseModel):
    """A local account."""

    model_config = ConfigDict(extra="forbid", strict=True)

    username: Text = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=1000)


class Me(TypedDict):
    """Who is logged in."""

    staff_id: int
    username: str
    name: str
    title: str
    role: Literal["nurse", "doctor", "operator"]
    language: Literal["sv", "en"]


class OrganisationState(TypedDict):
    """Where they work."""

    organisation_id: int
    name: str


class SessionState(TypedDict):
    """A session in force; `demo` tells that invented patients are shown."""

    staff: Me
    organisation: OrganisationState
    teams: list[TeamState]
    demo: bool
    expires_at: datetime


async def _state(context: Context, row: SessionRow) -> SessionState:
    async with borrow(context.pool) as conn:
        teams = await sessions.read_teams(conn, row.team_ids)
        demo = await tiles.holds_demo(conn, context.clock.now())
    return SessionState(
        staff=Me(
            staff_id=row.staff_id,
            username=row.username,
            name=row.name,
            title=row.title,
            role=row.role,  # type: ignore[typeddict-item]  # the schema checks the word
            language=row.language,  # type: ignore[typeddict-item]  # the schema checks the word
        ),
        organisation=OrganisationState(organisation_id=row.organisation_id, name=row.organisation_name),
        teams=[TeamState(team_id=team.team_id, name=team.name, phone=team.phone) for team in teams],
        demo=demo,
        expires_at=row.expires_at,
    )


@router.post("/api/session", response_model=SessionState)
async def post_session(request: Request, credentials: Credentials) -> Response:
    """Log in; the answer sets the cookie."""
    context = context_of(request)
    opened = await log_in(context, credentials.username, credentials.password)
    if opened is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "The name and the password do not fit together.")
    token, row = opened
    response = reply(await _state(context, row))
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=context.settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )
    return response


@router.get("/api/session", response_model=SessionState)
async def get_session(request: Request, principal: Annotated[Principal, Depends(ANYBODY)]) -> Response:
    """Tell who is logged in."""
    return reply(await _state(context_of(request), principal.session))


@router.delete("/api/session", status_code=HTTPStatus.NO_CONTENT)
async def delete_session(request: Request, principal: Annotated[Principal, Depends(ANYBODY)]) -> Response:
    """Log out: the session ends, and its sockets close at once."""
    context = context_of(request)
    token_sha256 = bytes(principal.session.token_sha256)
    async with borrow(context.pool) as conn:
        await sessions.revoke_session(conn, token_sha256)
    context.hub.close_token(token_sha256)
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.delete_cookie(COOKIE, path="/", secure=context.settings.secure_cookies, httponly=True, samesite="strict")
    return response
