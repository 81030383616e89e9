"""A connection to a broker that is reset under full load: ingest lives on and comes back."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import uvloop

from ingest.broker_line import Address
from ingest.client import BrokerDoor
from ingest.packet_writer import serialise
from ingest.packets import V5, Connack, Granted, Packet, Publish, Subscribe
from ingest.properties import PacketType
from tests.mqtt_peers import Box, packets_of
from ward.clock import SystemClock

RESET = struct.pack("ii", 1, 0)
MANY = 500


class Broker:
    """The peer of a door: lets it in and does what the test says. Bare sockets, so that a reset leaves at once."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self._peer: socket.socket | None = None
        self.address = Address(host="127.0.0.1", port=self._listening.getsockname()[1])

    async def let_in(self) -> None:
        """Wait for the door to connect, and grant what it asks for."""
        loop = asyncio.get_running_loop()
        self._peer, _ = await loop.sock_accept(self._listening)
        self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a reset throws away what has not left
        await loop.sock_recv(self._peer, 4096)
        self.send(Connack(code=0))
        asked = packets_of(await loop.sock_recv(self._peer, 4096), V5)[0]
        assert isinstance(asked, Subscribe)
        codes = tuple(1 for _ in asked.subscriptions)
        self.send(Granted(kind=PacketType.SUBACK, packet_id=asked.packet_id, codes=codes))

    def send(self, *packets: Packet) -> None:
        """Send packets, all at once."""
        assert self._peer is not None
        data = b"".join(serialise(packet, V5) for packet in packets)
        assert self._peer.send(data) == len(data)

    def reset(self) -> None:
        """Reset the connection."""
        assert self._peer is not None
        self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._peer.close()

    def close(self) -> None:
        """Close everything."""
        self._listening.close()
        if self._peer is not None:
            self._peer.close()


def a_burst(count: int) -> list[Publish]:
    """Return so many messages of a device, more than a door reads at a time."""
    topic = "hemvakt/1/hv-1/vitals"
    return [Publish(topic=topic, payload=b"{}", qos=1, packet_id=number) for number in range(1, count + 1)]


def play(story: Callable[[BrokerDoor, Box, Broker], Awaitable[None]]) -> None:
    """Play a story on a door that has been let in, on the event loop that ingest runs on."""

    async def telling() -> None:
        broker, box = Broker(), Box()
        door = BrokerDoor(broker.address, box, SystemClock(), client_id="test")
        try:
            async with asyncio.timeout(20):
                door.start()
                await broker.let_in()
                await story(door, box, broker)
                await door.stop()
        finally:
            broker.close()

    uvloop.run(telling())


def test_h22_acknowledging_on_a_reset_connection_does_not_end_ingest() -> None:
    """What is acknowledged or said on a connection that was reset in a burst goes nowhere, and ingest comes back."""

    async def story(door: BrokerDoor, box: Box, broker: Broker) -> None:
        broker.send(*a_burst(MANY))
        broker.reset()
        door.acknowledge(await box.take(100))
        door.publish("hemvakt/1/hv-1/rejects", b"{}")
        await broker.let_in()

    play(story)


def test_h22_reset_during_a_burst_is_noticed() -> None:
    """A connection that was reset behind more than is read at a time is given up at once, not after a keep-alive."""

    async def story(_door: BrokerDoor, box: Box, broker: Broker) -> None:
        broker.send(*a_burst(MANY))
        broker.reset()
        await broker.let_in()
        assert len(box.deliveries) == MANY

    play(story)


def test_h22_reset_while_the_inbox_is_full_is_survived() -> None:
    """A connection that was reset while nothing is read from it is given up, and what is acknowledged goes nowhere."""

    async def story(door: BrokerDoor, box: Box, broker: Broker) -> None:
        broker.send(*a_burst(1))
        first = await box.take(1)
        box.full = True
        broker.send(*a_burst(MANY))
        broker.reset()
        door.acknowledge(first)
        box.make_room()
        await broker.let_in()

    play(story)
