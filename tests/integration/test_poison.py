"""What must not stop ingest for everybody: one poisonous message, one odd row, a store that lacks something."""

import asyncio

import psycopg
import pytest
import structlog

from ingest import service, validate
from ingest.delivery import Delivery
from ingest.registry_watch import RegistryWatch
from tests.fix_ward import Ward
from tests.writer_bench import Bench, a_reading, rows, run
from ward.clock import SystemClock
from ward.people import Device
from ward.store.pool import pool


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 200_000,
        b'{"kind":"spo2","value":' + b"9" * 400 + b',"measured_at":1795255200000}',
        b'{"online":true,"firmware":"a\\u0000b"}',
        b'{"online":true,"firmware":"\\ud800"}',
    ],
)
@pytest.mark.parametrize("leaf", ["vitals", "status"])
def test_h01_poison_of_one_device_stops_nobody_else(ward: Ward, leaf: str, payload: bytes) -> None:
    """A message that breaks decoder or store is quarantined alone, and its neighbours of the batch are stored."""

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", a_reading(96))
        bench.put(f"hemvakt/1/hv-2/{leaf}", payload)
        bench.put("hemvakt/1/hv-3/vitals", a_reading(95))
        await bench.settled()

    bench = run(ward.database_url, story)

    assert len(bench.door.acknowledged) == 3
    assert rows(ward.database_url, "select value from reading order by 1") == [(95.0,), (96.0,)]
    assert rows(ward.database_url, "select device_id from quarantine") == [("hv-2",)]


