"""What rules look at: the readings of a batch of stays as ragged columns, and the context of each stay.

Not here: reading them from the store (`ward.store.evaluation`), judging them (`alerting.rules`).
The invariant: within a stay, times strictly rise; a reading's time is the earlier of when it was measured
and when it was received, so neither a clock that is ahead nor a re-stamped copy can look fresher than it is.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from alerting.observed import Observation
from alerting.quarters import Normals, Quarters
from alerting.quarters import none as no_quarters
from alerting.ties import Ties, standing
from ward.alerts import Alert, Input, Role
from ward.clock import from_us, to_us
from ward.events import Answer, EventKind
from ward.people import StayId
from ward.plans import Plan
from ward.vitals import BY_CODE, USABLE, VITALS, Validity, VitalKind
from ward.wave_features import Strip, WaveFeature

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
# Readings as the store returns them: `place` is that of their stay in the question.
Rows = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One kind's usable readings of `m` stays, stay after stay.

    t_s : (n,) float64, seconds since 1970, strictly rising within a stay
    value : (n,) float64, the kind's canonical unit, finite
    quality : (n,) float64, 0-1, NaN where the device did not say
    offsets : (m + 1,) int64, stay `i` owns `[offsets[i], offsets[i + 1])`
    ties : all readings of the instants at which several differ
    """

    t_s: Floats
    value: Floats
    quality: Floats
    offsets: Ints
    ties: Ties | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One feature of waveforms of `m` stays, stay after stay (`ward.wave_features`): of ten seconds each.

    t_s : (n,) float64, when the ten seconds end, seconds since 1970, strictly rising within a stay
    value : (n,) float64, NaN where it could not be read; quality : (n,) float64, 0-1
    reasons : (n,) int64, bits; offsets : (m + 1,) int64; strips : by the place of their row, of those that have one
    """

    t_s: Floats
    value: Floats
    quality: Floats
    reasons: Ints
    offsets: Ints
    strips: Mapping[int, Strip]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Readings in which those in a row that no rule can tell apart stand as one; all arrays are (r,).

    stay : int64, never falling; from_s, last_s : float64, time of the first and the last reading of the run
    value : float64, a value that stands for all of the run; place : int64, the first reading in the kind's `Series`
    """

    stay: Ints
    from_s: Floats
    last_s: Floats
    value: Floats
    place: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Readings as they come from the store, in any order, repeats allowed; all arrays are (n,).

    stay : int64, index of the stay in the batch; kind : int64, `Vital.code`
    measured_s, received_s : float64, seconds since 1970; value : float64
    validity : int64, `Validity`; quality : float64, 0-1 or NaN
    """

    stay: Ints
    kind: Ints
    measured_s: Floats
    received_s: Floats
    value: Floats
    validity: Ints
    quality: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReport:
    """What a device worn now last said about itself, and since when it is worn.

    `ahead_s` is how far its clock is ahead, None where not known; so is `worn_from_s`.
    """

    device_id: str
    online: bool
    battery_pct: float | None
    reported_s: float
    changed_s: float
    ahead_s: float | None = None
    worn_from_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An event that may call for somebody and that no alert has taken up yet; `answers` are a check-in's."""

    kind: EventKind
    device_id: str
    occurred_s: float
    received_s: float
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one of several devices of a stay has measured lately: the mean of `count` readings of a kind.

    first_s, last_s : when the first and the last of them were measured
    """

    kind: VitalKind
    device_id: str
    mean: float
    count: int
    first_s: float
    last_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StayContext:
    """One stay of a batch: its plan, since when data may be expected, its devices, its alerts not yet resolved.

    What was measured since `unjudged_s` has not been judged before. `digest` and `scored_s` tell the last score;
    `plan_faults` why a layer of its plan was left out, empty when none was; `scale_2_lapsed` that SpO2 scale 2 has no
    order any more; `plan_until_s` when by time alone its plan will be another. `requests` are in the order in which
    they occurred. `answered_s` is when the last check-in of this stay was made, None where none ever was; `heard` is
    what each device measured where several are worn.
    """

    stay_id: StayId
    plan: Plan
    watched_from_s: float
    devices: tuple[DeviceReport, ...] = ()
    alerts: Mapping[str, Alert]
    digest: int | None = None
    scored_s: float | None = None
    plan_faults: tuple[str, ...] = ()
    scale_2_lapsed: bool = False
    plan_until_s: float = math.inf
    requests: tuple[Request, ...] = ()
    unjudged_s: float = math.inf
    answered_s: float | None = None
    heard: tuple[Heard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The score of stays over time; all arrays are (k,), int64 but for `from_s`, in the layout of `rules.steps`.

    low, high : the ends of the interval; upper : the upper end without what was never measured
    ceiling : the lower end, with all that inputs which were never measured could give
    threes, open_ : how many parts are certainly three, and could be; said : 1 where somebody saw new confusion or worse
    """

    stays: int
    stay: Ints
    from_s: Floats
    low: Ints
    upper: Ints
    high: Ints
    ceiling: Ints
    threes: Ints
    open_: Ints
    said: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Stays that are evaluated together; a kind that nobody measured may be absent from `series`.

    `plans` holds each plan once, `plan_of` (m,) int64 the index of each stay's own. `implausible` are the readings
    outside what is plausible, `signals` what the signal core made of waveforms. `runs` are the readings that
    speak for the patient, reduced (`alerting.runs`), `totals` the scores over time that were made of them once for all
    who ask (`rules.news2_steps.scored`), None where each makes them anew; so are `medians`, by kind and seconds, the
    readings' values as filtered ones (`rules.limits.filtered`). `memory` is what a rule needs to know of the
    time before the readings, by its name: (m, w). `quarters` and `normals` are what trends are judged by, from
    `trends_from_s` (m,) on; where they were not read of a stay, trends say nothing of it. Made by `batch`.
    """

    stays: tuple[StayContext, ...]
    series: Mapping[VitalKind, Series]
    plans: tuple[Plan, ...]
    plan_of: Ints
    implausible: Mapping[VitalKind, Series] = field(default_factory=dict)
    signals: Mapping[WaveFeature, Signal] = field(default_factory=dict)
    runs: Mapping[VitalKind, Runs] = field(default_factory=dict)
    totals: Totals | None = None
    medians: Mapping[tuple[VitalKind, float], Floats] = field(default_factory=dict)
    memory: Mapping[str, Floats] = field(default_factory=dict)
    quarters: Mapping[VitalKind, Quarters] = field(default_factory=dict)
    normals: Mapping[VitalKind, Normals] = field(default_factory=dict)
    trends_from_s: Floats | None = None

    def of(self, kind: VitalKind) -> Series:
        """Return the readings of a kind, empty where nobody measured it."""
        found = self.series.get(kind)
        return empty(len(self.stays)) if found is None else found

    def signal(self, feature: WaveFeature) -> Signal:
        """Return a feature of the waveforms, empty where nobody has it."""
        found = self.signals.get(feature)
        return no_signal(len(self.stays)) if found is None else found

    def of_quarters(self, kind: VitalKind) -> Quarters:
        """Return what was read of a kind by the quarter of an hour."""
        found = self.quarters.get(kind)
        return no_quarters(len(self.stays)) if found is None else found


def batch(
    stays: Sequence[StayContext],
    series: Mapping[VitalKind, Series],
    *,
    implausible: Mapping[VitalKind, Series] | None = None,
    memory: Mapping[str, Floats] | None = None,
    signals: Mapping[WaveFeature, Signal] | None = None,
) -> Batch:
    """Bring stays and their readings together; all of it is in the order of `stays`."""
    unique = {id(stay.plan): stay.plan for stay in stays}
    place = {each: index for index, each in enumerate(unique)}
    return Batch(
        stays=tuple(stays),
        series=series,
        plans=tuple(unique.values()),
        plan_of=np.array([place[id(stay.plan)] for stay in stays], np.int64),
        implausible=implausible or {},
        memory=memory or {},
        signals=signals or {},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What one rule says of a batch, and `next_s` (m,): when time alone could change that, inf where it cannot."""

    observations: tuple[Observation, ...]
    next_s: Floats


