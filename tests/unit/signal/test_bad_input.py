"""Bad input at every door of the signal core: a defined result, or a ValueError with the argument and the rule."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import ecg, pulses, qrs, quality, respiration, rhythm
from alerting.signal.verify import AlarmKind, verify

SAMPLES = 8000
_NOISE = np.random.default_rng(0).standard_normal(SAMPLES)
WAVE = np.sin(np.arange(SAMPLES) / 40) + 0.1 * _NOISE
EVERY = np.arange(SAMPLES)

DOORS: Mapping[str, Callable[[npt.ArrayLike], object]] = MappingProxyType(
    {
        "qrs": lambda signal: qrs.detect(signal, 250.0),
        "pulses": lambda signal: pulses.detect(signal, 125.0),
        "quality of ecg": lambda signal: quality.ecg(signal, 250.0),
        "quality of ppg": lambda signal: quality.ppg(signal, 125.0),
        "ecg": lambda signal: ecg.read(signal, 250.0),
        "chest": lambda signal: respiration.chest(signal, 250.0),
        "fused": lambda signal: respiration.fused(signal, signal, 250.0),
        "follow": lambda signal: respiration.follow(signal, 250.0),
        "strip": lambda signal: rhythm.strip(signal, 250.0),
        "af_score": rhythm.af_score,
        "verify": lambda signal: [verify({"II": signal, "PLETH": signal}, 250.0, kind) for kind in AlarmKind],
    }
)
SIGNALS: Mapping[str, npt.ArrayLike] = MappingProxyType(
    {
        "empty": [],
        "one sample": [1.0],
        "two samples": [1.0, 2.0],
        "forty samples": WAVE[:40],
        "shorter than a window": WAVE[:100],
        "all missing": np.full(SAMPLES, np.nan),
        "every other stretch missing": np.where((EVERY // 700) % 2, np.nan, WAVE),
        "flat": np.zeros(SAMPLES),
        "flat, not at zero": np.full(SAMPLES, 7.0),
        "clipped": np.clip(WAVE, -0.2, 0.2),
        "saturated int16": np.where(WAVE > 0, 32767, -32768).astype(np.int16),
        "uint8": (WAVE * 50 + 128).astype(np.uint8),
        "int64": (WAVE * 1e6).astype(np.int64),
        "a million times": WAVE * 1e6,
        "beyond any unit": WAVE * 1e300,
        "next to nothing": WAVE * 1e-300,
        "with infinities": np.where(EVERY % 97 == 0, np.inf, WAVE),
        "noise": _NOISE,
        "signs of noise": np.sign(_NOISE),
        "impulse": np.where(EVERY == 4000, 1.0, 0.0),
        "step": np.where(EVERY > 4000, 1.0, 0.0),
        "no records": np.zeros((0, SAMPLES)),
        "records without samples": np.zeros((3, 0)),
        "three dimensions": np.zeros((2, 2, 2)),
        "booleans": np.zeros(100, np.bool_),
        "text": np.array(["a"]),
        "complex": np.zeros(5, np.complex128),
        "half precision": WAVE.astype(np.float16),
        "ragged": [[1.0, 2.0], [3.0]],
    }
)


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=SIGNALS.keys())
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
def test_bad_signal_has_a_result_or_an_error_in_words(
    door: Callable[[npt.ArrayLike], object], signal: npt.ArrayLike
) -> None:
    """Nothing but a ValueError that begins with the argument's name, and no warning, comes out."""
    said = "signal: a result"
    try:
        door(signal)
    except ValueError as error:
        said = str(error)

    name, colon, rule = said.partition(":")
    assert (name.isidentifier(), colon, bool(rule)) == (True, ":", True), said


@pytest.mark.parametrize("fs_hz", [0.0, -250.0, float("nan"), float("inf"), 1e9])
@pytest.mark.parametrize(
    "door",
    [qrs.detect, pulses.detect, quality.ecg, quality.ppg, ecg.read, respiration.chest, rhythm.strip],
    ids=["qrs", "pulses", "quality of ecg", "quality of ppg", "ecg", "chest", "strip"],
)
def test_wrong_rate_is_an_error_in_words(door: Callable[[npt.ArrayLike, float], object], fs_hz: float) -> None:
    """A sampling rate that cannot be is refused with the range."""
    with pytest.raises(ValueError, match=r"fs_hz: is .* must lie between"):
        door(WAVE, fs_hz)
