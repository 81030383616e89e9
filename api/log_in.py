"""Logging in: passwords checked slowly and seldom, sessions opened, the cookie that holds their token.

Every log-in opens a new session with a new token and ends the one that the browser had. How fast anybody may guess
is counted in the store before a password is looked at.
"""

import asyncio
import secrets
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from api import passwords, second_factor
from api.auth import LONGEST, cookie_name, digest, expiry, principal_of, session_of
from api.context import Context, context_of
from api.errors import Problem
from ward import log
from ward.access.passwords import PUBLISHED, fold
from ward.access.principals import AccountId, Principal
from ward.errors import NotFound
from ward.settings import Settings
from ward.store import audit, login_attempts, proofs, sessions
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.proofs import Proofs
from ward.store.sessions import Provided, SessionRow, Way

_BROWSER_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session that has just begun, the token that opens it, and how many others ended because there were too many."""

    token: str
    row: SessionRow
    ended: int


def address_of(request: Request) -> str:
    """Return where a request comes from, as the server or a proxy that it believes says."""
    return request.client.host if request.client else "unknown"


async def slow_down(context: Context, limits: list[login_attempts.Limit]) -> None:
    """Count an attempt.

    Raises
    ------
    Problem
        429 when there were too many, for a name that exists as for one that does not.
    """
    async with borrow(context.pool) as conn:
        allowed = await login_attempts.count(conn, limits, context.clock.now())
    if not allowed:
        wait = str(int(login_attempts.LONGEST_WAIT.total_seconds()))
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts. Wait a minute.", headers={"Retry-After": wait})


async def took_one_try(request: Request) -> None:
    """Take back the attempt that was counted for an address: it was in good faith."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        await login_attempts.take_back(conn, login_attempts.of_address(address_of(request)))


async def fits(context: Context, password_hash: str | None, password: str) -> bool:
    """Tell whether a password or PIN fits; takes as long without a hash."""
    async with context.hashing:
        return await asyncio.to_thread(passwords.verify, password_hash, password)


async def hashed(context: Context, password: str) -> str:
    """Return what the store keeps of a password or PIN."""
    async with context.hashing:
        return await asyncio.to_thread(passwords.hash_password, password)


async def prove(request: Request, name: str, password_hash: str | None, password: str) -> bool:
    """Tell whether this is the password of that name, no faster than guessing may go."""
    context = context_of(request)
    address = address_of(request)
    await slow_down(context, login_attempts.of_log_in(name, address))
    if not await fits(context, password_hash, password):
        return False
    async with borrow(context.pool) as conn:
        await login_attempts.clear(conn, name, address)
    return True


async def proofs_of(context: Context, principal: Principal) -> Proofs:
    """Return what proves who somebody is who is logged in."""
    async with borrow(context.pool) as conn:
        proved = await proofs.read(conn, principal.account_id)
    if proved is None:
        raise NotFound
    return proved


async def by_password(
    request: Request, username: str, password: str, code: str | None, *, shared: bool
) -> Opened | None:
    """Open a session of a local account, None when name and password do not fit.

    Raises
    ------
    Problem
        401 with `must` "code" where they fit, and the code of the account's second factor is missing or wrong. The
        attempt counts like one with a wrong password.
    """
    context = context_of(request)
    name = username.strip().lower()
    async with borrow(context.pool) as conn:
        account = await sessions.find_account(conn, name)
    await slow_down(context, login_attempts.of_log_in(name, address_of(request)))
    if not await fits(context, account.password_hash if account else None, password) or account is None:
        log.get().info("log_in_failed", account=account.account_id if account else None, way=Way.PASSWORD.value)
        return None
    if account.has_factor:
        await _second(context, account.account_id, code)
    async with borrow(context.pool) as conn:
        await login_attempts.clear(conn, name, address_of(request))
    if fold(password) in PUBLISHED and not account.password_published:
        async with borrow(context.pool) as conn:
            await proofs.note_published(conn, account.account_id)
    return await open_session(request, account.account_id, shared=shared)


async def _second(context: Context, account_id: AccountId, code: str | None) -> None:
    """Refuse who does not say a good code."""
    if code is not None and await uses_code(context, account_id, code):
        return
    if code is not None:
        log.get().info("log_in_failed", account=account_id, way="code")
    detail = "Say the code of your authenticator." if code is None else "That code is not right, or has been used."
    raise Problem(HTTPStatus.UNAUTHORIZED, detail, more={"must": "code"})


async def uses_code(context: Context, account_id: AccountId, code: str) -> bool:
    """Tell whether this is a code of an account's second factor, and use it up."""
    async with borrow(context.pool) as conn:
        who = await proofs.read(conn, account_id)
        return who is not None and await second_factor.use(conn, context.settings, who, code, context.clock.now())


async def open_session(
    request: Request, account_id: AccountId, *, shared: bool, provided: Provided | None = None
) -> Opened | None:
    """Open a session, in the place of the one that this browser had; None where the account was shut meanwhile."""
    context = context_of(request)
    before = await session_of(request)
    token = secrets.token_urlsafe(32)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        if before is not None and before.way != Way.TOKEN:
            await sessions.revoke_session(conn, before.token_sha256)
        ended = await sessions.open_session(
            conn,
            token_sha256=digest(token),
            account_id=account_id,
            now=now,
            expires_at=expiry(now, now),
            shared=shared,
            browser=_browser(request),
            provided=provided,
        )
        row = await sessions.find_session(conn, digest(token), now)
        if row is not None and ended:
            deed = Deed(
                action=Action.SESSIONS_ENDED, detail={"account_id": account_id, "ended": ended, "most": sessions.MOST}
            )
            await audit.write(conn, principal_of(row).actor, deed, now)
    log.get().info("logged_in", account=account_id, way=(Way.OIDC if provided else Way.PASSWORD).value, shared=shared)
    return None if row is None else Opened(token=token, row=row, ended=ended)


def _browser(request: Request) -> str:
    """Return what a browser calls itself, so that its person knows it again in a list."""
    said = request.headers.get("user-agent", "")
    return "".join(sign for sign in said if sign.isprintable())[:_BROWSER_CHARACTERS]


def give_cookie(response: Response, settings: Settings, token: str) -> None:
    """Have the browser keep a token, out of reach of scripts and of other sites."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )


def take_cookie(response: Response, settings: Settings) -> None:
    """Have the browser forget its token."""
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.secure_cookies, httponly=True, samesite="strict"
    )
