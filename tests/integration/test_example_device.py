"""`examples/device.py`, the device of the documentation, as its own process against a real endpoint."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ingest.delivery import Delivery
from tests.fix_tls import Authority
from tests.mqtt_peers import CONFIG, DEVICE, VITALS
from tests.mqtt_rig import REJECTS, STATUS, Rig, a_rig
from ward.formats import settle, status, vitals

PROGRAM = Path(__file__).resolve().parents[2] / "examples" / "device.py"
QUICK = b'{"every_s": {"heart_rate": 0.05}}'


@asynccontextmanager
async def the_device(url: str, *options: str) -> AsyncIterator[asyncio.StreamReader]:
    """Run the device; yield what it prints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), url, DEVICE, "secret", *options, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


async def some_vitals(rig: Rig, count: int) -> list[Delivery]:
    """Take so many messages with readings out of the inbox, without acknowledging them."""
    found: list[Delivery] = []
    while len(found) < count:
        found += [each for each in await rig.box.take(1) if each.topic == VITALS]
    return found


def test_example_has_at_most_fifty_lines() -> None:
    """The example can be read in a minute."""
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) <= 50


def test_example_sends_again_what_was_not_acknowledged() -> None:
    """It says that it is online, takes its config, prints a reject, and repeats after a cut what had no PUBACK."""

    async def scenario() -> None:
        async with a_rig() as rig:
            rig.retained[CONFIG] = QUICK
            async with the_device(f"mqtt://127.0.0.1:{rig.endpoint.port}") as printed, asyncio.timeout(60):
                config = await printed.readline()
                (hello,) = await rig.store(1)
                while hello.topic != STATUS:
                    (hello,) = await rig.store(1)
                held = await some_vitals(rig, 3)
                for link in tuple(rig.endpoint._links.values()):
                    link.transport.abort()
                again = await some_vitals(rig, 3)
                while not {each.payload for each in held} <= {each.payload for each in again}:
                    again += await some_vitals(rig, 1)
                subscribed = await printed.readline()
                rig.endpoint.publish(REJECTS, b'{"reason":"future"}')
                reject = await printed.readline()

            assert config == subscribed == b"config " + QUICK + b"\n"
            assert status.decode(hello.payload).status is not None
            for each in held:
                readings, rejects = settle.readings_of(vitals.decode(each.payload))
                assert (len(readings), rejects) == (1, [])
            assert reject == b'rejects {"reason":"future"}\n'

    asyncio.run(scenario())


def test_example_measures_while_the_platform_is_away() -> None:
    """What it measured while nobody answered arrives, in order, once somebody does."""

    async def scenario() -> None:
        async with a_rig() as rig:
            rig.retained[CONFIG] = QUICK
            async with the_device(f"mqtt://127.0.0.1:{rig.endpoint.port}"), asyncio.timeout(60):
                rig.endpoint.acknowledge(await some_vitals(rig, 3))
                for link in tuple(rig.endpoint._links.values()):
                    link.transport.abort()
                taken = [json.loads(each.payload)["measured_at"] for each in await some_vitals(rig, 8)]

            assert taken == sorted(taken)

    asyncio.run(scenario())


def test_example_speaks_over_tls(authority: Authority) -> None:
    """With `mqtts://` and the authority's certificate it trusts the endpoint."""

    async def scenario() -> None:
        async with a_rig(certificates=authority.files()) as rig, asyncio.timeout(60):
            url = f"mqtts://127.0.0.1:{rig.endpoint.port}"
            async with the_device(url, "--ca", str(authority.ca_file)):
                assert await some_vitals(rig, 1)

    asyncio.run(scenario())
