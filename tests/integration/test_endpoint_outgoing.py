"""The endpoint on real sockets: messages to devices, those that do not read, and the end."""

import asyncio
import socket
from typing import Any

from ingest.endpoint import STOP_S
from ingest.packets import V5, Ack, Connack, Disconnect, Granted, Ping, Publish, Subscribe, Subscription
from ingest.properties import PacketType, Properties
from ingest.reasons import Reason
from ingest.session import Limits
from tests.mqtt_peers import CONFIG, DEVICE, EXPIRES, SocketPeer, a_connect, a_publish
from tests.mqtt_rig import BOTH, REJECTS, WILL, Rig, a_rig, in_loop, payload_of, subscribing, until


async def a_slow_reader(rig: Rig) -> SocketPeer:
    """Connect a device with small buffers that subscribes to its rejects and then does not read."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", rig.endpoint.port))
    raw.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    peer = rig.keep(SocketPeer(reader, writer, V5))
    assert isinstance(await peer.ask(a_connect()), Connack)
    assert isinstance(await peer.ask(subscribing(REJECTS)), Granted)
    return peer


# --- to the device ---


@BOTH
def test_the_retained_configuration_is_delivered_upon_subscription(version: int) -> None:
    """A subscription that matches the device's config gets it at once, marked as retained."""

    async def scenario() -> None:
        async with a_rig() as rig:
            rig.retained[CONFIG] = b'{"interval_s":60}'
            peer = await rig.connect(version)
            granted = await peer.ask(subscribing(f"hemvakt/1/{DEVICE}/#"))
            config = await peer.receive()
            rig.endpoint.publish(CONFIG, b'{"interval_s":10}', retain=True)
            changed = await peer.receive()

            assert isinstance(granted, Granted)
            assert isinstance(config, Publish)
            assert (config.topic, config.payload, config.retain, config.qos) == (CONFIG, b'{"interval_s":60}', True, 1)
            assert isinstance(changed, Publish)
            assert (changed.payload, changed.retain) == (b'{"interval_s":10}', False)

    in_loop(scenario)


def test_messages_go_to_their_own_device_only() -> None:
    """What is published for one device reaches its subscribed sessions and nobody else's."""

    async def scenario() -> None:
        async with a_rig() as rig:
            one = await rig.connect()
            await one.ask(subscribing(REJECTS))
            other = await rig.connect(username="kit-8", password=b"other")
            await other.ask(subscribing("hemvakt/1/kit-8/#"))
            rig.endpoint.publish(REJECTS, b"no", correlation=b"\x01")
            rig.endpoint.publish("nonsense", b"")
            got = await one.receive()

            assert isinstance(got, Publish)
            assert (got.payload, got.properties.correlation) == (b"no", b"\x01")
            assert await other.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)
            assert rig.endpoint.counters.dropped_out == 1

    in_loop(scenario)


def test_a_device_that_does_not_read_is_not_read_and_then_closed() -> None:
    """A slow reader gets what fits, its queue stays bounded, and after a minute its connection ends."""

    async def scenario() -> None:
        async with a_rig(limits=Limits(max_queue=50)) as rig:
            await a_slow_reader(rig)
            for _ in range(400):
                rig.endpoint.publish(REJECTS, bytes(100_000))
            rig.endpoint.sweep(asyncio.get_running_loop().time() + 61)
            await until(lambda: rig.endpoint.counters.connections == 0)

            assert rig.endpoint.counters.dropped_out > 200

    in_loop(scenario)


def test_many_messages_reach_a_device_that_reads() -> None:
    """More than one write's worth arrives complete and in order."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.connect()
            await peer.ask(subscribing(REJECTS))
            for number in range(200):
                rig.endpoint.publish(REJECTS, b"%d" % number + bytes(5000))
            found = [payload_of(await peer.receive()) for _ in range(200)]

            assert [each.rstrip(b"\0") for each in found] == [b"%d" % number for number in range(200)]
            assert rig.endpoint.counters.dropped_out == 0

    in_loop(scenario)


def test_stop_tells_every_device() -> None:
    """A graceful stop says 0x8B and publishes no will: the platform has gone, not the device."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.connect(will=WILL)
            await rig.endpoint.stop()

            assert await peer.rest() == [Disconnect(code=Reason.SERVER_SHUTTING_DOWN)]
            assert rig.box.deliveries == []

    in_loop(scenario)


