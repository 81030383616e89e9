"""Back-tests over the api and by a worker, on a real store: what is counted, who may ask, and that nothing rings."""

import ast
import asyncio
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest

from alerting import apply, backtest_worker
from alerting.backtest_read import Part
from alerting.backtest_report import Reporter
from alerting.backtest_worker import Worker
from tests.fix_api import House, serving
from tests.integration.test_api_http import assert_problem
from ward.alerts import Evidence, Family, Finding, Outcome, Priority
from ward.backtests import BacktestId
from ward.clock import FakeClock, SystemClock, to_us
from ward.store import backtests, registry, samples
from ward.store.pool import connect, pool
from ward.vitals import VITALS, VitalKind

pytestmark = pytest.mark.integration
NOW = SystemClock().now().replace(microsecond=0)
BEGAN = NOW - timedelta(hours=3)
LEASED = "select lease_until from backtest"


def a_body(house: House, **changes: object) -> dict[str, object]:
    """Ask for everybody's last three hours by a plan that waits half an hour for SpO2."""
    limits = {"alert_low": 88, "warn_low": 91, "delay_s": 1800, "clear_by": 1}
    body: dict[str, object] = {
        "patients": [bed.patient_id for bed in house.ward.beds],
        "from": BEGAN.isoformat(),
        "to": NOW.isoformat(),
        "plan": {"limits": {"spo2": limits}},
    }
    return body | changes


async def breathe(house: House, spo2: float, minutes: range) -> None:
    """Let the first patient have a value each minute."""
    bed, at_us = house.ward.beds[0], to_us(BEGAN) + 60_000_000 * np.array(minutes, np.int64)
    same = np.ones(len(at_us), np.int64)
    rows = samples.Rows(
        stay_id=bed.stay_id * same,
        kind=VITALS[VitalKind.SPO2].code * same,
        measured_us=at_us,
        device_no=bed.device_no * same,
        value=np.full(len(at_us), spo2),
        received_us=at_us,
        validity=0 * same,
        quality=97 * same,
    )
    async with await connect(house.database_url, "test") as conn:
        await samples.prepare(conn)
        await samples.insert_batch(conn, rows, await registry.version(conn))


async def done(house: House, clock: FakeClock | None = None) -> bool:
    """Let a worker take what waits."""
    async with pool(house.database_url, "test", size=2) as store:
        return await Worker(store=store, clock=clock or FakeClock(NOW)).once()


def ask(database_url: str, query: str) -> list[tuple[Any, ...]]:
    """Look into the store."""
    with psycopg.connect(database_url) as conn:
        return conn.execute(query.encode()).fetchall()


async def asked(anna: httpx.AsyncClient, body: dict[str, object]) -> dict[str, Any]:
    """Ask for a back-test."""
    answer = await anna.post("/api/backtests", json=body)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def test_backtest_tells_what_a_plan_would_have_raised_beside_the_plan_in_force(house: House) -> None:
    """Ten minutes of low SpO2 ring by the plan in force and not by one that waits half an hour; nobody is told."""

    async def visit() -> None:
        await breathe(house, 97, range(30))
        await breathe(house, 86, range(30, 40))
        await breathe(house, 97, range(40, 170))
        async with serving(house.database_url, FakeClock(NOW)) as served, served.logged_in("anna") as anna:
            job = await asked(anna, a_body(house))
            assert (job["state"], job["progress"], job["report"]) == ("queued", 0, None)
            assert await done(house)
            told = (await anna.get(f"/api/backtests/{job['backtest_id']}")).json()

        assert (told["state"], told["progress"]) == ("done", 1)
        report = told["report"]
        rule = next(each for each in report["in_force"]["by_rule"] if each["rule"] == "limit.spo2.low")
        assert (rule["alerts"], rule["high"]) == (1, 1)
        assert [each["rule"] for each in report["candidate"]["by_rule"]].count("limit.spo2.low") == 0
        (listed,) = [each for each in report["only_in_force"] if each["rule"] == "limit.spo2.low"]
        assert listed["patient_id"] == house.ward.beds[0].patient_id
        assert datetime.fromisoformat(listed["opened_at"]) == BEGAN + timedelta(minutes=31)
        assert datetime.fromisoformat(listed["ended_at"]) == BEGAN + timedelta(minutes=40)
        assert report["readings"] == 170
        assert report["patient_days"] == pytest.approx(3 * 3 / 24, abs=0.001)
        assert {case["name"] for case in report["library"]} >= {"sepsis", "opioid", "heart_block"}
        assert ask(house.database_url, "select count(*) from alert") == [(0,)]

    asyncio.run(visit())


