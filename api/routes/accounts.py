"""`/api/accounts`: who may log in, for operators of the same organisation. Nobody's password is ever theirs to know.

An account of another organisation is as unknown as one that does not exist. What an account has open is in
`api.routes.account_access`.
"""

import secrets
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.account_bodies import (
    SYSTEM_PERMISSIONS,
    AccountBody,
    AccountPage,
    Added,
    IdentityBody,
    ManagedAccount,
    Reset,
    StaffBody,
    SystemBody,
    account_state,
)
from api.auth import Door, digest
from api.bodies import Why
from api.context import Context, context_of
from api.errors import Problem
from api.preconditions import IdempotencyKey, idempotency, key_reused
from api.replies import Cursor, Id, cursor_after, reply
from ward.access.permissions import Permission
from ward.access.principals import AccountId, Kind, StaffPrincipal
from ward.errors import NotFound
from ward.store import accounts, identities, proofs
from ward.store import idempotency as keys
from ward.store.accounts import AccountRow
from ward.store.borrow import borrow
from ward.store.identities import Identity
from ward.store.pool import Connection

router = APIRouter(tags=["accounts"])
MayAccountsManage = Annotated[StaffPrincipal, Depends(Door(Permission.ACCOUNTS_MANAGE))]
_THERE_IS_ONE = "The user name is taken, the patient has an account, or is not of this organisation."


class AccountsQuery(BaseModel):
    """Which accounts."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


@router.get("/api/accounts", response_model=AccountPage)
async def get_accounts(
    request: Request, principal: MayAccountsManage, query: Annotated[AccountsQuery, Query()]
) -> Response:
    """List the accounts of the organisation."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        rows = await accounts.find(
            conn,
            principal.organisation_id,
            context.clock.now(),
            kind=query.kind,
            after=query.cursor or 0,
            limit=query.limit + 1,
        )
    page = rows[: query.limit]
    following = cursor_after(page[-1].account_id) if len(rows) > query.limit else None
    return reply(AccountPage(items=[account_state(row) for row in page], next=following))


@router.post("/api/accounts", response_model=Added, status_code=HTTPStatus.CREATED)
async def post_account(
    request: Request, principal: MayAccountsManage, body: AccountBody, idempotency_key: IdempotencyKey = None
) -> Response:
    """Add an account. Its person sets the first password by the secret in the answer, which is told once."""
    context = context_of(request)
    now = context.clock.now()
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        before = await keys.claim(conn, key, now) if key else None
        if before is not None:
            if before.made_id is None:
                raise key_reused()
            row = await account_here(conn, principal, before.made_id, now)
            return reply(Added(account=account_state(row), reset=None))
        await _refuse_foreign(conn, principal, body)
        account_id = await accounts.add(conn, principal.organisation_id, body.new(), principal.actor, now)
        if account_id is None:
            raise Problem(HTTPStatus.CONFLICT, _THERE_IS_ONE)
        if key:
            await keys.keep(conn, key, account_id)
        row = await account_here(conn, principal, account_id, now)
        reset = await _reset(conn, row, principal, now) if row.username is not None else None
    location = {"Location": f"/api/accounts/{account_id}"}
    return reply(Added(account=account_state(row), reset=reset), headers=location, status=HTTPStatus.CREATED)


@router.get("/api/accounts/{account_id}", response_model=ManagedAccount)
async def get_account(request: Request, account_id: Id, principal: MayAccountsManage) -> Response:
    """Show one account."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        return reply(account_state(await account_here(conn, principal, account_id, context.clock.now())))


@router.post("/api/accounts/{account_id}/disable", response_model=ManagedAccount)
async def disable(request: Request, account_id: Id, principal: MayAccountsManage, body: Why) -> Response:
    """Shut an account: its sessions and their sockets end at once, its tokens are worth nothing. Twice is once."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        if row.account_id == principal.account_id:
            raise Problem(HTTPStatus.CONFLICT, "This is your own account: have another operator shut it.")
        await accounts.disable(conn, row.account_id, body.reason, principal.actor, now)
        return reply(account_state(await account_here(conn, principal, account_id, now)))


