"""The shapes of alerts, and how they are built from what the store gives. Pure. An alert's life: `life_messages`."""

from datetime import date, datetime
from typing import Literal

import msgspec
from typing_extensions import TypedDict

from alerting import sentences
from alerting.durations import UNDO_WITHIN
from alerting.words import Language
from api.live.messages import TeamState, Tile, age_at, shown_name
from ward import evidence as kept_evidence
from ward.alerts import Evidence, Input, Priority, Signal
from ward.people import StaffId
from ward.store.alert_reads import AlertRow

PriorityWord = Literal["high", "medium", "low"]
PRIORITIES: dict[int, PriorityWord] = {Priority.HIGH: "high", Priority.MEDIUM: "medium", Priority.LOW: "low"}


class StaffState(TypedDict):
    """Who did something."""

    staff_id: int
    name: str
    title: str


class PersonState(TypedDict):
    """Whom an alert is about: enough to know them by."""

    given_name: str
    family_name: str
    age: int
    number_hint: str


class TextState(TypedDict):
    """The sentence of an alert: its key in the message catalogue, and what fills it."""

    key: str
    params: dict[str, str | float | int | None]


class InputState(TypedDict):
    """One number that an alert rests on.

    `role`: it was judged, is the first of what lasts, what it is compared with, or the person's own usual. `age_s`: how
    old it was when it was judged, None where nobody knows (alerts of older programs). `old`: it was judged though it
    was older than its kind should be. `over_s`: it is of so many seconds from `measured_at` on, 0 for one reading.
    """

    kind: str
    value: float
    unit: str
    measured_at: datetime
    quality: float | None
    role: Literal["judged", "since", "before", "usual"]
    age_s: float | None
    old: bool
    over_s: float


class EvidenceState(TypedDict):
    """The numbers behind an alert, the version of the rule, and the time at which it was judged, as far as is known."""

    rule_version: int
    judged_at: datetime | None
    inputs: list[InputState]


class OfferState(TypedDict):
    """Whom an alert is offered to, and until when; a team as a whole where there is no `staff`."""

    team_id: int
    team_name: str
    staff: StaffState | None
    by: int
    until: datetime


class UndoState(TypedDict):
    """Who may take back their last act, and until when."""

    staff_id: int
    until: datetime


class AlertState(TypedDict):
    """An alert as it is now; whoever acts names the `rev` they saw.

    `state` follows from `condition`, `signal`, `responsibility` and `closure`. `retrospective`: it was there, is over,
    and nobody was told; it needs to be seen. `unasked`: it cleared because the plan asks for it no more, which says
    nothing of the patient.
    """

    alert_id: int
    patient_id: int
    stay_id: int
    rule: str
    family: Literal["clinical", "technical", "request"]
    priority: PriorityWord
    worst: PriorityWord
    state: Literal["open", "acknowledged", "resolved"]
    condition: Literal["present", "clearing", "cleared"]
    signal: Literal["ringing", "acknowledged", "paused", "silent"]
    signal_until: datetime | None
    pause_reason: str | None
    responsibility: Literal["unassigned", "offered", "accepted", "declined"]
    holder: StaffState | None
    held_since: datetime | None
    offer: OfferState | None
    closure: Literal["open", "closed"]
    retrospective: bool
    undo: UndoState | None
    rev: int
    team: TeamState
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    cleared_at: datetime | None
    unasked: bool
    acknowledged_at: datetime | None
    acknowledged_by: StaffState | None
    acknowledged_until: datetime | None
    resolved_at: datetime | None
    resolved_by: StaffState | None
    outcome: Literal["true_alarm", "false_alarm", "self_resolved", "technical"] | None
    cause: str | None
    action: str | None
    recurrences: int
    patient: PersonState
    text: TextState
    text_sv: str
    text_en: str
    evidence: EvidenceState


class AlertMessage(TypedDict):
    """An alert has changed; also sent when it is resolved."""

    type: Literal["alert"]
    seq: int
    prev: int
    alert: AlertState


class SnapshotMessage(TypedDict):
    """Everything that may be seen: patients in care, and alerts that are not resolved."""

    type: Literal["snapshot"]
    seq: int
    stream: str
    server_time: datetime
    patients: list[Tile]
    alerts: list[AlertState]


def staff_state(staff_id: StaffId | None, name: str | None, title: str | None) -> StaffState | None:
    """Build who did something, None for nobody."""
    return None if staff_id is None else StaffState(staff_id=staff_id, name=name or "", title=title or "")