def test_suggestion_says_what_a_longer_delay_removes_and_what_it_loses(house: House) -> None:
    """A dip of a minute closed as false, one of ten closed as true: two minutes, or three of five, lose nothing."""

    async def visit() -> None:
        await breathe(house, 97, range(20))
        await breathe(house, 86, range(20, 22))
        await breathe(house, 97, range(22, 60))
        await breathe(house, 86, range(60, 70))
        await breathe(house, 97, range(70, 100))
        await close(house, BEGAN + timedelta(minutes=21), Outcome.FALSE_ALARM)
        await close(house, BEGAN + timedelta(minutes=61), Outcome.TRUE_ALARM)
        plan = {"limits": {"spo2": {"alert_low": 88, "warn_low": 91, "delay_s": 60, "clear_by": 1, "floor": 80}}}
        async with serving(house.database_url, FakeClock(NOW)) as served, served.logged_in("anna") as anna:
            job = await asked(anna, a_body(house, plan=plan, suggest=True))
            assert await done(house)
            told = (await anna.get(f"/api/backtests/{job['backtest_id']}")).json()
            report = told["report"]
            assert (told["origin"], told["in_force_per_day"]) == ("suggestions", report["in_force"]["per_patient_day"])

        waits = {each["after"]: each for each in report["suggestions"] if each["setting"] == "delay_s"}
        assert (waits[120]["alerts_before"], waits[120]["alerts_after"]) == (2, 1)
        assert (waits[120]["false_removed"], waits[120]["lost"]) == (1, 0)
        counts = {each["after"]: each for each in report["suggestions"] if each["setting"] == "k"}
        assert (counts[3]["alerts_after"], counts[3]["false_removed"], counts[3]["lost"]) == (1, 1, 0)
        (known,) = report["deteriorations"]
        assert datetime.fromisoformat(known["candidate_at"]) <= datetime.fromisoformat(known["opened_at"])
        assert report["false_alarms"] == {"recorded": 1, "candidate": 1, "in_force": 1}

    asyncio.run(visit())


async def close(house: House, opened_at: datetime, outcome: Outcome) -> None:
    """Record an alert of the first patient that the nurse has closed."""
    finding = Finding(
        stay_id=house.ward.beds[0].stay_id,
        rule="limit.spo2.low",
        family=Family.CLINICAL,
        priority=Priority.HIGH,
        began_at=opened_at,
        due_at=opened_at,
        evidence=Evidence(rule_version=1, text_key="limit.low", params={}, inputs=()),
    )
    async with await connect(house.database_url, "test") as conn:
        alert = await apply.raise_or_update(conn, finding, opened_at)
        assert alert is not None
        closing = apply.Resolve(by=house.anna, rev=alert.rev, outcome=outcome)
        await apply.apply_event(conn, alert.alert_id, closing, opened_at + timedelta(minutes=1))


