"""What people do about an alert: seen, taken, passed on, paused, closed, taken back. Pure; the table is in `lifecycle`.

To have seen an alert is not to have taken it. Nobody loses an alert by offering it: it is theirs until somebody else
has accepted. Whatever makes it quiet has an end, and taking back restores what was before.
"""

from dataclasses import fields, replace
from datetime import datetime

from alerting.condition import closed, left_to_holder, ringing
from alerting.durations import (
    ACKNOWLEDGED_FOR,
    APART,
    CLAIMED_FOR,
    OFFERED_FOR,
    SNOOZED_AT_MOST,
    UNDO_WITHIN,
)
from alerting.events import (
    Accept,
    Acknowledge,
    Claim,
    Decline,
    Escalate,
    GoOver,
    Lapse,
    Note,
    Offer,
    Release,
    Resolve,
    Resume,
    Return,
    Snooze,
    Undo,
)
from ward.alerts import (
    Alert,
    Condition,
    Handling,
    Offered,
    Outcome,
    Responsibility,
    Signal,
    Undoable,
)
from ward.errors import IllegalTransition
from ward.people import StaffId, TeamId

UNDOABLE = (Acknowledge, Claim, Release, Offer, Accept, Decline, Snooze, Resolve)
_HANDLING = tuple(field.name for field in fields(Handling))


def _quieted(alert: Alert, signal: Signal, until: datetime, by: StaffId, now: datetime) -> Alert:
    return replace(alert, signal=signal, signal_until=until, acknowledged_at=now, acknowledged_by=by, pause_reason=None)


def acknowledged(alert: Alert, event: Acknowledge, now: datetime) -> Alert:
    """Return the alert quiet for a while, or over: cleared and seen."""
    if alert.signal is Signal.SILENT and alert.holder_id is not None:
        raise IllegalTransition("somebody has it, and it is silent")
    seen = _quieted(alert, Signal.ACKNOWLEDGED, now + ACKNOWLEDGED_FOR[alert.priority], event.by, now)
    if alert.condition is Condition.CLEARED:
        return closed(seen, Outcome.SELF_RESOLVED, now, event.by)
    return seen


def snoozed(alert: Alert, event: Snooze, now: datetime) -> Alert:
    """Return the alert paused for a time with an end, and a reason."""
    if not event.reason.strip():
        raise IllegalTransition("a snooze needs a reason")
    if not now < event.until <= now + SNOOZED_AT_MOST[alert.priority]:
        raise IllegalTransition(f"priority {alert.priority.name} rests for {SNOOZED_AT_MOST[alert.priority]} at most")
    return replace(_quieted(alert, Signal.PAUSED, event.until, event.by, now), pause_reason=event.reason)


def rings_again(alert: Alert, event: Lapse | Resume, now: datetime) -> Alert:
    """Return the alert ringing, the time of its quiet over."""
    del event
    if not quiet_is_over(alert, now):
        raise IllegalTransition(f"it is quiet until {alert.signal_until}")
    return ringing(alert)


def quiet_is_over(alert: Alert, now: datetime) -> bool:
    """Tell whether an alert has been quiet for long enough.

    Nobody can make it quiet for longer than its priority allows: what ends later than that was said by a clock that was
    ahead, and nobody knows how long ago.
    """
    if alert.signal_until is None:
        return False
    longest = max(each[alert.priority] for each in (ACKNOWLEDGED_FOR, CLAIMED_FOR, SNOOZED_AT_MOST))
    return not now < alert.signal_until <= now + longest + APART


def escalated(alert: Alert, event: Escalate, now: datetime) -> Alert:
    """Return the alert ringing: whoever had it wants others told."""
    del event, now
    return ringing(alert)


def noted(alert: Alert, event: Note, now: datetime) -> Alert:
    """Return the alert as it is; the note is in its life."""
    del now
    if not event.note.strip():
        raise IllegalTransition("a note says something")
    return alert


def _taken(alert: Alert, by: StaffId, team_id: TeamId, now: datetime) -> Alert:
    """Return the alert in somebody's hands, out of anybody else's."""
    seen = _quieted(alert, Signal.ACKNOWLEDGED, now + CLAIMED_FOR[alert.priority], by, now)
    taken = replace(
        seen,
        responsibility=Responsibility.ACCEPTED,
        team_id=team_id,
        holder_id=by,
        held_since=now,
        offered=None,
    )
    return left_to_holder(taken, now) if alert.condition is Condition.CLEARED else taken


def claimed(alert: Alert, event: Claim, now: datetime) -> Alert:
    """Return the alert taken: nobody had it, or who had it has let it ring."""
    if alert.holder_id == event.by:
        raise IllegalTransition("they have it already")
    if alert.holder_id is not None and alert.signal is not Signal.RINGING:
        raise IllegalTransition(f"staff {alert.holder_id} has it")
    return _taken(alert, event.by, alert.team_id, now)


