"""FHIR interactions without a transport: a request value and a repository in, an answer value out.

Reads, searches with what they include, a created Observation, and a batch of them. HTTP is `api.routes.fhir`, the store
is `api.fhir.repository`; tests have another. The invariant: whatever happens, the answer is a resource or says why not.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Protocol

import orjson

from api.fhir import bundle, outcome, search, values
from api.fhir.bundle import Done
from api.fhir.outcome import Outcome, Refused
from api.fhir.search import Given, Handling, Kind, Page, Query
from ward.fhir.codes import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked. `base` is the service's address, `open_types` what the caller may read at all."""

    base: str
    open_types: frozenset[str] = frozenset()
    in_address: Given = ()
    in_body: Given = ()
    handling: Handling = Handling.LENIENT
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered; `patients` are those (ids) of whom anything is told."""

    status: HTTPStatus
    resource: Resource | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    patients: frozenset[str] = frozenset()


class Repository(Protocol):
    """Where resources come from and Observations go to."""

    async def find(self, query: Query) -> Page:
        """Return what is asked for and may be seen."""

    async def missing(self, kind: str, identity: str) -> Outcome:
        """Say why there is no such resource."""

    async def take(self, body: bytes) -> Sequence[Done]:
        """Take the Observations of a batch, or one; each has its own outcome."""


def refused(outcomes: Sequence[Outcome]) -> Answer:
    """Return the answer to a request that ends with these outcomes."""
    return Answer(status=outcomes[0].status, resource=outcome.resource(outcomes))


async def read(request: Request, repository: Repository, kind: Kind, identity: str) -> Answer:
    """Return one resource, nothing where the caller has it, or why there is none."""
    try:
        wanted = values.identity("_id", identity)
    except Refused:
        return refused([outcome.NOT_FOUND])
    page = await repository.find(Query(kind=kind.name, ids=(wanted,), count=1))
    if not page.resources:
        return refused([await repository.missing(kind.name, wanted)])
    made = versioned(page.resources[0])
    headers = _validators(made)
    if request.if_none_match is not None and headers["ETag"] in {
        each.strip() for each in request.if_none_match.split(",")
    }:
        return Answer(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Answer(status=HTTPStatus.OK, resource=made, headers=headers, patients=_patients([made]))


async def find(request: Request, repository: Repository, kind: Kind) -> Answer:
    """Return a page of a search, with what it includes and what was ignored."""
    try:
        query, ignored = search.read(kind, request.in_address, request.in_body, request.handling)
        page = await repository.find(query)
        included = await _included(request, repository, kind, query, page)
    except Refused as refusal:
        return refused(refusal.outcomes)
    page = replace(page, resources=[versioned(each) for each in page.resources])
    said = outcome.resource(ignored) if ignored else None
    given = [*request.in_address, *request.in_body]
    made = bundle.searchset(request.base, kind.name, given, page, included, said)
    return Answer(status=HTTPStatus.OK, resource=made, patients=_patients([*page.resources, *included]))


async def create(request: Request, repository: Repository, body: bytes) -> Answer:
    """Take one Observation."""
    try:
        (done,) = await repository.take(body)
    except Refused as refusal:
        return refused(refusal.outcomes)
    patients = _written([done])
    if done.location is None:
        return replace(refused(done.outcomes), patients=patients)
    headers = {"Location": f"{request.base}/{done.location}", "ETag": 'W/"1"'}
    said = outcome.resource(done.outcomes) if done.outcomes else None
    return Answer(status=done.status, resource=said, headers=headers, patients=patients)


async def batch(repository: Repository, body: bytes) -> Answer:
    """Take a batch of Observations: the answer has an entry for each."""
    try:
        done = await repository.take(body)
    except Refused as refusal:
        return refused(refusal.outcomes)
    return Answer(status=HTTPStatus.OK, resource=bundle.batch_response(done), patients=_written(done))


def _written(done: Sequence[Done]) -> frozenset[str]:
    """Return the patients of whom something was taken."""
    return frozenset(str(each.patient_id) for each in done if each.patient_id is not None)


async def _included(request: Request, repository: Repository, kind: Kind, query: Query, page: Page) -> list[Resource]:
    """Return what resources of a page refer to, each once, of the types that the caller may read."""
    elements = [kind.includes[name] for name in query.includes]
    wanted: dict[str, dict[str, None]] = {}
    for target in (_target(each.get(element)) for each in page.resources for element in elements):
        if target is not None and target[0] in request.open_types:
            wanted.setdefault(target[0], {})[target[1]] = None
    found: list[Resource] = []
    for name, ids in wanted.items():
        more = await repository.find(Query(kind=name, ids=tuple(ids), count=len(ids)))
        found += [versioned(each) for each in more.resources]
    return found


def _target(element: object) -> tuple[str, str] | None:
    """Return the type and the id that a reference of ours leads to."""
    reference = element.get("reference") if isinstance(element, dict) else None
    if not isinstance(reference, str):
        return None
    name, _, identity = reference.partition("/")
    return name, identity


def versioned(made: Resource) -> Resource:
    """Return a resource that says its version: where it keeps none, a digest of what it says."""
    meta = made.get("meta", {})
    if isinstance(meta, dict) and "versionId" in meta:
        return made
    version = hashlib.sha256(orjson.dumps(made)).hexdigest()[:16]
    return {**made, "meta": {"versionId": version, **(meta if isinstance(meta, dict) else {})}}


def _validators(made: Resource) -> dict[str, str]:
    meta = made["meta"]
    if not isinstance(meta, dict):
        return {}
    found = {"ETag": f'W/"{meta["versionId"]}"'}
    if "lastUpdated" in meta:
        found["Last-Modified"] = format_datetime(datetime.fromisoformat(meta["lastUpdated"]), usegmt=True)
    return found


def _patients(told: Sequence[Resource]) -> frozenset[str]:
    """Return the patients of whom these resources are."""
    found = {str(each["id"]) for each in told if each["resourceType"] == "Patient"}
    for element in ("subject", "patient"):
        targets = (_target(each.get(element)) for each in told)
        found |= {target[1] for target in targets if target is not None and target[0] == "Patient"}
    return frozenset(found)
