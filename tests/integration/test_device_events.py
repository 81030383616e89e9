"""Events of devices on a real store: kept exactly once, and leading to one alert, once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from alerting import apply
from alerting.due import Pass, evaluate_due
from tests.fix_ward import Ward, admit
from ward.alerts import Alert, AlertState, Condition, Outcome, Priority, Signal
from ward.events import Answer, DeviceEvent, EventKind
from ward.store import bus, device_events, evaluation
from ward.store.device_events import EventRow
from ward.store.pool import Connection, connect
from ward.store.samples import Inserted

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
Step = Callable[[Connection, Ward], Awaitable[None]]


def a_press(ward: Ward, at: datetime = NOW, *, bed: int = 0, seq: int | None = None) -> EventRow:
    """Make a pressed help button."""
    event = DeviceEvent(kind=EventKind.HELP_BUTTON, occurred_at=at, seq=seq)
    worn = ward.beds[bed]
    return EventRow(stay_id=worn.stay_id, device_no=worn.device_no, received_at=NOW, event=event)


async def put(conn: Connection, *rows: EventRow) -> Inserted:
    """Store events, in a transaction of their own."""
    async with conn.transaction():
        return await device_events.insert(conn, rows)


async def judge(conn: Connection, at: datetime = NOW) -> list[Alert]:
    """Evaluate what is due and return the requests that changed."""
    async with conn.transaction():
        done: Pass = await evaluate_due(conn, at)
    return [alert for alert in done.alerts if alert.family == "request"]


async def waits_for_a_lock(asking: Connection, waiting: Connection) -> None:
    """Return once one connection waits for what another holds."""
    blocked = "select cardinality(pg_blocking_pids(%s)) > 0"
    async with asyncio.timeout(60):
        while (await (await asking.execute(blocked, (waiting.info.backend_pid,))).fetchone()) != (True,):
            pass


def played(database_url: str, scenario: Step) -> None:
    """Play a scenario in a ward of two beds whose stays are watched."""

    async def whole() -> None:
        ward = await admit(database_url, 2, NOW)
        async with await connect(database_url, "test", autocommit=True) as conn:
            await evaluation.enrol(conn, NOW)
            await scenario(conn, ward)

    asyncio.run(whole())


pytestmark = pytest.mark.integration


def test_event_is_kept_once(database_url: str) -> None:
    """A repeat changes nothing, within a batch and after it; other contents under the same key are a conflict."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        first = await put(conn, a_press(ward, seq=1), a_press(ward, seq=1), a_press(ward, bed=1))
        again = await put(conn, a_press(ward, seq=1), a_press(ward, seq=2))
        rows = await (await conn.execute("select stay_id, detail from device_event order by 1")).fetchall()

        assert first == Inserted(stored=2, conflicts=())
        assert again == Inserted(stored=0, conflicts=(1,))
        assert rows == [(ward.beds[0].stay_id, {"seq": 1}), (ward.beds[1].stay_id, {})]

    played(database_url, scenario)


def test_check_in_keeps_its_answers(database_url: str) -> None:
    """Answers are kept as they were given, and call for nobody."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        answers = (Answer(question="breath", answer=True), Answer(question="pain", answer=3.5))
        event = DeviceEvent(kind=EventKind.CHECK_IN, occurred_at=NOW, answers=answers)
        bed = ward.beds[0]
        await put(conn, EventRow(stay_id=bed.stay_id, device_no=bed.device_no, received_at=NOW, event=event))
        row = await (await conn.execute("select detail -> 'answers' from device_event")).fetchone()

        assert row == ([{"question": "breath", "answer": True}, {"question": "pain", "answer": 3.5}],)
        assert await judge(conn) == []

    played(database_url, scenario)


def test_listeners_are_told_of_the_stay(database_url: str) -> None:
    """Whoever listens for devices hears which stay has an event."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        async with await connect(database_url, "ear", autocommit=True) as ear:
            await bus.subscribe(ear, [bus.Channel.DEVICES])
            await put(conn, a_press(ward))
            async with asyncio.timeout(60):
                note = await anext(ear.notifies())

        assert note.payload == str(ward.beds[0].stay_id)

    played(database_url, scenario)


