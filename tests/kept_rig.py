"""Endpoints whose sessions are in a real store, behind a TCP balancer, for the integration tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from ingest.endpoint import Endpoint
from ingest.packets import V5
from ingest.properties import Properties
from ingest.session import Limits
from ingest.session_store import SessionStore
from tests.mqtt_peers import DEVICE, EXPIRES, NOW
from tests.mqtt_rig import Rig
from ward.clock import Clock, SystemClock
from ward.credentials import digest
from ward.store.pool import pool


@dataclass
class KeptRig(Rig):
    """An endpoint as `Rig` has it, with its sessions in the store."""

    sessions: SessionStore = field(init=False)
    work: asyncio.Task[None] = field(init=False)

    async def kill(self) -> None:
        """End the endpoint without a word to anybody, as SIGKILL would: what is not written by now is lost."""
        self.work.cancel()
        await asyncio.gather(self.work, return_exceptions=True)
        endpoint = self.endpoint
        endpoint._stopping = True
        endpoint._presence.connected.clear()
        for link in tuple(endpoint._links.values()):
            link.transport.abort()
        endpoint._listener.close()

    async def written(self) -> None:
        """Wait until what has changed so far is written."""
        for session in tuple(self.endpoint._presence.registry._by_key.values()):
            if session.on_change is not None:
                stored = asyncio.Event()
                self.sessions.when_kept(session, stored.set)
                await stored.wait()

    async def flushed(self) -> None:
        """Write what has changed so far, of devices that are gone too."""
        self.work.cancel()
        await asyncio.gather(self.work, return_exceptions=True)
        await self.sessions.flush()
        self.work = asyncio.create_task(self.sessions.run())


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def now(self) -> datetime:
        """Return the time it shows."""
        return NOW + self.passed


def lasting(version: int = V5) -> dict[str, Any]:
    """What a CONNECT says that wants its session to outlive the connection."""
    return {"clean_start": False, "properties": EXPIRES if version == V5 else Properties()}


def is_alone(rig: KeptRig) -> bool:
    """Tell whether nobody is connected."""
    return rig.endpoint.counters.connections == 0


def count(database_url: str, table: str) -> int:
    """Count the rows of a table."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


def register(database_url: str, *devices: str) -> None:
    """Enter devices whose secret is `secret`."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        for each in devices or (DEVICE,):
            conn.execute("insert into device (device_id, secret_sha256) values (%s, %s)", (each, digest("secret")))


@asynccontextmanager
async def a_kept_rig(
    database_url: str, clock: Clock | None = None, limits: Limits | None = None
) -> AsyncIterator[KeptRig]:
    """Run an endpoint on a free port with its sessions in the store."""
    clock, limits = clock or SystemClock(), limits or Limits()
    rig = KeptRig()
    async with pool(database_url, "test-side", size=3) as side:
        rig.sessions = SessionStore(side, database_url, clock, limits)
        rig.endpoint = Endpoint(
            rig.box,
            rig.sessions,
            clock=clock,
            retained=rig.retained.get,
            on_foreign=rig.foreign.append,
            limits=limits,
        )
        rig.work = asyncio.create_task(rig.sessions.run())
        await rig.endpoint.start("127.0.0.1", 0)
        try:
            async with asyncio.timeout(30):
                await rig.sessions.listening.wait()
            yield rig
        finally:
            for peer in rig.peers:
                peer.close()
            await rig.endpoint.stop()
            rig.work.cancel()
            await asyncio.gather(rig.work, return_exceptions=True)
            await asyncio.gather(*(peer.writer.wait_closed() for peer in rig.peers), return_exceptions=True)


class Balancer:
    """A TCP forwarder that gives each connection to the next of its targets in turn."""

    def __init__(self, *ports: int) -> None:
        self.ports = ports
        self.taken = 0
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Cut every connection."""
        self._server.close()
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = self.ports[self.taken % len(self.ports)]
        self.taken += 1
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        for source, sink in ((reader, inner_writer), (inner_reader, writer)):
            task = asyncio.create_task(_pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    except OSError:
        return
    finally:
        sink.close()


def with_rigs(database_url: str, count: int, scenario: Callable[..., Awaitable[None]]) -> None:
    """Run a scenario with so many endpoints on one store."""

    async def whole() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(60):
            rigs = [await stack.enter_async_context(a_kept_rig(database_url)) for _ in range(count)]
            await scenario(*rigs)

    register(database_url)
    asyncio.run(whole())
