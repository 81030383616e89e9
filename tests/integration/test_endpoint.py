"""The endpoint on real sockets: our own codec, paho and mosquitto's clients against it, over loopback."""

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvloop
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties as PahoProperties

from ingest.delivery import Delivery
from ingest.endpoint import Endpoint
from ingest.packets import (
    V5,
    V311,
    Ack,
    Connack,
    Disconnect,
    Granted,
    Packet,
    Ping,
    Publish,
    Subscribe,
    Subscription,
    Will,
)
from ingest.properties import PacketType, Properties
from ingest.reasons import Reason
from ingest.session import Limits
from tests.mqtt_peers import CONFIG, DEVICE, EXPIRES, VITALS, Box, SocketPeer, a_connect, a_publish
from ward.clock import SystemClock
from ward.errors import StoreUnavailable

STATUS = f"hemvakt/1/{DEVICE}/status"
REJECTS = f"hemvakt/1/{DEVICE}/rejects"
SECRETS = {DEVICE: b"secret", "kit-8": b"other"}
new_properties: Any = PahoProperties  # paho's class has no annotations
BOTH = pytest.mark.parametrize("version", [V311, V5])
WILL = Will(topic=STATUS, payload=b'{"online":false}', qos=1, retain=True)


async def by_secret(_client_id: str, username: str | None, password: bytes | None) -> str | None:
    """Let a device in by its secret."""
    return username if username is not None and SECRETS.get(username) == password else None


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
    authenticate: Callable[[str, str | None, bytes | None], Awaitable[str | None]] = by_secret,
    limits: Limits | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Rig]:
    """Run an endpoint on a free port."""
    rig = Rig()
    rig.endpoint = Endpoint(
        rig.box,
        authenticate,
        clock=SystemClock(),
        retained=rig.retained.get,
        on_foreign=rig.foreign.append,
        ssl=tls,
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
    async with asyncio.timeout(10):
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

    async def broken(_client_id: str, _username: str | None, _password: bytes | None) -> str | None:
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
        async with a_rig() as rig:
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


# --- sessions ---


@BOTH
def test_a_session_continues_and_says_so(version: int) -> None:
    """Subscriptions and unacknowledged messages outlive the connection; a clean start forgets them."""

    async def scenario() -> None:
        async with a_rig() as rig:
            lasting: dict[str, Any] = {"clean_start": False, "properties": EXPIRES if version == V5 else Properties()}
            first = await rig.connect(version, **lasting)
            await first.ask(subscribing(REJECTS))
            rig.endpoint.publish(REJECTS, b"one")
            seen = await first.receive()
            first.close()
            await until(lambda: rig.endpoint.counters.connections == 0)
            rig.endpoint.publish(REJECTS, b"two")
            second = await rig.connect(version, **lasting)
            again = [await second.receive(), await second.receive()]
            third = await rig.connect(version)

            assert isinstance(seen, Publish)
            assert [(each.payload, each.dup) for each in again if isinstance(each, Publish)] == [
                (b"one", True),
                (b"two", False),
            ]
            assert [each.session_present for each in (first, second, third)] == [False, True, False]

    in_loop(scenario)


@BOTH
def test_a_session_without_expiry_ends_with_its_connection(version: int) -> None:
    """A clean session is gone when the device is."""

    async def scenario() -> None:
        async with a_rig() as rig:
            first = await rig.connect(version)
            await first.send(Disconnect())
            await first.rest()
            second = await rig.connect(version, clean_start=False)

            assert not second.session_present

    in_loop(scenario)


def test_an_expired_session_is_gone() -> None:
    """A session ends when its expiry has passed, and what waited in it is counted as dropped."""

    async def scenario() -> None:
        async with a_rig() as rig:
            first = await rig.connect(properties=EXPIRES)
            await first.ask(subscribing(REJECTS))
            first.close()
            await until(lambda: rig.endpoint.counters.connections == 0)
            rig.endpoint.publish(REJECTS, b"one")
            rig.endpoint.sweep(asyncio.get_running_loop().time() + 61)
            second = await rig.connect(clean_start=False)

            assert not second.session_present
            assert rig.endpoint.counters.dropped_out == 1

    in_loop(scenario)


@BOTH
def test_a_second_connection_takes_over(version: int) -> None:
    """The same client of the same device ends its older connection, which is told so, and keeps the session."""

    async def scenario() -> None:
        async with a_rig() as rig:
            lasting: dict[str, Any] = {"clean_start": False, "properties": EXPIRES if version == V5 else Properties()}
            old = await rig.connect(version, **lasting)
            new = await rig.connect(version, **lasting)

            assert await old.rest() == ([Disconnect(code=Reason.SESSION_TAKEN_OVER)] if version == V5 else [])
            assert new.session_present
            assert await new.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)

    in_loop(scenario)


