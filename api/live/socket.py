"""`/api/live`: one socket. Sends what its client takes from the hub, hears heartbeats, closes when told to.

A stuck peer blocks only its own writer, and not for ever; its backlog is bounded in the hub.
"""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.auth import Door
from api.context import Context, context_of
from api.live import sending
from api.live.hub import Client, Close
from api.live.listening import Screen, said
from api.witness import LetIn, Witness
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.errors import StoreUnavailable
from ward.people import PatientId

router = APIRouter()
MayBoard = Annotated[StaffPrincipal, Depends(Door(Permission.BOARD))]
_FAILED = 1011
_WHOLE = ('{"type":"snapshot"', '{"type":"resumed"')
_LARGEST_SEQ = (1 << 53) - 1


class Ready:
    """Whether there is something to send, and since when (monotonic seconds)."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._since_s = 0.0

    def set(self) -> None:
        """Say that there is."""
        if not self._event.is_set():
            self._since_s = time.monotonic()
            self._event.set()

    async def taken(self) -> float:
        """Wait until there is, and return since when."""
        await self._event.wait()
        self._event.clear()
        return self._since_s


class _Shown:
    """Whom one socket has shown: each patient is in the access log before their first message."""

    def __init__(self, witness: Witness, let_in: LetIn) -> None:
        self._witness = witness
        self._let_in = let_in
        self._patients: set[PatientId] = set()

    async def board(self, patients: set[PatientId]) -> None:
        """Note those of a board that are new. Raises `StoreUnavailable`."""
        new = patients - self._patients
        await self._witness.note(self._let_in, new, method="WS", path="/api/live", why=None)
        self._patients |= new


@router.websocket("/api/live")
async def live(
    websocket: WebSocket,
    principal: MayBoard,
    since: Annotated[int | None, Query(ge=0, le=_LARGEST_SEQ)] = None,
    stream: Annotated[str | None, Query(max_length=32)] = None,
) -> None:
    """Send a snapshot, or what was missed since a number, and then every change.

    `stream` is that of the message that `since` goes back to: the same process then repeats nothing.
    """
    context = context_of(websocket)
    ready = Ready()
    await websocket.accept()
    client = context.hub.join(principal.scope, principal.token_sha256, since, stream, ready.set)
    ready.set()
    screen = Screen(staff_id=principal.staff_id)
    context.figures.sockets += 1
    context.presence.open(screen.listener_id, principal.staff_id)
    shown = _Shown(context.witness, LetIn(principal=principal, permission=Permission.BOARD))
    try:
        await sending.both(_read(websocket, screen, context), _write(websocket, client, ready, context, shown))
    finally:
        context.hub.leave(client)
        context.listening.leave(screen)
        context.figures.sockets -= 1
        context.figures.closed["left" if client.closing is None else client.closing.name.lower()] += 1
        context.presence.close(screen.listener_id)


async def _write(websocket: WebSocket, client: Client, ready: Ready, context: Context, shown: _Shown) -> None:
    """Send until the client is to be closed, and then close."""
    try:
        while not client.ends():
            since_s = await ready.taken()
            texts = client.take(context.hub, context.clock.now())
            if any(text.startswith(_WHOLE) for text in texts):
                await shown.board(context.hub.board.patients(client.room.scope))
            for text in texts:
                await sending.send(websocket, text)
                if client.ends():
                    break
            if texts:
                context.figures.written.add(time.monotonic() - since_s)
    except WebSocketDisconnect:
        return
    except StoreUnavailable:  # who looks cannot be written down, so nothing is shown: the page tries again
        client.close(Close.LAGGING)
    finally:
        await sending.close(websocket, _FAILED if client.closing is None else client.closing.value)


async def _read(websocket: WebSocket, screen: Screen, context: Context) -> None:
    """Hear heartbeats until the peer goes: that a screen listens and what it shows; nothing else is heard."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        words = said(message.get("text"))
        if words is not None:
            context.listening.hear(screen, words)
            context.presence.look(screen.listener_id, words.looking)
