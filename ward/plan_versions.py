"""The life of one version of an overlay, and who may take which step. Pure.

    draft → in force, or awaiting a second signature → in force → superseded, withdrawn
    draft, awaiting → withdrawn

The invariant: what loosens a hard limit or turns to comfort care is in force with two names or not at all, and what
brings an order of SpO2 scale 2 with the name of the doctor whose it is (`ward.scale_orders`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from ward import overlays, plans, scale_orders
from ward.overlays import Effective, Layer, Origin, Overlay
from ward.people import Role, StaffId
from ward.plan_checks import Fault
from ward.plan_oddities import loosened, oddities
from ward.scale_orders import NOBODY, Doctor, Hand

# The project's choices, to be confirmed locally.
LONGEST_ORDER = timedelta(days=366)
LONGEST_TEMPORARY = timedelta(days=30)
_ASLANT = timedelta(minutes=5)  # how far the clock of who writes an order may be ahead


class State(StrEnum):
    """What a version is. What has ended by its own time stays IN_FORCE: the time says so."""

    DRAFT = "draft"
    AWAITING = "awaiting"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Refusal(StrEnum):
    """Why a step is not taken."""

    OVER = "over"
    OWN = "own"
    NOT_DOCTOR = "not_doctor"
    NOT_ORDERING = "not_ordering"
    NOT_CARING = "not_caring"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is said of a change before it is saved.

    `coming` is what the plan will be, now and each time that a temporary change ends. `faults` refuse it, `oddities`
    ask whether it is meant. `asks` names what needs a second person's signature: what is looser than the layer below,
    and looser than what has been signed before; and an order of scale 2 that no doctor has put their name to.
    """

    after: Effective
    coming: tuple[plans.Plan, ...]
    faults: tuple[Fault, ...]
    oddities: tuple[Fault, ...]
    asks: tuple[str, ...]

    @property
    def state(self) -> State:
        """What the change becomes when it is saved."""
        return State.AWAITING if self.asks else State.IN_FORCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """What is in force of a stay or a team: what lies below, the standing overlay, the temporary ones over it."""

    programme: str
    below: tuple[Layer, ...] = ()
    standing: tuple[Layer, ...] = ()
    temporary: tuple[Layer, ...] = ()

    @property
    def all(self) -> tuple[Layer, ...]:
        """Everything, from the lowest."""
        return (*self.below, *self.standing, *self.temporary)


def layers_of(programme: str, layers: Sequence[Layer], origin: Origin) -> Layers:
    """Sort the layers in force into those of one's own and those below."""
    own = [each for each in layers if each.origin is origin]
    return Layers(
        programme=programme,
        below=tuple(each for each in layers if each.origin is not origin),
        standing=tuple(each for each in own if each.until is None),
        temporary=tuple(each for each in own if each.until is not None),
    )


def review(
    layers: Layers, change: Overlay, origin: Origin, until: datetime | None, now: datetime, hand: Hand = NOBODY
) -> Review:
    """Say what a change would be: in place of the standing overlay, or with `until` over all that is in force."""
    new = Layer(origin=origin, version=_next(layers), rules=overlays.raw(change), until=until)
    then = with_change(layers, new)
    below = overlays.fold(layers.programme, layers.below)
    before = overlays.fold(layers.programme, [*layers.below, *layers.standing])
    own = overlays.fold(layers.programme, [*then.below, *then.standing, *([new] if until else [])])
    after = overlays.fold(layers.programme, then.all)
    template = plans.template(own.plan.programme)
    order = scale_orders.brought(own.plan, before.plan)
    looser = [each for each in loosened(own.plan, below.plan) if each in loosened(own.plan, before.plan)]
    return Review(
        after=after,
        coming=tuple(overlays.fold(layers.programme, each).plan for each in as_they_end(then.all)),
        faults=(
            *_of_change(own, after),
            *_order(own, change, before.plan, now),
            *scale_orders.faults(order, hand.doctors),
            *_times(until, now),
        ),
        oddities=oddities(own.plan, template),
        asks=(*looser, *([scale_orders.ASK] if scale_orders.asks(order, hand) else [])),
    )


def with_change(layers: Layers, new: Layer) -> Layers:
    """Return the layers with one more, in place of the standing one unless it is temporary."""
    if new.until is None:
        return replace(layers, standing=(new,))
    return replace(layers, temporary=(*layers.temporary, new))


