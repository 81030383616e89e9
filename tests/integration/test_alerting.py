"""Alerting on a real store: several workers, lost connections, and what is never lost."""

import asyncio
import signal
import subprocess
import sys
import time
from datetime import timedelta

import psycopg
import pytest

from alerting import apply
from alerting.due import evaluate_due
from alerting.windows import Windows
from tests.acceptance.timeline import START, a_ward, stays_of
from ward.alerts import AlertId, Evidence, Family, Finding, Priority
from ward.errors import Conflict, NotFound
from ward.people import StaffId, StayId
from ward.store import alerts, evaluation, migrate
from ward.store.pool import connect
from ward.vitals import VITALS, VitalKind


@pytest.fixture
def ward(database_url: str) -> str:
    """A store with forty patients in care, on the list."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        a_ward(conn, stays=40)
    asyncio.run(_enrol(database_url))
    return database_url


async def _enrol(database_url: str) -> None:
    async with await connect(database_url, "test") as conn:
        await migrate.ensure_partitions(conn, [START.date()])
        await evaluation.enrol(conn, START)


def _measure(database_url: str, kind: VitalKind, value: float) -> None:
    """Store one reading of every stay, measured at the start."""
    with psycopg.connect(database_url) as conn:
        conn.execute(
            "insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity)"
            " select stay_id, %s, %s, stay_id, %s, %s, 0 from stay",
            (VITALS[kind].code, START, value, START),
        )
        conn.execute("insert into latest_reading select * from reading")
        conn.execute("insert into evaluation_request select stay_id, %s from stay", (START,))


def _a_finding(stay_id: StayId, priority: Priority = Priority.HIGH) -> Finding:
    evidence = Evidence(rule_version=1, text_key="limit.low", params={}, inputs=())
    return Finding(
        stay_id=stay_id,
        rule="limit.spo2.low",
        family=Family.CLINICAL,
        priority=priority,
        began_at=START,
        due_at=START,
        evidence=evidence,
    )


def test_two_workers_share_the_list(ward: str) -> None:
    """What one worker has claimed the other passes over, and together they take everything."""

    async def both() -> tuple[set[StayId], set[StayId]]:
        async with await connect(ward, "one") as one, await connect(ward, "two") as two:
            first = await evaluation.claim(one, START, 25)
            second = await evaluation.claim(two, START, 25)
            return {row.stay_id for row in first}, {row.stay_id for row in second}

    first, second = asyncio.run(both())

    assert len(first) == 25
    assert first.isdisjoint(second)
    with psycopg.connect(ward) as conn:
        assert first | second == set(stays_of(conn))


def test_two_workers_at_once_make_no_double_alert(ward: str) -> None:
    """Two workers on the same findings at the same time make one alert a stay."""
    _measure(ward, VitalKind.SPO2, 75)

    async def work(name: str) -> int:
        taken, windows = 0, Windows()
        async with await connect(ward, name) as conn:
            while True:
                async with conn.transaction():
                    done = await evaluate_due(conn, START, windows=windows, most=7)
                taken += done.stays
                if not done.stays:
                    return taken

    async def both() -> tuple[int, int]:
        return await asyncio.gather(work("one"), work("two"))

    taken = asyncio.run(both())
    with psycopg.connect(ward) as conn:
        row = conn.execute("select count(*), count(distinct stay_id), max(rev) from alert").fetchone()
        asked = conn.execute("select count(*) from evaluation_request").fetchone()

    assert row == (40, 40, 1)
    assert asked == (0,)
    assert sum(taken) >= 40


def test_worker_sees_what_came_while_another_had_the_stays(ward: str) -> None:
    """A worker that has read these stays before still sees a reading whose request another worker has taken."""
    mine, other = Windows(), Windows()

    async def once(windows: Windows, after_s: float) -> int:
        async with await connect(ward, "test") as conn:
            await conn.execute("update evaluation_due set due_at = %s", (START,))
            done = await evaluate_due(conn, START + timedelta(seconds=after_s), windows=windows)
            return len([alert for alert in done.alerts if alert.rule == "limit.spo2.low"])

    assert asyncio.run(once(mine, 0)) == 0
    _measure(ward, VitalKind.SPO2, 87)
    assert asyncio.run(once(other, 30)) == 0
    assert asyncio.run(once(mine, 61)) == 40


def test_finding_meets_the_alert_that_another_opened(ward: str) -> None:
    """Two findings of one stay and rule raised at the same moment by two workers end in one alert."""

    async def both() -> None:
        async with await connect(ward, "one") as one, await connect(ward, "two") as two:
            await apply.raise_or_update(one, _a_finding(StayId(1), Priority.MEDIUM), START)
            later = asyncio.create_task(apply.raise_or_update(two, _a_finding(StayId(1)), START))
            await asyncio.sleep(0)
            await one.commit()
            changed = await later
            await two.commit()
            assert changed is not None
            assert changed.priority is Priority.HIGH

    asyncio.run(both())
    with psycopg.connect(ward) as conn:
        assert conn.execute("select count(*), max(rev) from alert").fetchone() == (1, 2)


def test_dead_worker_has_done_nothing(ward: str) -> None:
    """A pass that is not committed leaves the stays, the requests and the alerts as they were."""
    _measure(ward, VitalKind.SPO2, 75)

    async def die() -> None:
        conn = await connect(ward, "dying")
        await evaluate_due(conn, START)
        await conn.close()

    asyncio.run(die())
    with psycopg.connect(ward) as conn:
        assert conn.execute("select count(*) from alert").fetchone() == (0,)
        assert conn.execute("select count(*) from evaluation_request").fetchone() == (40,)


@pytest.mark.parametrize("left", ["ended", "future", "none"])
def test_h04_alert_without_a_responsible_team_goes_to_somebody(ward: str, left: str) -> None:
    """Where nobody answers now, the alert goes to who answered last, or will, or belongs to the organisation."""
    with psycopg.connect(ward, autocommit=True) as conn:
        conn.execute("insert into team (organisation_id, name, phone) values (1, 'Kvällsteamet', '010')")
        conn.execute("set session_replication_role = replica")  # the schema would refuse it
        conn.execute("delete from responsibility where stay_id = 1")
        if left == "ended":
            conn.execute(
                "insert into responsibility (stay_id, team_id, period) values (1, 2, tstzrange(%s, %s))",
                (START - timedelta(1), START),
            )
        if left == "future":
            conn.execute(
                "insert into responsibility (stay_id, team_id, period) values (1, 2, tstzrange(%s, null))",
                (START + timedelta(1),),
            )

    async def ask() -> int:
        async with await connect(ward, "test") as conn:
            return (await alerts.opening(conn, StayId(1), "limit.spo2.low", START)).team_id

    assert asyncio.run(ask()) == (1 if left == "none" else 2)


def test_h13_unusable_plan_falls_back_to_the_template(ward: str) -> None:
    """A plan that cannot be read watches the patient by the template, and stops nobody else's evaluation."""
    _measure(ward, VitalKind.SPO2, 75)
    with psycopg.connect(ward, autocommit=True) as conn:
        conn.execute(
            "insert into plan (stay_id, version, rules, valid_from) values (1, 1, '{\"limits\": 7}', %s)", (START,)
        )

    async def once() -> int:
        async with await connect(ward, "test") as conn:
            return len((await evaluate_due(conn, START)).alerts)

    assert asyncio.run(once()) == 40 + 1  # and that the plan cannot be used


