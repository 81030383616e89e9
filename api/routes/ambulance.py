"""`/api/patients/{id}/ambulance-cards`, `/ambulance`, `/api/ambulance-card`: a timed, noted link for a crew.

The link leads to a page that sends the token behind its `#` in a body; an address never holds one. The invariant:
whoever opens a link that is not good, for whatever reason, gets the same answer after the same work.
"""

import secrets
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api import ambulance_link, ambulance_page
from api.ambulance_states import (
    AmbulanceCard,
    AmbulanceLink,
    AmbulanceLinkMade,
    AmbulanceLinks,
    CardBody,
    CardToken,
    TrendState,
    card_state,
)
from api.auth import Door, digest
from api.context import Context, context_of
from api.errors import Problem
from api.home_states import step_state
from api.live.messages import age_at, limits_state, plan_of, score_state, vitals_by_stay
from api.once import once
from api.preconditions import IdempotencyKey, idempotency
from api.replies import Id, reply
from api.routes.home import planned_visits
from api.routes.patients import find_seat
from ward.access.permissions import Permission
from ward.access.principals import Principal, Scope, StaffPrincipal
from ward.duty import wallclock, working_days
from ward.errors import NotFound
from ward.store import audit, cards, homes, series, tiles
from ward.store.accesses import Access
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.cards import NewCard, Opened
from ward.store.pool import Connection
from ward.store.series import Span
from ward.store.tiles import Seat
from ward.vitals import BY_CODE, VITALS, VitalKind

router = APIRouter(tags=["ambulance cards"])
MayAmbulanceCardsRead = Annotated[Principal, Depends(Door(Permission.AMBULANCE_CARDS_READ))]
MayAmbulanceCards = Annotated[StaffPrincipal, Depends(Door(Permission.AMBULANCE_CARDS))]
PATH = "/api/ambulance-card"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SHOWN = (
    VitalKind.RESP_RATE,
    VitalKind.SPO2,
    VitalKind.OXYGEN_FLOW,
    VitalKind.SYSTOLIC,
    VitalKind.DIASTOLIC,
    VitalKind.HEART_RATE,
    VitalKind.TEMPERATURE,
    VitalKind.GLUCOSE,
)


@router.get("/api/patients/{patient_id}/ambulance-cards", response_model=AmbulanceLinks)
async def get_cards(request: Request, patient_id: Id, principal: MayAmbulanceCardsRead) -> Response:
    """List the links that were made for a patient, by whom, and when each was opened; also for the patient."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        rows = await cards.of_stay(conn, seat.stay_id)
    return reply({"items": [card_state(row) for row in rows]})


@router.post(
    "/api/patients/{patient_id}/ambulance-cards", response_model=AmbulanceLinkMade, status_code=HTTPStatus.CREATED
)
async def make_card(
    request: Request,
    patient_id: Id,
    principal: MayAmbulanceCards,
    body: CardBody,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Make a link for an ambulance crew; its path is in this answer alone. A repeat is answered without it."""
    context = context_of(request)
    now, token = context.clock.now(), secrets.token_urlsafe(32)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        done = await once(conn, key, now, lambda: _make(conn, seat, principal, body, token, now))
        state = await _card(conn, seat, done.number)
    path = f"{ambulance_link.PATH}#{token}" if done.status is HTTPStatus.CREATED else None
    return reply({**state, "path": path}, status=done.status)


@router.post("/api/patients/{patient_id}/ambulance-cards/{card_id}/revoke", response_model=AmbulanceLink)
async def revoke(request: Request, patient_id: Id, card_id: Id, principal: MayAmbulanceCards) -> Response:
    """Take a link back: from now on it opens nothing. Twice is once."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        await _card(conn, seat, card_id)
        if await cards.revoke(conn, seat.stay_id, card_id, principal.staff_id, now):
            await _note(conn, seat, principal, Action.CARD_REVOKED, card_id, None, now)
        state = await _card(conn, seat, card_id)
    return reply(state)


@router.get(ambulance_link.PATH, include_in_schema=False)
async def get_page() -> Response:
    """Give the page that a link opens; it holds nothing of a patient."""
    return HTMLResponse(ambulance_link.WAITING, headers=ambulance_link.HEADERS)


@router.get(ambulance_link.SCRIPT_PATH, include_in_schema=False)
async def get_script() -> Response:
    """Give that page's script."""
    return Response(ambulance_link.SCRIPT, media_type="text/javascript", headers=ambulance_link.HEADERS)


