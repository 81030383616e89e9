"""The ingest pipeline behind the doors, on a real PostgreSQL: what is stored, refused, acknowledged, and when."""

import random
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.fix_ward import Ward
from tests.writer_bench import Bench, a_reading, rows, run
from ward.clock import SystemClock
from ward.store import samples
from ward.store.pool import connect
from ward.vitals import Validity


def test_accepted_reading_is_stored_then_acknowledged(ward: Ward) -> None:
    """A reading ends in the store under its stay, as the newest, with an evaluation asked for."""
    bed = ward.beds[0]

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", a_reading(96, quality=0.97))
        await bench.settled()

    bench = run(ward.database_url, story)

    assert len(bench.door.acknowledged) == 1
    assert rows(ward.database_url, "select stay_id, kind, value, quality from reading") == [(bed.stay_id, 3, 96.0, 97)]
    assert rows(ward.database_url, "select stay_id, value from latest_reading") == [(bed.stay_id, 96.0)]
    assert rows(ward.database_url, "select stay_id from evaluation_request") == [(bed.stay_id,)]


def test_bad_reading_never_stops_its_neighbours(ward: Ward) -> None:
    """Of an array the good are stored, and each bad one is quarantined, answered and counted."""

    async def story(bench: Bench) -> None:
        good = a_reading(96)
        bench.put(
            "hemvakt/1/hv-1/vitals", [good, a_reading(20), {"kind": "spo2"}, a_reading(True), a_reading(37, kind="x")]
        )
        await bench.settled()

    bench = run(ward.database_url, story)

    assert rows(ward.database_url, "select value from reading where validity = 0") == [(96.0,)]
    refused = rows(ward.database_url, "select item_index, reason, device_id from quarantine order by item_index")
    assert refused == [
        (1, "implausible", "hv-1"),
        (2, "bad_field", "hv-1"),
        (3, "bad_field", "hv-1"),
        (4, "unknown_kind", "hv-1"),
    ]
    assert [topic for topic, _, _ in bench.door.published] == ["hemvakt/1/hv-1/rejects"] * 4
    assert bench.writer.counters.rejected == {"implausible": 1, "bad_field": 2, "unknown_kind": 1}


def test_h17_implausible_reading_is_refused_and_kept_to_be_checked(ward: Ward) -> None:
    """An implausible value is quarantined and answered, and also kept, marked as such, where the team sees it."""

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", [a_reading(20), a_reading(98.6, kind="temperature", unit="Cel")])
        await bench.settled()

    bench = run(ward.database_url, story)

    kept = rows(ward.database_url, "select kind, value, validity from latest_reading order by kind")
    assert kept == [(3, 20.0, Validity.UFLW), (4, 98.6, Validity.OFLW)]
    assert rows(ward.database_url, "select reason from quarantine") == [("implausible",)] * 2
    assert bench.writer.counters.rejected == {"implausible": 2}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", "malformed"),
        (b"", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b'{"kind":"spo2","value":NaN,"measured_at":1}', "malformed"),
        (a_reading(True), "bad_field"),
        (a_reading("96"), "bad_field"),
        (a_reading(96, unit="mmHg"), "wrong_unit"),
        (a_reading(96, ago_s=-36_000), "future"),
        (a_reading(96, ago_s=4 * 365 * 86400), "too_old"),
        (a_reading(96, ago_s=3 * 86400), "no_binding"),
        ([a_reading(96)] * 1001, "too_many"),
        (b"[" + b" " * (10 << 20) + b"]", "too_large"),
    ],
)
def test_unusable_message_is_quarantined_with_its_reason(ward: Ward, payload: object, reason: str) -> None:
    """Whatever is wrong with a message, it is kept with the reason, answered, counted and acknowledged."""

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", payload)
        await bench.settled()

    bench = run(ward.database_url, story)

    assert rows(ward.database_url, "select reason from quarantine") == [(reason,)]
    assert bench.door.published[0][1]["reason"] == reason
    assert bench.writer.counters.rejected == {reason: 1}
    assert len(bench.door.acknowledged) == 1
    assert rows(ward.database_url, "select count(*) from reading") == [(0,)]


