"""A device that publishes more than it may is read slowly; nothing of it is lost, and nobody else waits."""

import asyncio

import psycopg

from ingest.packets import Ack, Publish
from ingest.properties import PacketType
from ingest.session import Limits
from tests.kept_rig import register
from tests.mqtt_peers import DEVICE, EXPIRES, a_publish
from tests.mqtt_rig import REJECTS, Rig, a_rig, in_loop, subscribing, until
from ward.clock import SystemClock
from ward.store import mqtt_sessions
from ward.store.pool import connect

FEW = Limits(device_messages_s=10, device_burst_s=2, device_bytes_s=1e9)


async def turns() -> None:
    """Let the loop read whatever it would read."""
    for _ in range(200):
        await asyncio.sleep(0)


async def a_flood(rig: Rig, first: int, last: int, client_id: str = "flood") -> None:
    """Have a device publish far more than it may, on a connection of its own."""
    peer = await rig.connect(client_id=client_id)
    await peer.send(*(a_publish(n, b"%d" % n) for n in range(first, last)))


def test_h07_a_flooding_device_delays_nobody_else() -> None:
    """While a flood is not read, another device is acknowledged; then all of the flood comes, once and in order."""

    async def scenario() -> None:
        async with a_rig(limits=FEW) as rig:
            normal = await rig.connect(username="kit-8", password=b"other", client_id="normal")
            await a_flood(rig, 1, 401)
            await until(lambda: bool(rig.endpoint.throttled()))
            await a_flood(rig, 401, 501, "flood-2")
            await turns()
            flood = await rig.store(len(rig.box.deliveries))
            await normal.send(a_publish(7, b"96", "hemvakt/1/kit-8/vitals"))
            (reading,) = await rig.store(1)

            assert len(flood) < 501
            assert reading.payload == b"96"
            assert await normal.receive() == Ack(kind=PacketType.PUBACK, packet_id=7)
            assert list(rig.endpoint.throttled()) == [DEVICE]
            at_s = asyncio.get_running_loop().time()
            while len(flood) < 500:
                at_s += 60
                rig.endpoint.sweep(at_s)
                await turns()
                flood += await rig.store(len(rig.box.deliveries))
            numbers = [int(each.payload) for each in flood]
            assert [n for n in numbers if n < 401] == list(range(1, 401))
            assert [n for n in numbers if n > 400] == list(range(401, 501))
            assert rig.endpoint.counters.throttled == 1

    in_loop(scenario)


def test_pings_and_subscriptions_count_too() -> None:
    """A device that floods with anything else is held back as well, and is not taken for silent meanwhile."""

    async def scenario() -> None:
        async with a_rig(limits=FEW) as rig:
            peer = await rig.connect(keep_alive_s=20)
            await peer.send(*(subscribing(REJECTS) for _ in range(100)))
            await until(lambda: bool(rig.endpoint.throttled()))
            at_s = asyncio.get_running_loop().time()
            rig.endpoint.sweep(at_s + 1)
            paused = rig.endpoint.throttled()
            rig.endpoint.publish(REJECTS, b"still heard")
            while not isinstance(await peer.receive(), Publish):
                pass

            assert list(paused) == [DEVICE]
            assert rig.endpoint.counters.connections == 1

    in_loop(scenario)


def test_coming_back_gives_no_new_allowance() -> None:
    """A device cannot flood by connecting again and again."""

    async def scenario() -> None:
        async with a_rig(limits=FEW) as rig:
            for turn in range(5):
                peer = await rig.connect(client_id=f"c-{turn}", properties=EXPIRES)
                await peer.send(*(a_publish(n) for n in range(1, 11)))
                await turns()
                peer.close()
            await until(lambda: rig.endpoint.counters.connections == 0)

            assert list(rig.endpoint.throttled()) == [DEVICE]

    in_loop(scenario)


def test_what_is_throttled_can_be_read_in_the_store(database_url: str) -> None:
    """The store knows which devices are held back and since when, at which endpoint, and no longer than it lasts."""
    register(database_url)
    now = SystemClock().now()

    async def scenario() -> list[list[tuple[object, ...]]]:
        found = []
        async with await connect(database_url, "test", autocommit=True) as conn:
            for throttled in ({DEVICE: now, "unknown": now}, {DEVICE: now}, {}):
                await mqtt_sessions.throttle(conn, "here", throttled)
                rows = await conn.execute("select device_id, since from device_throttled join device using (device_no)")
                found.append(await rows.fetchall())
        return found

    assert asyncio.run(scenario()) == [[(DEVICE, now)], [(DEVICE, now)], []]


def test_a_dead_endpoints_floods_are_forgotten(database_url: str) -> None:
    """A sweep removes what an endpoint said of floods that is no longer heard of."""
    register(database_url)
    now = SystemClock().now()

    async def scenario() -> None:
        async with await connect(database_url, "test", autocommit=True) as conn:
            await mqtt_sessions.throttle(conn, "gone", {DEVICE: now})
            await mqtt_sessions.sweep(conn, now)

    asyncio.run(scenario())

    with psycopg.connect(database_url) as conn:
        assert conn.execute("select count(*) from device_throttled").fetchone() == (0,)
