"""Perfusion where it is known: pulses of known height on a known level."""

import numpy as np
import pytest

from alerting.signal import ppg_shape, pulses
from alerting.signal.ppg_shape import Perfusion, Shape
from alerting.signal.records import Floats
from tests.unit.signal.waves import at_rate, pulse_wave

FS_HZ = 125.0
ONSETS = at_rate(70, 40)


def seen(wave: Floats) -> tuple[Shape, Perfusion]:
    """Return shapes and perfusion of a wave."""
    found = pulses.detect(wave, FS_HZ)
    made = ppg_shape.shape(wave, found)
    return made, ppg_shape.perfusion(made, found, samples=len(wave), window_s=10)


@pytest.mark.parametrize("height", [0.5, 2.0, 8.0])
def test_perfusion_index_is_the_height_over_the_level(height: float) -> None:
    """Pulses of h on a level of 100 have an index of about h per cent, each window by itself."""
    made, perfusion = seen(100 + pulse_wave(ONSETS, 40, FS_HZ, height))

    low, high = np.percentile(pulse_wave(ONSETS, 40, FS_HZ, height)[500:-500], (0, 100))
    np.testing.assert_allclose(made.height[2:-2], high - low, rtol=0.1)
    np.testing.assert_allclose(perfusion.index_pct, high - low, rtol=0.12)
    assert (perfusion.variability < 0.02).all()


def test_foot_and_top_stand_beside_the_steepest_rise() -> None:
    """The foot of a pulse lies before its onset's rise, its top at the end of it, and no two pulses share a sample."""
    made, _ = seen(pulse_wave(ONSETS, 40, FS_HZ))

    assert (made.top[1:-1] > made.foot[1:-1]).all()
    assert (made.foot[2:-1] > made.top[1:-2]).all()
    np.testing.assert_allclose(made.top[1:-1] / FS_HZ, ONSETS[1:-1] + 0.12, atol=0.06)


def test_alternating_pulses_vary() -> None:
    """Every other pulse two thirds as high shows as variability, in a steady rhythm."""
    _, perfusion = seen(100 + pulse_wave(ONSETS, 40, FS_HZ, np.where(np.arange(len(ONSETS)) % 2, 1.0, 0.66)))

    assert (perfusion.variability > 0.1).all()


def test_signal_without_level_has_no_perfusion_index() -> None:
    """A curve that is filtered around nought says nothing of the light that comes through."""
    wave = pulse_wave(ONSETS, 40, FS_HZ)
    _, perfusion = seen(wave - wave.mean())

    assert np.isnan(perfusion.index_pct).all()
    assert np.isfinite(perfusion.variability).all()


def test_pulse_cut_by_a_gap_has_no_height() -> None:
    """A pulse of which samples are missing has neither foot, top nor height; few such leave a window its figure."""
    wave = 100 + pulse_wave(ONSETS, 40, FS_HZ)
    wave[1275:1400] = np.nan
    made, perfusion = seen(wave)

    cut = np.isnan(made.height)
    assert 1 <= cut.sum() <= 4
    assert (made.foot[cut] == -1).all()
    assert (made.top[cut] == -1).all()
    assert np.isfinite(perfusion.index_pct).all()


def test_window_below_five_seconds_is_refused() -> None:
    """A window that holds too few pulses for any figure is an error."""
    found = pulses.detect(pulse_wave(ONSETS, 40, FS_HZ), FS_HZ)

    with pytest.raises(ValueError, match="window_s: is 4"):
        ppg_shape.perfusion(ppg_shape.shape(pulse_wave(ONSETS, 40, FS_HZ), found), found, samples=5000, window_s=4)
