"""What an operator does over the api meets a device at the real endpoint, of an ingest process of its own, at once."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ingest.packets import V5, Connack, Disconnect, Publish
from ingest.reasons import Reason
from onebox.environment import PROJECT
from tests.fix_api import House
from tests.fix_kit import WHY, Desk, at_desk
from tests.mqtt_peers import SocketPeer, a_connect
from tests.mqtt_rig import subscribing
from ward.store.embedded import free_port

pytestmark = pytest.mark.integration


@asynccontextmanager
async def endpoint(database_url: str) -> AsyncIterator[int]:
    """An ingest process with its endpoint on a free port; stopped at the end."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROJECT / "hemvakt.py"),
        "ingest",
        cwd=PROJECT,
        env={"HEMVAKT_DATABASE_URL": database_url, "HEMVAKT_MQTT_PORT": str(port), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            while not await _answers(port):
                assert process.returncode is None, "ingest has ended"
                await asyncio.sleep(0.05)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def dial(port: int, device_id: str, secret: str) -> tuple[SocketPeer, Reason]:
    """Connect as a device; returns how it was answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    peer = SocketPeer(reader, writer, V5)
    answer = await peer.ask(a_connect(client_id=device_id, username=device_id, password=secret.encode()))
    assert isinstance(answer, Connack)
    return peer, Reason(answer.code)


async def thrown_out(peer: SocketPeer) -> Reason:
    """Wait until the endpoint ends the connection; returns why."""
    *_, last = await peer.rest()
    assert isinstance(last, Disconnect)
    return Reason(last.code)


def test_h26_revoked_device_is_disconnected_at_once_and_stays_out(house: House) -> None:
    """A device that was added over the api connects; revoked, it is thrown out by the endpoint and not let in again."""

    async def visit(desk: Desk) -> None:
        async with endpoint(house.database_url) as port:
            secret = (await desk.add("kit-1"))["secret"]
            peer, answer = await dial(port, "kit-1", secret)
            assert answer is Reason.SUCCESS
            await desk.operator.post("/api/devices/kit-1/revoke", json=WHY)

            assert await thrown_out(peer) is Reason.ADMINISTRATIVE_ACTION
            again, answer = await dial(port, "kit-1", secret)
            assert answer is Reason.NOT_AUTHORIZED
            for each in (peer, again):
                each.close()

    asyncio.run(at_desk(house, visit))


def test_h26_new_secret_ends_what_the_old_one_opened(house: House) -> None:
    """After another secret is drawn, whoever holds the old one is thrown out and refused; the new one is let in."""

    async def visit(desk: Desk) -> None:
        async with endpoint(house.database_url) as port:
            old = (await desk.add("kit-1"))["secret"]
            thief, _ = await dial(port, "kit-1", old)
            answer = await desk.operator.post("/api/devices/kit-1/secret", json=WHY)
            new = answer.json()["secret"]

            assert new != old
            assert await thrown_out(thief) is Reason.ADMINISTRATIVE_ACTION
            refused, with_old = await dial(port, "kit-1", old)
            device, with_new = await dial(port, "kit-1", new)
            assert (with_old, with_new) == (Reason.NOT_AUTHORIZED, Reason.SUCCESS)
            assert desk.audited() == ["device.added", "device.secret_rotated"]
            for each in (thief, refused, device):
                each.close()

    asyncio.run(at_desk(house, visit))


def test_configuration_reaches_the_device_at_once(house: House) -> None:
    """What an operator writes arrives at a device that subscribed to its configuration."""

    async def visit(desk: Desk) -> None:
        async with endpoint(house.database_url) as port:
            bed = house.ward.beds[0]
            device, _ = await dial(port, bed.device_id, bed.secret)
            await device.ask(subscribing(f"hemvakt/1/{bed.device_id}/config"))
            first = await device.receive()
            changed = await desk.operator.put(
                f"/api/devices/{bed.device_id}/config", json={"interval_s": 30}, headers={"If-Match": '"1"'}
            )
            second = await device.receive()

            assert changed.status_code == 200
            assert isinstance(first, Publish)
            assert isinstance(second, Publish)
            assert second.payload == b'{"interval_s": 30}'
            device.close()

    asyncio.run(at_desk(house, visit))
