"""The broker door on a real mosquitto: acknowledged to the broker only after the commit, shared among workers."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Self

import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest import validate
from ingest.batch import HeldInbox
from ingest.client import BrokerDoor
from ingest.writer import Writer
from tests.fix_broker import Broker, Shipped
from tests.fix_ward import Ward
from ward.clock import SystemClock

pytestmark = pytest.mark.broker


class Worker:
    """An ingest of our own in this process: a broker door, an inbox, a writer."""

    def __init__(self, broker: Broker | Shipped, database_url: str, name: str) -> None:
        self.inbox = HeldInbox(most=1000, most_bytes=1 << 24, decode=validate.decode)
        self.door = BrokerDoor(broker.address, self.inbox, SystemClock(), client_id=name)
        self.writer = Writer(database_url, self.inbox, SystemClock())

    async def __aenter__(self) -> Self:
        """Connect and begin to write."""
        self.door.start()
        self._writing = asyncio.create_task(self.writer.run())
        await until(lambda: self.door.subscribed)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave as a stopping service does."""
        await self.door.stop()
        self._writing.cancel()
        with suppress(asyncio.CancelledError):
            await self._writing


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


@contextmanager
def device(broker: Broker, received: list[paho.MQTTMessage], topic: str | None = None) -> Iterator[paho.Client]:
    """Connect a paho client as a device would, listening on `topic`."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = lambda _client, _data, message: received.append(message)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    if topic:
        client.subscribe(topic, qos=1)
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def payload(number: int) -> bytes:
    """Return a reading of its own second."""
    at = SystemClock().now() - timedelta(hours=1) + timedelta(seconds=number)
    return json.dumps({"kind": "spo2", "value": 96, "measured_at": at.isoformat()}).encode()


def publish(client: paho.Client, count: int, start: int = 0) -> None:
    """Publish so many readings for the first device and wait for the broker's acknowledgements."""
    for each in [client.publish("hemvakt/1/hv-1/vitals", payload(start + n), qos=1) for n in range(count)]:
        each.wait_for_publish(10)


def count(database_url: str) -> int:
    """Return how many readings are stored."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute("select count(*) from reading").fetchone()
    return int(row[0]) if row else 0


def test_reading_through_a_broker_is_stored_and_a_bad_one_answered(ward: Ward, broker: Broker) -> None:
    """The broker door stores what is good and publishes rejects and receipts to the device."""
    received: list[paho.MQTTMessage] = []

    async def story() -> None:
        async with Worker(broker, ward.database_url, "one"):
            with device(broker, received, "hemvakt/1/hv-1/#") as client:
                await until(client.is_connected)
                properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's own
                properties.ResponseTopic = "hemvakt/1/hv-1/receipts"
                properties.CorrelationData = b"42"
                await until(lambda: client.subscribe("hemvakt/1/hv-1/#", qos=1)[0] == 0)
                body = b"[" + payload(0) + b',{"kind":"spo2"}]'
                client.publish("hemvakt/1/hv-1/vitals", body, qos=1, properties=properties)
                await until(lambda: any(m.topic.endswith("receipts") for m in received))

    asyncio.run(story())

    answers: dict[str, Any] = {m.topic: json.loads(m.payload) for m in received if not m.topic.endswith("vitals")}
    assert answers["hemvakt/1/hv-1/receipts"] == {"stored": 1, "rejected": 1}
    assert answers["hemvakt/1/hv-1/rejects"]["reason"] == "bad_field"
    assert count(ward.database_url) == 1


def test_door_says_whether_it_works(ward: Ward, broker: Broker) -> None:
    """A door works from its subscription until it leaves."""

    async def story() -> None:
        async with Worker(broker, ward.database_url, "one") as worker:
            assert worker.door.working
        assert not worker.door.working

    asyncio.run(story())


def test_broker_holds_what_was_published_while_no_ingest_ran(ward: Ward, broker: Broker) -> None:
    """The persistent session gives a restarted ingest everything that came in between."""

    async def story() -> None:
        async with Worker(broker, ward.database_url, "one"):
            pass
        with device(broker, []) as client:
            await asyncio.to_thread(publish, client, 50)
        async with Worker(broker, ward.database_url, "one") as worker:
            await until(lambda: worker.writer.counters.stored == 50)

    asyncio.run(story())

    assert count(ward.database_url) == 50


def test_unstored_message_is_not_acknowledged_to_the_broker(ward: Ward, broker: Broker) -> None:
    """An ingest that ends before its commit has acknowledged nothing: the next one gets it all."""

    async def story() -> None:
        lost = Worker(broker, ward.database_url, "one")
        lost.door.start()  # its writer never runs
        await until(lambda: lost.door.subscribed)
        with device(broker, []) as client:
            await asyncio.to_thread(publish, client, 30)
            await until(lambda: lost.inbox.held == 30)
            await lost.door.stop()
            async with Worker(broker, ward.database_url, "one") as worker:
                await until(lambda: worker.writer.counters.stored == 30)

    asyncio.run(story())

    assert count(ward.database_url) == 30


def test_workers_share_the_messages_and_store_each_once(ward: Ward, broker: Broker) -> None:
    """Two workers behind one shared subscription both work, and together store every reading once."""
    shares: list[int] = []

    async def story() -> None:
        async with Worker(broker, ward.database_url, "one") as one, Worker(broker, ward.database_url, "two") as two:
            with device(broker, []) as client:
                await asyncio.to_thread(publish, client, 200)
            await until(lambda: one.writer.counters.stored + two.writer.counters.stored == 200)
            shares.extend([one.writer.counters.stored, two.writer.counters.stored])

    asyncio.run(story())

    assert min(shares) > 0
    assert count(ward.database_url) == 200
