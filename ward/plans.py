"""The monitoring plan: which limits watch a stay. The default template; how a plan is kept as JSON.

A plan never turns off by missing something: what it leaves out is taken from the template.
Clinical numbers here are the project's proposal and must be confirmed by who is clinically responsible.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

import msgspec

from ward.alerts import Priority
from ward.vitals import VitalKind

# RCP, NEWS2, 2017: three points for each of six parameters and two for oxygen.
HIGHEST_NEWS2 = 20
# The project's choices, in seconds: no violation goes on longer unheard, no signal may be promised more seldom.
LONGEST_DELAY_S, LONGEST_EXPECTED_S = 3600.0, 7 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Two bands for one kind, in its canonical unit; None means no limit on that side.

    `alert_*` raise high priority, `warn_*` medium; the ordering is
    `alert_low <= warn_low < warn_high <= alert_high`. `delay_s` is how long a violation must last,
    `clear_by` how far inside the limit a value must come before it counts as over (hysteresis).
    `floor` and `ceiling` are hard: beyond them there is no delay, no filter and no count.
    `k` of the last `n` readings must be beyond; `median_s` > 0 judges the median of that many seconds.
    """

    alert_low: float | None = None
    warn_low: float | None = None
    warn_high: float | None = None
    alert_high: float | None = None
    delay_s: float = 0.0
    clear_by: float = 0.0
    floor: float | None = None
    ceiling: float | None = None
    k: int = 1
    n: int = 1
    median_s: float = 0.0

    def faults(self) -> list[str]:
        """List what is wrong with the ordering, empty when nothing is."""
        names = ("floor", "alert_low", "warn_low", "warn_high", "alert_high", "ceiling")
        given = [(name, value) for name in names if (value := getattr(self, name)) is not None]
        faults = [
            f"{first} {low:g} must not be above {second} {high:g}"
            for (first, low), (second, high) in pairwise(given)
            if low > high
        ]
        if self.warn_low is not None and self.warn_high is not None and self.warn_low == self.warn_high:
            faults.append(f"warn_low and warn_high are both {self.warn_low:g}: every value would warn")
        if not 0 <= self.delay_s <= LONGEST_DELAY_S:
            faults.append(f"delay_s {self.delay_s:g} must be from 0 to {LONGEST_DELAY_S:g}")
        if self.clear_by < 0:
            faults.append(f"clear_by {self.clear_by:g} must not be negative")
        return faults


class Goals(StrEnum):
    """What care is for. Under `COMFORT` no limit, score, trend or rhythm rings; requests and worrying answers do."""

    FULL = "full"
    COMFORT = "comfort"


