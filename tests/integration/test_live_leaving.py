"""Screens that leave in the middle of something: without a word, with an unread pipe, with nonsense. No fault of ours.

The other screens go on, and who has left is not counted as somebody who looks.
"""

import asyncio
import base64
import contextlib
import secrets
import socket
import struct
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection

from api import service
from api.context import Context
from api.live import sending
from tests.fix_api import House, Served, alarm, hear, measure, serving
from ward.clock import Clock
from ward.settings import Settings
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
NARROW = 4096
_LONGEST_S = 30
# What an operator would see: a fault of the application.
BROKEN = "Exception in ASGI application"


class Server:
    """The api that is served, to be set and to be asked how many screens it believes are there."""

    config: uvicorn.Config

    @property
    def sockets(self) -> int:
        """How many screens are counted."""
        context: Context = self.config.app.state.context  # type: ignore[union-attr] # it is ours
        return context.figures.sockets

    def impatient(self) -> None:
        """Ask those that come from now on each fifth of a second whether they live."""
        self.config.ws_ping_interval = self.config.ws_ping_timeout = 0.2


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """The api that the test will serve."""
    found, made = Server(), service.config

    def config(settings: Settings, clock: Clock) -> uvicorn.Config:
        found.config = made(settings, clock)
        return found.config

    monkeypatch.setattr(service, "config", config)
    return found


@contextlib.asynccontextmanager
async def narrow(house: House) -> AsyncIterator[tuple[Served, httpx.AsyncClient]]:
    """Serve where little fits between us and a peer that reads nothing, and log Anna in."""
    listening = service.bind(Settings(database_url=house.database_url, http_port=0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, NARROW)
    async with serving(house.database_url, listening=listening) as served, served.logged_in("anna") as client:
        yield served, client


async def screen(served: Served, client: httpx.AsyncClient) -> socket.socket:
    """Open a board's socket and read no further than that it is open; answer no ping."""
    loop, raw = asyncio.get_running_loop(), socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
    raw.setblocking(False)
    await loop.sock_connect(raw, ("127.0.0.1", served.port))
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    cookie = client.build_request("GET", served.url).headers["cookie"]
    asked = (
        f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\n\r\n"
    )
    await loop.sock_sendall(raw, asked.encode())
    assert (await loop.sock_recv(raw, 12)).endswith(b"101")
    return raw


async def counted(server: Server, screens: int) -> None:
    """Wait until so many screens are counted."""
    async with asyncio.timeout(_LONGEST_S):
        while server.sockets != screens:
            await asyncio.sleep(0.01)


async def happens(house: House, other: ClientConnection, much: int) -> None:
    """Let readings come in, each of which `other` hears."""
    for number in range(much):
        await measure(house, house.ward.beds[number % 3], VitalKind.SPO2, 90 + number % 9)
        assert (await hear(other, "vitals"))["vitals"]["spo2"]["value"] == 90 + number % 9


@pytest.mark.parametrize("much", [4, 200])
def test_h03_screen_without_network_is_given_up_and_the_others_hear(
    house: House, server: Server, much: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A screen that takes nothing is given up, much or little being on its way; the others miss no alert by it."""
    monkeypatch.setattr(sending, "STUCK_S", 1.0)

    async def run() -> None:
        async with narrow(house) as (served, client), served.live(client) as other:
            await hear(other, "snapshot")
            server.impatient()
            with contextlib.closing(await screen(served, client)):
                await counted(server, 2)
                await happens(house, other, much)
                alert_id = await alarm(house, house.ward.beds[0])
                assert (await hear(other, "alert"))["alert"]["alert_id"] == alert_id
                await counted(server, 1)

    asyncio.run(run())

    assert BROKEN not in caplog.text


@pytest.mark.parametrize("way", ["reset", "nonsense", "end"])
def test_screen_that_leaves_while_it_is_sent_to_is_no_fault(
    house: House, server: Server, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However a screen leaves while readings go out, it has left, and the log has no fault of ours."""

    async def leave(raw: socket.socket) -> None:
        if way == "nonsense":
            await asyncio.get_running_loop().sock_sendall(raw, b"\xff\xff\xff\xff")
            return
        if way == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()

    async def run() -> None:
        async with narrow(house) as (served, client), served.live(client) as other:
            await hear(other, "snapshot")
            for _ in range(5):
                with contextlib.closing(await screen(served, client)) as raw:
                    await counted(server, 2)
                    await leave(raw)
                    await happens(house, other, 1)
                    await counted(server, 1)

    asyncio.run(run())

    assert BROKEN not in caplog.text
