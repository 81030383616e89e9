"""`hemvakt export`: everything about one patient, as FHIR R4 and as CSV, from one instant, however much it is.

`OUTPUTS` is the table of what is written: a new file of the export is one line there and one function.
"""

import asyncio
import importlib.metadata
import json
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from alerting.sentences import sentence
from onebox import record_csv
from onebox.environment import PROJECT
from onebox.progress import Step, bar
from onebox.readme import readme
from onebox.sink import Archive, Folder, Write, sink
from ward import log, plan_documents
from ward.clock import SystemClock
from ward.errors import ConfigError, NotFound
from ward.evidence import read
from ward.fhir import alerts, codes, observations, people, waves
from ward.fhir.codes import Resource
from ward.record import (
    Answering,
    Episode,
    Happened,
    Measured,
    Person,
    Raised,
    Refused,
    Reported,
    Scored,
    Told,
    Worn,
    Written,
)
from ward.store import record_waves, records, snapshot
from ward.store.pool import Connection
from ward.store.records import Span

_NUMBER_LENGTH = 12
_LONGEST_ID = 9
_MANY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One export: whose, of what time, when, and whom to tell how far it is."""

    conn: Connection
    person: Person
    span: Span
    made_at: datetime
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file of the export: its name, and what writes it."""

    name: str
    write: Callable[[Job, Write], Awaitable[None]]


def run(database_url: str, given: str, out: Path, start: datetime | None, end: datetime | None) -> int:
    """Write the record of a patient, given by id or personal number, to a folder or ZIP file; return the id.

    Raises
    ------
    ConfigError
        If `given` is neither, or `out` cannot be written.
    NotFound
        If there is no such patient.
    """
    with sink(out) as opened:
        return asyncio.run(_export(database_url, given, opened, (start, end)))


async def _export(
    database_url: str, given: str, opened: Folder | Archive, limits: tuple[datetime | None, datetime | None]
) -> int:
    async with snapshot.held(database_url, "export") as (conn, _):
        patient_id = await _patient_id(conn, given)
        person = None if patient_id is None else await records.person(conn, patient_id)
        if person is None:
            raise NotFound("There is no such patient.")
        span = Span(patient_id=person.patient_id, start=limits[0], end=limits[1])
        total = await records.count_readings(conn, span)
        with bar("Exporting readings, twice", 2 * total) as step:
            job = Job(conn=conn, person=person, span=span, made_at=SystemClock().now(), step=step)
            for output in OUTPUTS:
                with opened.file(output.name) as write:
                    await output.write(job, write)
    tell_audit(person.patient_id, span)
    return person.patient_id


async def _patient_id(conn: Connection, given: str) -> int | None:
    """Return the patient that is meant: an id, or a personal number with or without its sign."""
    plain = given.strip().replace("-", "").replace("+", "").replace(" ", "").upper()
    if len(plain) == _NUMBER_LENGTH:
        return await records.patient_of(conn, plain)
    if plain.isdecimal() and len(plain) <= _LONGEST_ID:
        return int(plain)
    raise ConfigError("That is neither a patient id nor a personal number of twelve characters (YYYYMMDD-NNNN).")


def looks_personal(given: str) -> bool:
    """Tell whether something is longer than an id: a personal number, which must not stand in a shell history."""
    return len(given.strip()) > _LONGEST_ID


def tell_audit(patient_id: int, span: Span) -> None:
    """Leave a trace of the export: who is exported, never what."""
    log.get().info("patient_exported", patient_id=patient_id, start=str(span.start), end=str(span.end))


async def _readme(job: Job, write: Write) -> None:
    write(readme(job.made_at, _version(), job.span.start, job.span.end))


def _version() -> str:
    """Return the program's version; it runs from its folder, where its description lies."""
    description = PROJECT / "pyproject.toml"
    if not description.exists():
        return importlib.metadata.version("hemvakt")
    return str(tomllib.loads(description.read_text(encoding="utf-8"))["project"]["version"])


async def _bundle(job: Job, write: Write) -> None:
    """Write everything but the Observations as one Bundle, an entry at a time."""
    head = {"resourceType": "Bundle", "type": "collection", "timestamp": codes.instant(job.made_at)}
    write(_json(head)[:-1] + ',"entry":[\n')
    between = ""
    async for resource in _resources(job):
        entry = {"fullUrl": f"{codes.OWN}/{resource['resourceType']}/{resource['id']}", "resource": resource}
        write(between + _json(entry))
        between = ",\n"
    write("\n]}\n")