@pytest.mark.parametrize(
    ("topic", "identity", "reason"),
    [
        ("hemvakt/1/hv-99/vitals", None, "unknown_device"),
        ("hemvakt/1/hv-2/vitals", "hv-1", "foreign_topic"),
        ("hemvakt/2/hv-1/vitals", "hv-1", "unsupported"),
        ("hemvakt/1/hv-1/config", "hv-1", "unsupported"),
        ("hemvakt/1/hv-1/waveform", "hv-1", "malformed"),
        ("hemvakt/1/hv-1/nonsense", "hv-1", "bad_topic"),
        ("something/else", None, "bad_topic"),
    ],
)
def test_h26_message_on_a_wrong_topic_reaches_nobody(ward: Ward, topic: str, identity: str | None, reason: str) -> None:
    """A message on a topic that is not the sender's, or none of ours, is quarantined."""

    async def story(bench: Bench) -> None:
        bench.put(topic, a_reading(96), identity=identity)
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select reason from quarantine") == [(reason,)]
    assert rows(ward.database_url, "select count(*) from reading") == [(0,)]


def test_h06_reading_belongs_to_who_wore_the_device_then(ward: Ward) -> None:
    """After a device changes homes, each reading goes to whoever wore it when it was measured."""
    moved = SystemClock().now() - timedelta(minutes=10)
    with psycopg.connect(ward.database_url) as conn:
        conn.execute("update binding set period = tstzrange(lower(period), %s) where device_no = %s", (moved, 1))
        conn.execute(
            "insert into binding (device_no, stay_id, period) values (1, %s, tstzrange(%s, null))",
            (ward.beds[1].stay_id, moved),
        )

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", [a_reading(91, ago_s=1200), a_reading(97, ago_s=60)])
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select stay_id, value from reading order by value") == [
        (ward.beds[0].stay_id, 91.0),
        (ward.beds[1].stay_id, 97.0),
    ]


def test_h06_binding_changed_while_ingest_runs_takes_effect_at_once(ward: Ward) -> None:
    """A batch sorted by old bindings is never committed after new ones."""
    moved = SystemClock().now() - timedelta(minutes=10)

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", a_reading(96, ago_s=1200))
        await bench.settled()
        conn = await connect(ward.database_url, "test")
        async with conn:
            await conn.execute("update binding set period = tstzrange(lower(period), %s) where device_no = 1", (moved,))
        bench.put("hemvakt/1/hv-1/vitals", a_reading(95, ago_s=30))
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select value from reading") == [(96.0,)]
    assert rows(ward.database_url, "select reason from quarantine") == [("no_binding",)]


def test_h19_any_order_and_repeats_give_the_same_store(ward: Ward) -> None:
    """Readings shuffled, repeated and split into other messages end in the same contents and the same newest."""
    base = SystemClock().now() - timedelta(hours=1)
    readings = [
        {"kind": kind, "value": 90 + n % 7, "measured_at": (base + timedelta(seconds=n)).isoformat()}
        for n in range(60)
        for kind in ("spo2", "heart_rate")
    ]
    shuffled = readings * 2
    random.Random(7).shuffle(shuffled)

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", readings)
        for start in range(0, len(shuffled), 7):
            bench.put("hemvakt/1/hv-2/vitals", shuffled[start : start + 7])
            if start % 3 == 0:
                await bench.settled()
        await bench.settled()

    run(ward.database_url, story)

    query = "select kind, measured_at, value from {} where stay_id = {} order by 1, 2"
    for table in ("reading", "latest_reading"):
        one, two = (rows(ward.database_url, query.format(table, bed.stay_id)) for bed in ward.beds[:2])
        assert one == two
    assert rows(ward.database_url, "select count(*) from reading") == [(240,)]
    assert rows(ward.database_url, "select count(*) from quarantine") == [(0,)]


