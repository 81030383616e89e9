"""The OpenAPI document: adds what FastAPI does not know by itself, the same for every route.

Who may come (from the door), every error as a problem with its own example, short names of operations, summaries from
the first sentence of each route's docstring, and examples. `docs/openapi.json` is this document as it is kept; a test
compares them, and clients are generated from it.
"""

import inspect
import json
import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, NotRequired

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, WithJsonSchema
from starlette.routing import BaseRoute
from typing_extensions import TypedDict

from api import reasons
from api.auth import COOKIE, Door
from ward.access.permissions import GRANTED, NEVER_SLOWED

EXAMPLES = Path(__file__).with_name("examples.json")
_MEDIA_TYPE = "application/problem+json"
_ABOUT = """\
Home monitoring for hospital-at-home patients. Times are RFC 3339 UTC; lists come in pages with an opaque cursor;
whoever changes what others may change too names the revision that they saw (`If-Match`); what creates takes an
`Idempotency-Key`, and sent again creates nothing again. Every error is a problem (RFC 9457) whose `detail` says what
to do.

It is not a certified medical device."""
# Nobody is found by a code that is not good.
_BY_CODE = frozenset(f"/api/invitations/{each}" for each in ("look", "accept", "join"))
_TAGS = {
    "session": "Log in, out, and who one is; passwords, PINs, shared screens.",
    "accounts": "Who may log in, their sessions and tokens; for operators.",
    "patients": "Those in care: tiles, and one patient.",
    "vitals": "Series of readings and scores.",
    "waveforms": "Blocks of samples, or their outline.",
    "timeline": "Notes, visits, changes of medication, values by hand, check-ins, and who has read what.",
    "effects": "What a change of medication did, and the report to who ordered it.",
    "home": "What a patient's own page needs.",
    "rounds": "The round before free days.",
    "ambulance cards": "A link for an ambulance crew.",
    "outcomes": "What care led to.",
    "alerts": "Alerts: their evidence, their life, and what people do about them.",
    "plans": "What is watched for whom, in layers, with versions.",
    "backtests": "What a plan would have raised over stored readings.",
    "teams": "Teams, their week, and who is on duty.",
    "responsibility": "Who answers for a patient, now and ahead.",
    "sharing": "Consents and blocks: which organisations and units may see what.",
    "relatives": "What a patient has opened to relatives.",
    "opened": "What patients, and relatives to whom they opened it, see.",
    "emergency": "Openings in an emergency: with a reason, for some hours, told to the unit.",
    "devices": "Devices: registered, configured, shut out.",
    "bindings": "Who wore which device when.",
    "quarantine": "What could not be used, and what became of it.",
    "audit": "Who did what, and who looked at whose data.",
    "channels": "How people are told.",
    "fhir": "FHIR R4: what it can do by itself says /fhir/metadata. Errors are OperationOutcomes.",
    "health": "Alive, ready, and figures for monitoring.",
}
_TWICE = re.compile(r'"#/components/schemas/(api__\w+)"')
_REFUSALS = {
    HTTPStatus.BAD_REQUEST: "What was sent is not believed.",
    HTTPStatus.UNAUTHORIZED: "Nobody is logged in.",
    HTTPStatus.FORBIDDEN: "Not open to this role.",
    HTTPStatus.NOT_FOUND: "Not there, or not to be seen by whoever asks; the two cannot be told apart.",
    HTTPStatus.REQUEST_TIMEOUT: "The body did not come within 20 seconds.",
    HTTPStatus.CONFLICT: "Somebody was first: it has changed since it was read.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 64 KiB.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request is not understood; each fault is named with its place.",
    HTTPStatus.PRECONDITION_FAILED: "It is another account's: For-Account says whose.",
    HTTPStatus.PRECONDITION_REQUIRED: "Say which revision was seen, as If-Match.",
    HTTPStatus.TOO_MANY_REQUESTS: "Wait, as Retry-After says.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store does not answer just now; nothing was changed.",
}


