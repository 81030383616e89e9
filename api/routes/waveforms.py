"""`/api/patients/{id}/waveforms`: traces of an interval, every sample or thinned for drawing, and which there are.

Samples go out as they are stored, little-endian int16 in base64: a third of what JSON numbers take, and one step to an
Int16Array in a browser. The physical value is `sample * scale + offset`. A trace never spans a gap.
"""

import asyncio
import base64
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, NotRequired

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.errors import Problem
from api.replies import Id, reply
from api.routes.patients import find_seat
from api.routes.vitals import SpanQuery
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.people import StayId
from ward.store import wave_cells, waveform_reads
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.wave_cells import Cell
from ward.store.waveform_reads import Stored, WaveSpan
from ward.waveforms import BY_CODE, WAVES, WaveKind

router = APIRouter(tags=["waveforms"])
MayPatientsRead = Annotated[StaffPrincipal, Depends(Door(Permission.PATIENTS_READ))]
MOST_SAMPLES = 1_000_000  # in one answer: 2.7 MB
MOST_DRAWN = 30_000_000  # a day of one lead at 250 Hz, and some more
MOST_POINTS = 20_000
LONGEST_CELLS = timedelta(days=1)
_DEFAULT_SPAN = timedelta(seconds=10)
_CALENDAR_BEGINS = datetime(1971, 1, 1, tzinfo=UTC)
_LEADS = sorted({lead for wave in WAVES.values() for lead in wave.leads})


class WaveformsQuery(SpanQuery):
    """Which kinds and leads (all when none is named), and into how many points a channel is thinned at most."""

    kind: list[WaveKind] = Field(default=[], max_length=len(WAVES))
    lead: list[str] = Field(default=[], max_length=len(_LEADS))
    max_points: int | None = Field(default=None, ge=16, le=MOST_POINTS)


class TraceState(TypedDict):
    """Samples without a gap among them; `t0` is when the first was measured, in milliseconds since 1970, with decimals.

    Either `samples`, or, thinned, the lowest and the highest of each `step` samples as `min` and `max`: pairs that are
    `step / fs_hz` seconds apart. All three are base64 of little-endian int16.
    """

    kind: str
    lead: str
    device_id: str
    unit: str
    fs_hz: float
    scale: float
    offset: float
    t0: float
    samples: NotRequired[str]
    step: NotRequired[int]
    min: NotRequired[str]
    max: NotRequired[str]


WaveformsState = TypedDict("WaveformsState", {"from": datetime, "to": datetime, "traces": list[TraceState]})
ChannelState = TypedDict("ChannelState", {"kind": str, "lead": str, "from": datetime, "to": datetime})


class ChannelsState(TypedDict):
    """The channels of which there is something in the interval; what is known of them may reach beyond it."""

    channels: list[ChannelState]


class WaveCellState(TypedDict):
    """What the ten seconds that end at `at` [ms since 1970] told: rates [/min], qualities [0-1]; null: not readable."""

    at: int
    ecg_rate: float | None
    ecg_quality: float | None
    pulse_rate: float | None
    ppg_quality: float | None
    pause: float | None
    af: float | None
    ventricular_run: float | None


class CellsState(TypedDict):
    """The ten-second pieces of the interval of which there is a waveform, in order."""

    cells: list[WaveCellState]


def _bounds(query: SpanQuery, now: datetime) -> tuple[datetime, datetime]:
    end = query.end or now
    start = query.start or max(end, _CALENDAR_BEGINS + _DEFAULT_SPAN) - _DEFAULT_SPAN
    if not _CALENDAR_BEGINS <= start < end:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "`from` must lie before `to`, and after 1970.")
    return start, end


async def _rows(conn: Connection, span: WaveSpan, max_points: int | None) -> list[Stored]:
    """Read a span, unless it holds more than can be answered."""
    most = MOST_DRAWN if max_points else MOST_SAMPLES
    samples = await waveform_reads.count_samples(conn, span)
    if samples > most:
        hint = "" if max_points else ", or say into how many points it is to be thinned (`max_points`)"
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"That are {samples} samples; at most {most} are answered at once. Ask for a shorter span{hint}.",
        )
    return await waveform_reads.read_stored(conn, span)


