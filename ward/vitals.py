"""The vital signs: kinds, units, codes, plausible ranges, and how long a value stays fresh.

One table, `VITALS`, holds every constant about a kind. Nothing here decides anything about a patient.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType

__all__ = [
    "ACVPU",
    "POOR_BELOW",
    "USABLE",
    "VITALS",
    "Acvpu",
    "Freshness",
    "Mode",
    "Reading",
    "Validity",
    "Vital",
    "VitalKind",
]


class VitalKind(StrEnum):
    """The `kind` names of payloads and API. The number in `Vital.code` is what the store keeps."""

    HEART_RATE = "heart_rate"
    RESP_RATE = "resp_rate"
    SPO2 = "spo2"
    TEMPERATURE = "temperature"
    SKIN_TEMPERATURE = "skin_temperature"
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    MEAN_PRESSURE = "mean_pressure"
    WEIGHT = "weight"
    GLUCOSE = "glucose"
    CONSCIOUSNESS = "consciousness"
    OXYGEN_FLOW = "oxygen_flow"
    FIO2 = "fio2"
    PAIN = "pain"
    PERFUSION_INDEX = "perfusion_index"
    STEPS = "steps"
    PEAK_FLOW = "peak_flow"


class Acvpu(IntEnum):
    """Level of consciousness. The store keeps the number, payloads and screens the letter (`name`)."""

    A = 0
    C = 1
    V = 2
    P = 3
    U = 4


ACVPU = MappingProxyType({level.name: level for level in Acvpu})


class Validity(IntEnum):
    """Measurement validity in the words of ISO/IEEE 11073-10207 (BICEPS). The store keeps the number."""

    VLD = 0
    QST = 1  # questionable: doubtful clock, poor quality; shown as "check"
    INV = 2  # invalid: never used by a rule
    CALIB = 3
    ONG = 4
    NA = 5
    OFLW = 6  # above what is plausible: shown as "check", never used by a rule
    UFLW = 7  # below what is plausible: the same
    VLDATED = 8  # valid, and confirmed by a person


IMPLAUSIBLE = frozenset({Validity.OFLW, Validity.UFLW})
"""Refused, answered and quarantined, and also kept so that it can be shown as "check"; used by nothing else."""


# What may enter a rule or an aggregate. Questionable values still speak (an extreme is not an artefact until somebody
# has looked); the others never do. To change it, have every hour rolled up anew by a migration (0009).
USABLE = (Validity.VLD, Validity.QST, Validity.VLDATED)
# Below this quality a device itself says that its value is hardly one. The project's choice, to be confirmed locally.
POOR_BELOW = 0.3


class Mode(StrEnum):
    """Generation mode (BICEPS): what made the data. Test and demo data never reach a real team."""

    REAL = "real"
    TEST = "test"
    DEMO = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How long a value of a kind may be used, in seconds since it was measured."""

    expected_s: float
    ageing_s: float
    stale_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """Everything constant about one kind.

    `low` and `high` bound what is plausible, in `unit` (UCUM); `decimals` is what a screen shows;
    `units` maps every accepted unit to (factor, offset): canonical = value * factor + offset.
    """

    kind: VitalKind
    code: int
    unit: str
    loinc: str
    mdc: int | None
    low: float
    high: float
    decimals: int
    units: MappingProxyType[str, tuple[float, float]]
    freshness: Freshness
    continuous: bool


_PER_MIN = {"/min": (1.0, 0.0), "1/min": (1.0, 0.0), "{beat}/min": (1.0, 0.0), "bpm": (1.0, 0.0)}
_BREATHS = {"/min": (1.0, 0.0), "1/min": (1.0, 0.0), "{breath}/min": (1.0, 0.0)}
_PERCENT = {"%": (1.0, 0.0)}
_CELSIUS = {"Cel": (1.0, 0.0), "°C": (1.0, 0.0), "[degF]": (5 / 9, -160 / 9), "°F": (5 / 9, -160 / 9)}
_PRESSURE = {"mm[Hg]": (1.0, 0.0), "mmHg": (1.0, 0.0), "kPa": (7.500615758456564, 0.0)}
_MASS = {"kg": (1.0, 0.0), "g": (0.001, 0.0), "[lb_av]": (0.45359237, 0.0), "lb": (0.45359237, 0.0)}
_GLUCOSE = {"mmol/L": (1.0, 0.0), "mg/dL": (1 / 18.016, 0.0)}
_FLOW = {"L/min": (1.0, 0.0), "l/min": (1.0, 0.0)}
_SCORE = {"{score}": (1.0, 0.0), "1": (1.0, 0.0)}
_STEPS = {"{steps}": (1.0, 0.0), "/min": (1.0, 0.0), "1": (1.0, 0.0)}

