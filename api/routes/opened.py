"""`/api/patients/{id}/opened`: what a patient sees of their own, and a relative of what is opened to them.

A page of its own and not the staff's with holes in it: what is not built here cannot leak. The patient has everything;
to a relative each part is null that the patient has not opened. Names of staff, of other patients and of devices, notes
and free text are never here; alerts and scores come in plain words, and promise nothing.
"""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from alerting.plain_words import PLAIN, plain, unasked
from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.live.alert_messages import evidence_of
from api.live.messages import Part, TeamState, VitalState, plan_of, vitals_by_stay
from api.reasons import Reason
from api.replies import Id, reply
from api.routes.patients import find_seat
from api.routes.vitals import VitalsQuery, VitalsState, vitals_of
from api.score_words import PARTS, score_words
from ward.access.permissions import Permission
from ward.access.principals import Opened, PatientPrincipal, RelativePrincipal, Scope
from ward.alerts import AlertState, Family
from ward.errors import NotFound
from ward.measuring import Score
from ward.plans import Plan
from ward.store import alert_reads, score_inputs, tiles
from ward.store.alert_reads import AlertRow, WantedAlerts
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.score_inputs import Input
from ward.store.tiles import ScoreRow, Seat
from ward.vitals import VITALS

router = APIRouter(tags=["opened"])
MayOpenedRead = Annotated[PatientPrincipal | RelativePrincipal, Depends(Door(Permission.OPENED_READ))]
_ALERTS = 50


class RestState(TypedDict):
    """When a value was measured that the score rests on; null where there is none. After these seconds it is old.

    `counted` is false where the score lacks it. `received_at` matters where a device sends late: the worse counts.
    """

    part: Part
    measured_at: datetime | None
    received_at: datetime | None
    ageing_s: float
    stale_s: float
    counted: bool


class ScoreWords(TypedDict):
    """What the newest score says, in plain words, and what it rests on; `scored_at` is when it last changed."""

    scored_at: datetime
    rests_on: list[RestState]
    text_sv: str
    text_en: str


class ValuesPart(TypedDict):
    """The newest value of each kind with its age, and the score in plain words."""

    vitals: dict[str, VitalState]
    score: ScoreWords | None


class AlertWords(TypedDict):
    """An alert in plain words."""

    opened_at: datetime
    resolved_at: datetime | None
    plain_sv: str
    plain_en: str


class PlanPart(TypedDict):
    """What the care is for and what comes next."""

    programme: str
    next_step: str


class OpenedState(TypedDict):
    """What is open to the caller; a part that is not is null."""

    patient_id: int
    opens: list[str]
    values: ValuesPart | None
    alerts: list[AlertWords] | None
    plan: PlanPart | None
    contacts: list[TeamState] | None


def opens(principal: PatientPrincipal | RelativePrincipal, patient_id: int) -> frozenset[Opened]:
    """Return what of a patient is open to the caller.

    Raises
    ------
    NotFound
        If nothing is, or there is no such patient: the same from outside.
    """
    if isinstance(principal, PatientPrincipal):
        found = frozenset(Opened) if patient_id == principal.patient_id else frozenset()
    else:
        found = next((each.opens for each in principal.openings if each.patient_id == patient_id), frozenset())
    if not found:
        raise NotFound
    return found


class OpenPage(TypedDict):
    """A patient's page that is open to the caller."""

    patient_id: int
    given_name: str
    opens: list[str]


class OpenPages(TypedDict):
    """Whose pages are open to the caller: a patient's own, or those of who opened theirs to a relative."""

    items: list[OpenPage]


@router.get("/api/session/openings", response_model=OpenPages)
async def get_openings(request: Request, principal: MayOpenedRead) -> Response:
    """List whose pages are open to the caller, who is in care now."""
    context = context_of(request)
    found = []
    async with borrow(context.pool) as conn:
        for patient_id in principal.scope.patient_ids:
            with contextlib.suppress(NotFound):  # not in care just now
                seat = await find_seat(conn, patient_id, principal.scope, context.clock)
                parts = sorted(each.value for each in opens(principal, patient_id))
                found.append(OpenPage(patient_id=seat.patient_id, given_name=seat.given_name, opens=parts))
    return reply(OpenPages(items=found))


