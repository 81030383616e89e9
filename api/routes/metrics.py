"""`/metrics`: figures of the whole platform for Prometheus, from any api. Words of the platform, nothing of a patient.

This process's own figures are made now, those of the others are what they last told the store, and how the platform
fares is read from the store. Where the store does not answer there are this process's own, and that it does not.
Open to this machine itself, and to who has the token; what has come through a proxy is not this machine itself.
"""

import hmac
from collections.abc import Iterator
from http import HTTPStatus
from ipaddress import ip_address

import msgspec
from fastapi import APIRouter
from prometheus_client.metrics_core import Metric
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api import platform_figures
from api.context import Context, context_of
from api.errors import Problem
from ward import figures, log, process
from ward.errors import StoreUnavailable
from ward.store import figures as told_figures
from ward.store import platform
from ward.store.borrow import borrow

router = APIRouter(tags=["health"])
_WAIT_S = 2.0
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@router.get("/metrics", response_class=PlainTextResponse)
async def get_metrics(request: Request) -> Response:
    """Give the figures of every process and of the store, in Prometheus' text format."""
    context = context_of(request)
    if not _may(request, context.settings.metrics_token):
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "Figures are for this machine, or for who has HEMVAKT_METRICS_TOKEN.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    found = [*context.teller.collect(), *await _of_store(context)]
    return PlainTextResponse(figures.text(found), media_type=figures.MEDIA_TYPE)


def _may(request: Request, token: str) -> bool:
    """Tell whether somebody may read the figures."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return hmac.compare_digest(given.strip().encode(), token.encode())
    if request.client is None or any(name in request.headers for name in _PASSED_ON):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


async def _of_store(context: Context) -> list[Metric]:
    now = context.clock.now()
    try:
        async with borrow(context.pool, wait_s=_WAIT_S) as conn:
            found = list(platform_figures.families(await platform.read(conn, now), now))
            others = await told_figures.told(conn, now)
    except StoreUnavailable:
        return [figures.gauge("store_up", "Whether the store answers", [({}, 0.0)])]
    found.append(figures.gauge("store_up", "Whether the store answers", [({}, 1.0)]))
    for each in others:
        if (each.service, each.process) != (context.teller.service, process.name()):
            found += _unpacked(each)
    return found


def _unpacked(told: told_figures.Told) -> Iterator[Metric]:
    """Yield what another process has told; one of another version, that nobody here can read, is left out."""
    try:
        yield from figures.unpack(told.families)
    except msgspec.DecodeError:
        log.get().warning("figures_unreadable", of=told.process)
