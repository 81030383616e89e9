"""Slopes against scipy, and what they say when there is too little to say anything."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from alerting.signal.records import Floats
from alerting.signal.series import Course, Heading, Lack, Moments
from alerting.signal.spans import thinned, trailing
from alerting.signal.trend import LEAST_POINTS, MOST_POINTS, Neighbours, Slope, bucket_s, reach, slope
from tests.builders_vitals import NOON_S, evenly, uneven

HOUR_S = 3600.0
COURSES = {
    "rounded": uneven(6, (90, 40, 12, 300)),
    "continuous": Course.of(NOON_S - np.arange(60)[::-1] * 307.0, np.random.default_rng(7).normal(size=60)),
    "two values": evenly(np.random.default_rng(8).integers(0, 2, 70).astype(float)),
}


@pytest.mark.parametrize("name", COURSES)
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_slope_and_interval_are_scipy_s(name: str, confidence: float) -> None:
    """On the points that a window is brought to, slope, interval and level are those of scipy's own code."""
    course = COURSES[name]
    at = Moments.now(NOON_S, course.stays)
    found = slope(course, at, 6 * HOUR_S, spacing_s=600, confidence=confidence, neighbours=Neighbours.INDEPENDENT)
    points = thinned(course, trailing(course, at, 6 * HOUR_S), bucket_s(6 * HOUR_S, 600))

    assert (found.support.lack == Lack.NONE).sum() >= len(course.offsets) // 2
    for row in np.flatnonzero(found.support.lack == Lack.NONE):
        place = slice(points.offsets[row], points.offsets[row + 1])
        hours = (points.t_s[place] - NOON_S) / HOUR_S
        known = stats.theilslopes(points.value[place], hours, confidence)
        mine = (found.per_hour[row], found.low[row], found.high[row])
        np.testing.assert_allclose(mine, (known.slope, known.low_slope, known.high_slope), rtol=1e-12, atol=1e-12)
        level = np.median(points.value[place] - known.slope * hours)
        np.testing.assert_allclose(found.level[row], level, rtol=1e-12)


@pytest.mark.parametrize("name", COURSES)
def test_p_of_mann_kendall_has_kendall_s_variance(name: str) -> None:
    """S and its variance under ties are those in scipy's Kendall tau; the continuity correction comes on top."""
    course = COURSES[name]
    at = Moments.now(NOON_S, course.stays)
    found = slope(course, at, 6 * HOUR_S, neighbours=Neighbours.INDEPENDENT)
    points = thinned(course, trailing(course, at, 6 * HOUR_S), bucket_s(6 * HOUR_S))

    for row in np.flatnonzero(found.support.lack == Lack.NONE):
        place = slice(points.offsets[row], points.offsets[row + 1])
        value = points.value[place]
        score = sum(np.sign(value[i + 1 :] - value[i]).sum() for i in range(len(value)))
        z = stats.norm.isf(stats.kendalltau(points.t_s[place], value, method="asymptotic").pvalue / 2)
        expected = 2 * stats.norm.sf(z * (abs(score) - 1) / abs(score)) if score else 1.0
        assert found.p[row] == pytest.approx(expected, rel=1e-9)


def test_p_is_near_the_exact_one_for_few_points() -> None:
    """With 8 points without ties the normal p is within 0.02 of the exact permutation p."""
    rng = np.random.default_rng(9)
    for _ in range(20):
        value = rng.normal(size=8)
        found = slope(evenly(value, 600), Moments.now(NOON_S, 1), 4200.0, neighbours=Neighbours.INDEPENDENT)
        assert found.p[0] == pytest.approx(stats.kendalltau(np.arange(8), value, method="exact").pvalue, abs=0.02)


def test_interval_covers_the_true_slope_as_often_as_it_says() -> None:
    """Of 2,000 windows of 24 independent readings on a line, about 95 % of the intervals hold its slope."""
    rng = np.random.default_rng(10)
    course = Course.joined([evenly(0.2 * np.arange(24) + rng.standard_t(3, 24), 900) for _ in range(2000)])
    found = slope(course, Moments.now(NOON_S, 2000), 6 * HOUR_S, neighbours=Neighbours.INDEPENDENT)

    assert ((found.low <= 0.8) & (found.high >= 0.8)).mean() == pytest.approx(0.955, abs=0.015)
    assert np.median(found.per_hour) == pytest.approx(0.8, abs=0.02)


