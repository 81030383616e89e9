"""The order of SpO2 scale 2 as answers show it: whose it is, who confirmed it, how it stands. Pure.

Who confirmed it is told by the versions: whoever wrote the first that brought it into force, or signed that. The
invariant: an order that does not say whose it is in a way that could be checked is never shown as confirmed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from typing_extensions import TypedDict

from ward import overlays, scale_orders
from ward.overlays import Effective
from ward.people import StaffId
from ward.plans import Order, Way
from ward.scale_orders import Doctor, Standing
from ward.store.plan_versions import Version


class OrderState(TypedDict):
    """The order by which scale 2 is used, or was until it ran out.

    `doctor_id` is null and `clinic` and `way` are said where the doctor is from outside; all three are null where it
    was written before it was checked whose an order is. `written_by` took it down; `confirmed_by` is the doctor of the
    staff who put their name to it, null where none did.
    """

    doctor: str
    doctor_id: int | None
    clinic: str | None
    way: Way | None
    ordered_at: datetime
    expires_at: datetime
    standing: Standing
    written_by: str | None
    written_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None


class DoctorState(TypedDict):
    """A doctor of the staff who cares for the patient."""

    staff_id: StaffId
    name: str
    title: str
    organisation: str


class DoctorPage(TypedDict):
    """The doctors who may order for a patient, by name."""

    items: list[DoctorState]


def doctor_states(doctors: Iterable[Doctor]) -> list[DoctorState]:
    """Build the doctors who may order."""
    return [
        DoctorState(staff_id=each.staff_id, name=each.name, title=each.title, organisation=each.organisation)
        for each in doctors
    ]


def order_state(found: Effective, versions: Sequence[Version], now: datetime) -> OrderState | None:
    """Build the order that scale 2 is asked for by; `versions` are the patient's."""
    order = found.plan.scale_2_order
    if order is None or not (found.plan.spo2_scale == 2 or found.scale_2_lapsed):
        return None
    first = next((row for row in sorted(versions, key=lambda row: row.begins_at) if _brought(row, order)), None)
    confirmed = first if order.is_named else None
    by, at = _confirmation(confirmed)
    return OrderState(
        doctor=order.doctor,
        doctor_id=order.doctor_id,
        clinic=None if order.outside is None else order.outside.clinic,
        way=None if order.outside is None else order.outside.way,
        ordered_at=order.ordered_at,
        expires_at=order.expires_at,
        standing=scale_orders.standing(order, now),
        written_by=None if first is None else first.author,
        written_at=None if first is None else first.valid_from,
        confirmed_by=by,
        confirmed_at=at,
    )


def _confirmation(first: Version | None) -> tuple[str | None, datetime | None]:
    if first is None:
        return None, None
    if scale_orders.ASK in first.asks:
        return first.approver, first.approved_at
    return first.author, first.valid_from


def _brought(row: Version, order: Order) -> bool:
    """Tell whether a version that came in force has an order."""
    if not row.was_in_force or scale_orders.ASK not in row.rules:
        return False
    try:
        return overlays.decode(row.rules).scale_2_order == order
    except msgspec.DecodeError:
        return False
