"""Quarters of an hour and own normals: what falls where, and where the night is."""

import numpy as np
import pytest

from alerting.quarters import QUARTER_S, at_night, binned, columns, hourly, local_offset_s, none, normals, taken_s
from alerting.signal.norms import NORMS
from alerting.signal.series import Moments
from tests.builders_trends import DAY_S, HOUR_S, START_S, a_series
from ward.vitals import VitalKind

NORM = NORMS[VitalKind.HEART_RATE]


def test_reading_on_the_edge_belongs_to_the_quarter_that_begins() -> None:
    """A quarter has its beginning and not its end, and one without a reading is not there."""
    quarters = binned(a_series(([0, 899, 900, 3600], [60, 62, 70, 80])))

    assert (quarters.start_s - START_S).tolist() == [0, 900, 3600]
    assert quarters.mean.tolist() == [61, 70, 80]
    assert (quarters.low.tolist(), quarters.high.tolist()) == ([60, 70, 80], [62, 70, 80])
    assert quarters.count.tolist() == [2, 1, 1]
    assert (quarters.end_s - quarters.start_s).tolist() == [QUARTER_S] * 3


def test_stays_do_not_share_a_quarter() -> None:
    """The last quarter of one stay and the first of the next are two, also where they are the same time."""
    quarters = binned(a_series(([0, 60], [60, 62]), ([], []), ([60], [90])))

    assert quarters.offsets.tolist() == [0, 1, 1, 2]
    assert quarters.mean.tolist() == [61, 90]
    assert quarters.row.tolist() == [0, 2]


def test_hours_are_those_of_the_readings() -> None:
    """Hours out of quarters are the hours out of readings."""
    rng = np.random.default_rng(1)
    times = np.sort(rng.choice(20_000, 300, replace=False)).astype(np.float64)
    series = a_series((times, rng.normal(80, 9, 300)), (times[:50], rng.normal(60, 9, 50)))
    out_of_quarters, out_of_readings = hourly(binned(series)), binned(series, HOUR_S)

    assert out_of_quarters.start_s.tolist() == out_of_readings.start_s.tolist()
    assert out_of_quarters.offsets.tolist() == out_of_readings.offsets.tolist()
    assert out_of_quarters.count.tolist() == out_of_readings.count.tolist()
    assert out_of_quarters.mean == pytest.approx(out_of_readings.mean, abs=2e-6)


def test_order_of_adding_does_not_show() -> None:
    """Sums that differ in the last digits of a double are the same mean."""
    bounds = (np.array([0.1]), np.array([0.3]))
    one, other = (
        columns([0.0], [total], [3], bounds, np.array([0, 1])) for total in (0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1)
    )

    assert 0.1 + 0.2 + 0.3 != 0.3 + 0.2 + 0.1
    assert one.mean.tolist() == other.mean.tolist()


def test_nothing_is_nothing() -> None:
    """Stays without a reading have no quarters and no hours."""
    assert binned(a_series(([], []), ([], []))).offsets.tolist() == [0, 0, 0]
    assert hourly(none(2)).offsets.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("utc", "offset_h"), [(1_774_745_999, 1), (1_774_746_000, 2), (1_792_889_999, 2), (1_792_890_000, 1)]
)
def test_h08_local_time_changes_on_the_hour(utc: float, offset_h: float) -> None:
    """Both nights of 2026 on which the clock is changed are told to the second."""
    assert local_offset_s(np.array([utc])).tolist() == [offset_h * HOUR_S]


def test_night_is_that_of_where_people_live() -> None:
    """Half past eleven in the evening and half past six in the morning are night, noon is not."""
    hours = np.array([-0.5, 6.5, 7.5, 12.0]) * HOUR_S + START_S

    assert at_night(hours).tolist() == [True, True, False, False]


def test_normals_are_learnt_by_day_and_by_night() -> None:
    """A pulse of 80 by day and 60 by night is found as such; before there is enough of it nothing is personal."""
    times = np.arange(0, 5 * DAY_S, 300.0)
    pulse = np.where(at_night(times + START_S), 60.0, 80.0)
    hours = hourly(binned(a_series((times, pulse))))
    at = Moments(row=np.zeros(2, np.int64), at_s=taken_s(np.array([START_S + DAY_S, START_S + 5 * DAY_S])))
    found = normals(hours, at, NORM)

    assert found.personal.tolist() == [[False, False], [True, True]]
    assert found.centre[1].tolist() == [80, 60]
    assert found.offsets.tolist() == [0, 2]


def test_normals_do_not_know_the_last_hours() -> None:
    """What was measured in the twelve hours before a normal is taken does not touch it."""
    times = np.arange(0, 5 * DAY_S, 300.0)
    at_s = float(taken_s(START_S + 5 * DAY_S))
    at = Moments(row=np.zeros(1, np.int64), at_s=np.array([at_s]))
    calm, ill = (
        normals(hourly(binned(a_series((times, np.where(times + START_S > at_s - 12 * HOUR_S, late, 70.0))))), at, NORM)
        for late in (70.0, 150.0)
    )

    assert calm.centre.tolist() == ill.centre.tolist()
    assert calm.spread.tolist() == ill.spread.tolist()
