"""NEWS2, the National Early Warning Score, as an interval over everything that is not known.

Source of every number: Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017, Charts 1 and 4.
Not for people under 16 or in pregnancy. Not here: which alerts follow (`news2_alerts`).

An input that is missing or stale gives its whole range of points, never zero, so a total is `[total_min, total_max]`
and the true score of the patient lies inside it. The two ends serve two purposes. `risk` comes from the upper end:
a tile must not look safe because nobody measured (all seven missing is 0-20, "high": nobody can say that it is not).
Alerts come from the lower end: they fire on what is certain, else every unmeasured patient would ring.

Values are rounded to the resolution of the chart before they are placed in a band, half away from zero
(SpO2 93.5 is 94, temperature 38.05 is 38.1); Python's own `round` would go to the even neighbour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

import numpy as np

from alerting.signal.records import Bools, Floats, Ints
from ward.vitals import VitalKind

SOURCE = "RCP, NEWS2, 2017, Chart 1"


class Part(IntEnum):
    """The seven parts of the score, in the order of the chart."""

    RESP_RATE = 0
    SPO2 = 1
    OXYGEN = 2
    SYSTOLIC = 3
    HEART_RATE = 4
    CONSCIOUSNESS = 5
    TEMPERATURE = 6

    @property
    def label(self) -> str:
        """The name in the store and in messages."""
        return self.name.lower()


class Risk(IntEnum):
    """Clinical risk (Chart 4); larger is worse."""

    LOW = 0
    LOW_MEDIUM = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Bands of one row of the chart: a value up to `upto[i]` (in steps of `1 / per_unit`) gets `points[i]`."""

    upto: tuple[int, ...]
    points: tuple[int, ...]
    per_unit: int = 1


