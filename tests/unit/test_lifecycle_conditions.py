"""What rules and time do to an alert, by itself."""

from datetime import timedelta

import pytest

from alerting.durations import ACKNOWLEDGED_FOR, HOLDER_CLOSES_WITHIN, SETTLES_AFTER
from alerting.events import (
    Acknowledge,
    Claim,
    Clear,
    Ease,
    Event,
    Hush,
    Lapse,
    Recur,
    Resolve,
    Ring,
    Settle,
    Worsen,
)
from alerting.holds import held, kept_closed
from alerting.lifecycle import due_at, respond, step
from alerting.observed import Quiet
from tests.builders_alerts import ANNA, HELP, NODATA, SPO2, STAY, a_finding, after, illegal, lived, raised
from ward.alerts import Alert, AlertState, Closure, Condition, Outcome, Priority, Signal
from ward.errors import IllegalTransition

TICK = timedelta(microseconds=1)
SETTLES = SETTLES_AFTER[Priority.HIGH]
QUIET = Quiet(stay_id=STAY, rule=SPO2)


def told(alert: Alert, event: Event, minutes: float = 0) -> set[type]:
    """Return whether a step tells people anything."""
    _, effects = step(alert, event, after(minutes))
    return {type(effect) for effect in effects} & {Ring, Hush}


def gone(alert: Alert) -> Alert:
    """Let an alert's condition go, and stay away."""
    clearing, _ = step(alert, Clear(), after())
    return step(clearing, Settle(), after() + SETTLES)[0]


@pytest.mark.parametrize("priority", Priority)
def test_h05_acknowledgement_runs_out_by_priority(priority: Priority) -> None:
    """An acknowledgement holds for the time of its priority, to the instant, and then the alert rings."""
    seen = lived(Acknowledge(by=ANNA, rev=1), alert=raised(a_finding(priority=priority)))
    last = after() + ACKNOWLEDGED_FOR[priority]

    assert due_at(seen) == last
    assert respond(seen, None, last - TICK) is None
    assert respond(seen, None, last) == Lapse()
    assert told(seen, Lapse(), ACKNOWLEDGED_FOR[priority].total_seconds() / 60) == {Ring}


@pytest.mark.parametrize(
    ("rule", "priority", "closure"),
    [
        (SPO2, Priority.HIGH, Closure.OPEN),
        (SPO2, Priority.MEDIUM, Closure.OPEN),
        (SPO2, Priority.LOW, Closure.CLOSED),
        (NODATA, Priority.HIGH, Closure.OPEN),
        (NODATA, Priority.MEDIUM, Closure.CLOSED),
    ],
)
def test_unseen_alert_latches_by_priority(rule: str, priority: Priority, closure: Closure) -> None:
    """High, and medium clinical alerts stay and ring until somebody has seen them; the others close by themselves."""
    over = gone(raised(a_finding(rule, priority)))

    assert (over.condition, over.closure) == (Condition.CLEARED, closure)
    assert (over.signal is Signal.RINGING) == (closure is Closure.OPEN)


def test_alert_that_was_high_latches_as_high() -> None:
    """What eased before it cleared was still once high, and must be seen."""
    eased = lived(Ease(priority=Priority.LOW, evidence=raised().evidence))

    assert eased.worst is Priority.HIGH
    assert gone(eased).closure is Closure.OPEN


def test_seen_and_gone_is_over() -> None:
    """What a person has seen and what stays away needs nobody any more."""
    over = gone(lived(Acknowledge(by=ANNA, rev=1)))

    assert (over.state, over.outcome) == (AlertState.RESOLVED, Outcome.SELF_RESOLVED)


def test_gone_and_seen_is_over() -> None:
    """The other way round it is the same."""
    latched = gone(raised())
    over, _ = step(latched, Acknowledge(by=ANNA, rev=latched.rev), after(10))

    assert (over.state, over.outcome, over.resolved_by) == (AlertState.RESOLVED, Outcome.SELF_RESOLVED, ANNA)


def test_h10_flapping_condition_rings_once() -> None:
    """A condition that comes and goes within the damping time is one alert, counted, and rings nobody anew."""
    alert = lived(Acknowledge(by=ANNA, rev=1))
    for minute in range(1, 9, 2):
        alert, _ = step(alert, Clear(), after(minute))
        back = Recur(finding=a_finding())
        assert told(alert, back, minute + 1) == set()
        alert, _ = step(alert, back, after(minute + 1))

    assert (alert.recurrences, alert.signal, alert.condition) == (4, Signal.ACKNOWLEDGED, Condition.PRESENT)


