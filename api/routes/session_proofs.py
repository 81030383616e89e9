"""`/api/session/password`, `/pin`, `/confirm`, `/present`, `/reset`: what a person proves who they are by.

A shared screen asks again who is there; the PIN is for that alone and logs nobody in. Nothing asks for more than to
remember or to paste (WCAG 3.3.8): password managers may fill every field.
"""

import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from api import log_in
from api.auth import Door, digest
from api.context import Context, context_of
from api.errors import Problem
from api.reasons import Reason
from ward import log
from ward.access import passwords
from ward.access.permissions import Permission
from ward.access.principals import Principal
from ward.store import login_attempts, proofs, sessions
from ward.store.audit import Action, Deed, write
from ward.store.borrow import borrow
from ward.store.proofs import Proofs
from ward.store.sessions import SessionRow, Way

router = APIRouter(tags=["session"])
MayOwnSession = Annotated[Principal, Depends(Door(Permission.OWN_SESSION))]
MayOwnSecurity = Annotated[Principal, Depends(Door(Permission.OWN_SECURITY))]
Secret = Annotated[str, Field(min_length=1, max_length=1000)]
Pin = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="six digits")]
_NOT_RIGHT = "That is not right."


class NewPassword(BaseModel):
    """A password in the place of the one in use."""

    model_config = ConfigDict(extra="forbid", strict=True)

    old: Secret
    new: Secret


class ResetPassword(BaseModel):
    """A first or forgotten password, by a one-time secret that an operator has given."""

    model_config = ConfigDict(extra="forbid", strict=True)

    secret: Secret
    password: Secret


class NewPin(BaseModel):
    """A PIN for shared screens; who has a password says it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    pin: Pin
    password: Secret | None = None


class Confirmation(BaseModel):
    """Who is at the screen: the password or the PIN of whoever is logged in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    password: Secret | None = None
    pin: Pin | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.password is None) == (self.pin is None):
            raise ValueError("give password or pin, one of them")
        return self


@router.post("/api/session/password", status_code=HTTPStatus.NO_CONTENT, responses={429: {}})
async def post_password(request: Request, principal: MayOwnSession, body: NewPassword) -> Response:
    """Change one's password: every other session of the account ends, this one goes on under another token."""
    context = context_of(request)
    proved = await log_in.proofs_of(context, principal)
    if proved.password_hash is None:
        raise Problem(HTTPStatus.CONFLICT, "This account has no password: whoever runs Hemvakt gives a first one.")
    if not await log_in.prove(request, proved.counted_as, proved.password_hash, body.old):
        raise Problem(HTTPStatus.FORBIDDEN, "The old password is not right.", reason=Reason.WRONG_PASSWORD)
    if passwords.fold(body.new) == passwords.fold(body.old):
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "That is the password that you have.", reason=Reason.SAME_PASSWORD
        )
    _refuse_weak(body.new, proved)
    new_hash = await log_in.hashed(context, body.new)
    now = context.clock.now()
    token = secrets.token_urlsafe(32)
    async with borrow(context.pool) as conn:
        await proofs.set_password(conn, proved.account_id, new_hash, principal.actor, now, but=principal.token_sha256)
        await sessions.confirm_session(conn, principal.token_sha256, now, digest(token))
    return _with_token(context, token)


@router.post("/api/session/reset", status_code=HTTPStatus.NO_CONTENT, responses={403: {}, 429: {}})
async def post_reset(request: Request, body: ResetPassword) -> Response:
    """Set a first or forgotten password by a one-time secret; every session of the account ends. Then log in."""
    context = context_of(request)
    await log_in.slow_down(context, [login_attempts.of_address(log_in.address_of(request))])
    secret = digest(body.secret)
    async with borrow(context.pool) as conn:
        proved = await proofs.read_reset(conn, secret, context.clock.now())
    if proved is None:
        raise Problem(HTTPStatus.FORBIDDEN, "This secret has been used, or is too old. Ask for another.")
    _refuse_weak(body.password, proved)
    new_hash = await log_in.hashed(context, body.password)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        if await proofs.read_reset(conn, secret, now) is None:
            raise Problem(HTTPStatus.FORBIDDEN, "This secret has been used, or is too old. Ask for another.")
        await write(conn, proved.actor, Deed(action=Action.PASSWORD_RESET_USED), now)
        await proofs.set_password(conn, proved.account_id, new_hash, proved.actor, now, but=None)
    await log_in.took_one_try(request)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.put("/api/session/pin", status_code=HTTPStatus.NO_CONTENT, responses={429: {}})