def test_h26_another_device_cannot_take_over_a_session() -> None:
    """The client id of another device's session opens a session of one's own."""

    async def scenario() -> None:
        async with a_rig() as rig:
            mine = await rig.connect(properties=EXPIRES)
            theirs = await rig.connect(username="kit-8", password=b"other", clean_start=False, properties=EXPIRES)

            assert not theirs.session_present
            assert await mine.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)

    in_loop(scenario)


def test_h26_a_revoked_device_is_dropped_at_once() -> None:
    """A kicked device loses its connection with 0x98 and its session, also if it was just being let in."""

    async def scenario() -> None:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def slow(client_id: str, username: str | None, _password: bytes | None) -> str | None:
            if client_id == "slow":
                asked.set()
                await answer.wait()
            return username

        async with a_rig(slow) as rig:
            peer = await rig.connect(properties=EXPIRES)
            late = await rig.dial()
            await late.send(a_connect(client_id="slow"))
            await asked.wait()
            rig.endpoint.kick(DEVICE)
            answer.set()
            back = await rig.connect(clean_start=False)

            assert await peer.rest() == [Disconnect(code=Reason.ADMINISTRATIVE_ACTION)]
            assert await late.receive() == Connack(code=Reason.NOT_AUTHORIZED)
            assert not back.session_present

    in_loop(scenario)


# --- wills and silence ---


@BOTH
def test_the_will_is_published_when_a_device_goes_without_a_word(version: int) -> None:
    """A lost connection puts the will into the inbox as the device's own message; a normal end does not."""

    async def scenario() -> None:
        async with a_rig() as rig:
            polite = await rig.connect(version, client_id="polite", will=WILL)
            await polite.send(Disconnect())
            await polite.rest()
            lost = await rig.connect(version, client_id="lost", will=WILL)
            lost.close()
            (delivery,) = await rig.store(1)
            await until(lambda: rig.endpoint.counters.connections == 0)

            assert (delivery.topic, delivery.payload, delivery.identity) == (STATUS, WILL.payload, DEVICE)
            assert rig.box.deliveries == []

    in_loop(scenario)


def test_h01_a_silent_device_is_noticed_by_its_keep_alive() -> None:
    """One and a half keep-alives of silence end the connection with 0x8D, and the will is published."""

    async def scenario() -> None:
        async with a_rig() as rig:
            peer = await rig.connect(keep_alive_s=20, will=WILL)
            at_s = asyncio.get_running_loop().time()
            rig.endpoint.sweep(at_s + 29)
            assert await peer.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)
            rig.endpoint.sweep(at_s + 40)
            (goodbye,) = await peer.rest()
            (delivery,) = await rig.box.take(1)

            assert isinstance(goodbye, Disconnect)
            assert goodbye.code == Reason.KEEP_ALIVE_TIMEOUT
            assert delivery.payload == WILL.payload

    in_loop(scenario)


