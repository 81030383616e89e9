"""Whose an order of SpO2 scale 2 is, when it is whole, and how it stands. Pure.

An order is a doctor's who cares for the patient and is known by their log-in: they write it, or confirm what somebody
else wrote. A doctor from outside is written with clinic and way, and a doctor who cares for the patient answers for it:
as who wrote it, or by signing. The invariant: no order begins without the log-in of a doctor behind it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from ward.people import StaffId
from ward.plan_checks import Fault
from ward.plans import Order, Plan

ASK = "scale_2_order"
"""What a version asks a signature for that brings an order which no doctor has put their name to."""
SOON = timedelta(hours=72)
"""How long before its end an order is said to end soon: a weekend and a day. The project's choice."""
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """A doctor of the staff who cares for the patient and can log in."""

    staff_id: StaffId
    name: str
    title: str
    organisation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who writes a change, None where nobody with a log-in does, and which doctors care for the patient."""

    by: StaffId | None = None
    doctors: Mapping[StaffId, Doctor] = field(default_factory=dict)


NOBODY = Hand()


class Standing(StrEnum):
    """How an order stands in time."""

    HOLDS = "holds"
    ENDING = "ending"
    OVER = "over"


def standing(order: Order, now: datetime) -> Standing:
    """Say how an order stands in time."""
    if order.expires_at <= now:
        return Standing.OVER
    return Standing.ENDING if order.expires_at - now <= SOON else Standing.HOLDS


def signed_by_name(order: Order, kept: Order | None, doctors: Mapping[StaffId, Doctor]) -> Order:
    """Return an order with the name that the store has of its doctor; one that is `kept` as it was stays so."""
    doctor = None if order.doctor_id is None else doctors.get(order.doctor_id)
    return order if doctor is None or order == kept else msgspec.structs.replace(order, doctor=doctor.name)


def brought(plan: Plan, before: Plan) -> Order | None:
    """Return the order that a plan brings which was not in the one before.

    One that is kept word for word is none, but where it says not whose it is and scale 2 was not used by it.
    """
    order = plan.scale_2_order
    if order is None or order != before.scale_2_order:
        return order
    return order if not order.is_named and before.spo2_scale != plan.spo2_scale else None


def faults(order: Order | None, doctors: Mapping[StaffId, Doctor]) -> Iterator[Fault]:
    """List what is wrong with whose a new order is."""
    if order is None:
        return
    if order.doctor_id is not None and order.outside is not None:
        yield _fault("outside", "är antingen av personalen eller utifrån", "is either of the staff or from outside")
    elif order.doctor_id is not None and order.doctor_id not in doctors:
        sv = "är ingen läkare i personalen som vårdar patienten"
        yield _fault("doctor_id", sv, "is no doctor of the staff who cares for the patient")
    elif not order.is_named:
        sv = "säg vilken läkare i personalen som ordinerar, eller varifrån en annan läkare gör det"
        en = "say which doctor of the staff orders it, or from where another doctor does"
        yield _fault("doctor_id", sv, en)
    if order.outside is not None:
        yield from _written("outside.clinic", order.outside.clinic)
        yield from _written("doctor", order.doctor)


def _written(name: str, text: str) -> Iterator[Fault]:
    # What is not printable could be read as another name than it is.
    if not text.strip() or len(text) > _LONGEST_TEXT or not text.isprintable():
        sv = f"skrivs på en rad med 1–{_LONGEST_TEXT} tecken"
        yield _fault(name, sv, f"is written on one line, in 1–{_LONGEST_TEXT} characters")


def _fault(name: str, sv: str, en: str) -> Fault:
    return Fault(path=f"{ASK}.{name}", sv=sv, en=en)


def asks(order: Order | None, hand: Hand) -> bool:
    """Tell whether a new order waits for a doctor: it does not where who writes it is one, and writes their own."""
    return order is not None and not confirms(order, hand.by, hand.doctors)


def confirms(order: Order, by: StaffId | None, doctors: Mapping[StaffId, Doctor]) -> bool:
    """Tell whether somebody's name makes an order whole: the doctor's own, or any caring doctor's for one outside."""
    return by in doctors and order.is_named and order.doctor_id in {None, by}