def test_a_slow_device_gets_the_rest_when_it_reads_again() -> None:
    """What waited for a device that did not read comes whole and in order once it does."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await a_slow_reader(rig)
            for number in range(100):
                rig.endpoint.publish(REJECTS, b"%d" % number + bytes(100_000))
            await peer.send(a_publish(1))
            for _ in range(100):
                await asyncio.sleep(0)
            while_slow = len(rig.box.deliveries)
            found = [payload_of(await peer.receive()) for _ in range(100)]

            assert while_slow == 0
            assert [each.rstrip(b"\0") for each in found] == [b"%d" % number for number in range(100)]
            assert len(await rig.box.take(1)) == 1
            assert rig.endpoint.counters.dropped_out == 0

    in_loop(scenario)


def test_a_stop_does_not_wait_for_a_device_that_does_not_read() -> None:
    """Stopping ends within seconds, whatever the devices do."""

    async def scenario() -> None:
        async with a_rig() as rig:
            await a_slow_reader(rig)
            for _ in range(100):
                rig.endpoint.publish(REJECTS, bytes(100_000))
            async with asyncio.timeout(STOP_S + 5):
                await rig.endpoint.stop()
            await until(lambda: rig.endpoint.counters.connections == 0)

    in_loop(scenario)


def test_a_goodbye_that_nobody_reads_is_cut_short() -> None:
    """A device that was told to go and does not take the news is cut off after ten seconds."""

    async def scenario() -> None:
        async with a_rig() as rig:
            await a_slow_reader(rig)
            for _ in range(100):
                rig.endpoint.publish(REJECTS, bytes(100_000))
            rig.endpoint.kick(DEVICE)
            at_s = asyncio.get_running_loop().time()
            rig.endpoint.sweep(at_s + 9)
            await asyncio.sleep(0)
            before = rig.endpoint.counters.connections
            rig.endpoint.sweep(at_s + 11)
            await until(lambda: rig.endpoint.counters.connections == 0)

            assert before == 1

    in_loop(scenario)


def test_a_qos_0_subscription_gets_messages_while_connected_only() -> None:
    """At QoS 0 nothing waits for an absent device, and what it missed is counted."""

    async def scenario() -> None:
        async with a_rig() as rig:
            lasting: dict[str, Any] = {"clean_start": False, "properties": EXPIRES}
            peer = await rig.connect(**lasting)
            await peer.ask(Subscribe(packet_id=1, subscriptions=(Subscription(filter=REJECTS),)))
            rig.endpoint.publish(REJECTS, b"seen")
            seen = await peer.receive()
            peer.close()
            await until(lambda: rig.endpoint.counters.connections == 0)
            rig.endpoint.publish(REJECTS, b"missed")
            back = await rig.connect(**lasting)

            assert seen == Publish(topic=REJECTS, payload=b"seen")
            assert await back.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)
            assert rig.endpoint.counters.dropped_out == 1

    in_loop(scenario)


def test_messages_a_device_cannot_take_are_counted() -> None:
    """A message above the device's size, and one it refuses, count as dropped."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.connect(properties=Properties(maximum_packet_bytes=100))
            await peer.ask(subscribing(REJECTS))
            rig.endpoint.publish(REJECTS, bytes(100))
            rig.endpoint.publish(REJECTS, b"fits")
            got = await peer.receive()
            assert isinstance(got, Publish)
            refusal = Ack(kind=PacketType.PUBACK, packet_id=got.packet_id, code=Reason.QUOTA_EXCEEDED)
            await peer.send(refusal, Ping(kind=PacketType.PINGREQ))
            await peer.receive()
            rig.endpoint.sweep(asyncio.get_running_loop().time())

            assert got.payload == b"fits"
            assert rig.endpoint.counters.dropped_out == 2

    in_loop(scenario)
