"""`/api/me/channels`, `/api/teams/{id}/channels`: the ways by which people and teams are told, beside their screens.

Everybody looks after their own; operators after those of teams. An address is written once and never shown whole again.
The same address twice is one.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends
from py_vapid import Vapid
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.context import Context, context_of
from api.errors import Problem
from api.replies import Id, Text, reply
from ward import channels
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.channels import ChannelKind
from ward.errors import NotFound
from ward.people import StaffId, TeamId
from ward.settings import Settings
from ward.store import audit, contact_channels, people
from ward.store.borrow import borrow
from ward.store.contact_channels import ChannelRow
from ward.store.pool import Connection
from ward.vitals import Mode

router = APIRouter(tags=["channels"])
MayOwnChannels = Annotated[StaffPrincipal, Depends(Door(Permission.OWN_CHANNELS))]
MayTeamChannels = Annotated[StaffPrincipal, Depends(Door(Permission.TEAM_CHANNELS))]
_KEY = r"^[A-Za-z0-9_-]{16,200}={0,2}$"


class ChannelState(TypedDict):
    """One way; `hint` is as much of its address as is shown. A broken one is not used until it is entered again."""

    channel_id: int
    kind: Literal["push", "email", "sms", "chat", "webhook"]
    hint: str
    mode: Literal["real", "demo"]
    added_at: datetime
    broken_at: datetime | None
    broken_reason: str | None


class ChannelList(TypedDict):
    """The ways of a person or a team, those that are set up here, and the key that a browser subscribes with."""

    items: list[ChannelState]
    available: list[str]
    push_key: str | None


class Address(BaseModel):
    """A way that is new; `demo` marks one that the demo's alerts may use, and real ones may not."""

    model_config = ConfigDict(extra="forbid")

    kind: ChannelKind
    address: Text = Field(min_length=3, max_length=1000)
    mode: Literal["real", "demo"] = "real"


class PushKeys(BaseModel):
    """A browser's own keys."""

    model_config = ConfigDict(extra="forbid")

    p256dh: str = Field(pattern=_KEY)
    auth: str = Field(pattern=_KEY)


class Subscription(BaseModel):
    """What `PushManager.subscribe` gives a page, as it is."""

    model_config = ConfigDict(extra="forbid")

    endpoint: Text = Field(min_length=10, max_length=1000)
    expiration_time: float | None = Field(default=None, alias="expirationTime")
    keys: PushKeys


def set_up(settings: Settings) -> frozenset[ChannelKind]:
    """Return the ways that this installation can use."""
    given = {
        ChannelKind.SMS: settings.sms_gateway,
        ChannelKind.EMAIL: settings.email_gateway,
        ChannelKind.CHAT: settings.chat_gateway,
        ChannelKind.WEBHOOK: settings.webhook_key,
        ChannelKind.PUSH: settings.vapid_key,
    }
    return frozenset(kind for kind, value in given.items() if value)


def push_key(settings: Settings) -> str | None:
    """Return the public half of the VAPID key, as browsers take it; None where there is none."""
    if not settings.vapid_key:
        return None
    numbers = Vapid.from_string(settings.vapid_key).public_key.public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
    return urlsafe_b64encode(point).decode().rstrip("=")


@router.get("/api/me/channels", response_model=ChannelList)
async def get_mine(request: Request, principal: MayOwnChannels) -> Response:
    """List the ways by which one is told."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        return _listed(context, await contact_channels.of_staff(conn, principal.staff_id), channels.PERSONAL)


@router.post("/api/me/channels", response_model=ChannelList, status_code=HTTPStatus.CREATED)
async def add_mine(request: Request, principal: MayOwnChannels, body: Address) -> Response:
    """Add a telephone number or a mail address of one's own."""
    context = context_of(request)
    _refuse(context, body.kind, body.address, channels.PERSONAL)
    return await _add_mine(context, principal, body.kind, body.address, Mode(body.mode))


@router.post("/api/me/push-subscriptions", response_model=ChannelList, status_code=HTTPStatus.CREATED)
async def subscribe(request: Request, principal: MayOwnChannels, body: Subscription) -> Response:
    """Have this browser be woken; its endpoint must be at a push service that is known here."""
    context = context_of(request)
    if ChannelKind.PUSH not in set_up(context.settings):
        raise Problem(HTTPStatus.CONFLICT, "Web Push is not set up here.")
    hosts = [host.strip() for host in context.settings.push_hosts.split(",") if host.strip()]
    if not channels.is_push_service(body.endpoint, hosts):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This endpoint is at no push service that is known here.")
    address = orjson.dumps(body.model_dump(include={"endpoint", "keys"}), option=orjson.OPT_SORT_KEYS).decode()
    return await _add_mine(context, principal, ChannelKind.PUSH, address, Mode.REAL)


@router.delete("/api/me/channels/{channel_id}", status_code=HTTPStatus.NO_CONTENT)
async def remove_mine(request: Request, channel_id: Id, principal: MayOwnChannels) -> Response:
    """Take a way of one's own out."""
    await _remove(context_of(request), principal, channel_id, staff_id=principal.staff_id, team_id=None)
    return Response(status_code=HTTPStatus.NO_CONTENT.value)


