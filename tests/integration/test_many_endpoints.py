"""Endpoints behind one TCP balancer, on one store: a session is one wherever its device comes in."""

import asyncio
from functools import partial

import pytest

from ingest.packets import V5, Ack, Connack, Disconnect, Ping, Publish, Will
from ingest.properties import PacketType
from ingest.reasons import Reason
from tests.kept_rig import Balancer, KeptRig, count, is_alone, lasting, register, with_rigs
from tests.mqtt_peers import SocketPeer, a_connect
from tests.mqtt_rig import REJECTS, STATUS, subscribing, until

PINGREQ, PINGRESP = Ping(kind=PacketType.PINGREQ), Ping(kind=PacketType.PINGRESP)


@pytest.mark.parametrize("expires", [True, False])
def test_a_device_that_comes_to_another_endpoint_leaves_the_first(database_url: str, *, expires: bool) -> None:
    """The older connection is told 0x8E, and its will is not published: the device is there."""

    async def scenario(first: KeptRig, second: KeptRig) -> None:
        will = Will(topic=STATUS, payload=b'{"online":false}', qos=1)
        wanted = lasting() if expires else {}
        old = await first.connect(will=will, **wanted)
        new = await second.connect(will=will, **wanted)

        assert await old.rest() == [Disconnect(code=Reason.SESSION_TAKEN_OVER)]
        assert await new.ask(PINGREQ) == PINGRESP
        assert new.session_present is expires
        assert first.box.deliveries == []
        assert (first.endpoint.counters.taken_over, second.endpoint.counters.taken_over) == (1, 0)

    with_rigs(database_url, 2, scenario)


def test_behind_a_balancer_a_session_is_one(database_url: str) -> None:
    """A device goes to and fro between two endpoints; each message reaches it once, wherever it waited."""

    async def scenario(*rigs: KeptRig) -> None:
        balancer = Balancer(*(rig.endpoint.port for rig in rigs))
        port = await balancer.start()
        seen = []
        for turn in range(6):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            device = rigs[0].keep(SocketPeer(reader, writer, V5))
            await device.ask(a_connect(**lasting()))
            if not turn:
                await device.ask(subscribing(REJECTS))
            here = rigs[turn % 2]
            here.endpoint.publish(REJECTS, b"live %d" % turn)
            for _ in range(1 if not turn else 2):
                message = await device.receive()
                assert isinstance(message, Publish)
                seen.append(message.payload)
                await device.send(Ack(kind=PacketType.PUBACK, packet_id=message.packet_id))
            await device.ask(PINGREQ)
            device.close()
            await until(partial(is_alone, here))
            here.endpoint.publish(REJECTS, b"waited %d" % turn)
            await here.written()
        await balancer.stop()

        expected = [b"live 0"]
        for turn in range(1, 6):
            expected += [b"waited %d" % (turn - 1), b"live %d" % turn]
        assert seen == expected
        assert balancer.taken == 6

    with_rigs(database_url, 2, scenario)


def test_many_devices_come_in_with_few_commits(database_url: str) -> None:
    """Devices that reconnect at once share their round trips to the store."""

    async def scenario(rig: KeptRig) -> None:
        peers = [await rig.dial() for _ in range(200)]
        before = rig.sessions.commits
        await asyncio.gather(
            *(peer.ask(a_connect(client_id=f"c-{n}", username=f"kit-{n}", **lasting())) for n, peer in enumerate(peers))
        )

        assert rig.endpoint.counters.accepted == 200
        assert rig.sessions.commits - before < 20

    register(database_url, *(f"kit-{n}" for n in range(200) if n != 7))
    with_rigs(database_url, 1, scenario)


def test_two_connections_of_one_client_at_once_leave_one(database_url: str) -> None:
    """Two endpoints never both have a session: of two connections in the same moment the later one stays."""

    async def scenario(first: KeptRig, second: KeptRig) -> None:
        dialled = [await rig.dial() for rig in (first, second) for _ in range(3)]
        answers = await asyncio.gather(*(peer.ask(a_connect(**lasting())) for peer in dialled))
        assert [each.code for each in answers if isinstance(each, Connack)] == [0] * 6
        await until(lambda: first.endpoint.counters.connections + second.endpoint.counters.connections == 1)

        assert count(database_url, "mqtt_session") == 1

    with_rigs(database_url, 2, scenario)
