"""Devices over TLS through HAProxy as it is shipped, to two ingest processes: certificates, secrets, a kill."""

import asyncio
import shutil
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.cell_proxy import Proxy
from ingest.packets import V5, Ack, Connack
from ingest.properties import PacketType
from ingest.reasons import Reason
from tests.fix_tls import Authority
from tests.integration.test_ingest_killed import an_ingest
from tests.kept_rig import register
from tests.mqtt_peers import DEVICE, VITALS, SocketPeer, a_connect, a_publish
from tests.writer_bench import rows
from ward import tls
from ward.credentials import digest
from ward.store import embedded

pytestmark = pytest.mark.integration
OTHER = "kit-8"
BY_CERTIFICATE: dict[str, Any] = {"username": None, "password": None}
ACKNOWLEDGED = Ack(kind=PacketType.PUBACK, packet_id=1)


@contextmanager
def haproxy(folder: Path, endpoints: list[int]) -> Iterator[int]:
    """Run the shipped proxy in front of two endpoints; gives the port to which devices come."""
    if shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin") is None:
        pytest.skip("haproxy is not installed (Debian: apt install haproxy)")
    proxy = Proxy(folder=folder)
    nobody = embedded.free_port()
    behind = dict.fromkeys(("API_1", "API_2", "MOSQUITTO_A", "MOSQUITTO_B"), nobody)
    part = proxy.part(behind | {"ENDPOINT_1": endpoints[0], "ENDPOINT_2": endpoints[1]})
    part.start()
    try:
        yield proxy.endpoint
    finally:
        assert part.child is not None
        part.child.kill()
        part.child.wait()


async def dial(port: int, context: ssl.SSLContext) -> SocketPeer:
    """Come to the proxy, again and again until somebody is behind it."""
    async with asyncio.timeout(60):
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            except (OSError, EOFError):
                await asyncio.sleep(0.05)
                continue
            return SocketPeer(reader, writer, V5)


async def knock(
    stack: AsyncExitStack, port: int, context: ssl.SSLContext, client_id: str, **shown: Any
) -> tuple[SocketPeer, int]:
    """Come in, or be refused; the answer's code tells."""
    peer = await dial(port, context)
    stack.callback(peer.close)
    answer = await peer.ask(a_connect(client_id=client_id, **shown))
    assert isinstance(answer, Connack)
    return peer, answer.code


def _told(database_url: str) -> None:
    """Wait until the store knows when the certificates end."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute("set statement_timeout = '60s'")
        conn.execute(
            "do $$ begin while (select count(*) from certificate_seen) < 5 loop"
            " perform pg_sleep(0.05); end loop; end $$"
        )


def test_h26_devices_come_in_over_tls_through_the_proxy(
    database_url: str, authority: Authority, tmp_path: Path
) -> None:
    """TLS ends at the endpoint: a certificate opens its device and no other, a secret too, and a kill costs nothing.

    The store learns when the certificates end, the device's among them.
    """
    register(database_url)
    with psycopg.connect(database_url) as conn:
        conn.execute("insert into device (device_id, secret_sha256) values (%s, %s)", (OTHER, digest(b"other")))
    secret: dict[str, Any] = {"username": OTHER, "password": b"other"}

    async def scenario() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(100):
            running = [await stack.enter_async_context(an_ingest(database_url, authority)) for _ in range(2)]
            port = stack.enter_context(haproxy(tmp_path, [each for each, _ in running]))
            certified, first = await knock(stack, port, authority.client(DEVICE), "c-1", **BY_CERTIFICATE)
            shown = certified.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            plain, second = await knock(stack, port, authority.client(), "c-2", **secret)
            answers = [await certified.ask(a_publish(1, b"[]", VITALS))]
            answers.append(await plain.ask(a_publish(1, b"[]", f"hemvakt/1/{OTHER}/vitals")))
            refused = [
                (await knock(stack, port, authority.client(DEVICE), "c-3", username=OTHER, password=None))[1],
                (await knock(stack, port, authority.client(), "c-4", username=OTHER, password=b"wrong"))[1],
                (await knock(stack, port, authority.client(), "c-5", **BY_CERTIFICATE))[1],
            ]
            await asyncio.to_thread(_told, database_url)
            running[0][1].kill()
            running[0][1].wait()
            again, third = await knock(stack, port, authority.client(DEVICE), "c-1", **BY_CERTIFICATE)
            answers.append(await again.ask(a_publish(1, b"[]", VITALS)))

            assert (first, second, third) == (0, 0, 0)
            assert answers == [ACKNOWLEDGED] * 3
            assert refused == [Reason.NOT_AUTHORIZED] * 3
            assert shown == ssl.PEM_cert_to_DER_cert(authority.certificate.read_text())

    asyncio.run(scenario())

    ends = tls.ends_of(authority.certificate)
    found = rows(database_url, "select kind, count(*), min(ends_at) from certificate_seen group by 1 order by 1")
    assert [(kind, count) for kind, count, _ in found] == [("device", 1), ("devices_authority", 2), ("endpoint", 2)]
    assert {kind: at for kind, _, at in found}["endpoint"] == ends
    assert rows(database_url, "select holder from certificate_seen where kind = 'device'") == [(DEVICE,)]
