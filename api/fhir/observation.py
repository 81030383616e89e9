"""Observation: readings, blood pressures, NEWS2 scores, and pieces of waveforms.

Whose must be said: one patient, one stay, or ids. Waveforms are told only where they are asked for by code or category,
and of a span that is given. Searching costs what is told, not what is kept (`ward.store.fhir_observations`).
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from api.fhir import numbering, observation_ids, observed, outcome
from api.fhir.observation_ids import ReadingId, ScoreId, WaveId
from api.fhir.observation_pages import PARTS, page
from api.fhir.outcome import Refused
from api.fhir.reads import Reads
from api.fhir.search import NOTHING, Form, Kind, Page, Parameter, Query, Summary
from api.fhir.search import Order as Wish
from api.fhir.values import EVER
from api.fhir.waveform import find_waves, read_wave
from ward.clock import from_us, to_us
from ward.fhir.codes import Resource
from ward.store import fhir_observations as store
from ward.store.fhir_observations import AskedReadings, Doubt, Order, Place
from ward.vitals import VITALS, VitalKind

KIND = Kind(
    name="Observation",
    about=(
        "Vital signs, blood pressures (as one, with components), NEWS2 scores; waveforms (SampledData) by code or"
        " category=procedure, with a date from and until."
    ),
    parameters=(
        Parameter(
            name="patient", alias="subject", form=Form.REFERENCE, target="Patient",
            about="Whose; this, encounter or _id is required.",
        ),
        Parameter(name="encounter", form=Form.REFERENCE, target="Encounter", about="In which stay."),
        Parameter(name="device", form=Form.REFERENCE, target="Device", about="By which device."),
        Parameter(name="code", form=Form.TOKEN, about="LOINC, MDC, or a code of ours."),
        Parameter(name="combo-code", form=Form.TOKEN, about="The same, or that of a component."),
        Parameter(name="category", form=Form.TOKEN, about="vital-signs, laboratory, activity, survey, procedure."),
        Parameter(name="date", form=Form.DATE, about="When it was measured: eq, gt, lt, ge, le, sa, eb."),
        Parameter(name="status", form=Form.TOKEN, about="final or preliminary."),
        Parameter(name="_lastUpdated", form=Form.DATE, about="When it came."),
    ),
    includes={"patient": "subject", "encounter": "encounter", "device": "device"},
    dated="date",
    most=10_000,
    profiles=("http://hl7.org/fhir/StructureDefinition/vitalsigns", "http://hl7.org/fhir/StructureDefinition/bp"),
)  # fmt: skip
_INSTANT = timedelta(microseconds=1)
_MANY = 500  # Observations from which on they are put together beside the event loop
_LARGEST_KIND = 100
_DOUBT = {"final": Doubt.NONE, "preliminary": Doubt.SOME}


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of Observations, the newest first unless told otherwise."""
    if query.ids is not None:
        found = [made for each in query.ids if (made := await _one(reads, each)) is not None]
        return Page(resources=found, total=len(found))
    patients, stays = numbering.referred(query, "patient"), numbering.referred(query, "encounter")
    if patients is None and stays is None:
        raise Refused(outcome.WHOSE)
    names = observed.wanted(query)
    doubt = _doubt(query)
    if patients == [] or stays == [] or not names or (doubt is not None and not doubt):
        return NOTHING
    asked = _asked(reads, query, names, doubt)
    if names <= set(observed.CHANNELS):
        if asked.doubt is Doubt.SOME:
            return NOTHING  # a waveform is final
        return await find_waves(reads, query, asked, names)
    return await _page(reads, query, replace(asked, after=_place(query)), names)


def _doubt(query: Query) -> set[Doubt] | None:
    """Return which statuses are wanted; None where all are, nothing where none of ours is."""
    tokens = query.one_of("status")
    return None if tokens is None else {_DOUBT[each.value] for each in tokens if each.value in _DOUBT}


