"""An alert as the columns of its row, and back; no query is here.

What another program wrote and this one cannot read (evidence, the last act) never keeps an alert from being acted upon.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from ward.alerts import (
    Action,
    Alert,
    AlertId,
    Cause,
    Condition,
    Family,
    Offered,
    Outcome,
    Priority,
    Responsibility,
    Signal,
    Undoable,
)
from ward.evidence import UNREADABLE, read
from ward.people import StaffId, StayId, TeamId

# Of `alert a`, so that another table with some of these names may be joined.
COLUMNS = (
    "alert_id, stay_id, rule, family, priority, worst, condition, rev, worse_rev, began_at, opened_at, changed_at,"
    " cleared_at, unasked, recurrences, a.evidence::text as evidence, signal, signal_until, acknowledged_at,"
    " acknowledged_by, pause_reason, responsibility, team_id, holder_id, held_since, offered_team_id,"
    " offered_staff_id, offered_by, offered_until, resolved_at, resolved_by, outcome, cause, action, undo::text as undo"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertColumns:
    """A row of `alert` as the driver gives it."""

    alert_id: int
    stay_id: int
    rule: str
    family: str
    priority: int
    worst: int
    condition: str
    rev: int
    worse_rev: int
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    cleared_at: datetime | None
    unasked: bool
    recurrences: int
    evidence: str
    signal: str
    signal_until: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: int | None
    pause_reason: str | None
    responsibility: str
    team_id: int
    holder_id: int | None
    held_since: datetime | None
    offered_team_id: int | None
    offered_staff_id: int | None
    offered_by: int | None
    offered_until: datetime | None
    resolved_at: datetime | None
    resolved_by: int | None
    outcome: str | None
    cause: str | None
    action: str | None
    undo: str | None


def _staff(number: int | None) -> StaffId | None:
    return None if number is None else StaffId(number)


def _undo(kept: str | None) -> Undoable | None:
    """Read a person's last act; one that cannot be read cannot be taken back, and nothing else is lost."""
    try:
        return None if kept is None else msgspec.json.decode(kept, type=Undoable)
    except msgspec.DecodeError:
        return None


def _offered(row: AlertColumns) -> Offered | None:
    if row.offered_team_id is None or row.offered_by is None or row.offered_until is None:
        return None
    return Offered(
        team_id=TeamId(row.offered_team_id),
        staff_id=_staff(row.offered_staff_id),
        by=StaffId(row.offered_by),
        until=row.offered_until,
    )


def to_alert(row: AlertColumns) -> Alert:
    """Read an alert from its columns."""
    return Alert(
        alert_id=AlertId(row.alert_id),
        stay_id=StayId(row.stay_id),
        rule=row.rule,
        family=Family(row.family),
        priority=Priority(row.priority),
        worst=Priority(row.worst),
        condition=Condition(row.condition),
        rev=row.rev,
        worse_rev=row.worse_rev,
        began_at=row.began_at,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        cleared_at=row.cleared_at,
        unasked=row.unasked,
        recurrences=row.recurrences,
        evidence=read(row.evidence),
        signal=Signal(row.signal),
        signal_until=row.signal_until,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=_staff(row.acknowledged_by),
        pause_reason=row.pause_reason,
        responsibility=Responsibility(row.responsibility),
        team_id=TeamId(row.team_id),
        holder_id=_staff(row.holder_id),
        held_since=row.held_since,
        offered=_offered(row),
        resolved_at=row.resolved_at,
        resolved_by=_staff(row.resolved_by),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        cause=None if row.cause is None else Cause(row.cause),
        action=None if row.action is None else Action(row.action),
        undo=_undo(row.undo),
    )


def to_columns(alert: Alert) -> dict[str, object]:
    """Return an alert as its columns."""
    values: dict[str, object] = {name: getattr(alert, name) for name in Alert.__dataclass_fields__}
    offer = alert.offered
    readable = alert.evidence != UNREADABLE
    return values | {
        "priority": alert.priority.value,
        "worst": alert.worst.value,
        "evidence": msgspec.json.encode(alert.evidence).decode() if readable else None,
        "undo": None if alert.undo is None else msgspec.json.encode(alert.undo).decode(),
        "offered_team_id": None if offer is None else offer.team_id,
        "offered_staff_id": None if offer is None else offer.staff_id,
        "offered_by": None if offer is None else offer.by,
        "offered_until": None if offer is None else offer.until,
    }
