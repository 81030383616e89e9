"""The nouns of alerting: finding, alert, event, and an alert's four dimensions. What moves them: `alerting.lifecycle`.

Four things about an alert are kept apart, and change each for reasons of its own: whether what raised it is still there
(`Condition`), whether people are being told (`Signal`), who has taken it (`Responsibility`), and whether it is over
(`Closure`). The one word that lists and boards show, `AlertState`, is derived from them and never kept by itself.
"""

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


class Condition(StrEnum):
    """Whether what raised the alert is still there, apart from what people have done about it.

    `PENDING` is what a rule says before its delay has run out; nobody is told, so no alert is ever in it.
    """

    PENDING = "pending"
    PRESENT = "present"
    CLEARING = "clearing"
    CLEARED = "cleared"


class Signal(StrEnum):
    """Whether people are being told. `ACKNOWLEDGED` and `PAUSED` end at `Alert.signal_until`."""

    RINGING = "ringing"
    ACKNOWLEDGED = "acknowledged"
    PAUSED = "paused"
    SILENT = "silent"


class Responsibility(StrEnum):
    """Whether somebody has taken the alert upon themselves; having seen it is not having taken it."""

    UNASSIGNED = "unassigned"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Closure(StrEnum):
    """Whether the alert is over; then nothing about it changes any more."""

    OPEN = "open"
    CLOSED = "closed"


class AlertState(StrEnum):
    """The one word for lists and boards, derived from the four dimensions (`Alert.state`)."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Outcome(StrEnum):
    """What a closed alert turned out to be; `STAY_ENDED` is the system's word, for one that nobody has closed."""

    TRUE_ALARM = "true_alarm"
    FALSE_ALARM = "false_alarm"
    SELF_RESOLVED = "self_resolved"
    TECHNICAL = "technical"
    STAY_ENDED = "stay_ended"


class Cause(StrEnum):
    """Why an alert was closed as it was, as far as whoever closed it could tell; `STAY_ENDED` is the system's."""

    DETERIORATION = "deterioration"
    ACTIVITY = "activity"
    ARTEFACT = "artefact"
    EQUIPMENT = "equipment"
    LIMITS = "limits"
    MISTAKE = "mistake"
    STAY_ENDED = "stay_ended"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What was done about a closed alert."""

    NONE = "none"
    CALLED = "called"
    VISITED = "visited"
    TREATED = "treated"
    SENT_IN = "sent_in"
    PLAN_CHANGED = "plan_changed"
    EQUIPMENT_FIXED = "equipment_fixed"


class Role(StrEnum):
    """What a number is to its finding.

    `JUDGED` was judged, `SINCE` is the first of what lasts, `BEFORE` is what it is compared with, `USUAL` the person's
    own usual.
    """

    JUDGED = "judged"
    SINCE = "since"
    BEFORE = "before"
    USUAL = "usual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One number that a finding rests on; `over_s` where it is of so many seconds from `measured_at` on."""

    kind: str
    value: float
    unit: str
    measured_at: datetime
    quality: float | None = None
    role: Role = Role.JUDGED
    over_s: float = 0.0