def _asked(reads: Reads, query: Query, names: frozenset[str], doubt: set[Doubt] | None) -> AskedReadings:
    patients, stays = numbering.referred(query, "patient"), numbering.referred(query, "encounter")
    measured, came = query.times.get("date", EVER), query.times.get("_lastUpdated", EVER)
    return AskedReadings(
        scope=reads.sight,
        patient_id=patients[0] if patients else None,
        stay_id=stays[0] if stays else None,
        alone=[VITALS[VitalKind(name)].code for name in sorted(names & set(VITALS))],
        panel=observed.PANEL in names,
        device=query.references.get("device"),
        doubt=next(iter(doubt)) if doubt and len(doubt) == 1 else None,
        measured_from=measured.start,
        measured_until=measured.end,
        came_from=came.start,
        came_until=came.end,
        order=Order.NEWEST if query.order is Wish.NEWEST else Order.OLDEST,
        limit=query.count + PARTS,
    )


def _place(query: Query) -> Place | None:
    """Return the place that a cursor names; None where the list begins.

    Raises
    ------
    Refused
        If nothing can stand there, so that the cursor is not of ours.
    """
    numbers = numbering.after(query, 4)
    if numbers is None:
        return None
    at_us, rank, first, second = numbers
    if at_us >= observation_ids.LATEST_US or rank > 1 or second > _LARGEST_KIND:
        raise Refused(outcome.bad_parameter("_cursor", "That is no cursor of this list."))
    return Place(from_us(at_us), rank, first, second)


async def _page(reads: Reads, query: Query, asked: AskedReadings, names: frozenset[str]) -> Page:
    scored = observed.SCORE in names and asked.device is None and asked.doubt is not Doubt.SOME
    if query.summary is Summary.COUNT:
        total = await store.count(reads.conn, asked, reads.now)
        return Page(
            resources=(), total=total + (await store.count_scores(reads.conn, asked, reads.now) if scored else 0)
        )
    rows = await store.find_readings(reads.conn, asked, reads.now)
    scores = await store.find_scores(reads.conn, asked, reads.now) if scored else []
    if len(rows) + len(scores) > _MANY:
        told = await asyncio.to_thread(page, rows, scores, asked.order, query.count)
    else:
        told = page(rows, scores, asked.order, query.count)
    whole = told.last is None and not query.after
    return Page(
        resources=told.resources,
        after=() if told.last is None else (to_us(told.last.at), *told.last[1:]),
        total=len(told.resources) if whole else None,
    )


def is_before(identity: str, kept_since: datetime) -> bool:
    """Tell whether an id is of a time of which nothing is kept."""
    found = observation_ids.parse(identity)
    return found is not None and from_us(found.at_us) < kept_since


async def _one(reads: Reads, text: str) -> Resource | None:
    """Return the Observation of an id; None where there is none, or none that may be seen."""
    match observation_ids.parse(text):
        case ReadingId() as found:
            return await _reading(reads, found)
        case ScoreId() as found:
            at = from_us(found.at_us)
            asked = AskedReadings(
                scope=reads.sight, stay_id=found.stay_id, measured_from=at, measured_until=at + _INSTANT, limit=1
            )
            return _only(page([], await store.find_scores(reads.conn, asked, reads.now), asked.order, 1).resources)
        case WaveId() as found:
            return await read_wave(reads, found)
        case None:
            return None


async def _reading(reads: Reads, wanted: ReadingId) -> Resource | None:
    at = from_us(wanted.at_us)
    for wearing in await store.find_wearing(reads.conn, reads.sight, wanted.device_no, reads.now):
        asked = AskedReadings(
            scope=reads.sight,
            stay_id=wearing.stay_id,
            alone=() if wanted.vital is None else (wanted.vital.code,),
            panel=wanted.vital is None,
            measured_from=at,
            measured_until=at + _INSTANT,
            limit=PARTS * 2,
        )
        rows = await store.find_readings(reads.conn, replace(asked, device=wearing.device_id), reads.now)
        if rows:
            return _only(page(rows, [], asked.order, PARTS * 2).resources)
    return None


def _only(found: list[Resource]) -> Resource | None:
    return found[0] if found else None
