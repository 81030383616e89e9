"""`/api/session/factor`: a second factor for one's own local account: drawn, proved, taken away.

Drawing one asks for the password, and for a code where one is in force: a session alone changes nothing. It counts from
when its person has said a code of it; then the account's other sessions end.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api import log_in, second_factor
from api.auth import Door, digest
from api.context import Context, context_of
from api.errors import Problem
from api.reasons import Reason
from api.replies import reply
from ward.access.permissions import Permission
from ward.access.principals import Principal
from ward.store import factors, login_attempts, session_ends
from ward.store.borrow import borrow
from ward.store.proofs import Proofs

router = APIRouter(tags=["session"])
MayOwnSession = Annotated[Principal, Depends(Door(Permission.OWN_SESSION))]
Secret = Annotated[str, Field(min_length=1, max_length=1000)]
Code = Annotated[str, Field(min_length=6, max_length=40, description="six digits, or a code for an emergency")]


class FactorBody(BaseModel):
    """Who one is: the password, and a code where there is a second factor already."""

    model_config = ConfigDict(extra="forbid", strict=True)

    password: Secret
    code: Code | None = None


class CodeBody(BaseModel):
    """A code of the authenticator that was just set up."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Code


class DrawnFactor(TypedDict):
    """A new secret, told once: typed in, opened as an address, or scanned (`square`: rows of 0 and 1)."""

    secret: str
    uri: str
    square: list[str]


class RecoveryCodes(TypedDict):
    """Codes for who has lost the telephone, told once; each is good once."""

    recovery_codes: list[str]


@router.post("/api/session/factor", response_model=DrawnFactor, responses={429: {}})
async def post_factor(request: Request, principal: MayOwnSession, body: FactorBody) -> Response:
    """Draw a second factor; it counts once a code of it was said, within 15 minutes. Until then the old one does."""
    context = context_of(request)
    who = await _proved(request, context, principal, body)
    now, drawn = context.clock.now(), second_factor.draw(who.username or "")
    async with borrow(context.pool) as conn:
        await factors.begin(
            conn, who.account_id, second_factor.seal(context.settings, who.account_id, drawn.secret), now
        )
    return reply(DrawnFactor(secret=drawn.secret, uri=drawn.uri, square=drawn.square))


@router.post("/api/session/factor/confirm", response_model=RecoveryCodes, responses={429: {}})
async def post_confirmation(request: Request, principal: MayOwnSession, body: CodeBody) -> Response:
    """Say a code of the factor that was drawn: from now on it is asked for; every other session of the account ends."""
    context = context_of(request)
    now, codes = context.clock.now(), second_factor.draw_codes()
    who = await log_in.proofs_of(context, principal)
    limits = login_attempts.of_log_in(who.counted_as, log_in.address_of(request))
    await log_in.slow_down(context, limits)
    async with borrow(context.pool) as conn:
        pending = (await factors.read(conn, who.account_id, now)).pending
        secret = None if pending is None else second_factor.unseal(context.settings, who.account_id, pending)
        step = None if secret is None else second_factor.step_of(secret, body.code, now)
        digests = [digest(second_factor.plain(each)) for each in codes]
        if step is None or not await factors.confirm(conn, who.account_id, step, digests, who.actor, now):
            detail = "That is no code of a second factor drawn a moment ago."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, reason=Reason.WRONG_CODE)
        await session_ends.end_of_account(conn, who.account_id, but=principal.token_sha256)
        await login_attempts.clear(conn, who.counted_as, log_in.address_of(request))
    return reply(RecoveryCodes(recovery_codes=codes))


@router.post("/api/session/factor/remove", status_code=HTTPStatus.NO_CONTENT, responses={429: {}})
async def remove_factor(request: Request, principal: MayOwnSession, body: FactorBody) -> Response:
    """Have no second factor any more; where one is asked for, nothing else is let in before there is another."""
    context = context_of(request)
    who = await _proved(request, context, principal, body)
    async with borrow(context.pool) as conn:
        if not await factors.remove(conn, who.account_id, who.actor, context.clock.now()):
            raise Problem(HTTPStatus.CONFLICT, "This account has no second factor.", reason=Reason.NO_FACTOR)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _proved(request: Request, context: Context, principal: Principal, body: FactorBody) -> Proofs:
    """Return who one is, proved anew."""
    if not context.settings.factor_key:
        detail = "Second factors are not set up here (HEMVAKT_FACTOR_KEY)."
        raise Problem(HTTPStatus.CONFLICT, detail, reason=Reason.FACTORS_OFF)
    who = await log_in.proofs_of(context, principal)
    if who.password_hash is None:
        detail = "This account has no password: its provider asks for a second factor."
        raise Problem(HTTPStatus.CONFLICT, detail, reason=Reason.NO_PASSWORD)
    await log_in.slow_down(context, login_attempts.of_log_in(who.counted_as, log_in.address_of(request)))
    if not await log_in.fits(context, who.password_hash, body.password):
        raise Problem(HTTPStatus.FORBIDDEN, "The password is not right.", reason=Reason.WRONG_PASSWORD)
    async with borrow(context.pool) as conn:
        has_one = (await factors.read(conn, who.account_id, context.clock.now())).sealed is not None
    if has_one and (body.code is None or not await log_in.uses_code(context, who.account_id, body.code)):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "Say a code of the second factor in force.",
            reason=Reason.WRONG_CODE,
            more={"must": "code"},
        )
    async with borrow(context.pool) as conn:
        await login_attempts.clear(conn, who.counted_as, log_in.address_of(request))
    return who
