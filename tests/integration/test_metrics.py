"""`/metrics` on a real store: what it tells, whom it tells it, and that a slow or full platform is told to somebody."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import httpx
import pytest

from alerting import selfcheck
from api.app import create_app
from ingest import service as ingest_service
from tests.fix_api import House, Served, alarm, hear, measure, serving
from tests.fix_ward import Ward
from tests.unit.test_figures import read
from tests.writer_bench import Bench, a_reading
from ward.clock import FakeClock, SystemClock
from ward.figures import counter, pack
from ward.guard import LATEST, WATCHED, Part
from ward.settings import Settings
from ward.store import embedded, figures, heartbeats, registry
from ward.store.pool import Connection, Pool, connect, pool
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
TOKEN = "figures-" + 32 * "x"
Story = Callable[[Served, httpx.AsyncClient], Awaitable[None]]


def play(house: House, story: Story) -> None:
    """Play a story on a served house."""

    async def whole() -> None:
        async with serving(house.database_url) as served, served.logged_in("anna") as client:
            await story(served, client)

    asyncio.run(whole())


async def told(client: httpx.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The figures, without whose process they are."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (name, frozenset(each for each in labels if each[0] != "process")): value
        for (name, labels), value in read(answer.content).items()
    }


def test_board_counts_how_long_a_reading_and_an_alert_took(house: House) -> None:
    """What has gone out to a socket is in the figures: the reading from its arrival, the alert from its opening."""

    async def story(served: Served, client: httpx.AsyncClient) -> None:
        async with served.live(client) as socket:
            await hear(socket)
            await measure(house, house.ward.beds[0], VitalKind.SPO2, 84)
            await alarm(house, house.ward.beds[0])
            heard = {(await hear(socket))["type"] for _ in range(2)}
            found = await told(client)

        assert heard == {"vitals", "alert"}
        api = ("service", "api")
        assert found["hemvakt_reading_shown_seconds_count", frozenset({api, ("since", "received")})] == 1
        assert found["hemvakt_alert_shown_seconds_count", frozenset({api, ("since", "opened")})] == 1
        assert 0 < found["hemvakt_alert_shown_seconds_sum", frozenset({api, ("since", "opened")})] < 60
        assert found["hemvakt_socket_write_seconds_count", frozenset({api})] >= 2
        assert found["hemvakt_sockets_open", frozenset({api})] == 1
        assert found["hemvakt_alerts_open", frozenset({("priority", "high"), ("state", "open")})] == 1

    play(house, story)


def test_requests_are_counted_by_template(house: House) -> None:
    """A patient's id is in a path and in no figure."""

    async def story(_served: Served, client: httpx.AsyncClient) -> None:
        await client.get("/api/patients/987654")
        answer = await client.get("/metrics")

        labels = {("service", "api"), ("method", "GET"), ("route", "/api/patients/{patient_id}"), ("status", "4xx")}
        assert (await told(client))["hemvakt_http_requests_total", frozenset(labels)] == 1
        assert "987654" not in " ".join(re.findall(r'"([^"]*)"', answer.text))  # among the digits of a number it may be

    play(house, story)


def test_any_api_tells_of_every_process(house: House) -> None:
    """What another process has told is there under its name, until it has been silent for long."""

    async def tell(conn: Connection, name: str, age: timedelta) -> None:
        families = pack([counter("ingest_messages", "Messages", [({"process": name}, 5)])])
        await figures.tell(conn, "ingest", name, SystemClock().now() - age, families)

    async def story(_served: Served, client: httpx.AsyncClient) -> None:
        async with await connect(house.database_url, "test") as conn:
            await tell(conn, "old", figures.SILENT_AFTER)
            await tell(conn, "here", timedelta(0))
            await figures.tell(conn, "ingest", "unreadable", SystemClock().now(), b"[[1]]")
        text = (await client.get("/metrics")).text

        assert 'hemvakt_ingest_messages_total{process="here"} 5.0' in text
        assert 'process="old"' not in text
        assert "hemvakt_store_up 1.0" in text

    play(house, story)


def test_h22_without_a_store_the_figures_say_so() -> None:
    """The scrape does not fail with the store: it says that the store is gone, and how this process is."""

    async def whole() -> bytes:
        gone = f"postgresql://x@127.0.0.1:{embedded.free_port()}/x"
        async with serving(gone) as served, served.client() as client:
            return (await client.get("/metrics", timeout=20)).content

    found = {name: value for (name, _), value in read(asyncio.run(whole())).items()}
    assert found["hemvakt_store_up"] == 0
    assert found["process_resident_memory_bytes"] > 0
    assert "hemvakt_evaluation_lag_seconds" not in found


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 401),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 401),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 401),
        ("192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7", "Authorization": f"Bearer {TOKEN}"}, 200),
        ("192.0.2.7", {"Authorization": "Bearer wrong"}, 401),
        ("127.0.0.1", {"Authorization": "Bearer wrong"}, 401),
        ("192.0.2.7", {"Authorization": "Bearer "}, 401),
    ],
)
def test_figures_are_for_this_machine_and_for_who_has_the_token(
    address: str, headers: dict[str, str], status: int
) -> None:
    """Who comes from elsewhere, by a proxy or not, needs the token."""

    async def ask() -> int:
        app = create_app(Settings(database_url="postgresql://127.0.0.1:1/x", metrics_token=TOKEN))
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return (await client.get("/metrics", headers=headers)).status_code

    assert asyncio.run(ask()) == status


