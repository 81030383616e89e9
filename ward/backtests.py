"""Back-tests as data: what is asked for, how a job stands, and what its report says. What makes one: `alerting`.

A report is kept as JSON and read by people who tune plans: every number in it was counted over stored readings.
"""

from datetime import datetime
from enum import StrEnum
from typing import NewType

import msgspec

BacktestId = NewType("BacktestId", int)

# At most so many alerts are listed one by one; all of them are counted.
MOST_LISTED = 500


class JobState(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Failure(StrEnum):
    """Why a job failed: it broke, or whoever counted it was cut off in the middle as often as it is tried."""

    BROKE = "broke"
    CUT_OFF = "cut_off"


class JobOrigin(StrEnum):
    """Who or what asked for a back-test.

    A person on purpose; the editor, after each change; somebody who wants suggestions; a draft that runs in silence.
    """

    PERSON = "person"
    EDITOR = "editor"
    SUGGESTIONS = "suggestions"
    SILENT = "silent"


class RuleTally(msgspec.Struct, frozen=True, kw_only=True):
    """How often one rule would have rung, by the highest priority it reached, and for how long in all."""

    rule: str
    alerts: int
    high: int
    medium: int
    low: int
    hours: float


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One alert that a plan would have raised; without `ended_at` its condition was not known to be over."""

    patient_id: int
    rule: str
    priority: int
    opened_at: datetime
    ended_at: datetime | None


class PlanTally(msgspec.Struct, frozen=True, kw_only=True):
    """What one plan would have raised; `by_hour` counts alerts by the hour of the day in Europe/Stockholm.

    `episodes` are its alerts one by one, the most urgent first, `MOST_LISTED` at most.
    """

    alerts: int
    high: int
    medium: int
    low: int
    per_patient_day: float
    by_hour: list[int]
    by_rule: list[RuleTally]
    episodes: list[Listed]


class Deterioration(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded alert that was closed as true, and when each plan would have found it: None where it would not."""

    alert_id: int
    patient_id: int
    rule: str
    opened_at: datetime
    candidate_at: datetime | None
    in_force_at: datetime | None


class FalseAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """Recorded alerts that were closed as false, and how many of them each plan would have raised again."""

    recorded: int
    candidate: int
    in_force: int


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the candidate's limits, judged over the same readings: what it would have removed, and lost.

    `lost` counts recorded true alerts that the candidate finds and the change does not.
    """

    kind: str
    setting: str
    before: float
    after: float
    alerts_before: int
    alerts_after: int
    false_removed: int
    lost: int


class LibraryCase(msgspec.Struct, frozen=True, kw_only=True):
    """A course of the library of deteriorations: when the candidate rings for it, and by when it must have."""

    name: str
    title: str
    title_sv: str
    found: bool
    found_at_min: float | None
    found_by_min: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a back-test found."""

    patients: int
    patient_days: float
    readings: int
    judged_until: datetime
    candidate: PlanTally
    in_force: PlanTally
    deteriorations: list[Deterioration]
    library: list[LibraryCase]
    false_alarms: FalseAlarms
    only_candidate: list[Listed]
    only_in_force: list[Listed]
    suggestions: list[Suggestion]