def test_a_delayed_will_waits_for_the_device_to_come_back() -> None:
    """A will with a delay is published when the delay is over, and not where the session was resumed in time."""

    async def scenario() -> None:
        async with a_rig() as rig:
            delayed = Will(topic=STATUS, payload=b"gone", properties=Properties(will_delay_s=30))
            lasting: dict[str, Any] = {"clean_start": False, "properties": EXPIRES, "will": delayed}
            for _ in range(2):
                peer = await rig.connect(**lasting)
                peer.close()
                await until(lambda: rig.endpoint.counters.connections == 0)
            at_s = asyncio.get_running_loop().time()
            rig.endpoint.sweep(at_s + 29)
            before = list(rig.box.deliveries)
            rig.endpoint.sweep(at_s + 31)

            assert before == []
            assert [each.payload for each in await rig.box.take(1)] == [b"gone"]
            assert rig.box.deliveries == []

    in_loop(scenario)


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
            slow = socket.socket()
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect(("127.0.0.1", rig.endpoint.port))
            slow.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=slow, limit=1024)
            peer = rig.keep(SocketPeer(reader, writer, V5))
            assert isinstance(await peer.ask(a_connect()), Connack)
            await peer.ask(subscribing(REJECTS))
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


# --- other people's clients ---


@dataclass
class PahoDevice:
    """A device made of paho's own client, on its own thread; results come to the test's loop."""

    client: paho.Client
    messages: asyncio.Queue[paho.MQTTMessage]
    published: asyncio.Queue[int]
    ready: asyncio.Event


@asynccontextmanager
async def a_paho(port: int, version: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[PahoDevice]:
    """Connect a paho client that has subscribed to everything of its own."""
    loop = asyncio.get_running_loop()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="paho", protocol=MQTTProtocolVersion(version))
    device = PahoDevice(client, asyncio.Queue(), asyncio.Queue(), asyncio.Event())
    hooks: Any = client
    client.username_pw_set(DEVICE, "secret")
    client.will_set(STATUS, b'{"online":false}', qos=1, retain=True)
    if tls is not None:
        client.tls_set_context(tls)
    hooks.on_connect = lambda *_: client.subscribe(f"hemvakt/1/{DEVICE}/#", qos=1)
    hooks.on_subscribe = lambda *_: loop.call_soon_threadsafe(device.ready.set)
    hooks.on_message = lambda _c, _u, message: loop.call_soon_threadsafe(device.messages.put_nowait, message)
    hooks.on_publish = lambda _c, _u, number, *_: loop.call_soon_threadsafe(device.published.put_nowait, number)
    await asyncio.to_thread(client.connect, "127.0.0.1", port, 30)
    client.loop_start()
    try:
        async with asyncio.timeout(10):
            await device.ready.wait()
        yield device
    finally:
        await asyncio.to_thread(client.disconnect)
        await asyncio.to_thread(client.loop_stop)


@BOTH
def test_paho_publishes_and_gets_its_answers(version: int) -> None:
    """Paho's client publishes, is acknowledged after the commit, and gets its configuration and rejects."""

    async def scenario() -> None:
        async with a_rig() as rig:
            rig.retained[CONFIG] = b"config"
            async with a_paho(rig.endpoint.port, version) as device, asyncio.timeout(10):
                config = await device.messages.get()
                numbers = [device.client.publish(VITALS, b"%d" % each, qos=1).mid for each in range(30)]
                taken = await rig.store(20) + await rig.store(10)  # paho has 20 in flight
                acknowledged = [await device.published.get() for _ in range(30)]
                rig.endpoint.publish(REJECTS, b"no")
                reject = await device.messages.get()

            assert (config.payload, bool(config.retain)) == (b"config", True)
            assert [each.payload for each in taken] == [b"%d" % each for each in range(30)]
            assert acknowledged == numbers
            assert (reject.topic, reject.payload) == (REJECTS, b"no")

    in_loop(scenario)