def alike(likeness: float, count: int) -> Floats:
    """Return a thousand courses of so many readings, each like the one before: (1000, count)."""
    noise = np.random.default_rng(12).normal(size=(1000, count))
    for step in range(1, count):
        noise[:, step] = likeness * noise[:, step - 1] + np.sqrt(1 - likeness**2) * noise[:, step]
    return noise


@pytest.mark.parametrize(
    ("likeness", "count", "expected"), [(0.0, 48, 0.97), (0.6, 48, 0.93), (0.8, 48, 0.92), (0.6, 12, 0.92)]
)
def test_interval_is_honest_about_neighbours_that_are_alike(likeness: float, count: int, expected: float) -> None:
    """Where each reading resembles the one before, intervals still hold the truth; the papers' would in 52 %."""
    noise = alike(likeness, count)
    course = Course.joined([evenly(each + 0.16 * 6 / count * np.arange(count), 21_600 / count) for each in noise])
    at = Moments.now(NOON_S, 1000)
    found = slope(course, at, 6 * HOUR_S)
    trusting = slope(course, at, 6 * HOUR_S, neighbours=Neighbours.INDEPENDENT)

    def held(by: Slope) -> float:
        return float(((by.low <= 0.16) & (by.high >= 0.16)).mean())

    assert held(found) == pytest.approx(expected, abs=0.025)
    assert likeness < 0.8 or held(trusting) < 0.6


def test_outlier_does_not_hide_that_neighbours_are_alike() -> None:
    """A wild reading in each window leaves the share of intervals that hold the truth where it was."""
    noise = alike(0.8, 48)
    noise[:, 24] += 500
    found = slope(Course.joined([evenly(each, 450) for each in noise]), Moments.now(NOON_S, 1000), 6 * HOUR_S)

    assert ((found.low <= 0) & (found.high >= 0)).mean() > 0.87


def test_line_is_found_through_a_third_of_nonsense() -> None:
    """Up to 29 % of wild readings leave the slope near the truth; the level is the line's value at the moment."""
    rng = np.random.default_rng(11)
    value = 90 - 0.1 * np.arange(48)
    value[rng.choice(48, 13, replace=False)] += 60
    found = slope(evenly(value, 450), Moments.now(NOON_S, 1), 6 * HOUR_S)

    assert found.per_hour[0] == pytest.approx(-0.8, abs=0.1)
    assert found.level[0] == pytest.approx(90 - 4.7, abs=1.5)


def test_dense_readings_become_a_bounded_number_of_points() -> None:
    """A reading a second for six hours is brought to at most one more than the bound, and the slope is the same."""
    value = 70 + np.arange(21_600) / 3600
    found = slope(evenly(value, 1.0), Moments.now(NOON_S, 1), 6 * HOUR_S)

    assert MOST_POINTS <= found.points[0] <= MOST_POINTS + 1
    assert found.support.readings[0] == 21_600
    assert found.per_hour[0] == pytest.approx(1.0, abs=1e-9)


def test_burst_does_not_outvote_quiet_hours() -> None:
    """A thousand readings within a minute count as one point beside hourly ones."""
    t_s = np.concatenate([np.arange(24) * HOUR_S, 23 * HOUR_S + 1 + np.arange(1000) * 0.05])
    value = np.concatenate([70 + np.arange(24.0), np.full(1000, 60)])
    found = slope(Course.of(t_s, value), Moments.now(t_s[-1], 1), 24 * HOUR_S, spacing_s=HOUR_S)

    assert found.points[0] == 24
    assert found.per_hour[0] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("minutes_ago", "lack"),
    [
        ([], Lack.FEW | Lack.SHORT | Lack.STALE),
        ([0, 60, 120, 200], Lack.FEW),
        ([0, 8, 16, 24, 32, 40], Lack.SHORT),
        ([100, 120, 160, 200, 240, 300], Lack.STALE),
        ([0, 60, 120, 150, 200], Lack.NONE),
        ([0, 1, 2, 3, 200], Lack.FEW | Lack.GAP),
        ([0, 10, 20, 220, 230, 240], Lack.GAP),
    ],
)
def test_too_little_is_no_slope_and_says_why(minutes_ago: list[float], lack: Lack) -> None:
    """Too few points, too short a span and too old a reading are told apart, and each is NaN."""
    course = Course.of(NOON_S - 60.0 * np.sort(minutes_ago)[::-1], np.arange(len(minutes_ago)))
    found = slope(course, Moments.now(NOON_S, 1), 6 * HOUR_S)

    assert found.support.lack[0] == lack
    assert np.isnan(found.per_hour[0]) == (lack != Lack.NONE)
    assert np.isnan(found.p[0]) == (lack != Lack.NONE)


