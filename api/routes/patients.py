"""`/api/patients`: the tiles of those in care, and one patient with what a tile leaves out."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.live.alert_messages import AlertState, alert_state
from api.live.messages import Tile, device_state, plan_of, score_state, tile, vitals_by_stay
from api.replies import Cursor, Id, cursor_after, reply
from ward.access.permissions import Permission
from ward.access.principals import Scope, StaffPrincipal
from ward.clock import Clock
from ward.errors import Blocked, NotFound
from ward.people import PatientId, TeamId
from ward.store import access, alert_reads, people, tiles
from ward.store.alert_reads import WantedAlerts
from ward.store.borrow import borrow
from ward.store.people import Person, Worn
from ward.store.pool import Connection
from ward.store.tiles import Changes, Seat, Wanted

router = APIRouter(tags=["patients"])
MayPatientsRead = Annotated[StaffPrincipal, Depends(Door(Permission.PATIENTS_READ))]
PAGE = 500
_ALERTS = 200


class PatientsQuery(BaseModel):
    """Which patients."""

    model_config = ConfigDict(extra="forbid")

    team: Id | None = None
    cursor: Cursor | None = None


class TilePage(TypedDict):
    """A page of tiles; `next` is the cursor of the following one."""

    items: list[Tile]
    next: str | None


class StayState(TypedDict):
    """The bounds of a stay."""

    stay_id: int
    started_at: datetime
    ended_at: datetime | None


# `from` is a keyword of the language, hence the call form.
DeviceUse = TypedDict(
    "DeviceUse",
    {
        "device_id": str,
        "model": str,
        "from": datetime,
        "to": datetime | None,
        "online": bool,
        "battery_pct": float | None,
        "firmware": str | None,
        "reported_at": datetime | None,
    },
)


class PatientDetail(Tile):
    """A tile and what only one patient's page shows."""

    personal_number: str
    birth_date: date
    phone: str | None
    stay: StayState
    devices: list[DeviceUse]
    alerts: list[AlertState]
    plan_version: int


def tiles_of(seats: list[Seat], changes: Changes, today: date) -> list[Tile]:
    """Put seats and what moves together."""
    vitals = vitals_by_stay(changes.latest)
    scores = {row.stay_id: score_state(row) for row in changes.scores}
    devices = {row.stay_id: device_state(row) for row in changes.devices}
    return [
        tile(seat, vitals.get(seat.stay_id, {}), scores.get(seat.stay_id), devices.get(seat.stay_id), today)
        for seat in seats
    ]


async def find_seat(conn: Connection, patient_id: int, scope: Scope, clock: Clock) -> Seat:
    """Return a patient's stay in progress.

    Raises
    ------
    NotFound
        If there is no such patient, none in care, or none that may be seen: all the same from outside.
    Blocked
        If a team of theirs cares for the patient, or did, and the patient has blocked it.
    """
    wanted = Wanted(scope=scope, patient_id=PatientId(patient_id), limit=1)
    now = clock.now()
    seats = await tiles.find_seats(conn, wanted, now)
    if not seats:
        raise Blocked if await access.is_blocked(conn, PatientId(patient_id), scope, now) else NotFound
    return seats[0]


@router.get("/api/patients", response_model=TilePage)
async def get_patients(
    request: Request,
    principal: MayPatientsRead,
    query: Annotated[PatientsQuery, Query()],
) -> Response:
    """List those in care whom the caller may see, by patient number."""
    context = context_of(request)
    now = context.clock.now()
    wanted = Wanted(
        scope=principal.scope,
        team_id=None if query.team is None else TeamId(query.team),
        after=None if query.cursor is None else PatientId(query.cursor),
        limit=PAGE + 1,
    )
    async with borrow(context.looks) as conn:
        seats = await tiles.find_seats(conn, wanted, now)
        page = seats[:PAGE]
        changes = await tiles.read_tiles(conn, [seat.stay_id for seat in page], now)
    following = cursor_after(page[-1].patient_id) if len(seats) > PAGE else None
    return reply({"items": tiles_of(page, changes, now.date()), "next": following})


@router.get("/api/patients/{patient_id}", response_model=PatientDetail)
async def get_patient(request: Request, patient_id: Id, principal: MayPatientsRead) -> Response:
    """Show one patient."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.looks) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        changes = await tiles.read_tiles(conn, [seat.stay_id], now)
        person = await people.read_person(conn, seat.stay_id)
        worn = await people.read_worn(conn, seat.stay_id)
        wanted = WantedAlerts(
            scope=principal.scope, states=["open", "acknowledged"], patient_id=seat.patient_id, limit=_ALERTS
        )
        alerts = await alert_reads.find_alerts(conn, wanted, now)
    if person is None:
        raise NotFound
    whole = tiles_of([seat], changes, now.date())[0]
    return reply(
        {
            **whole,
            **_person(person, seat),
            "devices": [_use(each) for each in worn],
            "alerts": [alert_state(row, now.date()) for row in alerts],
            "plan_version": plan_of(seat).version,
        }
    )


def _person(person: Person, seat: Seat) -> dict[str, object]:
    number = person.personal_number
    return {
        "given_name": seat.given_name,
        "family_name": seat.family_name,
        "personal_number": f"{number[:8]}-{number[8:]}",
        "birth_date": person.birth_date,
        "phone": None if seat.protected else person.phone,
        "stay": StayState(stay_id=seat.stay_id, started_at=person.started_at, ended_at=person.ended_at),
    }


def _use(worn: Worn) -> DeviceUse:
    return {
        "device_id": worn.device_id,
        "model": worn.model,
        "from": worn.from_at,
        "to": worn.until,
        "online": bool(worn.online),
        "battery_pct": worn.battery_pct,
        "firmware": worn.firmware,
        "reported_at": worn.reported_at,
    }
