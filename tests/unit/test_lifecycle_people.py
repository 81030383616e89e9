"""What people do about an alert: seen, taken, passed on, paused, closed, taken back."""

from datetime import timedelta

import pytest

from alerting.durations import CLAIMED_FOR, KEPT_CLOSED_FOR, OFFERED_FOR, SETTLES_AFTER, SNOOZED_AT_MOST, UNDO_WITHIN
from alerting.events import (
    Accept,
    Acknowledge,
    Advance,
    Claim,
    Clear,
    Decline,
    EndHold,
    Escalate,
    FromPeople,
    GoOver,
    Hush,
    KeepClosed,
    Lapse,
    Note,
    Offer,
    Record,
    Release,
    Resolve,
    Resume,
    Return,
    Ring,
    Settle,
    Snooze,
    Undo,
    Worsen,
)
from alerting.holds import held
from alerting.lifecycle import due_at, respond, step
from alerting.observed import Quiet
from tests.builders_alerts import ANNA, EMILY, HELP, OMAR, OTHER_TEAM, SPO2, STAY, TEAM, a_finding, after, lived, raised
from ward.alerts import Action, Alert, Cause, Closure, Hold, Outcome, Priority, Responsibility, Signal
from ward.errors import Conflict, IllegalTransition

HIGH, MEDIUM = Priority.HIGH, Priority.MEDIUM
QUIET = Quiet(stay_id=STAY, rule=SPO2)


def told(alert: Alert, event: FromPeople | Return | Resume, minutes: float = 0) -> set[type]:
    """Return whether a step tells people anything."""
    _, effects = step(alert, event, after(minutes))
    return {type(effect) for effect in effects} & {Ring, Hush, Advance}


def test_h24_to_have_seen_is_not_to_have_taken() -> None:
    """An acknowledged alert is nobody's, and somebody else takes it."""
    seen = lived(Acknowledge(by=ANNA, rev=1))
    assert (seen.responsibility, seen.holder_id) == (Responsibility.UNASSIGNED, None)

    taken = lived(Claim(by=OMAR, rev=2), alert=seen)
    assert (taken.responsibility, taken.holder_id) == (Responsibility.ACCEPTED, OMAR)


def test_h24_second_of_two_claims_loses() -> None:
    """Of two who take the same revision one has it; the other is refused by it, and by the alert as it is now."""
    taken = lived(Claim(by=ANNA, rev=1))

    with pytest.raises(Conflict):
        step(taken, Claim(by=OMAR, rev=1), after())
    with pytest.raises(IllegalTransition):
        step(taken, Claim(by=OMAR, rev=2), after())


def test_h24_second_of_two_acknowledgements_loses() -> None:
    """Of two people who acknowledge the same revision, one wins and the other is told."""
    seen = lived(Acknowledge(by=ANNA, rev=1))

    with pytest.raises(Conflict):
        step(seen, Acknowledge(by=OMAR, rev=1), after())
    assert seen.acknowledged_by == ANNA


def test_h34_act_on_what_has_just_become_worse_is_refused() -> None:
    """Whoever saw the milder alert must look again, whatever they wanted of it."""
    worse = lived(Worsen(priority=HIGH, evidence=raised().evidence), alert=raised(a_finding(priority=MEDIUM)))

    for act in (Acknowledge(by=ANNA, rev=1), Claim(by=ANNA, rev=1), Note(by=ANNA, rev=1, note="x")):
        with pytest.raises(Conflict):
            step(worse, act, after())


def test_h05_claim_rings_again_and_may_then_be_taken_over() -> None:
    """Who has taken an alert and does nothing is reminded, with everybody; then another may take it."""
    taken = lived(Claim(by=ANNA, rev=1))
    assert due_at(taken) == after() + CLAIMED_FOR[HIGH]

    lapsed = lived(Lapse(), alert=taken, now=after(31))
    assert (lapsed.signal, lapsed.holder_id) == (Signal.RINGING, ANNA)
    assert lived(Claim(by=OMAR, rev=3), alert=lapsed).holder_id == OMAR


def test_h24_paused_alert_of_somebody_is_not_taken_over() -> None:
    """Who has taken an alert and paused it has it still; only what rings may be taken over."""
    paused = lived(Claim(by=ANNA, rev=1), Snooze(by=ANNA, rev=2, until=after(10), reason="hostar"))

    with pytest.raises(IllegalTransition):
        step(paused, Claim(by=OMAR, rev=3), after(1))


