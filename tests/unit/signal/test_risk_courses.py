"""Courses of vital signs: what is taken, what is refused and how."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal.risk_courses import KINDS, course, courses, ragged
from ward.vitals import VitalKind


def test_batch_of_one_form_is_the_ragged_one() -> None:
    """(n, rows) arrays give what the same rows give as ragged columns, with common times or their own."""
    times = np.array([0.0, 60.0, 120.0])
    rate = np.array([[70.0, 80.0, np.nan], [90.0, np.nan, 60.0]])
    flat = ragged([0, 3, 6], np.tile(times, 2), {"heart_rate": rate.ravel()}, [50, 60])

    for given in (times, np.tile(times, (2, 1))):
        made = courses(given, {VitalKind.HEART_RATE: rate}, [50, 60])
        np.testing.assert_array_equal(made.offsets, flat.offsets)
        np.testing.assert_array_equal(made.t_s, flat.t_s)
        np.testing.assert_array_equal(made.values, flat.values)
    np.testing.assert_array_equal(flat.patient, [0, 0, 0, 1, 1, 1])


def test_times_count_from_each_patients_first_row() -> None:
    """Any origin of the minutes will do, and a patient without rows is one."""
    made = ragged([0, 0, 2, 3], [5000.0, 5001.5, -3.0], {}, [np.nan, 1, 2])

    assert made.t_s.tolist() == [0, 90, 0]
    assert made.patient.tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("heart_rate", 301), ("spo2", 0), ("temperature", -17.8), ("fio2", 0.4), ("systolic", np.inf), ("resp_rate", -1)],
)
def test_implausible_value_counts_as_not_measured(kind: str, value: float) -> None:
    """A value outside the plausible range of its kind is NaN, so a wrong unit cannot become a wrong score."""
    made = course([0.0], {kind: [value]}, 50)

    assert np.isnan(made.of(VitalKind(kind))).all()


def test_kind_that_is_not_looked_at_is_left_alone() -> None:
    """Weight is a vital sign that the score does not use: no fault, no column."""
    made = course([0], {"weight": [80]}, 50)

    assert made.values.shape == (len(KINDS), 1)
    assert np.isnan(made.values).all()


def test_callers_arrays_are_not_changed() -> None:
    """What is implausible stays in the caller's own array."""
    given = np.array([500.0, 70.0])

    made = course([0.0, 1.0], {"heart_rate": given}, 50)

    assert given.tolist() == [500.0, 70.0]
    assert made.of(VitalKind.HEART_RATE)[1] == 70


@pytest.mark.parametrize("number", [np.int8, np.uint8, np.int64, np.float32])
def test_any_number_type_is_taken(number: npt.DTypeLike) -> None:
    """Narrow integers are widened before anything is computed."""
    made = course(np.array([0, 100], number), {"heart_rate": np.array([120, 127], number)}, 50)

    assert made.t_s.tolist() == [0, 6000]
    assert made.of(VitalKind.HEART_RATE).tolist() == [120, 127]


@pytest.mark.parametrize(
    ("build", "fault"),
    [
        (lambda: course([0, 1], {"heart_rate": [70]}, 50), "heart_rate: has 1 rows, times_min has 2"),
        (lambda: course([0], {"heart": [70]}, 50), "'heart' is no kind of vital sign"),
        (lambda: course([0], {"heart_rate": ["70"]}, 50), "heart_rate: holds <U2"),
        (lambda: course([0], {"heart_rate": [True]}, 50), "heart_rate: holds bool"),
        (lambda: course([0], {"heart_rate": [[70]]}, 50), "heart_rate: has 2 dimensions, must have 1"),
        (lambda: course([1, 0], {}, 50), "times_min: falls from 1 to 0"),
        (lambda: course([0, np.nan], {}, 50), "times_min: is nan"),
        (lambda: course([0, np.inf], {}, 50), "times_min: is inf"),
        (lambda: course([0, -1e11], {}, 50), r"times_min: is -1e\+11|times_min: is -100000000000"),
        (lambda: course([0, 1e9], {}, 50), r"times_min: a course lasts 1e\+09 min"),
        (lambda: course(0, {}, 50), "times_min: has 0 dimensions"),
        (lambda: course([0], {}, -1), "age_years: is -1, must lie between 0 and 130"),
        (lambda: course([0], {}, 131), "age_years: is 131"),
        (lambda: course([0], {}, np.inf), "age_years: is inf"),
        (lambda: ragged([0, 2], [0], {}, [50]), "offsets: must rise from 0 to 1"),
        (lambda: ragged([0, 2, 1], [0], {}, [50, 50]), "offsets: must rise"),
        (lambda: ragged([0.0, 1.0], [0], {}, [50]), "offsets: float64"),
        (lambda: ragged([0], [0], {}, [50]), r"offsets: int64 of shape \(1,\), must be 2 integers"),
        (lambda: courses([[0, 1]], {}, [50, 60]), "times_min: has 1 patients, age_years has 2"),
        (lambda: courses([0, 1], {"heart_rate": [[70]]}, [50]), r"heart_rate: has the shape \(1, 1\)"),
        (lambda: courses([0, 1], {"heart_rate": [70, 71]}, [50]), "heart_rate: has 1 dimensions, must have 2"),
    ],
)
def test_wrong_argument_is_refused_by_name(build: Callable[[], object], fault: str) -> None:
    """A wrong argument is a ValueError that names it, its value and the rule."""
    with pytest.raises(ValueError, match=fault):
        build()