def test_paho_gets_a_receipt_with_its_correlation_data() -> None:
    """Request and response of MQTT 5 work with paho's client."""

    async def scenario() -> None:
        async with a_rig() as rig, a_paho(rig.endpoint.port, V5) as device, asyncio.timeout(10):
            asked = new_properties(PacketTypes.PUBLISH)
            asked.ResponseTopic = f"hemvakt/1/{DEVICE}/receipts"
            asked.CorrelationData = b"\x2a"
            asked.UserProperty = ("sdk", "1")
            device.client.publish(VITALS, b"{}", qos=1, properties=asked)
            (delivery,) = await rig.store(1)
            assert delivery.response_topic is not None
            rig.endpoint.publish(delivery.response_topic, b'{"stored":1}', correlation=delivery.correlation)
            answer = await device.messages.get()

            assert answer.payload == b'{"stored":1}'
            properties: Any = answer.properties
            assert properties.CorrelationData == b"\x2a"

    in_loop(scenario)


def _binary(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: mosquitto-clients)")
    return path


async def _run(*command: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT)


def _login(rig: Rig, version: int) -> list[str]:
    level = "mqttv5" if version == V5 else "mqttv311"
    return ["-h", "127.0.0.1", "-p", str(rig.endpoint.port), "-V", level, "-u", DEVICE, "-P", "secret", "-q", "1"]


@pytest.mark.broker
@BOTH
def test_mosquitto_pub_is_acknowledged_after_the_commit(version: int) -> None:
    """mosquitto_pub ends well once its reading is committed."""
    command = _binary("mosquitto_pub")

    async def scenario() -> None:
        async with a_rig() as rig:
            process = await _run(command, *_login(rig, version), "-t", VITALS, "-m", '{"kind":"spo2"}')
            (delivery,) = await rig.box.take(1)
            running = process.returncode is None
            rig.endpoint.acknowledge([delivery])
            async with asyncio.timeout(10):
                output, _ = await process.communicate()

            assert running
            assert (process.returncode, output) == (0, b"")
            assert delivery.payload == b'{"kind":"spo2"}'

    in_loop(scenario)


@pytest.mark.broker
@BOTH
def test_mosquitto_sub_receives_its_configuration(version: int) -> None:
    """mosquitto_sub gets the retained configuration of its own device."""
    command = _binary("mosquitto_sub")

    async def scenario() -> None:
        async with a_rig() as rig:
            rig.retained[CONFIG] = b'{"interval_s":60}'
            process = await _run(command, *_login(rig, version), "-t", CONFIG, "-C", "1", "-v", "-W", "10")
            async with asyncio.timeout(15):
                output, _ = await process.communicate()

            assert (process.returncode, output) == (0, f'{CONFIG} {{"interval_s":60}}\n'.encode())

    in_loop(scenario)


@pytest.mark.broker
def test_mosquitto_sub_is_refused_anothers_topics() -> None:
    """mosquitto_sub of another device's topics is denied."""
    command = _binary("mosquitto_sub")

    async def scenario() -> None:
        async with a_rig() as rig:
            process = await _run(command, *_login(rig, V5), "-t", "hemvakt/1/kit-8/#", "-W", "10")
            async with asyncio.timeout(15):
                output, _ = await process.communicate()

            assert b"denied" in output.lower() or b"not authorized" in output.lower()

    in_loop(scenario)


@pytest.fixture
def tls_pair(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server with a fresh certificate for 127.0.0.1, and of a client that trusts it."""
    command = shutil.which("openssl")
    if command is None:
        pytest.skip("openssl is not installed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([command, "req", *kind, *subject, *files], check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))


def test_devices_speak_over_tls(tls_pair: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """The same over TLS: a reading in, its acknowledgement out."""
    server, client = tls_pair

    async def scenario() -> None:
        async with a_rig(tls=server) as rig, a_paho(rig.endpoint.port, V5, client) as device, asyncio.timeout(10):
            device.client.publish(VITALS, b"96", qos=1)
            (delivery,) = await rig.store(1)

            assert delivery.payload == b"96"
            assert await device.published.get()

    in_loop(scenario)
