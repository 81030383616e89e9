"""`/api/audit/accesses` and `/api/audit/reviews`: a unit goes through its own access log and says what it found."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.replies import Instant, Text, reply
from api.routes.access_log import AccessState, access_state
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.access.review import Anomaly, anomalies
from ward.store import access_reviews, audit
from ward.store.access_reviews import MOST_JUDGED, Reviewed
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.pool import Connection

router = APIRouter(tags=["audit"])
MayAccessReview = Annotated[StaffPrincipal, Depends(Door(Permission.ACCESS_REVIEW))]
_LONGEST = timedelta(days=31)
_SHOWN = 20
_REVIEWS = 100


class ReviewQuery(BaseModel):
    """The period that is looked through, at most 31 days, before now."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")


class ReviewBody(ReviewQuery):
    """What was concluded of a period."""

    conclusion: Text = Field(min_length=3, max_length=2000, pattern=r"\S")


class AnomalyState(TypedDict):
    """One person's looks, or attempts that were refused, that deserve a second look; the newest of them in full."""

    oddity: Literal["same_family_name", "not_in_care", "other_team", "emergency", "many_patients", "many_refused"]
    account_id: int
    looks: int
    patients: int
    newest: list[AccessState]


class PeriodState(TypedDict):
    """A period of a unit's log: how many looks, which of them are odd, and a sample that nobody chose.

    `judged` is how many looks at one patient were gone through; fewer than there were when `complete` is false.
    """

    entries: int
    judged: int
    complete: bool
    anomalies: list[AnomalyState]
    sample: list[AccessState]


# `from` is a keyword of the language, hence the call form.
ReviewState = TypedDict(
    "ReviewState",
    {
        "review_id": int,
        "from": datetime,
        "to": datetime,
        "reviewed_at": datetime,
        "reviewed_by": str,
        "entries": int,
        "anomalies": int,
        "conclusion": str,
    },
)


class ReviewPage(TypedDict):
    """The newest reviews."""

    items: list[ReviewState]


@router.get("/api/audit/accesses", response_model=PeriodState)
async def get_period(request: Request, principal: MayAccessReview, query: Annotated[ReviewQuery, Query()]) -> Response:
    """Go through a period of the own organisation's log: what is odd, and a sample."""
    _check(query)
    async with borrow(context_of(request).pool) as conn:
        entries, looks, odd = await _read(conn, query, principal)
        found = [await _anomaly(conn, each) for each in odd]
        drawn = await access_reviews.sample(conn, principal.organisation_id, query.start, query.end)
    return reply(
        PeriodState(
            entries=entries,
            judged=looks,
            complete=looks < MOST_JUDGED,
            anomalies=found,
            sample=[access_state(row) for row in drawn],
        )
    )


@router.post("/api/audit/reviews", response_model=ReviewPage, status_code=HTTPStatus.CREATED)
async def post_review(request: Request, principal: MayAccessReview, body: ReviewBody) -> Response:
    """Write down that a period was looked through, and what was concluded."""
    _check(body)
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        entries, _looks, odd = await _read(conn, body, principal)
        review_id = await access_reviews.add(
            conn,
            principal.organisation_id,
            body.start,
            body.end,
            account_id=principal.account_id,
            entries=entries,
            anomalies=len(odd),
            conclusion=body.conclusion,
            now=now,
        )
        deed = Deed(action=Action.ACCESS_REVIEWED, detail={"review_id": review_id, "anomalies": len(odd)})
        await audit.write(conn, principal.actor, deed, now)
        made = await access_reviews.made(conn, principal.organisation_id, _REVIEWS)
    return reply({"items": [_review(row) for row in made]}, status=HTTPStatus.CREATED)


@router.get("/api/audit/reviews", response_model=ReviewPage)
async def get_reviews(request: Request, principal: MayAccessReview) -> Response:
    """List the reviews of the own organisation, the newest first."""
    async with borrow(context_of(request).pool) as conn:
        made = await access_reviews.made(conn, principal.organisation_id, _REVIEWS)
    return reply({"items": [_review(row) for row in made]})


def _check(query: ReviewQuery) -> None:
    if not query.start < query.end <= query.start + _LONGEST:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "A period ends after it begins, at most 31 days later.")


async def _read(conn: Connection, query: ReviewQuery, principal: StaffPrincipal) -> tuple[int, int, Sequence[Anomaly]]:
    entries = await access_reviews.count(conn, principal.organisation_id, query.start, query.end)
    looks = await access_reviews.looks(conn, principal.organisation_id, query.start, query.end)
    refused = await access_reviews.refusals(conn, principal.organisation_id, query.start, query.end)
    return entries, len(looks), anomalies(looks, refused)


async def _anomaly(conn: Connection, odd: Anomaly) -> AnomalyState:
    newest = await access_reviews.entries(conn, list(odd.access_ids[-_SHOWN:]))
    return AnomalyState(
        oddity=odd.oddity.value,
        account_id=odd.account_id,
        looks=odd.looks,
        patients=odd.patients,
        newest=[access_state(row) for row in newest],
    )


def _review(row: Reviewed) -> ReviewState:
    return {
        "review_id": row.review_id,
        "from": row.start,
        "to": row.end,
        "reviewed_at": row.reviewed_at,
        "reviewed_by": row.name,
        "entries": row.entries,
        "anomalies": row.anomalies,
        "conclusion": row.conclusion,
    }
