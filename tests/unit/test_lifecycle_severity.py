"""An alert's priority rises and falls within one life: who is told of it, what an answer was for, how long it waits."""

from datetime import timedelta

import pytest

from alerting.durations import OFFERED_FOR, SETTLES_AFTER, SNOOZED_AT_MOST
from alerting.events import Acknowledge, Clear, Ease, Event, Hush, Offer, Recur, Renew, Ring, Settle, Snooze, Worsen
from alerting.lifecycle import due_at, respond, step
from tests.builders_alerts import ANNA, OMAR, TEAM, a_finding, after, lived, raised
from ward.alerts import Alert, Condition, Priority, Signal
from ward.errors import Conflict, IllegalTransition

TICK = timedelta(microseconds=1)
LOW, MEDIUM, HIGH = Priority.LOW, Priority.MEDIUM, Priority.HIGH


def told(alert: Alert, event: Event, minutes: float = 0) -> set[type]:
    """Return whether a step tells people anything."""
    _, effects = step(alert, event, after(minutes))
    return {type(effect) for effect in effects} & {Ring, Hush}


def eased(to: Priority) -> Alert:
    """Return a high alert that has become milder."""
    return lived(Ease(priority=to, evidence=raised().evidence))


@pytest.mark.parametrize("milder", [LOW, MEDIUM])
def test_h05_eased_and_worse_again_rings_though_it_was_no_worse_than_once(milder: Priority) -> None:
    """Whoever has seen the milder one is told when it is as bad as it was before."""
    seen = lived(Acknowledge(by=ANNA, rev=2), alert=eased(milder))
    event = respond(seen, a_finding(priority=HIGH), after(1))

    assert event == Worsen(priority=HIGH, evidence=a_finding().evidence)
    assert told(seen, event, 1) == {Ring}


def test_h05_worse_while_it_was_going_away_is_told_though_it_rings() -> None:
    """Who was told of a medium alert that rings, clears and is back as a high one is told again, as of a high one."""
    clearing = lived(Clear(), alert=raised(a_finding(priority=MEDIUM)))

    assert clearing.signal is Signal.RINGING
    assert told(clearing, Recur(finding=a_finding(priority=HIGH)), 1) == {Ring}
    assert told(clearing, Recur(finding=a_finding(priority=MEDIUM)), 1) == set()
    assert told(clearing, Recur(finding=a_finding(priority=LOW)), 1) == set()


def test_h34_acknowledgement_of_what_has_become_worse_at_the_same_priority_is_refused() -> None:
    """Whoever saw 87 % has not seen 82 %, though both are of high priority."""
    renewed = lived(Renew(evidence=a_finding(said="82").evidence))

    with pytest.raises(Conflict):
        step(renewed, Acknowledge(by=ANNA, rev=1), after())
    assert lived(Acknowledge(by=ANNA, rev=2), alert=renewed).signal is Signal.ACKNOWLEDGED


def test_h20_episode_of_the_past_that_was_no_worse_breaks_no_quiet() -> None:
    """A late reading of what was no worse than what somebody has seen is counted, and rings nobody up."""
    seen = lived(Acknowledge(by=ANNA, rev=1))
    over = a_finding(priority=HIGH, began_at=after(-30), ended_at=after(-20))
    counted, _ = step(seen, Recur(finding=over), after(1))

    assert told(seen, Recur(finding=over), 1) == set()
    assert (counted.signal, counted.signal_until, counted.recurrences) == (Signal.ACKNOWLEDGED, seen.signal_until, 1)


def test_damping_lasts_as_long_as_the_worst_that_it_was() -> None:
    """What was high and is low when it goes away must stay away as long as what is high."""
    clearing = lived(Clear(), alert=eased(LOW))
    at = after() + SETTLES_AFTER[HIGH]

    assert SETTLES_AFTER[LOW] < SETTLES_AFTER[HIGH]
    assert due_at(clearing) == at
    with pytest.raises(IllegalTransition):
        step(clearing, Settle(), at - TICK)
    assert step(clearing, Settle(), at)[0].condition is Condition.CLEARED


def test_times_of_an_answer_are_those_of_the_priority_now() -> None:
    """An offer and a pause last as long as how bad it is allows, not as how bad it was."""
    alert = eased(LOW)
    offered = lived(Offer(by=ANNA, rev=2, team_id=TEAM, staff_id=OMAR), alert=alert)
    pause = Snooze(by=ANNA, rev=2, until=after() + SNOOZED_AT_MOST[LOW], reason="hostar")

    assert offered.offered is not None
    assert offered.offered.until == after() + OFFERED_FOR[LOW]
    assert lived(pause, alert=alert).signal_until == pause.until
