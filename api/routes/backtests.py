"""`/api/backtests`: what a plan would have raised over stored readings, beside the plan in force. Nothing rings.

A back-test is a job: asked for here, done by an alerting worker, read here with its progress. A shadow has no end: its
plan runs on in silence until it is ended. Everybody sees those of their own organisation; whose readings one may use
is decided as everywhere, by who may see the patient.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.backtest_states import BacktestState, backtest_state
from api.context import context_of
from api.errors import Problem
from api.plan_desk import read_overlay
from api.plan_states import OverlayDocument, fault_states
from api.preconditions import IdempotencyKey, idempotency, key_reused
from api.replies import Cursor, Id, Instant, Text, cursor_after, reply
from ward import overlays
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.backtests import BacktestId, JobOrigin, JobState
from ward.errors import NotFound
from ward.overlays import Origin
from ward.people import PatientId, StayId, TeamId
from ward.plan_versions import tried
from ward.store import backtests, cohorts
from ward.store import idempotency as keys
from ward.store import plans as store_plans
from ward.store.backtests import Listing, Order, Reader
from ward.store.borrow import borrow
from ward.store.cohorts import Chosen
from ward.store.pool import Connection

router = APIRouter(tags=["backtests"])
MayBacktests = Annotated[StaffPrincipal, Depends(Door(Permission.BACKTESTS))]

LONGEST = timedelta(days=92)
MOST_STAYS = 2_000


class Cohort(BaseModel):
    """Everybody of a team, of a programme, or of both; nothing named: everybody whom the caller may see.

    `team` answered for them in the time, `planned_by` is the team whose plan lies under theirs.
    """

    model_config = ConfigDict(extra="forbid")

    team: Id | None = None
    programme: Annotated[Text, Field(max_length=100)] | None = None
    planned_by: Id | None = None


class Wanted(BaseModel):
    """Which patients, which time, which plan. Without `to` it is a shadow: the plan runs on in silence.

    The plan takes the place of the standing overlay of `layer`. `origin`: whether a person asks, or their editor.
    """

    model_config = ConfigDict(extra="forbid")

    patients: Annotated[list[Id], Field(min_length=1, max_length=MOST_STAYS)] | None = None
    cohort: Cohort | None = None
    start: Instant = Field(alias="from")
    end: Instant | None = Field(default=None, alias="to")
    plan: OverlayDocument
    layer: Origin = Origin.PATIENT
    origin: Literal["person", "editor"] = "person"
    suggest: bool = False
    name: Annotated[Text, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.patients is None) == (self.cohort is None):
            raise ValueError("give patients or a cohort, one of them")
        if self.end is not None and self.end <= self.start:
            raise ValueError("to must be later than from")
        if self.layer is Origin.TEMPLATE:
            raise ValueError("a plan is tried at the layer of a team or of a patient")
        return self

    @property
    def asked_by(self) -> JobOrigin:
        """Who or what asks."""
        if self.end is None:
            return JobOrigin.SILENT
        return JobOrigin.SUGGESTIONS if self.suggest else JobOrigin(self.origin)


class BacktestsQuery(BaseModel):
    """Which page, of which origin, under way or not."""

    model_config = ConfigDict(extra="forbid")

    origin: list[JobOrigin] | None = Field(default=None, max_length=len(JobOrigin))
    running: bool | None = None

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor | None = None


class BacktestPage(TypedDict):
    """A page of back-tests, the newest first; `next` is the cursor of the following one."""

    items: list[BacktestState]
    next: str | None


@router.post("/api/backtests", response_model=BacktestState, status_code=HTTPStatus.ACCEPTED)
async def ask(
    request: Request,
    principal: MayBacktests,
    body: Wanted,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Ask what a plan would have raised. The answer says where to look for its progress and its report."""
    context = context_of(request)
    now = context.clock.now()
    overlay = overlays.encode(read_overlay(body.plan))
    _check_period(body, now)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        before = await keys.claim(conn, key, now) if key else None
        if before is not None and before.made_id is None:
            raise key_reused()
        if before is None or before.made_id is None:
            stays = await _stays(conn, principal, body, now)
            await _check_plan(conn, overlay, body.layer, stays, now)
            order = Order(
                organisation_id=principal.organisation_id,
                staff_id=principal.staff_id,
                name=body.name,
                stays=tuple(stays),
                from_at=body.start,
                until_at=body.end,
                plan=overlay,
                suggest=body.suggest,
                layer=body.layer,
                origin=body.asked_by,
            )
            number = await backtests.add(conn, order, now)
            if key:
                await keys.keep(conn, key, number)
        else:
            number = BacktestId(before.made_id)
        row = await backtests.read(conn, _reader(principal), number, now)
    if row is None:
        raise NotFound
    return reply(
        backtest_state(row), status=HTTPStatus.ACCEPTED, headers={"Location": f"/api/backtests/{row.backtest_id}"}
    )