# The parameter of evidence that says which of a kind's limits is passed, where it is the hard bound.
BAND, HARD = "band", "hard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a finding says what it says: the rule in force, its numbers, and the words to show.

    `text_key` names a sentence in the message catalogue of every language; `params` fills it. `judged_at` is the event
    time at which it was found, from which the inputs' ages count (`ward.evidence`); None where it was not kept yet.
    """

    rule_version: int
    text_key: str
    params: dict[str, str | float | int | None]
    inputs: tuple[Input, ...]
    judged_at: datetime | None = None

    @property
    def hard(self) -> bool:
        """Whether it says that a hard bound of the plan is passed: nobody who has seen less has seen this."""
        return self.params.get(BAND) == HARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found in one stay: present since `began_at` (event time), its delay run out at `due_at`.

    `ended_at` set says that it was there and is over by now (retrospective): it needs to be seen, and rings nowhere.
    `repeats` counts what is in it beyond the first: a help button pressed three times at once has two. `renews` says
    that the evidence is worse than that of the alert which tells it already, at the same priority.
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
    renews: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """Whom an alert is offered to, by whom and until when: a person, or any member of a team (`staff_id` None)."""

    team_id: TeamId
    staff_id: StaffId | None
    by: StaffId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What people have made of an alert: every field of it that a person's act may change, and undo.

    `team_id` answers for the alert, `holder_id` is who has taken it, `acknowledged_by` who made it quiet last.
    """

    signal: Signal = Signal.RINGING
    signal_until: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: StaffId | None = None
    pause_reason: str | None = None
    responsibility: Responsibility = Responsibility.UNASSIGNED
    team_id: TeamId
    holder_id: StaffId | None = None
    held_since: datetime | None = None
    offered: Offered | None = None
    resolved_at: datetime | None = None
    resolved_by: StaffId | None = None
    outcome: Outcome | None = None
    cause: Cause | None = None
    action: Action | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """A person's last act on an alert: what it was like before, for as long as the act may be taken back."""

    by: StaffId
    at: datetime
    before: Handling


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as it is now. `rev` rises with every change; whoever acts must name the `rev` they saw.

    The fields from `signal` to `action` are those of `Handling`. `worst` is the highest priority it ever had;
    `cleared_at` when its condition went (the finding's own end, if it is retrospective), `unasked` that it went because
    the plan asks for it no more; `recurrences` how often it came back, or was found another time. `worse_rev` is the
    last `rev` at which it got worse or rang anew: who saw it since then has seen the worst of it.
    """

    alert_id: AlertId
    stay_id: StayId
    rule: str
    family: Family
    priority: Priority
    worst: Priority
    condition: Condition
    rev: int
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    cleared_at: datetime | None = None
    unasked: bool = False
    recurrences: int = 0
    evidence: Evidence
    worse_rev: int = 1
    signal: Signal = Signal.RINGING
    signal_until: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: StaffId | None = None
    pause_reason: str | None = None
    responsibility: Responsibility = Responsibility.UNASSIGNED
    team_id: TeamId
    holder_id: StaffId | None = None
    held_since: datetime | None = None
    offered: Offered | None = None
    resolved_at: datetime | None = None
    resolved_by: StaffId | None = None
    outcome: Outcome | None = None
    cause: Cause | None = None
    action: Action | None = None
    undo: Undoable | None = None

    @property
    def closure(self) -> Closure:
        """Whether it is over."""
        return Closure.OPEN if self.resolved_at is None else Closure.CLOSED

    @property
    def state(self) -> AlertState:
        """The one word for it; the store derives the same."""
        if self.closure is Closure.CLOSED:
            return AlertState.RESOLVED
        if self.signal is Signal.RINGING or (self.signal is Signal.SILENT and self.holder_id is None):
            return AlertState.OPEN
        return AlertState.ACKNOWLEDGED

    @property
    def acknowledged_until(self) -> datetime | None:
        """Until when somebody's having seen it keeps it quiet; None when it does not."""
        return self.signal_until if self.signal is Signal.ACKNOWLEDGED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An alert closed by a person while its condition was still there: the same episode opens no other for a while.

    `until` bounds it, a priority above `priority` breaks it, so does a hard bound where it was not passed (`hard`), and
    it ends with the episode: `quiet_since` is when the condition was first known to be absent.
    """

    stay_id: StayId
    rule: str
    alert_id: AlertId
    priority: Priority
    until: datetime
    quiet_since: datetime | None = None
    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent:
    """One line of an alert's life, written with the change itself; never altered.

    `priority` and `evidence` are given where a rule spoke, `until` where something ends by itself, `to_*` for an offer.
    """

    alert_id: AlertId
    rev: int
    at: datetime
    kind: str
    staff_id: StaffId | None = None
    note: str | None = None
    priority: Priority | None = None
    evidence: Evidence | None = None
    until: datetime | None = None
    to_team_id: TeamId | None = None
    to_staff_id: StaffId | None = None
    outcome: Outcome | None = None
    cause: Cause | None = None
    action: Action | None = None