def test_gap_is_looked_for_within_a_window_only() -> None:
    """Two looks at one stay, half a day apart: what lies between them is no gap of either."""
    course = evenly(np.arange(300.0), 300)
    at = Moments(row=np.zeros(2, np.int64), at_s=NOON_S - HOUR_S * np.array([20.0, 0]))

    assert slope(course, at, 3 * HOUR_S).support.lack.tolist() == [Lack.NONE, Lack.NONE]


def test_five_points_are_the_first_that_can_show_a_trend() -> None:
    """Five points in order have p below 0.05, which four cannot have: the bound is not arbitrary."""
    found = slope(evenly(np.arange(5.0), 900), Moments.now(NOON_S, 1), HOUR_S)

    assert found.points[0] == LEAST_POINTS
    assert found.p[0] < 0.05
    assert stats.kendalltau(range(4), range(4), method="exact").pvalue > 0.05


def test_flat_readings_have_slope_zero_and_no_trend() -> None:
    """Equal readings: slope 0 with an interval of 0, and p of 1."""
    found = slope(evenly(np.full(30, 97.0)), Moments.now(NOON_S, 1), 2 * HOUR_S)

    assert (found.per_hour[0], found.low[0], found.high[0], found.p[0], found.level[0]) == (0, 0, 0, 1, 97)


@pytest.mark.parametrize(
    "wrong", [(0.0, 0.0, 0.9, "window_s"), (60.0, -1.0, 0.9, "spacing_s"), (60.0, 0.0, 1.0, "confi")]
)
def test_argument_out_of_range_is_named(wrong: tuple[float, float, float, str]) -> None:
    """What cannot be is refused with its name."""
    window_s, spacing_s, confidence, name = wrong
    with pytest.raises(ValueError, match=f"{name}.*: is"):
        slope(evenly(np.arange(9.0)), Moments.now(NOON_S, 1), window_s, spacing_s=spacing_s, confidence=confidence)


def a_slope(per_hour: float, low: float, high: float, level: float) -> Slope:
    """Return a slope with these figures."""
    given = slope(evenly(np.arange(9.0)), Moments.now(NOON_S, 1), 2400.0)
    return replace(
        given, per_hour=np.array([per_hour]), low=np.array([low]), high=np.array([high]), level=np.array([level])
    )


@pytest.mark.parametrize(
    ("limit", "heading", "expected"),
    [
        (88.0, Heading.DOWN, (2.0, 4 / 3, 4.0)),
        (88.0, Heading.UP, (0.0, 0.0, 0.0)),
        (92.0, Heading.DOWN, (0.0, 0.0, 0.0)),
        (96.0, Heading.UP, (np.inf, np.inf, np.inf)),
    ],
)
def test_time_to_a_limit_follows_the_line(limit: float, heading: Heading, expected: tuple[float, ...]) -> None:
    """From 92, falling by 2 (1 to 3) an hour: 88 in 2 h (1 h 20 to 4 h), and 96 never."""
    found = reach(a_slope(-2, -3, -1, 92), limit, heading)

    hours = (found.expected_s[0], found.earliest_s[0], found.latest_s[0])
    np.testing.assert_allclose(hours, 3600 * np.array(expected))


def test_time_to_an_upper_limit_follows_a_rising_line() -> None:
    """From 92, rising by 2 (1 to 3) an hour: 98 in 3 h, at the earliest in 2, at the latest in 6."""
    found = reach(a_slope(2, 1, 3, 92), 98.0, Heading.UP)

    assert (found.expected_s[0], found.earliest_s[0], found.latest_s[0]) == (10_800, 7200, 21_600)


def test_time_to_a_limit_is_honest_about_what_is_not_known() -> None:
    """A flat line never arrives but may, when its interval says so; without a slope there is no time at all."""
    flat, unknown = a_slope(0, -1, 1, 92), a_slope(np.nan, np.nan, np.nan, np.nan)
    found = reach(flat, 88.0, Heading.DOWN)

    assert (found.expected_s[0], found.earliest_s[0], found.latest_s[0]) == (np.inf, 4 * 3600, np.inf)
    assert np.isnan(reach(unknown, 88.0, Heading.DOWN).expected_s[0])
    assert np.isnan(reach(unknown, 88.0, Heading.DOWN).earliest_s[0])
