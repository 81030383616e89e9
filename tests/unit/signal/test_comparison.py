"""Against the day before, weight over days, and saturation with what it takes to keep it."""

import numpy as np
import pytest

from alerting.signal.comparison import change, day_to_day, weight_gain
from alerting.signal.oxygenation import FLOW_HELD_S, oxygenation
from alerting.signal.series import Course, Lack, Moments
from tests.builders_vitals import NOON_S, evenly

DAY_S, HOUR_S = 86_400.0, 3600.0
NOW = Moments.now(NOON_S, 1)


def weighed(kilograms: list[float], hour: float = 7) -> Course:
    """Return one weighing each morning, the last today."""
    days = np.arange(len(kilograms))[::-1]
    return Course.of(NOON_S - DAY_S * days - (12 - hour) * HOUR_S, kilograms)


def test_gain_over_two_and_over_seven_days() -> None:
    """Today's weight against that of the day before yesterday, and of a week ago."""
    two, seven = weight_gain(weighed([80, 80.2, 80.1, 80.4, 80.8, 81.5, 82.3, 83.1]), NOW)

    assert two.change[0] == pytest.approx(83.1 - 81.5)
    assert seven.change[0] == pytest.approx(3.1)


def test_missing_morning_is_not_made_up() -> None:
    """Without a weight two days ago there is no gain over two days, and the support says which end is missing."""
    course = weighed([80, 80, 80, 80, 80, np.nan, 82, 83])
    two, seven = weight_gain(course, NOW)

    assert np.isnan(two.change[0])
    assert (two.newer_support.lack[0], two.older_support.lack[0]) == (Lack.NONE, Lack.FEW)
    assert seven.change[0] == 3


def test_second_weighing_tempers_the_one_in_shoes() -> None:
    """The median of a day with two weighings is their middle."""
    course = Course.of(NOON_S - HOUR_S * np.array([53.0, 5, 4.9]), [80, 82.0, 80.4])

    assert weight_gain(course, NOW)[0].change[0] == pytest.approx(1.2)


def test_day_to_day_leaves_the_time_of_day_out() -> None:
    """A rhythm of the day that repeats is no change; 5 more than yesterday at this time are 5."""
    t_s = NOON_S - 900.0 * np.arange(4 * 30)[::-1]
    rhythm = 10 * np.sin(2 * np.pi * t_s / DAY_S)
    course = Course.of(t_s, 70 + rhythm + 5 * (t_s > NOON_S - 6 * HOUR_S))

    assert day_to_day(course, NOW).change[0] == pytest.approx(5)


def test_windows_that_overlap_are_refused() -> None:
    """A reading cannot stand on both sides of a comparison."""
    with pytest.raises(ValueError, match=r"apart_s: is 60\.0, must be at least width_s"):
        change(weighed([80, 80]), NOW, 60.0, 61.0)


def test_reading_at_the_seam_belongs_to_one_side() -> None:
    """Windows that touch share nothing: each excludes its older end."""
    found = change(evenly(np.array([1.0, 2, 3]), 100.0), NOW, 100.0, 100.0)

    assert (found.newer[0], found.older[0]) == (3, 2)
    assert (found.newer_support.readings[0], found.older_support.readings[0]) == (1, 1)


def flows(litres: list[float], hours_ago: list[float]) -> Course:
    """Return oxygen flows written down so many hours ago."""
    return Course.of(NOON_S - HOUR_S * np.array(hours_ago), litres)


def test_saturation_kept_up_by_more_oxygen_is_worsening() -> None:
    """SpO2 stays at 93 % while the flow goes from 1 to 5 L/min: the saturation is flat, the ratio falls."""
    steady = evenly(np.full(72, 93.0))
    found = oxygenation(steady, flows([1, 3, 5], [7, 4, 2]), NOW, 6 * HOUR_S)

    assert found.saturation.per_hour[0] == 0
    assert found.ratio.high[0] < 0
    assert found.flow_change[0] == 4
    assert found.worsening[0] > 0.99


def test_falling_saturation_on_the_same_oxygen_is_worsening_too() -> None:
    """A fall from 97 to 91 % on air in six hours."""
    found = oxygenation(evenly(np.linspace(97, 91, 72)), flows([0], [7]), NOW, 6 * HOUR_S)

    assert found.saturation.per_hour[0] == pytest.approx(-1, abs=0.05)
    assert found.flow_change[0] == 0
    assert found.worsening[0] > 0.99


def test_oxygen_turned_down_at_the_same_saturation_is_not_worsening() -> None:
    """Weaning raises the ratio."""
    assert oxygenation(evenly(np.full(72, 93.0)), flows([4, 2], [7, 3]), NOW, 6 * HOUR_S).worsening[0] == 0


def test_unknown_flow_is_not_air() -> None:
    """Where no flow was written down, or too long ago, there is no ratio, while the saturation has its slope."""
    falling = evenly(np.linspace(97, 91, 72))
    for none in (flows([], []), flows([2], [6 + FLOW_HELD_S / HOUR_S])):
        found = oxygenation(falling, none, NOW, 6 * HOUR_S)
        assert np.isnan([found.ratio.per_hour[0], found.worsening[0], found.flow_change[0]]).all()
        assert found.ratio.support.lack[0] & Lack.FEW
        assert found.saturation.per_hour[0] < 0


def test_two_series_of_different_stays_are_refused() -> None:
    """Saturation and oxygen of the same people, or an error."""
    with pytest.raises(ValueError, match="flow: has 2 stays"):
        oxygenation(evenly(np.arange(3.0)), Course.joined([flows([1], [1])] * 2), NOW, HOUR_S)
