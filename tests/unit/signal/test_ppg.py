"""Pulse rates where they are known: even and uneven rhythms, missing samples, a signal that cannot be read."""

import numpy as np
import pytest

from alerting.signal import ppg, pulses, quality
from alerting.signal.beat_intervals import Doubt, Intervals
from alerting.signal.records import Floats
from tests.unit.signal.waves import at_rate, pulse_wave

FS_HZ = 125.0


def read(wave: Floats) -> tuple[Intervals, ppg.PulseRate]:
    """Return the intervals and the rate of a wave."""
    found = pulses.detect(wave, FS_HZ)
    judged = quality.ppg(wave, FS_HZ, found)
    between = ppg.intervals(wave, found, judged)
    return between, ppg.rate(between, judged, samples=np.atleast_2d(wave).shape[1])


@pytest.mark.parametrize("per_min", [40, 75, 130, 180])
def test_even_rhythm_has_its_rate(per_min: float) -> None:
    """Every window of an even rhythm gives its rate to half a beat a minute, and is sure of it."""
    _, rate = read(pulse_wave(at_rate(per_min, 60), 60, FS_HZ))

    np.testing.assert_allclose(rate.per_min[0, :-1], per_min, atol=0.5)
    assert (rate.confidence[0, :-1] > 0.7).all()
    assert (rate.reasons == 0).all()


def test_rate_counts_the_pulses_of_an_uneven_rhythm() -> None:
    """Where intervals are uneven the rate is that of their mean: pulses by the minute."""
    onsets = 0.5 + np.cumsum(np.random.default_rng(3).uniform(0.5, 1.1, 110))
    onsets = onsets[onsets < 59]
    _, rate = read(pulse_wave(onsets, 60, FS_HZ))

    assert np.nanmean(rate.per_min) == pytest.approx(60 / np.diff(onsets).mean(), abs=1.5)


def test_interval_across_missing_samples_is_marked_and_lowers_no_rate() -> None:
    """Two seconds without samples are no long interval: it is marked, and the rate stays."""
    wave = pulse_wave(at_rate(75, 60), 60, FS_HZ)
    wave[1500:1750] = np.nan
    between, rate = read(wave)

    gap = (between.begin < 1500) & (between.end > 1750)
    assert gap.sum() == 1
    assert (between.doubt[gap] & Doubt.GAP).all()
    assert rate.per_min[0, 1] == pytest.approx(75, abs=1)


def test_noise_has_no_rate_but_a_reason() -> None:
    """A window of noise has no rate, no confidence, and says why; the windows beside it have their own."""
    wave = pulse_wave(at_rate(75, 60), 60, FS_HZ)
    wave[2400:3800] += 3 * np.random.default_rng(1).standard_normal(1400)
    _, rate = read(wave)

    assert np.isnan(rate.per_min[0, 2])
    assert rate.confidence[0, 2] == 0
    assert rate.reasons[0, 2] != 0
    np.testing.assert_allclose(rate.per_min[0, [0, 5]], 75, atol=0.5)


def test_record_without_pulses_says_so() -> None:
    """A flat record beside a good one has no rate in any window, and costs the good one nothing."""
    wave = pulse_wave(at_rate(75, 60), 60, FS_HZ)
    _, rate = read(np.stack((np.zeros(len(wave)), wave)))

    assert np.isnan(rate.per_min[0]).all()
    assert (rate.reasons[0] != 0).all()
    np.testing.assert_allclose(rate.per_min[1, :-1], 75, atol=0.5)


def test_pulses_of_other_records_are_refused() -> None:
    """Pulses of two records for one, or beyond its end, are an error with both numbers."""
    wave = pulse_wave(at_rate(75, 20), 20, FS_HZ)
    found = pulses.detect(wave, FS_HZ)
    judged = quality.ppg(wave, FS_HZ, found)

    with pytest.raises(ValueError, match="of 1 records, must be of the 2 records of ppg"):
        ppg.intervals(np.stack((wave, wave)), found, judged)
    with pytest.raises(ValueError, match="must lie within the 1000 of ppg"):
        ppg.intervals(wave[:1000], found, judged)
    with pytest.raises(ValueError, match="window_s: is 2"):
        ppg.rate(ppg.intervals(wave, found, judged), judged, samples=len(wave), window_s=2)
