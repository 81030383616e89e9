"""A NEWS2 score in plain words for the patient and those at home, Swedish and English, never a number. Pure.

A score that lacks inputs is an interval, and its risk that of the upper end: right for who watches, and wrong to tell a
patient. The invariant: nothing is called unusual that was not measured, and nothing quiet that was not measured either.
Wording to be confirmed by who is clinically responsible.
"""

from collections.abc import Mapping
from types import MappingProxyType

from api.live.messages import Part
from ward import measuring
from ward.measuring import Band, Score
from ward.plans import Plan
from ward.vitals import VitalKind

PARTS: Mapping[Part, tuple[VitalKind, ...]] = MappingProxyType(
    {
        "resp_rate": (VitalKind.RESP_RATE,),
        "spo2": (VitalKind.SPO2,),
        "oxygen": (VitalKind.OXYGEN_FLOW, VitalKind.FIO2),
        "systolic": (VitalKind.SYSTOLIC,),
        "heart_rate": (VitalKind.HEART_RATE,),
        "consciousness": (VitalKind.CONSCIOUSNESS,),
        "temperature": (VitalKind.TEMPERATURE,),
    }
)
"""What each part of the score is known by, in the order of the chart; one kind of several is enough."""

_QUIET = (
    "De senaste mätvärdena visar ingen varning. Ring ditt team om du mår sämre, 112 om det är bråttom.",
    "The latest readings show no warning. Call your team if you feel worse, 112 if it is urgent.",
)
_RISKS = MappingProxyType(
    {
        "low": _QUIET,
        "low_medium": (
            "Ett av mätvärdena avviker. Ring ditt team om du mår sämre, 112 om det är bråttom.",
            "One of the readings is unusual. Call your team if you feel worse, 112 if it is urgent.",
        ),
        "medium": (
            "Flera mätvärden avviker. Ring ditt team om du mår sämre, 112 om det är bråttom.",
            "Several readings are unusual. Call your team if you feel worse, 112 if it is urgent.",
        ),
        "high": (
            "Mätvärdena avviker mycket. Ring ditt team, eller 112 om det är bråttom.",
            "The readings are very unusual. Call your team, or 112 if it is urgent.",
        ),
    }
)
_NOT_WHOLE = (
    "Några mätvärden saknas, så bilden är inte hel. Ring ditt team om du mår sämre, 112 om det är bråttom.",
    "Some readings are missing, so the picture is not whole. Call your team if you feel worse, 112 if it is urgent.",
)
_CERTAIN = MappingProxyType({Band.HIGH: "high", Band.MEDIUM: "medium", Band.SINGLE: "low_medium"})


def score_words(risk: str, score: Score, plan: Plan, ringing: int) -> tuple[str, str] | None:
    """Return what a score says, Swedish and English; None where it would be quiet beside an alert about the values.

    Parameters
    ----------
    risk : of the upper end, which is the score itself where nothing is missing
    score : its two ends; where they differ the lower one decides, and says nothing where it is quiet
    ringing : how many alerts about the patient's values are open
    """
    if score.total_min == score.total_max:
        said = _RISKS[risk]
    else:
        certain = _CERTAIN.get(measuring.band(plan, score))
        said = _NOT_WHOLE if certain is None else _RISKS[certain]
    return None if ringing and said == _QUIET else said