def empty(stays: int) -> Series:
    """Return a series without a reading for `stays` stays."""
    none = np.empty(0)
    return Series(t_s=none, value=none, quality=none, offsets=np.zeros(stays + 1, np.int64))


def no_signal(stays: int) -> Signal:
    """Return a feature of the waveforms that none of `stays` stays has."""
    none, offsets = np.empty(0), np.zeros(stays + 1, np.int64)
    return Signal(t_s=none, value=none, quality=none, reasons=np.empty(0, np.int64), offsets=offsets, strips={})


def gather(readings: Readings, kind_code: int, stays: int) -> Series:
    """Sort the usable readings of one kind by stay and time; repeats fall together, order of arrival is forgotten.

    Of several readings of one instant one stands, and the others are kept beside it (`alerting.ties`).
    """
    return _ordered(readings, np.flatnonzero((readings.kind == kind_code) & _of(readings, USABLE)), stays)


def gathered(readings: Readings, validities: Collection[Validity], stays: int) -> dict[VitalKind, Series]:
    """Do as `gather` for every kind of which there is a reading of these validities."""
    chosen = np.flatnonzero(_of(readings, validities))
    chosen = chosen[np.argsort(readings.kind[chosen], kind="stable")]
    codes, first = np.unique(readings.kind[chosen], return_index=True)
    edges = [*first.tolist(), len(chosen)]
    return {
        BY_CODE[code].kind: _ordered(readings, chosen[begin:end], stays)
        for code, (begin, end) in zip(codes.tolist(), pairwise(edges), strict=True)
    }


