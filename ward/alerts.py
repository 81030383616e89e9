"""The nouns of alerting: finding, alert, event, priority, state. What moves them: `alerting.lifecycle`."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType

from ward.people import StaffId, StayId, TeamId

AlertId = NewType("AlertId", int)


class Priority(IntEnum):
    """Alarm priority, after IEC 60601-1-8. Larger is more urgent; the store keeps the number."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Family(StrEnum):
    """The three families; one never hides another."""

    CLINICAL = "clinical"
    TECHNICAL = "technical"
    REQUEST = "request"


class AlertState(StrEnum):
    """Where an alert is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Condition(StrEnum):
    """Whether what raised the alert is still there, apart from what people have done about it."""

    PRESENT = "present"
    CLEARED = "cleared"


class Outcome(StrEnum):
    """What a closed alert turned out to be."""

    TRUE_ALARM = "true_alarm"
    FALSE_ALARM = "false_alarm"
    SELF_RESOLVED = "self_resolved"
    TECHNICAL = "technical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One number that a finding rests on."""

    kind: str
    value: float
    unit: str
    measured_at: datetime
    quality: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a finding says what it says: the rule in force, its numbers, and the words to show.

    `text_key` names a sentence in the message catalogue of every language; `params` fills it.
    """

    rule_version: int
    text_key: str
    params: dict[str, str | float | int | None]
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found in one stay: present since `began_at` (event time), its delay run out at `due_at`.

    `ended_at` set says that it was there and is over by now (retrospective): it needs to be seen, and rings nowhere.
    `repeats` counts what is in it beyond the first: a help button pressed three times at once has two.
    """

    stay_id: StayId
    rule: str
    family: Family
    priority: Priority
    began_at: datetime
    due_at: datetime
    evidence: Evidence
    repeats: int = 0
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as it is now. `rev` rises with every change; whoever acts must name the `rev` they saw."""

    alert_id: AlertId
    stay_id: StayId
    rule: str
    family: Family
    priority: Priority
    state: AlertState
    condition: Condition
    rev: int
    team_id: TeamId
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: StaffId | None = None
    acknowledged_until: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: StaffId | None = None
    outcome: Outcome | None = None
    recurrences: int = 0
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One line of an alert's life, written with the change itself; never altered."""

    alert_id: AlertId
    rev: int
    at: datetime
    kind: str
    staff_id: StaffId | None = None
    note: str | None = None
