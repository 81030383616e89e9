"""Writes attempts that were refused into the log of who looked, after the answer: it must not tell what there is.

An attempt counts where the door refused it, or where whom it asked for is there: so the log names no patient who does
not exist, and the one who asked is answered before anybody has looked. What waits is bounded (`ward.access.attempts`);
what the store cannot take is tried again.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.witness import LetIn
from ward import log
from ward.access.attempts import Attempts, Sought, Tally, What
from ward.access.principals import StaffPrincipal
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.store import accesses
from ward.store.borrow import borrow
from ward.store.pool import Pool

EVERY_S = 1.0
_REFUSED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_MOST_UNWRITTEN = 5000
_PARAMETERS: Mapping[str, What] = {
    "patient_id": "patient",
    "stay_id": "stay",
    "alert_id": "alert",
    "report_id": "report",
    "opening_id": "opening",
}
_FHIR: Mapping[str, What] = {"Patient": "patient", "Encounter": "stay", "DetectedIssue": "alert"}


def sought(connection: HTTPConnection, patient_ids: Iterable[int]) -> None:
    """Say whom a request asks for, where its path does not: in its body."""
    connection.state.sought = tuple(Sought("patient", each) for each in patient_ids)


class Refusals:
    """The writer of refused attempts in this process."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._tally = Tally()
        self._unwritten: list[Attempts] = []

    def note(self, scope: Scope, status: int) -> None:
        """Take note of an answer that refuses, where it is clear whom."""
        state = scope.get("state", {})
        forbidden = state.get("turned_away")
        who: LetIn | None = forbidden or state.get("let_in")
        asked = asked_for(scope)
        # What the role may not do at all is an attempt of staff; pages of others may ask in vain.
        if who is None or not (asked or (forbidden and isinstance(who.principal, StaffPrincipal))):
            return
        attempt = Attempts(
            at=self._clock.now(),
            actor=who.principal.actor,
            permission=who.permission.value,
            method=scope["method"],
            paths=(getattr(scope.get("route"), "path", None) or "",),
            sought=asked,
            forbidden=int(status == HTTPStatus.FORBIDDEN),
        )
        self._tally.add(attempt)

    async def run(self) -> None:
        """Write what is due, every second, until cancelled; then what is left."""
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                await self._write(self._tally.due(self._clock.now()))
        finally:
            await self._write(self._tally.rest())

    async def _write(self, due: Sequence[Attempts]) -> None:
        waiting = [*self._unwritten, *due]
        self._unwritten = []
        if self._tally.lost:
            log.get().error("attempts_not_kept", count=self._tally.lost)
            self._tally.lost = 0
        if not waiting:
            return
        try:
            async with borrow(self._pool) as conn:
                await accesses.write_attempts(conn, waiting)
        except StoreUnavailable:
            self._unwritten = waiting[-_MOST_UNWRITTEN:]
            self._tally.lost += len(waiting) - len(self._unwritten)


def asked_for(scope: Scope) -> tuple[Sought, ...]:
    """Return what a request asked for by number: in its path, or what its route said with `sought`."""
    found: list[Sought] = list(scope.get("state", {}).get("sought", ()))
    given: Mapping[str, object] = scope.get("path_params", {})
    for name, number in given.items():
        what = _PARAMETERS.get(name) or (_FHIR.get(scope["path"].split("/")[2]) if name == "id" else None)
        if what is not None and (text := str(number)).isascii() and text.isdecimal() and len(text) < 19:
            found.append(Sought(what, int(text)))
    return tuple(dict.fromkeys(found))


class Attempted:
    """ASGI middleware: has refused answers noted when they go out."""

    def __init__(self, app: ASGIApp, refusals: Refusals) -> None:
        self._app = app
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; sockets name no patient before they are let in."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in _REFUSED:
                self._refusals.note(scope, message["status"])
            await send(message)

        await self._app(scope, receive, noted if scope["type"] == "http" else send)
