"""Writes who looked at whose data before the answer goes out: an answer that is not in the log is not given.

Looks that come together are written in one transaction, so a busy hour costs a commit for many answers, not for each.
Whom an answer is about is read from its path and from itself; where it does not name them, its route says whom with
`looked`. Refusals and errors show no data and leave no entry. Every process seals what is not sealed yet; the store
lets one of them at a time.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from ward import log
from ward.access.permissions import Permission
from ward.access.principals import Capacity, Principal, StaffPrincipal
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.people import PatientId
from ward.store import accesses, audit_seals
from ward.store.accesses import Access
from ward.store.borrow import borrow
from ward.store.pool import Pool

MOST_WAITING = 2000
_AT_ONCE = 200
_SEAL_EVERY_S = 10.0
_SEALS_AT_ONCE = 50
# Looked for one by one, each from a letter that is not in every word: several times as quick as all of them at once.
_NAMED = tuple(
    re.compile(each) for each in (rb'patient_id":\s?(\d+)', rb'Patient/(\d+)"', rb'Patient",\s?"id":\s?"(\d+)"')
)
_WHY = {Capacity.PATIENT: "own", Capacity.RELATIVE: "opened", Capacity.SYSTEM: "system", Capacity.OPERATOR: "operation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetIn:
    """Whom the door has let in, and by which permission; kept in the state of the request."""

    principal: Principal
    permission: Permission


def looked(connection: HTTPConnection, patient_ids: Iterable[int]) -> None:
    """Say whose data an answer shows, where the path does not: of a list, of an alert, of a device."""
    known: set[int] = getattr(connection.state, "looked_at", set())
    connection.state.looked_at = known | set(patient_ids)


def because(connection: HTTPConnection, why: str) -> None:
    """Say why the answer is given, where it is for another reason than that of everybody in this capacity."""
    connection.state.why = why


class Witness:
    """The log's writer in this process. At most `MOST_WAITING` answers wait; beyond that they are refused.

    Looks are written by `lines`, whose connections commit by themselves: one round trip, one commit, all or nothing.
    """

    def __init__(self, pool: Pool, lines: Pool, clock: Clock) -> None:
        self._pool = pool
        self._lines = lines
        self._clock = clock
        self._waiting: list[tuple[Access, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()

    async def note(self, let_in: LetIn, patient_ids: Iterable[int], *, method: str, path: str, why: str | None) -> None:
        """Write a look, and return when it is committed.

        Raises
        ------
        StoreUnavailable
            If it cannot be written: then the answer must not be given.
        """
        capacity = let_in.principal.capacity
        patients = {PatientId(each) for each in patient_ids}
        emergency = patients & _opened(let_in.principal)
        for reason, those in (("emergency", emergency), (why or _WHY.get(capacity, "care"), patients - emergency)):
            if those:
                access = Access(
                    at=self._clock.now(),
                    actor=let_in.principal.actor,
                    permission=let_in.permission.value,
                    method=method,
                    path=path,
                    why=reason,
                    patient_ids=tuple(sorted(those)),
                )
                await self.written(access)

    async def written(self, access: Access) -> None:
        """Write a look as it stands, and return when it is committed; `StoreUnavailable` as of `note`."""
        if len(self._waiting) >= MOST_WAITING:
            raise StoreUnavailable("too many looks wait to be written")
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((access, written))
        self._wake.set()
        await written

    async def run(self) -> None:
        """Write what waits, until cancelled; who waits then is told that it was not written."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    await self._write()
        finally:
            for _access, written in self._waiting:
                if not written.done():
                    written.set_exception(StoreUnavailable("the api is stopping"))

    async def _write(self) -> None:
        batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        try:
            async with borrow(self._lines) as conn:
                await accesses.write(conn, [access for access, _ in batch])
        except StoreUnavailable as error:
            _tell(batch, error)
        except asyncio.CancelledError:
            _tell(batch, StoreUnavailable("the api is stopping"))
            raise
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it was; the writer goes on
            log.get().error("looks_not_written", count=len(batch), error=type(error).__name__, exc_info=error)
            _tell(batch, StoreUnavailable("the look could not be written"))
        else:
            _tell(batch, None)

    async def seal_on(self) -> None:
        """Seal what is not sealed, every few seconds, until cancelled. The hash is logged, so outside the store too."""
        while True:
            try:
                for _ in range(_SEALS_AT_ONCE):
                    async with borrow(self._pool) as conn:
                        seal = await audit_seals.seal(conn, self._clock.now())
                    if seal is None:
                        break
                    log.get().info("audit_sealed", seal_id=seal.seal_id, entries=seal.entries, sha256=seal.sha256.hex())
            except StoreUnavailable:
                log.get().warning("audit_not_sealed")
            await asyncio.sleep(_SEAL_EVERY_S)


def _opened(principal: Principal) -> set[PatientId]:
    """Return whom somebody sees only since they have opened them in an emergency."""
    return set(principal.emergency_ids) if isinstance(principal, StaffPrincipal) else set()


def _tell(batch: list[tuple[Access, asyncio.Future[None]]], error: StoreUnavailable | None) -> None:
    for _access, written in batch:
        if written.done():  # whoever asked has gone; the look is written all the same
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)


class Witnessed:
    """ASGI middleware: an answer that names patients waits until the look is in the log.

    Whom an answer is about is read from the answer itself, so that no route can forget to say it.
    """

    def __init__(self, app: ASGIApp, witness: Witness) -> None:
        self._app = app
        self._witness = witness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; sockets note for themselves (`api.live.socket`)."""
        if scope["type"] == "http":
            await self._app(scope, receive, _Answer(scope, receive, send, self._witness).forward)
        else:
            await self._app(scope, receive, send)


class _Answer:
    """One answer on its way: its beginning is held back until its first part has been read."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, witness: Witness) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._witness = witness
        self._start: Message | None = None
        self._noted: set[int] = set()
        self._refused = False

    async def forward(self, message: Message) -> None:
        """Pass a message on, or the refusal in its place."""
        if self._refused:
            return
        if message["type"] == "http.response.start" and message["status"] < HTTPStatus.BAD_REQUEST:
            self._start = message
            return
        if message["type"] == "http.response.body" and (self._start is not None or self._noted):
            try:
                await self._note(message.get("body", b""))
            except StoreUnavailable:
                await self._refuse()
                return
        if self._start is not None:
            await self._send(self._start)
            self._start = None
        await self._send(message)

    async def _note(self, body: bytes) -> None:
        let_in: LetIn | None = self._scope.get("state", {}).get("let_in")
        if let_in is None:
            return
        patients = self._patients(body) - self._noted
        path = getattr(self._scope.get("route"), "path", None) or self._scope["path"]
        why = self._scope["state"].get("why")
        await self._witness.note(let_in, patients, method=self._scope["method"], path=path, why=why)
        self._noted |= patients

    def _patients(self, body: bytes) -> set[int]:
        named = self._scope.get("path_params", {}).get("patient_id")
        patients = {int(named)} if named is not None and str(named).isdecimal() else set()
        patients |= self._scope["state"].get("looked_at", set())
        return patients | {int(number) for each in _NAMED for number in each.findall(body)}

    async def _refuse(self) -> None:
        log.get().warning("look_not_written", path=self._scope["path"])
        detail = "Who looks cannot be written down just now, so nothing is shown; try again."
        headers = {"Retry-After": "2"}
        answer = problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, self._scope["path"], headers=headers)
        self._refused = True
        if self._start is not None:
            await answer(self._scope, self._receive, self._send)