def test_backtest_is_for_patients_whom_one_may_see(house: House) -> None:
    """A stranger's patients are refused as if there were none, and another organisation sees no job of ours."""

    async def visit() -> None:
        async with serving(house.database_url, FakeClock(NOW)) as served:
            async with served.logged_in("anna") as anna:
                job = await asked(
                    anna, a_body(house, patients=[house.ward.beds[0].patient_id, house.stranger.patient_id])
                )
                assert job["patients"] == 1
                refused = await anna.post("/api/backtests", json=a_body(house, patients=[house.stranger.patient_id]))
                assert_problem(refused, 422)
                under = {"planned_by": house.ward.team_id, "programme": "hospital_at_home"}
                await asked(anna, a_body(house, patients=None, cohort=under, layer="team", origin="editor"))
                for query, found in (
                    ({}, [("editor", "team", 3), ("person", "patient", 1)]),
                    ({"origin": ["person", "silent"]}, [("person", "patient", 1)]),
                    ({"origin": "editor", "running": "true"}, [("editor", "team", 3)]),
                    ({"running": "false"}, []),
                ):
                    items = (await anna.get("/api/backtests", params=query)).json()["items"]
                    assert [(each["origin"], each["layer"], each["patients"]) for each in items] == found
                    assert {each["asker"] for each in items} <= {"Anna Provsson"}
            async with served.logged_in("elsa") as elsa:
                assert_problem(await elsa.get(f"/api/backtests/{job['backtest_id']}"), 404)
                assert (await elsa.get("/api/backtests")).json()["items"] == []

    asyncio.run(visit())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plan": {"limits": {"spo2": {"warn_low": 80, "alert_low": 88}}}}, "must be below"),
        ({"plan": {"limits": {"moon": {}}}}, "moon"),
        ({"layer": "template"}, "layer of a team"),
        ({"layer": "team", "plan": {"goals": "comfort"}}, "not for a team"),
        ({"from": (NOW + timedelta(hours=1)).isoformat(), "to": None}, "past"),
        ({"from": (NOW - timedelta(days=200)).isoformat()}, "at most 92 days"),
        ({"cohort": {}}, "one of them"),
        ({"to": (BEGAN - timedelta(hours=1)).isoformat()}, "later"),
    ],
)
def test_backtest_that_makes_no_sense_is_refused_with_the_reason(
    house: House, change: dict[str, object], words: str
) -> None:
    """A plan with faults, a time that is not there, a period that is too long: each is told in words."""

    async def visit() -> None:
        async with serving(house.database_url, FakeClock(NOW)) as served, served.logged_in("anna") as anna:
            refused = assert_problem(await anna.post("/api/backtests", json=a_body(house, **change)), 422)
            assert words in str(refused)

    asyncio.run(visit())


def test_repeat_with_the_same_key_asks_for_nothing_again(house: House) -> None:
    """The second request with one key gets the job of the first."""

    async def visit() -> None:
        async with serving(house.database_url, FakeClock(NOW)) as served, served.logged_in("anna") as anna:
            key = {"Idempotency-Key": "one"}
            first = await anna.post("/api/backtests", json=a_body(house), headers=key)
            again = await anna.post("/api/backtests", json=a_body(house), headers=key)

            assert first.json()["backtest_id"] == again.json()["backtest_id"]
            assert ask(house.database_url, "select count(*) from backtest") == [(1,)]

    asyncio.run(visit())


def test_cancelled_job_stays_cancelled_whatever_its_worker_says(house: House) -> None:
    """Its worker notices at the next part, writes nothing any more, and a second cancel says the same."""

    async def visit() -> None:
        async with serving(house.database_url, FakeClock(NOW)) as served, served.logged_in("anna") as anna:
            number = BacktestId((await asked(anna, a_body(house)))["backtest_id"])
            async with await connect(house.database_url, "test", autocommit=True) as conn:
                job = await backtests.take(conn, "me", NOW)
                assert job is not None
                ended = await anna.delete(f"/api/backtests/{number}")
                assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
                assert not await backtests.progress(conn, number, "me", 1, NOW)
                assert not await backtests.finish(conn, number, "me", "{}", NOW)
            assert (await anna.delete(f"/api/backtests/{number}")).json()["state"] == "cancelled"
            assert not await done(house)

    asyncio.run(visit())


def test_progress_is_what_has_been_judged_of_all(house: House) -> None:
    """While a worker is at it the job says how much of it is done."""

    async def visit() -> None:
        async with serving(house.database_url, FakeClock(NOW)) as served, served.logged_in("anna") as anna:
            number = BacktestId((await asked(anna, a_body(house)))["backtest_id"])
            async with await connect(house.database_url, "test", autocommit=True) as conn:
                assert await backtests.take(conn, "me", NOW) is not None
                assert await backtests.progress(conn, number, "me", 1, NOW)
            told = (await anna.get(f"/api/backtests/{number}")).json()
            assert (told["state"], told["progress"]) == ("running", pytest.approx(1 / 3, abs=0.001))

    asyncio.run(visit())


