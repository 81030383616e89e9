"""The deterioration score: contributions, intervals, what is refused. The fitted weights have tests of their own."""

from collections.abc import Callable

import numpy as np
import pytest

from alerting.signal.risk import score
from alerting.signal.risk_courses import course, ragged
from alerting.signal.risk_features import Signal, Statistic
from alerting.signal.risk_model import Effect, Model, Reach

RATE = Effect(signal=Signal.HEART_RATE, statistic=Statistic.LAST, knots=(60, 80, 120), heights=(0.5, 0, 2))
TREND = Effect(signal=Signal.HEART_RATE, statistic=Statistic.DAY_SPREAD, knots=(0, 40), heights=(0, 1))
OXYGEN = Effect(signal=Signal.SPO2, statistic=Statistic.LAST, knots=(85, 96), heights=(3, 0))
REACHES = (Reach(signal=Signal.HEART_RATE, low=-0.5, high=1.5), Reach(signal=Signal.SPO2, low=0.0, high=2.0))
MODEL = Model.of(-2.0, (RATE, OXYGEN, TREND), REACHES)
NAN = np.nan


def chance(logit: float) -> float:
    """Return the logistic function."""
    return float(1 / (1 + np.exp(-logit)))


def test_contributions_sum_to_the_logit() -> None:
    """The logit is the intercept plus one contribution for each signal, and the score its logistic."""
    made = course([0, 60], {"heart_rate": [80, 120], "spo2": [96, 85]}, 60)

    found = score(made, MODEL)

    assert found.signals == (Signal.HEART_RATE, Signal.SPO2)
    np.testing.assert_allclose(found.contributions, np.array([[0, 2.5], [0, 3]]))
    np.testing.assert_allclose(found.logit, [-2, 3.5])
    np.testing.assert_allclose(found.score, [chance(-2), chance(3.5)])


def test_known_signals_leave_no_interval() -> None:
    """Where everything is known and fresh, the interval is the score."""
    found = score(course([0], {"heart_rate": [80], "spo2": [96]}, 60), MODEL)

    assert found.low.tolist() == found.score.tolist() == found.high.tolist()


def test_missing_signal_adds_nothing_and_widens_the_interval() -> None:
    """A signal that was never measured contributes 0, and the interval takes all that it usually can do."""
    found = score(course([0], {"heart_rate": [80]}, 60), MODEL)

    assert found.contributions[:, 0].tolist() == [0, 0]
    assert found.unknown[:, 0].tolist() == [False, True]
    assert (found.low[0], found.high[0]) == pytest.approx((chance(-2), chance(0)))


def test_stale_signal_keeps_speaking_and_widens_the_interval() -> None:
    """A value of thirteen hours ago still counts, within an interval; after a day it is gone."""
    made = course([0, 13 * 60, 25 * 60], {"heart_rate": [80, 80, 80], "spo2": [85, NAN, NAN]}, 60)

    found = score(made, MODEL)

    assert found.contributions[1].tolist() == [3, 3, 0]
    np.testing.assert_allclose(found.low, [chance(1), chance(-2), chance(-2)])
    np.testing.assert_allclose(found.high, [chance(1), chance(1), chance(0)])


def test_score_lies_in_its_interval() -> None:
    """However unusual a stale value was, the interval contains the score."""
    found = score(course([0, 13 * 60], {"heart_rate": [60, NAN], "spo2": [70, NAN]}, 60), MODEL)

    assert (found.low <= found.score).all()
    assert (found.score <= found.high).all()


def test_nothing_measured_is_the_widest_interval() -> None:
    """A course of nothing but gaps has the intercept's score and everything unknown."""
    found = score(course([0, 60], {"heart_rate": [NAN, NAN]}, NAN), MODEL)

    assert found.unknown.all()
    assert found.logit.tolist() == [-2, -2]
    np.testing.assert_allclose(found.high, chance(-2 + 1.5 + 2))


def test_no_patients_no_scores() -> None:
    """Nothing in, nothing out, in the same shapes."""
    found = score(ragged([0], np.zeros(0), {}, np.zeros(0)), MODEL)

    assert found.score.shape == (0,)
    assert found.contributions.shape == (2, 0)


@pytest.mark.parametrize(
    ("build", "fault"),
    [
        (lambda: Model.of(0, (RATE, RATE), REACHES), "named twice"),
        (lambda: Model.of(0, (RATE, OXYGEN), REACHES[:1]), "reaches: must be one for each"),
        (lambda: Model.of(np.nan, (RATE, OXYGEN), REACHES), "must be finite"),
        (lambda: Model.of(0, (RATE,), (Reach(signal=Signal.HEART_RATE, low=1, high=0),)), "low <= high"),
        (lambda: one_effect(knots=(1,), heights=(0,)), "has 1 knots and 1 heights"),
        (lambda: one_effect(knots=(1, 2), heights=(0,)), "has 2 knots and 1 heights"),
        (lambda: one_effect(knots=(2, 2), heights=(0, 1)), "knots must rise"),
        (lambda: one_effect(knots=(1, 2), heights=(0, np.inf)), "all numbers be finite"),
        (lambda: one_effect(signal=Signal.AGE, statistic=Statistic.DAY_SPREAD), "age day_spread: no such feature"),
    ],
)
def test_impossible_model_is_refused(build: Callable[[], object], fault: str) -> None:
    """A model with a fault is a ValueError that says which."""
    with pytest.raises(ValueError, match=fault):
        build()


def one_effect(
    signal: Signal = Signal.HEART_RATE,
    statistic: Statistic = Statistic.LAST,
    knots: tuple[float, ...] = (60, 80),
    heights: tuple[float, ...] = (0, 1),
) -> Model:
    """Return a model of one effect."""
    effect = Effect(signal=signal, statistic=statistic, knots=knots, heights=heights)
    return Model.of(0.0, (effect,), (Reach(signal=signal, low=0, high=1),))
