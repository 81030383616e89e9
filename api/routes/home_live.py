"""`/api/patients/{id}/home/live`: a patient's own page as it changes, for the patient and relatives.

The whole page comes at once and again whenever something of it is new; alerts of staff never do. Each time it is read
the session is looked up anew, with what is open at that moment: a page that may not be seen any more is closed before
anything further is told. The invariant: nobody sees here what `GET …/home` would not show them.
"""

import asyncio
import contextlib
import time
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.auth import Door, principal_of
from api.context import Context, context_of
from api.home_states import HomeHeartbeat, HomeMessage, HomeState
from api.live import sending
from api.live.home_watch import Watcher
from api.live.hub import Close
from api.replies import Id, encode
from api.routes.home import home_of
from api.routes.patients import find_seat
from api.witness import LetIn
from ward.access.permissions import Permission, may
from ward.access.principals import PatientPrincipal, Principal, RelativePrincipal
from ward.errors import Blocked, NotFound, StoreUnavailable
from ward.store import sessions
from ward.store.borrow import borrow

router = APIRouter()
MayHomeLive = Annotated[PatientPrincipal | RelativePrincipal, Depends(Door(Permission.HOME_LIVE))]
PATH = "/api/patients/{patient_id}/home/live"
BEAT_S = 3.0
_FAILED = 1011


class _Ended(Exception):  # noqa: N818 - reads as what happened
    """The session has ended."""


class _Page:
    """One open page: what it was sent last, and how it is read anew."""

    def __init__(self, context: Context, patient_id: int, principal: Principal) -> None:
        self._context = context
        self._patient_id = patient_id
        self._token_sha256 = principal.token_sha256
        self._principal = principal
        self._noted = False
        self._sent = b""
        self._looked_s = float("-inf")
        self.seq = 0

    async def next(self, watcher: Watcher) -> bytes | None:
        """Return what is to be sent now, None for nothing.

        Raises
        ------
        _Ended
            If the session has ended.
        NotFound, Blocked
            If the page may not be seen any more.
        StoreUnavailable
            If the store does not answer, or the look cannot be written.
        """
        changed = await self._recheck()
        now_s = time.monotonic()
        if not changed and not watcher.is_due(now_s - self._looked_s):
            return self._beat()
        watcher.seen()
        self._looked_s = now_s
        state = await self._read()
        body = encode({**state, "server_time": None})
        if body == self._sent:
            return self._beat()
        self._sent = body
        self.seq += 1
        return encode(HomeMessage(type="home", seq=self.seq, home=state))

    async def _recheck(self) -> bool:
        """Look the session up anew; tell whether what is open has changed."""
        async with borrow(self._context.looks) as conn:
            rows = await sessions.read_sessions(conn, [self._token_sha256], self._context.clock.now())
        if not rows:
            raise _Ended
        before, self._principal = self._principal, principal_of(rows[0])
        if not may(self._principal, Permission.HOME_LIVE):
            raise NotFound
        return before != self._principal

    async def _read(self) -> HomeState:
        async with borrow(self._context.pool) as conn:
            seat = await find_seat(conn, self._patient_id, self._principal.scope, self._context.clock)
            state = await home_of(conn, seat, self._principal, self._context.clock.now())
        if not self._noted:
            let_in = LetIn(principal=self._principal, permission=Permission.HOME_LIVE)
            await self._context.witness.note(let_in, [seat.patient_id], method="WS", path=PATH, why=None)
            self._noted = True
        return state

    def _beat(self) -> bytes | None:
        if not self._context.feed.following():
            return None
        now = self._context.clock.now()
        return encode(HomeHeartbeat(type="heartbeat", seq=self.seq, server_time=now))


@router.websocket(PATH)
async def home_live(websocket: WebSocket, patient_id: Id, principal: MayHomeLive) -> None:
    """Send the page at once, and again whenever something of it is new."""
    context = context_of(websocket)
    await websocket.accept()
    async with contextlib.AsyncExitStack() as stack:
        try:
            async with borrow(context.pool) as conn:
                seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        except (NotFound, Blocked):
            await websocket.close(Close.NOT_SEEN)
            return
        except StoreUnavailable:
            await websocket.close(Close.LAGGING)
            return
        woken = asyncio.Event()
        watcher = context.hub.homes.join(seat.stay_id, woken.set)
        stack.callback(context.hub.homes.leave, watcher)
        context.figures.sockets += 1
        page = _Page(context, patient_id, principal)
        try:
            await sending.both(_read(websocket), _write(websocket, page, watcher, woken))
        finally:
            context.figures.sockets -= 1


async def _read(websocket: WebSocket) -> None:
    """Wait until the peer goes; nothing that it says is heard."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _write(websocket: WebSocket, page: _Page, watcher: Watcher, woken: asyncio.Event) -> None:
    """Send until the page is to be closed, and then close."""
    code: int = _FAILED
    try:
        while not watcher.ends:
            text = await page.next(watcher)
            if text is not None:
                await sending.send(websocket, text.decode())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await woken.wait()
            woken.clear()
        code = Close.RESTART
    except _Ended:
        code = Close.UNAUTHORISED
    except (NotFound, Blocked):
        code = Close.NOT_SEEN
    except StoreUnavailable:
        code = Close.LAGGING
    except WebSocketDisconnect:
        return
    finally:
        await sending.close(websocket, code)
