"""Alert state machine. Pure: no clock, no store, no logging. What is not in TRANSITIONS raises IllegalTransition.

Four dimensions move apart (`ward.alerts`): the condition by rules and time (`alerting.condition`), the signal, the
responsibility and the closure mostly by people (`alerting.answers`)::

    condition        (nothing) ── Raise ──> present <── Recur ── clearing ── Settle ──> cleared
                                     present ── Clear, Unask ──> clearing      cleared ── Recur ──> present
    signal           ringing ── Acknowledge, Claim, Accept ──> acknowledged,   ringing ── Snooze ──> paused
                     ringing <── Lapse, Resume, Worsen, Release, Escalate, an offer not taken ── acknowledged, paused
    responsibility   unassigned ── Offer ──> offered ── Accept ──> accepted,   unassigned ── Claim ──> accepted
                     unassigned <── GoOver, to another team ── offered, accepted
    closure          open ── Resolve, or by itself when cleared and seen ──> closed

The invariants: `rev` rises by exactly one with each event; a closed alert never changes, but for whoever closed it
taking that back at once; whoever acts names the `rev` they saw (else Conflict), and whoever acknowledges has seen the
worst of it (`worse_rev`); what is of high priority and not over is never quiet without an end; it rings exactly when
the last of `Ring` and `Hush` was `Ring`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from alerting import answers, condition
from alerting.events import (
    KINDS,
    Accept,
    Acknowledge,
    Advance,
    Announce,
    Claim,
    Clear,
    Decline,
    Ease,
    Effect,
    EndHold,
    EndStay,
    Escalate,
    Event,
    FromPeople,
    FromRules,
    FromTime,
    GoOver,
    Hush,
    KeepClosed,
    Lapse,
    Note,
    Offer,
    Raise,
    Record,
    Recur,
    Release,
    Renew,
    Resolve,
    Resume,
    Return,
    Ring,
    Settle,
    Snooze,
    Unask,
    Undo,
    Worsen,
)
from alerting.holds import kept_closed
from alerting.lines import line
from alerting.observed import Observation, Quiet
from ward.alerts import Alert, Closure, Condition, Family, Finding, Responsibility, Signal
from ward.errors import Conflict, IllegalTransition

CONDITIONS = frozenset({Condition.PRESENT, Condition.CLEARING, Condition.CLEARED})
_THERE = frozenset({Condition.PRESENT})
_NOT_OVER = frozenset({Condition.PRESENT, Condition.CLEARING})
_GONE = frozenset({Condition.CLEARING, Condition.CLEARED})
SIGNALS = frozenset(Signal)
RESPONSIBILITIES = frozenset(Responsibility)
_ASKED = frozenset({Responsibility.OFFERED})
# Whoever has not seen the alert since the last of these has not seen how bad it is, that somebody wants others told, or
# that it is another team's.
WORSE = (Worsen, Renew, Recur, Escalate, GoOver)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One event: what it does, and in which condition, signal and responsibility an open alert may take it."""

    change: Callable[..., Alert]
    conditions: frozenset[Condition] = CONDITIONS
    signals: frozenset[Signal] = SIGNALS
    responsibilities: frozenset[Responsibility] = RESPONSIBILITIES


