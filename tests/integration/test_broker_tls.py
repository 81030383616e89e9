"""TLS to the broker, in a real mosquitto with our configuration's own lines: ingest's side, and the devices'."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ingest.batch import HeldInbox
from ingest.broker_keeper import BrokerKeeper
from ingest.broker_line import Address, address_of
from ingest.client import BrokerDoor
from simulator.line import Line, Platform
from tests.broker_devices import KEY, change, enter
from tests.broker_peer import Connect, until
from tests.certificates import Authority, Signed
from tests.fix_broker import Shipped
from ward.chores import Kind
from ward.clock import SystemClock
from ward.errors import ConfigError
from ward.settings import Settings
from ward.tls import ends_of
from ward.wire import Leaf, topic

pytestmark = pytest.mark.broker

TLS = (
    "listener 8883",
    "certfile /mosquitto/config/server.crt",
    "keyfile /mosquitto/config/server.key",
    "tls_version tlsv1.2",
)
BOTH = ("cafile /mosquitto/config/devices-ca.crt", "require_certificate true")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority that has signed the server's certificate, both where the configuration looks for them."""
    made = Authority(tmp_path)
    server = made.sign("server", "subjectAltName=IP:127.0.0.1")
    assert (server.certificate.name, server.key.name) == ("server.crt", "server.key")
    (tmp_path / "devices-ca.crt").write_bytes(made.certificate.read_bytes())
    return made


def secured(folder: Path, *lines: str) -> Iterator[Shipped]:
    """Run the shipped broker with its TLS listener and further lines of its configuration."""
    broker = Shipped(folder, switched_on=(*TLS, *lines), listener="listener 8883")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def tls_broker(tmp_path: Path, authority: Authority) -> Iterator[Shipped]:
    """The shipped broker with TLS."""
    yield from secured(tmp_path)


@pytest.fixture
def strict_broker(tmp_path: Path, authority: Authority) -> Iterator[Shipped]:
    """The shipped broker with TLS, which asks for a certificate and a password."""
    yield from secured(tmp_path, *BOTH)


@pytest.fixture
def certificate_broker(tmp_path: Path, authority: Authority) -> Iterator[Shipped]:
    """The shipped broker with TLS, which goes by certificates alone."""
    yield from secured(tmp_path, *BOTH, "use_identity_as_username true")


def settings_for(broker: Shipped, **given: object) -> Settings:
    """Return the settings of an ingest at a broker with TLS."""
    return Settings(mqtt_url=broker.url.replace("mqtt://", "mqtts://"), **given)  # type: ignore[arg-type]


def subscribes(address: Address) -> bool:
    """Tell whether a door to this address comes to work, or is refused at its first try."""

    async def story() -> bool:
        door = BrokerDoor(
            address, HeldInbox(most=10, most_bytes=1000, decode=lambda _: None), SystemClock(), client_id="tls"
        )
        door.start()
        async with asyncio.timeout(60):
            while not door.working and not door._line.lost.is_set():
                await asyncio.sleep(0.01)
        works = door.working
        await door.stop()
        return works

    return asyncio.run(story())


