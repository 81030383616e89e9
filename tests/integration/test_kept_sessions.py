"""Sessions of the endpoint outlive it: killed without a word, or left for another behind the same balancer."""

import asyncio
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import psycopg
import pytest

from ingest.packets import Ack, Connack, Disconnect, Granted, Ping, Publish, Unsubscribe, Will
from ingest.properties import PacketType, Properties
from ingest.reasons import Reason
from tests.kept_rig import Balancer, Hands, KeptRig, a_kept_rig, count, is_alone, lasting, register, with_rigs
from tests.mqtt_peers import CONFIG, DEVICE, EXPIRES, a_connect, a_publish
from tests.mqtt_rig import BOTH, REJECTS, STATUS, payload_of, subscribing, until

TOPIC = f"hemvakt/1/{DEVICE}/fhir"
PINGREQ, PINGRESP = Ping(kind=PacketType.PINGREQ), Ping(kind=PacketType.PINGRESP)


@BOTH
def test_a_session_outlives_a_killed_endpoint(version: int, database_url: str) -> None:
    """What SUBACK has promised holds at the next endpoint, and what was in flight comes again under its number."""

    async def scenario(first: KeptRig, second: KeptRig) -> None:
        device = await first.connect(version, **lasting(version))
        granted = await device.ask(subscribing(REJECTS))
        assert isinstance(granted, Granted)
        first.endpoint.publish(REJECTS, b"one")
        sent = await device.receive()
        await first.written()
        device.close()
        await first.kill()
        again = await second.connect(version, **lasting(version))
        repeat = await again.receive()
        second.endpoint.publish(REJECTS, b"two")

        assert again.session_present
        assert isinstance(sent, Publish)
        assert isinstance(repeat, Publish)
        assert (repeat.payload, repeat.dup, repeat.packet_id) == (b"one", True, sent.packet_id)
        assert payload_of(await again.receive()) == b"two"

    with_rigs(database_url, 2, scenario)


@pytest.mark.parametrize(
    "spoil",
    ["update mqtt_session set subscriptions = '\\x8201'", "update mqtt_message set packet = substr(packet, 1, 3)"],
)
def test_a_spoilt_session_costs_its_device_one_connection(spoil: str, database_url: str) -> None:
    """What cannot be read is removed, everybody else goes on, and the device comes back to a new session."""

    async def scenario(first: KeptRig, second: KeptRig) -> None:
        device = await first.connect(**lasting())
        await device.ask(subscribing(REJECTS))
        first.endpoint.publish(REJECTS, b"one")
        await first.written()
        await first.kill()
        with psycopg.connect(database_url, autocommit=True) as conn:
            assert conn.execute(spoil).rowcount == 1

        turned_away = await second.dial()
        refused = await turned_away.ask(a_connect(**lasting()))
        assert isinstance(refused, Connack)
        assert refused.code == Reason.SERVER_UNAVAILABLE
        again = await second.connect(**lasting())
        assert not again.session_present
        await again.ask(subscribing(REJECTS))
        second.endpoint.publish(REJECTS, b"two")
        assert payload_of(await again.receive()) == b"two"

    with_rigs(database_url, 2, scenario)


def test_suback_waits_for_the_store(database_url: str) -> None:
    """A subscription is stored before it is granted, so a kill one moment later loses nothing."""

    async def scenario(rig: KeptRig) -> None:
        device = await rig.connect(**lasting())
        await device.ask(subscribing(REJECTS, CONFIG))

        with psycopg.connect(database_url) as conn:
            row = conn.execute("select subscriptions from mqtt_session").fetchone()
        assert row is not None
        assert REJECTS.encode() in row[0]
        await device.ask(Unsubscribe(packet_id=2, filters=(REJECTS, CONFIG)))
        with psycopg.connect(database_url) as conn:
            assert conn.execute("select subscriptions from mqtt_session").fetchone() == (b"",)

    with_rigs(database_url, 1, scenario)


def test_a_session_without_expiry_is_never_written(database_url: str) -> None:
    """A clean session costs the store nothing."""

    async def scenario(rig: KeptRig) -> None:
        device = await rig.connect()
        await device.ask(subscribing(REJECTS))
        rig.endpoint.publish(REJECTS, b"one")
        await device.receive()

        assert count(database_url, "mqtt_session") == count(database_url, "mqtt_message") == 0

    with_rigs(database_url, 1, scenario)


