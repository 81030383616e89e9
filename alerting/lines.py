"""The line that each event leaves in an alert's life. Pure; the words for it: `ward.alert_words`."""

from dataclasses import replace
from datetime import datetime

from alerting.events import (
    KINDS,
    Clear,
    EndStay,
    Event,
    FromPeople,
    FromRules,
    GoOver,
    Offer,
    Raise,
    Resolve,
    Snooze,
    Unask,
    Undo,
)
from ward.alerts import Alert, AlertEvent


def line(alert: Alert, event: Event, now: datetime) -> AlertEvent:
    """Return what is written of an event that has made an alert what it is."""
    said = AlertEvent(alert_id=alert.alert_id, rev=alert.rev, at=now, kind=KINDS[type(event)])
    if isinstance(event, FromPeople):
        return _by_a_person(replace(said, staff_id=event.by, until=alert.signal_until), alert, event)
    if isinstance(event, EndStay):
        return replace(said, outcome=alert.outcome, cause=alert.cause)
    if isinstance(event, GoOver):
        return replace(said, to_team_id=event.team_id)
    if isinstance(event, FromRules) and not isinstance(event, Clear | Unask):
        over_at = alert.cleared_at if isinstance(event, Raise) else None
        return replace(said, priority=alert.priority, evidence=alert.evidence, until=over_at)
    return said


def _by_a_person(said: AlertEvent, alert: Alert, event: FromPeople) -> AlertEvent:
    if isinstance(event, Undo):
        return said
    said = replace(said, note=event.reason if isinstance(event, Snooze) else event.note)
    if isinstance(event, Offer) and alert.offered is not None:
        return replace(said, until=alert.offered.until, to_team_id=event.team_id, to_staff_id=event.staff_id)
    if isinstance(event, Resolve):
        return replace(said, outcome=event.outcome, cause=event.cause, action=event.action)
    return said
