"""Samples at uneven times, on a grid: curves that are known between the samples too."""

import numpy as np
import pytest

from alerting.signal.records import Floats
from alerting.signal.uneven import even

RNG = np.random.default_rng(5)


def frames(length_s: float = 20.0, fs_hz: float = 30.0) -> Floats:
    """Return the times of a camera's frames: some come late."""
    return np.cumsum(RNG.uniform(0.7, 1.3, int(length_s * fs_hz)) / fs_hz)


def test_parabola_is_given_back() -> None:
    """Between uneven samples of a parabola lies the parabola."""
    t_s = frames()
    made = even(t_s, 3 * t_s**2 - t_s, 50)
    at_s = made.start_s + np.arange(made.value.shape[1]) / 50
    inside = (at_s > t_s[1]) & (at_s < t_s[-2])

    np.testing.assert_allclose(made.value[0, inside], (3 * at_s**2 - at_s)[inside], atol=1e-9)


def test_pulse_frequency_is_kept() -> None:
    """A sine of 1.5 Hz seen by uneven frames is that sine, to 2 %."""
    t_s = frames()
    made = even(t_s, np.sin(2 * np.pi * 1.5 * t_s), 50)
    at_s = made.start_s + np.arange(made.value.shape[1]) / 50

    np.testing.assert_allclose(made.value[0, 10:-10], np.sin(2 * np.pi * 1.5 * at_s)[10:-10], atol=0.02)


def test_nothing_is_made_up_across_a_gap() -> None:
    """Where frames are missing for a second, the grid is missing, and the rest is there."""
    t_s = frames()
    kept = (t_s < 8) | (t_s > 9)
    made = even(t_s[kept], np.sin(t_s[kept]), 50)
    at_s = made.start_s + np.arange(made.value.shape[1]) / 50

    assert np.isnan(made.value[0, (at_s > 8.05) & (at_s < 8.95)]).all()
    assert np.isfinite(made.value[0, (at_s < 7.9) | (at_s > 9.1)]).all()


def test_stretch_alone_agrees_with_the_whole() -> None:
    """A stretch of the frames gives the grid of the whole, but for its outermost steps."""
    t_s = frames()
    value = np.cos(3 * t_s)
    whole, part = even(t_s, value, 50), even(t_s[100:300], value[100:300], 50)
    first = round((part.start_s - whole.start_s) * 50)

    np.testing.assert_allclose(
        part.value[0, 5:-5], whole.value[0, first + 5 : first + part.value.shape[1] - 5], atol=1e-12
    )


def test_missing_channel_is_missing_alone() -> None:
    """Of two channels one without any value stays without, and the other is whole."""
    t_s = frames()
    made = even(t_s, np.stack((np.full(len(t_s), np.nan), np.ones(len(t_s)))), 50)

    assert np.isnan(made.value[0]).all()
    np.testing.assert_allclose(made.value[1], 1)


@pytest.mark.parametrize(
    ("t_s", "said"),
    [
        ([0.0, 1.0, 1.0], "follows"),
        ([0.0, 1.0, np.nan], "not finite"),
        ([0.0, 1.0], "one time for each sample"),
        ([0.0, 1.0, 1e12], "must be at most"),
    ],
)
def test_times_that_are_none_are_refused(t_s: list[float], said: str) -> None:
    """Times that stand still, are missing, too few or in nanoseconds are an error that names them."""
    with pytest.raises(ValueError, match=rf"t_s: .*{said}"):
        even(t_s, [1.0, 2.0, 3.0], 50)


def test_one_sample_is_no_curve() -> None:
    """A single sample gives an empty grid."""
    assert even([1.0], [2.0], 50).value.shape == (1, 0)
