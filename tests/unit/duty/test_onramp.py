"""The on-ramp home: nobody answers at home before the team has said yes and two hours of good data have come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ward.duty.baton import Person
from ward.duty.onramp import (
    GOOD_FOR,
    Accept,
    Cancel,
    Closed,
    Decline,
    Event,
    HandOver,
    Heard,
    Transfer,
    due_at,
    good_since,
    holder,
    lacks,
    step,
)
from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId, StayId, TeamId
from ward.vitals import VitalKind

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
HOSPITAL, HOME = TeamId(1), TeamId(2)
WARD_NURSE = Person(staff_id=StaffId(1), team_ids=frozenset({HOSPITAL}))
HOME_NURSE = Person(staff_id=StaffId(2), team_ids=frozenset({HOME}))
SPO2 = {VitalKind.SPO2: 60.0}


def arranged() -> Transfer:
    """A transfer that has just been arranged."""
    return Transfer(
        stay_id=StayId(1), rev=1, from_team=HOSPITAL, to_team=HOME, arranged_by=StaffId(1), arranged_at=NOON
    )


def lived(*events: Event, now: datetime = NOON) -> Transfer:
    """A transfer after events that all come now."""
    transfer = arranged()
    for event in events:
        transfer, _ = step(transfer, event if isinstance(event, Heard) else replace(event, rev=transfer.rev), now)
    return transfer


def test_h25_hospital_answers_until_both_are_there() -> None:
    """Acceptance alone or good data alone leaves the patient with the hospital; both complete the transfer."""
    accepted = lived(Accept(by=HOME_NURSE, rev=1))
    heard = lived(Heard(good_since=NOON - GOOD_FOR))
    both, effects = step(accepted, Heard(good_since=NOON - GOOD_FOR), NOON)

    assert (holder(accepted), lacks(accepted, NOON)) == (HOSPITAL, ("data",))
    assert (holder(heard), lacks(heard, NOON)) == (HOSPITAL, ("acceptance",))
    assert (holder(both), both.closed) == (HOME, Closed.COMPLETE)
    assert HandOver(stay_id=StayId(1), team_id=HOME) in effects


def test_h25_acceptance_that_comes_last_waits_for_what_is_heard_next() -> None:
    """Data that was good when it was last heard of may have been silent since: it is heard once more."""
    last = lived(Heard(good_since=NOON - GOOD_FOR), Accept(by=HOME_NURSE, rev=2))

    assert (last.closed, lacks(last, NOON)) == (None, ())
    assert step(last, Heard(good_since=NOON - GOOD_FOR), NOON)[0].closed is Closed.COMPLETE
    assert step(last, Heard(good_since=None), NOON)[0].closed is None


def test_two_hours_are_two_hours() -> None:
    """A minute too little of good data is too little, and it is known when it will be enough."""
    since = NOON - GOOD_FOR + timedelta(minutes=1)
    waiting = lived(Accept(by=HOME_NURSE, rev=1), Heard(good_since=since))

    assert waiting.closed is None
    assert due_at(waiting) == NOON + timedelta(minutes=1)


def test_lost_data_begins_anew() -> None:
    """When the signal is lost the two hours count from its return."""
    waiting = lived(Accept(by=HOME_NURSE, rev=1), Heard(good_since=NOON - timedelta(hours=1)), Heard(good_since=None))

    assert (due_at(waiting), lacks(waiting, NOON)) == (None, ("data",))


@pytest.mark.parametrize(
    ("event", "closed"),
    [(Decline(by=HOME_NURSE, rev=1), Closed.DECLINED), (Cancel(by=WARD_NURSE, rev=1), Closed.CANCELLED)],
)
def test_h25_declined_or_cancelled_stays_with_the_hospital(event: Event, closed: Closed) -> None:
    """A patient whom the team at home does not take, or the hospital keeps, is never without a holder."""
    over = lived(Accept(by=HOME_NURSE, rev=1), event)

    assert (over.closed, holder(over)) == (closed, HOSPITAL)
    with pytest.raises(IllegalTransition):
        step(over, Heard(good_since=NOON - GOOD_FOR), NOON)


def test_each_team_says_what_is_its_own() -> None:
    """The hospital cannot accept for the team at home, nor that one cancel for the hospital."""
    for event in (Accept(by=WARD_NURSE, rev=1), Decline(by=WARD_NURSE, rev=1), Cancel(by=HOME_NURSE, rev=1)):
        with pytest.raises(IllegalTransition):
            step(arranged(), event, NOON)


def test_h24_second_of_two_acceptances_loses() -> None:
    """Of two who accept the same revision the second is told."""
    with pytest.raises(Conflict):
        step(lived(Accept(by=HOME_NURSE, rev=1)), Accept(by=HOME_NURSE, rev=1), NOON)


EVENTS = st.one_of(
    st.just(Accept(by=HOME_NURSE, rev=0)),
    st.just(Decline(by=HOME_NURSE, rev=0)),
    st.just(Cancel(by=WARD_NURSE, rev=0)),
    st.builds(Heard, good_since=st.none() | st.integers(0, 300).map(lambda ago: NOON - timedelta(minutes=ago))),
)


@given(st.lists(EVENTS, max_size=12))
def test_no_order_of_events_hands_over_too_early(events: list[Event]) -> None:
    """Whoever answers at home has accepted, and has seen two hours of good data, whatever came before."""
    transfer = arranged()
    for event in events:
        try:
            transfer, _ = step(transfer, event if isinstance(event, Heard) else replace(event, rev=transfer.rev), NOON)
        except IllegalTransition:
            assert transfer.closed is not None or isinstance(event, Accept)

    assert (holder(transfer) == HOME) == (transfer.closed is Closed.COMPLETE)
    if holder(transfer) == HOME:
        assert transfer.accepted_at is not None
        assert transfer.good_since is not None
        assert NOON - transfer.good_since >= GOOD_FOR


def test_data_is_good_since_its_last_gap() -> None:
    """Five minutes of silence are borne with, six are a gap; what is missing now is not good at all."""
    minutes = [*range(30), *range(35, 60)]
    heard = {VitalKind.SPO2: [NOON + timedelta(minutes=each) for each in minutes]}
    end = NOON + timedelta(minutes=60)

    assert good_since(SPO2, {VitalKind.SPO2: [*heard[VitalKind.SPO2][:29], *heard[VitalKind.SPO2][30:]]}, end) == (
        NOON + timedelta(minutes=35)
    )
    assert good_since(SPO2, {VitalKind.SPO2: [NOON + timedelta(minutes=each) for each in range(60)]}, end) == NOON
    assert good_since(SPO2, heard, end + timedelta(minutes=10)) is None
    assert good_since({**SPO2, VitalKind.RESP_RATE: 300.0}, heard, end) is None
    assert good_since({}, heard, end) is None
