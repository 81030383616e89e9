"""`/api/devices`: add a device, look after it, shut it out. Operators change; clinical staff look.

Who wears it is `api.routes.bindings`. A secret is in one answer, once, and nowhere else.
"""

from http import HTTPStatus
from typing import Annotated

import orjson
from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from api.auth import Door
from api.bodies import Why
from api.context import Context, context_of
from api.device_states import DeviceDetail, DeviceState, Provisioned, device_detail, device_state
from api.errors import Problem
from api.preconditions import IdempotencyKey, IfMatch, idempotency, key_reused, revision
from api.replies import Cursor, DeviceId, Text, cursor_after, reply
from ward import credentials, device_secrets
from ward.access.permissions import Permission
from ward.access.principals import StaffPrincipal
from ward.errors import NotFound
from ward.people import DeviceNo
from ward.store import idempotency as keys
from ward.store import provisioning, wearers
from ward.store.borrow import borrow
from ward.store.pool import Connection
from ward.store.provisioning import NewDevice, Registered, WantedDevices
from ward.vitals import Mode

router = APIRouter(tags=["devices"])
MayDevicesManage = Annotated[StaffPrincipal, Depends(Door(Permission.DEVICES_MANAGE))]
MayDevicesRead = Annotated[StaffPrincipal, Depends(Door(Permission.DEVICES_READ))]
_MOST_CONFIG_BYTES = 8192
_MEANWHILE = "Somebody else gave it a new secret just now."
_ELSEWHERE = "A patient of another organisation wears it: their operators look after it."
_REVOKED = "The device is revoked: it is out for good. Add it under another id to use it again."


class DevicesQuery(BaseModel):
    """Which devices; a filter that is left out asks for all."""

    model_config = ConfigDict(extra="forbid")

    unbound: bool | None = None
    revoked: bool | None = None
    mode: Mode | None = None
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = None


class DevicePage(TypedDict):
    """A page of devices in the order in which they were added; `next` is the cursor of the following one."""

    items: list[DeviceState]
    next: str | None


class Device(BaseModel):
    """A device that is new."""

    model_config = ConfigDict(extra="forbid")

    device_id: DeviceId
    model: Text = Field(default="", max_length=200)
    mode: Mode = Mode.REAL


@router.get("/api/devices", response_model=DevicePage)
async def get_devices(
    request: Request,
    principal: MayDevicesRead,
    query: Annotated[DevicesQuery, Query()],
) -> Response:
    """List devices; who wears one is told to those who may see the patient."""
    context = context_of(request)
    now = context.clock.now()
    wanted = WantedDevices(
        unbound=query.unbound, revoked=query.revoked, mode=query.mode, after=query.cursor, limit=query.limit + 1
    )
    async with borrow(context.pool) as conn:
        rows = await provisioning.find(conn, wanted, now)
        page = rows[: query.limit]
        worn = [row.stay_id for row in page if row.stay_id is not None]
        seen = await wearers.visible(conn, worn, principal.scope, now)
    following = cursor_after(page[-1].device_no) if len(rows) > query.limit else None
    return reply({"items": [device_state(row, seen) for row in page], "next": following})


