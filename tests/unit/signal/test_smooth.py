"""Median filter and Hampel marks against brute force, and what they must never do to an extreme."""

import numpy as np
import pytest

from alerting.signal.records import Floats
from alerting.signal.series import Course, Lack
from alerting.signal.smooth import MAD_TO_SIGMA, SIGMAS, Bounds, Placement, hampel, look_ahead_s, look_back_s, median
from tests.builders_vitals import evenly, uneven

COURSE = uneven(4)


def near(index: int, back_s: float, ahead_s: float) -> Floats:
    """Return the values in a window around a reading, by looking at all readings."""
    away = COURSE.t_s - COURSE.t_s[index]
    within = (COURSE.row == COURSE.row[index]) & (away >= -back_s) & (away <= ahead_s)
    values: Floats = COURSE.value[within]
    return values


def test_median_filter_is_the_median_of_what_came_before() -> None:
    """Each value is the median of its trailing window, by time and not by count."""
    found = median(COURSE, 2000.0)

    assert found.value.tolist() == [np.median(near(i, 2000, 0)) for i in range(len(COURSE.t_s))]
    assert found.support.readings.tolist() == [len(near(i, 2000, 0)) for i in range(len(COURSE.t_s))]


@pytest.mark.parametrize("placement", Placement)
def test_hampel_marks_what_brute_force_marks(placement: Placement) -> None:
    """Outliers are those beyond three robust standard deviations of their window, never of fewer than three."""
    found = hampel(COURSE, 4000.0, floor=1.0, placement=placement)
    back_s, ahead_s = look_back_s(4000.0, placement), look_ahead_s(4000.0, placement)

    expected = []
    for index, value in enumerate(COURSE.value):
        window = near(index, back_s, ahead_s)
        sigma = max(MAD_TO_SIGMA * np.median(np.abs(window - np.median(window))), 1.0)
        expected.append(len(window) >= 3 and abs(value - np.median(window)) > SIGMAS * sigma)
    assert found.outlier.tolist() == expected
    assert 5 < sum(expected) < 60


def test_constant_of_hampel_makes_a_normal_sample_s_deviation() -> None:
    """The constant is 1 / Phi^-1(3/4), from a sample and not from the same formula."""
    sample = np.random.default_rng(5).standard_normal(200_001)

    assert np.median(np.abs(sample - np.median(sample))) * MAD_TO_SIGMA == pytest.approx(1, abs=0.01)


def test_next_digit_of_the_sensor_is_no_outlier() -> None:
    """Where all readings are equal the floor stands for the deviation: three floors are let through, four are not."""
    steady = [70.0, 70, 70, 70, 70, 73, 70, 70, 74]

    assert hampel(evenly(np.array(steady)), 3600.0, floor=1.0).outlier.tolist() == [False] * 8 + [True]


def test_h17_hard_value_is_marked_and_never_removed() -> None:
    """A lone saturation of 70 % is an outlier to the filter, and still passes through it, and is never removable."""
    course = evenly(np.array([96.0, 97, 96, 70, 97, 96, 85, 96]))
    bounds = Bounds(low=80)
    marks, smoothed = hampel(course, 3600.0, floor=1.0, hard=bounds), median(course, 3600.0, hard=bounds)

    assert marks.hard.tolist() == [False] * 3 + [True] + [False] * 4
    assert marks.outlier[[3, 6]].all()
    assert marks.removable.tolist() == [False] * 6 + [True, False]
    assert smoothed.value.tolist() == [96, 96.5, 96, 70, 96, 96, 96, 96]
    assert smoothed.hard.tolist() == marks.hard.tolist()


def test_hard_bound_may_be_each_stay_s_own() -> None:
    """A plan's bound counts for its own stay; the bound itself is hard."""
    course = Course.joined([evenly(np.array([84.0, 88])), evenly(np.array([84.0, 88]))])

    assert median(course, 60.0, hard=Bounds(low=[80, 84], high=[88, np.inf])).hard.tolist() == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("bounds", [Bounds(low=np.nan), Bounds(high=[1.0, 2, 3]), Bounds(low=[[1.0]])])
def test_h17_bound_that_could_never_be_reached_is_refused(bounds: Bounds) -> None:
    """A bound that is not a number, or of other stays, would let extremes be filtered away in silence."""
    with pytest.raises(ValueError, match=r"hard: (low|high) is .*, must be one number"):
        median(evenly(np.array([84.0, 88])), 60.0, hard=bounds)


def test_missing_reading_stays_missing_and_changes_nothing_else() -> None:
    """NaN is neither filled in nor counted."""
    with_gap = evenly(np.array([70.0, np.nan, 72, 99, np.inf, 71]))
    without = Course.of(with_gap.t_s[[0, 2, 3, 5]], with_gap.value[[0, 2, 3, 5]])
    found, alone = median(with_gap, 3600.0), median(without, 3600.0)
    marks = hampel(with_gap, 3600.0, floor=1.0)

    assert np.isnan(found.value).tolist() == [False, True, False, False, True, False]
    assert found.value[[0, 2, 3, 5]].tolist() == alone.value.tolist()
    assert found.support.lack.tolist() == [0, Lack.FEW, 0, 0, Lack.FEW, 0]
    assert marks.outlier[[1, 4]].tolist() == [False, False]
    assert np.isnan(marks.score[[1, 4]]).all()


def test_nothing_reaches_over_a_gap_longer_than_the_window() -> None:
    """The first reading after a long gap stands alone, and says that it does."""
    course = Course.of([0.0, 60, 120, 90_000], [70, 71, 72, 140])
    marks = hampel(course, 3600.0, floor=1.0)

    assert median(course, 3600.0).value[-1] == 140
    assert not marks.outlier[-1]
    assert marks.support.lack.tolist() == [Lack.FEW, Lack.FEW, Lack.NONE, Lack.FEW]


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_window_and_floor_must_be_positive(wrong: float) -> None:
    """A window or floor that cannot be is refused by name."""
    with pytest.raises(ValueError, match="window_s: is"):
        median(COURSE, wrong)
    with pytest.raises(ValueError, match="floor: is"):
        hampel(COURSE, 60.0, floor=wrong)


def test_nobody_and_nothing_give_empty_results() -> None:
    """No stays, and stays without readings, are no error."""
    assert median(Course.joined([Course.of([], [])] * 3), 60.0).value.shape == (0,)
    assert hampel(Course.of([], []), 60.0, floor=1.0).outlier.shape == (0,)