# paho leaves a socket whose handshake fails to the garbage collector, which closes it and says so
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ingest_reaches_a_broker_whose_certificate_it_can_check(tls_broker: Shipped, authority: Authority) -> None:
    """With the authority's certificate ingest connects; without it, and by another name, it does not."""
    known = address_of(settings_for(tls_broker, broker_ca=authority.certificate))

    assert subscribes(known)
    assert not subscribes(address_of(settings_for(tls_broker)))
    assert not subscribes(replace(known, host="localhost"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ingest_shows_its_certificate_where_one_is_asked_for(strict_broker: Shipped, authority: Authority) -> None:
    """A broker that asks for certificates takes ingest with one, and with none does not get to the password."""
    own = authority.sign("ingest")

    assert subscribes(
        address_of(
            settings_for(
                strict_broker, broker_ca=authority.certificate, broker_cert=own.certificate, broker_key=own.key
            )
        )
    )
    assert not subscribes(address_of(settings_for(strict_broker, broker_ca=authority.certificate)))


def test_ends_of_all_certificates_of_a_broker_are_known(strict_broker: Shipped, authority: Authority) -> None:
    """Once ingest has come in it knows when the broker's certificate ends, its authority's, and ingest's own."""
    own = authority.sign("ingest")
    address = address_of(
        settings_for(strict_broker, broker_ca=authority.certificate, broker_cert=own.certificate, broker_key=own.key)
    )

    async def story() -> dict[Kind, datetime]:
        door = BrokerDoor(
            address, HeldInbox(most=10, most_bytes=1000, decode=lambda _: None), SystemClock(), client_id="tls"
        )
        door.start()
        async with asyncio.timeout(30):
            while not door.working:
                await asyncio.sleep(0.01)
        found = {each.kind: each.ends_at for each in door.endings("a")}
        await door.stop()
        return found

    assert asyncio.run(story()) == {
        Kind.BROKER: ends_of(strict_broker.folder / "server.crt"),
        Kind.BROKER_AUTHORITY: ends_of(authority.certificate),
        Kind.INGEST: ends_of(own.certificate),
    }


def test_large_messages_come_through_tls_whole(tls_broker: Shipped, authority: Authority, connect: Connect) -> None:
    """What TLS has taken off the socket in one piece is read to its end, however the packets lie in it."""
    tls_broker_accounts(tls_broker, authority, "hv-1")
    payloads = [bytes([number]) * (1 + 7_919 * number) for number in range(40)]

    async def story() -> list[bytes]:
        inbox = HeldInbox(most=1000, most_bytes=1 << 26, decode=lambda _: None)
        address = address_of(settings_for(tls_broker, broker_ca=authority.certificate))
        door = BrokerDoor(address, inbox, SystemClock(), client_id="tls")
        door.start()
        async with asyncio.timeout(30):
            while not door.working:
                await asyncio.sleep(0.01)
            device = await asyncio.to_thread(connect, tls_broker.port, "hv-1", tls=authority.client())
            await asyncio.to_thread(device.publish_many, topic("hv-1", Leaf.VITALS), payloads)
            while inbox.held < len(payloads):
                await asyncio.sleep(0.01)
        taken = await inbox.take(1000, 1 << 26)
        await door.stop()
        return [delivery.payload for delivery in taken]

    assert asyncio.run(story()) == payloads


def tls_broker_accounts(broker: Shipped, authority: Authority, *names: str) -> None:
    """Make accounts by hand at a broker with TLS."""
    for name in names:
        broker.add(name, options=("--cafile", str(authority.certificate)))


def test_device_needs_certificate_and_password(strict_broker: Shipped, authority: Authority, connect: Connect) -> None:
    """Where both are asked for, either alone is not enough."""
    own = authority.sign("ingest")
    strict_broker.add("hv-1", options=_shown(authority, own))
    shown = authority.client(authority.sign("hv-1"))

    assert connect(strict_broker.port, "hv-1", tls=shown).refused is False
    assert connect(strict_broker.port, "hv-1", "wrong", tls=shown).refused is True
    assert connect(strict_broker.port, "hv-1", tls=authority.client()).refused is None


def _shown(authority: Authority, own: Signed) -> tuple[str, ...]:
    return ("--cafile", str(authority.certificate), "--cert", str(own.certificate), "--key", str(own.key))


def test_h26_revoked_certificate_is_good_for_nothing(
    database_url: str, certificate_broker: Shipped, authority: Authority, connect: Connect
) -> None:
    """Where a certificate alone lets a device in, it is its common name, and once revoked may not do anything."""
    enter(database_url, "kit-1", "kit-2")
    own, kit = authority.sign("ingest"), authority.client(authority.sign("kit-1"))
    change(database_url, "update device set secret_sha256 = %s", bytes(32))  # no secret that anybody could know
    settings = settings_for(
        certificate_broker, database_url=database_url, broker_ca=authority.certificate,
        broker_cert=own.certificate, broker_key=own.key, broker_provision="dynsec", device_key=KEY,
    )  # fmt: skip

    async def story() -> None:
        keeper = BrokerKeeper(settings, address_of(settings))
        running = asyncio.create_task(keeper.run())
        await _settled(keeper, 0)
        device = await asyncio.to_thread(connect, certificate_broker.port, None, tls=kit)
        assert await asyncio.to_thread(device.publish, topic("kit-1", Leaf.VITALS), b"own") is True
        foreign = await asyncio.to_thread(connect, certificate_broker.port, "kit-2", tls=kit)
        assert await asyncio.to_thread(foreign.publish, topic("kit-2", Leaf.VITALS), b"foreign") is False

        rounds = keeper.settled
        await asyncio.to_thread(change, database_url, "update device set revoked_at = now() where device_id = 'kit-1'")
        await _settled(keeper, rounds)
        assert await asyncio.to_thread(until, lambda: device.gone)
        again = await asyncio.to_thread(connect, certificate_broker.port, None, tls=kit)
        assert await asyncio.to_thread(again.publish, topic("kit-1", Leaf.VITALS), b"own") is False
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(story())


async def _settled(keeper: BrokerKeeper, rounds: int) -> None:
    async with asyncio.timeout(30):
        while keeper.settled <= rounds:
            await asyncio.sleep(0.01)


def test_simulated_device_speaks_tls(tls_broker: Shipped, authority: Authority, connect: Connect) -> None:
    """A simulated device connects to a broker whose authority it is told."""
    tls_broker_accounts(tls_broker, authority, "hv-1")
    url = f"mqtts://127.0.0.1:{tls_broker.port}"
    heard = connect(tls_broker.port, "hv-1", tls=authority.client())
    heard.subscribe(topic("hv-1", Leaf.STATUS))
    line = Line(Platform(url=url, ca=authority.certificate), "hv-1", "secret-hv-1")
    line.switch_on(80)
    try:
        assert until(lambda: heard.received)
    finally:
        line.switch_off()


def test_unusable_files_are_named(tmp_path: Path, authority: Authority) -> None:
    """A certificate that cannot be read, and one without its key, are faults at the start, by their variables."""
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    one, other = authority.sign("one"), authority.sign("other")
    url = "mqtts://127.0.0.1:1"
    assert urlsplit(url).scheme == "mqtts"

    with pytest.raises(ConfigError, match="HEMVAKT_BROKER_CA: no certificates"):
        address_of(Settings(mqtt_url=url, broker_ca=empty))
    with pytest.raises(ConfigError, match="HEMVAKT_BROKER_CERT, HEMVAKT_BROKER_KEY: not a certificate and its key"):
        address_of(Settings(mqtt_url=url, broker_cert=one.certificate, broker_key=other.key))
