"""The index of a pulse wave: high where pulses are right, low with a reason where they cannot be."""

import numpy as np
import pytest

from alerting.signal import quality
from alerting.signal.events import Beats
from alerting.signal.quality import READABLE, Reason
from alerting.signal.records import Floats

FS_HZ = 125.0


def a_pulse(seconds: float = 40.0, rr_s: float = 0.85, fs_hz: float = FS_HZ) -> Floats:
    """Return a pulse wave with its dicrotic one, (1, samples)."""
    t = np.arange(int(seconds * fs_hz)) / fs_hz
    since = (t - 0.5 + rr_s / 2) % rr_s - rr_s / 2
    waves = sum(h * np.exp(-(((since - at) / width) ** 2) / 2) for at, width, h in ((0, 0.07, 1.0), (0.25, 0.09, 0.4)))
    return (waves + 0.005 * np.random.default_rng(2).standard_normal(len(t)))[None]


def its_pulses(seconds: float = 40.0, rr_s: float = 0.85, fs_hz: float = FS_HZ) -> Beats:
    """Return the peaks of `a_pulse`."""
    return Beats.of(np.round(np.arange(0.5, seconds, rr_s) * fs_hz).astype(np.int64), fs_hz)


@pytest.mark.parametrize("fs_hz", [25.0, 30.0, 64.0, 125.0, 250.0, 1000.0])
@pytest.mark.parametrize("rr_s", [0.45, 0.85, 1.4])
def test_clean_pulse_is_readable(fs_hz: float, rr_s: float) -> None:
    """Every window of a clean pulse wave may be read, at any rate and heart rate."""
    found = quality.ppg(a_pulse(rr_s=rr_s, fs_hz=fs_hz), fs_hz, its_pulses(rr_s=rr_s, fs_hz=fs_hz))

    assert found.index.shape == (1, 20)
    assert found.index[:, 1:-1].min() > READABLE
    assert np.median(found.index) > 0.9


def test_motion_makes_it_unreadable() -> None:
    """A hand that moves makes swings larger than the pulse; before and after it can be read."""
    signal = a_pulse()
    swing = np.convolve(np.random.default_rng(3).standard_normal(2000), np.hanning(30), "same")
    signal[0, 2000:3500] += (1.5 * swing / swing.std())[:1500]

    found = quality.ppg(signal, FS_HZ, its_pulses())

    assert np.median(found.index[0, 8:14]) < READABLE
    assert (found.reasons[0][found.index[0] < READABLE] & (Reason.MOTION | Reason.DISAGREEMENT)).all()
    assert found.index[0, 1:5].min() > READABLE


def test_finger_taken_out_is_named() -> None:
    """A sensor without a finger gives a line: flat, and not to be read."""
    signal = a_pulse()
    signal[0, 2000:3500] = 0.2

    found = quality.ppg(signal, FS_HZ, its_pulses())

    assert found.index[0, 8:14].max() == 0
    assert (found.reasons[0, 8:14] & Reason.FLAT).all()


@pytest.mark.parametrize("factor", [1e6, 1e-6])
def test_quality_knows_no_unit(factor: float) -> None:
    """Scale changes nothing."""
    plain, scaled = (quality.ppg(signal, FS_HZ, its_pulses()) for signal in (a_pulse(), factor * a_pulse()))

    np.testing.assert_allclose(scaled.index, plain.index, atol=1e-9)


def test_wrong_rate_is_refused() -> None:
    """Less than 20 Hz cannot show a pulse wave's form."""
    with pytest.raises(ValueError, match="fs_hz"):
        quality.ppg(a_pulse(), 19.0)