def test_settling_starts_anew_with_every_return() -> None:
    """What clears settles when it has been away for the whole damping time, to the instant."""
    clearing = lived(Clear())

    assert due_at(clearing) == after() + SETTLES
    assert respond(clearing, QUIET, after() + SETTLES - TICK) is None
    assert respond(clearing, QUIET, after() + SETTLES) == Settle()
    with pytest.raises(IllegalTransition):
        step(clearing, Settle(), after() + SETTLES - TICK)


def test_what_comes_back_after_it_settled_rings() -> None:
    """After the damping time it is something new for whoever had not looked yet."""
    latched = gone(raised())

    assert told(latched, Recur(finding=a_finding()), 20) == {Ring}


def test_acknowledgement_does_not_lapse_over_what_is_going_away() -> None:
    """Nobody is rung up for what is gone; if it is back, the acknowledgement has run out and it rings."""
    seen = lived(Acknowledge(by=ANNA, rev=1))
    clearing, _ = step(seen, Clear(), after(14))
    assert respond(clearing, QUIET, after(16)) is None

    back, _ = step(clearing, Recur(finding=a_finding()), after(16))
    assert respond(back, a_finding(), after(16)) == Lapse()


def test_worse_rings_even_where_it_rang() -> None:
    """Whoever was told of the milder one is told again."""
    medium = raised(a_finding(priority=Priority.MEDIUM))
    worse = Worsen(priority=Priority.HIGH, evidence=medium.evidence)

    assert told(medium, worse) == {Ring}
    assert told(lived(Acknowledge(by=ANNA, rev=1), alert=medium), worse) == {Ring}


def test_worse_within_the_damping_time_rings() -> None:
    """Damping keeps the same back, not the worse."""
    seen = lived(Acknowledge(by=ANNA, rev=1), Clear(), alert=raised(a_finding(priority=Priority.MEDIUM)))

    assert told(seen, Recur(finding=a_finding(priority=Priority.HIGH)), 1) == {Ring}


def test_h08_what_a_fast_clock_made_quiet_rings_when_the_clock_is_right() -> None:
    """An acknowledgement of tomorrow, by a clock that was a day ahead, keeps nothing quiet until then."""
    day = 24 * 60
    alert = raised(a_finding())
    seen, _ = step(alert, Acknowledge(by=ANNA, rev=1), after(day))

    assert respond(seen, None, after(day + 14)) is None
    assert respond(seen, None, after(day, -0.05)) is None
    assert respond(seen, None, after(5)) == Lapse()
    assert step(seen, Lapse(), after(5))[0].signal is Signal.RINGING


def test_h08_what_a_fast_clock_kept_closed_is_told_when_the_clock_is_right() -> None:
    """Closed while it was there by a clock that was a day ahead, it is not held until tomorrow."""
    resolved, _ = step(raised(a_finding()), Resolve(by=ANNA, rev=1, outcome=Outcome.FALSE_ALARM), after(24 * 60))
    hold = kept_closed(resolved)

    assert hold is not None
    assert held(hold, a_finding(), after(24 * 60, -0.05)) == held(hold, a_finding(), after(24 * 60 + 5)) == hold
    assert held(hold, a_finding(), after(5)) is None


def test_h05_milder_call_does_not_make_less_of_an_urgent_one() -> None:
    """Whoever has said something urgent and then something milder is as urgent as before: nobody has answered yet."""
    urgent = raised(a_finding(HELP, Priority.HIGH, said="chest"))
    again = a_finding(HELP, Priority.LOW, said="sleep")
    event = respond(urgent, again, after(1))
    assert event == Recur(finding=again)
    both, effects = step(urgent, event, after(1))

    assert (both.priority, both.recurrences, both.signal) == (Priority.HIGH, 1, Signal.RINGING)
    assert Ring in {type(effect) for effect in effects}
    assert respond(both, again, after(1)) is None


def test_request_never_clears_by_itself() -> None:
    """However quiet the rule, a request stays until somebody answers it; asked again it rings again."""
    asked = raised(a_finding(HELP, said="first"))
    quiet = Quiet(stay_id=STAY, rule=HELP)

    assert respond(asked, quiet, after(600)) is None
    with pytest.raises(IllegalTransition):
        step(asked, Clear(), after())
    assert respond(asked, a_finding(HELP, said="first"), after(1)) is None
    assert told(asked, Recur(finding=a_finding(HELP, said="second"))) == {Ring}


def test_holder_says_what_it_was() -> None:
    """Cleared in somebody's hands it waits for their word, silent, and closes by itself in the end."""
    waiting = gone(lived(Claim(by=ANNA, rev=1)))
    ends_at = after() + SETTLES + HOLDER_CLOSES_WITHIN

    assert (waiting.signal, waiting.state, due_at(waiting)) == (Signal.SILENT, AlertState.ACKNOWLEDGED, ends_at)
    over, _ = step(waiting, Settle(), ends_at)
    assert (over.closure, over.holder_id) == (Closure.CLOSED, ANNA)


