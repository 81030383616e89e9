"""Requests: what calls for somebody, and how a second press counts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerting.events import Acknowledge, Raise, Recur
from alerting.features import Batch, Request
from alerting.lifecycle import respond, step
from alerting.rules import requests
from tests.builders_alerting import NOW_S, a_batch
from ward.alerts import Alert, AlertId, AlertState, Family, Finding, Priority
from ward.events import EventKind
from ward.people import StaffId, TeamId


def asking(*ago: tuple[EventKind, float]) -> Batch:
    """Make a batch of one stay with requests so many seconds ago."""
    batch = a_batch()
    made = tuple(
        Request(kind=kind, device_id="hv-1", occurred_s=NOW_S - ago_s, received_s=NOW_S) for kind, ago_s in ago
    )
    return replace(batch, stays=(replace(batch.stays[0], requests=made),))


def pressed(*ago_s: float) -> Finding:
    """Find a pressed help button."""
    (finding,) = requests.observe(asking(*((EventKind.HELP_BUTTON, each) for each in ago_s)), NOW_S).observations
    assert isinstance(finding, Finding)
    return finding


def opened(finding: Finding) -> Alert:
    """Open the alert of a finding."""
    raised = Raise(alert_id=AlertId(1), team_id=TeamId(1), finding=finding)
    return step(None, raised, finding.due_at)[0]


@pytest.mark.parametrize("kind", [EventKind.HELP_BUTTON, EventKind.FALL])
def test_request_is_of_high_priority_at_once(kind: EventKind) -> None:
    """A pressed button and a fall are found without delay, in the family of requests."""
    (finding,) = requests.observe(asking((kind, 0)), NOW_S).observations

    assert isinstance(finding, Finding)
    assert (finding.rule, finding.family, finding.priority) == (kind, Family.REQUEST, Priority.HIGH)
    assert finding.began_at == finding.due_at


@pytest.mark.parametrize("ago_s", [0.0, 29 * 86_400.0])
def test_h01_late_request_still_calls(ago_s: float) -> None:
    """A press that reaches the platform late, however late, has not been answered yet; a check-in never calls."""
    observed = requests.observe(asking((EventKind.HELP_BUTTON, ago_s), (EventKind.CHECK_IN, 0)), NOW_S)

    assert len(observed.observations) == 1


def test_presses_together_are_one_finding() -> None:
    """Three presses at once are one alert that began with the first and counts the others."""
    finding = pressed(5, 9, 1)

    assert finding.repeats == opened(finding).recurrences == 2
    assert (NOW_S - finding.began_at.timestamp()) == pytest.approx(9)


def test_clock_that_is_ahead_does_not_date_a_press_later() -> None:
    """A press that says it is to come began when it was received."""
    assert pressed(-200).began_at.timestamp() == NOW_S


def test_second_press_counts_once() -> None:
    """A press on top of an open alert recurs, and settles."""
    alert, second = opened(pressed(60)), pressed(1)
    event = respond(alert, second, second.due_at)

    assert isinstance(event, Recur)
    again, _ = step(alert, event, second.due_at)
    assert again.recurrences == 1
    assert respond(again, second, second.due_at) is None


def test_second_press_opens_what_somebody_had_seen() -> None:
    """Whoever has seen the first press has not seen the second."""
    first, second = pressed(60), pressed(1)
    seen, _ = step(opened(first), Acknowledge(by=StaffId(2), rev=1), first.due_at)
    again, _ = step(seen, Recur(finding=second), second.due_at)

    assert seen.state is AlertState.ACKNOWLEDGED
    assert (again.state, again.acknowledged_by, again.recurrences) == (AlertState.OPEN, None, 1)


def test_request_never_clears_by_itself() -> None:
    """Without a new press nothing is observed, and an open alert stays as it is."""
    assert requests.observe(asking(), NOW_S).observations == ()
    alert = opened(pressed(60))
    assert respond(alert, None, alert.opened_at + timedelta(days=3)) is None