def test_h21_job_of_a_worker_that_died_is_taken_again_when_its_lease_is_over(house: House) -> None:
    """Nobody takes it before; two workers never hold one job."""

    async def visit() -> None:
        async with serving(house.database_url, FakeClock(NOW)) as served, served.logged_in("anna") as anna:
            await asked(anna, a_body(house))
        async with await connect(house.database_url, "test", autocommit=True) as conn:
            first = await backtests.take(conn, "dies", NOW)
            assert first is not None
            assert await backtests.take(conn, "early", NOW + backtests.LEASE) is None
            taken = await backtests.take(conn, "late", NOW + backtests.LEASE + timedelta(seconds=1))
            assert taken is not None
            assert taken.backtest_id == first.backtest_id
            assert not await backtests.progress(conn, BacktestId(first.backtest_id), "dies", 1, NOW)

    asyncio.run(visit())


@pytest.mark.parametrize("cancelled", [False, True], ids=["to its end", "cancelled"])
def test_h21_part_that_takes_longer_than_the_lease_stays_with_its_worker(
    house: House, monkeypatch: pytest.MonkeyPatch, *, cancelled: bool
) -> None:
    """Two workers do not take a long job from each other for ever; a cancel ends it in the middle of a part."""
    may_go_on, clock = threading.Event(), FakeClock(NOW)
    add = Reporter.add

    def long(self: Reporter, part: Part) -> None:
        may_go_on.wait(30)
        add(self, part)

    async def visit() -> None:
        async with serving(house.database_url, clock) as served, served.logged_in("anna") as anna:
            number = (await asked(anna, a_body(house)))["backtest_id"]
            working = asyncio.create_task(done(house, clock))
            for _ in range(4):
                clock.advance(backtests.LEASE - timedelta(seconds=1))
                while ask(house.database_url, LEASED) != [(clock.now() + backtests.LEASE,)]:
                    await asyncio.sleep(0)
                async with await connect(house.database_url, "test", autocommit=True) as conn:
                    assert await backtests.take(conn, "another", clock.now()) is None
            if cancelled:
                await anna.delete(f"/api/backtests/{number}")
                await working
            may_go_on.set()
            await working
            state = (await anna.get(f"/api/backtests/{number}")).json()["state"]
            assert state == ("cancelled" if cancelled else "done")

    monkeypatch.setattr(backtest_worker, "_RENEW_S", 0.01)
    monkeypatch.setattr(Reporter, "add", long)
    asyncio.run(visit())


def test_shadow_is_judged_again_until_it_is_ended(house: House) -> None:
    """Without an end it reports, waits ten minutes, and reports on what has come since."""

    async def visit() -> None:
        clock = FakeClock(NOW)
        await breathe(house, 97, range(30))
        async with serving(house.database_url, clock) as served, served.logged_in("anna") as anna:
            job = await asked(anna, a_body(house, to=None))
            assert job["shadow"]
            assert await done(house, clock)
            assert not await done(house, clock)
            clock.advance(timedelta(minutes=10))
            assert await done(house, clock)
            told = (await anna.get(f"/api/backtests/{job['backtest_id']}")).json()
            assert told["state"] == "queued"
            assert datetime.fromisoformat(told["report"]["judged_until"]) == clock.now()
            assert (await anna.delete(f"/api/backtests/{job['backtest_id']}")).json()["report"] is not None

    asyncio.run(visit())


def test_nothing_of_a_backtest_can_notify_anybody() -> None:
    """None of its modules imports the door to alert state, delivery, or a channel, directly or through another."""
    root = Path(__file__).resolve().parents[2]
    seen: set[str] = set()
    waiting = ["alerting.backtest_worker"]
    while waiting:
        name = waiting.pop()
        path = root / Path(*name.split(".")).with_suffix(".py")
        if name in seen or not path.exists():
            continue
        seen.add(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    told = {"alerting.apply", "alerting.telling", "alerting.deliver", "ward.store.outbox", "ward.store.alerts"}

    assert not seen & told
    assert len(seen) > 20
