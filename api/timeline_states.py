"""The shapes in which a timeline goes out. Pure; times are aware UTC.

The invariant: an entry in error goes out whole, with who said so, when and why.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from typing_extensions import TypedDict

from ward.people import StaffId
from ward.store.care_events import Receipt, Row

Kind = Literal["note", "visit", "medication", "mark", "readings", "check_in", "help_button", "fall"]


class Writer(TypedDict):
    """Somebody of the staff, by name."""

    staff_id: int
    name: str
    title: str


class ErrorState(TypedDict):
    """That an entry was made in error."""

    at: datetime
    by: int
    name: str
    reason: str


class ReadState(TypedDict):
    """Who has read an entry, and when for the first time."""

    staff_id: int
    name: str
    title: str
    at: datetime


class ValueState(TypedDict):
    """A value that was read off; consciousness as a letter."""

    kind: str
    value: float | str
    unit: str


class AnswerState(TypedDict):
    """The answer to one of the day's questions."""

    question: str
    answer: str | float | bool


class MedicationState(TypedDict):
    """A change of medication."""

    drug: str
    drug_class: str
    change: str
    from_dose: str
    to_dose: str
    prescriber_id: int | None
    watch: list[str]


class TimelineEvent(TypedDict):
    """A line of the timeline; `event_id` is null for what a device reported or the patient answered.

    `corrects` is the entry that this one replaces, `corrected_by` the one that replaces it.
    """

    event_id: int | None
    kind: Kind
    occurred_at: datetime
    written_at: datetime
    author: Literal["staff", "patient", "relative", "device"]
    by: Writer | None
    device_id: str | None
    words: str
    medication: MedicationState | None
    values: list[ValueState]
    answers: list[AnswerState]
    remind_at: datetime | None
    corrects: int | None
    corrected_by: int | None
    error: ErrorState | None
    read_by: list[ReadState]
    read_by_me: bool


class EventPage(TypedDict):
    """A page of the timeline, the newest first; `next` is the cursor of the following one."""

    items: list[TimelineEvent]
    next: str | None


def event_states(rows: Iterable[Row], receipts: Iterable[Receipt], me: StaffId | None) -> list[TimelineEvent]:
    """Return lines with who has read them."""
    read: dict[int, list[ReadState]] = {}
    for each in receipts:
        read.setdefault(each.event_id, []).append(_read(each))
    return [_event(row, read.get(row.event_id or 0, []), me) for row in rows]


def _event(row: Row, read: Sequence[ReadState], me: StaffId | None) -> TimelineEvent:
    detail: Mapping[str, object] = row.detail
    return TimelineEvent(
        event_id=row.event_id,
        kind=row.kind,  # type: ignore[typeddict-item]  # the schema checks the word
        occurred_at=row.occurred_at,
        written_at=row.written_at,
        author=row.author or "device",  # type: ignore[typeddict-item]  # the schema checks the word
        by=_writer(row),
        device_id=row.device_id,
        words=row.words,
        medication=detail.get("medication"),  # type: ignore[typeddict-item]  # as the store keeps it
        values=detail.get("values") or [],  # type: ignore[typeddict-item]  # likewise
        answers=detail.get("answers") or [],  # type: ignore[typeddict-item]  # likewise
        remind_at=row.remind_at,
        corrects=row.corrects,
        corrected_by=row.corrected_by,
        error=_error(row),
        read_by=list(read),
        read_by_me=any(each["staff_id"] == me for each in read),
    )


def _writer(row: Row) -> Writer | None:
    if row.staff_id is None:
        return None
    return {"staff_id": row.staff_id, "name": row.staff_name or "", "title": row.staff_title or ""}


def _error(row: Row) -> ErrorState | None:
    if row.error_at is None or row.error_by is None:
        return None
    return {
        "at": row.error_at,
        "by": row.error_by,
        "name": row.error_name or "",
        "reason": row.error_reason or "",
    }


def _read(each: Receipt) -> ReadState:
    return {"staff_id": each.staff_id, "name": each.name, "title": each.title, "at": each.at}