def test_h01_message_that_nobody_thought_of_is_quarantined_alone(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of our own in sorting one message costs that message, kept in the quarantine, and no other."""
    sort = validate.sort

    def faulty(deliveries: list[Delivery], devices: dict[str, Device]) -> validate.Sorted:
        if any(each.topic == "hemvakt/1/hv-2/vitals" for each in deliveries):
            raise OverflowError("half of \ud800")
        return sort(deliveries, devices)

    monkeypatch.setattr(validate, "sort", faulty)

    async def story(bench: Bench) -> None:
        for number in (1, 2, 3):
            bench.put(f"hemvakt/1/hv-{number}/vitals", a_reading(96))
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select count(*) from reading") == [(2,)]
    assert rows(ward.database_url, "select device_id, reason from quarantine") == [("hv-2", "malformed")]


def test_h01_made_up_topics_do_not_fill_the_memory(ward: Ward) -> None:
    """Topics of 60 kB, each another, are refused like any other and not remembered."""

    async def story(bench: Bench) -> None:
        for number in range(3):
            bench.put(f"hemvakt/1/hv-1/{number}{'x' * 60_000}", a_reading(96))
        await bench.settled()

    before = validate._remembered.cache_info().currsize
    run(ward.database_url, story)

    assert rows(ward.database_url, "select reason, max(length(topic)) from quarantine group by 1") == [
        ("bad_topic", 1000)
    ]
    assert validate._remembered.cache_info().currsize == before


@pytest.mark.parametrize("until", ["infinity", "20000-01-01"])
def test_h01_binding_beyond_the_calendar_harms_no_reading(ward: Ward, until: str) -> None:
    """One binding that was entered as lasting to `infinity` lasts, and every device can still be read."""
    with psycopg.connect(ward.database_url) as conn:
        conn.execute("update binding set period = tstzrange(lower(period), %s) where device_no = 1", (until,))
        conn.execute("update stay set period = tstzrange(lower(period), %s) where stay_id = 1", (until,))

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", a_reading(96))
        bench.put("hemvakt/1/hv-2/vitals", a_reading(95))
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select value from reading order by 1") == [(95.0,), (96.0,)]


def test_h01_fault_of_the_store_is_never_laid_on_the_messages(ward: Ward) -> None:
    """While the store lacks what storing needs, all is held and nothing quarantined; then all is stored."""

    async def story(bench: Bench) -> None:
        with psycopg.connect(ward.database_url, autocommit=True) as conn:
            conn.execute("alter table registry_version rename to elsewhere")
            bench.put("hemvakt/1/hv-1/vitals", a_reading(96))
            await bench.until(lambda: bench.writer.counters.store_down_since is not None)
            conn.execute("alter table elsewhere rename to registry_version")
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select value from reading") == [(96.0,)]
    assert rows(ward.database_url, "select count(*) from quarantine") == [(0,)]


def test_h22_lock_that_somebody_forgot_is_noticed(ward: Ward) -> None:
    """Somebody's open transaction on a device holds ingest up, which says so, and stores all once it is gone."""

    async def story(bench: Bench) -> None:
        with psycopg.connect(ward.database_url) as forgotten:
            forgotten.execute("update device set model = 'x' where device_no = 2")
            bench.put("hemvakt/1/hv-1/vitals", a_reading(96))
            await bench.until(lambda: bench.writer.counters.store_down_since is not None)
            assert not bench.door.acknowledged
            forgotten.rollback()
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select value from reading") == [(96.0,)]


class ADoor:
    """A door that is open or shut."""

    def __init__(self, *, working: bool) -> None:
        self.working = working


def test_h01_ingest_that_nobody_can_reach_shows_no_sign_of_life(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the broker is away the heartbeats stop; they go on when it is back."""
    monkeypatch.setattr(service, "_BEAT_S", 0.02)
    monkeypatch.setattr(service, "_STUCK_S", 0.1)

    async def story() -> None:
        bench, door = Bench(ward.database_url), ADoor(working=False)
        async with pool(ward.database_url, "test", size=1) as side:
            beating = asyncio.create_task(service._beat(side, door, bench.writer, bench.inbox, SystemClock()))
            with structlog.testing.capture_logs() as lines:
                await bench.until(lambda: len(lines) > 3)
            assert {line["event"] for line in lines} == {"ingest_stuck"}
            before = rows(ward.database_url, "select beat_at from service_heartbeat")
            door.working = True
            await bench.until(lambda: rows(ward.database_url, "select beat_at from service_heartbeat") != before)
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    asyncio.run(story())


def test_h01_ingest_that_cannot_store_shows_no_sign_of_life(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a delivery waits and none is committed the heartbeats stop; they go on when it is stored."""
    monkeypatch.setattr(service, "_BEAT_S", 0.02)
    monkeypatch.setattr(service, "_STUCK_S", 0.1)
    beats = "select count(*) from service_heartbeat where service = 'ingest' and (detail->>'held')::int = {}"

    async def story() -> None:
        bench = Bench(ward.database_url)
        bench.put("hemvakt/1/hv-1/vitals", a_reading(96))
        async with pool(ward.database_url, "test", size=1) as side:
            beating = asyncio.create_task(
                service._beat(side, ADoor(working=True), bench.writer, bench.inbox, SystemClock())
            )
            with structlog.testing.capture_logs() as lines:
                await bench.until(lambda: any(line["event"] == "ingest_stuck" for line in lines))
            before = rows(ward.database_url, "select beat_at from service_heartbeat")
            with structlog.testing.capture_logs() as lines:
                await bench.until(lambda: len(lines) > 3)
            assert rows(ward.database_url, "select beat_at from service_heartbeat") == before
            writing = asyncio.create_task(bench.writer.run())
            await bench.until(lambda: rows(ward.database_url, beats.format(0)) == [(1,)])
            for task in (beating, writing):
                task.cancel()
            await asyncio.gather(beating, writing, return_exceptions=True)

    asyncio.run(story())


def test_ingest_stops_when_asked_before_the_store_has_answered() -> None:
    """SIGTERM ends a process that still waits for its store."""

    async def story() -> bool:
        watch, stopping = RegistryWatch("postgresql://127.0.0.1:1/none"), asyncio.Event()
        following = asyncio.create_task(watch.run())
        asyncio.get_running_loop().call_later(0.05, stopping.set)
        async with asyncio.timeout(60):
            return await service._loaded(watch, following, stopping)

    assert asyncio.run(story()) is False