# RCP, NEWS2, 2017, Chart 1. Consciousness is the number of `Acvpu`: A is 0, everything above scores.
CHART: MappingProxyType[str, Bands] = MappingProxyType(
    {
        "resp_rate": Bands(upto=(8, 11, 20, 24), points=(3, 1, 0, 2, 3)),
        "spo2_scale_1": Bands(upto=(91, 93, 95), points=(3, 2, 1, 0)),
        "spo2_scale_2_air": Bands(upto=(83, 85, 87), points=(3, 2, 1, 0)),
        "spo2_scale_2_oxygen": Bands(upto=(83, 85, 87, 92, 94, 96), points=(3, 2, 1, 0, 1, 2, 3)),
        "oxygen": Bands(upto=(0,), points=(0, 2)),
        "systolic": Bands(upto=(90, 100, 110, 219), points=(3, 2, 1, 0, 3)),
        "heart_rate": Bands(upto=(40, 50, 90, 110, 130), points=(3, 1, 0, 1, 2, 3)),
        "consciousness": Bands(upto=(0,), points=(0, 3)),
        "temperature": Bands(upto=(350, 360, 380, 390), points=(3, 1, 0, 1, 2), per_unit=10),
    }
)
# RCP, NEWS2, 2017, Chart 4: total from which the risk is medium, and high.
URGENT, EMERGENCY = 5, 7
SINGLE = 3
# Above these, there is oxygen: litres a minute, and per cent inspired (air is 21).
AIR_FLOW, AIR_FIO2 = 0.0, 21.0
INPUTS: tuple[VitalKind, ...] = (
    VitalKind.RESP_RATE,
    VitalKind.SPO2,
    VitalKind.OXYGEN_FLOW,
    VitalKind.FIO2,
    VitalKind.SYSTOLIC,
    VitalKind.HEART_RATE,
    VitalKind.CONSCIOUSNESS,
    VitalKind.TEMPERATURE,
)
PLAIN = (
    (Part.RESP_RATE, VitalKind.RESP_RATE),
    (Part.SYSTOLIC, VitalKind.SYSTOLIC),
    (Part.HEART_RATE, VitalKind.HEART_RATE),
    (Part.CONSCIOUSNESS, VitalKind.CONSCIOUSNESS),
    (Part.TEMPERATURE, VitalKind.TEMPERATURE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """NEWS2 of `m` stays.

    low, high : (7, m) int64, points of each `Part`, 0-3; total_min, total_max : (m,) int64, 0-20
    missing, stale : (7, m) bool, why a part is not known; a part is never both
    settles : (m,) int64, the `Part` whose measurement narrows the interval most, -1 where nothing is open
    single : (m,) bool, a part is certainly three; risk : (m,) int64, `Risk` of the upper end
    """

    low: Ints
    high: Ints
    total_min: Ints
    total_max: Ints
    missing: Bools
    stale: Bools
    settles: Ints
    single: Bools
    risk: Ints


def chart_steps(value: Floats, per_unit: int) -> Floats:
    """Round to the chart's resolution, half away from zero; the result counts steps of `1 / per_unit`, NaN stays."""
    return np.copysign(np.floor(np.abs(value) * per_unit + 0.5), value)


def edges(kind: VitalKind) -> tuple[float, ...]:
    """Return the numbers at which a value of a kind changes its points, in the kind's unit."""
    if kind in {VitalKind.OXYGEN_FLOW, VitalKind.FIO2}:
        return (AIR_FLOW if kind is VitalKind.OXYGEN_FLOW else AIR_FIO2,)
    rows = [bands for name, bands in CHART.items() if name == kind or name.startswith(f"{kind}_scale")]
    return tuple((upto + 0.5) / bands.per_unit for bands in rows for upto in bands.upto)


def points(bands: Bands, value: Floats) -> tuple[Ints, Ints]:
    """Return the least and greatest points of each value: equal where it is known, the whole row where it is NaN."""
    scale = np.asarray(bands.points, np.int64)
    known = ~np.isnan(value)
    found = scale[np.searchsorted(bands.upto, chart_steps(np.where(known, value, 0.0), bands.per_unit))]
    return np.where(known, found, scale.min()), np.where(known, found, scale.max())


def on_oxygen(flow: Floats, fio2: Floats) -> Floats:
    """Return 1 where the patient has oxygen, 0 on air, NaN where neither is known. Unknown is not air."""
    known = ~np.isnan(flow) | ~np.isnan(fio2)
    return np.where(known, ((flow > AIR_FLOW) | (fio2 > AIR_FIO2)).astype(np.float64), np.nan)


def spo2_points(spo2: Floats, oxygen: Floats, scale: Ints) -> tuple[Ints, Ints]:
    """Return the least and greatest points of SpO2 on each stay's scale.

    Scale 2 gives no points above 92 % on air but up to three on oxygen: unknown oxygen leaves both open.
    """
    first = points(CHART["spo2_scale_1"], spo2)
    air = points(CHART["spo2_scale_2_air"], spo2)
    with_oxygen = points(CHART["spo2_scale_2_oxygen"], spo2)
    low = np.where(oxygen == 1, with_oxygen[0], np.where(oxygen == 0, air[0], np.minimum(air[0], with_oxygen[0])))
    high = np.where(oxygen == 1, with_oxygen[1], np.where(oxygen == 0, air[1], np.maximum(air[1], with_oxygen[1])))
    return np.where(scale == 2, low, first[0]), np.where(scale == 2, high, first[1])


def score(values: Mapping[VitalKind, Floats], stale: Mapping[VitalKind, Bools], scale: Ints) -> Scores:
    """Score a batch of stays.

    Parameters
    ----------
    values : for each of `INPUTS` a (m,) float64 array in the kind's canonical unit, NaN where never measured
    stale : for each of `INPUTS` (m,) bool, the value is too old to be used
    scale : (m,) int64, the SpO2 scale, 1 or 2 (2 only on a doctor's order)

    Notes
    -----
    RCP, NEWS2, 2017, Chart 1. Differs: intervals instead of a refusal where an input is missing.
    Checked: tests/unit/test_news2.py (every band edge), tests/property/test_news2.py (intervals).
    """
    fresh = {kind: np.where(stale[kind], np.nan, values[kind]) for kind in INPUTS}
    oxygen = on_oxygen(fresh[VitalKind.OXYGEN_FLOW], fresh[VitalKind.FIO2])
    low = np.zeros((len(Part), len(scale)), np.int64)
    high = np.zeros_like(low)
    for part, kind in PLAIN:
        low[part], high[part] = points(CHART[part.label], fresh[kind])
    low[Part.OXYGEN], high[Part.OXYGEN] = points(CHART["oxygen"], oxygen)
    low[Part.SPO2], high[Part.SPO2] = spo2_points(fresh[VitalKind.SPO2], oxygen, scale)
    unknown = np.zeros(low.shape, np.bool_)
    ever = np.zeros(low.shape, np.bool_)
    for part, kind in (*PLAIN, (Part.SPO2, VitalKind.SPO2)):
        unknown[part], ever[part] = np.isnan(fresh[kind]), ~np.isnan(values[kind])
    unknown[Part.OXYGEN] = np.isnan(oxygen)
    ever[Part.OXYGEN] = ~np.isnan(values[VitalKind.OXYGEN_FLOW]) | ~np.isnan(values[VitalKind.FIO2])
    total_max = high.sum(axis=0)
    return Scores(
        low=low,
        high=high,
        total_min=low.sum(axis=0),
        total_max=total_max,
        missing=unknown & ~ever,
        stale=unknown & ever,
        settles=_settles(low, high, unknown),
        single=(low == SINGLE).any(axis=0),
        risk=_risk(total_max, (high == SINGLE).any(axis=0)),
    )


def _settles(low: Ints, high: Ints, unknown: Bools) -> Ints:
    """Find the unknown part that narrows the interval most; on scale 2 knowing the oxygen also settles a known SpO2."""
    gain = np.where(unknown, high - low, 0)
    gain[Part.OXYGEN] += np.where(unknown[Part.OXYGEN] & ~unknown[Part.SPO2], high[Part.SPO2] - low[Part.SPO2], 0)
    return np.where(gain.any(axis=0), gain.argmax(axis=0), -1)


def _risk(total: Ints, single: Bools) -> Ints:
    return np.select(
        [total >= EMERGENCY, total >= URGENT, single],
        [Risk.HIGH.value, Risk.MEDIUM.value, Risk.LOW_MEDIUM.value],
        Risk.LOW.value,
    ).astype(np.int64)
