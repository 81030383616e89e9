"""`/api/coverage`: who will answer for each patient in the next fourteen days, in pages, and what days those are.

Of patients whom the caller may see. Who of a team is on duty when is told by `/api/teams/{id}/coverage`. The invariant:
the cells of a patient join without gap from the first to the last instant of the days.
"""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.duty_states import CellState, cell_state, staff_of
from api.live.messages import shown_name
from api.replies import Cursor, Id, cursor_after, reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.duty import calendar, coverage
from ward.duty.coverage import Cell, Colour
from ward.duty.durations import AHEAD
from ward.people import PatientId, StayId, TeamId
from ward.store import duty_layout, duty_schedules, duty_watch, tiles
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.tiles import Seat, Wanted

router = APIRouter(tags=["responsibility"])
MayResponsibilityRead = Annotated[StaffPrincipal, Depends(Door(Permission.RESPONSIBILITY_READ))]
PAGE = 100


class CoverageQuery(BaseModel):
    """Whose; without `team` everybody whom the caller may see."""

    model_config = ConfigDict(extra="forbid")

    team: Id | None = None
    cursor: Cursor | None = None


class DayState(TypedDict):
    """A day by the clock on a Swedish wall; `hours` is 23 or 25 when the clocks change, `name` that of a holiday."""

    date: date
    kind: str
    name: str | None
    starts_at: datetime
    ends_at: datetime
    hours: int


class CoveredState(TypedDict):
    """A patient, and who will answer; `red_from` is when nobody would for the first time."""

    patient_id: int
    given_name: str
    family_name: str
    number_hint: str
    team_id: int
    team: str
    cells: list[CellState]
    red_from: datetime | None


# `from` is a keyword of the language, hence the call form.
CoveragePage = TypedDict(
    "CoveragePage",
    {"from": datetime, "until": datetime, "days": list[DayState], "items": list[CoveredState], "next": str | None},
)


@router.get("/api/coverage", response_model=CoveragePage)
async def get_coverage(
    request: Request, principal: MayResponsibilityRead, query: Annotated[CoverageQuery, Query()]
) -> Response:
    """Show who will answer for each patient in the next fourteen days, and which of them are holidays."""
    context = context_of(request)
    now = context.clock.now()
    wanted = Wanted(
        scope=principal.scope,
        team_id=None if query.team is None else TeamId(query.team),
        after=None if query.cursor is None else PatientId(query.cursor),
        limit=PAGE + 1,
    )
    async with borrow(context.pool) as conn:
        seats = await tiles.find_seats(conn, wanted, now)
        items = await _covered(conn, seats[:PAGE], now)
    state = {
        "from": now,
        "until": now + AHEAD,
        "days": [_day(each) for each in calendar.days(now, now + AHEAD)],
        "items": items,
        "next": cursor_after(seats[PAGE - 1].patient_id) if len(seats) > PAGE else None,
    }
    return reply(state)


async def _covered(conn: Connection, seats: list[Seat], now: datetime) -> list[CoveredState]:
    rows = await duty_schedules.teams(conn)
    duty = await duty_schedules.on_duty(conn, now, now + AHEAD, rows)
    reach = await duty_watch.reach(conn)
    laid = await duty_layout.all_ahead(conn, [seat.stay_id for seat in seats], now)
    cells: dict[StayId, tuple[Cell, ...]] = {
        seat.stay_id: coverage.cells(laid.get(seat.stay_id, []), duty, reach, now, now + AHEAD) for seat in seats
    }
    called: dict[int, str] = {row.team_id: row.name for row in rows}
    names = await duty_schedules.names(conn, staff_of({}, [cell for each in cells.values() for cell in each]))
    return [
        CoveredState(
            patient_id=seat.patient_id,
            given_name=shown_name(seat.given_name, seat),
            family_name=shown_name(seat.family_name, seat),
            number_hint=seat.personal_number[-4:],
            team_id=seat.team_id,
            team=seat.team_name,
            cells=[cell_state(cell, called, names) for cell in cells[seat.stay_id]],
            red_from=next((cell.from_at for cell in cells[seat.stay_id] if cell.colour is Colour.NOBODY), None),
        )
        for seat in seats
    ]


def _day(day: calendar.WallDay) -> DayState:
    return {
        "date": day.date,
        "kind": day.kind.value,
        "name": day.name,
        "starts_at": day.starts_at,
        "ends_at": day.ends_at,
        "hours": round((day.ends_at - day.starts_at) / timedelta(hours=1)),
    }
