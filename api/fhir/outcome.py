"""What may become of a FHIR request, each by name; the only map from them to OperationOutcome. Pure.

The HTTP status of an outcome stands with it. Nothing that was sent is repeated but names of parameters and types.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

from ward.fhir.codes import Resource

MEDIA_TYPE = "application/fhir+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One thing to say: `code` is of FHIR's issue-type, `severity` of its issue-severity."""

    status: HTTPStatus
    code: str
    text: str
    severity: str = "error"
    where: str | None = None


class Refused(Exception):  # noqa: N818 - reads as what happened
    """A request ends here, with these outcomes; the first one gives the status."""

    def __init__(self, *outcomes: Outcome) -> None:
        super().__init__("; ".join(each.text for each in outcomes))
        self.outcomes = outcomes


NOT_FOUND = Outcome(status=HTTPStatus.NOT_FOUND, code="not-found", text="There is no such resource here.")
GONE = Outcome(status=HTTPStatus.GONE, code="deleted", text="Nothing of that time is kept any more.")
PERSONAL_IN_ADDRESS = Outcome(
    status=HTTPStatus.BAD_REQUEST,
    code="security",
    text="A personal number does not belong in an address, which is logged on its way: send the search as"
    " POST [type]/_search, with the parameters in the body.",
    where="identifier",
)
WHOSE = Outcome(
    status=HTTPStatus.FORBIDDEN,
    code="too-costly",
    text="Say whose: patient=[id], encounter=[id], or _id=[id]. Observations of all patients at once are not searched.",
    where="patient",
)
NOT_XML = Outcome(
    status=HTTPStatus.NOT_ACCEPTABLE, code="not-supported", text="Only JSON is spoken: application/fhir+json."
)
NOT_A_FORM = Outcome(
    status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    code="not-supported",
    text="The parameters of a search are sent as application/x-www-form-urlencoded.",
)
TWO_KINDS = Outcome(
    status=HTTPStatus.BAD_REQUEST,
    code="not-supported",
    text="Waveforms are searched by themselves: name no other codes or categories beside theirs.",
    where="code",
)
# Of HTTP statuses that the rest of the API answers with.
_CODES: MappingProxyType[int, str] = MappingProxyType(
    {
        HTTPStatus.UNAUTHORIZED: "login",
        HTTPStatus.FORBIDDEN: "forbidden",
        HTTPStatus.NOT_FOUND: "not-found",
        HTTPStatus.METHOD_NOT_ALLOWED: "not-supported",
        HTTPStatus.NOT_ACCEPTABLE: "not-supported",
        HTTPStatus.CONFLICT: "conflict",
        HTTPStatus.GONE: "deleted",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-long",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "not-supported",
        HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
        HTTPStatus.TOO_MANY_REQUESTS: "throttled",
        HTTPStatus.INTERNAL_SERVER_ERROR: "exception",
        HTTPStatus.SERVICE_UNAVAILABLE: "transient",
    }
)


def of_status(status: HTTPStatus, text: str) -> Outcome:
    """Return the outcome of an error that some other part of the API has found."""
    return Outcome(status=status, code=_CODES.get(status, "processing"), text=text)


def unknown_type(name: str) -> Outcome:
    """Return that a resource type is not served."""
    return Outcome(
        status=HTTPStatus.NOT_FOUND, code="not-supported", text=f"{name[:40]} is not served; see /fhir/metadata."
    )


def unknown_parameter(name: str) -> Outcome:
    """Return that a search parameter is not known; fatal where handling is strict."""
    return Outcome(
        status=HTTPStatus.BAD_REQUEST, code="not-supported", text="The parameter is not known here.", where=name[:60]
    )


def bad_parameter(name: str, text: str) -> Outcome:
    """Return that a search parameter's value cannot be used."""
    return Outcome(status=HTTPStatus.BAD_REQUEST, code="value", text=text, where=name[:60])


def ignored(outcome: Outcome) -> Outcome:
    """Return an outcome as a warning: the request went on without."""
    return Outcome(
        status=HTTPStatus.OK,
        code=outcome.code,
        text=f"{outcome.text} It was ignored.",
        severity="warning",
        where=outcome.where,
    )


def resource(outcomes: Sequence[Outcome]) -> Resource:
    """Return the OperationOutcome of one or more outcomes."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(each) for each in outcomes]}


def _issue(outcome: Outcome) -> Resource:
    made: Resource = {"severity": outcome.severity, "code": outcome.code, "diagnostics": outcome.text}
    return {**made, "expression": [outcome.where]} if outcome.where else made
