"""What waveforms tell, ten seconds at a time: the features that the store keeps and rules read. Nouns only.

Not here: how they are found (`alerting.waves`), what follows from them (`alerting.rules`). The invariant: a feature is
kept on event time, apart from what devices report themselves, and what could not be read is NaN with its reasons, never
a guess.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

CELL_S = 10
"""Features are told of every ten seconds, counted from 1970."""


class WaveFeature(StrEnum):
    """What is told of ten seconds. `FeatureRow.value` in brackets."""

    ECG_RATE = "ecg_rate"
    """Heart rate from the ECG [beats/min]; its quality is the probability to be within 5/min of the truth."""
    ECG_QUALITY = "ecg_quality"
    """Quality of the best lead [0-1, the probability that its beats are right]."""
    AF = "af"
    """How much the last minute looks like atrial fibrillation [0-1]."""
    PAUSE = "pause"
    """The longest readable interval between two beats that ends here, where it is a pause [s]."""
    VENTRICULAR_RUN = "ventricular_run"
    """The longest run of ventricular beats here [beats]."""
    ASYSTOLE = "asystole"
    """A checked claim: no heart beat for so long [s]."""
    BRADYCARDIA = "bradycardia"
    """A checked claim: extreme bradycardia [beats/min]."""
    TACHYCARDIA = "tachycardia"
    """A checked claim: extreme tachycardia [beats/min]."""
    VENTRICULAR_TACHYCARDIA = "ventricular_tachycardia"
    """A checked claim: ventricular tachycardia [beats/min]."""
    VENTRICULAR_FIBRILLATION = "ventricular_fibrillation"
    """A checked claim: ventricular fibrillation or flutter [beats/min]."""
    PULSE_RATE = "pulse_rate"
    """Pulse rate from the PPG [pulses/min]; its quality is the confidence in it."""
    PPG_QUALITY = "ppg_quality"
    """Quality of the pulse wave [0-1]."""


CODES: MappingProxyType[WaveFeature, int] = MappingProxyType(
    {
        WaveFeature.ECG_RATE: 1,
        WaveFeature.ECG_QUALITY: 2,
        WaveFeature.AF: 3,
        WaveFeature.PAUSE: 4,
        WaveFeature.VENTRICULAR_RUN: 5,
        WaveFeature.ASYSTOLE: 6,
        WaveFeature.BRADYCARDIA: 7,
        WaveFeature.TACHYCARDIA: 8,
        WaveFeature.VENTRICULAR_TACHYCARDIA: 9,
        WaveFeature.VENTRICULAR_FIBRILLATION: 10,
        WaveFeature.PULSE_RATE: 11,
        WaveFeature.PPG_QUALITY: 12,
    }
)
"""What the store keeps: never renumber."""
BY_CODE: MappingProxyType[int, WaveFeature] = MappingProxyType({code: feature for feature, code in CODES.items()})


class Verdict(StrEnum):
    """What checking a claim across all channels has come to; the store keeps the word."""

    CONFIRMED = "confirmed"
    UNCONTRADICTED = "uncontradicted"
    UNREADABLE = "unreadable"
    CONTRADICTED = "contradicted"


SPEAKS = frozenset({Verdict.CONFIRMED, Verdict.UNCONTRADICTED})
"""A claim may become an alert where a channel of good quality has been heard and none contradicts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The piece of a waveform to look at: of which lead, from when until when, microseconds since 1970.

    `beats` and `per_min` of a run or a claim; `verdict` where it has been checked.
    """

    lead: str
    from_us: int
    to_us: int
    beats: int | None = None
    per_min: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureRow:
    """One feature of the ten seconds that end at `at_us`, microseconds since 1970.

    value : as `WaveFeature` says, NaN where it cannot be read; quality : 0-1
    reasons : why it is not as good as it could be, bits of `alerting.signal.quality.Reason`
    lead : of which channel it was read
    """

    feature: WaveFeature
    at_us: int
    value: float
    quality: float
    reasons: int = 0
    lead: str = ""
    strip: Strip | None = None
