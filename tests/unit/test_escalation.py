"""Policy and chain → dated steps: who is told at which minute."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.escalation import POLICIES, ByNow, Policy, by_now, needs, steps
from tests.builders_alerting import an_alert
from ward.alerts import Priority
from ward.duty.contact import Chain, Contact, Why
from ward.people import StaffId, TeamId
from ward.store.escalations import Told

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


LATE, LATE_DOCTOR = replace(NURSE, staff_id=StaffId(2)), replace(DOCTOR, staff_id=StaffId(8))
BEFORE, AFTER = ((NURSE,), (TEAM, NURSE), (DOCTOR,)), ((LATE,), (TEAM, LATE), (LATE_DOCTOR,))


def told(*contacts: Contact, first_level: int = 1) -> Told:
    """Return that these were told."""
    return Told(first_level=first_level, contacts=frozenset((each.team_id, each.staff_id) for each in contacts))


def test_step_of_the_same_shift_tells_whom_it_was_frozen_with() -> None:
    """Where nothing has changed a step tells its own level, once more and again."""
    second = by_now(2, (TEAM, NURSE), BEFORE, told(NURSE), last=False)
    third = by_now(3, (DOCTOR,), BEFORE, told(NURSE, TEAM), last=True)

    assert second.contacts == (TEAM, NURSE)
    assert (third.contacts, third.again) == ((DOCTOR,), (DOCTOR,))


def test_h25_step_after_a_change_of_shift_tells_the_new_one_too() -> None:
    """Those it was frozen with are told as was said, and all of the new shift up to its level that were not told."""
    second = by_now(2, (TEAM, NURSE), AFTER, told(NURSE), last=False)
    last = by_now(3, (DOCTOR,), AFTER, told(NURSE, TEAM), last=True)
    again = by_now(3, last.again, AFTER, told(NURSE, TEAM, *last.contacts), last=True)

    assert second.contacts == (TEAM, NURSE, LATE)
    assert last.contacts == (DOCTOR, LATE_DOCTOR, LATE)
    assert again.contacts == again.again == (LATE_DOCTOR,)


def test_h25_alert_that_goes_on_from_the_last_level_tells_everybody_of_now() -> None:
    """Where the only step of a ring is for all levels, so is what comes again, of whoever answers by then."""
    found = by_now(3, (NURSE, TEAM, DOCTOR), AFTER, told(first_level=3), last=True)

    assert found.contacts == (NURSE, TEAM, DOCTOR, LATE, LATE_DOCTOR)
    assert found.again == (LATE, TEAM, LATE_DOCTOR)


def test_h21_step_stays_as_it_was_where_nobody_can_be_found() -> None:
    """A schedule that cannot be read takes nobody out of a running escalation."""
    assert by_now(3, (DOCTOR,), (), told(NURSE), last=True) == ByNow(contacts=(DOCTOR,), again=(DOCTOR,))


chains = st.lists(
    st.lists(
        st.builds(
            Contact,
            team_id=st.integers(1, 2).map(TeamId),
            staff_id=st.integers(1, 4).map(StaffId),
            why=st.just(Why.TEAM),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    min_size=1,
    max_size=4,
).map(tuple)


@given(chains, chains, st.integers(1, 4))
def test_h25_whoever_answers_now_has_been_told_when_the_last_step_was_taken(
    before: Chain, after: Chain, reached: int
) -> None:
    """Whatever the chain was and is, after the last step of a ring everybody of the new one has been told by it."""
    heard: set[tuple[TeamId, StaffId | None]] = set()
    planned = steps(HIGH, before, NOON, reached=reached)
    for number, each in enumerate(planned):
        known = Told(first_level=planned[0].level, contacts=frozenset(heard))
        found = by_now(each.level, each.contacts, after, known, last=each.again is not None) if number else None
        now = each.contacts if found is None else found.contacts
        assert set(each.contacts) <= set(now)
        heard |= {(one.team_id, one.staff_id) for one in now}
    known = Told(first_level=planned[0].level, contacts=frozenset(heard))
    again = by_now(planned[-1].level, planned[-1].contacts, after, known, last=True)
    heard |= {(one.team_id, one.staff_id) for one in again.contacts}

    assert heard >= {(one.team_id, one.staff_id) for level in after for one in level}
    assert again.again


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
    assert needs(replace(an_alert("limit.temperature.high"), rule=rule)) == expected


@pytest.mark.parametrize(
    ("rule", "params", "expected"),
    [
        ("combination.breathing", {"terms": "spo2 low 91, resp_rate high 25"}, {"respiratory"}),
        ("combination.andnod", {"terms": "oxygen_flow high 4"}, {"respiratory"}),
        ("combination.infection", {"terms": "temperature high 38.3, resp_rate high 22"}, set()),
        ("combination.breathing", {}, set()),
        ("news2.single", {"part": "resp_rate"}, {"respiratory"}),
        ("news2.single", {"part": "systolic"}, set()),
    ],
)
def test_what_is_wrong_is_read_from_the_evidence_where_the_rule_names_no_kind(
    rule: str, params: dict[str, str | float | int | None], expected: set[str]
) -> None:
    """A combination of breathing values, and three points for breathing, are for the team that knows breathing."""
    alert = replace(an_alert("limit.temperature.high"), rule=rule)

    assert needs(replace(alert, evidence=replace(alert.evidence, params=params))) == expected
