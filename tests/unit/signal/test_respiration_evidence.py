"""Evidence for breathing rates and what it lets believe, against closed forms."""

import numpy as np
import pytest

from alerting.signal.records import Floats
from alerting.signal.respiration_evidence import (
    PRIOR_MEAN_PER_MIN,
    RATES_PER_MIN,
    SERIES_HZ,
    belief,
    confidence,
    evidence,
    explained,
    middle,
    standard,
)

AT_S = np.arange(128) / SERIES_HZ


def test_series_are_centred_scaled_and_cut() -> None:
    """The median becomes 0, the robust spread 1, an outlier is cut, a missing value is 0."""
    series = 7 + 3 * np.random.default_rng(1).standard_normal((1, 4001))
    series[0, [10, 20]] = 1e6, np.nan

    made, there = standard(series)

    assert np.median(made) == pytest.approx(0, abs=1e-3)
    assert np.std(made) == pytest.approx(1, abs=0.05)
    assert made[0, 10] == 2.5
    assert made[0, 20] == 0
    assert there[0] == pytest.approx(4000 / 4001)


@pytest.mark.parametrize("series", [np.full(9, np.nan), np.full(9, 0.1 + 0.2), np.zeros(9)])
def test_series_that_says_nothing_is_not_there(series: Floats) -> None:
    """A missing or constant series becomes zeros that count for nothing."""
    made, there = standard(series[None])

    assert not made.any()
    assert there[0] == 0
    assert not evidence(explained(made)[0], there, span_s=32).any()


def test_series_in_coarse_steps_is_there() -> None:
    """A series that stands still more than half of the time, and moves besides, is one that varies."""
    series = np.where(np.arange(128) % 16 == 0, 1.0, 0.0)

    made, there = standard(series[None])

    assert there[0] == 1
    assert np.ptp(made) > 1


def test_evidence_is_the_logarithm_of_what_a_wave_leaves_unexplained() -> None:
    """A sine under noise of the same power is explained by half: -log(1/2) at its rate, about 0 elsewhere."""
    rng = np.random.default_rng(2)
    wave = np.sqrt(2) * np.sin(2 * np.pi * 15 / 60 * AT_S) + rng.standard_normal((400, 128))

    heard = evidence(explained(wave)[0], np.ones(400), span_s=32).mean(axis=0)

    assert heard[RATES_PER_MIN == 15] == pytest.approx(np.log(2), abs=0.05)
    assert RATES_PER_MIN[heard.argmax()] == 15
    assert heard[np.abs(RATES_PER_MIN - 15) > 5].max() < 0.05


def test_twice_as_long_a_series_says_twice_as_much() -> None:
    """Evidence grows with the length of the series and with how much of it is there."""
    share = np.full((1, len(RATES_PER_MIN)), 0.5)

    heard = [evidence(share, np.array([there]), span_s=span)[0, 0] for there, span in ((1, 32), (1, 64), (0.5, 32))]
    np.testing.assert_allclose(heard, np.log(2) * np.array([1, 2, 0.5]))


def test_harmonics_are_told_apart() -> None:
    """A breath whose second harmonic is the stronger part has both at its own rate, which a sine has not."""
    angle = 2 * np.pi * 12 / 60 * AT_S
    series = (0.6 * np.sin(angle) + np.cos(2 * angle))[None]

    first, second = explained(series, harmonics=2)[:, 0]

    own = RATES_PER_MIN == 12
    assert first[own] == pytest.approx(0.36 / 1.36, abs=0.03)
    assert second[own] == pytest.approx(1 / 1.36, abs=0.03)
    assert RATES_PER_MIN[first.argmax()] == 24
    assert RATES_PER_MIN[(first + second).argmax()] == 12


def test_slow_drift_is_no_breath() -> None:
    """A parabola is taken away before rates are heard."""
    series = ((AT_S - 16) ** 2 / 8)[None]

    assert explained(series).max() == 0


def test_without_evidence_the_usual_is_believed() -> None:
    """No evidence gives the prior: the usual rate, with the confidence of a guess."""
    believed = belief(np.zeros((1, len(RATES_PER_MIN))))

    best = middle(believed)
    assert believed.sum() == pytest.approx(1)
    assert best[0] == pytest.approx(PRIOR_MEAN_PER_MIN, abs=0.5)
    assert 0.2 < confidence(believed, best)[0] < 0.35


def test_middle_and_confidence_of_a_known_belief() -> None:
    """Of a mass of 0.75 at 10 and 0.25 at 30, the median is 10 and three quarters are near it."""
    believed = np.zeros((1, len(RATES_PER_MIN)))
    believed[0, RATES_PER_MIN == 10], believed[0, RATES_PER_MIN == 30] = 0.75, 0.25

    assert middle(believed)[0] == pytest.approx(10, abs=0.25)
    assert confidence(believed, np.array([10.0, 12.0, 20.0])[:1])[0] == pytest.approx(0.75)
    assert confidence(believed, np.array([20.0]))[0] == 0
