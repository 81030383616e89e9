"""The two sides of one socket, of a board or of a home: a peer that has gone, in whichever way, is no fault.

The invariant: a send ends. It is done, or the peer is given up, so that nobody who left counts as somebody who looks.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

# The server asks each 20 s whether the peer lives, and waits as long for an answer; but it cannot shut a connection
# whose peer has stopped taking what is in it.
STUCK_S: Final = 40.0
_CLOSE_S: Final = 2.0
_ABNORMAL: Final = 1006


async def send(websocket: WebSocket, text: str) -> None:
    """Send a text.

    Raises
    ------
    WebSocketDisconnect
        If the peer has gone or takes nothing; also where the server has shut the connection by itself meanwhile (its
        ping was not answered, the peer spoke nonsense), for which it knows no other word than RuntimeError.
    """
    try:
        async with asyncio.timeout(STUCK_S):
            await websocket.send_text(text)
    except (RuntimeError, TimeoutError) as error:
        raise WebSocketDisconnect(_ABNORMAL) from error


async def close(websocket: WebSocket, code: int) -> None:
    """Say why we end, to a peer that is still there."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await websocket.close(code)


async def both(reading: Coroutine[None, None, None], writing: Coroutine[None, None, None]) -> None:
    """Read and write until one of them ends, and end the other; what went wrong in either is not swallowed."""
    sides = [asyncio.create_task(reading, name="reader"), asyncio.create_task(writing, name="writer")]
    try:
        await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for side in sides:
            side.cancel()
        await asyncio.wait(sides)
    for side in sides:
        if not side.cancelled():
            side.result()
