"""What of a window may be let go: calm readings among calm ones, once they are too old to be judged one by one.

Pure. Rules that look back for hours only ask whether a value was beyond a limit and whether there was a fresh one. So
of a thermometer that sends every minute one reading in a quarter of the kind's stale time says as much as all of them,
where those beside it lie in the same zone of the plan (`runs`) and none is near a limit. The invariants: what rules say
at any instant is what they say of all readings, and every reading that an alert may show is still there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting import runs
from alerting.evaluate import exact_back
from alerting.features import Batch, Bools, Rows
from alerting.rules.limit_alerts import given, look_back
from ward.plans import Limits, Plan
from ward.vitals import POOR_BELOW, USABLE, VITALS, VitalKind

# Everything younger is kept, so that what comes late changes nothing that has been let go. The project's choice.
THIN_AFTER_S: Final = 1800.0
_PARTS = 4  # of the stale time: a reading in each keeps the silences apart that a rule tells apart
_WORTH = 4  # times as long as what is kept must the look-back be
_MOST_PLANS = 20_000  # remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calm:
    """Of a kind: the values between which everything is over, and how far back, in us, every reading counts."""

    above: float
    below: float
    exact_us: int


_NOTHING = _Calm(above=np.inf, below=-np.inf, exact_us=0)


class Thinner:
    """Says what may be let go; remembers what plans say of that."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Plan, Mapping[VitalKind, _Calm]]] = {}

    def spared(self, rows: Rows, batch: Batch, now_us: int) -> Bools:
        """Tell which rows may be let go: (n,) bool. They are in order of stay, kind and time, `place` as in the batch.

        What is left must be judged by the same plans; for another plan a stay is read anew.
        """
        gone = np.zeros(len(rows), np.bool_)
        calm = [self._of(plan) for plan in batch.plans]
        for kind in sorted({kind for each in calm for kind in each}):
            mine = np.flatnonzero(rows["kind"] == VITALS[kind].code)
            gone[mine] = _spared(rows[mine], kind, [each.get(kind, _NOTHING) for each in calm], batch, now_us)
        return gone

    def _of(self, plan: Plan) -> Mapping[VitalKind, _Calm]:
        known = self._known.get(id(plan))
        if known is not None and known[0] is plan:
            return known[1]
        if len(self._known) >= _MOST_PLANS:
            self._known.clear()
        found = dict(_calm(plan))
        self._known[id(plan)] = (plan, found)
        return found


def _calm(plan: Plan) -> Iterator[tuple[VitalKind, _Calm]]:
    """Yield the kinds of which a plan lets readings go."""
    exact_s = exact_back(plan)
    for kind, back_s in look_back(plan).items():
        all_s = max(THIN_AFTER_S, exact_s.get(kind, 0.0))
        if back_s >= _WORTH * all_s:
            above, below = _between(given(plan, kind))
            yield kind, _Calm(above=above, below=below, exact_us=round(all_s * 1e6))


def _between(limits: Sequence[Limits]) -> tuple[float, float]:
    lows = [(each, by) for each in limits for by in (each.floor, each.alert_low, each.warn_low) if by is not None]
    highs = [(each, by) for each in limits for by in (each.ceiling, each.alert_high, each.warn_high) if by is not None]
    return (
        max((by + each.clear_by for each, by in lows), default=-np.inf),
        min((by - each.clear_by for each, by in highs), default=np.inf),
    )


def _spared(rows: Rows, kind: VitalKind, calm: Sequence[_Calm], batch: Batch, now_us: int) -> Bools:
    gone = np.zeros(len(rows), np.bool_)
    plan = batch.plan_of[rows["place"]]
    old = rows["measured_us"] < now_us - np.array([each.exact_us for each in calm])[plan]
    if not old.any():
        return gone
    above, below = (np.array([getattr(each, name) for each in calm])[plan] for name in ("above", "below"))
    quiet = _speak(rows) & (rows["value"] > above) & (rows["value"] < below)
    zone = runs.zones(batch, kind, rows["place"], rows["value"])
    part_us = round(VITALS[kind].freshness.stale_s / _PARTS * 1e6)
    part = rows["measured_us"] // part_us
    alike = quiet[1:] & quiet[:-1] & (rows["place"][1:] == rows["place"][:-1]) & (zone[1:] == zone[:-1])
    follows = alike & (rows["measured_us"][1:] - rows["measured_us"][:-1] <= part_us)
    gone[1:-1] = old[1:-1] & follows[:-1] & alike[1:] & (part[1:-1] == part[2:])
    return gone


def _speak(rows: Rows) -> Bools:
    """Tell which rows speak for the patient, and stand where they were measured."""
    poor = (rows["quality"] >= 0) & (rows["quality"] < round(POOR_BELOW * 100))
    found: Bools = np.isin(rows["validity"], USABLE) & ~poor & (rows["measured_us"] <= rows["received_us"])
    return found
