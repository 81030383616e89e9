"""`/api/session/oidc`: to the OpenID provider and back, and out again.

A log-in is bound to the browser that began it by a cookie of its own, which must survive the way back from another
site (SameSite=Lax, ten minutes, good for nothing else). The session's cookie stays Strict: the page to which a browser
is sent needs none, and what that page then asks for is asked by our own site.
"""

import secrets
from datetime import timedelta
from html import escape
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from typing_extensions import TypedDict

from api import log_in
from api.auth import Door, digest
from api.context import Context, context_of
from api.errors import Problem
from api.log_in import Opened
from api.oidc import claims
from api.oidc.claims import Disbelieved, Told
from api.oidc.provider import Provider, ProviderFailed, Question
from api.replies import Text, reply
from ward import log
from ward.access.permissions import Permission
from ward.access.principals import AccountId, Principal
from ward.settings import Settings
from ward.store import identities, login_attempts, session_ends, sessions
from ward.store.borrow import borrow
from ward.store.identities import Begun, Identity
from ward.store.sessions import Provided

router = APIRouter(tags=["session"])
MayOwnSession = Annotated[Principal, Depends(Door(Permission.OWN_SESSION))]
BACK_CHANNEL = "/api/session/oidc/back-channel"
_WHILE = timedelta(minutes=10)
_COOKIE = "hemvakt_login"
_PAGE = {"description": "A page that says why not, for people.", "content": {"text/html": {}}}
_Sent = Annotated[Text | None, Query(max_length=4096)]
_REFUSED = {
    "begun": ("Inloggningen hann inte klart, eller påbörjades i en annan webbläsare.", "Begin again."),
    "declined": ("Inloggningen avbröts.", "The log-in was broken off."),
    "disbelieved": ("Svaret från inloggningstjänsten gick inte att lita på.", "Its answer could not be trusted."),
    "unknown": (
        "Du är inloggad hos inloggningstjänsten, men har inget konto i Hemvakt. Fråga den som sköter Hemvakt hos er.",
        "You are logged in there but have no account in Hemvakt. Ask whoever runs Hemvakt for you.",
    ),
    "provider": ("Inloggningstjänsten svarar inte just nu.", "The log-in service does not answer just now."),
}


class Leaving(TypedDict):
    """Where a browser goes to log out of the provider too; None where there is no such place."""

    leave: str | None