@router.post("/api/accounts/{account_id}/enable", response_model=ManagedAccount)
async def enable(request: Request, account_id: Id, principal: MayAccountsManage, body: Why) -> Response:
    """Open an account again. Twice is once."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        await accounts.enable(conn, row.account_id, body.reason, principal.actor, now)
        return reply(account_state(await account_here(conn, principal, account_id, now)))


@router.post("/api/accounts/{account_id}/password-reset", response_model=Reset, status_code=HTTPStatus.CREATED)
async def post_reset(request: Request, account_id: Id, principal: MayAccountsManage) -> Response:
    """Give a one-time secret by which the account's person sets a password; an earlier one is void.

    Make sure to whom you give it: it is the account.
    """
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        if row.username is None:
            raise Problem(HTTPStatus.CONFLICT, "This account has no user name to log in by.")
        return reply(await _reset(conn, row, principal, now), status=HTTPStatus.CREATED)


@router.put("/api/accounts/{account_id}/identity", status_code=HTTPStatus.NO_CONTENT)
async def put_identity(request: Request, account_id: Id, principal: MayAccountsManage, body: IdentityBody) -> Response:
    """Say who the account is at the OpenID provider; whoever that says this of logs in to it."""
    context = context_of(request)
    now = context.clock.now()
    identity = Identity(
        issuer=_issuer(context), claim=body.claim or context.settings.oidc_claims[0], subject=body.subject
    )
    if identity.claim not in context.settings.oidc_claims:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "HEMVAKT_OIDC_CLAIM does not name that claim.")
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        if row.kind == Kind.SYSTEM:
            raise Problem(HTTPStatus.CONFLICT, "A system comes in by a token, not by a provider.")
        await identities.unlink_all(conn, row.account_id, identity.issuer, principal.actor, now)
        if not await identities.link(conn, row.account_id, identity, principal.actor, now):
            raise Problem(HTTPStatus.CONFLICT, "Another account is that already.")
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.delete("/api/accounts/{account_id}/identity", status_code=HTTPStatus.NO_CONTENT)
async def delete_identity(request: Request, account_id: Id, principal: MayAccountsManage) -> Response:
    """Let nobody log in to the account by way of the provider any more; sessions in force go on."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        row = await account_here(conn, principal, account_id, now)
        await identities.unlink_all(conn, row.account_id, _issuer(context), principal.actor, now)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def account_here(conn: Connection, principal: StaffPrincipal, account_id: int, now: datetime) -> AccountRow:
    """Return an account of the operator's own organisation.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = await accounts.find_one(conn, principal.organisation_id, AccountId(account_id), now)
    if row is None:
        raise NotFound
    return row


async def _reset(conn: Connection, row: AccountRow, principal: StaffPrincipal, now: datetime) -> Reset:
    secret = secrets.token_urlsafe(24)
    expires_at = await proofs.give_reset(conn, row.account_id, digest(secret), principal.actor, now)
    return Reset(secret=secret, expires_at=expires_at)


async def _refuse_foreign(conn: Connection, principal: StaffPrincipal, body: AccountBody) -> None:
    if isinstance(body, SystemBody) and not set(body.permissions) <= set(SYSTEM_PERMISSIONS):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"A system can be given: {', '.join(SYSTEM_PERMISSIONS) or 'nothing'}."
        )
    if isinstance(body, StaffBody):
        foreign = await accounts.foreign_teams(conn, principal.organisation_id, body.new().team_ids)
        if foreign:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"No teams of this organisation: {foreign}.")


def _issuer(context: Context) -> str:
    if not context.settings.oidc_issuer:
        raise Problem(HTTPStatus.CONFLICT, "No OpenID provider is set up (HEMVAKT_OIDC_ISSUER).")
    return context.settings.oidc_issuer