@router.post("/api/devices", response_model=Provisioned, status_code=HTTPStatus.CREATED)
async def post_device(
    request: Request,
    principal: MayDevicesManage,
    body: Device,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Add a device; the answer holds its secret, which is not to be had again. A repeat is answered without it."""
    context = context_of(request)
    now = context.clock.now()
    secret = credentials.secret_of(context.settings.device_key, body.device_id, device_secrets.FIRST)
    key = idempotency(idempotency_key, principal, request.url.path, body)
    new = NewDevice(
        device_id=body.device_id, model=body.model, mode=body.mode, secret_sha256=credentials.digest(secret)
    )
    async with borrow(context.pool) as conn:
        before = await keys.claim(conn, key, now) if key else None
        if before is not None:
            return await _told_before(conn, principal, before.made_id, context)
        number = await provisioning.add(conn, new, principal.actor, now)
        if number is None:
            raise Problem(HTTPStatus.CONFLICT, "There is a device of that id already.")
        if key:
            await keys.keep(conn, key, number)
        state = await _detail(conn, await _found(conn, body.device_id, context), principal, context)
    location = {"ETag": f'"{state["rev"]}"', "Location": f"/api/devices/{body.device_id}"}
    return reply({**state, "secret": secret}, headers=location, status=HTTPStatus.CREATED)


@router.get("/api/devices/{device_id}", response_model=DeviceDetail)
async def get_device(request: Request, device_id: DeviceId, principal: MayDevicesRead) -> Response:
    """Show one device; the ETag is the revision of its registration."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        return _shown(await _detail(conn, await _found(conn, device_id, context), principal, context))


@router.post("/api/devices/{device_id}/revoke", response_model=DeviceDetail)
async def revoke(
    request: Request,
    device_id: DeviceId,
    principal: MayDevicesManage,
    body: Why,
) -> Response:
    """Shut a device out for good: it is disconnected at once and never let in again. Twice is once."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        device = await _own(conn, device_id, principal, context)
        await provisioning.revoke(conn, device, body.reason, principal.actor, context.clock.now())
        return _shown(await _detail(conn, await _found(conn, device_id, context), principal, context))


@router.post("/api/devices/{device_id}/secret", response_model=Provisioned)
async def rotate(
    request: Request,
    device_id: DeviceId,
    principal: MayDevicesManage,
    body: Why,
) -> Response:
    """Draw another secret: whoever is connected by the old one is disconnected at once."""
    context = context_of(request)
    async with borrow(context.pool) as conn:
        device = await _own(conn, device_id, principal, context)
        secret = credentials.secret_of(context.settings.device_key, device_id, device.secret_no + 1)
        digest = credentials.digest(secret)
        if not await provisioning.rotate(conn, device, digest, body.reason, principal.actor, context.clock.now()):
            raise Problem(HTTPStatus.CONFLICT, _REVOKED if device.revoked_at else _MEANWHILE)
        state = await _detail(conn, await _found(conn, device_id, context), principal, context)
    return reply({**state, "secret": secret}, headers={"ETag": f'"{state["rev"]}"'})


@router.put("/api/devices/{device_id}/config", response_model=DeviceDetail)
async def put_config(
    request: Request,
    device_id: DeviceId,
    principal: MayDevicesManage,
    body: Annotated[dict[str, JsonValue], Body()],
    if_match: IfMatch = None,
) -> Response:
    """Tell a device something else: it receives this at once, or when it next comes."""
    context = context_of(request)
    seen = revision(if_match)
    config = _config(body)
    async with borrow(context.pool) as conn:
        device = await _own(conn, device_id, principal, context)
        if device.revoked_at is not None:
            raise Problem(HTTPStatus.CONFLICT, _REVOKED)
        done = device.rev == seen and await provisioning.configure(
            conn, device, config, principal.actor, context.clock.now()
        )
        state = await _detail(conn, await _found(conn, device_id, context), principal, context)
    if not done:
        raise Problem(
            HTTPStatus.CONFLICT,
            "It has changed since you saw it.",
            more={"device": state},
            headers={"ETag": f'"{state["rev"]}"'},
        )
    return _shown(state)


def _config(body: dict[str, JsonValue]) -> str:
    """Return a configuration as the store can keep it."""
    try:
        text = orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The configuration cannot be written as JSON.") from error
    if len(text) > _MOST_CONFIG_BYTES or b"\\u0000" in text:
        detail = f"A configuration holds at most {_MOST_CONFIG_BYTES} bytes, and not the character NUL."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    return text.decode()


async def _found(conn: Connection, device_id: str, context: Context) -> Registered:
    found = await provisioning.find_one(conn, device_id, context.clock.now())
    if found is None:
        raise NotFound
    return found


async def _own(conn: Connection, device_id: str, principal: StaffPrincipal, context: Context) -> Registered:
    """Return a device that the operator may change: one that nobody wears, or a patient of their organisation.

    Nobody else changes it meanwhile; what is done with it is done from now on.
    """
    await provisioning.hold(conn, (await _found(conn, device_id, context)).device_no)
    found = await _found(conn, device_id, context)
    if found.stay_id is not None and await wearers.organisation_of(conn, found.stay_id) != principal.organisation_id:
        raise Problem(HTTPStatus.FORBIDDEN, _ELSEWHERE)
    return found


async def _detail(conn: Connection, row: Registered, principal: StaffPrincipal, context: Context) -> DeviceDetail:
    worn = [] if row.stay_id is None else [row.stay_id]
    return device_detail(row, await wearers.visible(conn, worn, principal.scope, context.clock.now()))


def _shown(state: DeviceDetail) -> Response:
    return reply(state, headers={"ETag": f'"{state["rev"]}"'})


async def _told_before(conn: Connection, principal: StaffPrincipal, made_id: int | None, context: Context) -> Response:
    """Answer a repeat: the device is there, its secret was told."""
    if made_id is None:
        raise key_reused()
    found = await provisioning.find(conn, WantedDevices(device_no=DeviceNo(made_id)), context.clock.now())
    state = await _detail(conn, found[0], principal, context)
    return reply({**state, "secret": None}, headers={"ETag": f'"{state["rev"]}"'})