async def _resources(job: Job) -> AsyncIterator[Resource]:
    yield people.patient(job.person)
    organisations = {job.person.organisation_id}
    yield people.organisation(job.person)
    async for stay in records.stays(job.conn, job.span):
        yield people.encounter(stay, job.person.organisation_id)
    async for team in records.teams(job.conn, job.span):
        if team.organisation_id not in organisations:
            organisations.add(team.organisation_id)
            yield people.organisation(team)
        yield people.care_team(team)
    devices: set[int] = set()
    async for worn in records.worn(job.conn, job.span):
        if worn.device_no not in devices:
            devices.add(worn.device_no)
            yield people.device(worn)
        yield people.device_use(worn)
    async for alert, events in _alerts(job):
        yield alerts.detected_issue(alert, events, _in_words(alert.evidence))


async def _alerts(job: Job) -> AsyncIterator[tuple[Raised, list[Happened]]]:
    """Yield each alert with its events; both streams come in the same order."""
    events = records.events(job.conn, job.span)
    waiting = await anext(events, None)
    async for alert in records.alerts(job.conn, job.span):
        own: list[Happened] = []
        while waiting is not None and waiting.alert_id == alert.alert_id:
            own.append(waiting)
            waiting = await anext(events, None)
        yield alert, own


def _json(value: Mapping[str, object]) -> str:
    return orjson.dumps(value).decode()


def _in_words(evidence: str) -> str:
    """Say what an alert found, in both languages; an older program's evidence may have no words any more."""
    kept = read(evidence)
    try:
        return " / ".join((sentence(kept, "sv"), sentence(kept, "en")))
    except (KeyError, ValueError):
        return ""


async def _observations(job: Job, write: Write) -> None:
    """Write an Observation a line; readings of one instant are mapped together."""
    at_once: list[Measured] = []
    async for reading in records.readings(job.conn, job.span):
        if len(at_once) >= _MANY and reading.measured_at != at_once[-1].measured_at:
            _flush(at_once, write)
            job.step(len(at_once))
            at_once = []
        at_once.append(reading)
    _flush(at_once, write)
    job.step(len(at_once))


def _flush(readings: list[Measured], write: Write) -> None:
    for resource in observations.of_readings(readings):
        write(_json(resource) + "\n")


async def _waveforms(job: Job, write: Write) -> None:
    async for traced in record_waves.traces(job.conn, job.span):
        write(_json(waves.of_trace(traced)) + "\n")


async def _score_observations(job: Job, write: Write) -> None:
    async for score in records.scores(job.conn, job.span):
        write(_json(observations.of_score(score)) + "\n")


async def _plans(job: Job, write: Write) -> None:
    found = [
        {"stay_id": each.stay_id, "programme": each.programme, "version": each.version, "state": each.state,
         "valid_from": codes.instant(each.valid_from), "valid_until": _instant(each.valid_until),
         "ended_at": _instant(each.ended_at), "author": each.author, "approver": each.approver,
         "approved_at": _instant(each.approved_at), "reason": each.reason, "differs": json.loads(each.rules)}
        async for each in records.plans(job.conn, job.span)
    ]  # fmt: skip
    used = sorted({each["programme"] for each in found}.intersection(plan_documents.names()))
    templates = {name: plan_documents.document(plan_documents.programme_leaves(name)) for name in used}
    whole = {"versions": found, "templates": templates}
    write(json.dumps(whole, ensure_ascii=False, indent=1) + "\n")


def _instant(at: datetime | None) -> str | None:
    return None if at is None else codes.instant(at)


def _table(
    kind: type[record_csv.Record], read: Callable[[Connection, Span], AsyncIterator[record_csv.Record]]
) -> Callable[[Job, Write], Awaitable[None]]:
    async def write_table(job: Job, write: Write) -> None:
        write(record_csv.header(kind))
        done = 0
        async for record in read(job.conn, job.span):
            write(record_csv.row(record))
            done += 1
            if kind is Measured and done % _MANY == 0:
                job.step(_MANY)
        if kind is Measured:
            job.step(done % _MANY)

    return write_table


OUTPUTS: tuple[Output, ...] = (
    Output(name="README.txt", write=_readme),
    Output(name="patient.json", write=_bundle),
    Output(name="observations.ndjson", write=_observations),
    Output(name="waveforms.ndjson", write=_waveforms),
    Output(name="scores.ndjson", write=_score_observations),
    Output(name="plans.json", write=_plans),
    Output(name="readings.csv", write=_table(Measured, records.readings)),
    Output(name="device_events.csv", write=_table(Reported, records.reports)),
    Output(name="scores.csv", write=_table(Scored, records.scores)),
    Output(name="alerts.csv", write=_table(Raised, records.alerts)),
    Output(name="alert_events.csv", write=_table(Happened, records.events)),
    Output(name="notifications.csv", write=_table(Told, records.told)),
    Output(name="timeline.csv", write=_table(Written, records.written)),
    Output(name="stays.csv", write=_table(Episode, records.stays)),
    Output(name="teams.csv", write=_table(Answering, records.teams)),
    Output(name="bindings.csv", write=_table(Worn, records.worn)),
    Output(name="quarantine.csv", write=_table(Refused, records.refused)),
)