def test_ended_stay_leaves_the_list(ward: str) -> None:
    """A stay that has ended is no longer evaluated, and what was asked for it is dropped."""
    with psycopg.connect(ward, autocommit=True) as conn:
        conn.execute(
            "update stay set period = tstzrange(%s, %s) where stay_id = 1", (START, START + timedelta(hours=1))
        )
        conn.execute("insert into evaluation_request values (1, %s)", (START,))

    async def enrol() -> None:
        async with await connect(ward, "test") as conn:
            await evaluation.enrol(conn, START + timedelta(hours=2))

    asyncio.run(enrol())
    with psycopg.connect(ward) as conn:
        assert conn.execute("select count(*) from evaluation_due").fetchone() == (39,)
        assert conn.execute("select count(*) from evaluation_request").fetchone() == (0,)


_SERVE = "import asyncio; from ward.settings import load; from alerting.service import run; asyncio.run(run(load()))"


def _wait_for(database_url: str, query: str, seconds: float = 90) -> None:
    """Look until a query returns true."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(database_url, autocommit=True) as conn:
        while time.monotonic() < deadline:
            row = conn.execute(query.encode()).fetchone()
            if row and row[0]:
                return
            time.sleep(0.05)
    raise AssertionError(f"never true: {query}")


def test_service_works_survives_a_lost_store_and_stops_on_a_signal(ward: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process evaluates, says that it lives, outlives the loss of its connections, and ends when asked."""
    monkeypatch.setenv("HEMVAKT_DATABASE_URL", ward)
    process = subprocess.Popen([sys.executable, "-c", _SERVE], stdout=subprocess.DEVNULL)
    try:
        _wait_for(ward, "select count(*) > 0 from service_heartbeat where service = 'alerting'")
        _wait_for(ward, "select count(*) = 120 from alert where rule like 'nodata.%'")
        with psycopg.connect(ward, autocommit=True) as conn:
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hemvakt-alerting%'"
            )
        _measure(ward, VitalKind.SPO2, 75)
        _wait_for(ward, "select count(*) = 0 from evaluation_request")
        process.send_signal(signal.SIGTERM)

        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def test_person_acts_through_the_one_door(ward: str) -> None:
    """An acknowledgement is saved with its line and announced; an old revision and an unknown alert are refused."""

    async def act() -> None:
        async with await connect(ward, "hands", autocommit=True) as hands:
            raised = await apply.raise_or_update(hands, _a_finding(StayId(1)), START)
            assert raised is not None
            event = apply.Acknowledge(by=StaffId(1), rev=1, note="Ringer patienten")
            await apply.apply_event(hands, raised.alert_id, event, START)
            with pytest.raises(Conflict):
                await apply.apply_event(hands, raised.alert_id, event, START)
            with pytest.raises(NotFound):
                await apply.apply_event(hands, AlertId(999), event, START)

    with psycopg.connect(ward, autocommit=True) as conn:
        conn.execute("listen hv_alerts")
        asyncio.run(act())
        heard = [note.payload for note in conn.notifies(timeout=60, stop_after=2)]
        lines = conn.execute("select kind, note, staff_id from alert_event order by rev").fetchall()

    assert lines == [("raised", None, None), ("acknowledged", "Ringer patienten", 1)]
    assert heard == ["1", "1"]