def _drawn(
    rows: Sequence[Stored], span: WaveSpan, max_points: int | None, device_ids: dict[int, str]
) -> list[TraceState]:
    """Decode, join and thin; runs beside the event loop."""
    # The first who asks for a waveform brings numpy, so that the api starts small and one without waveforms stays so.
    from ward import traces  # noqa: PLC0415
    from ward.store import waveforms  # noqa: PLC0415

    found = []
    for trace in waveforms.traces(rows, span.start, span.end):
        channel = trace.channel
        state = TraceState(
            kind=BY_CODE[channel.kind].kind.value,
            lead=channel.lead,
            device_id=device_ids[channel.device_no],
            unit=channel.unit,
            fs_hz=channel.fs_hz,
            scale=channel.scale,
            offset=channel.offset,
            t0=trace.t0_us / 1000,
        )
        step = _step(span, channel.fs_hz, max_points)
        if step == 1:
            state["samples"] = _text(trace.samples.astype("<i2").tobytes())
        else:
            thinned = traces.thin(trace, step)
            state["step"] = step
            state["min"] = _text(thinned.low.astype("<i2").tobytes())
            state["max"] = _text(thinned.high.astype("<i2").tobytes())
        found.append(state)
    return found


def _step(span: WaveSpan, fs_hz: float, max_points: int | None) -> int:
    """Return how many samples become one pair, so that a channel without gaps has at most `max_points` points."""
    samples = int((span.end - span.start).total_seconds() * fs_hz)
    if max_points is None or samples <= max_points:
        return 1
    return -(-samples // (max_points // 2))


def _text(samples: bytes) -> str:
    return base64.b64encode(samples).decode("ascii")


def _known(lead: str) -> str:
    if lead not in _LEADS:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"There is no such lead; there are {', '.join(_LEADS)}.")
    return lead


@router.get("/api/patients/{patient_id}/waveforms", response_model=WaveformsState)
async def get_waveforms(
    request: Request,
    patient_id: Id,
    principal: MayPatientsRead,
    query: Annotated[WaveformsQuery, Query()],
) -> Response:
    """Show waveforms of the stay in progress; by default the last ten seconds."""
    context = context_of(request)
    start, end = _bounds(query, context.clock.now())
    leads = [_known(lead) for lead in query.lead]
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        kinds = query.kind or list(WaveKind)
        span = WaveSpan(stay_id=StayId(seat.stay_id), kinds=kinds, leads=leads, start=start, end=end)
        rows = await _rows(conn, span, query.max_points)
        device_ids = await waveform_reads.device_ids(conn, {row.device_no for row in rows})
    found = await asyncio.to_thread(_drawn, rows, span, query.max_points, device_ids)
    return reply({"from": start, "to": end, "traces": found})


@router.get("/api/patients/{patient_id}/waveforms/available", response_model=ChannelsState)
async def get_available(
    request: Request,
    patient_id: Id,
    principal: MayPatientsRead,
    query: Annotated[SpanQuery, Query()],
) -> Response:
    """Tell which channels have samples in the interval, and from when until when."""
    context = context_of(request)
    start, end = _bounds(query, context.clock.now())
    async with borrow(context.pool) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        span = WaveSpan(stay_id=StayId(seat.stay_id), kinds=list(WaveKind), start=start, end=end)
        found = await waveform_reads.available(conn, span)
    return reply(
        {
            "channels": [
                {"kind": BY_CODE[each.kind].kind.value, "lead": each.lead, "from": each.start, "to": each.end}
                for each in found
            ]
        }
    )


@router.get("/api/patients/{patient_id}/waveforms/cells", response_model=CellsState)
async def get_cells(
    request: Request,
    patient_id: Id,
    principal: MayPatientsRead,
    query: Annotated[SpanQuery, Query()],
) -> Response:
    """Tell of every ten seconds with a waveform: rate, quality, and what was found; at most a day at once."""
    context = context_of(request)
    start, end = _bounds(query, context.clock.now())
    if end - start > LONGEST_CELLS:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Ask for at most {LONGEST_CELLS.days} day at once.")
    async with borrow(context.looks) as conn:
        seat = await find_seat(conn, patient_id, principal.scope, context.clock)
        found = await wave_cells.read(conn, StayId(seat.stay_id), start, end)
    return reply({"cells": [_cell(each) for each in found]})


def _cell(cell: Cell) -> WaveCellState:
    return WaveCellState(
        at=cell.at_ms,
        ecg_rate=_number(cell.ecg_rate),
        ecg_quality=_number(cell.ecg_quality),
        pulse_rate=_number(cell.pulse_rate),
        ppg_quality=_number(cell.ppg_quality),
        pause=_number(cell.pause),
        af=_number(cell.af),
        ventricular_run=_number(cell.ventricular_run),
    )


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