class Fault(TypedDict):
    """One thing that is wrong with a request, and where."""

    where: str
    what: str


_FAULT = Fault(where="body.reason", what="Field required")


class ProblemState(TypedDict):
    """An error (RFC 9457): `detail` says what to do, `reason` why, for programs. Some carry the thing as it is now."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    reason: NotRequired[Annotated[str, WithJsonSchema({"type": "string", "enum": list(reasons.ALL)})]]
    errors: NotRequired[list[Fault]]


def install(app: FastAPI) -> None:
    """Have the application's OpenAPI document say everything."""
    plain = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            document = plain()
            routes = {(each.path, how): each for each in leaves(app.routes) for how in each.methods or ()}
            complete(document, routes)
            app.openapi_schema = told_apart(document)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def leaves(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    """Yield the routes of an application, those of its routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from leaves(included.routes)
        elif isinstance(route, APIRoute):
            yield route


def told_apart(document: dict[str, object]) -> dict[str, object]:
    """Return a document whose shapes have names of their own where two modules use one name."""
    text = json.dumps(document)
    for name in sorted(set(_TWICE.findall(text))):
        module, shape = name.split("__")[-2:]
        own = shape if name.startswith("api__live__") else f"{_camel(module)}{shape}"  # live messages name theirs first
        text = text.replace(f'/{name}"', f'/{own}"').replace(f'"{name}": {{', f'"{own}": {{')
    apart: dict[str, object] = json.loads(text)
    components = apart["components"]
    assert isinstance(components, dict)  # noqa: S101 - FastAPI makes it
    for name, shape in components["schemas"].items():
        if "title" in shape:
            shape["title"] = name
    return apart


def _camel(module: str) -> str:
    return module.title().replace("_", "")


def operation_id(route: APIRoute) -> str:
    """Return the name of an operation in documents and clients: its module and its function."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.endpoint.__name__}"


def complete(document: dict[str, object], routes: dict[tuple[str, str], APIRoute]) -> None:
    """Add to a document, in place, what its routes say."""
    info, paths, components = document["info"], document["paths"], document["components"]
    assert isinstance(info, dict)  # noqa: S101 - FastAPI makes it
    assert isinstance(paths, dict)  # noqa: S101 - likewise
    assert isinstance(components, dict)  # noqa: S101 - likewise
    info["description"] = _ABOUT
    info["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    document["servers"] = [{"url": "/", "description": "This server"}]
    document["tags"] = [{"name": name, "description": says} for name, says in _TAGS.items()]
    schema = TypeAdapter(ProblemState).json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= {**schema.pop("$defs", {}), "Problem": schema}
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    components["responses"] = {_name(status): _refusal(status) for status in _REFUSALS}
    components["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by POST /api/session."},
        "token": {"type": "http", "scheme": "bearer", "description": "The same token, or a system's own."},
    }
    for path, methods in paths.items():
        for method, operation in methods.items():
            route = routes.get((path, method.upper()))
            if route is not None:
                _operation(operation, route, method)


def _operation(operation: dict[str, object], route: APIRoute, method: str) -> None:
    door = next((each.call for each in route.dependant.dependencies if isinstance(each.call, Door)), None)
    whole = inspect.getdoc(route.endpoint) or ""
    first, _, rest = whole.partition("\n\n")
    operation["summary"] = " ".join(first.split()).removesuffix(".")
    operation["description"] = " ".join(rest.split()) if rest and "---" not in rest else f"{' '.join(first.split())}"
    operation["operationId"] = operation_id(route)
    operation["security"] = [] if door is None else [{"session": []}, {"token": []}]
    if door is not None:
        may = ", ".join(sorted(capacity.value for capacity in GRANTED[door.permission]))
        operation["description"] = f"{operation['description']}\n\nOpen to: {may} (`{door.permission.value}`)."
    responses = operation["responses"]
    assert isinstance(responses, dict)  # noqa: S101 - FastAPI makes it
    for status in () if "fhir" in route.tags else _refusals(operation, door, method, route):  # FHIR tells its own
        if not {"model", "content"} & (route.responses.get(status.value) or {}).keys():
            responses[str(status.value)] = {"$ref": f"#/components/responses/{_name(status)}"}
    for status, response in responses.items():
        if response.get("description") == "Successful Response":
            response["description"] = HTTPStatus(int(status)).description or HTTPStatus(int(status)).phrase
    _examples(operation, operation_id(route))
    _repeated(operation)


def _repeated(operation: dict[str, object]) -> None:
    """Add what a repeat with the same key is answered: what was made then, as 200."""
    parameters, responses = operation.get("parameters", []), operation["responses"]
    assert isinstance(parameters, list)  # noqa: S101 - FastAPI makes it
    assert isinstance(responses, dict)  # noqa: S101 - likewise
    if "201" in responses and any(each["name"] == "Idempotency-Key" for each in parameters):
        responses.setdefault("200", {**responses["201"], "description": "A repeat: what was made the first time."})


def _refusals(operation: dict[str, object], door: Door | None, method: str, route: APIRoute) -> Iterator[HTTPStatus]:
    """Yield what an operation can be refused with, beside what its route declares."""
    parameters = operation.get("parameters", [])
    assert isinstance(parameters, list)  # noqa: S101 - FastAPI makes it
    if door is not None:
        yield HTTPStatus.UNAUTHORIZED
        yield HTTPStatus.FORBIDDEN
        if door.permission not in NEVER_SLOWED:
            yield HTTPStatus.TOO_MANY_REQUESTS
    if any(each["in"] == "path" for each in parameters) or route.path in _BY_CODE:
        yield HTTPStatus.NOT_FOUND
    if any(each["name"] == "For-Account" for each in parameters):
        yield HTTPStatus.PRECONDITION_FAILED
    if any(each["name"] == "If-Match" for each in parameters):
        yield HTTPStatus.PRECONDITION_REQUIRED
    if method != "get":
        yield HTTPStatus.REQUEST_TIMEOUT
        yield HTTPStatus.CONFLICT
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    if parameters or "requestBody" in operation:
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if route.path == "/api/session" and method == "post":
        yield HTTPStatus.UNAUTHORIZED
        yield HTTPStatus.TOO_MANY_REQUESTS
    yield from (HTTPStatus(int(status)) for status in route.responses if int(status) in _REFUSALS)
    if route.path != "/healthz":
        yield HTTPStatus.SERVICE_UNAVAILABLE


def _name(status: HTTPStatus) -> str:
    return status.name.title().replace("_", "")


def _refusal(status: HTTPStatus) -> dict[str, object]:
    example: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": _REFUSALS[status],
        "instance": "/api/patients/1",
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        example["detail"] = f"The request is not understood: {_FAULT['where']}: {_FAULT['what']}"
        example["errors"] = [_FAULT]
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": _REFUSALS[status],
        "content": {_MEDIA_TYPE: {"schema": schema, "example": example}},
    }


@cache
def _kept() -> dict[str, dict[str, object]]:
    """Return the examples as a server gave them once, by operation."""
    if not EXAMPLES.exists():
        return {}
    kept: dict[str, dict[str, object]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return kept


def _examples(operation: dict[str, object], name: str) -> None:
    """Add the example of a body and of each answer that was taken down, in whichever form they are sent."""
    kept = _kept().get(name, {})
    body = operation.get("requestBody")
    if isinstance(body, dict) and "body" in kept:
        for content in body["content"].values():
            content["example"] = kept["body"]
    responses = operation["responses"]
    answers = kept.get("answers", {})
    if isinstance(responses, dict) and isinstance(answers, dict):
        for status, answer in answers.items():
            for content in responses.get(status, {}).get("content", {}).values():
                content["example"] = answer


def text(app: FastAPI) -> str:
    """Return the document as it is kept in `docs/openapi.json`."""
    return json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
