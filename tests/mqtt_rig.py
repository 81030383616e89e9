"""An endpoint on a free port with an inbox that the test empties, for the integration tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop
from paho.mqtt.properties import Properties as PahoProperties

from ingest.delivery import Delivery
from ingest.endpoint import Endpoint
from ingest.identity import Presented, claimed
from ingest.packets import (
    V5,
    V311,
    Connack,
    Packet,
    Publish,
    Subscribe,
    Subscription,
    Will,
)
from ingest.session import Limits, Message, Session
from ingest.sessions import Admitted, Asking
from tests.mqtt_peers import DEVICE, Box, SocketPeer, a_connect
from ward import tls
from ward.clock import SystemClock

STATUS = f"hemvakt/1/{DEVICE}/status"
REJECTS = f"hemvakt/1/{DEVICE}/rejects"
SECRETS = {DEVICE: b"secret", "kit-8": b"other"}
new_properties: Any = PahoProperties  # paho's class has no annotations
BOTH = pytest.mark.parametrize("version", [V311, V5])
WILL = Will(topic=STATUS, payload=b'{"online":false}', qos=1, retain=True)


Authenticate = Callable[[Presented], Awaitable[str | None]]


async def by_secret(presented: Presented) -> str | None:
    """Let a device in by its secret."""
    device_id = claimed(presented)
    return device_id if device_id is not None and SECRETS.get(device_id) == presented.password else None


class InMemory:
    """Lets devices in as `authenticate` says, and keeps no session beyond the endpoint's memory."""

    def __init__(self, authenticate: Authenticate) -> None:
        self.authenticate = authenticate
        self.lost: list[Callable[[int, int], None]] = []

    async def open(self, asking: Asking) -> Admitted | None:
        """Let a device in."""
        device_id = await self.authenticate(asking.presented)
        client_id = asking.presented.client_id
        if device_id is None:
            return None
        return Admitted(device_id=device_id, client_id=client_id, expiry_s=asking.expiry_s)

    def close(self, admitted: Admitted) -> None:
        """Nothing is open."""

    def keep(self, session: Session) -> None:
        """Nothing is kept."""

    def end(self, session: Session) -> None:
        """Nothing is kept."""

    def when_kept(self, session: Session, then: Callable[[], None]) -> None:
        """Nothing is kept, so it is never asked for."""

    def retain(self, device_id: str, topic: str, message: Message | None) -> None:
        """Nothing is kept."""

    def on_lost(self, callback: Callable[[int, int], None]) -> None:
        """Keep the callback for the test."""
        self.lost.append(callback)


@dataclass
class Rig:
    """An endpoint, its inbox, what was foreign and what is retained."""

    box: Box = field(default_factory=Box)
    foreign: list[Delivery] = field(default_factory=list)
    retained: dict[str, bytes] = field(default_factory=dict)
    peers: list[SocketPeer] = field(default_factory=list)
    endpoint: Endpoint = field(init=False)

    async def dial(self, version: int = V5) -> SocketPeer:
        """Open a socket to the endpoint and say nothing."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.endpoint.port, limit=1 << 25)
        return self.keep(SocketPeer(reader, writer, version))

    async def connect(self, version: int = V5, client_id: str = "c-1", **changes: Any) -> SocketPeer:
        """Open a socket, connect, and be accepted."""
        peer = await self.dial(version)
        answer = await peer.ask(a_connect(version, client_id, **changes))
        assert isinstance(answer, Connack)
        assert answer.code == 0
        peer.session_present = answer.session_present
        peer.assigned_client_id = answer.properties.assigned_client_id
        return peer

    def keep(self, peer: SocketPeer) -> SocketPeer:
        """Close the peer's socket in the end."""
        self.peers.append(peer)
        return peer

    async def store(self, count: int) -> list[Delivery]:
        """Wait for `count` deliveries, and acknowledge them as if committed."""
        taken = await self.box.take(count)
        self.endpoint.acknowledge(taken)
        return taken


@asynccontextmanager
async def a_rig(
    authenticate: Authenticate = by_secret,
    limits: Limits | None = None,
    certificates: tls.Files | None = None,
) -> AsyncIterator[Rig]:
    """Run an endpoint on a free port."""
    rig = Rig()
    rig.endpoint = Endpoint(
        rig.box,
        InMemory(authenticate),
        clock=SystemClock(),
        retained=rig.retained.get,
        on_foreign=rig.foreign.append,
        certificates=certificates,
        limits=limits,
    )
    await rig.endpoint.start("127.0.0.1", 0)
    try:
        yield rig
    finally:
        for peer in rig.peers:
            peer.close()
        await rig.endpoint.stop()
        await asyncio.gather(*(peer.writer.wait_closed() for peer in rig.peers), return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until `condition` holds."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0)


def subscribing(*filters: str, **options: Any) -> Subscribe:
    """Return a SUBSCRIBE at QoS 1."""
    return Subscribe(packet_id=1, subscriptions=tuple(Subscription(filter=each, qos=1, **options) for each in filters))


def payload_of(packet: Packet) -> bytes:
    """Return what a PUBLISH carries."""
    assert isinstance(packet, Publish)
    return packet.payload


def in_loop(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario to its end, on the loop of the standard library and on uvloop."""

    async def whole() -> None:
        await scenario()

    for runner in (asyncio.Runner(), asyncio.Runner(loop_factory=uvloop.new_event_loop)):
        with runner:
            runner.run(whole())
