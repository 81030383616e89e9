"""What keeps an alert that a person has closed from being raised anew at the next evaluation. Pure.

Somebody closed it while what raised it was still there: they know. The same episode opens no other alert for a bounded
time, unless it gets worse than what they had seen; another episode does at once.
"""

from dataclasses import replace
from datetime import datetime

from alerting.durations import APART, KEPT_CLOSED_FOR, SETTLES_AFTER
from alerting.observed import Observation, Quiet
from ward.alerts import Alert, Condition, Family, Finding, Hold


def kept_closed(alert: Alert) -> Hold | None:
    """Return what keeps a closed alert's episode from opening another; None where it was over, or a request."""
    if alert.resolved_at is None or alert.family is Family.REQUEST or alert.condition is Condition.CLEARED:
        return None
    return Hold(
        stay_id=alert.stay_id,
        rule=alert.rule,
        alert_id=alert.alert_id,
        priority=alert.priority,
        until=alert.resolved_at + KEPT_CLOSED_FOR[alert.priority],
        quiet_since=alert.cleared_at,
        hard=alert.evidence.hard,
    )


def held(hold: Hold, observation: Observation | None, now: datetime) -> Hold | None:
    """Return what becomes of a hold by an observation; None when it is over and the rule may open an alert again.

    It is over when the condition is worse than what was closed (of higher priority, or beyond a hard bound), when its
    time is up and the condition is there, and when the condition has been away for the damping time: what comes after
    that is another episode. Beyond a hard bound it is one as soon as it has been away at all: who was seen to get well
    has not been seen to fall again. An episode of the past that was no worse says nothing about this one.
    """
    if observation is None:
        return hold
    if isinstance(observation, Finding) and observation.ended_at is not None:
        return hold if observation.priority <= hold.priority else None
    over_at = None if hold.quiet_since is None else hold.quiet_since + SETTLES_AFTER[hold.priority]
    if over_at is not None and now >= over_at:
        return None
    if isinstance(observation, Quiet):
        return hold if hold.quiet_since is not None else replace(hold, quiet_since=now)
    worse = (observation.priority, observation.evidence.hard) > (hold.priority, hold.hard)
    again = observation.evidence.hard and hold.quiet_since is not None
    if worse or again or _is_over(hold, now):
        return None
    return replace(hold, quiet_since=None)


def _is_over(hold: Hold, now: datetime) -> bool:
    """Tell whether a hold's time is up, or was set by a clock that was ahead: longer than any may hold."""
    return not now < hold.until <= now + KEPT_CLOSED_FOR[hold.priority] + APART