def sentence(rule: str, evidence: Evidence, lang: Language) -> str:
    """Put evidence into words; an alert whose words a newer program wrote shows its rule, and is never left out."""
    try:
        return sentences.sentence(evidence, lang)
    except (KeyError, ValueError):
        return rule


def evidence_of(kept: dict[str, object] | None) -> Evidence:
    """Read kept evidence; an alert is shown even where this program cannot read why."""
    try:
        return msgspec.convert(kept, Evidence, strict=False)
    except msgspec.ValidationError:
        return kept_evidence.UNREADABLE


def _input(evidence: Evidence, each: Input) -> InputState:
    return InputState(
        kind=each.kind,
        value=each.value,
        unit=each.unit,
        measured_at=each.measured_at,
        quality=each.quality,
        role=each.role.value,
        age_s=kept_evidence.age_s(evidence, each),
        old=kept_evidence.is_old(evidence, each),
        over_s=each.over_s,
    )


def _offer(row: AlertRow) -> OfferState | None:
    if row.offered_team_id is None or row.offered_by is None or row.offered_until is None:
        return None
    return OfferState(
        team_id=row.offered_team_id,
        team_name=row.offered_team_name or "",
        staff=staff_state(row.offered_staff_id, row.offered_name, row.offered_title),
        by=row.offered_by,
        until=row.offered_until,
    )


def _undo(row: AlertRow) -> UndoState | None:
    if row.undo_by is None or row.undo_at is None:
        return None
    return UndoState(staff_id=row.undo_by, until=row.undo_at + UNDO_WITHIN)


def _is_retrospective(row: AlertRow) -> bool:
    """Return whether an open alert is over and rings nowhere, and nobody has it."""
    return row.resolved_at is None and row.signal == Signal.SILENT and row.holder_id is None


def alert_state(row: AlertRow, today: date) -> AlertState:
    """Build an alert."""
    evidence = evidence_of(row.evidence)
    return AlertState(
        alert_id=row.alert_id,
        patient_id=row.patient_id,
        stay_id=row.stay_id,
        rule=row.rule,
        family=row.family,  # type: ignore[typeddict-item]  # the schema checks the word
        priority=PRIORITIES[row.priority],
        worst=PRIORITIES[row.worst],
        state=row.state,  # type: ignore[typeddict-item]  # the schema checks the word
        condition=row.condition,  # type: ignore[typeddict-item]  # the schema checks the word
        signal=row.signal,  # type: ignore[typeddict-item]  # the schema checks the word
        signal_until=row.signal_until,
        pause_reason=row.pause_reason,
        responsibility=row.responsibility,  # type: ignore[typeddict-item]  # the schema checks the word
        holder=staff_state(row.holder_id, row.holder_name, row.holder_title),
        held_since=row.held_since,
        offer=_offer(row),
        closure="open" if row.resolved_at is None else "closed",
        retrospective=_is_retrospective(row),
        undo=_undo(row),
        rev=row.rev,
        team=TeamState(team_id=row.team_id, name=row.team_name, phone=row.team_phone),
        began_at=row.began_at,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        cleared_at=row.cleared_at,
        unasked=row.unasked,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=staff_state(row.acknowledged_by, row.acknowledged_name, row.acknowledged_title),
        acknowledged_until=row.signal_until if row.signal == Signal.ACKNOWLEDGED else None,
        resolved_at=row.resolved_at,
        resolved_by=staff_state(row.resolved_by, row.resolved_name, row.resolved_title),
        outcome=row.outcome,  # type: ignore[typeddict-item]  # the schema checks the word
        cause=row.cause,
        action=row.action,
        recurrences=row.recurrences,
        patient=PersonState(
            given_name=shown_name(row.given_name, row),
            family_name=shown_name(row.family_name, row),
            age=age_at(row.birth_date, today),
            number_hint=row.personal_number[-4:],
        ),
        text=TextState(key=evidence.text_key, params=dict(evidence.params)),
        text_sv=sentence(row.rule, evidence, "sv"),
        text_en=sentence(row.rule, evidence, "en"),
        evidence=EvidenceState(
            rule_version=evidence.rule_version,
            judged_at=evidence.judged_at,
            inputs=[_input(evidence, each) for each in evidence.inputs],
        ),
    )
