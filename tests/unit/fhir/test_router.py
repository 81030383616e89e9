"""The router with a repository of a few resources in memory: reads, pages, includes, and what is said when not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest

from api.fhir import observation, outcome, patient, router
from api.fhir.bundle import Done
from api.fhir.outcome import Outcome, Refused
from api.fhir.router import Answer, Request
from api.fhir.search import Given, Handling, Kind, Page, Query
from ward.fhir.codes import Resource

BASE = "https://hemvakt.example/fhir"
KNOWN: Resource = {
    "resourceType": "Observation",
    "id": "o1",
    "meta": {"versionId": "1", "lastUpdated": "2026-11-22T01:30:00.250000Z"},
    "subject": {"reference": "Patient/7"},
    "device": {"reference": "Device/hv-1"},
}
OTHER: Resource = {**KNOWN, "id": "o2"}
PATIENT: Resource = {"resourceType": "Patient", "id": "7"}


@dataclass
class Memory:
    """A repository of what it is given; `asked` are the questions that came."""

    resources: Sequence[Resource] = (KNOWN, OTHER, PATIENT)
    done: Sequence[Done] = ()
    refusal: Outcome | None = None
    asked: list[Query] = field(default_factory=list)

    async def find(self, query: Query) -> Page:
        """Those of a type and with these ids, as many as are asked for."""
        self.asked.append(query)
        found = [each for each in self.resources if each["resourceType"] == query.kind]
        if query.ids is not None:
            found = [each for each in found if each["id"] in query.ids]
        return Page(resources=found[: query.count], after=(5, 0, 1, 6) if len(found) > query.count else ())

    async def missing(self, kind: str, identity: str) -> Outcome:
        """Gone, where the id says so."""
        return outcome.GONE if kind == "Observation" and identity == "gone" else outcome.NOT_FOUND

    async def take(self, body: bytes) -> Sequence[Done]:
        """What it was told to answer, whatever comes."""
        assert body is not None
        if self.refusal is not None:
            raise Refused(self.refusal)
        return self.done


def a_request(*given: tuple[str, str], in_body: Given = (), **more: Any) -> Request:
    """A request of somebody who may read everything."""
    types = frozenset({"Observation", "Patient", "Device"})
    return Request(base=BASE, **{"open_types": types, "in_address": given, "in_body": in_body, **more})


def read(identity: str, kind: Kind = observation.KIND, **more: Any) -> Answer:
    """The answer to a read."""
    return asyncio.run(router.read(a_request(**more), Memory(), kind, identity))


def find(*given: tuple[str, str], kind: Kind = observation.KIND, memory: Memory | None = None, **more: Any) -> Answer:
    """The answer to a search."""
    return asyncio.run(router.find(a_request(*given, **more), memory or Memory(), kind))


def body_of(answer: Answer) -> Any:
    """The resource that is answered."""
    assert answer.resource is not None
    return answer.resource


def test_resource_comes_with_its_validators() -> None:
    """A read tells the version as a weak ETag, and when it was last touched."""
    answer = read("o1")

    assert answer.status is HTTPStatus.OK
    assert answer.resource == KNOWN
    assert answer.headers == {"ETag": 'W/"1"', "Last-Modified": "Sun, 22 Nov 2026 01:30:00 GMT"}
    assert answer.patients == {"7"}


def test_resource_that_keeps_no_version_has_one_of_its_own() -> None:
    """What keeps no revision has a digest as its version: another content, another version."""
    tag = read("7", patient.KIND).headers["ETag"]
    changed = router.versioned({**PATIENT, "gender": "female"})["meta"]

    assert tag.startswith('W/"')
    assert body_of(read("7", patient.KIND))["meta"]["versionId"] == tag[3:-1]
    assert isinstance(changed, dict)
    assert changed["versionId"] != tag[3:-1]


def test_caller_who_has_it_is_told_so() -> None:
    """A read with the version that is there answers 304 and nothing else; with another one, the resource."""
    answer = read("o1", if_none_match='W/"0", W/"1"')

    assert (answer.status, answer.resource) == (HTTPStatus.NOT_MODIFIED, None)
    assert read("o1", if_none_match='W/"2"').status is HTTPStatus.OK


@pytest.mark.parametrize(
    ("identity", "status", "code"),
    [
        ("o9", HTTPStatus.NOT_FOUND, "not-found"),
        ("a b", HTTPStatus.NOT_FOUND, "not-found"),
        ("gone", HTTPStatus.GONE, "deleted"),
    ],
)
def test_what_is_not_there_is_said(identity: str, status: HTTPStatus, code: str) -> None:
    """A resource that is not there, or not any more, is an OperationOutcome of that status."""
    answer = read(identity)

    assert answer.status is status
    assert body_of(answer)["resourceType"] == "OperationOutcome"
    assert body_of(answer)["issue"][0]["code"] == code


def test_page_has_a_link_to_the_next() -> None:
    """A page that is not the last says where the next begins, with everything else as it was asked."""
    body = body_of(find(("patient", "7"), ("_count", "1"), ("_cursor", "WzksMCwxLDZd")))
    links = {each["relation"]: each["url"] for each in body["link"]}

    assert [each["fullUrl"] for each in body["entry"]] == [f"{BASE}/Observation/o1"]
    assert links["next"] == f"{BASE}/Observation?patient=7&_count=1&_cursor=WzUsMCwxLDZd"
    assert links["self"].endswith("_cursor=WzksMCwxLDZd")


def test_no_link_repeats_an_identifier() -> None:
    """The links of a search by identifier leave it out: it may be a personal number."""
    number = "194001019801"
    memory = Memory(resources=[PATIENT, {**PATIENT, "id": "8"}])
    answer = find(kind=patient.KIND, memory=memory, in_body=[("identifier", number), ("_count", "1")])

    assert number not in str(answer.resource)
    assert [each["relation"] for each in body_of(answer)["link"]] == ["self", "next"]


def test_included_resources_come_once_and_only_where_they_may_be_read() -> None:
    """What several resources refer to is told once, as included; a type that is not open to the caller is not."""
    given = [("patient", "7"), ("_include", "Observation:subject"), ("_include", "Observation:device")]
    entries = body_of(find(*given))["entry"]
    without = body_of(find(*given, open_types=frozenset({"Observation"})))["entry"]

    assert [(each["resource"]["id"], each["search"]["mode"]) for each in entries] == [
        ("o1", "match"), ("o2", "match"), ("7", "include"),
    ]  # fmt: skip
    assert len(without) == 2


def test_ignored_parameter_is_named_in_the_answer() -> None:
    """What was not understood comes as an outcome beside what was found; strict handling refuses."""
    lenient = body_of(find(("patient", "7"), ("colour", "red")))["entry"][-1]
    strict = find(("patient", "7"), ("colour", "red"), handling=Handling.STRICT)

    assert lenient["search"] == {"mode": "outcome"}
    assert lenient["resource"]["issue"][0]["expression"] == ["colour"]
    assert strict.status is HTTPStatus.BAD_REQUEST


def test_nothing_found_is_a_bundle_without_entries() -> None:
    """An empty list is no error, and FHIR knows no empty array."""
    body = body_of(find(("patient", "7"), memory=Memory(resources=[])))

    assert (body["type"], "entry" in body) == ("searchset", False)


def test_created_observation_says_where_it_is() -> None:
    """A created Observation has an address; one that is there already too; a refused one has an outcome."""
    made = Done(status=HTTPStatus.CREATED, location="Observation/1-3-5")
    fault = Outcome(status=HTTPStatus.UNPROCESSABLE_ENTITY, code="value", text="no")
    created = asyncio.run(router.create(a_request(), Memory(done=[made]), b""))
    refused = asyncio.run(router.create(a_request(), Memory(done=[Done(status=fault.status, outcomes=(fault,))]), b""))

    assert (created.status, created.headers["Location"]) == (HTTPStatus.CREATED, f"{BASE}/Observation/1-3-5")
    assert created.resource is None
    assert (refused.status, body_of(refused)["resourceType"]) == (HTTPStatus.UNPROCESSABLE_ENTITY, "OperationOutcome")


def test_batch_answers_each_entry() -> None:
    """The answer to a batch has an entry for each, in order; a body that is no batch is refused whole."""
    fault = Outcome(status=HTTPStatus.UNPROCESSABLE_ENTITY, code="value", text="no")
    done = [Done(status=HTTPStatus.CREATED, location="Observation/1-3-5"), Done(status=fault.status, outcomes=(fault,))]
    answer = asyncio.run(router.batch(Memory(done=done), b""))
    refused = asyncio.run(router.batch(Memory(refusal=fault), b""))

    responses = [each["response"] for each in body_of(answer)["entry"]]
    assert body_of(answer)["type"] == "batch-response"
    assert [each["status"] for each in responses] == ["201 Created", "422 Unprocessable Entity"]
    assert refused.status is HTTPStatus.UNPROCESSABLE_ENTITY