TRANSITIONS: MappingProxyType[type, Transition] = MappingProxyType(
    {
        Worsen: Transition(change=condition.worsened, conditions=_THERE),
        Ease: Transition(change=condition.eased, conditions=_THERE),
        Renew: Transition(change=condition.renewed, conditions=_THERE),
        Clear: Transition(change=condition.cleared, conditions=_THERE),
        Unask: Transition(change=condition.unasked, conditions=_THERE),
        Recur: Transition(change=condition.recurred),
        Settle: Transition(change=condition.settled, conditions=_GONE),
        Lapse: Transition(change=answers.rings_again, conditions=_THERE, signals=frozenset({Signal.ACKNOWLEDGED})),
        Resume: Transition(change=answers.rings_again, conditions=_THERE, signals=frozenset({Signal.PAUSED})),
        Return: Transition(change=answers.returned, responsibilities=_ASKED),
        EndStay: Transition(change=condition.ended),
        GoOver: Transition(change=answers.gone_over),
        Acknowledge: Transition(change=answers.acknowledged, signals=frozenset({Signal.RINGING, Signal.SILENT})),
        Claim: Transition(change=answers.claimed),
        Release: Transition(
            change=answers.released, responsibilities=frozenset({Responsibility.ACCEPTED, Responsibility.OFFERED})
        ),
        Offer: Transition(change=answers.offered, responsibilities=RESPONSIBILITIES - _ASKED),
        Accept: Transition(change=answers.accepted, responsibilities=_ASKED),
        Decline: Transition(change=answers.declined, responsibilities=_ASKED),
        Snooze: Transition(
            change=answers.snoozed,
            conditions=_NOT_OVER,
            signals=frozenset({Signal.RINGING, Signal.ACKNOWLEDGED}),
        ),
        Escalate: Transition(change=answers.escalated, signals=SIGNALS - {Signal.SILENT}),
        Note: Transition(change=answers.noted),
        Resolve: Transition(change=answers.resolved),
        Undo: Transition(change=answers.undone),
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
        raised = condition.raised(event, now)
        return raised, tuple(_effects(None, raised, event, now))
    if alert is None:
        raise IllegalTransition(f"there is no alert to be {KINDS[type(event)]}")
    if isinstance(event, FromPeople) and not _has_seen(alert, event):
        raise Conflict(f"alert {alert.alert_id} has changed: it is at rev {alert.rev}, not {event.rev}")
    _refuse(alert, event)
    changed: Alert = TRANSITIONS[type(event)].change(alert, event, now)
    undo = answers.undoable(alert, event.by, now) if isinstance(event, answers.UNDOABLE) else None
    worse_rev = alert.rev + 1 if _is_news(alert, changed, event) else alert.worse_rev
    changed = replace(changed, rev=alert.rev + 1, worse_rev=worse_rev, changed_at=now, undo=undo)
    return changed, tuple(_effects(alert, changed, event, now))


def _has_seen(alert: Alert, event: FromPeople) -> bool:
    """Tell whether a person has seen enough of an alert to act: all of it, or, to acknowledge it, the worst of it."""
    if isinstance(event, Acknowledge) and alert.signal in TRANSITIONS[Acknowledge].signals:
        return alert.worse_rev <= event.rev <= alert.rev
    return event.rev == alert.rev


def _is_news(before: Alert, after: Alert, event: Event) -> bool:
    """Tell whether an alert got worse or rang anew: an acknowledgement of what was before does not mean this."""
    rang_anew = after.signal is Signal.RINGING and before.signal is not Signal.RINGING
    return rang_anew or isinstance(event, WORSE)


def _refuse(alert: Alert, event: Event) -> None:
    """Raise if the alert's dimensions do not allow the event."""
    allowed = TRANSITIONS[type(event)]
    is_open = alert.closure is Closure.OPEN or isinstance(event, Undo)
    fits = (
        alert.condition in allowed.conditions
        and alert.signal in allowed.signals
        and alert.responsibility in allowed.responsibilities
    )
    if not (is_open and fits):
        raise IllegalTransition(
            f"alert {alert.alert_id} is {alert.condition}, {alert.signal}, {alert.responsibility}, {alert.closure}: "
            f"it cannot be {KINDS[type(event)]}"
        )


def _effects(before: Alert | None, after: Alert, event: Event, now: datetime) -> Iterator[Effect]:
    yield Record(event=line(after, event, now))
    yield Announce(alert_id=after.alert_id)
    rang = before is not None and before.signal is Signal.RINGING
    if after.signal is Signal.RINGING:
        if not rang or _says_more(before, after, event):
            yield Ring(alert_id=after.alert_id)
    elif rang:
        yield Hush(alert_id=after.alert_id)
    if isinstance(event, Escalate):
        yield Advance(alert_id=after.alert_id)
    if isinstance(event, Resolve) and (hold := kept_closed(after)) is not None:
        yield KeepClosed(hold=hold)
    if isinstance(event, Undo) and before is not None and before.closure is Closure.CLOSED:
        yield EndHold(stay_id=after.stay_id, rule=after.rule)


def _says_more(before: Alert | None, after: Alert, event: Event) -> bool:
    """Return whether what rings already says something that nobody has been told of."""
    if before is None or isinstance(event, Worsen | GoOver):
        return True
    if not isinstance(event, Recur) or event.finding.ended_at is not None:
        return False
    return before.condition is not Condition.CLEARING or condition.is_worse(before, after.priority, after.evidence)


def respond(alert: Alert, observation: Observation | None, now: datetime) -> FromRules | FromTime | None:
    """Return what an observation, or the time that has passed, does to an alert; None when nothing.

    An observation of None says that nothing can be known. Asked again with the changed alert, until it
    returns None, this gives every event that is due.
    """
    if alert.closure is Closure.CLOSED:
        return None
    if (settles_at := condition.settles_at(alert)) is not None and now >= settles_at:
        return Settle()
    if answers.offer_is_over(alert, now):
        return Return()
    spoken = _hear(alert, observation)
    if spoken is not None or alert.condition is not Condition.PRESENT:
        return spoken
    if not answers.quiet_is_over(alert, now):
        return None
    return Lapse() if alert.signal is Signal.ACKNOWLEDGED else Resume()


def _hear(alert: Alert, observation: Observation | None) -> FromRules | None:
    if isinstance(observation, Quiet):
        there = alert.condition is Condition.PRESENT and alert.family is not Family.REQUEST
        if not there:
            return None
        return Unask() if observation.unasked else Clear()
    if observation is None:
        return None
    if observation.ended_at is not None:
        return _look_back(alert, observation, observation.ended_at)
    return _meet(alert, observation)


def _meet(alert: Alert, finding: Finding) -> Worsen | Ease | Renew | Recur | None:
    if alert.condition is not Condition.PRESENT:
        return Recur(finding=finding)
    if finding.family is Family.REQUEST:
        # A rule finds a request once: another one says something else, and what was taken already says the same.
        return None if finding.evidence == alert.evidence else Recur(finding=finding)
    if condition.is_worse(alert, finding.priority, finding.evidence):
        return Worsen(priority=finding.priority, evidence=finding.evidence)
    if finding.priority < alert.priority:
        return Ease(priority=finding.priority, evidence=finding.evidence)
    return Renew(evidence=finding.evidence) if finding.renews and finding.evidence != alert.evidence else None


def _look_back(alert: Alert, finding: Finding, ended_at: datetime) -> Recur | None:
    """Return what an episode of the past does: one of another time, or a worse one, is counted once; others are known.

    It clears nothing: that nobody knows any more ends an episode as well, and what is certainly gone is `Quiet`.
    """
    before = ended_at < alert.began_at
    after = alert.cleared_at is not None and finding.began_at > alert.cleared_at
    return Recur(finding=finding) if before or after or finding.priority > alert.worst else None


def due_at(alert: Alert) -> datetime | None:
    """Return when time alone changes something about an alert; None for never."""
    if alert.closure is Closure.CLOSED:
        return None
    quiet_ends = alert.signal_until if alert.condition is Condition.PRESENT else None
    offer_ends = None if alert.offered is None else alert.offered.until
    return min((at for at in (condition.settles_at(alert), quiet_ends, offer_ends) if at is not None), default=None)
