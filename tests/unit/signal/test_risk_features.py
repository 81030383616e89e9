"""Features of the last day against a plain loop, and what must not leak into them."""

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal.risk_courses import Courses, course, ragged
from alerting.signal.risk_features import (
    DAY_S,
    HELD_S,
    LEAST_DAY_S,
    LEAST_RECENT_S,
    RECENT_S,
    STALE_S,
    Feature,
    Signal,
    Statistic,
    allowed,
    features,
)

Floats = npt.NDArray[np.float64]
EVERY = tuple((signal, statistic) for signal in Signal for statistic in Statistic if allowed((signal, statistic)))
NAN = np.nan


def one(feature: Feature, made: Courses) -> list[float]:
    """Return one feature at each row."""
    return [float(value) for value in features(made, [feature], [])[0][0]]


def by_loop(times_s: Floats, values: Floats) -> dict[Statistic, list[float]]:
    """Compute the statistics of one patient's signal in the plainest way."""
    out: dict[Statistic, list[float]] = {statistic: [] for statistic in Statistic}
    for row, now in enumerate(times_s):
        known = [(t, x) for t, x in zip(times_s[: row + 1], values[: row + 1], strict=True) if not np.isnan(x)]
        held = [HELD_S, *(min(max(b[0] - a[0], 1), HELD_S) for a, b in itertools.pairwise(known))]
        day = [(w, x) for w, (t, x) in zip(held, known, strict=False) if t > now - DAY_S]
        recent = [(w, x) for w, (t, x) in zip(held, known, strict=False) if t > now - RECENT_S]
        anyhow = mean(day, 1)
        out[Statistic.LAST].append(day[-1][1] if day else NAN)
        out[Statistic.RECENT_MEAN].append(mean(recent, LEAST_RECENT_S))
        out[Statistic.RECENT_LOWEST].append(min((x for _, x in recent), default=NAN))
        out[Statistic.RECENT_HIGHEST].append(max((x for _, x in recent), default=NAN))
        out[Statistic.DAY_MEAN].append(mean(day, LEAST_DAY_S))
        out[Statistic.CHANGE].append(out[Statistic.LAST][-1] - out[Statistic.DAY_MEAN][-1])
        out[Statistic.DAY_SPREAD].append(math.sqrt(mean([(w, (x - anyhow) ** 2) for w, x in day], 1)))
    return out


def mean(weighted: list[tuple[float, float]], least_s: float) -> float:
    """Return a weighted mean, NaN where the weights are less than asked for."""
    total = sum(w for w, _ in weighted)
    return sum(w * x for w, x in weighted) / total if total >= least_s else NAN


@pytest.mark.parametrize("seed", range(6))
def test_statistics_are_those_of_a_plain_loop(seed: int) -> None:
    """Uneven times, gaps of days, equal times and missing values: each statistic is what a loop finds."""
    rng = np.random.default_rng(seed)
    times_min = np.cumsum(rng.choice([0, 1, 7, 60, 300, 1000, 4000], 80)).astype(float)
    values = np.where(rng.random(80) < 0.3, NAN, rng.uniform(40, 160, 80).round(1))

    made = course(times_min, {"heart_rate": values}, 50)

    for statistic, expected in by_loop(times_min * 60, values).items():
        np.testing.assert_allclose(one((Signal.HEART_RATE, statistic), made), expected, atol=2e-3, err_msg=statistic)


def test_derived_signals_are_what_their_names_say() -> None:
    """Pulse pressure, mean pressure from the other two, shock index, oxygen by flow, and SpO2 over oxygen."""
    vitals = {"systolic": [120], "diastolic": [60], "heart_rate": [90], "spo2": [94], "oxygen_flow": [2]}
    made = course([0], vitals, 71)

    assert one((Signal.PULSE_PRESSURE, Statistic.LAST), made) == [60]
    assert one((Signal.MEAN_PRESSURE, Statistic.LAST), made) == [80]
    assert one((Signal.SHOCK_INDEX, Statistic.LAST), made) == [0.75]
    assert one((Signal.OXYGEN, Statistic.LAST), made) == [29]
    assert one((Signal.OXYGENATION, Statistic.LAST), made) == pytest.approx([94 / 29])
    assert one((Signal.AGE, Statistic.LAST), made) == [71]


def test_measured_mean_pressure_and_fio2_come_first() -> None:
    """What was measured is taken before what can be computed from something else."""
    vitals = {"systolic": [120], "diastolic": [60], "mean_pressure": [77], "oxygen_flow": [2], "fio2": [50]}
    made = course([0], vitals, 71)

    assert one((Signal.MEAN_PRESSURE, Statistic.LAST), made) == [77]
    assert one((Signal.OXYGEN, Statistic.LAST), made) == [50]


def test_value_is_forgotten_after_a_day() -> None:
    """A value counts up to a day and not a moment longer; it is never carried over a longer gap."""
    made = course([0, 24 * 60 - 1, 24 * 60], {"heart_rate": [80, NAN, NAN]}, 50)

    assert one((Signal.HEART_RATE, Statistic.LAST), made)[:2] == [80, 80]
    assert all(np.isnan(one((Signal.HEART_RATE, statistic), made)[2]) for statistic in Statistic)


def test_extra_measurements_of_the_same_value_change_no_mean() -> None:
    """Measuring twice as often adds no weight: how often somebody is measured must not speak."""
    sparse = course([0, 60, 120], {"heart_rate": [60, 100, 60]}, 50)
    dense = course([0, 30, 60, 120], {"heart_rate": [60, 100, 100, 60]}, 50)

    for statistic in (Statistic.RECENT_MEAN, Statistic.DAY_MEAN, Statistic.DAY_SPREAD):
        assert one((Signal.HEART_RATE, statistic), dense)[-1] == one((Signal.HEART_RATE, statistic), sparse)[-1]


def test_signal_is_unknown_when_missing_or_stale() -> None:
    """A signal is unknown before its first value, and again when its last is older than twelve hours."""
    stale = STALE_S / 60
    made = course([0, 1, stale, stale + 1], {"heart_rate": [NAN, 80, NAN, NAN], "systolic": [NAN, NAN, 120, NAN]}, NAN)

    signals = [Signal.HEART_RATE, Signal.SHOCK_INDEX, Signal.AGE]
    expected = [[True, False, False, True], [True, True, False, True], [True] * 4]
    assert features(made, [], signals)[1].tolist() == expected


@pytest.mark.parametrize("feature", [(Signal.AGE, Statistic.DAY_MEAN), (Signal.SHOCK_INDEX, Statistic.DAY_SPREAD)])
def test_impossible_features_are_not_allowed(feature: Feature) -> None:
    """An age has no course, and a ratio no extremes."""
    assert not allowed(feature)


def test_no_rows_no_features() -> None:
    """Nothing in, nothing out: no patient, or patients without a row."""
    for made in (ragged([0], np.zeros(0), {}, np.zeros(0)), ragged([0, 0, 0], np.zeros(0), {}, [50, 60])):
        found, unknown = features(made, EVERY, tuple(Signal))
        assert found.shape == (len(EVERY), 0)
        assert unknown.shape == (len(Signal), 0)
