"""Which limits of a stay are wider than they are for everybody else of its team, and until when. Pure.

What a team has decided for all of its patients is nobody's exception. A limit that was taken away is the widest. The
invariant: whoever's alarms come later than their colleagues expect is named, by the kinds that it is about.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from ward import overlays
from ward.overlays import Layer, Origin
from ward.plans import Limits, Plan
from ward.vitals import VitalKind

_LOW, _HIGH = ("floor", "alert_low", "warn_low"), ("warn_high", "alert_high", "ceiling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Eased:
    """The kinds with wider limits, in the order of the plan; `until` is None where one stays so until it is changed."""

    kinds: tuple[VitalKind, ...]
    until: datetime | None


def eased(programme: str, kept: str) -> Eased | None:
    """Say what is eased in the layers in force, as the store gives them; None when nothing is."""
    layers = overlays.legible_layers(kept)
    below = [each for each in layers if each.origin is not Origin.PATIENT]
    if len(below) == len(layers):
        return None
    usual = overlays.fold(programme, below).plan
    kinds = tuple(_wider(overlays.folded(programme, kept).plan, usual))
    return Eased(kinds=kinds, until=_until(programme, layers, usual)) if kinds else None


def _until(programme: str, layers: Sequence[Layer], usual: Plan) -> datetime | None:
    """Return the first end of a temporary layer from which on nothing is eased; None where something stays so."""
    for end in sorted(each.until for each in layers if each.until is not None):
        left = [each for each in layers if each.until is None or each.until > end]
        if not any(_wider(overlays.fold(programme, left).plan, usual)):
            return end
    return None


def _wider(plan: Plan, usual: Plan) -> Iterator[VitalKind]:
    for kind in dict.fromkeys(chain(usual.limits, () if usual.night is None else usual.night.limits)):
        if any(_is_wider(*pair) for pair in _pairs(kind, plan, usual)):
            yield kind


def _pairs(kind: VitalKind, plan: Plan, usual: Plan) -> Iterator[tuple[Limits, Limits]]:
    """Give the limits of the day and the night beside the usual ones; a night without its own is as the day."""
    day, other = plan.limits.get(kind, Limits()), usual.limits.get(kind, Limits())
    yield day, other
    yield (
        day if plan.night is None else plan.night.limits.get(kind, day),
        other if usual.night is None else usual.night.limits.get(kind, other),
    )


def _is_wider(limits: Limits, usual: Limits) -> bool:
    for name in (*_LOW, *_HIGH):
        now, before = getattr(limits, name), getattr(usual, name)
        if before is not None and (now is None or (now < before if name in _LOW else now > before)):
            return True
    return False
