"""What OpenAPI says of the FHIR routes, from the same tables that they read by. Pure."""

from http import HTTPStatus
from typing import Any

from api.fhir import search as searches
from api.fhir.outcome import MEDIA_TYPE
from api.fhir.search import Form, Kind

Extra = dict[str, Any]
Responses = dict[int | str, Extra]
_RESOURCE = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"type": "string"}}}
_EXAMPLE = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "not-found", "diagnostics": "There is no such resource here."}],
}
_OUTCOME = {MEDIA_TYPE: {"schema": _RESOURCE, "example": _EXAMPLE}}
_FORMS = {Form.TOKEN: "vital-signs", Form.REFERENCE: "Patient/1", Form.DATE: "ge2026-11-22"}


def _responses(*statuses: HTTPStatus, good: HTTPStatus = HTTPStatus.OK) -> Responses:
    refused: Responses = {
        status.value: {"description": f"{status.phrase} (OperationOutcome)", "content": _OUTCOME} for status in statuses
    }
    return {good.value: {"description": good.phrase, "content": {MEDIA_TYPE: {"schema": _RESOURCE}}}, **refused}


_S = HTTPStatus
_DOOR = (_S.UNAUTHORIZED, _S.FORBIDDEN, _S.NOT_ACCEPTABLE, _S.TOO_MANY_REQUESTS, _S.SERVICE_UNAVAILABLE)
_BODY = (_S.REQUEST_TIMEOUT, _S.LENGTH_REQUIRED, _S.REQUEST_ENTITY_TOO_LARGE, _S.UNSUPPORTED_MEDIA_TYPE)
OPEN = _responses(_S.NOT_ACCEPTABLE)
ONE = {**_responses(*_DOOR, _S.NOT_FOUND, _S.GONE), _S.NOT_MODIFIED.value: {"description": "The caller has it."}}
SEARCH = _responses(*_DOOR, *_BODY, _S.BAD_REQUEST, _S.UNPROCESSABLE_ENTITY)
TAKEN_BATCH = _responses(*_DOOR, *_BODY, _S.UNPROCESSABLE_ENTITY)
TAKEN = {
    **_responses(*_DOOR, *_BODY, _S.UNPROCESSABLE_ENTITY, _S.CONFLICT),
    _S.OK.value: {"description": "It was there already; Location says under which id."},
    _S.CREATED.value: {"description": "It is stored; Location says under which id."},
}

_FORMAT = {
    "name": "_format",
    "in": "query",
    "required": False,
    "description": "json, or application/fhir+json",
    "schema": {"type": "string"},
}
METADATA: Extra = {"parameters": [_FORMAT]}
READ: Extra = {
    "parameters": [
        {
            "name": "id",
            "in": "path",
            "required": True,
            "description": "The resource's id",
            "schema": {"type": "string"},
        },
        _FORMAT,
        {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}},
    ]
}
_CONTROLS = {
    "_count": f"How many at most; {searches.COUNT} where it is not said",
    "_sort": "By when it was measured, or by id; with - the newest first",
    "_include": "What is told beside: Type:parameter",
    "_summary": "count: the number alone",
    "_cursor": "Where to go on, from the link next of the page before",
}


def _described(kind: Kind) -> list[tuple[str, str, str]]:
    """Return every parameter of a type: its name, what it does, an example."""
    own = [(each.name, each.about, _FORMS[each.form]) for each in searches.common(kind)]
    examples = {"_count": "20", "_summary": "count"}
    return [*own, *((name, about, examples.get(name, "")) for name, about in _CONTROLS.items())]


def search(kind: Kind) -> Extra:
    """Return what is said of a search by address."""
    parameters = [
        {"name": name, "in": "query", "required": False, "description": about, "schema": {"type": "string"}}
        | ({"example": example} if example else {})
        for name, about, example in _described(kind)
    ]
    prefer = {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "handling=strict refuses a parameter that is not known",
        "schema": {"type": "string"},
    }
    return {"parameters": [*parameters, _FORMAT, prefer]}


def posted_search(kind: Kind) -> Extra:
    """Return what is said of a search in a body."""
    properties = {name: {"type": "string", "description": about} for name, about, _ in _described(kind)}
    form = {"schema": {"type": "object", "properties": properties}}
    return {
        "parameters": [_FORMAT],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": form}},
    }


_SENT: Extra = {"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": _RESOURCE}}}}
CREATE = _SENT
BATCH = _SENT
