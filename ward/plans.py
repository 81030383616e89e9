"""The monitoring plan: what watches a stay. Nouns, and the template of each programme from its file in `programmes/`.

What differs for a team or a patient is in `ward.overlays`, what makes a plan unusable in `ward.plan_checks`. The
templates' numbers are the project's proposal and must be confirmed by who is clinically responsible.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated

import msgspec

from ward import plan_documents
from ward.alerts import Priority
from ward.people import StaffId
from ward.vitals import VitalKind

# RCP, NEWS2, 2017: three points for each of six parameters and two for oxygen.
HIGHEST_NEWS2 = 20
# Whoever's programme has no template of its own is watched by this one.
DEFAULT_PROGRAMME = "hospital_at_home"

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: one without cannot be compared with the present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Two bands for one kind, in its canonical unit; None means no limit on that side.

    `alert_*` raise high priority, `warn_*` medium; the ordering is
    `floor <= alert_low < warn_low < warn_high < alert_high <= ceiling`. `delay_s` is how long a violation must last,
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
class SecondSignal:
    """When a fall of SpO2 below the warning limit is doubtful, and how long it waits to be measured again.

    Its reading's quality (0-1) is below `quality_below`, and heart rate and breathing are within so many a minute of
    what they were before.
    """

    wait_s: float
    quality_below: float
    heart_rate_within: float
    resp_rate_within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Remeasure:
    """Seconds between two measurements of what is measured now and then, by the NEWS2 score (RCP 2017, Chart 4).

    Score 0, 1 to 4, 3 in a single parameter, from `news2_medium` on, from `news2_high` on (as often as the kit can).
    """

    routine_s: float
    low_s: float
    single_s: float
    medium_s: float
    high_s: float


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


class Way(StrEnum):
    """How the order of a doctor from outside came."""

    TELEPHONE = "telephone"
    VIDEO = "video"
    IN_PERSON = "in_person"
    LETTER = "letter"
    RECORD = "record"


class Outside(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where a doctor works whom nobody here can look up, and how the order came to who wrote it."""

    clinic: str
    way: Way


class Order(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A doctor's order, with name and expiry: SpO2 scale 2 stands on nothing else.

    It is of a member of staff, `doctor_id`, whose name the server writes, or of a doctor from `outside`. One with
    neither was written before it was checked whose an order is.
    """

    doctor: str = ""
    doctor_id: StaffId | None = None
    outside: Outside | None = None
    ordered_at: Instant
    expires_at: Instant

    @property
    def is_named(self) -> bool:
        """Tell whether it says whose it is in a way that could be checked."""
        return self.doctor_id is not None or self.outside is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What a programme is called and whom it is for, in both languages, and the version of its template."""

    programme: str
    version: int
    name: Card
    summary: Card


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
    second_signal: SecondSignal | None = None
    remeasure: Remeasure | None = None
    combinations: tuple[Combination, ...] = ()
    rhythm: Rhythm = field(default_factory=Rhythm)
    cards: dict[str, Card] = field(default_factory=dict)

    def card_for(self, rule: str) -> Card | None:
        """Return the action card of a rule: the one whose name is the longest that begins it, word by word."""
        words = rule.split(".")
        names = (".".join(words[:length]) for length in range(len(words), -1, -1))
        return next((self.cards[name] for name in names if name in self.cards), None)

    def scale_2_at(self, now: datetime) -> bool:
        """Tell whether SpO2 scale 2 is ordered for an instant: by a doctor's order that has begun and not run out."""
        order = self.scale_2_order
        return self.spo2_scale == 2 and order is not None and order.ordered_at <= now < order.expires_at


@cache
def title(programme: str) -> Title:
    """Return what a programme is called; raises KeyError if there is none."""
    own = plan_documents.written(programme)
    return msgspec.convert({**own, "programme": programme, "name": own["title"]}, Title)


def build(written: Mapping[str, object]) -> Plan:
    """Make a plan of a document; of the night it says only what differs from the day.

    Raises
    ------
    msgspec.ValidationError
        If the document is not a plan.
    """
    return msgspec.convert({**written, **_named(written), **_nightly(written)}, Plan)


def _named(written: Mapping[str, object]) -> dict[str, object]:
    """Return the combinations as a list, each with its name."""
    combinations = written.get("combinations")
    if not isinstance(combinations, dict):
        return {}
    return {"combinations": [{**each, "name": name} for name, each in combinations.items()]}


def _nightly(written: Mapping[str, object]) -> dict[str, object]:
    """Return the night with what its limits have from the day."""
    day, night = written.get("limits"), written.get("night")
    if not isinstance(day, dict) or not isinstance(night, dict):
        return {}
    limits = {kind: {**day.get(kind, {}), **differs} for kind, differs in night.get("limits", {}).items()}
    return {"night": {**night, "limits": limits}}


@cache
def template(programme: str = DEFAULT_PROGRAMME) -> Plan:
    """Return the plan of a programme before a team or a patient differs from it; raises KeyError if there is none."""
    return build(plan_documents.document(plan_documents.programme_leaves(programme)))