# Seconds: expected interval, ageing, stale. Source: the project's clinical table 3.5 (to be confirmed locally).
_CONTINUOUS = Freshness(expected_s=60, ageing_s=180, stale_s=600)
_RESP = Freshness(expected_s=300, ageing_s=600, stale_s=1200)
_TEMP = Freshness(expected_s=4 * 3600, ageing_s=6 * 3600, stale_s=12 * 3600)
_CUFF = Freshness(expected_s=6 * 3600, ageing_s=7.5 * 3600, stale_s=12 * 3600)
_DAILY = Freshness(expected_s=24 * 3600, ageing_s=30 * 3600, stale_s=48 * 3600)
_MANUAL = Freshness(expected_s=6 * 3600, ageing_s=7.5 * 3600, stale_s=12 * 3600)


def _vital(
    kind: VitalKind,
    code: int,
    loinc: str,
    mdc: int | None,
    bounds: tuple[float, float],
    decimals: int,
    units: dict[str, tuple[float, float]],
    freshness: Freshness,
    *,
    continuous: bool = False,
) -> Vital:
    return Vital(
        kind=kind,
        code=code,
        unit=next(iter(units)),
        loinc=loinc,
        mdc=mdc,
        low=bounds[0],
        high=bounds[1],
        decimals=decimals,
        units=MappingProxyType(units),
        freshness=freshness,
        continuous=continuous,
    )


# LOINC, UCUM and ISO/IEEE 11073-10101 codes: docs/clinical-sources.md. `code` is stored: never renumber.
_TABLE = (
    _vital(VitalKind.HEART_RATE, 1, "8867-4", 147842, (0, 300), 0, _PER_MIN, _CONTINUOUS, continuous=True),
    _vital(VitalKind.RESP_RATE, 2, "9279-1", 151562, (0, 80), 0, _BREATHS, _RESP, continuous=True),
    _vital(VitalKind.SPO2, 3, "59408-5", 150456, (30, 100), 0, _PERCENT, _CONTINUOUS, continuous=True),
    _vital(VitalKind.TEMPERATURE, 4, "8310-5", 150364, (25, 45), 1, _CELSIUS, _TEMP),
    _vital(VitalKind.SKIN_TEMPERATURE, 5, "39106-0", 150388, (15, 45), 1, _CELSIUS, _RESP, continuous=True),
    _vital(VitalKind.SYSTOLIC, 6, "8480-6", 150021, (30, 300), 0, _PRESSURE, _CUFF),
    _vital(VitalKind.DIASTOLIC, 7, "8462-4", 150022, (10, 200), 0, _PRESSURE, _CUFF),
    _vital(VitalKind.MEAN_PRESSURE, 8, "8478-0", 150023, (20, 250), 0, _PRESSURE, _CUFF),
    _vital(VitalKind.WEIGHT, 9, "29463-7", 188736, (1, 400), 1, _MASS, _DAILY),
    _vital(VitalKind.GLUCOSE, 10, "15074-8", 160368, (0.5, 60), 1, _GLUCOSE, _MANUAL),
    _vital(VitalKind.CONSCIOUSNESS, 11, "80288-4", None, (0, 4), 0, {"{score}": (1.0, 0.0)}, _MANUAL),
    _vital(VitalKind.OXYGEN_FLOW, 12, "3151-8", None, (0, 60), 1, _FLOW, _MANUAL),
    _vital(VitalKind.FIO2, 13, "3150-6", None, (21, 100), 0, _PERCENT, _MANUAL),
    _vital(VitalKind.PAIN, 14, "72514-3", None, (0, 10), 0, _SCORE, _MANUAL),
    _vital(VitalKind.PERFUSION_INDEX, 15, "73798-1", 150448, (0, 30), 1, _PERCENT, _CONTINUOUS, continuous=True),
    _vital(VitalKind.STEPS, 16, "55423-8", None, (0, 2000), 0, _STEPS, _RESP, continuous=True),
    _vital(VitalKind.PEAK_FLOW, 17, "19935-6", None, (30, 900), 0, _FLOW, _DAILY),
)

VITALS: MappingProxyType[VitalKind, Vital] = MappingProxyType({vital.kind: vital for vital in _TABLE})
BY_CODE: MappingProxyType[int, Vital] = MappingProxyType({vital.code: vital for vital in _TABLE})


def badness(code: int) -> float:
    """Return what makes the worse of two values of a kind (its code) the larger one: -1 for SpO2, else 1."""
    return -1.0 if code == VITALS[VitalKind.SPO2].code else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measured value, in the kind's canonical unit (`consciousness` as the number of `Acvpu`).

    `quality` is 0-1, None when the device did not say; `seq` is the device's own counter.
    """

    kind: VitalKind
    value: float
    measured_at: datetime
    quality: float | None = None
    seq: int | None = None
