"""The broker as the device table is: accounts and configurations, in a real mosquitto with its real plugin."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ingest import broker_file, broker_keeper
from ingest.broker_keeper import BrokerKeeper
from tests.broker_devices import KEY, change, device, digest, enter
from tests.broker_peer import Connect, Peer, until
from tests.fix_broker import Shipped
from ward.device_secrets import derive
from ward.errors import ConfigError
from ward.settings import Settings
from ward.wire import Leaf, topic

pytestmark = [pytest.mark.broker, pytest.mark.integration]

REVOKE = "update device set revoked_at = now() where device_id = %s"
CONFIGURE = "update device set config = %s where device_id = %s"


@asynccontextmanager
async def keeper(
    shipped: Shipped, database_url: str, *, key: str = KEY, provision: str = "dynsec"
) -> AsyncIterator[BrokerKeeper]:
    """Run a keeper, from its first complete round on."""
    settings = Settings(database_url=database_url, mqtt_url=shipped.url, device_key=key, broker_provision=provision)
    made = BrokerKeeper(settings, shipped.address)
    running = asyncio.create_task(made.run())
    try:
        await soon(lambda: made.settled > 0)
        yield made
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def soon(done: Callable[[], object]) -> None:
    """Wait until `done` says so, without holding the loop."""
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0.01)


async def play(connect: Connect, *args: object, **options: object) -> Peer:
    """Connect a peer, in another thread: the keeper runs on this one's loop."""
    return await asyncio.to_thread(connect, *args, **options)


def _more(kept: BrokerKeeper, rounds: int) -> bool:
    return kept.settled > rounds


def accounts(shipped: Shipped) -> dict[str, dict[str, Any]]:
    """Return the accounts as the broker has written them to its disk."""
    kept: dict[str, list[dict[str, Any]]] = {}

    def whole() -> bool:
        """Say whether the file is whole: the broker writes it in place, and a reader may meet an empty or half one."""
        with suppress(json.JSONDecodeError):
            kept.update(json.loads((shipped.folder / "dynamic-security.json").read_text(encoding="utf-8")))
        return bool(kept)

    assert until(whole)
    return {client["username"]: client for client in kept["clients"]}


def test_device_of_the_table_connects_and_reaches_its_own_topics_only(
    database_url: str, shipped: Shipped, connect: Connect
) -> None:
    """A device that is provisioned may connect with its secret and with no other, and hears and says its own."""
    enter(database_url, "kit-1", "kit-2", config='{"every_s": 5}')

    async def story() -> None:
        async with keeper(shipped, database_url):
            kit = await play(connect, shipped.port, "kit-1", derive(KEY, "kit-1", 1))
            wrong = await play(connect, shipped.port, "kit-1", derive(KEY, "kit-2", 1))
            other = await play(connect, shipped.port, "kit-2", derive(KEY, "kit-2", 1))
            await asyncio.to_thread(kit.subscribe, "#")

            assert wrong.refused is True
            assert await asyncio.to_thread(kit.publish, topic("kit-1", Leaf.VITALS), b"own") is True
            assert await asyncio.to_thread(other.publish, topic("kit-1", Leaf.VITALS), b"foreign") is False
            assert await asyncio.to_thread(until, lambda: len(kit.heard) == 2)
            assert kit.heard == [
                (topic("kit-1", Leaf.CONFIG), b'{"every_s": 5}'),
                (topic("kit-1", Leaf.VITALS), b"own"),
            ]

    asyncio.run(story())


def test_each_of_two_brokers_of_a_store_has_a_keeper(database_url: str, shipped: Shipped, tmp_path: Path) -> None:
    """Where half of the devices are at another broker, both know every account: a device may come in at either."""
    (tmp_path / "other").mkdir()
    other = Shipped(tmp_path / "other")
    other.start()
    enter(database_url, "kit-1", "kit-2")

    async def story() -> None:
        async with keeper(shipped, database_url) as here, keeper(other, database_url) as there:
            before = here.settled, there.settled
            await asyncio.to_thread(change, database_url, REVOKE, "kit-1")
            await soon(lambda: here.settled > before[0] and there.settled > before[1])

            for each in (shipped, other):
                found = accounts(each)
                assert (found["kit-1"].get("disabled"), found["kit-2"].get("disabled")) == (True, None)

    try:
        asyncio.run(story())
    finally:
        other.stop()


