"""The shapes of an alert's life: every line of it, in words of both languages. Pure."""

from datetime import date, datetime

from typing_extensions import TypedDict

from alerting.life_words import Said, said
from alerting.plain_words import PLAIN, plain, unasked
from api.live.alert_messages import (
    PRIORITIES,
    AlertState,
    PriorityWord,
    StaffState,
    alert_state,
    evidence_of,
    sentence,
    staff_state,
)
from ward.store.alert_reads import AlertRow, EventRow


class EventState(TypedDict):
    """One line of an alert's life.

    `text_*` say what happened; `found_*` what a rule had found then, None where no rule spoke. `until` is when what
    began with it ends by itself; of a retrospective alert, when what was found was over.
    """

    rev: int
    at: datetime
    kind: str
    staff: StaffState | None
    note: str | None
    priority: PriorityWord | None
    until: datetime | None
    to_team_id: int | None
    to_staff: StaffState | None
    outcome: str | None
    cause: str | None
    action: str | None
    text_sv: str
    text_en: str
    found_sv: str | None
    found_en: str | None


class AlertDetail(AlertState):
    """An alert in plain words for the patient, with every event of its life."""

    plain_sv: str
    plain_en: str
    events: list[EventState]


def _event(rule: str, row: EventRow) -> EventState:
    line = Said(
        kind=row.kind,
        who=row.name,
        to=row.to_name or row.to_team_name,
        outcome=row.outcome,
        cause=row.cause,
        action=row.action,
    )
    evidence = None if row.evidence is None else evidence_of(row.evidence)
    return EventState(
        rev=row.rev,
        at=row.at,
        kind=row.kind,
        staff=staff_state(row.staff_id, row.name, row.title),
        note=row.note,
        priority=None if row.priority is None else PRIORITIES[row.priority],
        until=row.until,
        to_team_id=row.to_team_id,
        to_staff=staff_state(row.to_staff_id, row.to_name, row.to_title),
        outcome=row.outcome,
        cause=row.cause,
        action=row.action,
        text_sv=said(line, "sv"),
        text_en=said(line, "en"),
        found_sv=None if evidence is None else sentence(rule, evidence, "sv"),
        found_en=None if evidence is None else sentence(rule, evidence, "en"),
    )


def alert_detail(row: AlertRow, events: list[EventRow], today: date) -> AlertDetail:
    """Build an alert with its life."""
    state = alert_state(row, today)
    evidence = evidence_of(row.evidence)
    known = evidence.text_key in PLAIN
    words = unasked if row.unasked else plain
    return AlertDetail(
        **state,
        plain_sv=words(evidence, "sv") if known else "",
        plain_en=words(evidence, "en") if known else "",
        events=[_event(row.rule, each) for each in events],
    )
