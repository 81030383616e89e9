"""What rules and time do to an alert: raised, worse, milder, gone, back, settled. Pure; the table is in `lifecycle`.

High priority latches, medium clinical too: cleared and not yet seen, they stay until a person has seen them. What is
back within the damping time is the same episode. What was there and is over by now (retrospective) never rings.
"""

from dataclasses import replace
from datetime import datetime

from alerting.durations import HOLDER_CLOSES_WITHIN, SETTLES_AFTER
from alerting.events import Clear, Ease, EndStay, Raise, Recur, Renew, Settle, Unask, Worsen
from ward.alerts import Alert, Cause, Condition, Evidence, Family, Finding, Outcome, Priority, Responsibility, Signal
from ward.errors import IllegalTransition
from ward.people import StaffId

_QUIETED = (Signal.ACKNOWLEDGED, Signal.PAUSED)


def latches(alert: Alert) -> bool:
    """Return whether the alert stays until somebody has seen it, though its condition is gone."""
    return alert.worst is Priority.HIGH or (alert.worst is Priority.MEDIUM and alert.family is Family.CLINICAL)


def ringing(alert: Alert) -> Alert:
    """Return the alert ringing: whoever had made it quiet has not seen this."""
    return replace(
        alert,
        signal=Signal.RINGING,
        signal_until=None,
        acknowledged_at=None,
        acknowledged_by=None,
        pause_reason=None,
    )


def closed(alert: Alert, outcome: Outcome, now: datetime, by: StaffId | None = None) -> Alert:
    """Return the alert over; an offer that nobody had answered goes with it."""
    if alert.responsibility is Responsibility.OFFERED:
        kept = Responsibility.UNASSIGNED if alert.holder_id is None else Responsibility.ACCEPTED
        alert = replace(alert, responsibility=kept, offered=None)
    return replace(
        alert,
        signal=Signal.SILENT,
        signal_until=None,
        pause_reason=None,
        outcome=outcome,
        resolved_at=now,
        resolved_by=by,
    )


def left_to_holder(alert: Alert, now: datetime) -> Alert:
    """Return the alert, cleared and in somebody's hands: silent until they say what it was."""
    return replace(alert, signal=Signal.SILENT, signal_until=now + HOLDER_CLOSES_WITHIN, pause_reason=None)


def raised(event: Raise, now: datetime) -> Alert:
    """Return a new alert; one that is over already is silent, and closed where nobody needs to see it."""
    finding = event.finding
    alert = Alert(
        alert_id=event.alert_id,
        stay_id=finding.stay_id,
        rule=finding.rule,
        family=finding.family,
        priority=finding.priority,
        worst=finding.priority,
        condition=Condition.PRESENT,
        rev=1,
        team_id=event.team_id,
        began_at=finding.began_at,
        opened_at=now,
        changed_at=now,
        recurrences=finding.repeats,
        evidence=finding.evidence,
    )
    if finding.ended_at is None:
        return alert
    if finding.family is Family.REQUEST:
        raise IllegalTransition("a request is not over before somebody has answered it")
    over = replace(alert, condition=Condition.CLEARED, cleared_at=finding.ended_at, signal=Signal.SILENT)
    return over if latches(over) else closed(over, Outcome.SELF_RESOLVED, now)


def is_worse(alert: Alert, priority: Priority, evidence: Evidence) -> bool:
    """Return whether this is worse than what whoever made the alert quiet has seen.

    It is of higher priority, or beyond a hard bound that had not been passed; or further beyond it than when the alert
    was paused, since nobody says by a pause that they are with the patient.
    """
    if priority is not alert.priority or not evidence.hard:
        return priority > alert.priority
    return not alert.evidence.hard or (alert.signal is Signal.PAUSED and evidence != alert.evidence)


def worsened(alert: Alert, event: Worsen, now: datetime) -> Alert:
    """Return the alert at a higher priority, or beyond a hard bound, ringing."""
    del now
    if not is_worse(alert, event.priority, event.evidence):
        raise IllegalTransition(f"priority {event.priority.name} is not worse than {alert.priority.name}")
    worst = max(alert.worst, event.priority)
    return replace(ringing(alert), priority=event.priority, worst=worst, evidence=event.evidence)


