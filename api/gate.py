"""What every request passes first: same origin, JSON, a body bounded in size and time; and the headers of every answer.

A page of another site can make a browser send our cookie; it cannot forge Origin or Sec-Fetch-Site. Requests without
them come from no browser page and need a token that only their sender has.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import not_allowed, problem

MAX_BODY_BYTES = 64 * 1024
MAX_FHIR_BYTES = 1024 * 1024  # a batch of Observations
BODY_WITHIN_S = 20.0  # from its first byte to its last; 1 MiB in that time is 0.4 Mbit/s
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})  # none: typed in by the person
_FORMS = frozenset({"/api/session/oidc/back-channel"})  # a provider posts a signed form there, and no cookie counts
_FORM = ("application/x-www-form-urlencoded",)
CONTENT_SECURITY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; media-src 'self'; manifest-src 'self'; worker-src 'self'; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_SLOW = "The body did not come in time. Send it again."
_JSON = ("application/json",)
# A search is sent as a form (FHIR R4, 3.1.1.1). A browser may send one of another site's: the Origin tells (`_same`).
_FHIR = ("application/fhir+json", "application/json", "application/x-www-form-urlencoded")
_HTTPS, _ANY = frozenset({"https"}), frozenset({"https", "http"})  # over HTTPS no page without it is ours
_SECURE = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


class Gate:
    """ASGI middleware. `headers` are set on every answer; on /api and /fhir nothing is ever cached.

    `allowed` tells the methods that a path has: what has not that method is told so, whatever else is wrong with it.
    """

    def __init__(self, app: ASGIApp, headers: dict[str, str], allowed: Callable[[str], list[str]]) -> None:
        self._schemes = _HTTPS if _SECURE.items() <= headers.items() else _ANY
        self._app = app
        self._headers = headers
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = refuse(scope, self._schemes)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await receive()
                await send({"type": "websocket.close", "code": 4403, "reason": refusal[1]})
            return

        async def decorated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if scope["path"].startswith(("/api", "/fhir")):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        if refusal is None and scope["method"] not in _SAFE:
            try:
                async with asyncio.timeout(BODY_WITHIN_S):
                    receive = await _whole(receive)
            except TimeoutError:
                slow = problem(HTTPStatus.REQUEST_TIMEOUT, _SLOW, scope["path"], headers={"Connection": "close"})
                await slow(scope, receive, decorated)
                return
        if refusal is None:
            await self._app(scope, receive, decorated)
            return
        known = self._allowed(scope["path"])
        answer = problem(refusal[0], refusal[1], scope["path"])
        if known and scope["method"] not in known:
            answer = not_allowed(scope["path"], known)
        await answer(scope, receive, decorated)


async def _whole(receive: Receive) -> Receive:
    """Return what gives a body that has come, in one piece, and then what comes after it."""
    pieces, message = [], await receive()
    while message["type"] == "http.request":
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
        message = await receive()
    else:  # whoever sent it has gone: the application hears so
        return _first(message, receive)
    return _first({"type": "http.request", "body": b"".join(pieces), "more_body": False}, receive)


def _first(message: Message, receive: Receive) -> Receive:
    """Return what gives this message, and then those that are still to come."""
    waiting = [message]

    async def after() -> Message:
        return waiting.pop() if waiting else await receive()

    return after


def secured(*, https: bool) -> dict[str, str]:
    """Return the headers of every answer; over HTTPS browsers are told to stay with it."""
    return {**_HEADERS, **_SECURE} if https else dict(_HEADERS)


def refuse(scope: Scope, schemes: frozenset[str]) -> tuple[HTTPStatus, str] | None:
    """Return why a request may not pass, None when it may; `schemes` are those of our own pages."""
    headers = Headers(scope=scope)
    method = scope.get("method", "GET")
    origin = headers.get("origin")
    guarded = scope["type"] == "websocket" or method not in _SAFE
    foreign = headers.get("sec-fetch-site", "none") not in _OURS
    if guarded and (foreign or (origin is not None and not _same(origin, headers.get("host"), schemes))):
        return HTTPStatus.FORBIDDEN, "Requests from pages of another site are not served."
    if method in _SAFE:
        return None
    fhir = scope["path"].startswith("/fhir")
    most, medias = (MAX_FHIR_BYTES, _FHIR) if fhir else (MAX_BODY_BYTES, _JSON)
    if scope["path"] in _FORMS:
        medias = _FORM
    return _refuse_body(method, headers, most, medias)


def _same(origin: str, host: str | None, schemes: frozenset[str]) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.netloc == host and parts.scheme in schemes


def _refuse_body(method: str, headers: Headers, most: int, medias: tuple[str, ...]) -> tuple[HTTPStatus, str] | None:
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal():
        return HTTPStatus.LENGTH_REQUIRED, "Send the length of the body in Content-Length."
    if int(length) > most:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body holds at most {most} bytes."
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in medias and (method in {"POST", "PUT", "PATCH"} or length != "0"):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {medias[0]}, and say so in Content-Type."
    return None