def test_released_alert_rings() -> None:
    """What somebody lets go is nobody's, and everybody hears it; only they can let it go."""
    taken = lived(Claim(by=ANNA, rev=1))

    assert told(taken, Release(by=ANNA, rev=2)) == {Ring}
    with pytest.raises(IllegalTransition):
        step(taken, Release(by=OMAR, rev=2), after())


def test_offered_alert_stays_until_it_is_accepted() -> None:
    """Who passes an alert on has it until somebody of the team that was asked takes it."""
    asked = lived(Claim(by=ANNA, rev=1), Offer(by=ANNA, rev=2, team_id=OTHER_TEAM))
    assert (asked.responsibility, asked.holder_id) == (Responsibility.OFFERED, ANNA)

    with pytest.raises(IllegalTransition):
        step(asked, Accept(by=OMAR, rev=3, teams=(TEAM,)), after())
    taken = lived(Accept(by=OMAR, rev=3, teams=(OTHER_TEAM,)), alert=asked)
    assert (taken.holder_id, taken.team_id, taken.offered) == (OMAR, OTHER_TEAM, None)


def test_offer_to_a_person_is_theirs_alone_to_answer() -> None:
    """A colleague in the same team cannot accept what was offered to somebody by name."""
    asked = lived(Claim(by=ANNA, rev=1), Offer(by=ANNA, rev=2, team_id=TEAM, staff_id=EMILY))

    with pytest.raises(IllegalTransition):
        step(asked, Accept(by=OMAR, rev=3, teams=(TEAM,)), after())
    assert lived(Accept(by=EMILY, rev=3, teams=()), alert=asked).holder_id == EMILY


def test_h25_declined_offer_is_back_and_rings() -> None:
    """Who passed it on and believes it gone hears that it is not."""
    asked = lived(Claim(by=ANNA, rev=1), Offer(by=ANNA, rev=2, team_id=TEAM, staff_id=EMILY))
    no = Decline(by=EMILY, rev=3, teams=(TEAM,))

    assert told(asked, no) == {Ring}
    back = lived(no, alert=asked)
    assert (back.responsibility, back.holder_id) == (Responsibility.ACCEPTED, ANNA)


@pytest.mark.parametrize(
    "acts",
    [
        (Claim(by=ANNA, rev=1),),
        (Claim(by=ANNA, rev=1), Offer(by=ANNA, rev=2, team_id=TEAM)),
        (Offer(by=ANNA, rev=1, team_id=TEAM),),
        (Acknowledge(by=ANNA, rev=1), Offer(by=ANNA, rev=2, team_id=TEAM)),
    ],
)
def test_h25_alert_goes_over_with_its_patient(acts: tuple[FromPeople, ...]) -> None:
    """Whoever had it, or was offered it, has it no more; it rings with the team that answers now."""
    theirs = lived(*acts)
    went, effects = step(theirs, GoOver(team_id=OTHER_TEAM), after())

    assert (went.team_id, went.holder_id, went.offered) == (OTHER_TEAM, None, None)
    assert (went.responsibility, went.signal) == (Responsibility.UNASSIGNED, Signal.RINGING)
    assert Ring in {type(each) for each in effects}
    with pytest.raises(Conflict):
        step(went, Acknowledge(by=ANNA, rev=theirs.rev), after())


def test_h25_alert_that_is_over_stays_with_who_says_what_it_was() -> None:
    """What has cleared in somebody's hands is theirs to close, whoever answers for the patient by now."""
    seen = lived(Settle(), alert=lived(Claim(by=ANNA, rev=1), Clear()), now=after(20))
    assert (seen.signal, seen.holder_id) == (Signal.SILENT, ANNA)
    went, effects = step(seen, GoOver(team_id=OTHER_TEAM), after(60))

    assert (went.team_id, went.holder_id, went.responsibility) == (TEAM, ANNA, Responsibility.ACCEPTED)
    assert {Ring, Hush}.isdisjoint({type(each) for each in effects})


def test_h10_alert_that_was_only_acknowledged_stays_quiet_as_long_as_it_was() -> None:
    """Nobody had it: the other team has it on its boards, and hears it when the acknowledgement lapses."""
    quiet = lived(Acknowledge(by=ANNA, rev=1))
    went, _ = step(quiet, GoOver(team_id=OTHER_TEAM), after())

    assert (went.team_id, went.signal, went.signal_until) == (OTHER_TEAM, Signal.ACKNOWLEDGED, quiet.signal_until)


