"""What a change of medication did: chosen vitals before and after it, how they moved, and after how long. Pure.

Plain Python: the API computes it for one patient when somebody looks. Not here: reading the values
(`ward.store.series`), the words (`api.effect_words`). The invariant: where either side has too few values the verdict
says so, and nothing is said of how the kind moved. A change after a medicine is not proof that the medicine made it.

Classes, windows and smallest changes are the project's proposals, to be confirmed by who is clinically responsible.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median, quantiles
from types import MappingProxyType
from typing import Final

from ward.vitals import VITALS, VitalKind

STEP: Final = timedelta(minutes=15)
"""Values come as means of so long, so that a kind measured every second does not outweigh its own hours."""
LEAST: Final = 3
"""So many values at least on each side."""
LEAST_COVER: Final = 0.3
"""So much of what was to be expected at least on each side."""
LEAST_SHARE: Final = 0.7
"""So likely a value afterwards lies beyond one before, for the kind to have moved: half is chance."""
RUN: Final = 3
"""So many values together stand beyond the smallest change when the effect is said to have come."""


class DrugClass(StrEnum):
    """Classes of medicines, by what is looked at after a change."""

    LOOP_DIURETIC = "loop_diuretic"
    BETA_BLOCKER = "beta_blocker"
    ANTIHYPERTENSIVE = "antihypertensive"
    BRONCHODILATOR = "bronchodilator"
    CORTICOSTEROID = "corticosteroid"
    OPIOID = "opioid"
    ANTIPYRETIC = "antipyretic"
    ANTIBIOTIC = "antibiotic"
    GLUCOSE_LOWERING = "glucose_lowering"
    OXYGEN = "oxygen"
    OTHER = "other"


class Wanted(StrEnum):
    """Which way a kind is wanted to go; `watch`: neither, it is looked at for harm."""

    RISE = "rise"
    FALL = "fall"
    WATCH = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """What is looked at after a class: from `before` the change up to it, and for `after` from `lag` after it."""

    before: timedelta
    lag: timedelta
    after: timedelta
    watched: MappingProxyType[VitalKind, Wanted]


def _lens(before_h: float, lag_h: float, after_h: float, **watched: Wanted) -> Lens:
    return Lens(
        before=timedelta(hours=before_h),
        lag=timedelta(hours=lag_h),
        after=timedelta(hours=after_h),
        watched=MappingProxyType({VitalKind(kind): wanted for kind, wanted in watched.items()}),
    )


_UP, _DOWN, _EYE = Wanted.RISE, Wanted.FALL, Wanted.WATCH
# Windows of whole days where an effect takes days: the hours of the day then weigh alike on both sides.
LENSES: Final = MappingProxyType(
    {
        DrugClass.LOOP_DIURETIC: _lens(120, 12, 120, weight=_DOWN, systolic=_EYE, heart_rate=_EYE, spo2=_EYE),
        DrugClass.BETA_BLOCKER: _lens(48, 2, 48, heart_rate=_DOWN, systolic=_EYE),
        DrugClass.ANTIHYPERTENSIVE: _lens(72, 12, 168, systolic=_DOWN, diastolic=_DOWN, heart_rate=_EYE),
        DrugClass.BRONCHODILATOR: _lens(24, 0.25, 24, resp_rate=_DOWN, spo2=_UP, peak_flow=_UP, heart_rate=_EYE),
        DrugClass.CORTICOSTEROID: _lens(48, 6, 72, resp_rate=_DOWN, spo2=_UP, peak_flow=_UP, glucose=_EYE),
        DrugClass.OPIOID: _lens(24, 0.5, 24, pain=_DOWN, resp_rate=_EYE, spo2=_EYE),
        DrugClass.ANTIPYRETIC: _lens(12, 0.5, 6, temperature=_DOWN, heart_rate=_EYE),
        DrugClass.ANTIBIOTIC: _lens(24, 24, 72, temperature=_DOWN, heart_rate=_DOWN, resp_rate=_DOWN),
        DrugClass.GLUCOSE_LOWERING: _lens(72, 4, 72, glucose=_DOWN),
        DrugClass.OXYGEN: _lens(6, 0.1, 6, spo2=_UP, resp_rate=_EYE, heart_rate=_EYE),
        DrugClass.OTHER: _lens(24, 0, 24, heart_rate=_EYE, resp_rate=_EYE, spo2=_EYE, systolic=_EYE),
    }
)
# The smallest change that counts, in the kind's unit.
SMALLEST: Final = MappingProxyType(
    {
        VitalKind.HEART_RATE: 5.0,
        VitalKind.RESP_RATE: 2.0,
        VitalKind.SPO2: 1.0,
        VitalKind.TEMPERATURE: 0.3,
        VitalKind.SKIN_TEMPERATURE: 0.5,
        VitalKind.SYSTOLIC: 5.0,
        VitalKind.DIASTOLIC: 5.0,
        VitalKind.MEAN_PRESSURE: 5.0,
        VitalKind.WEIGHT: 0.5,
        VitalKind.GLUCOSE: 1.0,
        VitalKind.CONSCIOUSNESS: 1.0,
        VitalKind.OXYGEN_FLOW: 0.5,
        VitalKind.FIO2: 3.0,
        VitalKind.PAIN: 1.0,
        VitalKind.PERFUSION_INDEX: 0.5,
        VitalKind.STEPS: 5.0,
        VitalKind.PEAK_FLOW: 20.0,
    }
)


class Verdict(StrEnum):
    """What can be said of a kind."""

    AS_WANTED = "as_wanted"
    AGAINST = "against"
    UNCHANGED = "unchanged"
    ROSE = "rose"
    FELL = "fell"
    TOO_EARLY = "too_early"
    TOO_LITTLE = "too_little"


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """When is looked, in time: [start, at) and [from_at, until)."""

    start: datetime
    at: datetime
    from_at: datetime
    until: datetime
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The values of one side; `cover` is the share of what was to be expected that came (0-1)."""

    count: int
    cover: float
    median: float
    low_quartile: float
    high_quartile: float

    @property
    def is_enough(self) -> bool:
        """Whether something may be said of it."""
        return self.count >= LEAST and self.cover >= LEAST_COVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How one kind moved; a side is None where there is nothing.

    `share` is how likely a value afterwards lies above one before (0.5: no difference), `after_s` how long it took
    until it had moved, None where that cannot be told.
    """

    kind: VitalKind
    wanted: Wanted
    verdict: Verdict
    before: Side | None
    after: Side | None
    change: float | None = None
    share: float | None = None
    after_s: float | None = None


Points = Sequence[tuple[datetime, float]]
"""Values of one kind, oldest first, each the mean of `STEP` from its time on."""


def lens(drug_class: DrugClass, watch: Sequence[VitalKind]) -> Lens:
    """Return what is looked at: the kinds of the class, or those that were chosen instead."""
    found = LENSES[drug_class]
    if not watch:
        return found
    chosen = {kind: found.watched.get(kind, Wanted.WATCH) for kind in watch}
    return Lens(before=found.before, lag=found.lag, after=found.after, watched=MappingProxyType(chosen))


def windows(of: Lens, at: datetime, started_at: datetime, now: datetime) -> Windows:
    """Return when is looked; not before the stay, and not beyond now."""
    from_at = at + of.lag
    end = from_at + of.after
    return Windows(
        start=max(started_at, at - of.before), at=at, from_at=from_at, until=min(end, max(now, from_at)),
        is_over=now >= end,
    )  # fmt: skip


def effect(kind: VitalKind, wanted: Wanted, before: Points, late: Points, when: Windows) -> Effect:
    """Return how a kind moved.

    Parameters
    ----------
    before : values measured in [`when.start`, `when.at`)
    late : values measured in [`when.at`, `when.until`); those from `when.from_at` on are the other side
    """
    earlier = [value for _, value in before]
    later = [value for at, value in late if at >= when.from_at]
    sides = _side(kind, earlier, when.at - when.start), _side(kind, later, when.until - when.from_at)
    first, second = sides
    if first is None or second is None or not (first.is_enough and second.is_enough):
        waits = first is not None and first.is_enough and not when.is_over
        verdict = Verdict.TOO_EARLY if waits else Verdict.TOO_LITTLE
        return Effect(kind=kind, wanted=wanted, verdict=verdict, before=first, after=second)
    share, change = _above(earlier, later), second.median - first.median
    sign = _sign(kind, change, share)
    return Effect(
        kind=kind,
        wanted=wanted,
        verdict=_verdict(wanted, sign),
        before=first,
        after=second,
        change=change,
        share=share,
        after_s=_time_to(late, first.median, sign, SMALLEST[kind], when.at) if sign else None,
    )


def _side(kind: VitalKind, values: Sequence[float], length: timedelta) -> Side | None:
    if not values or length <= timedelta():
        return None
    every = max(STEP, timedelta(seconds=VITALS[kind].freshness.expected_s))
    low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else (values[0],) * 3
    return Side(
        count=len(values),
        cover=min(1.0, len(values) / max(1.0, length / every)),
        median=median(values),
        low_quartile=low,
        high_quartile=high,
    )


def _above(before: Sequence[float], after: Sequence[float]) -> float:
    """Return how likely a value of `after` lies above one of `before`, ties by half (Mann and Whitney's U by n·m)."""
    ordered = sorted(before)
    below = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in after)
    return below / (2 * len(before) * len(after))


def _sign(kind: VitalKind, change: float, share: float) -> int:
    """Return which way it moved: by the smallest change that counts, and of most values; 0 where it did not."""
    if change >= SMALLEST[kind] and share >= LEAST_SHARE:
        return 1
    return -1 if -change >= SMALLEST[kind] and 1 - share >= LEAST_SHARE else 0


def _verdict(wanted: Wanted, sign: int) -> Verdict:
    if not sign:
        return Verdict.UNCHANGED
    if wanted is Wanted.WATCH:
        return Verdict.ROSE if sign > 0 else Verdict.FELL
    return Verdict.AS_WANTED if (sign > 0) is (wanted is Wanted.RISE) else Verdict.AGAINST


def _time_to(late: Points, before: float, sign: int, least: float, at: datetime) -> float | None:
    """Return the seconds until `RUN` values in a row stood beyond the smallest change, and the rest mostly stayed."""
    moved = [sign * (value - before) >= least for _, value in late]
    for index in range(len(late) - RUN + 1):
        rest = moved[index:]
        if all(rest[:RUN]) and 2 * sum(rest) > len(rest):
            return (late[index][0] - at).total_seconds()
    return None
