"""`hemvakt ingest` as a process, over TLS and behind a balancer: killed, and another one goes on where it was."""

import asyncio
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import psycopg

from ingest.packets import V5, Ack, Connack, Granted, Publish
from ingest.properties import PacketType
from onebox.environment import PROJECT
from tests.fix_tls import Authority
from tests.kept_rig import Balancer, register
from tests.mqtt_peers import DEVICE, EXPIRES, VITALS, SocketPeer, a_connect, a_publish
from tests.mqtt_rig import REJECTS, subscribing
from ward.store.embedded import free_port

_LASTING: dict[str, Any] = {"clean_start": False, "properties": EXPIRES, "username": None, "password": None}
_PATIENCE_S = 60


@asynccontextmanager
async def an_ingest(database_url: str, authority: Authority) -> AsyncIterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run an ingest process that asks devices for certificates; gives its port once it listens."""
    port = free_port()
    process = _start(port, database_url, authority)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_PATIENCE_S):
            while b"endpoint_listening" not in (line := await asyncio.to_thread(process.stdout.readline)):
                assert line, "ingest has ended"
        yield port, process
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


def _start(port: int, database_url: str, authority: Authority) -> subprocess.Popen[bytes]:
    settings = {
        "HEMVAKT_DATABASE_URL": database_url,
        "HEMVAKT_MQTT_PORT": str(port),
        "HEMVAKT_MQTT_TLS_CERT": str(authority.certificate),
        "HEMVAKT_MQTT_TLS_KEY": str(authority.key),
        "HEMVAKT_MQTT_TLS_CLIENT_CA": str(authority.ca_file),
    }
    return subprocess.Popen(
        [sys.executable, "hemvakt.py", "ingest"],
        cwd=PROJECT,
        env={**os.environ, **settings},  # noqa: TID251 - handed on, not read
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


async def dial(port: int, context: ssl.SSLContext) -> SocketPeer:
    """Open a TLS connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    return SocketPeer(reader, writer, V5)


def test_h08_a_killed_ingest_is_taken_over_by_another(database_url: str, authority: Authority) -> None:
    """A device finds its session and the answers it has not acknowledged at the next process behind the balancer."""
    register(database_url)

    async def scenario() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(2 * _PATIENCE_S):
            ports = [await stack.enter_async_context(an_ingest(database_url, authority)) for _ in range(2)]
            balancer = Balancer(*(port for port, _ in ports))
            port = await balancer.start()
            context = authority.client(DEVICE)
            device = await dial(port, context)
            first = await device.ask(a_connect(**_LASTING))
            granted = await device.ask(subscribing(REJECTS))
            await device.send(a_publish(1, b"no JSON", VITALS))
            answers = [await device.receive(), await device.receive()]
            await asyncio.to_thread(_written, database_url)
            ports[0][1].kill()
            assert await device.rest() == []
            device.close()
            again = await dial(port, context)
            second = await again.ask(a_connect(**_LASTING))
            repeat = await again.receive()
            again.close()
            await balancer.stop()

            assert isinstance(granted, Granted)
            assert [each.session_present for each in (first, second) if isinstance(each, Connack)] == [False, True]
            (reject,) = [each for each in answers if isinstance(each, Publish)]
            assert [each for each in answers if isinstance(each, Ack)] == [Ack(kind=PacketType.PUBACK, packet_id=1)]
            assert isinstance(repeat, Publish)
            assert (repeat.payload, repeat.packet_id, repeat.dup) == (reject.payload, reject.packet_id, True)
            assert json.loads(repeat.payload)["reason"] == "malformed"

    asyncio.run(scenario())


def _written(database_url: str) -> None:
    """Wait until the message that is in flight is in the store, and a heartbeat tells of the endpoint."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("set statement_timeout = '60s'")
        conn.execute(
            "do $$ begin while not exists (select from mqtt_message where packet_id is not null)"
            " or not exists (select from service_heartbeat where (detail->'endpoint'->>'accepted')::int = 1)"
            " loop perform pg_sleep(0.02); end loop; end $$"
        )
