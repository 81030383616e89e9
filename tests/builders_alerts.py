"""Builders for alerts and findings, and what an alert can never be: the combinations that its table refuses too."""

from datetime import UTC, datetime, timedelta

from alerting.durations import SNOOZED_AT_MOST
from alerting.events import Event, Raise
from alerting.lifecycle import step
from ward.alerts import (
    Alert,
    AlertId,
    Closure,
    Condition,
    Evidence,
    Family,
    Finding,
    Priority,
    Responsibility,
    Signal,
)
from ward.people import StaffId, StayId, TeamId

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
STAY = StayId(1)
TEAM, OTHER_TEAM = TeamId(1), TeamId(2)
ANNA, OMAR, EMILY = StaffId(1), StaffId(2), StaffId(3)
SPO2, NODATA, HELP = "limit.spo2.low", "nodata.spo2", "help_button"
FAMILIES = {SPO2: Family.CLINICAL, NODATA: Family.TECHNICAL, HELP: Family.REQUEST}


def after(minutes: float = 0, seconds: float = 0) -> datetime:
    """Return a moment after the start."""
    return START + timedelta(minutes=minutes, seconds=seconds)


def a_finding(
    rule: str = SPO2,
    priority: Priority = Priority.HIGH,
    *,
    said: str = "",
    began_at: datetime = START,
    ended_at: datetime | None = None,
    renews: bool = False,
) -> Finding:
    """Make a finding of its rule's family; two requests differ in what they say."""
    evidence = Evidence(rule_version=1, text_key="limit.low", params={"said": said}, inputs=())
    return Finding(
        stay_id=STAY,
        rule=rule,
        family=FAMILIES[rule],
        priority=priority,
        began_at=began_at,
        due_at=began_at,
        evidence=evidence,
        ended_at=ended_at,
        renews=renews,
    )


def raised(finding: Finding | None = None, now: datetime = START) -> Alert:
    """Make the alert of a finding."""
    return step(None, Raise(alert_id=AlertId(1), team_id=TEAM, finding=finding or a_finding()), now)[0]


def lived(*events: Event, alert: Alert | None = None, now: datetime = START) -> Alert:
    """Let events happen to an alert, all at once."""
    alert = alert or raised()
    for event in events:
        alert, _ = step(alert, event, now)
    return alert


def _impossible(alert: Alert) -> dict[str, bool]:
    """Return what an alert must never be, each with whether this one is."""
    is_open = alert.closure is Closure.OPEN
    over = alert.condition is Condition.CLEARED
    quiet = alert.signal in {Signal.ACKNOWLEDGED, Signal.PAUSED}
    held = alert.holder_id is not None
    silent, paused = alert.signal is Signal.SILENT, alert.signal is Signal.PAUSED
    offered = alert.responsibility is Responsibility.OFFERED
    told = (alert.signal_until, alert.acknowledged_by)
    latest = None if alert.acknowledged_at is None else alert.acknowledged_at + SNOOZED_AT_MOST[Priority.HIGH]
    return {
        "pending: before its delay has run out nobody is told, and there is no alert": alert.condition
        is Condition.PENDING,
        "at its worst milder than now": alert.worst < alert.priority,
        "there and asked for no more": alert.unasked and alert.condition is Condition.PRESENT,
        "gone without since when, or there with": (alert.condition is Condition.PRESENT) != (alert.cleared_at is None),
        "a request that has gone": alert.family is Family.REQUEST and alert.condition is not Condition.PRESENT,
        "acknowledged or paused without an end, or by nobody": quiet and None in told,
        "acknowledged or paused though it has cleared": quiet and over,
        "ringing with an end, or with who has seen it": alert.signal is Signal.RINGING and told != (None, None),
        "silent and open, and not cleared": silent and is_open and not over,
        "silent and open for its holder without an end": silent and is_open and held and alert.signal_until is None,
        "paused without a reason, or with one and not paused": paused != (alert.pause_reason is not None),
        "high and paused for more than 15 minutes": paused
        and alert.priority is Priority.HIGH
        and (alert.signal_until is None or latest is None or alert.signal_until > latest),
        "accepted and held by nobody": alert.responsibility is Responsibility.ACCEPTED and not held,
        "unassigned or declined and held by somebody": held
        and alert.responsibility in {Responsibility.UNASSIGNED, Responsibility.DECLINED},
        "held without since when": held != (alert.held_since is not None),
        "offered to nobody, or an offer that is none": offered != (alert.offered is not None),
        "closed and not silent": not is_open and (not silent or alert.signal_until is not None),
        "closed and offered": not is_open and offered,
        "closed without an outcome, or with one and open": is_open != (alert.outcome is None),
        "open with a cause or an action": is_open and (alert.cause is not None or alert.action is not None),
    }


def illegal(alert: Alert) -> list[str]:
    """Name what an alert must never be and is."""
    return [name for name, there in _impossible(alert).items() if there]


IMPOSSIBLE = tuple(_impossible(raised()))
