"""The shapes of a round before free days. Pure; times are aware UTC."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from api.duty_states import CellState
from api.replies import Text
from ward.duty.working_days import Stretch
from ward.store.rounds import Signed, StayFacts
from ward.weekend import Found, risk


class SignBody(BaseModel):
    """What is to be done over the free days, in words."""

    model_config = ConfigDict(extra="forbid", strict=True)

    plan: Annotated[Text, Field(min_length=1, max_length=4000, pattern=r"\S")]


class ReasonState(TypedDict):
    """Why somebody may be needed, with its points."""

    reason: str
    points: int
    sv: str
    en: str


class SignedState(TypedDict):
    """Who has signed, when, and with which plan; `risk` is what the points were then."""

    by: int
    name: str
    at: datetime
    plan: str
    risk: int


class CosignedState(TypedDict):
    """Who else has signed the same plan, and when."""

    by: int
    name: str
    at: datetime


class RoundItem(TypedDict):
    """One patient of the round; `rev` is for If-Match, 0 where nobody has signed. `also` had signed the plan before."""

    patient_id: int
    stay_id: int
    name: str
    risk: int
    reasons: list[ReasonState]
    score_min: int | None
    score_max: int | None
    next_step: str
    cover: list[CellState]
    rev: int
    signed: SignedState | None
    also: list[CosignedState]


# `from` is a keyword of the language, hence the call form.
RoundState = TypedDict(
    "RoundState",
    {
        "team_id": int,
        "from": datetime,
        "until": datetime,
        "last_working_day": date,
        "next_working_day": date,
        "unsigned": int,
        "items": list[RoundItem],
    },
)


def round_item(
    row: StayFacts, found: Sequence[Found], cover: list[CellState], signatures: Sequence[Signed]
) -> RoundItem:
    """Return one patient; `signatures` are those of the plan in force, the last first."""
    signed = signatures[0] if signatures else None
    return {
        "patient_id": row.patient_id,
        "stay_id": row.stay_id,
        "name": f"{row.given_name} {row.family_name}",
        "risk": risk(found),
        "reasons": [
            {"reason": each.reason.value, "points": each.points, "sv": each.sv, "en": each.en} for each in found
        ],
        "score_min": row.score_low,
        "score_max": row.score_high,
        "next_step": row.next_step,
        "cover": cover,
        "rev": 0 if signed is None else signed.rev,
        "signed": None
        if signed is None
        else {
            "by": signed.staff_id,
            "name": signed.staff_name,
            "at": signed.signed_at,
            "plan": signed.plan,
            "risk": signed.risk,
        },
        "also": _others(signatures),
    }


def _others(signatures: Sequence[Signed]) -> list[CosignedState]:
    """Return everybody but the last who has signed, the first first, each once."""
    last = {each.staff_id for each in signatures[:1]}
    others = {each.staff_id: each for each in signatures if each.staff_id not in last}
    return [{"by": each.staff_id, "name": each.staff_name, "at": each.signed_at} for each in reversed(others.values())]


def round_state(team_id: int, stretch: Stretch, items: Iterable[RoundItem]) -> RoundState:
    """Return the whole round, those at most risk first."""
    ordered = sorted(items, key=lambda item: (-item["risk"], item["patient_id"]))
    return {
        "team_id": team_id,
        "from": stretch.from_at,
        "until": stretch.until,
        "last_working_day": stretch.last_day,
        "next_working_day": stretch.next_day,
        "unsigned": sum(item["signed"] is None for item in ordered),
        "items": ordered,
    }
