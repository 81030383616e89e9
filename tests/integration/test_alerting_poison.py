"""What must not stop the evaluation of everybody: one odd stay, plan, alert or period, a clock that jumped."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from alerting import apply, due
from alerting.due import Pass, evaluate_due
from alerting.evaluate import Evaluation, evaluate
from alerting.features import Batch
from alerting.windows import Windows
from tests.acceptance.timeline import START, a_ward
from ward.alerts import AlertId
from ward.people import StaffId, StayId
from ward.store import evaluation, migrate
from ward.store.pool import connect

LATER = START + timedelta(minutes=15)
BAD = StayId(3)


@pytest.fixture
def ward(database_url: str) -> str:
    """A store with eight silent patients in care."""
    with psycopg.connect(database_url, autocommit=True) as conn:
        a_ward(conn, stays=8)
    asyncio.run(_enrol(database_url))
    return database_url


async def _enrol(database_url: str) -> None:
    async with await connect(database_url, "test") as conn:
        await migrate.ensure_partitions(conn, [START.date()])
        await evaluation.enrol(conn, START)


def _pass(database_url: str, minutes: float = 0) -> Pass:
    async def one() -> Pass:
        async with await connect(database_url, "test") as conn:
            return await evaluate_due(conn, LATER + timedelta(minutes=minutes), windows=Windows())

    return asyncio.run(one())


def _watched(database_url: str) -> set[int]:
    """Return the stays whose silence has raised an alert."""
    with psycopg.connect(database_url) as conn:
        return {row[0] for row in conn.execute("select stay_id from alert where rule = 'nodata.spo2'").fetchall()}


def _unwatched(database_url: str) -> list[tuple[int, int, str]]:
    """Return stay, priority and state of every alert that says that nothing watches."""
    with psycopg.connect(database_url) as conn:
        query = "select stay_id, priority, state from alert where rule = 'unwatched' order by alert_id"
        return conn.execute(query).fetchall()


def _faulty(batch: Batch, now_s: float) -> Evaluation:
    """Evaluate, except that one stay breaks it in a way that nobody thought of."""
    if any(stay.stay_id == BAD for stay in batch.stays):
        raise ZeroDivisionError
    return evaluate(batch, now_s)


def test_h13_stay_that_breaks_the_evaluation_stops_no_other(ward: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All others are evaluated, and that it is not watched is a high alert, until it is watched and that was seen."""
    monkeypatch.setattr(due, "evaluate", _faulty)
    with psycopg.connect(ward) as conn:
        conn.execute("insert into evaluation_request values (%s, %s), (%s, %s)", (BAD, START, BAD, LATER))
    _pass(ward)

    assert _watched(ward) == {1, 2, 4, 5, 6, 7, 8}
    assert _unwatched(ward) == [(BAD, 3, "open")]
    with psycopg.connect(ward) as conn:
        assert conn.execute("select stay_id, since from evaluation_request").fetchall() == [(BAD, START)]

    tried: list[int] = []

    def counting(batch: Batch, now_s: float) -> Evaluation:
        tried.append(len(batch.stays))
        return _faulty(batch, now_s)

    monkeypatch.setattr(due, "evaluate", counting)
    _pass(ward, minutes=10)
    assert tried == [7, 1]  # the one that failed goes alone; the others are not halved again
    assert _unwatched(ward) == [(BAD, 3, "open")]

    monkeypatch.setattr(due, "evaluate", evaluate)
    _pass(ward, minutes=11)
    with psycopg.connect(ward) as conn:
        gone = conn.execute("select condition, signal from alert where rule = 'unwatched'").fetchall()
    assert gone == [("clearing", "ringing")]
    assert BAD in _watched(ward)


