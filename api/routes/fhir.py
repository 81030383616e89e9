"""`/fhir`: FHIR R4 over HTTP, as thin as can be: a request to a value, the router's answer to a response.

One route for each type and interaction, so that each has its own door. What it all means is `api.fhir`.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from api import methods
from api.auth import Door
from api.context import context_of
from api.fhir import capability, documents, outcome
from api.fhir import router as fhir
from api.fhir.catalogue import CATALOGUE, Served
from api.fhir.outcome import MEDIA_TYPE, Outcome, Refused
from api.fhir.repository import StoreRepository
from api.fhir.router import Answer, Request
from api.fhir.search import Given, Handling
from api.witness import looked
from ward.access.permissions import Permission, may
from ward.access.principals import Principal

router = APIRouter(tags=["fhir"])
_JSON = {"json", "application/json", "application/fhir+json", "text/json"}
_ANY = {"*/*", "application/*"}
_MOST_PARAMETERS = 100
Endpoint = Callable[..., Awaitable[Response]]


def _reply(request: HttpRequest, answer: Answer) -> Response:
    """Return the response, with whom it is about told to the log of who looked."""
    looked(request, map(int, answer.patients))
    if answer.resource is None:
        return Response(None, answer.status.value, headers=dict(answer.headers))
    return Response(
        orjson.dumps(answer.resource), answer.status.value, headers=dict(answer.headers), media_type=MEDIA_TYPE
    )


def _refuse_format(request: HttpRequest) -> Outcome | None:
    """Say why what is asked for cannot be spoken."""
    asked = request.query_params.get("_format")
    if asked is not None:
        return None if asked.partition(";")[0] in _JSON else outcome.NOT_XML
    accepted = {each.partition(";")[0].strip().lower() for each in request.headers.get("accept", "*/*").split(",")}
    return None if accepted & (_JSON | _ANY) else outcome.NOT_XML


def _value(request: HttpRequest, principal: Principal, in_body: Given = ()) -> Request:
    context = context_of(request)
    base = context.settings.public_url or str(request.base_url)
    strict = "handling=strict" in request.headers.get("prefer", "").replace(" ", "")
    return Request(
        base=f"{base.rstrip('/')}/fhir",
        open_types=frozenset(name for name, each in CATALOGUE.items() if may(principal, each.read)),
        in_address=request.query_params.multi_items(),
        in_body=in_body,
        handling=Handling.STRICT if strict else Handling.LENIENT,
        if_none_match=request.headers.get("if-none-match"),
    )


def _repository(request: HttpRequest, principal: Principal) -> StoreRepository:
    return StoreRepository(context=context_of(request), principal=principal)


async def _form(request: HttpRequest) -> Given:
    """Read the parameters of a search that was sent in a body.

    Raises
    ------
    Refused
        If it is no form.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        raise Refused(outcome.NOT_A_FORM)
    try:
        text = (await request.body()).decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise Refused(outcome.NOT_A_FORM) from error


def _reading(served: Served) -> Endpoint:
    async def read(request: HttpRequest, principal: Annotated[Principal, Depends(Door(served.read))]) -> Response:
        if (refusal := _refuse_format(request)) is not None:
            return _reply(request, fhir.refused([refusal]))
        value, identity = _value(request, principal), request.path_params["id"]
        return _reply(request, await fhir.read(value, _repository(request, principal), served.kind, identity))

    return read


def _searching(served: Served) -> Endpoint:
    async def find(request: HttpRequest, principal: Annotated[Principal, Depends(Door(served.read))]) -> Response:
        if (refusal := _refuse_format(request)) is not None:
            return _reply(request, fhir.refused([refusal]))
        return _reply(
            request, await fhir.find(_value(request, principal), _repository(request, principal), served.kind)
        )

    return find


def _posted_search(served: Served) -> Endpoint:
    async def find_posted(
        request: HttpRequest, principal: Annotated[Principal, Depends(Door(served.read))]
    ) -> Response:
        if (refusal := _refuse_format(request)) is not None:
            return _reply(request, fhir.refused([refusal]))
        try:
            value = _value(request, principal, await _form(request))
        except Refused as error:
            return _reply(request, fhir.refused(error.outcomes))
        return _reply(request, await fhir.find(value, _repository(request, principal), served.kind))

    return find_posted


@router.get("/fhir/metadata", response_class=Response, openapi_extra=documents.METADATA, responses=documents.OPEN)
async def get_metadata(request: HttpRequest) -> Response:
    """Tell what this service can do (CapabilityStatement)."""
    if (refusal := _refuse_format(request)) is not None:
        return _reply(request, fhir.refused([refusal]))
    base = context_of(request).settings.public_url or str(request.base_url)
    made = capability.statement((each.kind for each in CATALOGUE.values()), f"{base.rstrip('/')}/fhir")
    return _reply(request, Answer(status=HTTPStatus.OK, resource=made))


def _serve(name: str, served: Served) -> None:
    """Add the routes of one resource type."""
    kind = served.kind
    ways: tuple[tuple[str, str, str, Endpoint, documents.Extra, documents.Responses], ...] = (
        ("GET", f"/fhir/{name}", "search", _searching(served), documents.search(kind), documents.SEARCH),
        ("POST", f"/fhir/{name}/_search", "search_posted", _posted_search(served), documents.posted_search(kind),
         documents.SEARCH),
        ("GET", f"/fhir/{name}/{{id}}", "read", _reading(served), documents.READ, documents.ONE),
    )  # fmt: skip
    for method, path, way, endpoint, extra, responses in ways:
        endpoint.__name__ = f"{way}_{name}"
        endpoint.__doc__ = f"{way.partition('_')[0].title()} {name}: {kind.about[:1].lower()}{kind.about[1:]}"
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            response_class=Response,
            openapi_extra=extra,
            responses=responses,
        )


for _name, _served in CATALOGUE.items():
    _serve(_name, _served)


@router.post("/fhir/Observation", response_class=Response, openapi_extra=documents.CREATE, responses=documents.TAKEN)
async def create_observation(
    request: HttpRequest, principal: Annotated[Principal, Depends(Door(Permission.FHIR_OBSERVATION_WRITE))]
) -> Response:
    """Take one Observation of a device that a patient wears. Sent again, it is there already: 200."""
    body = await request.body()
    return _reply(request, await fhir.create(_value(request, principal), _repository(request, principal), body))


@router.post("/fhir", response_class=Response, openapi_extra=documents.BATCH, responses=documents.TAKEN_BATCH)
async def take_batch(
    request: HttpRequest, principal: Annotated[Principal, Depends(Door(Permission.FHIR_OBSERVATION_WRITE))]
) -> Response:
    """Take a Bundle of type batch: each Observation has its own outcome; what cannot be used is kept in quarantine."""
    return _reply(request, await fhir.batch(_repository(request, principal), await request.body()))


@router.api_route("/fhir", methods=["GET", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def no_such_interaction() -> Response:
    """Say in FHIR that batches are posted here, and nothing else is done."""
    raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)


@router.api_route("/fhir/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def nothing_else(request: HttpRequest, rest: str) -> Response:
    """Say in FHIR that something is not served."""
    if methods.allowed(request.app.routes, request.url.path):
        raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
    name = rest.partition("/")[0]
    if name not in CATALOGUE:
        return _reply(request, fhir.refused([outcome.unknown_type(name)]))
    raise HTTPException(HTTPStatus.NOT_FOUND)
