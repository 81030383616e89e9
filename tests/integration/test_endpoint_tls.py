"""The endpoint over TLS: certificates instead of secrets, renewed without a restart, and what is refused."""

import asyncio
import hashlib
import ssl

import psycopg
import pytest

from ingest import identity
from ingest.identity import Presented
from ingest.packets import V5, Connack, Ping
from ingest.properties import PacketType
from ingest.reasons import Reason
from simulator.line import Line, Platform
from tests.fix_tls import Authority
from tests.mqtt_peers import DEVICE, SocketPeer, a_connect
from tests.mqtt_rig import BOTH, Rig, a_rig, in_loop
from ward.clock import SystemClock
from ward.errors import ConfigError
from ward.store import registry
from ward.store.pool import connect
from ward.vitals import Reading, VitalKind


async def by_certificate(presented: Presented) -> str | None:
    """Let a device in by the name in its certificate."""
    device_id = identity.claimed(presented)
    return device_id if device_id is not None and identity.shown(presented, device_id)["named"] else None


async def dial_tls(rig: Rig, context: ssl.SSLContext, version: int = V5) -> SocketPeer:
    """Open a TLS connection to the endpoint."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.endpoint.port, ssl=context)
    return rig.keep(SocketPeer(reader, writer, version))


def serial(peer: SocketPeer) -> object:
    """Return the serial number of the certificate that the server has shown."""
    return peer.writer.get_extra_info("peercert")["serialNumber"]


async def _come_in(rig: Rig, context: ssl.SSLContext) -> None:
    peer = await dial_tls(rig, context)
    await peer.ask(a_connect(username=None, password=None))


@BOTH
def test_a_device_comes_in_by_its_certificate(version: int, authority: Authority) -> None:
    """A certificate of the devices' authority names the device; no user name and no password are needed."""

    async def scenario() -> None:
        async with a_rig(by_certificate, certificates=authority.files(authority.ca_file)) as rig:
            peer = await dial_tls(rig, authority.client(DEVICE), version)
            answer = await peer.ask(a_connect(version, username=None, password=None))

            assert isinstance(answer, Connack)
            assert answer.code == 0

    in_loop(scenario)


def test_a_simulated_device_comes_in_by_its_certificate(authority: Authority) -> None:
    """A simulated device shows its own certificate and no password and is heard; a missing file is told."""
    authority.ca.issue_cert(common_name=DEVICE).private_key_and_cert_chain_pem.write_to_path(
        authority.folder / f"{DEVICE}.pem"
    )
    files = str(authority.folder / "{device}.pem")

    async def scenario() -> None:
        async with a_rig(by_certificate, certificates=authority.files(authority.ca_file)) as rig:
            url = f"mqtts://127.0.0.1:{rig.endpoint.port}"
            platform = Platform(url=url, ca=authority.ca_file, certificate=files, key=files)
            line = Line(platform, DEVICE, "")
            line.put([Reading(kind=VitalKind.SPO2, value=96.0, measured_at=SystemClock().now())])
            line.switch_on(80.0, "1.3.0")
            taken = await rig.store(2)
            await asyncio.to_thread(line.switch_off)

            told = {each.topic.rsplit("/", 1)[1]: each.identity for each in taken}
            assert told == {"status": DEVICE, "vitals": DEVICE}
            assert b"1.3.0" in next(each.payload for each in taken if each.topic.endswith("status"))
            with pytest.raises(ConfigError, match="no file"):
                Line(platform, "kit-8", "")

    in_loop(scenario)


def test_h26_a_certificate_opens_no_other_device(authority: Authority) -> None:
    """A user name that the certificate does not bear is refused, and so is a connection without a certificate."""

    async def scenario() -> None:
        async with a_rig(by_certificate, certificates=authority.files(authority.ca_file)) as rig:
            other = await dial_tls(rig, authority.client(DEVICE))
            none = await dial_tls(rig, authority.client())

            assert await other.ask(a_connect(username="kit-8")) == Connack(code=Reason.NOT_AUTHORIZED)
            assert await none.ask(a_connect()) == Connack(code=Reason.NOT_AUTHORIZED)

    in_loop(scenario)


def test_h26_a_stranger_authority_is_not_believed(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A certificate that another authority has signed ends the handshake before anything is read."""
    stranger = Authority(tmp_path_factory.mktemp("stranger"))

    async def scenario() -> None:
        async with a_rig(by_certificate, certificates=authority.files(authority.ca_file)) as rig:
            context = authority.client()
            stranger.ca.issue_cert(common_name=DEVICE).configure_cert(context)
            with pytest.raises((OSError, asyncio.IncompleteReadError)):
                await _come_in(rig, context)

            assert rig.endpoint.counters.accepted == 0

    in_loop(scenario)


def test_old_tls_is_refused(authority: Authority) -> None:
    """Nothing below TLS 1.2 is spoken: the server answers an older hello with an alert."""
    old = authority.client()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSVersion"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = old.wrap_bio(down, up, server_hostname="127.0.0.1")
    server = authority.files().context().wrap_bio(up, down, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()

    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        server.do_handshake()


def test_certificates_are_renewed_without_a_restart(authority: Authority) -> None:
    """New files serve the next connection; an open one goes on, and unusable files change nothing."""

    async def scenario() -> None:
        async with a_rig(certificates=authority.files()) as rig:
            first = await dial_tls(rig, authority.client())
            await first.ask(a_connect())
            authority.issue()
            await rig.endpoint.renew()
            second = await dial_tls(rig, authority.client())
            good = authority.key.read_bytes()
            authority.key.write_text("half written")
            await rig.endpoint.renew()
            third = await dial_tls(rig, authority.client())
            authority.key.write_bytes(good)

            assert serial(first) != serial(second) == serial(third)
            assert await first.ask(Ping(kind=PacketType.PINGREQ)) == Ping(kind=PacketType.PINGRESP)
            assert isinstance(await third.ask(a_connect(client_id="c-2")), Connack)

    in_loop(scenario)


# --- what the store says ---

SECRET, CERTIFICATE, OTHER = (hashlib.sha256(each).digest() for each in (b"secret", b"certificate", b"other"))


@pytest.mark.parametrize(
    ("pin", "secret", "certificate", "named", "admitted"),
    [
        (None, SECRET, None, False, True),
        (None, OTHER, None, False, False),
        (None, None, None, False, False),
        (None, None, CERTIFICATE, True, True),
        (None, SECRET, CERTIFICATE, False, False),
        (CERTIFICATE, SECRET, None, False, False),
        (CERTIFICATE, None, CERTIFICATE, False, True),
        (CERTIFICATE, SECRET, OTHER, True, False),
    ],
)
def test_h26_what_lets_a_device_in(
    database_url: str,
    pin: bytes | None,
    secret: bytes | None,
    certificate: bytes | None,
    *,
    named: bool,
    admitted: bool,
) -> None:
    """The secret, or a certificate that bears the name; for a pinned device that one certificate and nothing else."""

    async def ask() -> tuple[bool, bool]:
        shown = identity.Shown(secret_sha256=secret, certificate_sha256=certificate, named=named)
        async with await connect(database_url, "test") as conn:
            before = await registry.admits(conn, "kit-7", **shown)
            await conn.execute("update device set revoked_at = now()")
            return before, await registry.admits(conn, "kit-7", **shown)

    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "insert into device (device_id, secret_sha256, certificate_sha256) values ('kit-7', %s, %s)", (SECRET, pin)
        )

    assert asyncio.run(ask()) == (admitted, False)