class _Door:
    """A door that works."""

    working = True


async def _beat_once(database_url: str, bench: Bench, store: Pool, clock: FakeClock) -> None:
    """Let ingest beat until its sign of life has been written."""
    before = await _beats(database_url)
    beating = asyncio.create_task(ingest_service._beat(store, _Door(), bench.writer, bench.inbox, clock))
    async with asyncio.timeout(20):
        while await _beats(database_url) == before:
            await asyncio.sleep(0.01)
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating


async def _beats(database_url: str) -> datetime | None:
    async with await connect(database_url, "test") as conn:
        asked = "select max(beat_at) from service_heartbeat where service = 'ingest'"
        row = await (await conn.execute(asked)).fetchone()
        return row[0] if row else None


def test_h22_readings_that_cannot_be_stored_in_time_are_told(house: House) -> None:
    """While the store makes ingest wait for a minute, readiness says so and the operator is told; then all is well."""
    ward: Ward = house.ward
    clock = FakeClock(SystemClock().now())
    said: list[str] = []

    async def look(watch: selfcheck.Watch) -> dict[Part, str]:
        async with await connect(ward.database_url, "test") as conn:
            for service in ("alerting", "api"):
                await heartbeats.beat(conn, service, "test", clock.now(), {})
        strains = await selfcheck.strained(watch.store, clock)
        await watch._tell_strains(strains)
        return strains

    async def whole() -> None:
        bench = Bench(ward.database_url)
        writing = asyncio.create_task(bench.writer.run())
        async with pool(ward.database_url, "test", size=2) as store:
            watch = selfcheck.Watch(
                store=store, clock=clock, every=timedelta(minutes=5), alarm=said.append, signal=lambda: None
            )
            async with await connect(ward.database_url, "test") as slow:
                await registry.freeze(slow)
                bench.put(f"hemvakt/1/{ward.beds[0].device_id}/vitals", a_reading(), received_at=clock.now())
                clock.advance(LATEST + timedelta(seconds=5))
                await _beat_once(ward.database_url, bench, store, clock)
                late = [await look(watch), await look(watch)]
                async with serving(ward.database_url, clock) as served, served.client() as client:
                    ready = await client.get("/readyz")
            await bench.settled()
            clock.advance(timedelta(seconds=1))
            await _beat_once(ward.database_url, bench, store, clock)
            well = await look(watch)
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing

        assert [set(each) for each in late] == [{Part.INGEST}, {Part.INGEST}]
        assert said == [late[0][Part.INGEST]]
        assert ready.status_code == 503
        assert ready.json()["checks"]["ingest_lag"] == "readings wait for the store for 65 s"
        assert Part.INGEST not in well

    asyncio.run(whole())


def test_services_that_are_silent_strain_the_platform(ward: Ward) -> None:
    """A platform on which no service has ever been heard is not one to rely on."""

    async def whole() -> dict[Part, str]:
        async with pool(ward.database_url, "test", size=1) as store:
            return await selfcheck.strained(store, SystemClock())

    assert asyncio.run(whole()) == {Part(name): f"no sign of life of {name}" for name in WATCHED}


@pytest.mark.parametrize("silent", ["ingest", "api"])
def test_h36_dead_man_signal_stops_with_a_silent_service(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    """While one service is silent the outside watcher hears nothing, though the synthetic alert comes through."""
    given: list[str] = []
    clock = SystemClock()

    class Enough(BaseException):
        """The loop has gone round once."""

    async def once(_seconds: float) -> None:
        raise Enough

    async def look(store: Pool, silent_for: timedelta) -> int:
        async with await connect(ward.database_url, "test") as conn:
            for service in WATCHED:
                age = silent_for if service == silent else timedelta(0)
                await heartbeats.beat(conn, service, "test", clock.now() - age, {})
        watch = selfcheck.Watch(
            store=store,
            clock=clock,
            every=timedelta(minutes=5),
            alarm=lambda _: None,
            signal=lambda: given.append("well"),
        )
        with pytest.raises(Enough):
            await watch.signals()
        return len(given)

    async def whole() -> tuple[int, int]:
        async with pool(ward.database_url, "test", size=1) as store:
            async with await connect(ward.database_url, "test") as conn:
                now = clock.now()
                await conn.execute(
                    "insert into selfcheck (stay_id, started_at, ended_at) values (%s, %s, %s)",
                    (ward.beds[0].stay_id, now, now),
                )
            return await look(store, timedelta(seconds=70)), await look(store, timedelta(0))

    monkeypatch.setattr("alerting.selfcheck.asyncio.sleep", once)
    assert asyncio.run(whole()) == (0, 1)
