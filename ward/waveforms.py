"""Waveforms: kinds, leads, units, limits, and the block of samples that a device sends.

One table, `WAVES`, holds every constant about a kind. Nothing here decodes or stores anything. The invariant: a block's
samples are little-endian int16 as the device sent them; the physical value is `sample * scale + offset`.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["BY_CODE", "LOOKED_AT", "WAVES", "Wave", "WaveKind", "WaveformBlock"]

LOWEST_FS_HZ = 1.0
HIGHEST_FS_HZ = 2000.0
MOST_S = 60
MOST_SAMPLES = 100_000  # 200,000 bytes
SAMPLE_BYTES = 2


class WaveKind(StrEnum):
    """The `kind` names of payloads and API. The number in `Wave.code` is what the store keeps."""

    ECG = "ecg"
    PPG = "ppg"
    RESP = "resp"
    ACCEL = "accel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Everything constant about one kind.

    `leads` are the channels that it may have. `units` maps every accepted unit (UCUM, and how devices spell it) to the
    unit that is stored and the factor to it; the first one holds where a device names none.
    """

    kind: WaveKind
    code: int
    leads: tuple[str, ...]
    units: MappingProxyType[str, tuple[str, float]]


def _wave(kind: WaveKind, code: int, leads: str, units: dict[str, tuple[str, float]]) -> Wave:
    return Wave(kind=kind, code=code, leads=tuple(leads.split()), units=MappingProxyType(units))


_ECG_LEADS = "I II III aVR aVL aVF V V1 V2 V3 V4 V5 V6 V7 V8 V9 V3R V4R V5R V6R MCL1 MCL6 patch"
_VOLTAGE = {"mV": ("mV", 1.0), "uV": ("mV", 0.001), "µV": ("mV", 0.001), "V": ("mV", 1000.0)}
_ACCELERATION = {
    "m/s2": ("m/s2", 1.0),
    "m/s²": ("m/s2", 1.0),
    "[g]": ("m/s2", 9.80665),
    "g": ("m/s2", 9.80665),
    "mg": ("m/s2", 0.00980665),
}

# `code` is stored: never renumber.
_TABLE = (
    _wave(WaveKind.ECG, 1, _ECG_LEADS, _VOLTAGE),
    _wave(WaveKind.PPG, 2, "pleth red infrared green", {"1": ("1", 1.0), "%": ("1", 0.01)}),
    _wave(WaveKind.RESP, 3, "impedance thorax abdomen flow", {"1": ("1", 1.0), "Ohm": ("Ohm", 1.0)}),
    _wave(WaveKind.ACCEL, 4, "x y z magnitude", _ACCELERATION),
)

WAVES: MappingProxyType[WaveKind, Wave] = MappingProxyType({wave.kind: wave for wave in _TABLE})
BY_CODE: MappingProxyType[int, Wave] = MappingProxyType({wave.code: wave for wave in _TABLE})
LOOKED_AT = frozenset({WaveKind.ECG, WaveKind.PPG})
"""What features are read from (`ward.wave_features`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformBlock:
    """Samples of one channel, evenly spaced at `fs_hz`, the first one measured at `measured_us` (since 1970).

    `unit` is one that the store keeps; `samples` is little-endian int16.
    """

    kind: WaveKind
    lead: str
    measured_us: int
    fs_hz: float
    unit: str
    scale: float
    offset: float
    samples: bytes

    @property
    def count(self) -> int:
        """Return the number of samples."""
        return len(self.samples) // SAMPLE_BYTES

    @property
    def duration_us(self) -> int:
        """Return how long the block lasts, in microseconds: its samples times their spacing."""
        return round(self.count * 1_000_000 / self.fs_hz)

    @property
    def ends_us(self) -> int:
        """Return the time of the sample that would follow, in microseconds since 1970."""
        return self.measured_us + self.duration_us
