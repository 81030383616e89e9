"""Vitals as columns: what is taken, what is refused and how."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from alerting.features import Series
from alerting.signal.series import Course, Moments, at_moments, checked, positive, present
from tests.builders_vitals import NOON_S, uneven


@pytest.mark.parametrize(
    ("times", "fault"),
    [
        ([0.0, 2, 1], r"2\.0 is followed by 1\.0"),
        ([0.0, 1, 1], r"1\.0 is followed by 1\.0"),
        ([0.0, np.nan, 1], "is nan, must be finite"),
        ([0.0, np.inf, 1], "is inf, must be finite"),
        ([1.795e12, 1.796e12, 1.797e12], "must be seconds since 1970"),
    ],
)
def test_times_that_do_not_rise_are_refused(times: list[float], fault: str) -> None:
    """Unsorted, repeated or unknown times are an error, not something to be sorted in silence."""
    with pytest.raises(ValueError, match=f"t_s: .*{fault}"):
        checked(Course.of(times, [1, 2, 3]))


def test_times_may_fall_from_one_stay_to_the_next() -> None:
    """Times rise within a stay only."""
    course = Course.joined([Course.of([5.0, 6], [1, 2]), Course.of([], []), Course.of([1.0], [3])])

    assert checked(course).offsets.tolist() == [0, 2, 2, 3]


@pytest.mark.parametrize("offsets", [[0, 2], [1, 3], [0, 4], [0, 2, 1, 3], [], [0.0, 3.0], [[0, 3]]])
def test_offsets_that_are_no_partition_are_refused(offsets: list[float]) -> None:
    """Every reading belongs to exactly one stay."""
    with pytest.raises(ValueError, match=r"offsets: .*must"):
        checked(replace(Course.of([1.0, 2, 3], [1, 2, 3]), offsets=np.array(offsets)))


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (np.zeros(2), "shape"),
        (np.zeros((3, 1)), "shape"),
        (np.array(["a", "b", "c"]), "<U1"),
        (np.ones(3, bool), "bool"),
    ],
)
def test_values_of_another_form_are_refused(value: npt.NDArray[np.float64], fault: str) -> None:
    """A column of another length or kind is named."""
    with pytest.raises(ValueError, match=f"value: .*{fault}"):
        checked(replace(Course.of([1.0, 2, 3], [1, 2, 3]), value=value))


@pytest.mark.parametrize("wrong", [-0.1, 1.1, 97.0, np.inf])
def test_quality_beyond_its_range_is_refused(wrong: float) -> None:
    """A quality is 0 to 1 or not known; per cent are a mistake."""
    with pytest.raises(ValueError, match=r"quality: is .*, must lie between 0 and 1"):
        checked(Course.of([1.0, 2], [1, 2], [0.5, wrong]))


def test_infinity_is_missing_and_integers_are_widened() -> None:
    """Whatever is no finite number is a missing reading, and no integer overflows."""
    course = Course.of([1.0, 2, 3], [1, 2, 3])

    assert checked(replace(course, value=np.array([1, 2, 3], np.int8))).value.dtype == np.float64
    assert present(replace(course, value=np.array([1, np.inf, np.nan]))).value.tolist() == [1]


def test_features_of_the_house_are_taken_as_they_are() -> None:
    """`alerting.features.Series` has the layout that is looked at here."""
    course = uneven(1)
    series = Series(t_s=course.t_s, value=course.value, quality=course.quality, offsets=course.offsets)

    np.testing.assert_array_equal(checked(series).value, course.value)


@pytest.mark.parametrize(
    ("row", "at_s"), [([2], [1.0]), ([-1], [1.0]), ([0], [np.nan]), ([0, 1], [1.0]), ([0.5], [1.0]), ([[0]], [[1.0]])]
)
def test_moment_of_no_stay_or_no_time_is_refused(row: list[float], at_s: list[float]) -> None:
    """A moment names a stay that there is, and a finite time."""
    with pytest.raises(ValueError, match="at: "):
        at_moments(Moments(row=np.array(row), at_s=np.array(at_s)), 2)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf")])
def test_number_that_must_be_positive_is_named(wrong: float) -> None:
    """The error names the argument, the value and the rule."""
    with pytest.raises(ValueError, match=r"window_s: is .*, must be a finite number above 0"):
        positive(wrong, name="window_s")


def test_moments_of_readings_and_of_now() -> None:
    """One moment a reading, or one a stay."""
    course = uneven(2, (2, 0, 1))

    assert Moments.readings(course).row.tolist() == [0, 0, 2]
    assert Moments.now(NOON_S, 3).at_s.tolist() == [NOON_S] * 3
