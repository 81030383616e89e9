"""How much a ward is rung: alerts counted by patient-day, hour, rule and patient, and how many were closed as false.

Pure; the rows come from `ward.store.burden`. The invariant: a share is of the alerts that a person has judged, and is
None where nobody has judged any; nothing is counted as true because nobody said otherwise.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from ward.alerts import Family, Priority
from ward.people import PatientId

Name = TypeVar("Name", str, PatientId)

MOST_LISTED: Final = 10
"""The ten that ring most: a tenth of the patients gives most of the alarms (Lansdowne 2016, PMC4891882: 57 %)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Alerts of one patient and rule that opened in one hour of the day (Stockholm), by their worst priority."""

    patient_id: PatientId
    rule: str
    family: Family
    priority: Priority
    hour: int
    alerts: int
    closed_true: int
    closed_false: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Alerts of a group: in all, by priority, and as people judged them."""

    alerts: int
    high: int
    medium: int
    low: int
    closed_true: int
    closed_false: int

    @property
    def false_share(self) -> float | None:
        """The share of the judged alerts that were false, 0 to 1."""
        judged = self.closed_true + self.closed_false
        return None if judged == 0 else round(self.closed_false / judged, 3)


def tally(rows: Iterable[Rung]) -> Tally:
    """Count a group."""
    kept = list(rows)
    of = {each: sum(row.alerts for row in kept if row.priority is each) for each in Priority}
    return Tally(
        alerts=sum(of.values()),
        high=of[Priority.HIGH],
        medium=of[Priority.MEDIUM],
        low=of[Priority.LOW],
        closed_true=sum(row.closed_true for row in kept),
        closed_false=sum(row.closed_false for row in kept),
    )


def by_hour(rows: Iterable[Rung]) -> list[int]:
    """Return how many alerts opened in each hour of the day, (24,)."""
    counts = [0] * 24
    for row in rows:
        counts[row.hour] += row.alerts
    return counts


def most(rows: Sequence[Rung], name: Callable[[Rung], Name]) -> list[tuple[Name, Tally]]:
    """Return the ten groups that ring most, the most frequent first."""
    groups: dict[Name, list[Rung]] = {}
    for row in rows:
        groups.setdefault(name(row), []).append(row)
    counted = [(key, tally(group)) for key, group in groups.items()]
    return sorted(counted, key=lambda each: (-each[1].alerts, str(each[0])))[:MOST_LISTED]
