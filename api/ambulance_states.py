"""What an ambulance card shows, and how links to one are made. Pure; times are aware UTC.

The invariant: a card shows what a crew needs to judge the next hours, and no personal number, address or history.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from api.home_states import NextStepState, VisitState
from api.live.messages import LimitState, ScoreState, TeamState, VitalState
from api.replies import Reason
from ward.store.cards import CardRow

MOST_HOURS = 24


class CardBody(BaseModel):
    """For how long a crew may look, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hours: int = Field(default=4, ge=1, le=MOST_HOURS)
    reason: Reason


class CardToken(BaseModel):
    """What stands behind the `#` of a link."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: str = Field(max_length=200)


class AmbulanceLink(TypedDict):
    """A link that was made, and every time that it was opened."""

    card_id: int
    made_by: int
    made_by_name: str
    made_at: datetime
    expires_at: datetime
    reason: str
    revoked_at: datetime | None
    openings: list[datetime]


class AmbulanceLinkMade(AmbulanceLink):
    """A link that is new; the path is told once, null on a repeat of the request."""

    path: str | None


class AmbulanceLinks(TypedDict):
    """The links of a stay, the newest first."""

    items: list[AmbulanceLink]


class TrendState(TypedDict):
    """One kind over the last day, by hours that begin at `t` (milliseconds since 1970); gaps are left out."""

    kind: str
    unit: str
    t: list[int]
    mean: list[float]
    min: list[float]
    max: list[float]


class AmbulanceCard(TypedDict):
    """What a crew sees, until `expires_at`."""

    server_time: datetime
    expires_at: datetime
    given_name: str
    family_name: str
    birth_date: date
    age: int
    sex: Literal["female", "male", "other", "unknown"]
    programme: str
    reason: str
    goals: Literal["full", "comfort"]
    limits: dict[str, LimitState]
    vitals: dict[str, VitalState]
    score: ScoreState | None
    trends: list[TrendState]
    team: TeamState
    next_step: NextStepState
    visits: list[VisitState]
    home_visit_on: date


def card_state(row: CardRow) -> AmbulanceLink:
    """Return a link as the team sees it."""
    return {
        "card_id": row.card_id,
        "made_by": row.made_by,
        "made_by_name": row.made_by_name,
        "made_at": row.made_at,
        "expires_at": row.expires_at,
        "reason": row.reason,
        "revoked_at": row.revoked_at,
        "openings": row.openings,
    }
