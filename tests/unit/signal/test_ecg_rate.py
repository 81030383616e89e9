"""Heart rate in windows: the mean of what can be read, or nothing."""

import numpy as np
import pytest

from alerting.signal.ecg_rate import heart_rate
from alerting.signal.quality_verdict import Reason
from tests.builders_signal import a_quality, beats_after, intervals_of, spoilt


def test_rate_is_the_mean_of_the_intervals_within() -> None:
    """A window with intervals of 0.5 and 1.5 s beats at 60/min on average."""
    beats = beats_after(*[0.5, 1.5] * 5)

    found = heart_rate(intervals_of(beats, quality=a_quality(10)), a_quality(10))

    assert found.per_min.shape == (1, 1)
    assert abs(found.per_min[0, 0] - 60) < 5


def test_irregular_rhythm_is_less_certain() -> None:
    """A regular rhythm's rate is nearly certain; an interval twice as long may be a beat missed."""
    regular, longer = beats_after(*[0.8] * 11), beats_after(*[0.8] * 5, 1.6, *[0.8] * 4)
    sure, less = (
        heart_rate(intervals_of(beats, quality=a_quality(10)), a_quality(10)).confidence[0, 0]
        for beats in (regular, longer)
    )

    assert sure > 0.99
    assert 0.5 < less < sure


def test_interval_across_two_windows_belongs_to_none() -> None:
    """The pause from one window into the next slows neither."""
    beats = beats_after(*[0.5] * 17, 2.0, *[0.5] * 16)

    found = heart_rate(intervals_of(beats, quality=a_quality(20)), a_quality(20))

    np.testing.assert_allclose(found.per_min, [[120, 120]])


def test_window_without_readable_beats_has_no_rate_but_a_reason() -> None:
    """Noise throughout gives NaN, confidence 0 and the reason."""
    quality = a_quality(10, 0.1)
    for window in range(5):
        quality = spoilt(quality, window, Reason.MOTION)

    found = heart_rate(intervals_of(beats_after(*[0.8] * 10), quality=quality), quality)

    assert np.isnan(found.per_min).all()
    assert (found.confidence == 0).all()
    assert found.reasons.tolist() == [[Reason.MOTION]]


def test_rate_is_read_beside_a_short_disturbance() -> None:
    """Two bad seconds of ten leave a rate, and it says what disturbed it."""
    quality = spoilt(a_quality(10), 2)

    found = heart_rate(intervals_of(beats_after(*[0.8] * 11), quality=quality), quality)

    np.testing.assert_allclose(found.per_min, [[75]])
    assert found.reasons.tolist() == [[Reason.NOISE]]


def test_window_shorter_than_that_of_quality_is_refused() -> None:
    """A rate every second cannot be judged by windows of two."""
    with pytest.raises(ValueError, match=r"window_s: is 1.0, must be at least 2"):
        heart_rate(intervals_of(beats_after(1, 1)), a_quality(), 1.0)


def test_record_without_a_window_has_no_rate() -> None:
    """An empty record gives an empty answer."""
    found = heart_rate(intervals_of(beats_after(), quality=a_quality(0)), a_quality(0))

    assert found.per_min.shape == (1, 0)
