"""Runs schemathesis over the whole OpenAPI document of a running api: all checks, the same requests every time.

It names no route but `/readyz`: what the document tells of is tried, so a new route is tried at once.
"""

import re
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis.errors import Flaky
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.schemas import BaseSchema

from ward.access.permissions import GRANTED, Permission
from ward.access.principals import Capacity

_OPEN_TO = re.compile(r"Open to: .* \(`(.+)`\)")
SEED = 6
FEW = 2  # requests by chance for each operation; with more (`--contract-examples`) every phase runs, chains apart
SHORT = {"coverage": {"enabled": False}, "stateful": {"enabled": False}}
CHAINED = {
    "examples": {"enabled": False},
    "coverage": {"enabled": False},
    "fuzzing": {"enabled": False},
    "stateful": {"enabled": True, "max-steps": 8},
}

# Beside what schemathesis takes by itself: a request of the right shape that the rules refuse is answered 422, with the
# fault named. A schema cannot say that a shift ends after it begins, or that a patient is no longer in care.
# 412 and 428 are the answers to a revision that was not seen or not named, 410 to what has run out. 415 answers
# a POST without a body that does not say JSON either: against forged requests, and OpenAPI cannot say so. 400
# and 406 are how FHIR refuses a search whose parameters it cannot read, and a form (`_format`) that it does not write.
# 411 is for a body of no told length, as the client sends an empty form.
_TAKEN = ["2xx", "3xx", "400", "401", "403", "404", "406", "409", "410", "411", "412", "415", "422", "428", "429"]
_REFUSED = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428", "429"]
_NOT_READY = {  # a house without ingest and alerting is not ready, and says so with 503
    "include-operation-id": "health_get_readiness",
    "checks": {
        "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503"]},
        "positive_data_acceptance": {"expected-statuses": ["2xx", "4xx", "503"]},
    },
}
_NO_HEADER = ["400", "401", "403", "404", "406", "415", "422", "428"]


@dataclass(slots=True, kw_only=True)
class Tried:
    """What was asked and what was found; `answers` counts the statuses of each operation."""

    answers: dict[str, Counter[int]] = field(default_factory=dict)
    findings: dict[tuple[str, str], str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many requests were answered."""
        return sum(sum(each.values()) for each in self.answers.values())

    def told(self) -> str:
        """Return the findings for people, one paragraph each."""
        return "\n\n".join(
            [*(f"{where} [{check}]\n{what}" for (where, check), what in self.findings.items()), *self.broken]
        )


def first_who_may(capacities: Sequence[Capacity], path: Mapping[str, Any]) -> Capacity:
    """Return the first of these who may do something on a path; who is first asks for what is open to all."""
    asked = [_OPEN_TO.search(operation.get("description", "")) for operation in path.values()]
    granted = [set(capacities) if each is None else GRANTED[Permission(each[1])] for each in asked]
    return max(capacities, key=lambda each: sum(each in grant for grant in granted))


def open_to(capacity: Capacity, path: Mapping[str, Any]) -> bool:
    """Tell whether somebody may do anything on a path for which one must be let in."""
    asked = [_OPEN_TO.search(operation.get("description", "")) for operation in path.values()]
    return any(each is not None and capacity in GRANTED[Permission(each[1])] for each in asked)


def attempt(document: Mapping[str, Any], url: str, token: str, *, examples: int, phases: Mapping[str, Any]) -> Tried:
    """Try every operation of a document as whoever has this token.

    Where a request could not even be made up, and could at once when that was repeated, nothing was asked and nothing
    is known of the api: that operation is tried once more.
    """
    schema = schemathesis.openapi.from_dict(dict(document), config=_config(url, token, examples, phases))
    tried = Tried()
    again = _try(schema, tried)
    if again:
        left = _try(schema.include(name=sorted(again)), tried)
        tried.broken += [f"{label}: {what}" for label, what in left.items()]
    return tried


def _try(schema: BaseSchema, tried: Tried) -> dict[str, str]:
    """Note what is found, and return the operations for which no request could be made up, each with the reason."""
    unmade: dict[str, str] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _take(tried, event.recorder)
        elif isinstance(event, events.NonFatalError):
            said = "".join(traceback.format_exception(event.value))
            if isinstance(event.value, Flaky):
                unmade[event.label] = said
            else:
                tried.broken.append(f"{event.label}: {said}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return unmade


def _config(url: str, token: str, examples: int, phases: Mapping[str, Any]) -> SchemathesisConfig:
    statuses: dict[str, dict[str, Any]] = {
        "positive_data_acceptance": {"expected-statuses": _TAKEN},
        "negative_data_rejection": {"expected-statuses": _REFUSED},
        "missing_required_header": {"expected-statuses": _NO_HEADER},
    }
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": url,
            "request-timeout": 60,
            "auth": {"auto-signup": False, "openapi": {"token": {"bearer": token}}},
            "checks": statuses,
            "phases": dict(phases),
            "operations": [_NOT_READY],
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True, "database": "none"},
        }
    )


def _take(tried: Tried, recorder: ScenarioRecorder) -> None:
    for case_id, interaction in recorder.interactions.items():
        case = recorder.cases.get(case_id)
        if case is not None and interaction.response is not None:
            counts = tried.answers.setdefault(case.value.operation.label, Counter())
            counts[interaction.response.status_code] += 1
    for case_id, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                where = recorder.cases[case_id].value.operation.label
                asked = recorder.interactions.get(case_id)
                given = "no answer" if asked is None or asked.response is None else asked.response.status_code
                said = f"{given}: {failure.title}: {failure.message}\n{check.failure_info.code_sample}"
                tried.findings.setdefault((where, check.name), said)