def test_messages_acknowledged_leave_the_store(database_url: str) -> None:
    """What waits is written, what was acknowledged is gone from the store too."""

    async def scenario(rig: KeptRig) -> None:
        device = await rig.connect(**lasting())
        await device.ask(subscribing(REJECTS))
        rig.endpoint.publish(REJECTS, b"one")
        message = await device.receive()
        assert isinstance(message, Publish)
        await rig.written()
        before = count(database_url, "mqtt_message")
        await device.send(Ack(kind=PacketType.PUBACK, packet_id=message.packet_id))
        await device.ask(PINGREQ)
        await rig.written()

        assert (before, count(database_url, "mqtt_message")) == (1, 0)

    with_rigs(database_url, 1, scenario)


def test_a_clean_start_and_an_expiry_of_zero_end_a_kept_session(database_url: str) -> None:
    """A device that begins anew, or says goodbye for good, leaves nothing in the store."""

    async def scenario(first: KeptRig, second: KeptRig) -> None:
        device = await first.connect(**lasting())
        await device.ask(subscribing(REJECTS))
        anew = await second.connect(properties=EXPIRES)
        await anew.send(Disconnect(properties=Properties(session_expiry_s=0)))
        await anew.rest()
        await second.flushed()
        last = await first.connect(**lasting())

        assert not anew.session_present
        assert not last.session_present
        assert await device.rest() == [Disconnect(code=Reason.SESSION_TAKEN_OVER)]

    with_rigs(database_url, 2, scenario)


def test_a_session_that_was_to_end_with_its_connection_gives_way_to_a_new_one(database_url: str) -> None:
    """A kept session resumed without an expiry ends when the client connects anew, and the new one is kept."""

    async def scenario(rig: KeptRig) -> None:
        first = await rig.connect(**lasting())
        await first.ask(subscribing(REJECTS))
        second = await rig.connect(clean_start=False)
        third = await rig.connect(**lasting())
        await third.ask(subscribing(CONFIG))
        third.close()
        await until(partial(is_alone, rig))
        fourth = await rig.connect(**lasting())

        assert [each.session_present for each in (first, second, third, fourth)] == [False, True, False, True]
        assert rig.endpoint.counters.taken_over == 0

    with_rigs(database_url, 1, scenario)


def test_a_clean_start_publishes_the_will_that_was_waiting(database_url: str) -> None:
    """The will of a session that ends is due at once, however long its delay."""

    async def scenario(rig: KeptRig) -> None:
        will = Will(topic=STATUS, payload=b"gone", qos=1, properties=Properties(will_delay_s=30))
        device = await rig.connect(will=will, **lasting())
        device.close()
        await until(partial(is_alone, rig))
        before = list(rig.box.deliveries)
        await rig.connect()
        (delivery,) = await rig.store(1)

        assert before == []
        assert delivery.payload == b"gone"

    with_rigs(database_url, 1, scenario)


def test_what_expires_is_swept(database_url: str) -> None:
    """A session runs out from when its device has gone, also where its endpoint was killed; other sessions stay."""

    async def scenario() -> None:
        clock = Hands()
        async with a_kept_rig(database_url, clock) as rig, asyncio.timeout(30):
            await rig.connect(client_id="short", **lasting())
            await rig.connect(client_id="long", clean_start=False, properties=Properties(session_expiry_s=600))
            await rig.written()
            await rig.kill()
        async with a_kept_rig(database_url, clock) as rig, asyncio.timeout(30):
            swept = []
            for _ in range(3):
                clock.passed += timedelta(seconds=61)
                await rig.sessions.sweep()
                swept.append(count(database_url, "mqtt_session"))
            back = await rig.connect(client_id="long", **lasting())

            assert swept == [2, 1, 1]
            assert back.session_present

    register(database_url)
    asyncio.run(scenario())


