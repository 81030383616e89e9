"""Bundles: what a search found, and what became of each entry of a batch. Pure.

The invariant: no link repeats an identifier, which may be somebody's personal number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from api.fhir import outcome
from api.fhir.outcome import Outcome
from api.fhir.search import Page, cursor
from ward.fhir.codes import Resource

_NEVER_LINKED = frozenset({"_cursor", "identifier"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one entry: its status, where the resource is now, of whom, and what there is to say of it."""

    status: HTTPStatus
    location: str | None = None
    patient_id: int | None = None
    outcomes: tuple[Outcome, ...] = ()


def searchset(
    base: str,
    kind: str,
    given: Sequence[tuple[str, str]],
    page: Page,
    included: Sequence[Resource],
    said: Resource | None,
) -> Resource:
    """Return the Bundle of a page; `base` is the address of the service, `said` an OperationOutcome to go with it."""
    entries = [_entry(base, each, "match") for each in page.resources]
    entries += [_entry(base, each, "include") for each in included]
    if said is not None:
        entries.append({"resource": said, "search": {"mode": "outcome"}})
    links: list[Resource] = [{"relation": "self", "url": _link(base, kind, given)}]
    if page.after:
        links.append({"relation": "next", "url": _link(base, kind, [*_kept(given), ("_cursor", cursor(page.after))])})
    made: Resource = {"resourceType": "Bundle", "type": "searchset", "link": links}
    if page.total is not None:
        made["total"] = page.total
    return {**made, "entry": entries} if entries else made


def _kept(given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in given if name.partition(":")[0] not in _NEVER_LINKED]


def _link(base: str, kind: str, given: Sequence[tuple[str, str]]) -> str:
    shown = [(name, value) for name, value in given if name.partition(":")[0] != "identifier"]
    return f"{base}/{kind}?{urlencode(shown)}" if shown else f"{base}/{kind}"


def _entry(base: str, found: Resource, mode: str) -> Resource:
    address = f"{base}/{found['resourceType']}/{found['id']}"
    return {"fullUrl": address, "resource": found, "search": {"mode": mode}}


def batch_response(done: Sequence[Done]) -> Resource:
    """Return what became of the entries of a batch, in their order."""
    return {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [{"response": _response(each)} for each in done],
    }


def _response(done: Done) -> Resource:
    made: Resource = {"status": f"{done.status.value} {done.status.phrase}"}
    if done.location is not None:
        made |= {"location": done.location, "etag": 'W/"1"'}
    return {**made, "outcome": outcome.resource(done.outcomes)} if done.outcomes else made