def late(minutes_ago: float = 60, lasted: float = 5, priority: Priority = Priority.HIGH, rule: str = SPO2) -> Alert:
    """Raise what was there some time ago, and is over."""
    ended_at = after(-minutes_ago)
    return raised(a_finding(rule, priority, began_at=ended_at - timedelta(minutes=lasted), ended_at=ended_at))


def test_h20_what_is_over_rings_nowhere() -> None:
    """An alert about what was there and is over is silent and cleared, and needs only to be seen."""
    found = late()

    assert (found.condition, found.signal, found.state) == (Condition.CLEARED, Signal.SILENT, AlertState.OPEN)
    assert found.cleared_at == after(-60)
    assert due_at(found) is None
    seen, _ = step(found, Acknowledge(by=ANNA, rev=1), after())
    assert seen.closure is Closure.CLOSED


def test_what_is_over_and_latches_not_is_only_recorded() -> None:
    """Nobody has to see that a device was out of reach some time ago."""
    assert late(rule=NODATA, priority=Priority.MEDIUM).closure is Closure.CLOSED


def test_h20_second_episode_of_a_burst_is_counted_once() -> None:
    """Another episode of the past joins the alert of the first, and saying it again changes nothing."""
    found = late(60)
    other = a_finding(began_at=after(-30), ended_at=after(-20))
    event = respond(found, other, after())

    assert event == Recur(finding=other)
    assert told(found, event) == set()
    both = lived(event, alert=found)
    assert (both.recurrences, both.signal) == (1, Signal.SILENT)
    assert respond(both, other, after()) is None


def test_what_is_still_there_rings_though_it_was_silent_before() -> None:
    """A retrospective alert whose condition is found now is there, and rings once."""
    found = late(60)

    assert told(found, Recur(finding=a_finding())) == {Ring}


def test_own_episode_found_in_the_past_clears_nothing() -> None:
    """That an episode of the past has an end may be that nobody knows any more; only what is quiet clears."""
    over = a_finding(began_at=after(), ended_at=after(5))

    assert respond(raised(), over, after(6)) is None


def test_worse_episode_of_the_past_does_not_hide_that_it_is_back() -> None:
    """Who has seen the low alert has not seen the high one, though a late reading told of that meanwhile."""
    low = raised(a_finding(priority=Priority.LOW))
    clearing, _ = step(lived(Acknowledge(by=ANNA, rev=1), alert=low), Clear(), after(1))
    counted, _ = step(clearing, Recur(finding=a_finding(began_at=after(-9), ended_at=after(-5))), after(2))

    assert (counted.worst, counted.signal) == (Priority.HIGH, Signal.SILENT)
    assert told(counted, Recur(finding=a_finding()), 2) == {Ring}


@pytest.mark.parametrize("act", [Acknowledge(by=ANNA, rev=1), Claim(by=ANNA, rev=1)])
def test_h11_worse_that_came_late_is_not_closed_unseen(act: Acknowledge | Claim) -> None:
    """Whoever made a milder alert quiet has not seen what a late reading tells: it rings, or waits to be seen."""
    seen = lived(act, alert=raised(a_finding(priority=Priority.MEDIUM)))
    over = a_finding(began_at=after(1), ended_at=after(5))
    event = respond(seen, over, after(9))

    assert event == Recur(finding=over)
    assert told(seen, event, 9) == {Ring}
    waiting, _ = step(lived(Clear(), alert=seen, now=after(8)), event, after(9))
    assert (waiting.closure, waiting.condition, waiting.signal) == (Closure.OPEN, Condition.CLEARED, Signal.SILENT)
    assert waiting.worst is Priority.HIGH
    assert illegal(waiting) == []
    assert respond(waiting, over, after(9)) is None


def test_h05_worse_that_its_holder_has_not_seen_rings_until_somebody_has() -> None:
    """Whoever took a milder alert has not seen that it got worse: that it is over makes it no quieter."""
    held = lived(Claim(by=ANNA, rev=1), alert=raised(a_finding(priority=Priority.MEDIUM)))
    worse = lived(Worsen(priority=Priority.HIGH, evidence=held.evidence), Clear(), alert=held)
    over, _ = step(worse, Settle(), after() + SETTLES)

    assert (over.closure, over.condition, over.signal) == (Closure.OPEN, Condition.CLEARED, Signal.RINGING)
    assert (over.holder_id, due_at(over), illegal(over)) == (ANNA, None, [])
    seen, _ = step(over, Acknowledge(by=ANNA, rev=over.rev), after(9))
    assert seen.closure is Closure.CLOSED
