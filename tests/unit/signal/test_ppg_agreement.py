"""Pulses beside heart beats where both are known: every beat followed, some, none."""

import numpy as np
import pytest

from alerting.signal.events import Beats
from alerting.signal.ppg_agreement import agreement
from alerting.signal.records import Floats

FS_HZ = 250.0
SAMPLES = int(60 * FS_HZ)
HEART_S = np.arange(0.5, 59, 0.8) + 0.02 * np.sin(np.arange(74))


def at(times_s: Floats) -> Beats:
    """Return beats of one record."""
    return Beats.of(np.rint(np.sort(times_s) * FS_HZ).astype(np.int64), FS_HZ)


def test_pulse_after_every_beat() -> None:
    """With a pulse 0.25 s after each beat, the arrival time is that, and nothing is missed or unexplained."""
    seen = agreement(at(HEART_S + 0.25), at(HEART_S), samples=SAMPLES)

    np.testing.assert_allclose(seen.arrival_s[0, :-1], 0.25, atol=0.005)
    np.testing.assert_allclose(seen.followed[0, :-1], 1)
    np.testing.assert_allclose(seen.unexplained[0, :-1], 0)
    np.testing.assert_allclose(seen.deficit_per_min[0, :-1], 0)
    np.testing.assert_allclose(seen.rate_difference_per_min[0, :-1], 0, atol=1.5)


def test_beats_without_a_pulse_are_the_deficit() -> None:
    """Where every third beat moves no blood, a third of the heart rate is the deficit."""
    felt = np.arange(len(HEART_S)) % 3 != 0
    seen = agreement(at(HEART_S[felt] + 0.25), at(HEART_S), samples=SAMPLES)

    np.testing.assert_allclose(seen.followed[0, :-1], 2 / 3, atol=0.06)
    np.testing.assert_allclose(seen.deficit_per_min[0, :-1], 25, atol=5)
    assert (seen.unexplained[0, :-1] == 0).all()


def test_pulses_of_nobody_have_no_arrival_time() -> None:
    """Pulses that have nothing to do with the beats share no delay: there is no arrival time, and no deficit."""
    strange = np.cumsum(np.random.default_rng(4).uniform(0.5, 1.3, 64))
    seen = agreement(at(strange), at(HEART_S), samples=SAMPLES)

    assert np.isnan(seen.arrival_s).mean() > 0.6
    np.testing.assert_array_equal(np.isnan(seen.arrival_s), np.isnan(seen.deficit_per_min))


def test_jolts_beside_true_pulses_are_unexplained() -> None:
    """Pulses between the beats' own ones, as movement makes, are the unexplained share."""
    extra = HEART_S[::4] + 0.62
    seen = agreement(at(np.concatenate((HEART_S + 0.25, extra))), at(HEART_S), samples=SAMPLES)

    np.testing.assert_allclose(seen.arrival_s[0, :-1], 0.25, atol=0.005)
    np.testing.assert_allclose(seen.unexplained[0, :-1], 0.2, atol=0.06)


def test_channel_without_pulses_or_beats_says_nothing() -> None:
    """Without pulses, and without beats, there is no delay and nothing is a number that is not known."""
    none = at(np.zeros(0))
    for seen in (agreement(none, at(HEART_S), samples=SAMPLES), agreement(at(HEART_S), none, samples=SAMPLES)):
        assert np.isnan(seen.arrival_s).all()
        assert np.isnan(seen.followed).all()


def test_record_is_compared_with_its_own_beats() -> None:
    """Of two records, one followed and one not, each has its own figures."""
    row = np.repeat([0, 1], len(HEART_S))
    sample = at(HEART_S).sample
    beats = Beats(row=row, sample=np.tile(sample, 2), fs_hz=FS_HZ, records=2)
    pulses = Beats(row=np.zeros(len(sample), np.int64), sample=sample + 60, fs_hz=FS_HZ, records=2)
    seen = agreement(pulses, beats, samples=SAMPLES)

    np.testing.assert_allclose(seen.followed[0, :-1], 1)
    assert np.isnan(seen.followed[1]).all()


def test_other_rates_and_records_are_refused() -> None:
    """Beats of another rate or of other records cannot be compared."""
    other = Beats.of(at(HEART_S).sample, 125.0)
    with pytest.raises(ValueError, match="at 125 Hz, must be at 250 Hz"):
        agreement(at(HEART_S), other, samples=SAMPLES)
    with pytest.raises(ValueError, match="of 2 records, must be of 1"):
        agreement(at(HEART_S), Beats(row=other.row, sample=other.sample, fs_hz=FS_HZ, records=2), samples=SAMPLES)
    with pytest.raises(ValueError, match="window_s"):
        agreement(at(HEART_S), at(HEART_S), samples=SAMPLES, window_s=1)
