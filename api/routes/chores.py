"""`GET /api/platform/chores`: what must be done in time, for operators: certificates, backups, rehearsals, lists.

It is about the whole platform, so no device of any organisation is named: which one it is, `hemvakt check` says.
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import context_of
from api.replies import reply
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.chores import Chores, Deed, Kind, due
from ward.store import chores
from ward.store.borrow import borrow

router = APIRouter(tags=["health"])
MayPlatform = Annotated[StaffPrincipal, Depends(Door(Permission.PLATFORM_READ))]
Standing = Literal["well", "due", "urgent"]


class CertificateState(TypedDict):
    """When the first certificate of a kind ends."""

    of: Kind
    ends_at: datetime
    standing: Standing


class DeedState(TypedDict):
    """What is done again and again: when it last came to a good end, and whether the newest try failed."""

    last: datetime | None
    failed: bool
    standing: Standing


class ChoresState(TypedDict):
    """What must be done in time."""

    certificates: list[CertificateState]
    backup: DeedState
    rehearsal: DeedState
    fallback_lists: DeedState


@router.get("/api/platform/chores", response_model=ChoresState)
async def get_chores(request: Request, _principal: MayPlatform) -> Response:
    """Tell when certificates end, and how old backup, rehearsal and fallback lists are."""
    context = context_of(request)
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        known = await chores.read(conn, now)
    waiting: dict[Kind | Deed, Standing] = {each.what: "urgent" if each.urgent else "due" for each in due(known, now)}
    firsts = {kind: known.first(kind) for kind in Kind}
    state = ChoresState(
        certificates=[
            CertificateState(of=kind, ends_at=at, standing=waiting.get(kind, "well"))
            for kind, at in firsts.items()
            if at is not None
        ],
        backup=_deed(known, Deed.BACKUP, waiting),
        rehearsal=_deed(known, Deed.REHEARSAL, waiting),
        fallback_lists=_deed(known, Deed.LISTS, waiting),
    )
    return reply(state)


def _deed(known: Chores, deed: Deed, waiting: dict[Kind | Deed, Standing]) -> DeedState:
    return DeedState(last=known.last(deed), failed=known.failed(deed) is not None, standing=waiting.get(deed, "well"))