@router.get("/api/teams/{team_id}/channels", response_model=ChannelList)
async def get_of_team(request: Request, team_id: Id, principal: MayTeamChannels) -> Response:
    """List the ways of a team."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        team = await _own_team(conn, team_id, principal)
        return _listed(context, await contact_channels.of_team(conn, team), channels.OF_TEAMS)


@router.post("/api/teams/{team_id}/channels", response_model=ChannelList, status_code=HTTPStatus.CREATED)
async def add_to_team(
    request: Request,
    team_id: Id,
    principal: MayTeamChannels,
    body: Address,
) -> Response:
    """Add a way to a whole team: its telephone, its mail, its room, or another system's webhook."""
    context = context_of(request)
    _refuse(context, body.kind, body.address, channels.OF_TEAMS)
    async with borrow(context.pool) as conn:
        team = await _own_team(conn, team_id, principal)
        made = await contact_channels.add(
            conn,
            kind=body.kind.value,
            address=body.address,
            now=context.clock.now(),
            team_id=team,
            mode=Mode(body.mode),
        )
        detail = {"channel_id": made, "kind": body.kind.value, "team_id": team}
        deed = audit.Deed(action=audit.Action.CHANNEL_ADDED, detail=detail)
        await audit.write(conn, principal.actor, deed, context.clock.now())
        rows = await contact_channels.of_team(conn, team)
    return _listed(context, rows, channels.OF_TEAMS, status=HTTPStatus.CREATED)


@router.delete("/api/teams/{team_id}/channels/{channel_id}", status_code=HTTPStatus.NO_CONTENT)
async def remove_of_team(
    request: Request,
    team_id: Id,
    channel_id: Id,
    principal: MayTeamChannels,
) -> Response:
    """Take a way of a team out."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        team = await _own_team(conn, team_id, principal)
    await _remove(context, principal, channel_id, staff_id=None, team_id=team)
    return Response(status_code=HTTPStatus.NO_CONTENT.value)


async def _own_team(conn: Connection, team_id: int, principal: StaffPrincipal) -> TeamId:
    """Return a team of the operator's own organisation; another's is not there."""
    team = TeamId(team_id)
    if await people.organisation_of(conn, team) != principal.organisation_id:
        raise NotFound
    return team


def _refuse(context: Context, kind: ChannelKind, address: str, allowed: frozenset[ChannelKind]) -> None:
    """Refuse a way that cannot be entered here, or that nobody could be told by."""
    if kind not in allowed:
        detail = f"`kind` is one of {', '.join(sorted(allowed))} here."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    fault = channels.fault(kind, address)
    if fault is not None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The address cannot be used: {fault}.")
    if kind not in set_up(context.settings):
        raise Problem(HTTPStatus.CONFLICT, "This way is not set up here: nobody would be told by it.")


async def _add_mine(
    context: Context, principal: StaffPrincipal, kind: ChannelKind, address: str, mode: Mode
) -> Response:
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        made = await contact_channels.add(
            conn, kind=kind.value, address=address, now=now, staff_id=principal.staff_id, mode=mode
        )
        deed = audit.Deed(action=audit.Action.CHANNEL_ADDED, detail={"channel_id": made, "kind": kind.value})
        await audit.write(conn, principal.actor, deed, now)
        rows = await contact_channels.of_staff(conn, principal.staff_id)
    return _listed(context, rows, channels.PERSONAL, status=HTTPStatus.CREATED)


async def _remove(
    context: Context, principal: StaffPrincipal, channel_id: int, *, staff_id: StaffId | None, team_id: TeamId | None
) -> None:
    async with borrow(context.pool) as conn:
        if not await contact_channels.remove(conn, channel_id, staff_id=staff_id, team_id=team_id):
            raise NotFound
        detail = {"channel_id": channel_id, "team_id": team_id}
        deed = audit.Deed(action=audit.Action.CHANNEL_REMOVED, detail=detail)
        await audit.write(conn, principal.actor, deed, context.clock.now())


def _listed(
    context: Context,
    rows: Iterable[ChannelRow],
    allowed: frozenset[ChannelKind],
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    ready = set_up(context.settings)
    listed = ChannelList(
        items=[_state(row) for row in rows],
        available=sorted(ready & (allowed | {ChannelKind.PUSH} if allowed == channels.PERSONAL else allowed)),
        push_key=push_key(context.settings),
    )
    return reply(listed, status=status)


def _state(row: ChannelRow) -> ChannelState:
    return ChannelState(
        channel_id=row.channel_id,
        kind=row.kind,  # type: ignore[typeddict-item]  # the schema checks the word
        hint=channels.hint(row.kind, row.address),
        mode=row.mode,  # type: ignore[typeddict-item]  # the schema checks the word
        added_at=row.added_at,
        broken_at=row.broken_at,
        broken_reason=row.broken_reason,
    )
