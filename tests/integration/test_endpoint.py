"""The endpoint on real sockets: who is let in, and what is published and acknowledged."""

import asyncio

import pytest

from ingest.identity import Presented
from ingest.link import Link
from ingest.packet_writer import serialise
from ingest.packets import (
    V5,
    V311,
    Ack,
    Connack,
    Disconnect,
    Ping,
    Will,
)
from ingest.properties import PacketType
from ingest.reasons import Reason
from ingest.session import Limits
from tests.mqtt_peers import DEVICE, a_connect, a_publish
from tests.mqtt_rig import (
    BOTH,
    a_rig,
    in_loop,
    until,
)
from ward.errors import StoreUnavailable

# --- letting in ---


@BOTH
def test_wrong_credentials_are_refused_and_counted(version: int) -> None:
    """A device without its secret gets 0x87 (5 in 3.1.1) and the end of the connection."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.dial(version)
            answer = await peer.ask(a_connect(version, password=b"guess"))

            assert isinstance(answer, Connack)
            assert answer.code == (Reason.NOT_AUTHORIZED if version == V5 else 5)
            assert await peer.rest() == []
            assert (rig.endpoint.counters.refused, rig.endpoint.counters.accepted) == (1, 0)

    in_loop(scenario)


def test_a_store_that_does_not_answer_is_told_as_such() -> None:
    """While credentials cannot be checked a device is told to come back, not that it is wrong."""

    async def broken(_presented: Presented) -> str | None:
        raise StoreUnavailable

    async def scenario() -> None:
        async with a_rig(broken) as rig:
            peer = await rig.dial()

            assert await peer.ask(a_connect()) == Connack(code=Reason.SERVER_UNAVAILABLE)

    in_loop(scenario)


def test_a_will_on_anothers_topic_is_refused() -> None:
    """A device cannot speak for another by dying."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.dial()
            will = Will(topic="hemvakt/1/kit-8/status", payload=b"")

            assert await peer.ask(a_connect(will=will)) == Connack(code=Reason.NOT_AUTHORIZED)

    in_loop(scenario)


def test_a_device_without_client_id_is_given_one() -> None:
    """MQTT 5 assigns a client id where there is none."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.connect(client_id="")

            assert peer.assigned_client_id

    in_loop(scenario)


def test_a_peer_that_does_not_connect_in_time_is_closed() -> None:
    """Ten seconds without CONNECT end the connection."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.dial()
            await until(lambda: rig.endpoint.counters.connections == 1)
            at_s = asyncio.get_running_loop().time()
            rig.endpoint.sweep(at_s + 5)
            assert rig.endpoint.counters.connections == 1
            rig.endpoint.sweep(at_s + 11)

            assert await peer.rest() == []

    in_loop(scenario)


def test_connections_are_bounded() -> None:
    """One connection more than allowed is closed."""

    async def scenario() -> None:
        async with a_rig(limits=Limits(max_connections=1)) as rig:
            first = await rig.connect()
            second = await rig.dial()
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await second.ask(a_connect())

            assert await first.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)

    in_loop(scenario)


# --- publishing ---


@BOTH
def test_puback_comes_after_the_commit_and_in_order(version: int) -> None:
    """Nothing is acknowledged until the pipeline says so; a batch stored backwards is acknowledged forwards."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.connect(version)
            await peer.send(*(a_publish(number, b"%d" % number) for number in (1, 2, 3)))
            taken = await rig.box.take(3)
            assert await peer.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)
            rig.endpoint.acknowledge(taken[::-1])

            assert [await peer.receive() for _ in range(3)] == [
                Ack(kind=PacketType.PUBACK, packet_id=number) for number in (1, 2, 3)
            ]
            assert [each.payload for each in taken] == [b"1", b"2", b"3"]
            assert (rig.endpoint.counters.received, rig.endpoint.counters.acknowledged) == (3, 3)

    in_loop(scenario)


def test_an_acknowledgement_for_a_gone_connection_is_dropped() -> None:
    """What was stored after its device went is acknowledged to nobody, without harm to others."""

    async def scenario() -> None:
        async with a_rig() as rig:
            gone = await rig.connect(client_id="a")
            stays = await rig.connect(client_id="b")
            await gone.send(a_publish(1))
            await stays.send(a_publish(2))
            taken = await rig.box.take(2)
            gone.close()
            await until(lambda: rig.endpoint.counters.connections == 1)
            rig.endpoint.acknowledge(taken)
            rig.endpoint.acknowledge(taken)

            assert await stays.receive() == Ack(kind=PacketType.PUBACK, packet_id=2)
            assert rig.endpoint.counters.acknowledged == 1

    in_loop(scenario)


def test_h26_a_foreign_publish_reaches_quarantine_only() -> None:
    """A device that writes under another's topics reaches the quarantine hook and not the inbox."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.connect()
            answer = await peer.ask(a_publish(4, b"84", topic="hemvakt/1/kit-8/vitals"))
            old = await rig.connect(V311, client_id="old")
            await old.send(a_publish(4, b"84", topic="hemvakt/1/kit-8/vitals"))

            assert answer == Ack(kind=PacketType.PUBACK, packet_id=4, code=Reason.NOT_AUTHORIZED)
            assert await old.rest() == []
            assert [(each.topic, each.identity) for each in rig.foreign] == [("hemvakt/1/kit-8/vitals", DEVICE)] * 2
            assert rig.box.deliveries == []
            assert rig.endpoint.counters.foreign == 2

    in_loop(scenario)