@pytest.mark.parametrize("count", [1, 4500])
def test_same_key_with_another_value_is_a_conflict(ward: Ward, count: int) -> None:
    """What is stored stays; the contradiction is quarantined and answered. In small and large batches alike."""
    base = SystemClock().now() - timedelta(hours=2)
    assert (count >= samples.COPY_FROM) == (count > 1)

    def readings(value: int) -> list[dict[str, object]]:
        return [
            {"kind": "spo2", "value": value, "measured_at": (base + timedelta(seconds=n)).isoformat()}
            for n in range(count)
        ]

    async def story(bench: Bench) -> None:
        for _ in range(2):  # the second time all of it is a repeat
            for start in range(0, count, 900):
                bench.put("hemvakt/1/hv-1/vitals", readings(96)[start : start + 900])
            await bench.settled()
        for start in range(0, count, 900):
            bench.put("hemvakt/1/hv-1/vitals", [*readings(96)[start : start + 899], *readings(95)[start : start + 1]])
        await bench.settled()

    bench = run(ward.database_url, story)

    contradictions = -(-count // 900)
    assert rows(ward.database_url, "select count(*), min(value) from reading") == [(count, 96.0)]
    assert rows(ward.database_url, "select reason from quarantine") == [("conflict",)] * contradictions
    assert bench.door.published[0][1]["reason"] == "conflict"


def test_receipt_is_sent_after_the_commit(ward: Ward) -> None:
    """A publish with a Response Topic is answered with what was stored and rejected, under its own topics only."""

    async def story(bench: Bench) -> None:
        payload = [a_reading(96), a_reading(10)]
        bench.put("hemvakt/1/hv-1/vitals", payload, response_topic="hemvakt/1/hv-1/receipts", correlation=b"7")
        bench.put("hemvakt/1/hv-1/vitals", a_reading(97, ago_s=5), response_topic="hemvakt/1/hv-2/receipts")
        await bench.settled()

    bench = run(ward.database_url, story)

    receipts = [each for each in bench.door.published if each[0] != "hemvakt/1/hv-1/rejects"]
    assert receipts == [("hemvakt/1/hv-1/receipts", {"stored": 1, "rejected": 1}, b"7")]


def test_status_is_kept_and_its_stay_evaluated(ward: Ward) -> None:
    """The newest status of a device stands; what a later one leaves out is kept."""

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/status", {"online": True, "battery_pct": 83, "firmware": "1.2.0"})
        await bench.settled()
        bench.put("hemvakt/1/hv-1/status", {"online": False})
        await bench.settled()

    run(ward.database_url, story)

    status = rows(ward.database_url, "select online, battery_pct, firmware from device_status")
    assert status == [(False, 83.0, "1.2.0")]
    assert len(rows(ward.database_url, "select from evaluation_request")) == 2


def test_h22_store_down_means_no_acknowledgement_and_nothing_lost(ward: Ward) -> None:
    """While the store refuses connections nothing is acknowledged; afterwards all is stored in order."""
    name = ward.database_url.rsplit("/", 1)[1]
    admin = ward.database_url.replace(f"/{name}", "/postgres")

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", a_reading(96, ago_s=50))
        await bench.settled()
        with psycopg.connect(admin, autocommit=True) as conn:
            conn.execute(f'alter database "{name}" allow_connections false'.encode())
            conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
            for ago_s in (40, 30, 20):
                bench.put("hemvakt/1/hv-1/vitals", a_reading(95, ago_s=ago_s))
            await bench.until(lambda: bench.writer.counters.store_down_since is not None)
            assert len(bench.door.acknowledged) == 1
            conn.execute(f'alter database "{name}" allow_connections true'.encode())
        await bench.settled()

    bench = run(ward.database_url, story)

    assert len(bench.door.acknowledged) == 4
    assert rows(ward.database_url, "select count(*) from reading") == [(4,)]
    assert bench.writer.counters.store_down_since is None


def test_late_reading_of_an_earlier_day_finds_its_partition(ward: Ward) -> None:
    """A reading of a day that has no partition yet is stored all the same."""
    with psycopg.connect(ward.database_url) as conn:
        conn.execute("update binding set period = tstzrange(%s, null)", (datetime(2020, 1, 1, tzinfo=UTC),))
        conn.execute("update stay set period = tstzrange(%s, null)", (datetime(2020, 1, 1, tzinfo=UTC),))
        conn.execute("update responsibility set period = tstzrange(%s, null)", (datetime(2020, 1, 1, tzinfo=UTC),))

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/vitals", a_reading(96, ago_s=20 * 86400))
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select value from reading") == [(96.0,)]
