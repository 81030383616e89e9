"""What people write on a patient's timeline: notes, visits, changes of medication, marks, readings taken by hand. Pure.

Not here: what devices report (`ward.events`), how any of it is kept (`ward.store.care_events`). The invariant: an entry
is never altered. Who was mistaken says so, with a reason, and writes another.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ward.effect import DrugClass
from ward.people import StaffId
from ward.vitals import VitalKind

AHEAD = timedelta(minutes=5)
"""How far ahead of the platform's clock something may be said to have happened."""
PLANNED_AHEAD = timedelta(days=90)
"""How far ahead a visit may be planned."""


class EntryKind(StrEnum):
    """What an entry is; `mark` is anything else worth seeing beside the values: a meal, a move, a sensor swapped."""

    NOTE = "note"
    VISIT = "visit"
    MEDICATION = "medication"
    MARK = "mark"
    READINGS = "readings"


class Author(StrEnum):
    """Who wrote an entry."""

    STAFF = "staff"
    PATIENT = "patient"
    RELATIVE = "relative"


class Change(StrEnum):
    """What was done to a medicine."""

    STARTED = "started"
    INCREASED = "increased"
    DECREASED = "decreased"
    STOPPED = "stopped"
    SWITCHED = "switched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Medication:
    """A change of medication; doses are words ("40 mg × 1"), `watch` the kinds to look at instead of its class's."""

    drug: str
    drug_class: DrugClass
    change: Change
    from_dose: str = ""
    to_dose: str = ""
    prescriber_id: StaffId | None = None
    watch: tuple[VitalKind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """One value that somebody read off and typed in, in the kind's canonical unit."""

    kind: VitalKind
    value: float


class TimeFault(StrEnum):
    """Why an entry cannot bear its time."""

    AHEAD = "ahead"
    BEFORE_STAY = "before_stay"


def time_fault(kind: EntryKind, at: datetime, started_at: datetime, now: datetime) -> TimeFault | None:
    """Say why something cannot have happened at `at`, None when it can; a visit may be planned."""
    latest = now + (PLANNED_AHEAD if kind is EntryKind.VISIT else AHEAD)
    if at > latest:
        return TimeFault.AHEAD
    return TimeFault.BEFORE_STAY if at < started_at else None
