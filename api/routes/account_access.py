"""`/api/accounts/{id}/sessions` and `/tokens`: what an account has open, for operators, and how to end it at once."""

import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.account_bodies import GivenToken, TokenBody, Tokens, token_state
from api.auth import Door, digest
from api.bodies import Why
from api.context import context_of
from api.errors import Problem
from api.preconditions import IdempotencyKey, idempotency, key_reused
from api.replies import Id, reply
from api.routes.accounts import account_here
from api.routes.session_list import Ended, OpenSessions, open_session_state
from ward.access.permissions import Permission
from ward.access.principals import Kind, StaffPrincipal
from ward.errors import NotFound
from ward.store import access_tokens, factors, session_ends
from ward.store import idempotency as keys
from ward.store.access_tokens import NewToken
from ward.store.audit import Action, Deed, write
from ward.store.borrow import borrow

router = APIRouter(tags=["accounts"])
MayAccountsManage = Annotated[StaffPrincipal, Depends(Door(Permission.ACCOUNTS_MANAGE))]


@router.get("/api/accounts/{account_id}/sessions", response_model=OpenSessions)
async def get_sessions(request: Request, account_id: Id, principal: MayAccountsManage) -> Response:
    """List where an account is logged in."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        open_ones = await session_ends.of_account(conn, row.account_id, principal.token_sha256, now)
    return reply(OpenSessions(items=[open_session_state(each) for each in open_ones]))


@router.delete("/api/accounts/{account_id}/sessions", response_model=Ended)
async def delete_sessions(request: Request, account_id: Id, principal: MayAccountsManage) -> Response:
    """End every session of an account; their sockets close at once, in every process."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        ended = await session_ends.end_of_account(conn, row.account_id)
        deed = Deed(action=Action.SESSIONS_ENDED, detail={"account_id": row.account_id, "ended": ended})
        await write(conn, principal.actor, deed, now)
    return reply(Ended(ended=ended))


@router.delete("/api/accounts/{account_id}/sessions/{session_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_session(request: Request, account_id: Id, session_id: Id, principal: MayAccountsManage) -> Response:
    """End one session of an account, of a tablet that was left behind for example."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        if not await session_ends.end_numbered(conn, row.account_id, session_id):
            raise NotFound
        deed = Deed(action=Action.SESSIONS_ENDED, detail={"account_id": row.account_id, "ended": 1})
        await write(conn, principal.actor, deed, now)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/api/accounts/end-all-sessions", response_model=Ended)
async def end_all(request: Request, principal: MayAccountsManage, body: Why) -> Response:
    """End every session of the organisation's people, one's own among them: everybody logs in anew. Tokens stay."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        ended = await session_ends.end_of_organisation(conn, principal.organisation_id)
        deed = Deed(action=Action.SESSIONS_ENDED, reason=body.reason, detail={"ended": ended})
        await write(conn, principal.actor, deed, context.clock.now())
    return reply(Ended(ended=ended))


@router.delete("/api/accounts/{account_id}/factor", status_code=HTTPStatus.NO_CONTENT)
async def delete_factor(request: Request, account_id: Id, principal: MayAccountsManage) -> Response:
    """Take an account's second factor away, for who has lost telephone and codes; make sure who asks. Twice is once."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        await factors.remove(conn, row.account_id, principal.actor, now)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/api/accounts/{account_id}/tokens", response_model=Tokens)
async def get_tokens(request: Request, account_id: Id, principal: MayAccountsManage) -> Response:
    """List the tokens that a system was given."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, context.clock.now())
        given = await access_tokens.of_account(conn, row.account_id)
    return reply(Tokens(items=[token_state(each) for each in given]))


@router.post("/api/accounts/{account_id}/tokens", response_model=GivenToken, status_code=HTTPStatus.CREATED)
async def post_token(
    request: Request,
    account_id: Id,
    principal: MayAccountsManage,
    body: TokenBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give a system a token, sent as `Authorization: Bearer`; the answer holds it, and nothing ever again."""
    context = context_of(request)
    now = context.clock.now()
    key = idempotency(idempotency_key, principal, request.url.path, body)
    prefix = f"hvt_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        if row.kind != Kind.SYSTEM:
            raise Problem(HTTPStatus.CONFLICT, "People log in; tokens are for systems.")
        before = await keys.claim(conn, key, now) if key else None
        if before is not None and before.made_id is None:
            raise key_reused()
        new = NewToken(
            account_id=row.account_id,
            token_sha256=digest(secret),
            prefix=prefix,
            name=body.name,
            expires_at=now + timedelta(days=body.days),
        )
        made = before.made_id if before else await access_tokens.give(conn, new, principal.actor, now)
        if key and before is None and made is not None:
            await keys.keep(conn, key, made)
        token = next(each for each in await access_tokens.of_account(conn, row.account_id) if each.token_id == made)
    return reply(
        GivenToken(token=token_state(token), secret=None if before else secret),
        status=HTTPStatus.OK if before else HTTPStatus.CREATED,
    )


@router.delete("/api/accounts/{account_id}/tokens/{token_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_token(request: Request, account_id: Id, token_id: Id, principal: MayAccountsManage) -> Response:
    """Revoke a token for good, at once. Twice is once."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        if not await access_tokens.revoke(conn, row.account_id, token_id, principal.actor, now):
            raise NotFound
    return Response(status_code=HTTPStatus.NO_CONTENT)
