"""`/api/patients/{id}/vitals` and `…/scores`: columnar series for charts, raw or in buckets that fit the span."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Literal, NotRequired

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import Context, context_of
from api.errors import Problem
from api.live.messages import Risk, ValidityWord, plan_of, validity_word
from api.replies import Id, Instant, reply
from api.routes.patients import find_seat
from ward.access.permissions import Permission
from ward.access.principals import Scope, StaffPrincipal
from ward.clock import to_us
from ward.people import StayId
from ward.plans import Plan
from ward.store import care_events, series
from ward.store.borrow import borrow
from ward.store.series import BucketSeries, RawSeries, ScoreSeries, Span
from ward.vitals import BY_CODE, VITALS, Acvpu, VitalKind

router = APIRouter(tags=["vitals"])
MayPatientsRead = Annotated[StaffPrincipal, Depends(Door(Permission.PATIENTS_READ))]
MOST_RAW = 50_000
MOST_BUCKETS = 5_000
MOST_SCORES = 20_000
_CALENDAR_BEGINS = datetime(1, 1, 1, tzinfo=UTC)
_DEFAULT_SPAN = timedelta(hours=4)
_GAP_FACTOR = 3


class Resolution(StrEnum):
    """How fine; `auto` chooses by the span."""

    AUTO = "auto"
    RAW = "raw"
    MINUTE = "1m"
    QUARTER = "15m"
    HOUR = "1h"
    DAY = "1d"


STEPS = {
    Resolution.MINUTE: timedelta(minutes=1),
    Resolution.QUARTER: timedelta(minutes=15),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAY: timedelta(days=1),
}
# The longest span that each resolution still serves by itself: at most some 4,000 points a kind at 1 Hz.
_AUTO = (
    (timedelta(hours=1), Resolution.RAW),
    (timedelta(days=2), Resolution.MINUTE),
    (timedelta(days=30), Resolution.QUARTER),
    (timedelta(days=150), Resolution.HOUR),
)


class SpanQuery(BaseModel):
    """From when until when; by default the last four hours."""

    model_config = ConfigDict(extra="forbid")

    start: Instant | None = Field(default=None, alias="from")
    end: Instant | None = Field(default=None, alias="to")


class VitalsQuery(SpanQuery):
    """Which kinds (all when none is named), and how fine."""

    kind: list[VitalKind] = Field(default=[], max_length=len(VITALS))
    resolution: Resolution = Resolution.AUTO


class MarkedQuery(VitalsQuery):
    """The same for staff, who may ask what happened meanwhile."""

    marks: bool = Field(default=False, description="with the changes of medication and the visits of the span")


class SeriesState(TypedDict):
    """One kind, columnar. Raw: `value` and `validity`; buckets: `mean`, `min`, `max`, `count`, `t` where each starts.

    Neighbours further apart than `gap_s` are not to be joined by a line. `by_hand`: places of what people entered.
    """

    kind: VitalKind
    unit: str
    gap_s: float
    t: list[int]
    value: NotRequired[list[float | str]]
    validity: NotRequired[list[ValidityWord]]
    by_hand: NotRequired[list[int]]
    mean: NotRequired[list[float]]
    min: NotRequired[list[float]]
    max: NotRequired[list[float]]
    count: NotRequired[list[int]]


class MarkState(TypedDict):
    """Something that was done to a patient, beside the curves."""

    kind: Literal["medication", "visit"]
    t: int


VitalsState = TypedDict(
    "VitalsState",
    {
        "from": datetime,
        "to": datetime,
        "resolution": Literal["raw", "1m", "15m", "1h", "1d"],
        "series": list[SeriesState],
        "truncated": bool,
        "marks": NotRequired[list[MarkState]],
    },
)


class PartState(TypedDict):
    """The least and most points of one parameter, beside `t`; null where a score did not say."""

    min: list[int | None]
    max: list[int | None]


class ScoresState(TypedDict):
    """NEWS2 over time, columnar; `t` is milliseconds since 1970. `truncated`: older ones of the span are left out."""

    t: list[int]
    min: list[int]
    max: list[int]
    risk: list[Risk]
    parts: dict[str, PartState]
    truncated: bool


def choose(span: timedelta) -> Resolution:
    """Return the finest resolution that keeps a span to some thousand points."""
    return next((resolution for longest, resolution in _AUTO if span <= longest), Resolution.DAY)


def _bounds(query: SpanQuery, now: datetime) -> tuple[datetime, datetime]:
    end = query.end or now
    start = query.start or end - min(_DEFAULT_SPAN, end - _CALENDAR_BEGINS)
    if start >= end:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "`from` must lie before `to`.")
    return start, end


def _gap_s(kind: VitalKind, plan: Plan, step_s: float) -> float:
    expected_s = plan.expected.get(kind, VITALS[kind].freshness.expected_s)
    return max(_GAP_FACTOR * expected_s, (_GAP_FACTOR - 1) * step_s)


def _raw(each: RawSeries, plan: Plan) -> SeriesState:
    vital = BY_CODE[each.kind]
    conscious = vital.kind is VitalKind.CONSCIOUSNESS
    return SeriesState(
        kind=vital.kind,
        unit=vital.unit,
        gap_s=_gap_s(vital.kind, plan, 0),
        t=each.t_ms,
        value=[Acvpu(int(value)).name for value in each.value] if conscious else list(each.value),
        validity=[validity_word(code) for code in each.validity],
        by_hand=[place for place, by_hand in enumerate(each.by_hand) if by_hand],
    )


def _buckets(each: BucketSeries, plan: Plan, step: timedelta) -> SeriesState:
    vital = BY_CODE[each.kind]
    return SeriesState(
        kind=vital.kind,
        unit=vital.unit,
        gap_s=_gap_s(vital.kind, plan, step.total_seconds()),
        t=each.t_ms,
        mean=each.mean,
        min=each.low,
        max=each.high,
        count=each.count,
    )


async def _series(context: Context, span: Span, resolution: Resolution, plan: Plan) -> list[SeriesState]:
    async with borrow(context.looks) as conn:
        if resolution is Resolution.RAW:
            return [_raw(each, plan) for each in await series.read_raw(conn, span, MOST_RAW)]
        step = STEPS[resolution]
        return [_buckets(each, plan, step) for each in await series.read_buckets(conn, span, step)]


@router.get("/api/patients/{patient_id}/vitals", response_model=VitalsState)
async def get_vitals(
    request: Request,
    patient_id: Id,
    principal: MayPatientsRead,
    query: Annotated[MarkedQuery, Query()],
) -> Response:
    """Show vitals of the stay in progress."""
    return await vitals_of(context_of(request), patient_id, principal.scope, query)


async def vitals_of(context: Context, patient_id: int, scope: Scope, query: VitalsQuery) -> Response:
    """Return the vitals of a patient whom the caller may see."""
    start, end = _bounds(query, context.clock.now())
    resolution = choose(end - start) if query.resolution is Resolution.AUTO else query.resolution
    step = STEPS.get(resolution)
    if step is not None and (end - start) / step > MOST_BUCKETS:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"That are more than {MOST_BUCKETS} points: ask for a coarser resolution."
        )
    async with borrow(context.looks) as conn:
        seat = await find_seat(conn, patient_id, scope, context.clock)
    kinds = [VITALS[kind].code for kind in query.kind or list(VITALS)]
    span = Span(stay_id=seat.stay_id, kinds=kinds, start=start, end=end)
    found = await _series(context, span, resolution, plan_of(seat))
    truncated = resolution is Resolution.RAW and sum(len(each["t"]) for each in found) >= MOST_RAW
    state: dict[str, object] = {
        "from": start,
        "to": end,
        "resolution": resolution.value,
        "series": found,
        "truncated": truncated,
    }
    if isinstance(query, MarkedQuery) and query.marks:
        state["marks"] = await _marks(context, span)
    return reply(state)


async def _marks(context: Context, span: Span) -> list[MarkState]:
    async with borrow(context.looks) as conn:
        found = await care_events.marks(conn, span.stay_id, span.start, span.end)
    return [MarkState(kind="visit" if kind == "visit" else "medication", t=to_us(at) // 1000) for kind, at in found]


@router.get("/api/patients/{patient_id}/scores", response_model=ScoresState)
async def get_scores(
    request: Request,
    patient_id: Id,
    principal: MayPatientsRead,
    query: Annotated[SpanQuery, Query()],
) -> Response:
    """Show scores of the stay in progress."""
    context = context_of(request)
    start, end = _bounds(query, context.clock.now())
    async with borrow(context.looks) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        span = Span(stay_id=StayId(seat.stay_id), kinds=(), start=start, end=end)
        found = await series.read_scores(conn, span, MOST_SCORES)
    state = ScoresState(
        t=found.t_ms,
        min=found.low,
        max=found.high,
        risk=found.risk,  # type: ignore[typeddict-item]  # the schema checks the word
        parts=_parts(found),
        truncated=len(found.t_ms) >= MOST_SCORES,
    )
    return reply(state)


def _parts(found: ScoreSeries) -> dict[str, PartState]:
    """Return the points of every parameter that any of the scores has."""
    names = sorted({name for each in found.parts for name in each})
    return {
        name: PartState(
            min=[each.get(name, {}).get("min") for each in found.parts],
            max=[each.get(name, {}).get("max") for each in found.parts],
        )
        for name in names
    }
