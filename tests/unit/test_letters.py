"""What notifications say, which of many become one, and when a failed one is tried again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.letters import MOST_ATTEMPTS, letter, messages, retry_at
from ward.alerts import AlertId, Priority
from ward.people import StaffId, StayId, TeamId
from ward.store.outbox import Due

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def a_row(number: int = 1, **changes: object) -> Due:
    """Make a notification of medium priority by text message."""
    row = Due(
        stay_id=StayId(number),
        notification_id=UUID(int=number),
        alert_id=AlertId(number),
        ring=1,
        step=1,
        priority=Priority.MEDIUM.value,
        family="technical",
        mode="real",
        team_id=TeamId(1),
        team_name="Testteamet",
        staff_id=StaffId(1),
        language="sv",
        channel="sms",
        channel_id=5,
        address="+46701740605",
        state="queued",
        attempts=1,
        queued_at=NOON + timedelta(seconds=number),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def test_h23_what_is_alike_is_one_message() -> None:
    """Two hundred patients' technical alerts for one telephone are one message that says how many."""
    (message,) = messages([a_row(number) for number in range(1, 218)])
    made = letter(message, "https://board.example/")

    assert made.title == "217 patienter: larm medel – logga in"
    assert made.link == "https://board.example/"
    assert message.group_id == UUID(int=1)
    assert made.letter_id == message.letter_id


def test_h23_what_is_urgent_goes_alone_unless_one_act_has_caused_it_all() -> None:
    """Many alerts that go over to a team by one change of hours are one message each way; a new one is its own."""
    act = UUID(int=1000)
    gone = [a_row(number, priority=Priority.HIGH.value, group_id=act) for number in range(1, 201)]
    other = [a_row(number + 300, priority=Priority.HIGH.value, group_id=act, channel_id=6) for number in range(1, 201)]
    found = messages(
        [*gone, *other, a_row(500, priority=Priority.HIGH.value), a_row(501, priority=Priority.HIGH.value)]
    )

    assert sorted(len(each.rows) for each in found) == [1, 1, 200, 200]


@pytest.mark.parametrize(
    "change",
    [{"channel_id": 6}, {"team_id": TeamId(2)}, {"family": "clinical"}, {"channel": "email"}, {"staff_id": StaffId(2)}],
)
def test_what_differs_is_not_joined(change: dict[str, object]) -> None:
    """What is for another address, another team or of another family is a message of its own."""
    assert len(messages([a_row(1), a_row(2, **change)])) == 2


def test_h23_high_priority_always_goes_alone() -> None:
    """Each notification of high priority is a message of its own, however many there are."""
    assert len(messages([a_row(number, priority=Priority.HIGH.value) for number in range(50)])) == 50


def test_language_is_that_of_whom_it_is_for() -> None:
    """Who reads English is written to in English, and a team in Swedish."""
    english = letter(messages([a_row(language="en", priority=3)])[0], "https://board.example")
    team = letter(messages([a_row(language=None, staff_id=None)])[0], "https://board.example")

    assert english.text == "Alert high – log in. Testteamet. https://board.example/?alert=1"
    assert team.title == "Larm medel – logga in"


@given(st.lists(st.integers(1, 40), min_size=1, unique=True), st.randoms())
def test_group_keeps_its_id_when_it_is_tried_again(numbers: list[int], shuffle: object) -> None:
    """In whatever order a group's rows come back, its letter has the id that it had."""
    rows = [a_row(number) for number in numbers]
    (first,) = messages(rows)
    shuffle.shuffle(rows)  # type: ignore[attr-defined]
    (again,) = messages(rows)

    assert letter(first, "").letter_id == letter(again, "").letter_id
    assert len(numbers) > 1 or letter(first, "").letter_id == UUID(int=numbers[0])


def test_h04_group_that_has_grown_is_another_letter() -> None:
    """Whoever takes each id once has had the first two alerts, and must not take the third for one of them."""
    (two,) = messages([a_row(1), a_row(2)])
    (three,) = messages([a_row(1), a_row(2), a_row(3)])
    (one,) = messages([a_row(1)])

    assert len({letter(each, "").letter_id for each in (one, two, three)}) == 3
    assert letter(one, "").letter_id == UUID(int=1)


def test_tries_again_ever_more_seldom_and_at_last_gives_up() -> None:
    """Waiting doubles from five seconds to five minutes, and after ten attempts nothing more is tried."""
    waits = [retry_at(attempts, NOON) for attempts in range(1, MOST_ATTEMPTS + 1)]
    seconds = [None if at is None else (at - NOON).total_seconds() for at in waits]

    assert seconds == [5, 10, 20, 40, 80, 160, 300, 300, 300, None]
