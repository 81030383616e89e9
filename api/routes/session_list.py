"""`/api/session/all`: where one is logged in, and how to end it from here."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.replies import Id, reply
from ward.access.permissions import Permission
from ward.access.principals import Principal
from ward.errors import NotFound
from ward.store import session_ends
from ward.store.audit import Action, Deed, write
from ward.store.borrow import borrow
from ward.store.session_ends import OpenSession
from ward.store.sessions import Way

router = APIRouter(tags=["session"])
MayOwnSecurity = Annotated[Principal, Depends(Door(Permission.OWN_SECURITY))]


class OpenSessionState(TypedDict):
    """A session in force. `browser` is what the browser calls itself; `mine` is the one that asks."""

    session_id: int
    way: Literal["password", "oidc"]
    shared: bool
    browser: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    mine: bool


class OpenSessions(TypedDict):
    """The sessions of an account, the one used last first."""

    items: list[OpenSessionState]


class Ended(TypedDict):
    """How many sessions ended."""

    ended: int


def open_session_state(row: OpenSession) -> OpenSessionState:
    """Return a session as it is told."""
    return OpenSessionState(
        session_id=row.session_id,
        way=Way(row.way).value,  # type: ignore[typeddict-item]  # a token is in no such list
        shared=row.shared,
        browser=row.browser,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        mine=row.mine,
    )


@router.get("/api/session/all", response_model=OpenSessions)
async def get_all(request: Request, principal: MayOwnSecurity) -> Response:
    """List one's own sessions."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        rows = await session_ends.of_account(conn, principal.account_id, principal.token_sha256, context.clock.now())
    return reply(OpenSessions(items=[open_session_state(row) for row in rows]))


@router.delete("/api/session/all", response_model=Ended)
async def delete_all(request: Request, principal: MayOwnSecurity) -> Response:
    """End all of one's sessions but this one; their sockets close at once."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        ended = await session_ends.end_of_account(conn, principal.account_id, but=principal.token_sha256)
        deed = Deed(action=Action.SESSIONS_ENDED, detail={"account_id": principal.account_id, "ended": ended})
        await write(conn, principal.actor, deed, context.clock.now())
    return reply(Ended(ended=ended))


@router.delete("/api/session/all/{session_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_one(request: Request, session_id: Id, principal: MayOwnSecurity) -> Response:
    """End one of one's sessions; its sockets close at once."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        if not await session_ends.end_numbered(conn, principal.account_id, session_id):
            raise NotFound
        deed = Deed(action=Action.SESSIONS_ENDED, detail={"account_id": principal.account_id, "ended": 1})
        await write(conn, principal.actor, deed, context.clock.now())
    return Response(status_code=HTTPStatus.NO_CONTENT)