async def put_pin(request: Request, principal: MayOwnSecurity, body: NewPin) -> Response:
    """Choose a PIN for shared screens. Who has no password must have proved who they are a moment ago."""
    context = context_of(request)
    proved = await log_in.proofs_of(context, principal)
    if proved.password_hash is not None:
        right = await log_in.prove(request, proved.counted_as, proved.password_hash, body.password or "")
    else:
        right = not _lapsed(context, await _row(context, principal))
    if not right:
        raise Problem(HTTPStatus.FORBIDDEN, "Say your password with the PIN, or log in anew and choose it then.")
    fault = passwords.pin_fault(body.pin)
    if fault is not None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, fault)
    pin_hash = await log_in.hashed(context, body.pin)
    async with borrow(context.pool) as conn:
        await proofs.set_pin(conn, proved.account_id, pin_hash, principal.actor, context.clock.now())
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.delete("/api/session/pin", status_code=HTTPStatus.NO_CONTENT)
async def delete_pin(request: Request, principal: MayOwnSecurity) -> Response:
    """Have no PIN any more."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        await proofs.set_pin(conn, principal.account_id, None, principal.actor, context.clock.now())
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post("/api/session/confirm", status_code=HTTPStatus.NO_CONTENT, responses={429: {}})
async def post_confirm(request: Request, principal: MayOwnSession, body: Confirmation) -> Response:
    """Say who is at a shared screen, by password or PIN; after five wrong PINs only the password helps.

    The session goes on under another token; its sockets stay.
    """
    context = context_of(request)
    row = await _row(context, principal)
    if row.way == Way.TOKEN:
        raise Problem(HTTPStatus.CONFLICT, "A system's token is no screen.")
    proved = await log_in.proofs_of(context, principal)
    if not await _confirmed(request, context, proved, body):
        log.get().info("confirm_failed", account=proved.account_id)
        raise Problem(HTTPStatus.FORBIDDEN, _NOT_RIGHT)
    token = secrets.token_urlsafe(32)
    async with borrow(context.pool) as conn:
        await proofs.clear_pin(conn, proved.account_id)
        await sessions.confirm_session(conn, principal.token_sha256, context.clock.now(), digest(token))
    return _with_token(context, token)


@router.post("/api/session/present", status_code=HTTPStatus.NO_CONTENT)
async def post_present(request: Request, principal: MayOwnSession) -> Response:
    """Say that somebody touches the screen, before it has asked who is there; afterwards it is too late."""
    context = context_of(request)
    row = await _row(context, principal)
    if row.shared and _lapsed(context, row):
        raise Problem(HTTPStatus.FORBIDDEN, "Say who you are: POST /api/session/confirm.", more={"must": "confirm"})
    async with borrow(context.pool) as conn:
        await sessions.confirm_session(conn, principal.token_sha256, context.clock.now(), None)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _confirmed(request: Request, context: Context, proved: Proofs, body: Confirmation) -> bool:
    if body.password is not None:
        return await log_in.prove(request, proved.counted_as, proved.password_hash, body.password)
    async with borrow(context.pool) as conn:
        pin_hash = await proofs.count_pin(conn, proved.account_id)
    return await log_in.fits(context, pin_hash, body.pin or "")


async def _row(context: Context, principal: Principal) -> SessionRow:
    async with borrow(context.pool) as conn:
        rows = await sessions.read_sessions(conn, [principal.token_sha256], context.clock.now())
    if not rows:
        raise Problem(HTTPStatus.UNAUTHORIZED, "Log in first.", headers={"WWW-Authenticate": "Bearer"})
    return rows[0]


def _lapsed(context: Context, row: SessionRow) -> bool:
    return context.clock.now() - row.confirmed_at >= timedelta(minutes=context.settings.shared_minutes)


def _refuse_weak(password: str, proved: Proofs) -> None:
    fault = passwords.fault(password, names=proved.names)
    if fault is not None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, fault, reason=Reason.WEAK_PASSWORD)


def _with_token(context: Context, token: str) -> Response:
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    log_in.give_cookie(response, context.settings, token)
    return response