def released(alert: Alert, event: Release, now: datetime) -> Alert:
    """Return the alert in nobody's hands; ringing, where its condition is not over."""
    if alert.holder_id != event.by:
        raise IllegalTransition("only who has it can let it go")
    free = replace(alert, responsibility=Responsibility.UNASSIGNED, holder_id=None, held_since=None, offered=None)
    if alert.condition is Condition.CLEARED:
        return closed(free, Outcome.SELF_RESOLVED, now, event.by)
    return ringing(free)


def offered(alert: Alert, event: Offer, now: datetime) -> Alert:
    """Return the alert offered; until it is accepted it is with whom it was, as loud or quiet as it was."""
    if alert.holder_id not in {None, event.by}:
        raise IllegalTransition(f"staff {alert.holder_id} has it, and nobody else can pass it on")
    if event.staff_id == event.by:
        raise IllegalTransition("nobody passes an alert to themselves")
    to = Offered(
        team_id=event.team_id,
        staff_id=event.staff_id,
        by=event.by,
        until=now + OFFERED_FOR[alert.priority],
    )
    return replace(alert, responsibility=Responsibility.OFFERED, offered=to)


def _asked(alert: Alert, event: Accept | Decline, now: datetime) -> Offered:
    """Return the offer that this person may answer: by the clock, whether or not anybody has looked since."""
    offer = alert.offered
    if offer is None:
        raise IllegalTransition("nobody offers it")
    if offer_is_over(alert, now):
        raise IllegalTransition("its time is over")
    if offer.staff_id != event.by if offer.staff_id is not None else offer.team_id not in event.teams:
        raise IllegalTransition("it is offered to somebody else")
    return offer


def accepted(alert: Alert, event: Accept, now: datetime) -> Alert:
    """Return the alert in the hands of whom it was offered to."""
    return _taken(alert, event.by, _asked(alert, event, now).team_id, now)


def declined(alert: Alert, event: Decline, now: datetime) -> Alert:
    """Return the alert back with whom it was."""
    _asked(alert, event, now)
    return _back(alert, Responsibility.DECLINED)


def returned(alert: Alert, event: Return, now: datetime) -> Alert:
    """Return the alert back with whom it was: nobody has answered."""
    del event
    if not offer_is_over(alert, now):
        raise IllegalTransition("the offer still waits for an answer")
    return _back(alert, Responsibility.UNASSIGNED)


def offer_is_over(alert: Alert, now: datetime) -> bool:
    """Tell whether nobody has answered an offer in time."""
    return alert.offered is not None and now >= alert.offered.until


def _back(alert: Alert, unheld: Responsibility) -> Alert:
    """Return the alert without its offer; whoever thought it passed on must hear that it is not."""
    kept = unheld if alert.holder_id is None else Responsibility.ACCEPTED
    back = replace(alert, responsibility=kept, offered=None)
    return back if alert.condition is Condition.CLEARED else ringing(back)


def gone_over(alert: Alert, event: GoOver, now: datetime) -> Alert:
    """Return the alert in nobody's hands, with the team that answers from now on.

    What somebody had, or had been offered, that team must hear of: it rings where its condition is not over. What is
    over and was seen stays with who says what it was.
    """
    del now
    if alert.signal is Signal.SILENT and alert.holder_id is not None:
        return replace(alert, responsibility=Responsibility.ACCEPTED, offered=None)
    free = replace(
        alert,
        responsibility=Responsibility.UNASSIGNED,
        team_id=event.team_id,
        holder_id=None,
        held_since=None,
        offered=None,
    )
    was_quiet_for_somebody = alert.holder_id is not None or alert.offered is not None
    return ringing(free) if was_quiet_for_somebody and alert.condition is not Condition.CLEARED else free


def resolved(alert: Alert, event: Resolve, now: datetime) -> Alert:
    """Return the alert closed by a person."""
    return replace(closed(alert, event.outcome, now, event.by), cause=event.cause, action=event.action)


def undone(alert: Alert, event: Undo, now: datetime) -> Alert:
    """Return the alert as it was before the person's last act."""
    undo = alert.undo
    if undo is None or undo.by != event.by:
        raise IllegalTransition("there is nothing of theirs to take back")
    if now > undo.at + UNDO_WITHIN:
        raise IllegalTransition(f"what was done can be taken back within {UNDO_WITHIN}")
    return replace(alert, **{name: getattr(undo.before, name) for name in _HANDLING})


def undoable(before: Alert, by: StaffId, now: datetime) -> Undoable:
    """Return what it takes to take an act on this alert back."""
    return Undoable(by=by, at=now, before=Handling(**{name: getattr(before, name) for name in _HANDLING}))
