"""The shapes of alerts, and how they are built from what the store gives. Pure."""

from datetime import date, datetime
from typing import Literal

import msgspec
from typing_extensions import TypedDict

from alerting import words
from api.live.messages import TeamState, Tile, age_at
from ward.alerts import Evidence, Priority
from ward.people import StaffId
from ward.store.alert_reads import AlertRow, EventRow

PriorityWord = Literal["high", "medium", "low"]
_PRIORITY: dict[int, PriorityWord] = {Priority.HIGH: "high", Priority.MEDIUM: "medium", Priority.LOW: "low"}


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
    """One number that an alert rests on."""

    kind: str
    value: float
    unit: str
    measured_at: datetime
    quality: float | None


class EvidenceState(TypedDict):
    """The numbers behind an alert, and the version of the rule."""

    rule_version: int
    inputs: list[InputState]


class AlertState(TypedDict):
    """An alert as it is now; whoever acts names the `rev` they saw."""

    alert_id: int
    patient_id: int
    stay_id: int
    rule: str
    family: Literal["clinical", "technical", "request"]
    priority: PriorityWord
    state: Literal["open", "acknowledged", "resolved"]
    condition: Literal["present", "cleared"]
    rev: int
    team: TeamState
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: StaffState | None
    acknowledged_until: datetime | None
    resolved_at: datetime | None
    resolved_by: StaffState | None
    outcome: Literal["true_alarm", "false_alarm", "self_resolved", "technical"] | None
    recurrences: int
    patient: PersonState
    text: TextState
    text_sv: str
    text_en: str
    evidence: EvidenceState


class EventState(TypedDict):
    """One line of an alert's life."""

    rev: int
    at: datetime
    kind: str
    staff: StaffState | None
    note: str | None


class AlertDetail(AlertState):
    """An alert with every event of its life."""

    events: list[EventState]


class AlertMessage(TypedDict):
    """An alert has changed; also sent when it is resolved."""

    type: Literal["alert"]
    seq: int
    alert: AlertState


class SnapshotMessage(TypedDict):
    """Everything that may be seen: patients in care, and alerts that are not resolved."""

    type: Literal["snapshot"]
    seq: int
    server_time: datetime
    patients: list[Tile]
    alerts: list[AlertState]


def _staff(staff_id: StaffId | None, name: str | None, title: str | None) -> StaffState | None:
    return None if staff_id is None else StaffState(staff_id=staff_id, name=name or "", title=title or "")


def _sentence(rule: str, evidence: Evidence, lang: words.Language) -> str:
    """Put evidence into words; an alert whose words a newer program wrote shows its rule, and is never left out."""
    try:
        return words.text(evidence.text_key, evidence.params, lang)
    except (KeyError, ValueError):
        return rule


def _evidence(row: AlertRow) -> Evidence:
    """Read kept evidence; an alert is shown even where this program cannot read why."""
    try:
        return msgspec.convert(row.evidence, Evidence, strict=False)
    except msgspec.ValidationError:
        return Evidence(rule_version=0, text_key="", params={}, inputs=())


def alert_state(row: AlertRow, today: date) -> AlertState:
    """Build an alert."""
    evidence = _evidence(row)
    return AlertState(
        alert_id=row.alert_id,
        patient_id=row.patient_id,
        stay_id=row.stay_id,
        rule=row.rule,
        family=row.family,  # type: ignore[typeddict-item]  # the schema checks the word
        priority=_PRIORITY[row.priority],
        state=row.state,  # type: ignore[typeddict-item]  # the schema checks the word
        condition=row.condition,  # type: ignore[typeddict-item]  # the schema checks the word
        rev=row.rev,
        team=TeamState(team_id=row.team_id, name=row.team_name, phone=row.team_phone),
        began_at=row.began_at,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=_staff(row.acknowledged_by, row.acknowledged_name, row.acknowledged_title),
        acknowledged_until=row.acknowledged_until,
        resolved_at=row.resolved_at,
        resolved_by=_staff(row.resolved_by, row.resolved_name, row.resolved_title),
        outcome=row.outcome,  # type: ignore[typeddict-item]  # the schema checks the word
        recurrences=row.recurrences,
        patient=PersonState(
            given_name=row.given_name,
            family_name=row.family_name,
            age=age_at(row.birth_date, today),
            number_hint=row.personal_number[-4:],
        ),
        text=TextState(key=evidence.text_key, params=dict(evidence.params)),
        text_sv=_sentence(row.rule, evidence, "sv"),
        text_en=_sentence(row.rule, evidence, "en"),
        evidence=EvidenceState(
            rule_version=evidence.rule_version,
            inputs=[
                InputState(
                    kind=each.kind,
                    value=each.value,
                    unit=each.unit,
                    measured_at=each.measured_at,
                    quality=each.quality,
                )
                for each in evidence.inputs
            ],
        ),
    )


def alert_detail(row: AlertRow, events: list[EventRow], today: date) -> AlertDetail:
    """Build an alert with its life."""
    lines = [
        EventState(
            rev=each.rev,
            at=each.at,
            kind=each.kind,
            staff=_staff(each.staff_id, each.name, each.title),
            note=each.note,
        )
        for each in events
    ]
    return AlertDetail(**alert_state(row, today), events=lines)
