"""What a roster says has been written of its patients ends in the store as people could have written it."""

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.passwords import verify
from onebox import machine, roster
from tests.fix_store import fresh_database
from ward.clock import SystemClock
from ward.errors import ConfigError
from ward.store import registry
from ward.store.pool import connect

DEVICES = [f"hv-{number:04d}" for number in range(1, 13)]
pytestmark = pytest.mark.integration
PASSWORD = "hemvakt-demo"


@pytest.fixture(scope="module")
def demo(server_url: str, template: str) -> Iterator[str]:
    """The address of a store that holds the demo, for the tests that only look."""
    with fresh_database(server_url, template) as url:
        asyncio.run(roster.load(url, machine.ROSTER))
        yield url


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """Ask the store."""
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


def test_demo_has_something_of_everything_that_screens_show(demo: str) -> None:
    """Notes with readers, visits done and ahead, answers, a next step, looks, a signed round: each for somebody."""
    kinds = dict(rows(demo, "select kind, count(*) from care_event group by 1"))
    counted = {
        name: rows(demo, f"select count(*) from {name}")[0][0]  # noqa: S608 - names of this test
        for name in ("care_event_receipt", "device_event", "next_step", "care_look", "weekend_round", "stay_outcome")
    }
    ahead = rows(demo, "select count(*) from care_event where kind = 'visit' and occurred_at > now()")

    assert set(kinds) == {"note", "visit", "medication", "mark", "readings"}
    assert all(counted.values()), counted
    assert ahead[0][0] >= 3


def test_looks_of_the_demo_stand_in_the_log_of_who_has_looked(demo: str) -> None:
    """Where the patient reads that the team saw the values, the log has that look, by the same person at that time."""
    looks = rows(demo, "select k.at, k.staff_id, s.patient_id from care_look k join stay s using (stay_id) order by 1")
    logged = rows(
        demo,
        "select at, staff_id, patient_ids[1] from access_entry where path like '%/{patient_id}/vitals' order by 1",
    )

    assert looks
    assert logged == looks


def test_effect_of_a_demo_medicine_is_computed_from_the_values(demo: str) -> None:
    """The reports say what the typed values show: weight down, peak flow up, and that the rest is not known."""
    reports = rows(demo, "select line_en, answer from effect_report order by report_id")

    assert "peak flow 190 → 235 L/min (+45), as intended" in reports[0][0]
    assert "oxygen saturation: too few values (0 before, 0 after)" in reports[0][0]
    assert "weight 79.1 → 77.5 kg (−1.6), as intended" in reports[1][0]
    assert [answer for _, answer in reports] == [None, "ok"]


def test_patients_and_relatives_of_the_demo_log_in(demo: str) -> None:
    """Those that the demo names when it is ready have an account, by the password that it names."""
    kept = rows(demo, "select username, kind, password_hash from account where kind <> 'staff' order by 1")

    assert [(name, kind) for name, kind, _ in kept] == [
        ("astrid", "patient"),
        ("gerda", "relative"),
        ("helge", "patient"),
        ("stina", "relative"),
    ]
    assert all(verify(hashed, PASSWORD) for _, _, hashed in kept)
    assert rows(
        demo,
        "select c.username, p.given_name, cardinality(r.opens) from relative_access r"
        " join account c using (account_id) join patient p on p.patient_id = r.patient_id order by 1",
    ) == [("gerda", "Helge", 5), ("stina", "Astrid", 2)]


def test_earlier_stays_have_an_end_and_their_alerts_rang_to_nobody(demo: str) -> None:
    """Alerts of the past are closed with what they led to, and no notification of theirs waits to be sent."""
    stays = rows(demo, "select count(*) from stay where upper(period) < now()")
    alerts = rows(demo, "select state, count(*) from alert group by 1")
    waiting = rows(demo, "select count(*) from outbox where state not in ('cancelled', 'failed', 'sent')")
    steps = rows(demo, "select count(*) from escalation_step where state = 'pending'")
    watched = rows(demo, "select count(*) from evaluation_due join stay using (stay_id) where upper(period) < now()")

    assert stays == [(5,)]
    assert alerts == [("resolved", 5)]
    assert waiting == steps == watched == [(0,)]


def test_typed_values_leave_the_devices_silent(demo: str) -> None:
    """A store that holds typed values alone still gets its devices' past: no device has said anything yet."""

    async def ask() -> tuple[bool, int]:
        async with await connect(demo, "test") as conn:
            now = SystemClock().now()
            silent = await registry.silent_stays(conn, now, timedelta(minutes=1), DEVICES)
            return await registry.any_reading(conn), silent

    assert asyncio.run(ask()) == (False, 12)


def test_demo_waits_for_no_device_that_nobody_wears_or_that_is_shut_out(demo: str) -> None:
    """A kit that was taken off, revoked, or is not the simulator's, keeps the next start from nothing."""

    async def ask() -> int:
        async with await connect(demo, "test") as conn:
            now = SystemClock().now()
            await conn.execute(
                "update device set revoked_at = %s, revoked_reason = 'x' where device_id = 'hv-0002'", (now,)
            )
            await conn.execute(
                "update binding set period = tstzrange(lower(period), %s), end_reason = 'x'"
                " where device_no = (select device_no from device where device_id = 'hv-0003')",
                (now,),
            )
            silent = await registry.silent_stays(conn, now, timedelta(minutes=1), [*DEVICES[:-1], "hv-unknown"])
            await conn.rollback()
            return silent

    assert asyncio.run(ask()) == 9


def test_story_is_as_old_whenever_it_is_loaded(demo: str, database_url: str) -> None:
    """The same file an hour earlier gives the same story an hour earlier: nothing of it is drawn by chance."""
    query = "select stay_id, kind, words, detail, occurred_at - lower(period) from care_event join stay using (stay_id)"

    async def enter() -> None:
        async with await connect(database_url, "test") as conn:
            await roster.enter(conn, roster.read(machine.ROSTER), SystemClock().now() - timedelta(hours=1))

    asyncio.run(enter())
    first, second = rows(demo, f"{query} order by event_id"), rows(database_url, f"{query} order by event_id")
    assert [line[:4] for line in first] == [line[:4] for line in second]
    assert all(abs(one[4] - other[4]) <= timedelta(minutes=1) for one, other in zip(first, second, strict=True))


FAULTS = [
    ("device = 'hv-9999'", "no patient of the file wears it"),
    ("device = 'hv-0002'\nlook = [{ hours = -1, by = 'nobody' }]", "'nobody' is named in the story of Bertil"),
    ("device = 'hv-0002'\nlook = [{ hours = 1, by = 'anna' }]", "hours"),
    ("device = 'hv-0002'\nreadings = [{ hours = -1, by = 'anna', values = { spo2 = 300 } }]", "outside"),
    ("device = 'hv-0002'\nrelative = [{ username = 'a', name = 'A', opens = ['values'] }]", "no patient who opens"),
    ("device = 'hv-0002'\nlog_in = { username = 'anna' }", "exists already"),
]


@pytest.mark.parametrize(("story", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_mistake_in_a_story_is_named(database_url: str, tmp_path: Path, story: str, fault: str) -> None:
    """A story that cannot be told is refused with what is wrong, and nothing of the file is kept."""
    path = tmp_path / "roster.toml"
    plain = machine.ROSTER.read_text(encoding="utf-8").partition("[[story]]")[0]
    path.write_text(f"{plain}\n[[story]]\n{story}\n")

    with pytest.raises(ConfigError, match=re.escape(fault)):
        asyncio.run(roster.load(database_url, path))
    assert rows(database_url, "select count(*) from patient") == [(0,)]