class Refused(Exception):  # noqa: N818 - reads as what happened
    """A log-in that came to nothing; `why` is a key of `_REFUSED`, `detail` is for the log."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail


@router.get(
    "/api/session/oidc",
    response_class=Response,
    status_code=HTTPStatus.SEE_OTHER,
    responses={404: {}, 429: {}, 502: _PAGE},
)
async def begin(request: Request, *, shared: bool = False) -> Response:
    """Send the browser to the provider to log in; `shared` for a screen that several people use."""
    context = context_of(request)
    provider = provider_of(context)
    await log_in.slow_down(context, [login_attempts.of_address(log_in.address_of(request))])
    asked = Question(
        state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48)
    )
    browser = request.cookies.get(_cookie(context.settings)) or secrets.token_urlsafe(32)
    try:
        address = await provider.question(asked)
    except ProviderFailed as failure:
        return _page(Refused("provider", str(failure)))
    now = context.clock.now()
    begun = Begun(
        state_sha256=digest(asked.state),
        browser_sha256=digest(browser),
        nonce=asked.nonce,
        verifier=asked.verifier,
        shared=shared,
        expires_at=now + _WHILE,
    )
    async with borrow(context.pool) as conn:
        await identities.begin(conn, begun, now)
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    secure = context.settings.secure_cookies
    age = int(_WHILE.total_seconds())
    response.set_cookie(
        _cookie(context.settings), browser, max_age=age, path="/", secure=secure, httponly=True, samesite="lax"
    )
    return response


@router.get(
    "/api/session/oidc/callback",
    response_class=Response,
    status_code=HTTPStatus.SEE_OTHER,
    responses={403: _PAGE, 404: {}, 502: _PAGE},
)
async def callback(
    request: Request, state: _Sent = None, code: _Sent = None, iss: _Sent = None, error: _Sent = None
) -> Response:
    """Take the browser back from the provider: open a session and show the board, or a page that says why not."""
    context = context_of(request)
    provider = provider_of(context)
    try:
        opened = await _opened(request, provider, state or "", None if error else code, iss)
    except Refused as refused:
        return _page(refused)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    log_in.give_cookie(response, context.settings, opened.token)
    secure = context.settings.secure_cookies
    response.delete_cookie(_cookie(context.settings), path="/", secure=secure, httponly=True, samesite="lax")
    return response


@router.post("/api/session/oidc/logout", response_model=Leaving, responses={404: {}})
async def leave(request: Request, principal: MayOwnSession) -> Response:
    """Log out here, and tell where to log out of the provider too. The session ends and its sockets close at once."""
    context = context_of(request)
    provider = provider_of(context)
    async with borrow(context.pool) as conn:
        await sessions.revoke_session(conn, principal.token_sha256)
    context.hub.close_token(principal.token_sha256)
    try:
        there = await provider.leaving()
    except ProviderFailed as failure:
        log.get().warning("oidc_provider_failed", error=str(failure))
        there = None
    response = reply(Leaving(leave=there))
    log_in.take_cookie(response, context.settings)
    return response


@router.post(
    BACK_CHANNEL,
    response_class=Response,
    responses={400: {}, 404: {}, 429: {}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["logout_token"],
                        "properties": {"logout_token": {"type": "string"}},
                    },
                    "example": {"logout_token": "header.claims.signature"},
                }
            },
        }
    },
)
async def back_channel(request: Request) -> Response:
    """Hear from the provider itself whom it has logged out (Back-Channel Logout 1.0): those sessions end at once."""
    context = context_of(request)
    provider = provider_of(context)
    await log_in.slow_down(context, [login_attempts.of_address(log_in.address_of(request))])
    try:
        token = _logout_token(await request.body())
        found = await provider.logged_out(token)
    except ProviderFailed as failure:
        log.get().warning("oidc_provider_failed", error=str(failure))
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The provider's keys are not to be had just now.") from failure
    if isinstance(found, Disbelieved):
        log.get().warning("oidc_logout_refused", check=found.reason)
        raise Problem(HTTPStatus.BAD_REQUEST, "This logout token is not believed.")
    async with borrow(context.pool) as conn:
        ended = await session_ends.end_provided(
            conn,
            provider.issuer,
            subject=found.subject,
            session=found.session,
            begun_before=found.at + claims.SKEW,
        )
    await log_in.took_one_try(request)
    log.get().info("oidc_logged_out", sessions=ended)
    return Response(status_code=HTTPStatus.OK)


def _logout_token(body: bytes) -> str:
    try:
        form = parse_qs(body.decode("ascii"), max_num_fields=10)
    except ValueError:
        return ""
    return form.get("logout_token", [""])[0]


def provider_of(context: Context) -> Provider:
    """Return the provider; without one there is no such address."""
    if context.provider is None:
        raise Problem(HTTPStatus.NOT_FOUND, "No OpenID provider is set up here.")
    return context.provider


async def _opened(request: Request, provider: Provider, state: str, code: str | None, issuer: str | None) -> Opened:
    context = context_of(request)
    begun = await _taken(request, context, state)
    if code is None:
        raise Refused("declined", "the provider says so")
    told = await _told(provider, code, issuer, begun, state)
    account_id = await _known(context, provider, told)
    provided = Provided(issuer=provider.issuer, subject=told.subject, session=told.session)
    opened = await log_in.open_session(request, account_id, shared=begun.shared, provided=provided)
    if opened is None:
        raise Refused("unknown", "shut meanwhile")
    await log_in.took_one_try(request)
    return opened


async def _taken(request: Request, context: Context, state: str) -> Begun:
    browser = request.cookies.get(_cookie(context.settings), "")
    async with borrow(context.pool) as conn:
        begun = await identities.take(conn, digest(state), digest(browser), context.clock.now())
    if begun is None:
        raise Refused("begun", "no such log-in of this browser")
    return begun


async def _told(provider: Provider, code: str, issuer: str | None, begun: Begun, state: str) -> Told:
    asked = Question(state=state, nonce=begun.nonce, verifier=begun.verifier)
    try:
        told = await provider.answer(code, issuer, asked)
    except ProviderFailed as failure:
        raise Refused("provider", str(failure)) from failure
    if isinstance(told, Disbelieved):
        raise Refused("disbelieved", told.reason)
    return told


async def _known(context: Context, provider: Provider, told: Told) -> AccountId:
    """Return whose account it is; the person is known by the first claim that is there, not by a second guess."""
    found = claims.named(told.texts, context.settings.oidc_claims)
    if found is None:
        raise Refused("unknown", "none of the claims")
    claim, subject = found
    async with borrow(context.pool) as conn:
        account_id = await identities.find_account(conn, Identity(issuer=provider.issuer, claim=claim, subject=subject))
    if account_id is None:
        raise Refused("unknown", f"no account by {claim}")
    return account_id


def _cookie(settings: Settings) -> str:
    return f"__Host-{_COOKIE}" if settings.secure_cookies else _COOKIE


def _page(refused: Refused) -> Response:
    """Return a page that says why not, in both languages, with a number by which the log has more."""
    number = secrets.token_hex(4)
    log.get().warning("oidc_log_in_refused", number=number, why=refused.why, detail=refused.detail)
    swedish, english = (escape(each) for each in _REFUSED[refused.why])
    status = HTTPStatus.BAD_GATEWAY if refused.why == "provider" else HTTPStatus.FORBIDDEN
    return HTMLResponse(
        '<!doctype html><html lang="sv"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>Hemvakt</title><h1>Inloggningen gick inte</h1><p>{swedish}</p><p lang="en">{english}</p>'
        f'<p>Nummer / number: {number}</p><p><a href="/login">Till inloggningen / Back to the log-in</a></p></html>',
        status,
    )
