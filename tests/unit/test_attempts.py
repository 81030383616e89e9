"""Refused attempts that wait to be written: the first at once, a flood a line a minute, and none lost in silence."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ward.access.attempts import MOST_PATHS, MOST_PEOPLE, MOST_SOUGHT, Attempts, Sought, Tally
from ward.access.principals import AccountId, Actor, Capacity

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def an_attempt(
    person: int = 1, patient: int = 7, after_s: float = 0, path: str = "/api/patients/{patient_id}"
) -> Attempts:
    """One attempt at one patient."""
    return Attempts(
        at=NOON + timedelta(seconds=after_s),
        actor=Actor(account_id=AccountId(person), capacity=Capacity.NURSE),
        permission="patients.read",
        method="GET",
        paths=(path,),
        sought=(Sought("patient", patient),),
    )


def test_first_attempt_is_due_at_once_and_the_rest_with_the_minute() -> None:
    """A thousand attempts within a minute are two lines: the first, and how many more there were."""
    tally = Tally()
    for number in range(1000):
        tally.add(an_attempt(patient=number, after_s=number / 20, path=f"/{number % 7}"))
    first = tally.due(NOON + timedelta(seconds=59))
    rest = tally.due(NOON + timedelta(seconds=60))

    assert [(each.count, each.sought) for each in first] == [(1, (Sought("patient", 0),))]
    assert [each.count for each in rest] == [999]
    assert (len(rest[0].sought), len(rest[0].paths)) == (MOST_SOUGHT, MOST_PATHS)
    assert tally.due(NOON + timedelta(hours=1)) == tally.rest() == []


def test_people_and_minutes_are_kept_apart() -> None:
    """Another person, and the same one a minute later, are lines of their own."""
    tally = Tally()
    for attempt in (an_attempt(1), an_attempt(2), an_attempt(1, after_s=61)):
        tally.add(attempt)

    assert [each.actor.account_id for each in tally.due(NOON)] == [1, 2, 1]
    assert tally.rest() == []


def test_too_many_people_are_counted_as_lost() -> None:
    """Who floods with ever new accounts fills no memory, and that something was not kept is known."""
    tally = Tally()
    for person in range(MOST_PEOPLE + 3):
        tally.add(an_attempt(person))

    assert (len(tally.rest()), tally.lost) == (MOST_PEOPLE, 3)


@given(st.lists(st.tuples(st.integers(1, 3), st.floats(0, 300), st.booleans()), max_size=60))
def test_no_attempt_is_lost_or_told_twice(tried: list[tuple[int, float, bool]]) -> None:
    """However attempts and writing fall, what is handed out sums up to what was taken in."""
    tally = Tally()
    told = 0
    for person, after_s, writes in sorted(tried, key=lambda each: each[1]):
        tally.add(an_attempt(person, after_s=after_s))
        told += sum(each.count for each in tally.due(NOON + timedelta(seconds=after_s))) if writes else 0

    assert told + sum(each.count for each in tally.rest()) == len(tried)
