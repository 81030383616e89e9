"""`/api/patients/{id}/measuring`: what is to be measured by when, and by whom, as the NEWS2 score asks for it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.live.messages import plan_of
from api.replies import Id, reply
from api.routes.patients import find_seat
from ward import measuring
from ward.access.permissions import Permission
from ward.access.principals import PatientPrincipal, StaffPrincipal
from ward.measuring import Band, Due, Score
from ward.store import tiles
from ward.store.borrow import borrow
from ward.store.tiles import Changes, ScoreRow
from ward.vitals import BY_CODE, VitalKind

router = APIRouter(tags=["patients"])
MayMeasuringRead = Annotated[StaffPrincipal | PatientPrincipal, Depends(Door(Permission.MEASURING_READ))]
# The parts of a score as kinds: they are called alike, but for the oxygen that is given.
_KINDS = {**{kind.value: kind for kind in measuring.BY}, "oxygen": VitalKind.OXYGEN_FLOW}


class DueState(TypedDict):
    """One thing to measure: every so many seconds, last then, due then; `by` is `patient` or `staff`."""

    kind: str
    by: str
    every_s: float
    last_at: datetime | None
    due_at: datetime
    overdue: bool


class MeasuringState(TypedDict):
    """The schedule: `band` is the trigger of the score in force; nothing is `due` where the plan asks for nothing."""

    band: str
    every_s: float | None
    scored_at: datetime | None
    due: list[DueState]


@router.get("/api/patients/{patient_id}/measuring", response_model=MeasuringState)
async def get_measuring(request: Request, patient_id: Id, principal: MayMeasuringRead) -> Response:
    """Show what is to be measured next, the first due first."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        changes = await tiles.read_tiles(conn, [seat.stay_id], now)
    plan = plan_of(seat)
    newest = changes.scores[0] if changes.scores else None
    at = measuring.band(plan, None if newest is None else _score(newest))
    due = measuring.schedule(plan, at, _last(changes), _missing(newest), now)
    return reply(_state(at, measuring.every_s(plan, at), newest, due, now))


def _state(
    at: Band, every_s: float | None, newest: ScoreRow | None, due: tuple[Due, ...], now: datetime
) -> MeasuringState:
    return MeasuringState(
        band=at.value,
        every_s=every_s,
        scored_at=None if newest is None else newest.scored_at,
        due=[
            DueState(
                kind=each.kind.value,
                by=each.by.value,
                every_s=each.every_s,
                last_at=each.last_at,
                due_at=each.due_at,
                overdue=each.due_at <= now,
            )
            for each in due
        ],
    )


def _score(row: ScoreRow) -> Score:
    single = bool(row.detail.get("single_three"))
    return Score(total_min=row.total_min, total_max=row.total_max, single_three=single)


def _missing(row: ScoreRow | None) -> set[VitalKind]:
    """Return what the newest score lacks; a part that this program does not know is left out."""
    if row is None:
        return set()
    words = [each for name in ("missing", "stale") for each in _names(row.detail.get(name))]
    return {_KINDS[word] for word in words if word in _KINDS}


def _names(kept: object) -> list[str]:
    return [str(each) for each in kept] if isinstance(kept, list) else []


def _last(changes: Changes) -> dict[VitalKind, datetime]:
    return {BY_CODE[kind].kind: measured_at for _, kind, _, measured_at, *_ in changes.latest if kind in BY_CODE}
