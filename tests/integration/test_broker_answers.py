"""What the broker door answers: a receipt for each who asks, and nothing without a bound."""

import asyncio
import json
import os
import signal

import pytest

from ingest import client as door_module
from ingest.delivery import Delivery
from tests.broker_peer import Connect, Peer, until
from tests.fix_broker import Broker, Shipped
from tests.fix_ward import Ward
from tests.integration.test_broker_door import Worker, payload
from tests.integration.test_broker_door import until as soon
from ward.clock import SystemClock
from ward.wire import Leaf, topic

pytestmark = pytest.mark.broker

VITALS = topic("hv-1", Leaf.VITALS)
RECEIPTS = "hemvakt/1/hv-1/receipts"


def test_everyone_who_asks_gets_one_receipt(ward: Ward, broker: Broker, connect: Connect) -> None:
    """A burst of messages that ask is answered one by one, each with its own correlation data."""
    count = 500

    async def story() -> Peer:
        async with Worker(broker, ward.database_url, "one"):
            device: Peer = await asyncio.to_thread(connect, broker.port, None)
            await asyncio.to_thread(device.subscribe, RECEIPTS)
            for number in range(count):
                ask = (VITALS, payload(number))
                device.send(*ask, answer_to=RECEIPTS, correlation=str(number).encode())
            await soon(lambda: len(device.received) >= count)
            return device

    device = asyncio.run(story())

    asked = sorted(int(bytes(message.properties.CorrelationData)) for message in device.received)  # type: ignore[union-attr]
    assert asked == list(range(count))
    assert {bytes(message.payload) for message in device.received} == {b'{"stored":1,"rejected":0}'}


@pytest.mark.parametrize("asked", ["hemvakt/1/hv-2/receipts", "elsewhere", "hemvakt/1/hv-1/+", "hemvakt/1/hv-10/x"])
def test_h26_receipt_goes_to_its_own_device_only(ward: Ward, broker: Broker, connect: Connect, asked: str) -> None:
    """Who asks for an answer under anybody else's topics gets none there; the reading is stored all the same."""

    async def story() -> Peer:
        async with Worker(broker, ward.database_url, "one") as worker:
            listener: Peer = await asyncio.to_thread(connect, broker.port, None)
            await asyncio.to_thread(listener.subscribe, "#")
            if "+" in asked:  # paho itself sends no such topic
                await worker_takes(worker, asked)
            else:
                listener.send(VITALS, payload(0), answer_to=asked)
            await soon(lambda: worker.writer.counters.stored == 1)
            listener.send(VITALS, payload(1), answer_to=RECEIPTS)
            await soon(lambda: RECEIPTS in {name for name, _ in listener.heard})
            return listener

    heard = asyncio.run(story()).heard

    assert [json.loads(body) for name, body in heard if name != VITALS] == [{"stored": 1, "rejected": 0}]


async def worker_takes(worker: Worker, asked: str) -> None:
    """Hand a worker a delivery as a careless broker would."""
    worker.inbox.put(
        Delivery(
            topic=VITALS, payload=payload(0), received_at=SystemClock().now(), door=worker.door, response_topic=asked
        )
    )


def test_h17_answers_are_bounded_while_the_broker_takes_none(ward: Ward, broker: Broker, connect: Connect) -> None:
    """With a broker that stands still rejects are dropped and counted, receipts wait, and nothing is acknowledged."""
    receipts = 500

    async def story() -> tuple[int, int, int, Peer]:
        async with Worker(broker, ward.database_url, "one") as worker:
            device: Peer = await asyncio.to_thread(connect, broker.port, None)
            await asyncio.to_thread(device.subscribe, RECEIPTS)
            os.kill(broker.process.pid, signal.SIGSTOP)
            try:
                for number in range(door_module._MOST_OWED_REJECTS + 1_000):
                    worker.door.publish(topic("hv-1", Leaf.REJECTS), b"%d" % number)
                for number in range(receipts):
                    worker.door.publish(RECEIPTS, b"%d" % number)
                owed = len(worker.door._owed)
            finally:
                os.kill(broker.process.pid, signal.SIGCONT)
            await soon(lambda: len(device.received) == receipts)
            await soon(lambda: not worker.door._owed)
            return owed, worker.door.dropped, len(worker.door._withheld), device

    owed, dropped, withheld, device = asyncio.run(story())

    assert (owed, dropped, withheld) == (door_module._MOST_OWED_REJECTS + receipts, 1_000, 0)
    assert [body for _, body in device.heard] == [b"%d" % number for number in range(receipts)]


def test_broker_that_takes_no_answers_gets_no_acknowledgements(
    ward: Ward, broker: Broker, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While too many answers wait, stored messages stay the broker's, so that it hands out no more; then they go."""
    monkeypatch.setattr(door_module, "_MANY_OWED", 10)

    async def story() -> tuple[int, int]:
        async with Worker(broker, ward.database_url, "one") as worker:
            device: Peer = await asyncio.to_thread(connect, broker.port, None)
            worker.inbox.on_room(lambda: None)
            os.kill(broker.process.pid, signal.SIGSTOP)
            for number in range(20):
                worker.door.publish(RECEIPTS, b"%d" % number)
            worker.door.acknowledge([_delivery(worker, number) for number in range(1, 4)])
            held = len(worker.door._withheld)
            os.kill(broker.process.pid, signal.SIGCONT)
            await soon(lambda: not worker.door._owed)
            await asyncio.to_thread(device.publish, VITALS, payload(0))
            return held, len(worker.door._withheld)

    assert asyncio.run(story()) == (3, 0)


def _delivery(worker: Worker, number: int) -> Delivery:
    token = door_module._Token(number, worker.door._generation)
    return Delivery(topic=VITALS, payload=b"", received_at=SystemClock().now(), door=worker.door, token=token)


def test_rejects_come_through_the_access_list(ward: Ward, shipped: Shipped, connect: Connect) -> None:
    """With the configuration that we ship a device hears why its reading was refused."""
    shipped.add("hv-1")

    async def story() -> Peer:
        async with Worker(shipped, ward.database_url, "one"):
            device: Peer = await asyncio.to_thread(connect, shipped.port, "hv-1")
            await asyncio.to_thread(device.subscribe, topic("hv-1", Leaf.REJECTS))
            device.send(VITALS, b'{"kind":"spo2"}')
            assert await asyncio.to_thread(until, lambda: device.received)
            return device

    assert json.loads(asyncio.run(story()).heard[0][1])["reason"] == "bad_field"
