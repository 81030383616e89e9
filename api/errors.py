"""The only map from our errors to HTTP: every error answer is a problem (RFC 9457). Nothing internal is told.

What was sent is never repeated in an answer, and an unexpected error is logged and answered with bare words.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException, WebSocketException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from api import methods
from api.fhir import outcome
from api.reasons import Reason
from api.timing import template
from ward import log
from ward.errors import Blocked, Conflict, IllegalTransition, NotFound, StoreUnavailable

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - reads as what happened
    """An answer that is an error; `reason` says why to programs, `more` adds members, `headers` are the response's."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        reason: StrEnum | None = None,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = {**({} if reason is None else {"reason": reason.value}), **(more or {})}
        self.headers = headers or {}


def problem(
    status: HTTPStatus,
    detail: str,
    instance: str,
    *,
    more: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response of a problem; `instance` is the path it happened on, which under /fhir says it in FHIR."""
    if instance.startswith("/fhir"):
        said = orjson.dumps(outcome.resource([outcome.of_status(status, detail)]))
        return Response(said, status.value, headers=dict(headers or {}), media_type=outcome.MEDIA_TYPE)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": instance,
        **(more or {}),
    }
    content = orjson.dumps(body, option=orjson.OPT_UTC_Z)
    return Response(content, status.value, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have the application answer every error as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Blocked, _blocked)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(IllegalTransition, _conflict)
    app.add_exception_handler(StoreUnavailable, _store_down)
    app.add_exception_handler(Exception, _unexpected)
    app.add_exception_handler(WebSocketException, _refused)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this type
    return problem(error.status, error.detail, request.url.path, more=error.more, headers=error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
    known = methods.allowed(request.app.routes, request.url.path)
    if request.method not in known:  # read as another path's parameter: GET of a path that takes POST alone
        return not_allowed(request.url.path, known)
    faults = [{"where": ".".join(str(part) for part in fault["loc"]), "what": fault["msg"]} for fault in error.errors()]
    detail = "The request is not understood: " + "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, request.url.path, more={"errors": faults})


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        return not_allowed(request.url.path, methods.allowed(request.app.routes, request.url.path))
    if status is HTTPStatus.BAD_REQUEST:  # the only one there is: a body that is no UTF-8
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The body is not JSON in UTF-8.", request.url.path)
    return problem(status, status.description or status.phrase, request.url.path, headers=error.headers)


def not_allowed(path: str, known: Sequence[str]) -> Response:
    """Return the answer to a method that a path does not have; it names those that it has."""
    detail = f"This address takes {', '.join(known)}."
    return problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, path, headers={"Allow": ", ".join(known)})


async def _not_found(request: Request, _error: Exception) -> Response:
    return problem(HTTPStatus.NOT_FOUND, "There is no such thing here.", request.url.path)


async def _blocked(request: Request, _error: Exception) -> Response:
    detail = "The patient has a block against your unit. In an emergency it can be opened, with a reason."
    detail_sv = "Patienten har en spärr mot din enhet. I en nödsituation kan den öppnas, med ett skäl."
    more = {"reason": Reason.BLOCKED.value, "detail_sv": detail_sv}
    return problem(HTTPStatus.FORBIDDEN, detail, request.url.path, more=more)


async def _conflict(request: Request, _error: Exception) -> Response:
    return problem(HTTPStatus.CONFLICT, "It has changed since you read it.", request.url.path)


async def _store_down(request: Request, _error: Exception) -> Response:
    log.get().warning("store_unavailable", route=template(request.scope))
    detail = "The store does not answer just now. Nothing was changed; try again."
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, request.url.path, headers={"Retry-After": "2"})


async def _unexpected(request: Request, error: Exception) -> Response:
    log.get().error("request_failed", route=template(request.scope), error=type(error).__name__, exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side.", request.url.path)


async def _refused(websocket: WebSocket, error: Exception) -> None:
    """Accept and close: a browser learns the code of a closed socket, of a refused one nothing."""
    assert isinstance(error, WebSocketException)  # noqa: S101 - registered for this type
    await websocket.accept()
    await websocket.close(error.code, error.reason)