@router.get("/api/patients/{patient_id}/opened", response_model=OpenedState)
async def get_opened(request: Request, patient_id: Id, principal: MayOpenedRead) -> Response:
    """Show what is open to the caller, the patient or a relative."""
    context = context_of(request)
    now, parts = context.clock.now(), opens(principal, patient_id)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        rows = await _alerts(conn, seat, now)
        ringing = sum(row.resolved_at is None and row.family == Family.CLINICAL for row in rows)
        values = await _values(conn, seat, now, ringing) if Opened.VALUES in parts else None
    alerts = [_alert(row) for row in rows] if Opened.ALERTS in parts else None
    state = OpenedState(
        patient_id=seat.patient_id,
        opens=sorted(parts),
        values=values,
        alerts=alerts,
        plan=PlanPart(programme=seat.programme, next_step=seat.next_step) if Opened.PLAN in parts else None,
        contacts=[_contact(seat)] if Opened.CONTACTS in parts else None,
    )
    return reply(state)


@router.get("/api/patients/{patient_id}/opened/vitals", response_model=VitalsState)
async def get_opened_vitals(
    request: Request, patient_id: Id, principal: MayOpenedRead, query: Annotated[VitalsQuery, Query()]
) -> Response:
    """Show values over time, where the trends are open to the caller."""
    if Opened.TRENDS not in opens(principal, patient_id):
        raise Problem(HTTPStatus.FORBIDDEN, "The patient has not opened this to you.", reason=Reason.NOT_OPENED)
    return await vitals_of(context_of(request), patient_id, principal.scope, query)


async def _values(conn: Connection, seat: Seat, now: datetime, ringing: int) -> ValuesPart:
    changes = await tiles.read_tiles(conn, [seat.stay_id], now)
    vitals = vitals_by_stay(changes.latest).get(seat.stay_id, {})
    inputs = await score_inputs.newest(conn, seat.stay_id, now)
    score = _score(changes.scores[0], plan_of(seat), ringing, inputs) if changes.scores else None
    return ValuesPart(vitals=vitals, score=score)


def _score(row: ScoreRow, plan: Plan, ringing: int, inputs: Sequence[Input]) -> ScoreWords | None:
    ends = Score(total_min=row.total_min, total_max=row.total_max, single_three=bool(row.detail.get("single_three")))
    said = score_words(row.risk, ends, plan, ringing)
    if said is None:
        return None
    lacks = {*(row.detail.get("missing") or ()), *(row.detail.get("stale") or ())}  # type: ignore[misc]  # as kept
    rests = [_rest(part, inputs, counted=part not in lacks) for part in PARTS]
    return ScoreWords(scored_at=row.scored_at, rests_on=rests, text_sv=said[0], text_en=said[1])


def _rest(part: Part, inputs: Sequence[Input], *, counted: bool) -> RestState:
    """Return when what a part rests on was measured: the newest where there are two ways to know."""
    newest = max((each for each in inputs if each.kind in PARTS[part]), key=lambda each: each.measured_at, default=None)
    fresh = VITALS[PARTS[part][0] if newest is None else newest.kind].freshness
    return RestState(
        part=part,
        measured_at=None if newest is None else newest.measured_at,
        received_at=None if newest is None else newest.received_at,
        ageing_s=fresh.ageing_s,
        stale_s=fresh.stale_s,
        counted=counted and newest is not None,
    )


async def _alerts(conn: Connection, seat: Seat, now: datetime) -> list[AlertRow]:
    """Return the stay's newest alerts of whose kind there are plain words."""
    wanted = WantedAlerts(
        scope=Scope(patient_ids=(seat.patient_id,)),
        states=[state.value for state in AlertState],
        patient_id=seat.patient_id,
        limit=_ALERTS,
    )
    rows = await alert_reads.find_alerts(conn, wanted, now)
    return [row for row in rows if row.stay_id == seat.stay_id and evidence_of(row.evidence).text_key in PLAIN]


def _alert(row: AlertRow) -> AlertWords:
    evidence, words = evidence_of(row.evidence), unasked if row.unasked else plain
    return AlertWords(
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        plain_sv=words(evidence, "sv"),
        plain_en=words(evidence, "en"),
    )


def _contact(seat: Seat) -> TeamState:
    return TeamState(team_id=seat.team_id, name=seat.team_name, phone=seat.team_phone)
