"""Which announced readings cannot wait for the next pass: those that reach further beyond a limit than the one before.

Pure. A screen only says where to look at once; what is found there is decided by evaluation, and what it overlooks is
found by the next pass. So it may be wrong in either direction at no cost but time: it knows the limits of each stay as
they were when it learnt them, and takes a stay that it does not know for one without limits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ward.people import StayId
from ward.plans import Limits, Plan, Side
from ward.vitals import VITALS, VitalKind

# One kind's bounds towards low and towards high, the mildest first.
Bounds = tuple[tuple[float, ...], tuple[float, ...]]


def bounds_of(*profiles: Limits) -> Bounds:
    """Return the bounds beyond which one reading may be an alert, the mildest first; of day and night, both.

    Where a limit waits, counts or filters, that is its hard bound alone: for the others the next pass is early enough.
    """
    low, high = set[float | None](), set[float | None]()
    for limits in profiles:
        low.add(limits.floor)
        high.add(limits.ceiling)
        if limits.delay_s == 0 and limits.n == 1 and limits.median_s == 0:
            low |= {limits.warn_low, limits.alert_low}
            high |= {limits.warn_high, limits.alert_high}
    lows, highs = (sorted(each for each in side if each is not None) for side in (low, high))
    return tuple(reversed(lows)), tuple(highs)


def level_of(bounds: Bounds, value: float) -> tuple[int, Side]:
    """Return how many bounds a value lies beyond, and on which side."""
    low, high = bounds
    below, above = sum(value < each for each in low), sum(value > each for each in high)
    return (below, Side.LOW) if below > above else (above, Side.HIGH)


@dataclass(slots=True)
class Screen:
    """The limits of the stays that it has learnt, and how far beyond them each kind was last."""

    _plans: dict[StayId, Plan] = field(default_factory=dict)
    _bounds: dict[StayId, Mapping[int, Bounds]] = field(default_factory=dict)
    _by_plan: dict[int, tuple[Plan, Mapping[int, Bounds]]] = field(default_factory=dict)
    _levels: dict[tuple[StayId, int], int] = field(default_factory=dict)

    def learn(self, stays: Iterable[tuple[StayId, Plan]]) -> None:
        """Take up plans that are in force."""
        for stay_id, plan in stays:
            known = self._by_plan.get(id(plan))
            if known is None or known[0] is not plan:
                if len(self._by_plan) > 10_000:
                    self._by_plan.clear()
                known = self._by_plan[id(plan)] = (plan, _by_code(plan))
            self._plans[stay_id], self._bounds[stay_id] = known

    def knows(self, stay_id: StayId) -> bool:
        """Tell whether a stay's limits have been learnt."""
        return stay_id in self._plans

    def plans(self, stay_ids: Iterable[StayId]) -> dict[StayId, Plan]:
        """Return the plans that were learnt last of those of these stays that are known."""
        return {each: self._plans[each] for each in stay_ids if each in self._plans}

    def worse(self, stay_id: StayId, kind: int, value: float) -> Side | None:
        """Take up a reading (of a kind's code); return the side on which it lies further beyond than the one before."""
        bounds = self._bounds.get(stay_id, {}).get(kind)
        if bounds is None:
            return None
        level, side = level_of(bounds, value)
        before = self._levels.get((stay_id, kind), 0)
        if level:
            self._levels[stay_id, kind] = level
        elif before:
            del self._levels[stay_id, kind]
        return side if level > before else None


def _by_code(plan: Plan) -> Mapping[int, Bounds]:
    profiles: dict[VitalKind, list[Limits]] = {}
    for limits in (plan.limits, plan.night.limits if plan.night else {}):
        for kind, each in limits.items():
            profiles.setdefault(kind, []).append(each)
    return {VITALS[kind].code: bounds_of(*found) for kind, found in profiles.items()}
