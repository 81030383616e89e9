"""Devices for the tests of the MQTT endpoint: one that drives a `Connection` directly, one on a real socket."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ingest.audience import Audience
from ingest.connection import Connection
from ingest.delivery import Delivery
from ingest.events import Closed, ConnectAsked, Event
from ingest.packet_reader import frame_length, parse
from ingest.packet_writer import serialise
from ingest.packets import V5, Connack, Connect, Disconnect, Packet, Publish
from ingest.properties import Properties
from ingest.reasons import Reason
from ingest.session import Limits, Session
from ingest.tokens import Tokens

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
DEVICE = "kit-7"
VITALS = f"hemvakt/1/{DEVICE}/vitals"
CONFIG = f"hemvakt/1/{DEVICE}/config"


def packets_of(data: bytes, version: int) -> list[Packet]:
    """Parse whole packets."""
    found = []
    while data:
        read = frame_length(data, 1)
        assert read is not None
        length, body = read
        found.append(parse(data[0], data[body : body + length], version))
        data = data[body + length :]
    return found


def a_connect(version: int = V5, client_id: str = "c-1", **changes: Any) -> Connect:
    """Return a CONNECT of the device with the right credential."""
    fields: dict[str, Any] = {"username": DEVICE, "password": b"secret", **changes}
    return Connect(version=version, client_id=client_id, **fields)


def a_publish(number: int = 1, payload: bytes = b"{}", topic: str = VITALS, **changes: Any) -> Publish:
    """Return a PUBLISH at QoS 1 to the device's own topic."""
    fields: dict[str, Any] = {"qos": 1 if number else 0, "packet_id": number, **changes}
    return Publish(topic=topic, payload=payload, **fields)


class NoDoor:
    """A door that leads nowhere."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Do nothing."""

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Do nothing."""


DOOR = NoDoor()


class Peer:
    """A device that talks to a `Connection` without a socket; `at_s` is its clock."""

    def __init__(self, version: int = V5, limits: Limits | None = None) -> None:
        self.version = version
        self.limits = limits or Limits()
        self.core = Connection(DOOR, self.limits, 0.0)
        self.at_s = 0.0

    def feed(self, data: bytes) -> list[Event]:
        """Send bytes; a CONNECT is accepted at once."""
        events = list(self.core.receive(data, NOW, self.at_s))
        if events and isinstance(events[-1], ConnectAsked):
            session = Session(DEVICE, "c-1", self.limits.max_queue)
            self.core.accept(session, self.audience(session), "c-1", self.at_s, session_present=False)
            events += self.core.receive(b"", NOW, self.at_s)
        return events

    def audience(self, session: Session) -> Audience:
        """Return what a device with this one session is to the endpoint."""
        return Audience(tokens=Tokens(self.limits, 0.0), sessions={session.client_id: session})

    def send(self, *packets: Packet) -> list[Event]:
        """Send packets."""
        return self.feed(b"".join(serialise(each, self.version) for each in packets))

    def read(self) -> list[Packet]:
        """Return what the connection has to say."""
        return packets_of(self.core.take(), self.version)

    def connect(self, session: Session | None = None, **changes: Any) -> Connack:
        """Connect, with a session of its own or the one given, and return the answer."""
        events = self.core.receive(serialise(a_connect(self.version, **changes), self.version), NOW, self.at_s)
        assert [type(each) for each in events] == [ConnectAsked]
        present = session is not None
        session = session or Session(DEVICE, "c-1", self.limits.max_queue)
        self.core.accept(session, self.audience(session), "c-1", self.at_s, session_present=present)
        answer = packets_of(self.core.take(), self.version)
        self.after_connack = answer[1:]
        assert isinstance(answer[0], Connack)
        return answer[0]


def a_peer(version: int = V5, limits: Limits | None = None, **changes: Any) -> Peer:
    """Return a device that is connected."""
    peer = Peer(version, limits)
    peer.connect(**changes)
    return peer


def assert_ended(peer: Peer, events: list[Event], reason: Reason) -> None:
    """The connection is over for `reason`, which a device of MQTT 5 was told."""
    last = events[-1]
    assert isinstance(last, Closed)
    assert last.reason is reason
    told = peer.read()[-1:]
    assert [each.code for each in told if isinstance(each, Disconnect)] == ([reason] if peer.version == V5 else [])
    assert peer.send(a_publish()) == []


@dataclass
class Box:
    """An inbox that keeps what it gets; the test says when it is full."""

    deliveries: list[Delivery] = field(default_factory=list)
    full: bool = False
    room: list[object] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, delivery: Delivery) -> None:
        """Keep a delivery."""
        self.deliveries.append(delivery)
        self.arrived.set()

    def on_room(self, callback: object) -> None:
        """Keep the callback."""
        self.room.append(callback)

    def make_room(self) -> None:
        """Be no longer full, and say so."""
        self.full = False
        for each in self.room:
            assert callable(each)
            each()

    async def take(self, count: int) -> list[Delivery]:
        """Wait for `count` deliveries and take them out."""
        async with asyncio.timeout(60):
            while len(self.deliveries) < count:
                self.arrived.clear()
                await self.arrived.wait()
        taken, self.deliveries = self.deliveries[:count], self.deliveries[count:]
        return taken


class SocketPeer:
    """A device on a real socket, speaking through our codec."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: int) -> None:
        self.reader, self.writer, self.version = reader, writer, version
        self.session_present = False
        self.assigned_client_id: str | None = None

    async def send(self, *packets: Packet) -> None:
        """Send packets."""
        self.writer.write(b"".join(serialise(each, self.version) for each in packets))
        await self.writer.drain()

    async def ask(self, packet: Packet) -> Packet:
        """Send a packet and return the next that comes."""
        await self.send(packet)
        return await self.receive()

    async def receive(self) -> Packet:
        """Wait for one packet."""
        async with asyncio.timeout(60):
            head = await self.reader.readexactly(2)
            while head[-1] & 0x80:
                head += await self.reader.readexactly(1)
            read = frame_length(head, 1)
            assert read is not None
            return parse(head[0], await self.reader.readexactly(read[0]), self.version)

    async def rest(self) -> list[Packet]:
        """Wait for the end of the connection and return what came before it."""
        async with asyncio.timeout(60):
            return packets_of(await self.reader.read(), self.version)

    def close(self) -> None:
        """Close the socket without a word."""
        self.writer.close()


EXPIRES = Properties(session_expiry_s=60)