class Side(StrEnum):
    """Which way is bad."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A steady change: the robust slope over `over_s` is beyond `per_hour` (its sign says the way) for certain."""

    kind: VitalKind
    per_hour: float
    over_s: float
    priority: Priority = Priority.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A value that lies `sds` robust standard deviations of the person's own normal away from it for `hold_s`."""

    kind: VitalKind
    side: Side
    sds: float
    hold_s: float
    priority: Priority = Priority.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Weight gained within a time, as in heart failure."""

    kg: float
    within_s: float
    priority: Priority = Priority.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """SpO2 that falls by `spo2_fall` although the oxygen flow has risen by `flow_rise` L/min within a time."""

    spo2_fall: float
    flow_rise: float
    within_s: float
    priority: Priority = Priority.HIGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One part of a combination: a fresh value of `kind` at or beyond `bound` on `side`."""

    kind: VitalKind
    side: Side
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """`at_least` of the terms hold at once for `delay_s`: all of them is AND, one is OR."""

    name: str
    terms: tuple[Term, ...]
    at_least: int
    delay_s: float = 0.0
    priority: Priority = Priority.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """Other limits from `begins` until `ends`, minutes after local midnight (Stockholm); hard bounds stay the day's."""

    begins: int
    ends: int
    limits: dict[VitalKind, Limits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What of the heart's rhythm is told: suspected atrial fibrillation, pauses and runs."""

    af: bool = True
    pause_s: float | None = 3.0
    ventricular_run: int | None = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What applies here: the action card of a rule, in both languages."""

    sv: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A doctor's order, with name and expiry: SpO2 scale 2 stands on nothing else."""

    doctor: str
    ordered_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What watches one stay. `expected` maps a kind to the seconds between readings that its device promises.

    `news2_rise` points more than at any time of the last `news2_rise_s` ring too (0: never). `cards` are by rule name
    or the beginning of one; the longest that fits applies.
    """

    version: int = 1
    programme: str = "hospital_at_home"
    goals: Goals = Goals.FULL
    spo2_scale: int = 1
    scale_2_order: Order | None = None
    limits: dict[VitalKind, Limits]
    night: Night | None = None
    expected: dict[VitalKind, float]
    news2_medium: int = 5
    news2_high: int = 7
    news2_rise: int = 3
    news2_rise_s: float = 6 * 3600.0
    slopes: tuple[Slope, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    gain: Gain | None = None
    support: Support | None = None
    combinations: tuple[Combination, ...] = ()
    rhythm: Rhythm = field(default_factory=Rhythm)
    cards: dict[str, Card] = field(default_factory=dict)

    def faults(self) -> tuple[str, ...]:
        """List what makes a plan unusable, empty when nothing does: a slip must not turn a rule off."""
        faults = [f"{kind}: {fault}" for kind, each in self.limits.items() for fault in each.faults()]
        if self.spo2_scale not in {1, 2}:
            faults.append(f"spo2_scale {self.spo2_scale} must be 1 or 2")
        for name, value in (("news2_medium", self.news2_medium), ("news2_high", self.news2_high)):
            if not 1 <= value <= HIGHEST_NEWS2:
                faults.append(f"{name} {value} must be from 1 to {HIGHEST_NEWS2}")
        faults += [
            f"{kind}: expected every {every_s:g} s must be above 0 and at most {LONGEST_EXPECTED_S:g}"
            for kind, every_s in self.expected.items()
            if not 0 < every_s <= LONGEST_EXPECTED_S
        ]
        return tuple(faults)


TEMPLATE_LIMITS: MappingProxyType[VitalKind, Limits] = MappingProxyType(
    {
        VitalKind.SPO2: Limits(alert_low=88, warn_low=91, delay_s=60, clear_by=1, floor=80),
        VitalKind.HEART_RATE: Limits(
            alert_low=40, warn_low=45, warn_high=110, alert_high=130, delay_s=60, clear_by=3, floor=35, ceiling=170
        ),
        VitalKind.RESP_RATE: Limits(
            alert_low=8, warn_low=10, warn_high=22, alert_high=25, delay_s=120, clear_by=1, floor=6, ceiling=35
        ),
        VitalKind.TEMPERATURE: Limits(
            alert_low=35.0, warn_low=35.5, warn_high=38.5, alert_high=39.5, clear_by=0.2, floor=34.0, ceiling=41.0
        ),
        VitalKind.SYSTOLIC: Limits(alert_low=90, warn_low=100, warn_high=180, alert_high=220, clear_by=3, floor=75),
    }
)
TEMPLATE_EXPECTED: MappingProxyType[VitalKind, float] = MappingProxyType(
    {VitalKind.SPO2: 60.0, VitalKind.HEART_RATE: 60.0, VitalKind.RESP_RATE: 300.0}
)


def template() -> Plan:
    """Return the default plan of hospital-at-home."""
    return Plan(limits=dict(TEMPLATE_LIMITS), expected=dict(TEMPLATE_EXPECTED))


class _Kept(msgspec.Struct, omit_defaults=True):
    """A plan's overrides as the store keeps them."""

    spo2_scale: int = 1
    limits: dict[VitalKind, Limits] = {}
    expected: dict[VitalKind, float] = {}
    news2_medium: int = 5
    news2_high: int = 7


def encode(plan: Plan) -> str:
    """Return the JSON that the store keeps."""
    kept = _Kept(
        spo2_scale=plan.spo2_scale,
        limits=plan.limits,
        expected=plan.expected,
        news2_medium=plan.news2_medium,
        news2_high=plan.news2_high,
    )
    return msgspec.json.encode(kept).decode()


def decode(version: int, kept: str | bytes) -> Plan:
    """Read a kept plan; kinds it leaves out come from the template.

    Raises
    ------
    msgspec.ValidationError
        If what is kept is not a plan.
    """
    raw = msgspec.json.decode(kept, type=_Kept)
    return Plan(
        version=version,
        spo2_scale=raw.spo2_scale,
        limits={**TEMPLATE_LIMITS, **raw.limits},
        expected={**TEMPLATE_EXPECTED, **raw.expected},
        news2_medium=raw.news2_medium,
        news2_high=raw.news2_high,
    )


def in_force(version: int, kept: str | bytes) -> tuple[Plan, tuple[str, ...]]:
    """Read a kept plan; one that cannot be used gives way to the template, with its faults: never to no alarms."""
    try:
        plan = decode(version, kept)
    except msgspec.DecodeError as error:
        return template(), (str(error),)
    faults = plan.faults()
    return (template(), faults) if faults else (plan, ())
