"""`/api/teams/{id}/round`: the round before free days, by how much each patient may need somebody, and why.

For members of the team. From 16 of the last working day until 08 of the next one; each patient is signed for with a
plan in words, over the revision that was seen.
"""

from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.auth import Door
from api.context import context_of
from api.duty_states import CellState, cell_state, staff_of
from api.errors import Problem
from api.preconditions import IfMatch, revision
from api.replies import Id, reply
from api.round_states import RoundItem, RoundState, SignBody, round_item, round_state
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.duty import coverage, working_days
from ward.duty.coverage import Cell
from ward.duty.working_days import Stretch
from ward.errors import NotFound
from ward.people import PatientId, StayId, TeamId
from ward.store import audit, duty_layout, duty_schedules, duty_watch, rounds
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.rounds import Signed
from ward.weekend import reasons

router = APIRouter(tags=["rounds"])
MayRounds = Annotated[StaffPrincipal, Depends(Door(Permission.ROUNDS))]
Until = Annotated[
    Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))] | None,
    Query(description="The working day on whose morning the free days end; left out: the next ones"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A team's round, as of now."""

    conn: Connection
    team_id: TeamId
    stretch: Stretch
    now: datetime


@router.get("/api/teams/{team_id}/round", response_model=RoundState)
async def get_round(request: Request, team_id: Id, principal: MayRounds, until: Until = None) -> Response:
    """Show the team's patients by how much they may need somebody over the free days, who covers, and who signed."""
    stretch = _stretch(request, team_id, principal, until)
    context = context_of(request)
    async with borrow(context.pool) as conn:
        one = Round(conn=conn, team_id=TeamId(team_id), stretch=stretch, now=context.clock.now())
        items = await items_of(one)
    return reply(round_state(team_id, stretch, items))


@router.put("/api/teams/{team_id}/round/{patient_id}", response_model=RoundItem)
async def sign(
    request: Request,
    team_id: Id,
    patient_id: Id,
    principal: MayRounds,
    body: SignBody,
    until: Until = None,
    if_match: IfMatch = None,
) -> Response:
    """Sign for one patient with a plan for the free days, over the revision that was seen."""
    stretch, rev = _stretch(request, team_id, principal, until), revision(if_match)
    context = context_of(request)
    async with borrow(context.pool) as conn:
        one = Round(conn=conn, team_id=TeamId(team_id), stretch=stretch, now=context.clock.now())
        item = await _item(one, patient_id)
        new = Signed(
            stay_id=StayId(item["stay_id"]),
            rev=rev,
            staff_id=principal.staff_id,
            staff_name="",
            signed_at=one.now,
            plan=body.plan,
            risk=item["risk"],
        )
        done = await rounds.sign(conn, one.team_id, new.stay_id, stretch.until, new, one.now)
        item = await _item(one, patient_id)
        headers = {"ETag": f'"{item["rev"]}"'}
        if not done:
            detail = "Somebody else has signed since you saw it."
            raise Problem(HTTPStatus.CONFLICT, detail, more={"item": item}, headers=headers)
        deed = Deed(
            action=Action.ROUND_SIGNED,
            patient_id=PatientId(patient_id),
            stay_id=new.stay_id,
            detail={"team_id": team_id, "until": stretch.until.isoformat(), "rev": item["rev"]},
        )
        await audit.write(conn, principal.actor, deed, one.now)
    return reply(item, headers=headers)


def _stretch(request: Request, team_id: int, principal: StaffPrincipal, until: date | None) -> Stretch:
    """Return which free days are meant; for others than members the team's round does not exist."""
    if team_id not in principal.team_ids:
        raise NotFound
    if until is None:
        return working_days.ahead(context_of(request).clock.now())
    found = working_days.ending(until)
    if found is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "No free days end on the morning of that day.")
    return found


async def items_of(one: Round) -> list[RoundItem]:
    """Return the team's patients, each with why somebody may be needed and who has signed."""
    rows = await rounds.facts(one.conn, one.team_id, one.now)
    signed = await rounds.signed(one.conn, [row.stay_id for row in rows], one.stretch.until)
    cells = await _cells(one, [row.stay_id for row in rows])
    called: dict[int, str] = {row.team_id: row.name for row in await duty_schedules.teams(one.conn)}
    names = await duty_schedules.names(one.conn, staff_of({}, [cell for each in cells.values() for cell in each]))
    items = []
    for row in rows:
        found = reasons(row.facts(), cells[row.stay_id], one.stretch.until, one.now)
        cover: list[CellState] = [cell_state(cell, called, names) for cell in cells[row.stay_id]]
        items.append(round_item(row, found, cover, signed.get(row.stay_id, [])))
    return items


async def _item(one: Round, patient_id: int) -> RoundItem:
    found = next((item for item in await items_of(one) if item["patient_id"] == patient_id), None)
    if found is None:
        raise NotFound
    return found


async def _cells(one: Round, stays: list[StayId]) -> dict[StayId, tuple[Cell, ...]]:
    """Return who answers for each stay over the free days, from now on where they have begun."""
    start, end = max(one.now, one.stretch.from_at), one.stretch.until
    if start >= end:
        return dict.fromkeys(stays, ())
    duty = await duty_schedules.on_duty(one.conn, start, end)
    reach = await duty_watch.reach(one.conn)
    return {
        stay_id: coverage.cells(await duty_layout.ahead(one.conn, stay_id, start), duty, reach, start, end)
        for stay_id in stays
    }