def eased(alert: Alert, event: Ease, now: datetime) -> Alert:
    """Return the alert at a lower priority, as quiet or loud as it was."""
    del now
    if event.priority >= alert.priority:
        raise IllegalTransition(f"priority {event.priority.name} is not milder than {alert.priority.name}")
    return replace(alert, priority=event.priority, evidence=event.evidence)


def renewed(alert: Alert, event: Renew, now: datetime) -> Alert:
    """Return the alert saying how bad it is by now, as quiet or loud as it was."""
    del now
    return replace(alert, evidence=event.evidence)


def cleared(alert: Alert, event: Clear, now: datetime) -> Alert:
    """Return the alert clearing: gone for now."""
    del event
    if alert.family is Family.REQUEST:
        raise IllegalTransition("a request does not clear: somebody answers it")
    return replace(alert, condition=Condition.CLEARING, cleared_at=now)


def unasked(alert: Alert, event: Unask, now: datetime) -> Alert:
    """Return the alert clearing, because the plan asks for it no more: that the patient is better, nobody has said."""
    del event
    return replace(cleared(alert, Clear(), now), unasked=True)


def ended(alert: Alert, event: EndStay, now: datetime) -> Alert:
    """Return the alert closed with its stay, whatever was the matter with it."""
    del event
    return replace(closed(alert, Outcome.STAY_ENDED, now), cause=Cause.STAY_ENDED)


def recurred(alert: Alert, event: Recur, now: datetime) -> Alert:
    """Return the alert with its condition back, or counted once more."""
    finding = event.finding
    if finding.ended_at is not None:
        return _counted(alert, finding, finding.ended_at, now)
    # A milder call does not answer the one before it: what is urgent stays so until somebody has.
    milder = alert.family is Family.REQUEST and finding.priority < alert.priority
    back = replace(
        alert,
        condition=Condition.PRESENT,
        cleared_at=None,
        unasked=False,
        recurrences=alert.recurrences + 1 + finding.repeats,
        priority=alert.priority if milder else finding.priority,
        worst=max(alert.worst, finding.priority),
        evidence=finding.evidence,
    )
    damped = alert.condition is Condition.CLEARING and not is_worse(alert, finding.priority, finding.evidence)
    return back if damped else ringing(back)


def _counted(alert: Alert, finding: Finding, ended_at: datetime, now: datetime) -> Alert:
    """Return the alert with an episode of the past in it, which rings nobody by itself.

    What was worse than whoever made the alert quiet can have seen is to be seen: what is there rings again, what is
    going away waits in silence.
    """
    # Only where it will ring when it comes back: whoever has made a milder one quiet has not seen a worse one.
    worse = finding.priority >= alert.priority and alert.condition is Condition.CLEARED
    counted = replace(
        alert,
        began_at=min(alert.began_at, finding.began_at),
        cleared_at=None if alert.cleared_at is None else max(alert.cleared_at, ended_at),
        recurrences=alert.recurrences + 1 + finding.repeats,
        priority=finding.priority if worse else alert.priority,
        worst=max(alert.worst, finding.priority),
        evidence=finding.evidence if worse else alert.evidence,
    )
    if finding.priority <= alert.worst or alert.signal not in _QUIETED:
        return counted
    again = ringing(counted)
    if alert.condition is Condition.PRESENT:
        return again
    gone = replace(again, condition=Condition.CLEARED, signal=Signal.SILENT)
    return gone if alert.holder_id is None else left_to_holder(gone, now)


def settles_at(alert: Alert) -> datetime | None:
    """Return when time alone ends this: the damping of what has cleared, or the wait for its holder's word."""
    if alert.condition is Condition.CLEARING and alert.cleared_at is not None:
        return alert.cleared_at + SETTLES_AFTER[alert.worst]
    return alert.signal_until if alert.condition is Condition.CLEARED else None


def settled(alert: Alert, event: Settle, now: datetime) -> Alert:
    """Return the alert with its condition gone for good: with its holder, waiting to be seen, or over."""
    del event
    at = settles_at(alert)
    if at is None or now < at:
        raise IllegalTransition(f"its condition settles at {at}")
    if alert.condition is Condition.CLEARED:
        return closed(alert, Outcome.SELF_RESOLVED, now)
    gone = replace(alert, condition=Condition.CLEARED)
    # Who holds it has not seen what rings: it got worse, or their word has run out.
    if latches(alert) and alert.signal not in _QUIETED:
        return gone
    return closed(gone, Outcome.SELF_RESOLVED, now) if alert.holder_id is None else left_to_holder(gone, now)
