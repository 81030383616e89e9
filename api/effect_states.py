"""The shapes in which effects and reports go out, and what is sent about them. Pure; times are aware UTC."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from api import effect_words
from api.replies import Id, Text
from api.timeline_states import MedicationState
from ward.effect import Effect, Side, Windows
from ward.store.care_events import Row
from ward.store.effects import ReportRow
from ward.timeline import Medication
from ward.vitals import VITALS

Verdict = Literal["as_wanted", "against", "unchanged", "rose", "fell", "too_early", "too_little"]


class ReportBody(BaseModel):
    """To whom the report goes; left out, to who is named as the prescriber of the change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    prescriber_id: Id | None = None


class ReportAnswer(BaseModel):
    """What the prescriber says: all is well so, or something is to be adjusted."""

    model_config = ConfigDict(extra="forbid", strict=True)

    answer: Literal["ok", "adjust"]
    note: Annotated[Text, Field(max_length=2000)] = ""


class SideState(TypedDict):
    """The values of one side, each the mean of a quarter of an hour; `cover`: of what was to be expected (0-1)."""

    count: int
    cover: float
    median: float
    low_quartile: float
    high_quartile: float


class EffectState(TypedDict):
    """How one kind moved, in numbers and words; `share`: how likely a value afterwards lies above one before."""

    kind: str
    unit: str
    wanted: Literal["rise", "fall", "watch"]
    verdict: Verdict
    before: SideState | None
    after: SideState | None
    change: float | None
    share: float | None
    after_s: float | None
    sv: str
    en: str


# `from` is a keyword of the language, hence the call form.
WindowsState = TypedDict(
    "WindowsState", {"start": datetime, "at": datetime, "from": datetime, "to": datetime, "over": bool}
)


class Colleague(TypedDict):
    """Somebody by name."""

    staff_id: int
    name: str


class ReportState(TypedDict):
    """A report as it was sent, and what the prescriber answered; `rev` is for If-Match."""

    report_id: int
    rev: int
    patient_id: int
    event_id: int
    prescriber: Colleague
    sent_by: Colleague
    sent_at: datetime
    sv: str
    en: str
    effects: list[EffectState]
    seen_at: datetime | None
    answer: Literal["ok", "adjust"] | None
    note: str
    answered_at: datetime | None


class EffectPage(TypedDict):
    """What a change of medication did, as far as is known now; `also` are other changes within the windows."""

    event_id: int
    medication: MedicationState
    windows: WindowsState
    effects: list[EffectState]
    also: list[int]
    sv: str
    en: str
    reports: list[ReportState]


class ReportPage(TypedDict):
    """A page of reports, the newest first; `next` is the cursor of the following one."""

    items: list[ReportState]
    next: str | None


def effect_state(effect: Effect) -> EffectState:
    """Return how one kind moved."""
    sv, en = effect_words.phrase(effect)
    return EffectState(
        kind=effect.kind.value,
        unit=VITALS[effect.kind].unit,
        wanted=effect.wanted.value,
        verdict=effect.verdict.value,
        before=_side(effect.before),
        after=_side(effect.after),
        change=effect.change,
        share=effect.share,
        after_s=effect.after_s,
        sv=sv,
        en=en,
    )


def effect_page(
    row: Row,
    medication: Medication,
    when: Windows,
    effects: Sequence[Effect],
    also: Iterable[int],
    reports: Iterable[ReportRow],
) -> EffectPage:
    """Return the whole page."""
    others = list(also)
    sv, en = effect_words.line(medication, row.occurred_at, effects, len(others))
    return {
        "event_id": row.event_id or 0,
        "medication": row.detail["medication"],  # type: ignore[typeddict-item]  # as the store keeps it
        "windows": {
            "start": when.start,
            "at": when.at,
            "from": when.from_at,
            "to": when.until,
            "over": when.is_over,
        },
        "effects": [effect_state(each) for each in effects],
        "also": others,
        "sv": sv,
        "en": en,
        "reports": [report_state(each) for each in reports],
    }


def report_state(row: ReportRow) -> ReportState:
    """Return a report as it was sent."""
    kept: Mapping[str, object] = row.report
    return {
        "report_id": row.report_id,
        "rev": row.rev,
        "patient_id": row.patient_id,
        "event_id": row.event_id,
        "prescriber": {"staff_id": row.prescriber_id, "name": row.prescriber_name},
        "sent_by": {"staff_id": row.sent_by, "name": row.sent_by_name},
        "sent_at": row.sent_at,
        "sv": row.line_sv,
        "en": row.line_en,
        "effects": kept.get("effects") or [],  # type: ignore[typeddict-item]  # as it was sent
        "seen_at": row.seen_at,
        "answer": row.answer,  # type: ignore[typeddict-item]  # the schema checks the word
        "note": row.answer_note,
        "answered_at": row.answered_at,
    }


def _side(side: Side | None) -> SideState | None:
    if side is None:
        return None
    return {
        "count": side.count,
        "cover": round(side.cover, 3),
        "median": side.median,
        "low_quartile": side.low_quartile,
        "high_quartile": side.high_quartile,
    }