def test_sockets_are_not_read_while_the_inbox_is_full() -> None:
    """A full inbox stops reading from every device, new ones too, without ending any; room starts it again."""

    async def scenario() -> None:
        async with a_rig() as rig:
            one = await rig.connect(client_id="a", keep_alive_s=10)
            two = await rig.connect(client_id="b", keep_alive_s=10)
            rig.box.full = True
            await one.send(a_publish(1))
            await rig.box.take(1)
            late = await rig.dial()
            await late.send(a_connect(client_id="late"))
            await two.send(a_publish(2))
            await until(lambda: rig.endpoint.counters.connections == 3)
            rig.endpoint.sweep(asyncio.get_running_loop().time() + 1000)
            for _ in range(100):
                await asyncio.sleep(0)
            while_full = (len(rig.box.deliveries), rig.endpoint.counters.accepted, rig.endpoint.counters.connections)
            rig.box.make_room()

            assert while_full == (0, 2, 3)
            assert [each.token is None for each in await rig.store(1)] == [True]
            assert await two.receive() == Ack(kind=PacketType.PUBACK, packet_id=2)
            assert isinstance(await late.receive(), Connack)

    in_loop(scenario)


def test_a_large_message_comes_through_whole() -> None:
    """Ten megabytes arrive byte for byte."""

    async def scenario() -> None:
        async with a_rig(limits=Limits(device_bytes_s=1e9)) as rig:
            peer = await rig.connect()
            payload = bytes(range(256)) * 40_000
            await peer.send(a_publish(1, payload))
            (delivery,) = await rig.store(1)

            assert delivery.payload == payload
            assert await peer.receive() == Ack(kind=PacketType.PUBACK, packet_id=1)

    in_loop(scenario)


def test_a_malformed_packet_ends_one_connection_only() -> None:
    """A device that breaks the protocol is told why; its neighbour goes on."""

    async def scenario() -> None:
        async with a_rig() as rig:
            bad = await rig.connect(client_id="bad")
            good = await rig.connect(client_id="good")
            bad.writer.write(b"\x36\x00")
            (goodbye,) = await bad.rest()

            assert isinstance(goodbye, Disconnect)
            assert goodbye.code == Reason.MALFORMED_PACKET
            assert await good.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)

    in_loop(scenario)


class Recorder(asyncio.Transport):
    """A transport that keeps each write apart."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what is written."""
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        """Never."""
        return False

    def pause_reading(self) -> None:
        """Do nothing: the test does the reading."""

    def resume_reading(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def test_a_batch_is_acknowledged_with_one_write_for_each_connection() -> None:
    """A hundred committed messages of two connections cost two writes."""

    async def scenario() -> None:
        async with a_rig() as rig:
            links, wires = [Link(rig.endpoint), Link(rig.endpoint)], [Recorder(), Recorder()]
            for number, (link, wire) in enumerate(zip(links, wires, strict=True)):
                link.connection_made(wire)
                link.data_received(serialise(a_connect(V311, f"c-{number}"), V311))
            await until(lambda: rig.endpoint.counters.accepted == 2)
            for link in links:
                link.data_received(b"".join(serialise(a_publish(number), V311) for number in range(1, 51)))
            rig.endpoint.acknowledge(await rig.box.take(100))
            found = [wire.writes[1:] for wire in wires]
            for link in links:
                link.connection_lost(None)

            assert found == [[b"".join(b"@\2" + number.to_bytes(2, "big") for number in range(1, 51))]] * 2

    in_loop(scenario)
