"""What is lost of a window: missing, flat and clipped seconds, told from round waves and pauses."""

import numpy as np
import pytest

from alerting.signal.quality_faults import Faults, faults
from alerting.signal.quality_grid import Grid, pointed
from alerting.signal.records import Floats

FS_HZ = 250.0


def a_sine(seconds: float = 10.0) -> Floats:
    """Return a wave of 1.3 Hz, one record."""
    t = np.arange(int(seconds * FS_HZ)) / FS_HZ
    return np.sin(2 * np.pi * 1.3 * t)[None]


def judge(signal: Floats) -> Faults:
    """Return the faults of a batch at 250 Hz."""
    grid = Grid.of(signal.shape[1], FS_HZ, 125.0)
    return faults(pointed(signal, grid), grid)


def test_whole_signal_has_no_fault() -> None:
    """A wave that moves all the time has lost nothing."""
    found = judge(a_sine())

    for lost in (found.missing_s, found.flat_s, found.clipped_s):
        np.testing.assert_array_equal(lost, np.zeros((1, 5)))


def test_missing_seconds_are_counted_in_their_window() -> None:
    """Half a second of NaN across the edge of two windows counts a quarter in each."""
    signal = a_sine()
    signal[0, int(1.752 * FS_HZ) : int(2.252 * FS_HZ)] = np.nan

    np.testing.assert_allclose(judge(signal).missing_s, [[0.248, 0.252, 0, 0, 0]], atol=0.009)


def test_standing_still_is_flat_from_its_first_second_on() -> None:
    """A signal that holds its value for three seconds is flat for all of them, in two windows."""
    signal = a_sine()
    signal[0, 750:1500] = signal[0, 750]

    np.testing.assert_allclose(judge(signal).flat_s, [[0, 1, 2, 0, 0]], atol=0.02)


def test_line_between_two_slow_beats_is_not_flat() -> None:
    """Half a second without any change, as in a signal without noise, is no fault."""
    signal = a_sine()
    signal[0, 750:875] = signal[0, 750]

    np.testing.assert_array_equal(judge(signal).flat_s, np.zeros((1, 5)))


def test_cut_off_peaks_are_clipped_whatever_the_sign() -> None:
    """A steep wave cut off at 0.2 of its height is clipped above and below, in both records alike."""
    steep = np.sign(a_sine()) * np.abs(a_sine()) ** 0.2
    steep = np.round(steep + 0.01 * np.sin(np.arange(2500) * 0.7), 3)
    cut = np.clip(steep, -0.5, 0.5)

    found = judge(np.concatenate((cut, -cut))).clipped_s

    assert (found > 0.2).all()
    np.testing.assert_array_equal(found[0], found[1])


def test_round_top_at_coarse_resolution_is_not_clipped() -> None:
    """Two or three equal values at the top of a round wave come of its resolution."""
    assert judge(np.round(a_sine(), 2)).clipped_s.sum() == 0


@pytest.mark.parametrize("factor", [1e-6, 1e6, -1.0])
def test_faults_know_no_unit(factor: float) -> None:
    """Scale and sign change nothing."""
    signal = np.clip(np.round(3 * a_sine() ** 3, 2), -1, 2)
    signal[0, 100:200] = np.nan
    signal[0, 1500:2000] = 0.25

    plain, scaled = judge(signal), judge(signal * factor)

    np.testing.assert_array_equal(plain.flat_s, scaled.flat_s)
    np.testing.assert_array_equal(plain.missing_s, scaled.missing_s)
    np.testing.assert_array_equal(plain.clipped_s, scaled.clipped_s)
