"""The baton: who may do what with an offer, and what it changes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders_duty import DAY_TEAM, NIGHT_TEAM, NOON
from ward.duty.baton import (
    Accept,
    Answer,
    Baton,
    Decline,
    Event,
    Lapse,
    Person,
    Relay,
    Return,
    TimeOut,
    Withdraw,
    is_held,
    is_offered_to,
    is_open,
    is_past,
    step,
)
from ward.duty.durations import HELD_FOR, OFFER_STANDS
from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId, StayId

GIVER = Person(staff_id=StaffId(1), team_ids=frozenset({DAY_TEAM}))
TAKER = Person(staff_id=StaffId(2), team_ids=frozenset({NIGHT_TEAM}))
OTHER = Person(staff_id=StaffId(3), team_ids=frozenset({NIGHT_TEAM}))
OFFER = Baton(
    stay_id=StayId(5),
    rev=1,
    to_team=NIGHT_TEAM,
    to_staff=None,
    offered_by=GIVER.staff_id,
    offered_at=NOON,
    expires_at=NOON + OFFER_STANDS,
    held_until=NOON + HELD_FOR,
    note="",
)
SOON = NOON + timedelta(minutes=1)


def test_accepting_moves_the_patient_and_nothing_else_does() -> None:
    """Only an accepted offer has who answers laid out anew; declined, withdrawn and timed out ones change nothing."""
    done: list[tuple[Event, Answer]] = [
        (Accept(by=TAKER, rev=1), Answer.ACCEPTED),
        (Decline(by=TAKER, rev=1), Answer.DECLINED),
        (Withdraw(by=GIVER, rev=1), Answer.WITHDRAWN),
        (TimeOut(), Answer.TIMED_OUT),
        (Lapse(), Answer.LAPSED),
    ]
    for event, answer in done:
        now = OFFER.expires_at if isinstance(event, TimeOut) else SOON
        after, effects = step(OFFER, event, now)

        assert after.answer is answer
        assert is_held(after, now) is (answer is Answer.ACCEPTED)
        assert any(isinstance(each, Relay) for each in effects) is (answer is Answer.ACCEPTED)
        assert not is_open(after)
        assert (is_past(OFFER, SOON), is_past(OFFER, OFFER.expires_at), is_past(after, SOON)) == (False, True, True)


def test_h25_offer_lapses_once_and_only_while_it_waits() -> None:
    """What somebody has answered stays answered; an offer to a person is that person's, as one of the team."""
    taken, _ = step(OFFER, Accept(by=TAKER, rev=1), SOON)
    mine = replace(OFFER, to_staff=TAKER.staff_id)

    with pytest.raises(IllegalTransition):
        step(taken, Lapse(), SOON)
    assert [is_offered_to(mine, each) for each in (TAKER, OTHER)] == [True, False]
    assert not is_offered_to(mine, replace(TAKER, team_ids=frozenset()))


def test_h24_of_two_who_accept_one_does() -> None:
    """The second of two finds that the offer has changed since they saw it."""
    first, _ = step(OFFER, Accept(by=TAKER, rev=1), SOON)

    with pytest.raises(Conflict):
        step(first, Accept(by=OTHER, rev=1), SOON)
    with pytest.raises(IllegalTransition):
        step(first, Accept(by=OTHER, rev=2), SOON)


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (Accept(by=GIVER, rev=1), timedelta(minutes=1)),
        (Decline(by=GIVER, rev=1), timedelta(minutes=1)),
        (Withdraw(by=TAKER, rev=1), timedelta(minutes=1)),
        (Accept(by=TAKER, rev=1), OFFER_STANDS),
        (TimeOut(), timedelta(minutes=1)),
        (Return(by=TAKER, rev=1), timedelta(minutes=1)),
    ],
)
def test_what_is_not_allowed_is_refused(event: Event, after: timedelta) -> None:
    """Nobody answers for another, or too late; nothing times out early; what is not held is not given back."""
    with pytest.raises(IllegalTransition):
        step(OFFER, event, NOON + after)


def test_offer_to_a_person_is_that_person_s() -> None:
    """An offer to one person of a team is not taken by another of it."""
    personal = replace(OFFER, to_staff=TAKER.staff_id)

    with pytest.raises(IllegalTransition):
        step(personal, Accept(by=OTHER, rev=1), SOON)
    assert step(personal, Accept(by=TAKER, rev=1), SOON)[0].answered_by == TAKER.staff_id


def test_h25_taken_patient_returns_by_itself_or_before() -> None:
    """A patient who was taken is held until the agreed time, or until somebody of the team gives them back."""
    held, _ = step(OFFER, Accept(by=TAKER, rev=1), SOON)
    returned, effects = step(held, Return(by=OTHER, rev=2), SOON + timedelta(hours=1))

    assert is_held(held, OFFER.held_until - timedelta(seconds=1))
    assert not is_held(held, OFFER.held_until)
    assert not is_held(returned, SOON + timedelta(hours=1))
    assert any(isinstance(each, Relay) for each in effects)
    with pytest.raises(IllegalTransition):
        step(held, Return(by=GIVER, rev=2), SOON)