def test_press_opens_one_alert_and_never_twice(database_url: str) -> None:
    """A press opens an alert; a second one counts; once resolved, only a new press opens another."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        await put(conn, a_press(ward))
        (opened,) = await judge(conn)
        await put(conn, a_press(ward), a_press(ward, NOW + timedelta(seconds=3)))
        (counted,) = await judge(conn, NOW + timedelta(seconds=5))
        async with conn.transaction():
            closing = apply.Resolve(by=ward.nurse_id, outcome=Outcome.TRUE_ALARM, rev=counted.rev)
            await apply.apply_event(conn, opened.alert_id, closing, NOW + timedelta(minutes=1))
        await put(conn, a_press(ward))
        quiet = await judge(conn, NOW + timedelta(minutes=2))
        await put(conn, a_press(ward, NOW + timedelta(minutes=3)))
        (new,) = await judge(conn, NOW + timedelta(minutes=3))

        assert (opened.rule, opened.state, opened.began_at) == ("help_button", AlertState.OPEN, NOW)
        assert (counted.alert_id, counted.recurrences) == (opened.alert_id, 1)
        assert quiet == []
        assert (new.alert_id != opened.alert_id, new.recurrences) == (True, 0)

    played(database_url, scenario)


def test_h05_press_while_somebody_answers_the_one_before_rings_again(database_url: str) -> None:
    """Who acknowledges a call in the middle of the pass that has found another has not seen that one: it rings."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        await put(conn, a_press(ward))
        (opened,) = await judge(conn)
        await put(conn, a_press(ward, NOW + timedelta(seconds=3)))
        later = NOW + timedelta(seconds=5)
        async with await connect(database_url, "nurse") as nurse:
            await apply.apply_event(
                nurse, opened.alert_id, apply.Acknowledge(by=ward.nurse_id, rev=opened.rev), NOW + timedelta(seconds=4)
            )
            passing = asyncio.create_task(judge(conn, later))
            await waits_for_a_lock(nurse, conn)
            await nurse.commit()
            await passing
        (again,) = await judge(conn, later + timedelta(seconds=1))

        assert (again.alert_id, again.signal, again.recurrences) == (opened.alert_id, Signal.RINGING, 1)
        assert await judge(conn, later + timedelta(seconds=2)) == []

    played(database_url, scenario)


def test_press_that_comes_late_after_closing_is_a_new_alert(database_url: str) -> None:
    """A press that lay in an offline device while another was dealt with is still heard."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        await put(conn, a_press(ward))
        (opened,) = await judge(conn)
        async with conn.transaction():
            closing = apply.Resolve(by=ward.nurse_id, outcome=Outcome.TRUE_ALARM, rev=opened.rev)
            await apply.apply_event(conn, opened.alert_id, closing, NOW + timedelta(minutes=1))
        await put(conn, a_press(ward, NOW - timedelta(hours=1)))
        (late,) = await judge(conn, NOW + timedelta(minutes=2))

        assert late.alert_id != opened.alert_id
        assert late.began_at == NOW - timedelta(hours=1)

    played(database_url, scenario)


def a_check_in(ward: Ward, at: datetime = NOW, **answers: str | float | bool) -> EventRow:
    """Make answers to the day's questions."""
    given = tuple(Answer(question=question, answer=answer) for question, answer in answers.items())
    event = DeviceEvent(kind=EventKind.CHECK_IN, occurred_at=at, answers=given)
    bed = ward.beds[0]
    return EventRow(stay_id=bed.stay_id, device_no=bed.device_no, received_at=at, event=event)


def test_worrying_check_in_opens_one_alert_and_never_twice(database_url: str) -> None:
    """A worrying check-in opens an alert that says why; once resolved, only a new one opens another."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        await put(conn, a_check_in(ward, pain=8, note="jag mår inte bra"), a_check_in(ward, NOW - timedelta(hours=1)))
        (opened,) = await judge(conn)
        async with conn.transaction():
            closing = apply.Resolve(by=ward.nurse_id, outcome=Outcome.TRUE_ALARM, rev=opened.rev)
            await apply.apply_event(conn, opened.alert_id, closing, NOW + timedelta(minutes=1))
        quiet = await judge(conn, NOW + timedelta(minutes=2))
        await put(conn, a_check_in(ward, NOW + timedelta(minutes=3), chest_pain=True))
        (new,) = await judge(conn, NOW + timedelta(minutes=3))

        assert (opened.rule, opened.priority) == ("check_in", Priority.MEDIUM)
        assert opened.evidence.params["questions"] == "pain"
        assert "bra" not in str(opened.evidence)
        assert quiet == []
        assert (new.alert_id != opened.alert_id, new.priority) == (True, Priority.HIGH)

    played(database_url, scenario)


def test_calm_check_in_is_judged_once(database_url: str) -> None:
    """Calm answers lead to no alert, and nobody looks at them again."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        await put(conn, a_check_in(ward, pain=1))
        found = await judge(conn)
        row = await (await conn.execute("select alert_id, judged_at from device_event")).fetchone()

        assert found == []
        assert row == (None, NOW)
        assert await device_events.unhandled(conn, [ward.beds[0].stay_id]) == []
        assert await device_events.answered(conn, [ward.beds[0].stay_id]) == {ward.beds[0].stay_id: NOW}

    played(database_url, scenario)


def test_missed_check_in_is_told(database_url: str) -> None:
    """Who answered yesterday and has not by the afternoon is told of, and no longer after the answer."""

    async def scenario(conn: Connection, ward: Ward) -> None:
        await put(conn, a_check_in(ward, pain=1))
        await judge(conn)
        late = NOW + timedelta(days=1, hours=4)
        async with conn.transaction():
            told = (await evaluate_due(conn, late)).alerts
        await put(conn, a_check_in(ward, late + timedelta(minutes=1), pain=2))
        async with conn.transaction():
            after = (await evaluate_due(conn, late + timedelta(minutes=1))).alerts

        assert [alert.condition for alert in told if alert.rule == "check_in.missed"] == [Condition.PRESENT]
        assert [alert.condition for alert in after if alert.rule == "check_in.missed"] == [Condition.CLEARING]

    played(database_url, scenario)