@router.get(PATH, include_in_schema=False)
async def refuse_link_of_old(request: Request, token: str | None = None) -> Response:
    """Tell whoever has a link of the kind whose address held the token that it opens nothing any more."""
    if token is None:
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
    if _wants_page(request):
        return HTMLResponse(ambulance_link.OF_OLD, HTTPStatus.GONE, headers=ambulance_link.HEADERS)
    raise Problem(HTTPStatus.GONE, "A link holds its token behind a #, to be sent in a body. Ask for a new link.")


@router.post(PATH, response_model=AmbulanceCard, responses={404: {}})
async def open_card(request: Request, body: CardToken) -> Response:
    """Show the card that a link leads to, to a browser as a page. No log-in: the link is it.

    Each opening is in the log of who looked, as of who made the link.
    """
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        opened = await cards.follow(conn, digest(body.token), now)
    if opened is None:
        raise NotFound
    card = await _shown(context, opened, now)
    look = Access(
        at=now,
        actor=opened.maker,
        permission=Permission.AMBULANCE_CARDS.value,
        method=request.method,
        path=PATH,
        why="link",
        patient_ids=(opened.patient_id,),
    )
    await context.witness.written(look)
    if _wants_page(request):
        return HTMLResponse(ambulance_page.page(card))
    return reply(card)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


async def _make(
    conn: Connection, seat: Seat, principal: StaffPrincipal, body: CardBody, token: str, now: datetime
) -> int:
    new = NewCard(
        stay_id=seat.stay_id,
        token_sha256=digest(token),
        made_by=principal.staff_id,
        expires_at=now + timedelta(hours=body.hours),
        reason=body.reason,
    )
    number = await cards.make(conn, new, now)
    await _note(conn, seat, principal, Action.CARD_MADE, number, body.reason, now)
    return number


async def _note(
    conn: Connection,
    seat: Seat,
    principal: StaffPrincipal,
    action: Action,
    card_id: int,
    reason: str | None,
    now: datetime,
) -> None:
    deed = Deed(
        action=action, patient_id=seat.patient_id, stay_id=seat.stay_id, reason=reason, detail={"card_id": card_id}
    )
    await audit.write(conn, principal.actor, deed, now)


async def _card(conn: Connection, seat: Seat, card_id: int) -> AmbulanceLink:
    row = await cards.one(conn, seat.stay_id, card_id)
    if row is None:
        raise NotFound
    return card_state(row)


async def _shown(context: Context, opened: Opened, now: datetime) -> AmbulanceCard:
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, opened.patient_id, Scope(patient_ids=(opened.patient_id,)), context.clock)
        changes = await tiles.read_tiles(conn, [seat.stay_id], now)
        step = await homes.step(conn, seat.stay_id)
        today = now.date()
        return {
            "server_time": now,
            "expires_at": opened.expires_at,
            "given_name": seat.given_name,
            "family_name": seat.family_name,
            "birth_date": seat.birth_date,
            "age": age_at(seat.birth_date, today),
            "sex": seat.sex,  # type: ignore[typeddict-item]  # the schema checks the word
            "programme": seat.programme,
            "reason": seat.reason,
            "goals": plan_of(seat).goals.value,
            "limits": limits_state(seat),
            "vitals": vitals_by_stay(changes.latest).get(seat.stay_id, {}),
            "score": score_state(changes.scores[0]) if changes.scores else None,
            "trends": await _trends(conn, seat, now),
            "team": {"team_id": seat.team_id, "name": seat.team_name, "phone": seat.team_phone},
            "next_step": step_state(step),
            "visits": await planned_visits(conn, seat, now),
            "home_visit_on": working_days.next_working_day(wallclock.wall(now).date()),
        }


async def _trends(conn: Connection, seat: Seat, now: datetime) -> list[TrendState]:
    codes = [VITALS[kind].code for kind in _SHOWN]
    span = Span(stay_id=seat.stay_id, kinds=codes, start=now - _DAY, end=now)
    found = {each.kind: each for each in await series.read_buckets(conn, span, _HOUR)}
    return [
        TrendState(
            kind=BY_CODE[code].kind.value,
            unit=BY_CODE[code].unit,
            t=found[code].t_ms,
            mean=found[code].mean,
            min=found[code].low,
            max=found[code].high,
        )
        for code in codes
        if code in found
    ]
