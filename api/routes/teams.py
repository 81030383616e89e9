"""`/api/teams`: who is in a team, who of it is on duty, what it owes an answer, and the next fourteen days.

Reads only: weeks are changed in `api.routes.schedules`. Everybody who is logged in may see every team, for whom to turn
to is no secret; no patient is named here.
"""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.duty_states import CellState, Member, TeamState, cell_state, member, staff_of, team_state
from api.replies import Id, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.duty.coverage import Colour, of_team
from ward.duty.durations import AHEAD
from ward.errors import NotFound
from ward.people import TeamId
from ward.store import duty_debt, duty_schedules, duty_watch
from ward.store.borrow import borrow

router = APIRouter(tags=["teams"])
MayDutyRead = Annotated[StaffPrincipal, Depends(Door(Permission.DUTY_READ))]
# Longer than any watch, so that the end of the present one is seen.
_A_WATCH = timedelta(days=2)


class TeamList(TypedDict):
    """Every team, by organisation and name; `mine` are the caller's."""

    items: list[TeamState]
    mine: list[int]


class DebtState(TypedDict):
    """What a team has left without an answer, by kind: a count each, and the alerts they are about."""

    kind: str
    count: int
    alerts: list[int]


class TeamDetail(TeamState):
    """A team with its members and what it owes an answer."""

    members: list[Member]
    debt: list[DebtState]


class TeamCoverage(TypedDict):
    """Who of a team will answer in the next fourteen days; `red_from` is when nobody would for the first time."""

    team_id: int
    cells: list[CellState]
    red_from: datetime | None


@router.get("/api/teams", response_model=TeamList)
async def get_teams(request: Request, principal: MayDutyRead) -> Response:
    """List the teams, and who is on duty in each."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        rows = await duty_schedules.teams(conn)
        duty = await duty_schedules.on_duty(conn, now, now + _A_WATCH, rows)
        bases = await duty_schedules.bases(conn)
        names = await duty_schedules.names(conn, staff_of(duty))
    items = [team_state(row, duty[row.team_id], bases.get(row.team_id, ()), names, now) for row in rows]
    return reply({"items": items, "mine": sorted(principal.team_ids)})


@router.get("/api/teams/{team_id}", response_model=TeamDetail)
async def get_team(request: Request, team_id: Id, principal: MayDutyRead) -> Response:
    """Show one team; what it owes an answer is for those who may see its patients."""
    context = context_of(request)
    now, wanted = context.clock.now(), TeamId(team_id)
    async with borrow(context.pool) as conn:
        row = await duty_schedules.team(conn, wanted)
        if row is None:
            raise NotFound
        duty = await duty_schedules.on_duty(conn, now, now + AHEAD, [row])
        bases = await duty_schedules.bases(conn)
        people = (await duty_schedules.members(conn, [wanted]))[wanted]
        names = await duty_schedules.names(conn, staff_of(duty))
        owed = await duty_debt.debt(conn, wanted, now) if wanted in principal.scope.team_ids else []
    state = team_state(row, duty[wanted], bases.get(wanted, ()), names, now)
    debts = [{"kind": each.kind, "count": each.count, "alerts": each.alerts or []} for each in owed]
    return reply({**state, "members": [member(each) for each in people], "debt": debts})


@router.get("/api/teams/{team_id}/coverage", response_model=TeamCoverage)
async def get_coverage(request: Request, team_id: Id, _principal: MayDutyRead) -> Response:
    """Show who of a team answers when in the next fourteen days, and when nobody would."""
    context = context_of(request)
    now, wanted = context.clock.now(), TeamId(team_id)
    async with borrow(context.pool) as conn:
        row = await duty_schedules.team(conn, wanted)
        if row is None:
            raise NotFound
        duty = await duty_schedules.on_duty(conn, now, now + AHEAD, [row])
        idle = Colour.NOBODY if wanted in await duty_schedules.bases(conn) else Colour.FALLBACK
        found = of_team(duty[wanted], await duty_watch.reach(conn), idle, now, now + AHEAD)
        names = await duty_schedules.names(conn, staff_of(duty))
    red = next((cell.from_at for cell in found if cell.colour is Colour.NOBODY), None)
    cells = [cell_state(cell, {wanted: row.name}, names) for cell in found]
    return reply({"team_id": team_id, "cells": cells, "red_from": red})
