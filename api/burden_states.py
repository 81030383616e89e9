"""The shapes in which the burden of alerts goes out. Pure; times are aware UTC."""

from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict

from ward import burden
from ward.alerts import Family
from ward.burden import Rung, Tally
from ward.people import PatientId
from ward.store.burden import Span, Watched


class TallyState(TypedDict):
    """Alerts in all and by their worst priority; `false_share`, 0 to 1, is of those that a person has judged."""

    alerts: int
    high: int
    medium: int
    low: int
    per_patient_day: float
    closed_true: int
    closed_false: int
    false_share: float | None


class PatientBurden(TallyState):
    """One of the ten patients who ring most, by clinical alerts; `share`, 0 to 1, is of all of them."""

    patient_id: int
    given_name: str
    family_name: str
    protected: bool
    programme: str
    share: float


class RuleBurden(TallyState):
    """One of the ten rules that ring most; `share`, 0 to 1, is of all alerts."""

    rule: str
    technical: bool
    patients: int
    share: float


class HoursState(TypedDict):
    """Alerts by the hour of the day in which they opened (Europe/Stockholm), 24 numbers each."""

    clinical: list[int]
    technical: list[int]


# `from` is a keyword of the language, hence the call form.
BurdenState = TypedDict(
    "BurdenState",
    {
        "from": str,
        "to": str,
        "team_id": int | None,
        "patients": int,
        "patient_days": float,
        "clinical": TallyState,
        "technical": TallyState,
        "hours": HoursState,
        "top_patients": list[PatientBurden],
        "top_rules": list[RuleBurden],
    },
)
BurdenState.__doc__ = (
    "How much was rung in a time, by patient-day, hour, patient and rule. What is not `technical` speaks of the"
    " patient: clinical alerts and requests."
)


def burden_state(span: Span, watched: Sequence[Watched], rung: Sequence[Rung]) -> BurdenState:
    """Return the burden of a period."""
    people = {each.patient_id: each for each in watched}
    days = sum(each.days for each in watched)
    clinical = [row for row in rung if row.family is not Family.TECHNICAL]
    technical = [row for row in rung if row.family is Family.TECHNICAL]
    return {
        "from": span.start.isoformat(),
        "to": span.end.isoformat(),
        "team_id": span.team_id,
        "patients": len(people),
        "patient_days": round(days, 2),
        "clinical": _tally(burden.tally(clinical), days),
        "technical": _tally(burden.tally(technical), days),
        "hours": {"clinical": burden.by_hour(clinical), "technical": burden.by_hour(technical)},
        "top_patients": _patients(clinical, people),
        "top_rules": _rules(rung, days),
    }


def _patients(clinical: Sequence[Rung], people: Mapping[PatientId, Watched]) -> list[PatientBurden]:
    every = sum(row.alerts for row in clinical)
    found: list[PatientBurden] = []
    for patient_id, counted in burden.most(clinical, lambda row: row.patient_id):
        whose = people[patient_id]
        found.append(
            {
                **_tally(counted, whose.days),
                "patient_id": patient_id,
                "given_name": whose.given_name,
                "family_name": whose.family_name,
                "protected": whose.protected,
                "programme": whose.programme,
                "share": round(counted.alerts / every, 3),
            }
        )
    return found


def _rules(rung: Sequence[Rung], days: float) -> list[RuleBurden]:
    every = sum(row.alerts for row in rung)
    found: list[RuleBurden] = []
    for rule, counted in burden.most(rung, lambda row: row.rule):
        mine = [row for row in rung if row.rule == rule]
        found.append(
            {
                **_tally(counted, days),
                "rule": rule,
                "technical": mine[0].family is Family.TECHNICAL,
                "patients": len({row.patient_id for row in mine}),
                "share": round(counted.alerts / every, 3),
            }
        )
    return found


def _tally(counted: Tally, days: float) -> TallyState:
    return {
        "alerts": counted.alerts,
        "high": counted.high,
        "medium": counted.medium,
        "low": counted.low,
        "per_patient_day": round(counted.alerts / days, 3) if days > 0 else 0.0,
        "closed_true": counted.closed_true,
        "closed_false": counted.closed_false,
        "false_share": counted.false_share,
    }
