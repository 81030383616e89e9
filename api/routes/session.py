"""`/api/session`: ways to log in, log in, who am I, log out. What a session is: `api.auth`."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api import log_in
from api.auth import Door, owes_factor
from api.context import Context, context_of
from api.errors import Problem
from api.live.messages import TeamState
from api.reasons import Reason
from api.replies import Text, reply
from ward.access.permissions import Permission
from ward.access.principals import Kind, Principal
from ward.store import sessions, tiles
from ward.store.borrow import borrow
from ward.store.sessions import SessionRow, Way

router = APIRouter(tags=["session"])
MayOwnSession = Annotated[Principal, Depends(Door(Permission.OWN_SESSION))]


class Credentials(BaseModel):
    """A local account."""

    model_config = ConfigDict(extra="forbid", strict=True)

    username: Text = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=1000)
    code: str | None = Field(
        default=None, min_length=6, max_length=40, description="of the second factor, or for an emergency"
    )
    shared: bool = Field(default=False, description="a screen that several people use: it asks again who is there")


class Provider(TypedDict):
    """Where a browser is sent to log in at an OpenID provider; `host` tells people which one."""

    path: str
    host: str


class Ways(TypedDict):
    """How people can log in here. `demo`: as the invented people too, whose password everybody knows."""

    password: Literal[True]
    oidc: Provider | None
    demo: bool


class Me(TypedDict):
    """The member of staff who is logged in."""

    staff_id: int
    username: str
    name: str
    title: str
    role: Literal["nurse", "doctor", "clinician", "operator"]
    language: Literal["sv", "en"]


class OrganisationState(TypedDict):
    """Where they work."""

    organisation_id: int
    name: str


class AccountState(TypedDict):
    """Whose session it is, whatever kind of principal they are."""

    account_id: int
    kind: Literal["staff", "patient", "relative", "system"]
    name: str
    language: Literal["sv", "en"]


class SessionState(TypedDict):
    """A session in force; `staff` for staff alone, `patient_id` for a patient. `demo`: invented patients are shown.

    `ended` is how many older sessions this log-in has ended, since there were too many; always 0 but when logging in.
    With `must_change_password` or `must_enrol` nothing else is let in; a `shared` session asks again after a while who
    is there.
    """

    account: AccountState
    staff: Me | None
    organisation: OrganisationState | None
    patient_id: int | None
    teams: list[TeamState]
    demo: bool
    way: Literal["password", "oidc", "token"]
    shared: bool
    must_change_password: bool
    second_factor: bool
    must_enrol: bool
    ended: int
    expires_at: datetime


async def _state(context: Context, row: SessionRow, ended: int = 0) -> SessionState:
    async with borrow(context.pool) as conn:
        teams = await sessions.read_teams(conn, row.team_ids)
        demo = await tiles.holds_demo(conn, context.clock.now())
    return SessionState(
        account=AccountState(
            account_id=row.account_id,
            kind=Kind(row.kind).value,
            name=row.name,
            language=row.language,  # type: ignore[typeddict-item]  # the schema checks the word
        ),
        staff=_me(row),
        organisation=_organisation(row),
        patient_id=row.patient_id,
        teams=[TeamState(team_id=team.team_id, name=team.name, phone=team.phone) for team in teams],
        demo=demo,
        way=Way(row.way).value,
        shared=row.shared,
        must_change_password=row.must_change,
        second_factor=row.has_factor,
        must_enrol=owes_factor(row, context.settings),
        ended=ended,
        expires_at=row.expires_at,
    )


def _me(row: SessionRow) -> Me | None:
    if row.staff_id is None or row.role is None:
        return None
    return Me(
        staff_id=row.staff_id,
        username=row.username or "",
        name=row.name,
        title=row.title or "",
        role=row.role,  # type: ignore[typeddict-item]  # the schema checks the word
        language=row.language,  # type: ignore[typeddict-item]  # the schema checks the word
    )


def _organisation(row: SessionRow) -> OrganisationState | None:
    if row.organisation_id is None:
        return None
    return OrganisationState(organisation_id=row.organisation_id, name=row.organisation_name or "")


@router.post("/api/session", response_model=SessionState)
async def post_session(request: Request, credentials: Credentials) -> Response:
    """Log in; the answer sets the cookie. 401 with `must` "code": the second factor is asked for; send it all again."""
    context = context_of(request)
    opened = await log_in.by_password(
        request, credentials.username, credentials.password, credentials.code, shared=credentials.shared
    )
    if opened is None:
        raise Problem(
            HTTPStatus.UNAUTHORIZED, "The name and the password do not fit together.", reason=Reason.WRONG_PASSWORD
        )
    response = reply(await _state(context, opened.row, opened.ended))
    log_in.give_cookie(response, context.settings, opened.token)
    return response


@router.get("/api/session/ways", response_model=Ways)
async def get_ways(request: Request) -> Response:
    """Tell how people can log in, to whoever asks."""
    context = context_of(request)
    host = urlsplit(context.settings.oidc_issuer).hostname
    oidc = Provider(path="/api/session/oidc", host=host) if host else None
    async with borrow(context.pool) as conn:
        demo = await tiles.holds_demo(conn, context.clock.now())
    return reply(Ways(password=True, oidc=oidc, demo=demo))


@router.get("/api/session", response_model=SessionState)
async def get_session(request: Request, principal: MayOwnSession) -> Response:
    """Tell who is logged in."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        rows = await sessions.read_sessions(conn, [principal.token_sha256], context.clock.now())
    if not rows:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Log in first.", headers={"WWW-Authenticate": "Bearer"})
    return reply(await _state(context, rows[0]))


@router.delete("/api/session", status_code=HTTPStatus.NO_CONTENT)
async def delete_session(request: Request, principal: MayOwnSession) -> Response:
    """Log out: the session ends, and its sockets close at once."""
    context = context_of(request)
    token_sha256 = principal.token_sha256
    async with borrow(context.pool) as conn:
        await sessions.revoke_session(conn, token_sha256)
    context.hub.close_token(token_sha256)
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    log_in.take_cookie(response, context.settings)
    return response