def test_declined_offer_of_nobodys_alert_says_so() -> None:
    """What nobody had and somebody declined is declined, and free to be taken."""
    back = lived(Offer(by=ANNA, rev=1, team_id=OTHER_TEAM), Decline(by=OMAR, rev=2, teams=(OTHER_TEAM,)))

    assert (back.responsibility, back.holder_id) == (Responsibility.DECLINED, None)
    assert lived(Claim(by=ANNA, rev=3), alert=back).holder_id == ANNA


def test_h25_offer_that_nobody_answers_returns() -> None:
    """After its time an offer is back with whom it was, to the instant, and rings."""
    asked = lived(Claim(by=ANNA, rev=1), Offer(by=ANNA, rev=2, team_id=OTHER_TEAM))
    ends_at = after() + OFFERED_FOR[HIGH]

    assert due_at(asked) == ends_at
    assert respond(asked, a_finding(), ends_at) == Return()
    assert told(asked, Return(), OFFERED_FOR[HIGH].total_seconds() / 60) == {Ring}


@pytest.mark.parametrize(
    "answer", [Accept(by=OMAR, rev=3, teams=(OTHER_TEAM,)), Decline(by=OMAR, rev=3, teams=(OTHER_TEAM,))]
)
def test_h25_offer_whose_time_is_over_cannot_be_answered(answer: Accept | Decline) -> None:
    """By the clock, to the instant: nobody needs to have looked."""
    asked = lived(Claim(by=ANNA, rev=1), Offer(by=ANNA, rev=2, team_id=OTHER_TEAM))
    ends_at = after() + OFFERED_FOR[HIGH]

    with pytest.raises(IllegalTransition):
        step(asked, answer, ends_at)
    answered, _ = step(asked, answer, ends_at - timedelta(microseconds=1))
    assert answered.offered is None


@pytest.mark.parametrize("priority", Priority)
def test_h09_pause_has_an_end_and_a_reason(priority: Priority) -> None:
    """A pause lasts as long as its priority allows and no longer, and says why."""
    alert, most = raised(a_finding(priority=priority)), SNOOZED_AT_MOST[priority]
    paused = lived(Snooze(by=ANNA, rev=1, until=after() + most, reason="duschar"), alert=alert)

    assert (paused.signal, paused.pause_reason, due_at(paused)) == (Signal.PAUSED, "duschar", after() + most)
    assert respond(paused, a_finding(priority=priority), after() + most) == Resume()
    for until, reason in ((after() + most + timedelta(seconds=1), "duschar"), (after(), "duschar"), (after(1), " ")):
        with pytest.raises(IllegalTransition):
            step(alert, Snooze(by=ANNA, rev=1, until=until, reason=reason), after())


def test_h09_pause_breaks_when_it_gets_worse() -> None:
    """What was paused at medium priority rings as soon as it is high."""
    medium = raised(a_finding(priority=MEDIUM))
    paused = lived(Snooze(by=ANNA, rev=1, until=after(200), reason="duschar"), alert=medium)

    event = respond(paused, a_finding(priority=HIGH), after(1))
    assert isinstance(event, Worsen)
    worse = lived(event, alert=paused)
    assert (worse.signal, worse.signal_until, worse.pause_reason) == (Signal.RINGING, None, None)


def test_escalating_rings_and_calls_the_next() -> None:
    """Who has an alert and wants help has everybody told, and whoever is next now."""
    taken = lived(Claim(by=ANNA, rev=1))

    assert told(taken, Escalate(by=ANNA, rev=2)) == {Ring, Advance}
    assert told(raised(), Escalate(by=ANNA, rev=1)) == {Advance}


def test_note_changes_nothing_but_the_life() -> None:
    """A note is a line, and a revision, and nothing else."""
    alert, effects = step(raised(), Note(by=ANNA, rev=1, note="ringer dottern"), after())

    assert (alert.signal, alert.rev) == (Signal.RINGING, 2)
    (line,) = [effect.event for effect in effects if isinstance(effect, Record)]
    assert (line.kind, line.note, line.staff_id) == ("noted", "ringer dottern", ANNA)


def closing(rev: int = 1, outcome: Outcome = Outcome.FALSE_ALARM) -> Resolve:
    """Make what Anna says of an artefact."""
    return Resolve(by=ANNA, rev=rev, outcome=outcome, cause=Cause.ARTEFACT, action=Action.CALLED)


