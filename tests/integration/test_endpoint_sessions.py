"""The endpoint on real sockets: sessions, take-over, wills and silence."""

import asyncio
from typing import Any

from ingest.identity import Presented
from ingest.packets import V5, Connack, Disconnect, Ping, Publish, Will
from ingest.properties import PacketType, Properties
from ingest.reasons import Reason
from ingest.session import Limits
from tests.mqtt_peers import DEVICE, EXPIRES, a_connect
from tests.mqtt_rig import BOTH, REJECTS, STATUS, WILL, a_rig, in_loop, subscribing, until

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

        async def slow(presented: Presented) -> str | None:
            if presented.client_id == "slow":
                asked.set()
                await answer.wait()
            return presented.username

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


def test_sessions_are_bounded_for_each_device() -> None:
    """A device with all its sessions connected gets 0x97; an offline one gives way, counted with what waited."""

    async def scenario() -> None:
        async with a_rig(limits=Limits(max_sessions_per_device=1)) as rig:
            first = await rig.connect(client_id="a", properties=EXPIRES)
            await first.ask(subscribing(REJECTS))
            late = await rig.dial()
            refused = await late.ask(a_connect(client_id="b"))
            first.close()
            await until(lambda: rig.endpoint.counters.connections == 0)
            rig.endpoint.publish(REJECTS, b"waits")
            await rig.connect(client_id="b")
            back = await rig.dial()

            assert refused == Connack(code=Reason.QUOTA_EXCEEDED)
            assert await back.ask(a_connect(client_id="a")) == Connack(code=Reason.QUOTA_EXCEEDED)
            assert rig.endpoint.counters.dropped_out == 1

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