def test_h13_stay_that_breaks_the_evaluation_is_tried_again_in_half_a_minute(
    ward: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is put off for that long, and no longer: it neither takes every pass nor is forgotten."""
    monkeypatch.setattr(due, "evaluate", _faulty)
    _pass(ward)

    with psycopg.connect(ward) as conn:
        found = conn.execute("select due_at from evaluation_due where stay_id = %s", (BAD,)).fetchall()
    assert found == [(LATER + timedelta(seconds=30),)]


def test_h20_what_came_late_is_asked_for_again_where_somebody_was_quicker(
    ward: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alert that a person changed during the pass hears of a late reading in the next one, from where it began."""
    settle = apply.settle

    async def overtaken(*arguments: Any) -> apply.Settled:
        return replace(await settle(*arguments), overtaken=frozenset({BAD}))

    monkeypatch.setattr(apply, "settle", overtaken)
    with psycopg.connect(ward) as conn:
        conn.execute("insert into evaluation_request values (%s, %s), (%s, %s)", (BAD, START, 4, START))
    _pass(ward)

    with psycopg.connect(ward) as conn:
        assert conn.execute("select stay_id, since from evaluation_request").fetchall() == [(BAD, START)]


# Who answers is entered with it: without them the store refuses the period.
_PERIOD = (
    "with answering as (update responsibility set period = {0} where stay_id = 3 returning 1)"
    " update stay set period = {0} where stay_id = 3 and exists (select from answering)"
)
_PLAN = "insert into plan (stay_id, version, rules, valid_from) values (3, 1, '{}', 'epoch')"


@pytest.mark.parametrize(
    "spoil",
    [
        _PLAN.replace("{}", '{"limits":{"spo2":{"delay_s":1e300}}}'),
        _PLAN.replace("{}", '{"news2_high":1000000000000000000000000000000}'),
        _PLAN.replace("{}", "[]"),
        _PERIOD.format("tstzrange('-infinity', 'infinity')"),
        "update binding set period = tstzrange('-infinity', 'infinity') where stay_id = 3",
        _PERIOD.format("tstzrange('0044-03-15 BC', null)"),
    ],
)
def test_h13_odd_row_leaves_every_stay_watched(ward: str, spoil: str) -> None:
    """A plan or a period that nobody should have entered costs its own stay nothing but itself."""
    with psycopg.connect(ward) as conn:
        conn.execute(spoil.encode())
    _pass(ward)

    assert _watched(ward) == {1, 2, 3, 4, 5, 6, 7, 8}
    assert _unwatched(ward) == []


def test_h05_alert_that_cannot_be_read_can_be_acknowledged(ward: str) -> None:
    """Evidence of another program version stops neither evaluation nor people, and stays as it is."""
    with psycopg.connect(ward) as conn:
        conn.execute(
            "insert into alert (stay_id, rule, family, priority, worst, signal, condition, rev, team_id, began_at,"
            " opened_at, changed_at, evidence)"
            " select 3, 'limit.spo2.low', 'clinical', 2, 2, 'ringing', 'present', 1, 1, t, t, t, '[7]'"
            " from (select %s::timestamptz) as w (t)",
            (START,),
        )
    _pass(ward)
    assert _watched(ward) == {1, 2, 3, 4, 5, 6, 7, 8}
    assert _unwatched(ward) == []

    async def act() -> None:
        async with await connect(ward, "hands") as hands:
            await apply.apply_event(hands, AlertId(1), apply.Acknowledge(by=StaffId(1), rev=1, note=None), START)

    asyncio.run(act())
    with psycopg.connect(ward) as conn:
        found = conn.execute("select state, evidence from alert where alert_id = 1").fetchone()
    assert found == ("acknowledged", [7])


def test_h13_unusable_plan_is_told(ward: str) -> None:
    """A plan that gave way to the template raises a technical alert, until one that can be used is in force."""
    query = "select stay_id, family, state from alert where rule = 'plan'"
    with psycopg.connect(ward, autocommit=True) as conn:
        conn.execute("insert into plan (stay_id, version, rules, valid_from) values (3, 1, '[]', 'epoch')")
        _pass(ward)
        assert conn.execute(query.encode()).fetchall() == [(BAD, "technical", "open")]

        conn.execute("insert into plan (stay_id, version, rules, valid_from) values (3, 2, '{}', 'epoch')")
        _pass(ward, minutes=10)
        _pass(ward, minutes=16)
        assert conn.execute(query.encode()).fetchall() == [(BAD, "technical", "resolved")]


def test_h08_clock_that_was_ahead_puts_nobody_off(ward: str) -> None:
    """After a moment in which the clock was a year ahead, silence is noticed again within the next enrolment."""
    with psycopg.connect(ward) as conn:
        conn.execute("update evaluation_due set due_at = due_at + interval '1 year'")
    asyncio.run(_enrol(ward))

    assert _pass(ward).stays == 8
    assert len(_watched(ward)) == 8