def test_plugin_as_it_comes_is_told_to_leave_reading_to_the_access_list(
    database_url: str, shipped: Shipped, connect: Connect
) -> None:
    """Where an operator has only initialised the plugin, a device still does not hear what others say."""
    shipped.stop()
    kept = shipped.folder / "dynamic-security.json"
    kept.write_text(kept.read_text().replace('"publishClientReceive": false', '"publishClientReceive": true'))
    shipped.start()
    enter(database_url, "kit-1", "kit-2")

    async def story() -> None:
        async with keeper(shipped, database_url):
            kit = await play(connect, shipped.port, "kit-1", derive(KEY, "kit-1", 1))
            other = await play(connect, shipped.port, "kit-2", derive(KEY, "kit-2", 1))
            await asyncio.to_thread(kit.subscribe, "hemvakt/1/+/vitals")
            await asyncio.to_thread(other.publish, topic("kit-2", Leaf.VITALS), b"theirs")
            await asyncio.to_thread(kit.publish, topic("kit-1", Leaf.VITALS), b"own")

            assert await asyncio.to_thread(until, lambda: kit.heard)
            assert kit.heard == [(topic("kit-1", Leaf.VITALS), b"own")]

    asyncio.run(story())


def test_h26_revoked_device_is_disconnected_at_once(
    database_url: str, shipped: Shipped, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revoking ends the connection, by what the store tells, and every later one, also at a broker that starts anew."""
    monkeypatch.setattr(broker_keeper, "_SWEEP_S", 3600.0)
    enter(database_url, "kit-1")
    secret = derive(KEY, "kit-1", 1)

    async def story() -> None:
        async with keeper(shipped, database_url) as kept:
            kit = await play(connect, shipped.port, "kit-1", secret)
            rounds = kept.settled
            await asyncio.to_thread(change, database_url, REVOKE, "kit-1")
            await soon(lambda: kit.gone)
            await soon(lambda: kept.settled > rounds)

            assert (await play(connect, shipped.port, "kit-1", secret)).refused is True
            assert accounts(shipped)["kit-1"]["disabled"] is True

    asyncio.run(story())


def test_revoked_device_that_comes_back(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """A device that is found again, and no longer revoked, connects with its secret as before."""
    enter(database_url, "kit-1")
    change(database_url, REVOKE, "kit-1")

    async def story() -> None:
        async with keeper(shipped, database_url) as kept:
            rounds = kept.settled
            await asyncio.to_thread(change, database_url, "update device set revoked_at = null")
            await soon(lambda: kept.settled > rounds)
            kit = await play(connect, shipped.port, "kit-1", derive(KEY, "kit-1", 1))

            assert await asyncio.to_thread(kit.publish, topic("kit-1", Leaf.VITALS), b"own") is True

    asyncio.run(story())


def test_new_secret_ends_the_old_one(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """A device with a new secret is disconnected, and from then on the old secret is refused."""
    enter(database_url, "kit-1")
    old, new = derive(KEY, "kit-1", 1), derive(KEY, "kit-1", 2)

    async def story() -> None:
        async with keeper(shipped, database_url):
            kit = await play(connect, shipped.port, "kit-1", old)
            await asyncio.to_thread(change, database_url, "update device set secret_sha256 = %s", digest(new))
            await soon(lambda: kit.gone)

            assert (await play(connect, shipped.port, "kit-1", old)).refused is True
            assert (await play(connect, shipped.port, "kit-1", new)).refused is False

    asyncio.run(story())


def test_secret_that_nobody_can_tell_the_broker(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """An account that a person made for a device with a drawn secret works, until the device is revoked."""
    enter(database_url, "kit-1")
    change(database_url, "update device set secret_sha256 = %s", digest("drawn"))
    shipped.add("kit-1", "drawn")

    async def story() -> None:
        async with keeper(shipped, database_url):
            kit = await play(connect, shipped.port, "kit-1", "drawn")
            assert kit.refused is False
            await asyncio.to_thread(change, database_url, REVOKE, "kit-1")
            await soon(lambda: kit.gone)
            assert (await play(connect, shipped.port, "kit-1", "drawn")).refused is True

    asyncio.run(story())


def test_account_of_ingest_cannot_be_closed(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """A revoked device that is called `ingest` does not lock ingest out."""
    enter(database_url, "ingest", "kit-1")
    change(database_url, REVOKE, "ingest")

    async def story() -> None:
        async with keeper(shipped, database_url):
            assert (await play(connect, shipped.port, "ingest")).refused is False
            assert (await play(connect, shipped.port, "kit-1", derive(KEY, "kit-1", 1))).refused is False

    asyncio.run(story())
    assert "disabled" not in accounts(shipped)["ingest"]


def test_broker_that_lost_its_accounts_gets_them_again(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """After a broker has come back with nothing, every device connects again with the secret that it has."""
    names = [f"kit-{number}" for number in range(30)]
    enter(database_url, *names)

    async def story() -> None:
        async with keeper(shipped, database_url) as kept:
            assert set(accounts(shipped)) == {*names, "ingest"}
            rounds = kept.settled
            shipped.kill()
            shipped.forget_accounts()
            (shipped.folder / "mosquitto.db").unlink(missing_ok=True)
            await asyncio.to_thread(shipped.start)
            await soon(lambda: kept.settled > rounds)

            kit = await play(connect, shipped.port, "kit-7", derive(KEY, "kit-7", 1))
            await asyncio.to_thread(kit.subscribe, topic("kit-7", Leaf.CONFIG))
            assert await asyncio.to_thread(until, lambda: kit.heard == [(topic("kit-7", Leaf.CONFIG), b"{}")])

    asyncio.run(story())
    assert set(accounts(shipped)) == {*names, "ingest"}


def test_what_changed_while_no_ingest_ran(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """A keeper that starts makes up for what was added, revoked and configured meanwhile, and for that only."""
    enter(database_url, "kit-1", "kit-2")

    async def once() -> None:
        async with keeper(shipped, database_url):
            pass

    asyncio.run(once())
    before = accounts(shipped)
    enter(database_url, "kit-3")
    change(database_url, REVOKE, "kit-2")
    asyncio.run(once())
    found = accounts(shipped)

    assert set(found) == {"ingest", "kit-1", "kit-2", "kit-3"}
    assert found["kit-1"] == before["kit-1"]
    assert found["kit-2"]["disabled"] is True
    assert connect(shipped.port, "kit-3", derive(KEY, "kit-3", 1)).refused is False


def test_configuration_is_retained_and_follows_the_table(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """A device gets its configuration when it subscribes and each change at once; others get nothing again."""
    enter(database_url, "kit-1", "kit-2", config='{"every_s": 5}')

    async def story() -> list[tuple[str, bytes, bool]]:
        async with keeper(shipped, database_url) as kept:
            kit = await play(connect, shipped.port, "kit-1", derive(KEY, "kit-1", 1))
            other = await play(connect, shipped.port, "kit-2", derive(KEY, "kit-2", 1))
            await asyncio.to_thread(kit.subscribe, topic("kit-1", Leaf.CONFIG))
            await asyncio.to_thread(other.subscribe, topic("kit-2", Leaf.CONFIG))
            for every_s, name in ((10, "kit-1"), (20, "kit-1"), (30, "kit-2")):
                rounds = kept.settled
                await asyncio.to_thread(change, database_url, CONFIGURE, f'{{"every_s": {every_s}}}', name)
                await soon(partial(_more, kept, rounds))
            await soon(lambda: len(kit.received) == 3 and len(other.received) == 2)
            return [(each.topic, bytes(each.payload), each.retain) for each in kit.received]

    assert asyncio.run(story()) == [
        (topic("kit-1", Leaf.CONFIG), b'{"every_s": 5}', True),
        (topic("kit-1", Leaf.CONFIG), b'{"every_s": 10}', False),
        (topic("kit-1", Leaf.CONFIG), b'{"every_s": 20}', False),
    ]


def test_configuration_of_a_revoked_device_is_taken_back(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """Nothing about a device that is revoked stays in the broker, also when nobody provisions there."""
    shipped.add("kit-1")
    enter(database_url, "kit-1", config='{"every_s": 5}')

    async def story() -> list[bytes]:
        async with keeper(shipped, database_url, provision="none") as kept:
            before = await play(connect, shipped.port, "kit-1")
            await asyncio.to_thread(before.subscribe, topic("kit-1", Leaf.CONFIG))
            await soon(lambda: before.received)
            rounds = kept.settled
            await asyncio.to_thread(change, database_url, REVOKE, "kit-1")
            await soon(lambda: kept.settled > rounds)
            later = await play(connect, shipped.port, "kit-1")
            await asyncio.to_thread(later.subscribe, "hemvakt/1/kit-1/#")
            await asyncio.to_thread(later.publish, topic("kit-1", Leaf.VITALS), b"only this")
            await soon(lambda: later.received)
            return [payload for _, payload in later.heard]

    assert asyncio.run(story()) == [b"only this"]


def test_one_of_two_ingests_keeps_the_broker_and_the_other_takes_over(
    database_url: str, shipped: Shipped, connect: Connect
) -> None:
    """Two workers do not both tell the broker everything; when the one that does ends, the other goes on."""
    enter(database_url, "kit-1")

    async def story() -> None:
        async with keeper(shipped, database_url):
            settings = Settings(
                database_url=database_url, mqtt_url=shipped.url, device_key=KEY, broker_provision="dynsec", instance="2"
            )
            second = BrokerKeeper(settings, shipped.address)
            waiting = asyncio.create_task(second.run())
            await asyncio.to_thread(enter, database_url, "kit-2")
            await soon(lambda: "kit-2" in accounts(shipped))
            assert second.settled == 0
        await soon(lambda: second.settled > 0)
        await asyncio.to_thread(enter, database_url, "kit-3")
        await soon(lambda: "kit-3" in accounts(shipped))
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting

    asyncio.run(story())
    assert device("kit-3").device_id in accounts(shipped)


def test_file_that_was_filled_before_the_broker_started(database_url: str, shipped: Shipped, connect: Connect) -> None:
    """Accounts written into the file work, the file leaves reading to the access list, and nothing is left to do."""
    enter(database_url, "kit-1", "kit-2")
    change(database_url, REVOKE, "kit-2")
    shipped.stop()
    file = shipped.folder / "dynamic-security.json"
    file.write_text(file.read_text().replace('"publishClientReceive": false', '"publishClientReceive": true'))
    settings = Settings(database_url=database_url, device_key=KEY)

    wants = asyncio.run(broker_file.wanted(settings))
    assert broker_file.add(file, wants) == 1
    assert broker_file.add(file, wants) == 0
    before = accounts(shipped)
    shipped.start()
    kit = connect(shipped.port, "kit-1", derive(KEY, "kit-1", 1))
    kit.subscribe("hemvakt/1/#")
    shipped.add("other")
    assert connect(shipped.port, "other").publish(topic("other", Leaf.VITALS), b"theirs") is True
    assert kit.publish(topic("kit-1", Leaf.VITALS), b"own") is True
    assert until(lambda: kit.heard)
    assert kit.heard == [(topic("kit-1", Leaf.VITALS), b"own")]

    async def once() -> None:
        async with keeper(shipped, database_url):
            pass

    asyncio.run(once())
    assert accounts(shipped)["kit-1"] == before["kit-1"] | {"iterations": 101}


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"clients": [{}]}'])
def test_file_of_something_else_is_left_alone(content: bytes) -> None:
    """A file that is none of the plugin's is refused."""
    with pytest.raises(ConfigError, match="dynsec init"):
        broker_file.filled(content, [])
