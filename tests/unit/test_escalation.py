"""Policy and chain → dated steps: who is told at which minute."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.escalation import POLICIES, Policy, needs, steps
from ward.alerts import Priority
from ward.duty.contact import Chain, Contact, Why
from ward.people import StaffId, TeamId

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NURSE = Contact(team_id=TeamId(1), staff_id=StaffId(1), why=Why.NAMED_NURSE)
TEAM = Contact(team_id=TeamId(1), staff_id=None, why=Why.TEAM)
BASE = Contact(team_id=TeamId(2), staff_id=None, why=Why.BASE)
DOCTOR = Contact(team_id=TeamId(1), staff_id=StaffId(9), why=Why.DOCTOR)
HIGH = POLICIES[Priority.HIGH]


def minutes(policy: Policy, chain: Chain, reached: int = 1) -> list[tuple[int, float]]:
    """(level, minutes from noon) of the steps."""
    return [(each.level, (each.due_at - NOON) / MINUTE) for each in steps(policy, chain, NOON, reached=reached)]


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (((NURSE,),), [(1, 0)]),
        (((NURSE,), (DOCTOR,)), [(1, 0), (2, 2)]),
        (((NURSE,), (TEAM,), (DOCTOR,)), [(1, 0), (2, 2), (3, 5)]),
        (((NURSE,), (TEAM,), (BASE,), (DOCTOR,)), [(1, 0), (2, 2), (3, 3.5), (4, 5)]),
    ],
)
def test_h05_high_priority_reaches_the_doctor_within_five_minutes(
    chain: Chain, expected: list[tuple[int, float]]
) -> None:
    """The first level is told at once, the next after two minutes, the last after five at the latest."""
    assert minutes(HIGH, chain) == expected


def test_low_priority_has_one_step() -> None:
    """A low alert is told to the first level, and nobody after."""
    assert minutes(POLICIES[Priority.LOW], ((NURSE,), (DOCTOR,))) == [(1, 0)]


def test_goes_on_from_the_level_it_had() -> None:
    """An alert that had come to the second level goes on there, and tells the first once more."""
    found = steps(HIGH, ((NURSE,), (TEAM, NURSE), (DOCTOR,)), NOON, reached=2)

    assert [(each.level, each.contacts) for each in found] == [(2, (NURSE, TEAM)), (3, (DOCTOR,))]


def test_level_that_is_no_more_is_the_last() -> None:
    """Where the chain has become shorter than the level that was reached, everybody in it is told at once."""
    (found,) = steps(HIGH, ((NURSE,), (DOCTOR,)), NOON, reached=7)

    assert (found.contacts, found.again) == ((NURSE, DOCTOR), HIGH.again)


@pytest.mark.parametrize(("waited_min", "second"), [(None, 2), (0.5, 0.5), (10, 2), (-1, 0)])
def test_h05_what_gets_worse_never_puts_off_who_would_have_been_told(waited_min: float | None, second: float) -> None:
    """The level that was next before comes when it would have come, or sooner; a later one waits as ever."""
    waited_for = None if waited_min is None else NOON + waited_min * MINUTE
    found = steps(HIGH, ((NURSE,), (TEAM,), (DOCTOR,)), NOON, waited_for=waited_for)

    assert [(each.due_at - NOON) / MINUTE for each in found] == [0, second, 5]


CHAINS = st.lists(
    st.lists(st.sampled_from([NURSE, TEAM, BASE, DOCTOR]), min_size=1, max_size=3).map(tuple), min_size=1, max_size=7
).map(tuple)


@given(CHAINS, st.sampled_from([Priority.HIGH, Priority.MEDIUM]), st.integers(1, 9))
def test_h05_every_level_is_told_in_order_and_the_last_again_and_again(
    chain: Chain, priority: Priority, reached: int
) -> None:
    """Whatever the chain: in order, nobody left out, the first now, the last in time, and only the last comes again."""
    policy = POLICIES[priority]
    found = steps(policy, chain, NOON, reached=reached)
    told = {contact for each in found for contact in each.contacts}

    assert found[0].due_at == NOON
    assert [each.due_at for each in found] == sorted({each.due_at for each in found})
    assert policy.last is not None
    assert found[-1].due_at <= NOON + policy.last
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    assert found[-1].level == len(chain)
    assert {(each.team_id, each.staff_id) for each in told} == {
        (each.team_id, each.staff_id) for level in chain for each in level
    }
    assert [each.again for each in found] == [None] * (len(found) - 1) + [policy.again]


def test_more_urgent_is_never_slower() -> None:
    """High priority comes to each level no later than medium."""
    high, medium = POLICIES[Priority.HIGH], POLICIES[Priority.MEDIUM]

    assert high.second is not None
    assert medium.second is not None
    assert high.second < medium.second
    assert high.last is not None
    assert medium.last is not None
    assert high.last < medium.last


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("limit.spo2.low", {"respiratory"}),
        ("limit.resp_rate.high", {"respiratory"}),
        ("limit.heart_rate.high", set()),
        ("help_button", set()),
    ],
)
def test_breathing_asks_for_who_knows_about_it(rule: str, expected: set[str]) -> None:
    """An alert about breathing asks for the competence, another for none."""
    assert needs(rule) == expected