def test_what_a_device_retains_outlives_the_endpoint(database_url: str) -> None:
    """A retained message is kept per topic, bounded, given to the device's own subscriptions, cleared if empty."""

    async def scenario(first: KeptRig, second: KeptRig) -> None:
        device = await first.connect()
        await device.send(
            *(a_publish(n, b"%d" % n, f"{TOPIC}/{n}", retain=True) for n in range(1, 11)),
            a_publish(11, b"", f"{TOPIC}/2", retain=True),
            a_publish(12, bytes(70_000), f"{TOPIC}/2", retain=True),
        )
        await first.box.take(12)
        await device.send(Disconnect())
        await device.rest()
        await first.flushed()
        await first.kill()
        again = await second.connect()
        await again.ask(subscribing(f"{TOPIC}/+"))
        found = [await again.receive() for _ in range(7)]

        assert sorted(each.payload for each in found if isinstance(each, Publish) and each.retain) == [
            b"%d" % n for n in (1, 3, 4, 5, 6, 7, 8)
        ]
        assert await again.ask(PINGREQ) == PINGRESP
        assert first.endpoint.counters.retained_refused == 3

    with_rigs(database_url, 2, scenario)


def test_a_status_that_says_the_same_is_not_stored_again(database_url: str) -> None:
    """A device that retains its status each minute costs the store a write only when it changes."""

    async def scenario(rig: KeptRig) -> None:
        device = await rig.connect()
        commits = []
        for number, payload in enumerate((b"80 %", b"80 %", b"79 %"), 1):
            await device.send(a_publish(number, payload, STATUS, retain=True))
            await rig.box.take(1)
            await rig.flushed()
            with psycopg.connect(database_url) as conn:
                commits.append(conn.execute("select xmin::text, packet from mqtt_retained").fetchone())

        assert commits[0] == commits[1] != commits[2]
        assert commits[2] is not None
        assert commits[2][1].endswith(b"79 %")

    with_rigs(database_url, 1, scenario)


def test_who_does_not_come_in_after_all_leaves_nothing(database_url: str) -> None:
    """A device that is refused after its session was opened (its will is another's) keeps none by that."""

    async def scenario(rig: KeptRig) -> None:
        will = Will(topic="hemvakt/1/kit-8/status", payload=b"")
        for clean_start in (True, False):
            peer = await rig.dial()
            answer = await peer.ask(a_connect(will=will, clean_start=clean_start, properties=EXPIRES))
            assert answer == Connack(code=Reason.NOT_AUTHORIZED)
        await rig.flushed()

        assert count(database_url, "mqtt_session") == 0

    with_rigs(database_url, 1, scenario)


def test_the_configuration_comes_anew_with_a_session_out_of_the_store(database_url: str) -> None:
    """What an operator changed while nobody had the session reaches the device although it does not subscribe again."""

    async def scenario(first: KeptRig, second: KeptRig) -> None:
        device = await first.connect(**lasting())
        await device.ask(subscribing(CONFIG))
        device.close()
        await until(lambda: first.endpoint.counters.connections == 0)
        second.retained[CONFIG] = b'{"interval_s":10}'
        again = await second.connect(**lasting())

        assert payload_of(await again.receive()) == b'{"interval_s":10}'

    with_rigs(database_url, 2, scenario)


def test_while_the_store_is_down_nobody_new_comes_in_and_nobody_is_cut_off(database_url: str) -> None:
    """A device is told to come back later, one that is there goes on, and its subscription is granted once stored."""

    async def scenario() -> None:
        place = urlsplit(database_url)
        line = Balancer(place.port or 0)
        port = await line.start()
        through = database_url.replace(f":{place.port}/", f":{port}/")
        async with a_kept_rig(through) as rig, asyncio.timeout(60):
            device = await rig.connect(**lasting())
            await line.stop()
            await device.send(subscribing(REJECTS))
            late = await rig.dial()
            refused = await late.ask(a_connect(client_id="late"))
            rig.endpoint.publish(CONFIG, b"{}")
            still = rig.endpoint.counters.connections
            await line.start(port)
            granted = await device.receive()

            assert refused == Connack(code=Reason.SERVER_UNAVAILABLE)
            assert still >= 1
            assert isinstance(granted, Granted)
            assert count(database_url, "mqtt_session") == 1
            assert isinstance(await (await rig.dial()).ask(a_connect(client_id="late")), Connack)
        await line.stop()

    register(database_url)
    asyncio.run(scenario())
