"""The endpoint against other people's clients: paho and mosquitto's, and TLS."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from ingest.packets import (
    V5,
)
from tests.fix_tls import Authority
from tests.mqtt_peers import CONFIG, DEVICE, VITALS
from tests.mqtt_rig import (
    BOTH,
    REJECTS,
    STATUS,
    Rig,
    a_rig,
    in_loop,
    new_properties,
)

RECEIPTS = f"hemvakt/1/{DEVICE}/receipts"

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
    """Connect a paho client that has subscribed to everything that comes from the platform."""
    loop = asyncio.get_running_loop()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="paho", protocol=MQTTProtocolVersion(version))
    device = PahoDevice(client, asyncio.Queue(), asyncio.Queue(), asyncio.Event())
    hooks: Any = client
    client.username_pw_set(DEVICE, "secret")
    client.will_set(STATUS, b'{"online":false}', qos=1, retain=True)
    if tls is not None:
        client.tls_set_context(tls)
    hooks.on_connect = lambda *_: client.subscribe([(topic, 1) for topic in (CONFIG, REJECTS, RECEIPTS)])
    hooks.on_subscribe = lambda *_: loop.call_soon_threadsafe(device.ready.set)
    hooks.on_message = lambda _c, _u, message: loop.call_soon_threadsafe(device.messages.put_nowait, message)
    hooks.on_publish = lambda _c, _u, number, *_: loop.call_soon_threadsafe(device.published.put_nowait, number)
    await asyncio.to_thread(client.connect, "127.0.0.1", port, 30)
    client.loop_start()
    try:
        async with asyncio.timeout(60):
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
            async with a_paho(rig.endpoint.port, version) as device, asyncio.timeout(60):
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
        async with a_rig() as rig, a_paho(rig.endpoint.port, V5) as device, asyncio.timeout(60):
            asked = new_properties(PacketTypes.PUBLISH)
            asked.ResponseTopic = RECEIPTS
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
            async with asyncio.timeout(60):
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
            process = await _run(command, *_login(rig, version), "-t", CONFIG, "-C", "1", "-v", "-W", "50")
            async with asyncio.timeout(60):
                output, _ = await process.communicate()

            assert (process.returncode, output) == (0, f'{CONFIG} {{"interval_s":60}}\n'.encode())

    in_loop(scenario)


@pytest.mark.broker
def test_mosquitto_sub_is_refused_anothers_topics() -> None:
    """mosquitto_sub of another device's topics is denied."""
    command = _binary("mosquitto_sub")

    async def scenario() -> None:
        async with a_rig() as rig:
            process = await _run(command, *_login(rig, V5), "-t", "hemvakt/1/kit-8/#", "-W", "50")
            async with asyncio.timeout(60):
                output, _ = await process.communicate()

            assert b"denied" in output.lower() or b"not authorized" in output.lower()

    in_loop(scenario)


def test_devices_speak_over_tls(authority: Authority) -> None:
    """The same over TLS: a reading in, its acknowledgement out."""

    async def scenario() -> None:
        async with (
            a_rig(certificates=authority.files()) as rig,
            a_paho(rig.endpoint.port, V5, authority.client()) as device,
            asyncio.timeout(60),
        ):
            device.client.publish(VITALS, b"96", qos=1)
            (delivery,) = await rig.store(1)

            assert delivery.payload == b"96"
            assert await device.published.get()

    in_loop(scenario)
