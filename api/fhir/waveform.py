"""Pieces of waveforms as Observations with SampledData: each as its device sent it, so that its id lasts.

numpy comes with the first who asks for one, as in `api.routes.waveforms`.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from api.fhir import numbering, observed, outcome
from api.fhir.observation_ids import WaveId
from api.fhir.outcome import Refused
from api.fhir.reads import Reads
from api.fhir.search import Order, Page, Query, Summary
from ward.clock import from_us
from ward.fhir.codes import Resource, instant, mode_tags
from ward.people import StayId
from ward.store import fhir_observations, waveform_reads
from ward.store.fhir_observations import AskedReadings, Wearing
from ward.store.waveform_reads import Stored, WaveSpan
from ward.waveforms import WAVES

LONGEST = timedelta(hours=1)
_INSTANT = timedelta(microseconds=1)
_Placed = tuple[tuple[int, ...], Resource]
_LEADS = sorted({lead for wave in WAVES.values() for lead in wave.leads})


async def find_waves(reads: Reads, query: Query, asked: AskedReadings, names: frozenset[str]) -> Page:
    """Return a page of pieces, by when each begins.

    Raises
    ------
    Refused
        If no span is given, or one that is too long to be gone through.
    """
    start, end = asked.measured_from, asked.measured_until
    if start is None or end is None or end - start > LONGEST:
        raise Refused(
            outcome.bad_parameter("date", "Waveforms are told of a span: date=ge… and date=lt…, at most 1 h.")
        )
    channels = {observed.CHANNELS[name] for name in names}
    found: list[_Placed] = []
    for stay in await fhir_observations.find_stays(reads.conn, asked, reads.now):
        span = WaveSpan(
            stay_id=StayId(stay.stay_id),
            kinds=sorted({kind for kind, _ in channels}),
            leads=sorted({lead for _, lead in channels}),
            start=start,
            end=end,
        )
        found += await _pieces(reads, span, stay)
    return _page(query, [each for each in found if start <= from_us(each[0][0]) < end and _fits(each[1], asked)])


def _fits(made: Resource, asked: AskedReadings) -> bool:
    """Tell whether a piece is of the device that is asked for, and came when it should have."""
    came, device = str(_member(made, "meta", "lastUpdated")), _member(made, "device", "reference")
    late_enough = asked.came_from is None or came >= instant(asked.came_from)
    early_enough = asked.came_until is None or came < instant(asked.came_until)
    return asked.device in {None, str(device).removeprefix("Device/")} and late_enough and early_enough


def _member(made: Resource, element: str, name: str) -> object:
    inner = made[element]
    return inner.get(name) if isinstance(inner, dict) else None


def _page(query: Query, found: list[_Placed]) -> Page:
    newest = query.order is Order.NEWEST
    found.sort(key=lambda each: each[0], reverse=newest)
    place = numbering.after(query, 4)
    left = [each for each in found if place is None or (each[0] < place if newest else each[0] > place)]
    if query.summary is Summary.COUNT:
        return Page(resources=(), total=len(left))
    shown = left[: query.count]
    after = shown[-1][0] if len(left) > query.count and shown else ()
    return Page(resources=[made for _, made in shown], after=after, total=None if place or after else len(shown))


async def read_wave(reads: Reads, wanted: WaveId) -> Resource | None:
    """Return one piece; None where there is none, or none that may be seen."""
    at = from_us(wanted.at_us)
    for stay in await fhir_observations.find_wearing(reads.conn, reads.sight, wanted.device_no, reads.now):
        span = WaveSpan(
            stay_id=StayId(stay.stay_id),
            kinds=[wanted.wave.kind],
            leads=[wanted.lead],
            start=at,
            end=at + _INSTANT,
        )
        for place, made in await _pieces(reads, span, stay):
            if place[0] == wanted.at_us and place[3] == wanted.device_no:
                return made
    return None


async def _pieces(reads: Reads, span: WaveSpan, stay: Wearing) -> list[_Placed]:
    rows = await waveform_reads.read_stored(reads.conn, span)
    names = await waveform_reads.device_ids(reads.conn, {row.device_no for row in rows})
    return await asyncio.to_thread(_drawn, rows, stay, names)


def _drawn(rows: Sequence[Stored], stay: Wearing, names: dict[int, str]) -> list[_Placed]:
    """Decode rows to Observations; runs beside the event loop."""
    from ward.fhir import waves  # noqa: PLC0415 - these bring numpy, which the api is spared until then
    from ward.store import waveforms  # noqa: PLC0415
    from ward.traces import Traced  # noqa: PLC0415

    found: list[_Placed] = []
    for row in rows:
        for part, piece in zip(row.parts, waveforms.pieces(row), strict=True):
            traced = Traced(
                patient_id=stay.patient_id, stay_id=stay.stay_id, device_id=names[row.device_no], trace=piece
            )
            made = waves.of_trace(traced)
            tags = mode_tags(stay.mode)
            meta: Resource = {"versionId": "1", "lastUpdated": instant(from_us(part.received_us))}
            made["meta"] = {**meta, "tag": tags} if tags else meta
            place = (piece.t0_us, piece.channel.kind, _LEADS.index(piece.channel.lead), piece.channel.device_no)
            found.append((place, made))
    return found