def _of(readings: Readings, validities: Collection[Validity]) -> Bools:
    return np.isin(readings.validity, list(validities)) & np.isfinite(readings.value)


def _ordered(readings: Readings, chosen: Ints, stays: int) -> Series:
    if not len(chosen):
        return empty(stays)
    kind = BY_CODE[int(readings.kind[chosen[0]])].kind
    t_s = np.fmin(readings.measured_s[chosen], readings.received_s[chosen])
    return in_order(kind, (readings.stay[chosen], t_s, readings.value[chosen], readings.quality[chosen]), stays)


def in_order(kind: VitalKind, found: tuple[Ints, Floats, Floats, Floats], stays: int) -> Series:
    """Return readings of a kind (stay, time, value, quality) as a series, whatever their order."""
    stay, t_s, value, quality = found
    ties = None
    if not ((stay[1:] > stay[:-1]) | ((stay[1:] == stay[:-1]) & (t_s[1:] > t_s[:-1]))).all():
        stands = standing(kind, *found)
        stay, t_s = stay[stands.index], t_s[stands.index]
        value, quality = value[stands.index], quality[stands.index]
        ties = stands.ties
    offsets = np.searchsorted(stay, np.arange(stays + 1)).astype(np.int64)
    return Series(t_s=t_s, value=value, quality=quality, offsets=offsets, ties=ties)


def newest(series: Series, at_s: float) -> tuple[Floats, Floats]:
    """Return (time, value) of each stay's newest reading at or before `at_s`: (m,) each, NaN where there is none."""
    index = newest_index(series, at_s)
    found = index >= 0
    t_s = np.full(len(index), np.nan)
    value = np.full(len(index), np.nan)
    t_s[found] = series.t_s[index[found]]
    value[found] = series.value[index[found]]
    return t_s, value


def newest_index(series: Series, at_s: float) -> Ints:
    """Return the position of each stay's newest reading at or before `at_s`: (m,) int64, -1 where there is none."""
    passed = np.concatenate(([0], np.cumsum(series.t_s <= at_s)))
    first = series.offsets[:-1]
    count = passed[series.offsets[1:]] - passed[first]
    return np.where(count > 0, first + count - 1, -1)


def own(series: Series, stay: int) -> tuple[int, Series]:
    """Return the place of a stay's first reading, and its readings as a series of one stay."""
    first, end = int(series.offsets[stay]), int(series.offsets[stay + 1])
    rows = slice(first, end)
    return first, Series(
        t_s=series.t_s[rows],
        value=series.value[rows],
        quality=series.quality[rows],
        offsets=np.array([0, end - first], np.int64),
    )


def newest_at(series: Series, stay: int, at_s: float) -> int:
    """Return the place of one stay's newest reading at or before `at_s`, -1 for none."""
    first, mine = own(series, stay)
    count = int(np.searchsorted(mine.t_s, at_s, side="right"))
    return first + count - 1 if count else -1


def reading_at(series: Series, kind: VitalKind, index: int, role: Role = Role.JUDGED) -> Input:
    """Return one reading as evidence."""
    quality = float(series.quality[index])
    return Input(
        kind=kind.value,
        value=float(series.value[index]),
        unit=VITALS[kind].unit,
        measured_at=moment(float(series.t_s[index])),
        quality=None if math.isnan(quality) else quality,
        role=role,
    )


def in_order_of_time(*inputs: Input) -> tuple[Input, ...]:
    """Return inputs in the order in which they were measured, each measured value once and as what it was first."""
    kept: dict[tuple[str, datetime], Input] = {}
    for each in inputs:
        kept.setdefault((each.kind, each.measured_at), each)
    return tuple(sorted(kept.values(), key=lambda each: each.measured_at))


def seconds(at: datetime) -> float:
    """Return seconds since 1970 of an aware time; exact to the microsecond."""
    return to_us(at) / 1e6


def moment(at_s: float) -> datetime:
    """Return the aware time of `at_s` seconds since 1970, to the microsecond."""
    return from_us(round(at_s * 1e6))