def as_they_end(layers: Sequence[Layer]) -> Iterator[Sequence[Layer]]:
    """Give the layers as they are, and what is left of them each time that a temporary one ends."""
    yield layers
    for end in sorted({each.until for each in layers if each.until is not None}):
        yield [each for each in layers if each.until is None or each.until > end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What watches a patient at some time with a version, and what would without it."""

    before: plans.Plan
    after: plans.Plan


def withdrawal(layers: Sequence[Layer], origin: Origin, number: int, programme: str) -> tuple[Exchange, ...]:
    """Say what withdrawing a version changes: now, and each time that a temporary one ends by itself."""
    found = []
    for each in as_they_end(layers):
        left = [layer for layer in each if (layer.origin, layer.version) != (origin, number)]
        if len(left) < len(each):
            before, after = overlays.fold(programme, each).plan, overlays.fold(programme, left).plan
            found.append(Exchange(before=before, after=after))
    return tuple(found)


def tried(programme: str, kept: str, rules: str, origin: Origin) -> Effective:
    """Return what a draft would make of a stay's layers in force, as the store gives them.

    It takes the place of the standing layer of `origin`: of a team what its patients have of their own lies over it.
    """
    layers = overlays.read_layers(kept)
    newest = max((each.version for each in layers if each.origin is origin), default=0)
    draft = Layer(origin=origin, version=newest + 1, rules=msgspec.Raw(rules.encode()))
    below = [each for each in layers if origin is Origin.PATIENT and each.origin is Origin.TEAM]
    over = [each for each in layers if each not in below and (each.origin is not origin or each.until is not None)]
    return overlays.fold(programme, [*below, draft, *over])


def _next(layers: Layers) -> int:
    return max((each.version for each in (*layers.standing, *layers.temporary)), default=0) + 1


def _of_change(own: Effective, after: Effective) -> tuple[Fault, ...]:
    """Return the faults that the change has by itself, or together with what lies over it."""
    return own.faults or after.faults


def _order(own: Effective, change: Overlay, before: plans.Plan, now: datetime) -> tuple[Fault, ...]:
    """Look at the order that a change brings or asks scale 2 by; one that waits as well, for another may ask later.

    One that has run out and is kept as it was is nothing new: scale 1 is used, and the rest may be changed.
    """
    order = own.plan.scale_2_order
    brought = isinstance(change.scale_2_order, plans.Order)
    asked = own.plan.spo2_scale == 2 and (brought or change.spo2_scale == 2)
    if not (asked or brought):
        return ()
    if order is None:
        return (_order_fault("skala 2 kräver en läkares ordination", "scale 2 stands on a doctor's order alone"),)
    if order.ordered_at > now + _ASLANT:
        return (_order_fault("ordinationen ligger i framtiden", "the order lies in the future"),)
    kept = (before.spo2_scale, before.scale_2_order) == (2, order)
    if asked and order.expires_at <= now and not kept:
        return (_order_fault("ordinationen har gått ut", "the order has run out"),)
    if order.expires_at - order.ordered_at > LONGEST_ORDER:
        return (_order_fault("ordinationen gäller högst ett år", "an order holds for a year at most"),)
    return ()


def _order_fault(sv: str, en: str) -> Fault:
    return Fault(path="scale_2_order", sv=sv, en=en)


def _times(until: datetime | None, now: datetime) -> tuple[Fault, ...]:
    if until is None:
        return ()
    if until <= now:
        return (Fault(path="until", sv="tiden har redan gått", en="the time has passed"),)
    if until - now > LONGEST_TEMPORARY:
        days = LONGEST_TEMPORARY.days
        return (Fault(path="until", sv=f"högst {days} dygn fram", en=f"at most {days} days ahead"),)
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Who would sign a version; `order` is the one it asks their name for.

    `newest`: nothing has come in force after it. `doctors` care for the patient.
    """

    by: StaffId
    role: Role
    newest: bool
    order: plans.Order | None = None
    doctors: Mapping[StaffId, Doctor] = field(default_factory=dict)


def approve(state: State, author_id: StaffId | None, signing: Signing) -> Refusal | None:
    """Say why somebody may not sign a version, None when they may."""
    by, order = signing.by, signing.order
    if state is not State.AWAITING:
        return Refusal.OVER
    if by == author_id:
        return Refusal.OWN
    if signing.role is not Role.DOCTOR:
        return Refusal.NOT_DOCTOR
    if order is not None and by not in signing.doctors:
        return Refusal.NOT_CARING
    if order is not None and not scale_orders.confirms(order, by, signing.doctors):
        return Refusal.NOT_ORDERING
    return None if signing.newest else Refusal.OVERTAKEN


def withdraw(state: State) -> Refusal | None:
    """Say why a version cannot be withdrawn, None when it can."""
    return None if state in {State.DRAFT, State.AWAITING, State.IN_FORCE} else Refusal.OVER
