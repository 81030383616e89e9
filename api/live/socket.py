"""`/api/live`: one socket. Sends what its client takes from the hub, hears heartbeats, closes when told to.

A stuck peer blocks only its own writer; its backlog is bounded in the hub.
"""

import asyncio
import contextlib
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.auth import Door
from api.context import Context, context_of
from api.live.hub import Client
from api.live.listening import Listening, Screen, said
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal

router = APIRouter()
MayBoard = Annotated[StaffPrincipal, Depends(Door(Permission.BOARD))]
_CLOSE_S = 2.0
_LARGEST_SEQ = (1 << 53) - 1


class _Closed(Exception):  # noqa: N818 - ends the tasks of one socket
    """The hub wants the socket closed."""


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


@router.websocket("/api/live")
async def live(
    websocket: WebSocket,
    principal: MayBoard,
    since: Annotated[int | None, Query(ge=0, le=_LARGEST_SEQ)] = None,
) -> None:
    """Send a snapshot, or what was missed since a number, and then every change."""
    context = context_of(websocket)
    ready, closed = Ready(), asyncio.Event()

    def wake() -> None:
        ready.set()
        if client.closing is not None:
            closed.set()

    await websocket.accept()
    client = context.hub.join(principal.scope, principal.token_sha256, since, wake)
    ready.set()
    screen = Screen(staff_id=principal.staff_id)
    context.figures.sockets += 1
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_write(websocket, client, ready, context), name="writer")
            group.create_task(_read(websocket, screen, context.listening), name="reader")
            group.create_task(_watch(closed), name="watcher")
    except* (_Closed, WebSocketDisconnect):
        pass
    finally:
        context.hub.leave(client, context.clock.now())
        context.listening.leave(screen)
        context.figures.sockets -= 1
        context.figures.closed["left" if client.closing is None else client.closing.name.lower()] += 1
    if client.closing is not None:
        with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            await asyncio.wait_for(websocket.close(client.closing.value, client.closing.name.lower()), _CLOSE_S)


async def _write(websocket: WebSocket, client: Client, ready: Ready, context: Context) -> None:
    while True:
        since_s = await ready.taken()
        texts = client.take(context.hub.board, context.clock.now())
        for text in texts:
            await websocket.send_text(text)
        if texts:
            context.figures.written.add(time.monotonic() - since_s)


async def _read(websocket: WebSocket, screen: Screen, listening: Listening) -> None:
    """Hear heartbeats until the peer goes: that a screen listens and what it shows; nothing else is heard."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        words = said(message.get("text"))
        if words is not None:
            listening.hear(screen, words)


async def _watch(closed: asyncio.Event) -> None:
    await closed.wait()
    raise _Closed
