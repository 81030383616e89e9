"""Which announced readings cannot wait for the next pass: those that reach further beyond a limit than the one before.

Pure. A screen only says where to look at once; what is found there is decided by evaluation, and what it overlooks is
found by the next pass. So it may be wrong in either direction at no cost but time: it knows the limits of each stay as
of its last evaluation, and takes a stay that it does not know for one without limits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ward.people import StayId
from ward.plans import Limits, Plan
from ward.vitals import VITALS, VitalKind

# One kind's bounds towards low and towards high, the mildest first.
Bounds = tuple[tuple[float, ...], tuple[float, ...]]


def bounds_of(limits: Limits) -> Bounds:
    """Return the bounds at which somebody might have to be told, the mildest first."""
    low = (limits.warn_low, limits.alert_low, limits.floor)
    high = (limits.warn_high, limits.alert_high, limits.ceiling)
    return tuple(each for each in low if each is not None), tuple(each for each in high if each is not None)


def level_of(bounds: Bounds, value: float) -> int:
    """Return how many bounds a value lies beyond."""
    low, high = bounds
    return max(sum(value < each for each in low), sum(value > each for each in high))


@dataclass(slots=True)
class Screen:
    """The limits of the stays that this worker has evaluated, and how far beyond them each kind was last."""

    _bounds: dict[StayId, Mapping[int, Bounds]] = field(default_factory=dict)
    _by_plan: dict[int, tuple[Plan, Mapping[int, Bounds]]] = field(default_factory=dict)
    _levels: dict[tuple[StayId, int], int] = field(default_factory=dict)

    def learn(self, stays: Iterable[tuple[StayId, Plan]]) -> None:
        """Take up the plans that were in force at an evaluation."""
        for stay_id, plan in stays:
            known = self._by_plan.get(id(plan))
            if known is None or known[0] is not plan:
                if len(self._by_plan) > 10_000:
                    self._by_plan.clear()
                known = self._by_plan[id(plan)] = (plan, _by_code(plan.limits))
            self._bounds[stay_id] = known[1]

    def worse(self, stay_id: StayId, kind: int, value: float) -> bool:
        """Take up a reading (of a kind's code); tell whether it lies further beyond than the one before it."""
        bounds = self._bounds.get(stay_id, {}).get(kind)
        if bounds is None:
            return False
        level = level_of(bounds, value)
        before = self._levels.get((stay_id, kind), 0)
        if level:
            self._levels[stay_id, kind] = level
        elif before:
            del self._levels[stay_id, kind]
        return level > before


def _by_code(limits: Mapping[VitalKind, Limits]) -> Mapping[int, Bounds]:
    return {VITALS[kind].code: bounds_of(each) for kind, each in limits.items()}
