"""What one change of a limit would have done: each computed over the same readings, never invented.

Pure. A suggestion changes one setting of one kind's limits towards fewer alerts; hard floors and ceilings are never
touched. It is told with what it removes, and how many of the recorded false alarms. The invariant: none loses an alert
that was closed as true.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from alerting import backtest
from alerting.backtest import Known, Raised
from alerting.features import Bools
from ward.backtests import Suggestion
from ward.plan_checks import limit_faults
from ward.plans import Limits, Plan
from ward.vitals import VITALS, VitalKind

# The steps that are tried, in seconds: the evidence of the project's clinical table 3.2 is about delays like these.
_DELAYS_S = (15.0, 30.0, 60.0, 120.0, 300.0)
_MEDIANS_S = (60.0, 180.0, 300.0)
# So many readings beyond, of the last 2k - 1: most of them, so that one alone neither rings nor ends it.
_MOST = (2.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One setting of one kind's limits, as it usually is and as it might be; `k` stands for most of the last 2k - 1."""

    kind: VitalKind
    setting: str
    before: float
    after: float

    def apply(self, plan: Plan) -> Plan:
        """Return the plan with the change, by night too; as it is where it has other limits, or could not be used."""
        if not self._fits(plan.limits):
            return plan
        night = plan.night
        # What the night does not say differently it has from the day (`ward.plans.build`).
        if night is not None and self._fits(night.limits):
            night = replace(night, limits=self._made(night.limits))
        changed = replace(plan, limits=self._made(plan.limits), night=night)
        mine = [changed.limits, {} if night is None else night.limits]
        usable = not any(any(limit_faults("", self.kind, each[self.kind])) for each in mine if self.kind in each)
        return changed if usable else plan

    def _fits(self, every: Mapping[VitalKind, Limits]) -> bool:
        limits = every.get(self.kind)
        if limits is None or getattr(limits, self.setting) != self.before:
            return False
        return self.setting != "k" or _of_most(limits)

    def _made(self, every: Mapping[VitalKind, Limits]) -> dict[VitalKind, Limits]:
        return {**every, self.kind: _with(every[self.kind], self.setting, self.after)}


def _with(limits: Limits, setting: str, value: float) -> Limits:
    match setting:
        case "delay_s":
            return replace(limits, delay_s=value)
        case "median_s":
            return replace(limits, median_s=value)
        case "k":
            return replace(limits, k=int(value), n=2 * int(value) - 1)
        case "warn_low":
            return replace(limits, warn_low=value)
        case "warn_high":
            return replace(limits, warn_high=value)
    raise AssertionError(setting)


def _of_most(limits: Limits) -> bool:
    return limits.n == 2 * limits.k - 1


def changes(plan: Plan, kinds: Sequence[VitalKind]) -> Iterator[Change]:
    """Yield what is worth a try for these kinds: longer delays, medians, most of some readings, a wider warning."""
    for kind in kinds:
        limits = plan.limits[kind]
        for delay_s in [each for each in _DELAYS_S if each > limits.delay_s][:2]:
            yield Change(kind=kind, setting="delay_s", before=limits.delay_s, after=delay_s)
        for median_s in [each for each in _MEDIANS_S if each > limits.median_s][:1]:
            yield Change(kind=kind, setting="median_s", before=limits.median_s, after=median_s)
        for k in [each for each in _MOST if each > limits.k and _of_most(limits)]:
            yield Change(kind=kind, setting="k", before=limits.k, after=k)
        yield from _wider(kind, limits)


def _wider(kind: VitalKind, limits: Limits) -> Iterator[Change]:
    """Move a warning by the smallest step that the kind is shown with."""
    step = 10.0 ** -VITALS[kind].decimals
    for setting, sign in (("warn_low", -1.0), ("warn_high", 1.0)):
        before: float | None = getattr(limits, setting)
        if before is not None:
            yield Change(kind=kind, setting=setting, before=before, after=round(before + sign * step, 3))


def judged(
    change: Change, before: Raised, after: Raised, recorded: tuple[Sequence[Known], Sequence[Known]]
) -> Suggestion:
    """Return what a change would have done.

    Parameters
    ----------
    before, after : the alerts of all rules, as the candidate gives them and with the change
    recorded : alerts closed as true, and as false
    """
    true_alerts, false_alerts = recorded
    speaks_before, speaks_after = (backtest.clinical(each, frozenset(), recorded) for each in (before, after))
    # Another alert of the hours before finds the deterioration, but the alert that people called true is gone.
    gone = [backtest.would_ring(before, each) and not backtest.would_ring(after, each) for each in true_alerts]
    missed = [_found(before, each, speaks_before) and not _found(after, each, speaks_after) for each in true_alerts]
    lost = sum(each or other for each, other in zip(gone, missed, strict=True))
    removed = sum(backtest.would_ring(before, each) and not backtest.would_ring(after, each) for each in false_alerts)
    return Suggestion(
        kind=change.kind.value,
        setting=change.setting,
        before=change.before,
        after=change.after,
        alerts_before=len(before),
        alerts_after=len(after),
        false_removed=removed,
        lost=lost,
    )


def _found(plan: Raised, known: Known, speaks: Bools) -> bool:
    return not math.isnan(backtest.found_at(plan, known, speaks))


def ranked(suggestions: Sequence[Suggestion]) -> list[Suggestion]:
    """Sort: what removes most first; what removes nothing, or loses an alert that was closed as true, is none."""
    useful = [each for each in suggestions if each.alerts_after < each.alerts_before and each.lost == 0]
    return sorted(useful, key=lambda each: each.alerts_after - each.alerts_before)
