"""Alert state machine. Pure: no clock, no store, no logging. What is not in TRANSITIONS raises IllegalTransition.

::

    (nothing) ── Raise ──> open ── Acknowledge ──> acknowledged ── Resolve ──> resolved
                           open <── Lapse, Worsen, Recur ── acknowledged
    Ease changes the priority within a state; Recur brings a cleared condition back, and counts another request.

High and medium priority latch: when the condition clears, an open alert stays open until a person acts. Acknowledged
and cleared, from either side, is resolved by itself; so are low priority and technical alerts as soon as they clear.
A request never clears: a person resolves it. Asked again, it is open again, whoever had seen the first one.
The invariants: `rev` rises by exactly one with each event, a resolved alert never changes, and whoever acts names the
`rev` they saw (else Conflict: the alert may just have become worse).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from alerting.events import (
    KINDS,
    Acknowledge,
    Announce,
    Clear,
    Ease,
    Effect,
    Event,
    Lapse,
    Raise,
    Record,
    Recur,
    Resolve,
    Worsen,
)
from alerting.observed import Observation
from ward.alerts import Alert, AlertEvent, AlertState, Condition, Family, Finding, Outcome, Priority
from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId

# How long "I have seen it" lasts before the alert is open again. The project's choice, to be confirmed locally.
ACKNOWLEDGED_FOR: MappingProxyType[Priority, timedelta] = MappingProxyType(
    {Priority.HIGH: timedelta(minutes=15), Priority.MEDIUM: timedelta(minutes=60), Priority.LOW: timedelta(hours=8)}
)


def _raise(event: Raise, now: datetime) -> Alert:
    finding = event.finding
    return Alert(
        alert_id=event.alert_id,
        stay_id=finding.stay_id,
        rule=finding.rule,
        family=finding.family,
        priority=finding.priority,
        state=AlertState.OPEN,
        condition=Condition.PRESENT,
        rev=1,
        team_id=event.team_id,
        began_at=finding.began_at,
        opened_at=now,
        changed_at=now,
        recurrences=finding.repeats,
        evidence=finding.evidence,
    )


def _reopened(alert: Alert) -> Alert:
    return replace(alert, state=AlertState.OPEN, acknowledged_at=None, acknowledged_by=None, acknowledged_until=None)


def _worsen(alert: Alert, event: Worsen, now: datetime) -> Alert:
    del now
    if event.priority <= alert.priority:
        raise IllegalTransition(f"priority {event.priority.name} is not worse than {alert.priority.name}")
    return replace(_reopened(alert), priority=event.priority, evidence=event.evidence)


def _ease(alert: Alert, event: Ease, now: datetime) -> Alert:
    del now
    if event.priority >= alert.priority:
        raise IllegalTransition(f"priority {event.priority.name} is not milder than {alert.priority.name}")
    return replace(alert, priority=event.priority, evidence=event.evidence)


def _clear(alert: Alert, event: Clear, now: datetime) -> Alert:
    del event
    cleared = replace(alert, condition=Condition.CLEARED, cleared_at=now)
    latched = alert.priority is not Priority.LOW and alert.family is not Family.TECHNICAL
    return cleared if latched else _closed(cleared, Outcome.SELF_RESOLVED, now)


def _clear_seen(alert: Alert, event: Clear, now: datetime) -> Alert:
    del event
    return _closed(replace(alert, condition=Condition.CLEARED, cleared_at=now), Outcome.SELF_RESOLVED, now)


def _closed(alert: Alert, outcome: Outcome, now: datetime, by: StaffId | None = None) -> Alert:
    return replace(
        alert,
        state=AlertState.RESOLVED,
        outcome=outcome,
        resolved_at=now,
        resolved_by=by,
        acknowledged_until=None,
    )


def _recur(alert: Alert, event: Recur, now: datetime) -> Alert:
    del now
    return replace(
        alert,
        condition=Condition.PRESENT,
        cleared_at=None,
        recurrences=alert.recurrences + 1 + event.finding.repeats,
        priority=event.finding.priority,
        evidence=event.finding.evidence,
    )


def _recur_seen(alert: Alert, event: Recur, now: datetime) -> Alert:
    return _recur(_reopened(alert), event, now)


def _acknowledge(alert: Alert, event: Acknowledge, now: datetime) -> Alert:
    return replace(
        alert,
        state=AlertState.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_by=event.by,
        acknowledged_until=now + ACKNOWLEDGED_FOR[alert.priority],
    )


def _acknowledge_cleared(alert: Alert, event: Acknowledge, now: datetime) -> Alert:
    return _closed(_acknowledge(alert, event, now), Outcome.SELF_RESOLVED, now, event.by)


def _lapse(alert: Alert, event: Lapse, now: datetime) -> Alert:
    del event
    if alert.acknowledged_until is None or now < alert.acknowledged_until:
        raise IllegalTransition(f"the acknowledgement holds until {alert.acknowledged_until}")
    return _reopened(alert)


def _resolve(alert: Alert, event: Resolve, now: datetime) -> Alert:
    return _closed(alert, event.outcome, now, event.by)


_OPEN, _ACKNOWLEDGED = AlertState.OPEN, AlertState.ACKNOWLEDGED
_PRESENT, _CLEARED = Condition.PRESENT, Condition.CLEARED

TRANSITIONS: MappingProxyType[tuple[AlertState, Condition, type], Callable[..., Alert]] = MappingProxyType(
    {
        (_OPEN, _PRESENT, Worsen): _worsen,
        (_OPEN, _PRESENT, Ease): _ease,
        (_OPEN, _PRESENT, Clear): _clear,
        (_OPEN, _PRESENT, Recur): _recur,
        (_OPEN, _PRESENT, Acknowledge): _acknowledge,
        (_OPEN, _PRESENT, Resolve): _resolve,
        (_OPEN, _CLEARED, Recur): _recur,
        (_OPEN, _CLEARED, Acknowledge): _acknowledge_cleared,
        (_OPEN, _CLEARED, Resolve): _resolve,
        (_ACKNOWLEDGED, _PRESENT, Worsen): _worsen,
        (_ACKNOWLEDGED, _PRESENT, Ease): _ease,
        (_ACKNOWLEDGED, _PRESENT, Clear): _clear_seen,
        (_ACKNOWLEDGED, _PRESENT, Recur): _recur_seen,
        (_ACKNOWLEDGED, _PRESENT, Lapse): _lapse,
        (_ACKNOWLEDGED, _PRESENT, Resolve): _resolve,
    }
)


def step(alert: Alert | None, event: Event, now: datetime) -> tuple[Alert, tuple[Effect, ...]]:
    """Take one event; return the alert as it is then, and what the shell must carry out with it.

    Raises
    ------
    Conflict
        If a person acts on another `rev` than the alert has.
    IllegalTransition
        If the event is not allowed now.
    """
    if isinstance(event, Raise):
        if alert is not None:
            raise IllegalTransition(f"alert {alert.alert_id} is there already")
        return _with_effects(_raise(event, now), event, now)
    if alert is None:
        raise IllegalTransition(f"there is no alert to be {KINDS[type(event)]}")
    if isinstance(event, Acknowledge | Resolve) and event.rev != alert.rev:
        raise Conflict(f"alert {alert.alert_id} has changed: it is at rev {alert.rev}, not {event.rev}")
    transition = TRANSITIONS.get((alert.state, alert.condition, type(event)))
    if transition is None:
        raise IllegalTransition(
            f"alert {alert.alert_id} is {alert.state.value}, its condition {alert.condition.value}: "
            f"it cannot be {KINDS[type(event)]}"
        )
    changed: Alert = transition(alert, event, now)
    return _with_effects(replace(changed, rev=alert.rev + 1, changed_at=now), event, now)


def _with_effects(alert: Alert, event: Event, now: datetime) -> tuple[Alert, tuple[Effect, ...]]:
    person = event if isinstance(event, Acknowledge | Resolve) else None
    line = AlertEvent(
        alert_id=alert.alert_id,
        rev=alert.rev,
        at=now,
        kind=KINDS[type(event)],
        staff_id=person.by if person else None,
        note=person.note if person else None,
    )
    return alert, (Record(event=line), Announce(alert_id=alert.alert_id))


def respond(
    alert: Alert, observation: Observation | None, now: datetime
) -> Worsen | Ease | Clear | Recur | Lapse | None:
    """Return what an observation, or the time that has passed, does to an alert; None when nothing.

    An observation of None says that nothing can be known. Asked again with the changed alert, until it
    returns None, this gives every event that is due.
    """
    if alert.state is AlertState.RESOLVED:
        return None
    if alert.acknowledged_until is not None and now >= alert.acknowledged_until:
        return Lapse()
    if isinstance(observation, Finding):
        return _meet(alert, observation)
    return Clear() if observation is not None and alert.condition is Condition.PRESENT else None


def _meet(alert: Alert, finding: Finding) -> Worsen | Ease | Recur | None:
    if alert.condition is Condition.CLEARED:
        return Recur(finding=finding)
    if finding.family is Family.REQUEST:
        # A rule finds a request once: another one says something else, and what was taken already says the same.
        return None if finding.evidence == alert.evidence else Recur(finding=finding)
    if finding.priority > alert.priority:
        return Worsen(priority=finding.priority, evidence=finding.evidence)
    if finding.priority < alert.priority:
        return Ease(priority=finding.priority, evidence=finding.evidence)
    return None
