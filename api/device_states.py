"""Devices, their wearers and their bindings as answers show them: the shapes, and rows of the store put into them.

Who may not see a patient sees that a device is worn and since when, never by whom.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime

from typing_extensions import TypedDict

from ward.people import StayId
from ward.store.bindings import BindingRow
from ward.store.provisioning import Registered
from ward.store.wearers import Wearer


class WearerState(TypedDict):
    """The patient who wears or wore a device."""

    patient_id: int
    stay_id: int
    given_name: str
    family_name: str
    birth_date: date


class DeviceState(TypedDict):
    """A device in a list; `wearer` is null where nobody wears it, and where the caller may not see who (`worn`)."""

    device_id: str
    model: str
    mode: str
    rev: int
    revoked_at: datetime | None
    revoked_reason: str | None
    online: bool
    battery_pct: float | None
    firmware: str | None
    reported_at: datetime | None
    clock_ahead_s: float | None
    throttled_since: datetime | None
    worn: bool
    worn_since: datetime | None
    wearer: WearerState | None


class DeviceDetail(DeviceState):
    """A device by itself, with what it is told."""

    config: dict[str, object]


class Provisioned(DeviceDetail):
    """A device with its secret, which is told this once; null where it was told before."""

    secret: str | None


# `from` is a keyword of the language, hence the call form.
BindingState = TypedDict(
    "BindingState",
    {
        "binding_id": int,
        "device_id": str,
        "association": str,
        "from": datetime | None,
        "to": datetime | None,
        "proposed_at": datetime | None,
        "expires_at": datetime | None,
        "confirmed_at": datetime | None,
        "reason": str | None,
        "wearer": WearerState | None,
    },
)


class Check(TypedDict):
    """What somebody at the bedside compares with the device in their hand and the person before them."""

    device_id: str
    model: str
    given_name: str
    family_name: str
    birth_date: date


class ProposalState(BindingState):
    """A proposal, what to check before it is confirmed, and for how many seconds it holds."""

    check: Check
    holds_s: int


def wearer_state(wearer: Wearer | None) -> WearerState | None:
    """Return a wearer's shape; None stays None."""
    if wearer is None:
        return None
    return WearerState(
        patient_id=wearer.patient_id,
        stay_id=wearer.stay_id,
        given_name=wearer.given_name,
        family_name=wearer.family_name,
        birth_date=wearer.birth_date,
    )


def device_state(row: Registered, wearers: Mapping[StayId, Wearer]) -> DeviceState:
    """Return a device's shape; `wearers` holds those whom the caller may see."""
    return DeviceState(
        device_id=row.device_id,
        model=row.model,
        mode=row.mode,
        rev=row.rev,
        revoked_at=row.revoked_at,
        revoked_reason=row.revoked_reason,
        online=bool(row.online),
        battery_pct=row.battery_pct,
        firmware=row.firmware,
        reported_at=row.reported_at,
        clock_ahead_s=row.clock_ahead_s,
        throttled_since=row.throttled_since,
        worn=row.stay_id is not None,
        worn_since=row.worn_since,
        wearer=None if row.stay_id is None else wearer_state(wearers.get(row.stay_id)),
    )


def device_detail(row: Registered, wearers: Mapping[StayId, Wearer]) -> DeviceDetail:
    """Return a device's shape with what it is told."""
    return DeviceDetail(**device_state(row, wearers), config=json.loads(row.config))


def binding_state(device_id: str, row: BindingRow, wearers: Mapping[StayId, Wearer]) -> BindingState:
    """Return the shape of a binding or a proposal."""
    return {
        "binding_id": row.binding_id,
        "device_id": device_id,
        "association": row.association,
        "from": row.from_at,
        "to": row.until,
        "proposed_at": row.proposed_at,
        "expires_at": row.expires_at,
        "confirmed_at": row.confirmed_at,
        "reason": row.end_reason,
        "wearer": wearer_state(wearers.get(row.stay_id)),
    }
