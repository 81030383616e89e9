"""`/healthz`: this process lives. `/readyz`: the store answers and what the board depends on is at work."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.context import Context, context_of
from api.replies import encode, reply
from ward import guard
from ward.chores import due
from ward.errors import StoreUnavailable
from ward.selfcheck import Walk, complaint, is_ahead, overdue
from ward.store import chores as kept_chores
from ward.store import selfchecks, strain
from ward.store.borrow import borrow

router = APIRouter(tags=["health"])
OLDEST_BEAT = timedelta(seconds=15)
_DISK = guard.Part.DISK
_STRAINS = (guard.Part.INGEST, guard.Part.EVALUATION, _DISK)
_WAY = ("selfcheck", "delivery", "chores")
_ASKED_OF_THE_STORE = (*guard.NEEDED, *(part.value for part in _STRAINS), *_WAY, "live")
_WAIT_S = 2.0


class Alive(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class Ready(TypedDict):
    """Whether the board can be relied on; each check is `ok` with its finding, or says what is wrong."""

    ready: bool
    checks: dict[str, str]


@router.get("/healthz", response_model=Alive)
async def get_health() -> Response:
    """Tell that the process lives."""
    return reply({"status": "ok"})


@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready, "description": "Not ready; why."}})
async def get_readiness(request: Request) -> Response:
    """Tell whether the board can be relied on, and what is wrong where not."""
    checks = await _checks(context_of(request))
    ready = all(finding.startswith("ok") for finding in checks.values())
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(encode(Ready(ready=ready, checks=checks)), status.value, media_type="application/json")


async def _checks(context: Context) -> dict[str, str]:
    now = context.clock.now()
    try:
        async with borrow(context.pool, wait_s=_WAIT_S) as conn:
            strained = await strain.read(conn, now)
            walk = await selfchecks.newest_ended(conn)
            waiting = await selfchecks.waiting(conn)
            chores = due(await kept_chores.read(conn, now), now)
    except StoreUnavailable:
        unknown = "unknown: the store does not answer"
        return {"store": "does not answer", **dict.fromkeys(_ASKED_OF_THE_STORE, unknown)}
    checks = {"store": "ok", **{service: _beat(strained.beats.get(service), now) for service in guard.NEEDED}}
    complaints = guard.complaints(strained, now)
    checks |= {part.value: complaints.get(part, "ok") for part in _STRAINS}
    if (full := complaints.get(_DISK)) is not None:  # nobody is helped by a board that is taken away for it
        checks[_DISK.value] = f"ok, but {full}"
    checks["selfcheck"] = _selfcheck(walk, context)
    late = overdue(waiting, now)
    checks["delivery"] = late or _untold(complaints.get(guard.Part.UNTOLD))
    # Nor for what must be done before long: it is said, and is no reason to take a board away.
    # Of what, and no more: who asks has not logged in.
    checks["chores"] = f"ok, but due: {', '.join(each.what.value for each in chores)}" if chores else "ok"
    checks["live"] = "ok" if context.feed.following() else "does not follow the store"
    return checks


def _untold(complaint: str | None) -> str:
    """Return that alerts have reached nobody: who may see them by the board must not have it taken away for that."""
    return "ok" if complaint is None else f"ok, but {complaint}"


def _beat(beat_at: datetime | None, now: datetime) -> str:
    """Return what a service's newest sign of life says."""
    if beat_at is None:
        return "has never been at work"
    if is_ahead(beat_at, now):
        return "silent, and its clock was ahead when it was last heard"
    age = now - beat_at
    return f"{'ok' if age <= OLDEST_BEAT else 'silent'}, beat {max(0, round(age.total_seconds()))} s ago"


def _selfcheck(walk: Walk | None, context: Context) -> str:
    """Return what the newest walk of the synthetic alert says; before the first one there is nothing to say."""
    every = timedelta(minutes=context.settings.selfcheck_minutes)
    if not every:
        return "ok, switched off"
    if walk is None:
        return "ok, has not walked yet"
    return complaint(walk, every, context.clock.now()) or "ok"
