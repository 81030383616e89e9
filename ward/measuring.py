"""The measuring schedule: what is to be measured by when, and by whom, as NEWS2 asks for it. Pure.

How often follows the score (RCP, NEWS2, 2017, Chart 4), by the plan's own numbers. Not here: signals that a device
sends all the time (`ward.plans.Plan.expected`); what becomes of a value. The invariant: a worse score never makes the
time between two measurements longer, and what the score lacks is due now.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from ward.plans import Goals, Plan
from ward.vitals import VitalKind


class Band(StrEnum):
    """The triggers of Chart 4."""

    ROUTINE = "routine"
    LOW = "low"
    SINGLE = "single"
    MEDIUM = "medium"
    HIGH = "high"


class Who(StrEnum):
    """Who measures: the patient with the kit at home, or somebody who looks at the patient."""

    PATIENT = "patient"
    STAFF = "staff"


# What NEWS2 needs and no device sends all the time, and the word for it in a score.
BY: MappingProxyType[VitalKind, Who] = MappingProxyType(
    {
        VitalKind.RESP_RATE: Who.PATIENT,
        VitalKind.SPO2: Who.PATIENT,
        VitalKind.HEART_RATE: Who.PATIENT,
        VitalKind.SYSTOLIC: Who.PATIENT,
        VitalKind.TEMPERATURE: Who.PATIENT,
        VitalKind.CONSCIOUSNESS: Who.STAFF,
        VitalKind.OXYGEN_FLOW: Who.PATIENT,
    }
)
# A kind that the plan expects at least so often is measured by its device, whatever the score.
CONTINUOUS_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What of a NEWS2 score decides: the least and the greatest possible total, and whether a parameter is 3."""

    total_min: int
    total_max: int
    single_three: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One thing to measure: how often, when it was last, and by when it is due next."""

    kind: VitalKind
    by: Who
    every_s: float
    last_at: datetime | None
    due_at: datetime


def band(plan: Plan, score: Score | None) -> Band:
    """Return the trigger of a score: of what is certain where inputs are missing; routine where there is none yet."""
    if score is None:
        return Band.ROUTINE
    if score.total_min >= plan.news2_high:
        return Band.HIGH
    if score.total_min >= plan.news2_medium:
        return Band.MEDIUM
    if score.single_three:
        return Band.SINGLE
    return Band.LOW if score.total_min >= 1 else Band.ROUTINE


def every_s(plan: Plan, at: Band) -> float | None:
    """Return the seconds between two measurements; None where the plan asks for none, or cares for comfort."""
    asked = plan.remeasure
    if asked is None or plan.goals is Goals.COMFORT:
        return None
    return {
        Band.ROUTINE: asked.routine_s,
        Band.LOW: asked.low_s,
        Band.SINGLE: asked.single_s,
        Band.MEDIUM: asked.medium_s,
        Band.HIGH: asked.high_s,
    }[at]


def asked_kinds(plan: Plan) -> tuple[VitalKind, ...]:
    """Return what is measured by the schedule: the score's inputs that no device is expected to send all the time."""
    return tuple(kind for kind in BY if plan.expected.get(kind, CONTINUOUS_S + 1) > CONTINUOUS_S)


def schedule(
    plan: Plan, at: Band, last: Mapping[VitalKind, datetime], missing: Collection[VitalKind], now: datetime
) -> tuple[Due, ...]:
    """Return what is to be measured, the first due first.

    Parameters
    ----------
    last : when each kind was measured last
    missing : what the score has not got, or not fresh
    """
    often_s = every_s(plan, at)
    if often_s is None:
        return ()
    found = [_due(kind, often_s, last.get(kind), now if kind in missing else None, now) for kind in asked_kinds(plan)]
    return tuple(sorted(found, key=lambda due: (due.due_at, due.kind)))


def _due(kind: VitalKind, often_s: float, last_at: datetime | None, wanted_at: datetime | None, now: datetime) -> Due:
    regular_at = now if last_at is None else last_at + timedelta(seconds=often_s)
    due_at = regular_at if wanted_at is None else min(wanted_at, regular_at)
    return Due(kind=kind, by=BY[kind], every_s=often_s, last_at=last_at, due_at=due_at)


def told(plan: Plan, at: Band, given_s: Mapping[str, float]) -> dict[str, float]:
    """Return the sampling intervals of a device with those that the schedule decides; others stay as they are.

    given_s : the device's `every_s`; what it does not name, it does not take
    """
    often_s = every_s(plan, at)
    asked = set(asked_kinds(plan))
    return {kind: often_s if often_s is not None and kind in asked else each for kind, each in given_s.items()}