def test_closing_says_what_it_was() -> None:
    """A closed alert keeps its outcome, its cause and what was done, and nobody is told any more."""
    over = lived(closing())

    assert (over.outcome, over.cause, over.action) == (Outcome.FALSE_ALARM, Cause.ARTEFACT, Action.CALLED)
    assert (over.closure, over.signal, over.resolved_by) == (Closure.CLOSED, Signal.SILENT, ANNA)
    assert told(raised(), closing()) == {Hush}
    with pytest.raises(IllegalTransition):
        step(over, Note(by=ANNA, rev=2, note="x"), after())


def hold_of(alert: Alert) -> Hold:
    """Close an alert, and return what keeps it closed."""
    _, effects = step(alert, closing(alert.rev), after())
    (kept,) = [effect.hold for effect in effects if isinstance(effect, KeepClosed)]
    return kept


@pytest.mark.parametrize("priority", Priority)
def test_h05_closed_while_there_comes_back_after_its_time(priority: Priority) -> None:
    """The same episode raises no other alert at once; if it is there still after a bounded time, it does."""
    found = a_finding(priority=priority)
    hold = hold_of(raised(found))

    until = after() + KEPT_CLOSED_FOR[priority]
    assert held(hold, found, until - timedelta(seconds=1)) == hold
    assert held(hold, found, until) is None
    assert held(hold, None, until) == hold


def test_closed_while_there_comes_back_when_worse() -> None:
    """Who closed the medium alert has not seen the high one."""
    hold = hold_of(raised(a_finding(priority=MEDIUM)))

    assert held(hold, a_finding(priority=HIGH), after(1)) is None


def test_h11_worse_that_came_late_ends_what_was_closed() -> None:
    """Who closed the medium alert has not seen what a late reading tells of; what was no worse they have."""
    hold = hold_of(raised(a_finding(priority=MEDIUM)))

    assert held(hold, a_finding(priority=HIGH, began_at=after(-9), ended_at=after(-5)), after(1)) is None
    assert held(hold, a_finding(priority=MEDIUM, began_at=after(-9), ended_at=after(-5)), after(1)) == hold


def test_next_episode_of_what_was_closed_is_a_new_alert() -> None:
    """After the damping time away it is another episode; back before that, it is the one that was closed."""
    hold = held(hold_of(raised()), QUIET, after(1))
    assert hold is not None
    back = held(hold, a_finding(), after(3))
    assert back is not None
    assert back.quiet_since is None

    assert held(hold, a_finding(), after(1) + SETTLES_AFTER[HIGH]) is None


def test_closed_request_holds_nothing_back() -> None:
    """The next press of the button is a new alert at once."""
    _, effects = step(raised(a_finding(HELP)), closing(), after())

    assert [effect for effect in effects if isinstance(effect, KeepClosed)] == []


@pytest.mark.parametrize(
    "act",
    [
        Acknowledge(by=ANNA, rev=1),
        Claim(by=ANNA, rev=1),
        Offer(by=ANNA, rev=1, team_id=OTHER_TEAM),
        Snooze(by=ANNA, rev=1, until=after(5), reason="duschar"),
        closing(),
    ],
)
def test_last_act_can_be_taken_back(act: FromPeople) -> None:
    """Within seconds whoever did it restores what was before; the life keeps both lines."""
    before = raised()
    undone, effects = step(lived(act), Undo(by=ANNA, rev=2), after(seconds=10))

    assert (undone.signal, undone.responsibility, undone.offered) == (before.signal, before.responsibility, None)
    assert (undone.rev, undone.closure) == (3, Closure.OPEN)
    assert any(isinstance(effect, EndHold) for effect in effects) == isinstance(act, Resolve)


def test_undoing_has_its_limits() -> None:
    """Another person, a later moment, an act since, and what others have read already are not taken back."""
    seen = lived(Acknowledge(by=ANNA, rev=1))
    for undo, alert, now in (
        (Undo(by=OMAR, rev=2), seen, after()),
        (Undo(by=ANNA, rev=2), seen, after() + UNDO_WITHIN + timedelta(microseconds=1)),
        (Undo(by=ANNA, rev=3), lived(Clear(), alert=seen), after()),
        (Undo(by=ANNA, rev=2), lived(Note(by=ANNA, rev=1, note="x")), after()),
        (Undo(by=ANNA, rev=3), lived(Undo(by=ANNA, rev=2), alert=seen), after()),
    ):
        with pytest.raises(IllegalTransition):
            step(alert, undo, now)


def test_undoing_what_hushed_rings() -> None:
    """Taking an acknowledgement back makes the alert ring for everybody."""
    assert told(lived(Acknowledge(by=ANNA, rev=1)), Undo(by=ANNA, rev=2)) == {Ring}
