"""Times every request for the figures, by the template of its route: a path may hold an id, a template never does.

The invariant: how many different lines there are is bounded by our own routes, whatever somebody asks for.
"""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.figures import Figures

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_NONE = "none"


class Timed:
    """ASGI middleware: counts the request when its answer has been sent."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; sockets pass, they are counted where they are served."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._figures.in_flight += 1
        try:
            await self._app(scope, receive, noted)
        finally:
            self._figures.in_flight -= 1
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._figures.answered(method, template(scope), status, time.perf_counter() - began_s)


def template(scope: Scope) -> str:
    """Return the template of the route that served a request; `none` where none did."""
    found = getattr(scope.get("route"), "path", None)
    return found if isinstance(found, str) else _NONE