@router.get("/api/backtests", response_model=BacktestPage)
async def list_backtests(
    request: Request,
    principal: MayBacktests,
    query: Annotated[BacktestsQuery, Query()],
) -> Response:
    """List the organisation's back-tests of patients whom the caller may see, the newest first, without reports."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        rows = await backtests.newest(conn, _reader(principal), _listing(query), context.clock.now())
    page = rows[: query.limit]
    following = cursor_after(page[-1].backtest_id) if len(rows) > query.limit else None
    return reply({"items": [backtest_state(row) for row in page], "next": following})


@router.get("/api/backtests/{backtest_id}", response_model=BacktestState)
async def get_backtest(request: Request, backtest_id: Id, principal: MayBacktests) -> Response:
    """Return a back-test: how far it is, and its report when it is done."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        row = await backtests.read(conn, _reader(principal), BacktestId(backtest_id), context.clock.now())
    if row is None:
        raise NotFound
    return reply(backtest_state(row))


@router.delete("/api/backtests/{backtest_id}", response_model=BacktestState)
async def end_backtest(request: Request, backtest_id: Id, principal: MayBacktests) -> Response:
    """Cancel a back-test, or end a shadow. What has been reported stays."""
    context = context_of(request)
    now, number = context.clock.now(), BacktestId(backtest_id)
    async with borrow(context.pool) as conn:
        if await backtests.read(conn, _reader(principal), number, now) is None:
            raise NotFound
        ended = await backtests.cancel(conn, number, now)
        row = await backtests.read(conn, _reader(principal), number, now)
    if row is None:
        raise NotFound
    if not ended and row.state != JobState.CANCELLED:
        raise Problem(HTTPStatus.CONFLICT, f"This back-test is {row.state}: there is nothing to cancel.")
    return reply(backtest_state(row))


def _listing(query: BacktestsQuery) -> Listing:
    origins = None if query.origin is None else tuple(query.origin)
    return Listing(before=query.cursor, limit=query.limit + 1, origins=origins, running=query.running)


def _reader(principal: StaffPrincipal) -> Reader:
    return Reader(organisation_id=principal.organisation_id, scope=principal.scope)


async def _check_plan(conn: Connection, overlay: str, layer: Origin, stays: Sequence[StayId], now: datetime) -> None:
    """Refuse an overlay with which the plan of any of the stays could not be used."""
    seen: set[tuple[str, str]] = set()
    for row in await store_plans.effective(conn, stays, now):
        if (row.programme, row.plan_layers) in seen:
            continue
        seen.add((row.programme, row.plan_layers))
        before = set(overlays.folded(row.programme, row.plan_layers).faults)
        told = [each for each in tried(row.programme, row.plan_layers, overlay, layer).faults if each not in before]
        if told:
            lines = "; ".join(f"{each.path}: {each.en}" for each in told)
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"This could not be put in force: {lines}",
                more={"faults": fault_states(told)},
            )


def _check_period(body: Wanted, now: datetime) -> None:
    end = body.end or now
    if body.start >= now:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "from must lie in the past: a back-test reads what is stored.")
    if end - body.start > LONGEST:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"A back-test reads at most {LONGEST.days} days at once.")


async def _stays(conn: Connection, principal: StaffPrincipal, body: Wanted, now: datetime) -> list[StayId]:
    """Return the stays that are meant, of those whom the caller may see."""
    end = body.end or now
    cohort = body.cohort or Cohort()
    visible = await cohorts.cohort(
        conn,
        principal.scope,
        Chosen(
            team_id=None if cohort.team is None else TeamId(cohort.team),
            programme=cohort.programme,
            planned_by=None if cohort.planned_by is None else TeamId(cohort.planned_by),
        ),
        body.start,
        end,
        now,
    )
    if body.patients is not None:
        wanted = await cohorts.stays_of(conn, [PatientId(each) for each in body.patients], body.start, end)
        visible = sorted(set(visible) & set(wanted))
    if not visible:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Nobody whom you may see was in care then.")
    if len(visible) > MOST_STAYS:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"A back-test reads at most {MOST_STAYS} stays at once.")
    return visible
