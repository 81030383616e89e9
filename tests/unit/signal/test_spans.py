"""Stretches of columns against the slow and obvious way."""

import numpy as np
import pytest

from alerting.signal.series import Course, Moments
from alerting.signal.spans import Spans, after, blocks, located, medians, support, thinned, trailing
from tests.builders_vitals import NOON_S, evenly, uneven

COURSE = uneven(3)
EVERY = Moments.readings(COURSE)


def seen(index: int, window_s: float) -> np.ndarray:
    """Return which readings the moment of a reading sees, by looking at all of them."""
    age = COURSE.t_s[index] - COURSE.t_s
    return np.flatnonzero((COURSE.row == COURSE.row[index]) & (age >= 0) & (age <= window_s))


@pytest.mark.parametrize("window_s", [1.0, 900.0, 20_000.0, 1e9])
def test_trailing_stretches_are_those_found_by_looking_at_all(window_s: float) -> None:
    """Bisection finds what comparing every pair of times finds."""
    spans = trailing(COURSE, EVERY, window_s)

    for index in range(len(COURSE.t_s)):
        assert np.arange(spans.first[index], spans.end[index]).tolist() == seen(index, window_s).tolist()


def test_medians_and_deviations_are_numpy_s() -> None:
    """Whatever the length of a stretch, its median and MAD are those of its readings."""
    spans = trailing(COURSE, EVERY, 9000.0)
    middle, away = located(COURSE.value, spans)

    for index in range(len(COURSE.t_s)):
        values = COURSE.value[seen(index, 9000.0)]
        assert middle[index] == medians(COURSE.value, spans)[index] == np.median(values)
        assert away[index] == np.median(np.abs(values - np.median(values)))


@pytest.mark.parametrize("begin_s", [-3e6, -500.0, 0.0, 1.795e9])
@pytest.mark.parametrize("count", [5, 4000])
def test_readings_are_found_to_the_last_bit_whenever_they_were(begin_s: float, count: int) -> None:
    """Few moments or many, before 1970 or since, on a reading, a bit before or behind it: the exact index."""
    rng = np.random.default_rng(37)
    parts = [Course.of(begin_s + np.unique(rng.integers(0, 1000, size)), rng.random(0)) for size in (40, 0, 90)]
    parts = [Course.of(part.t_s, np.zeros(len(part.t_s))) for part in parts]
    course = Course.joined(parts)
    row, at_s = rng.integers(0, 3, count), begin_s + rng.integers(-5, 1005, count).astype(float)
    way = rng.choice([-np.inf, 0.0, np.inf], count)
    at_s = np.where(way == 0, at_s, np.nextafter(at_s, way))

    expected = [
        course.offsets[r] + np.searchsorted(parts[r].t_s, t, side="right") for r, t in zip(row, at_s, strict=True)
    ]
    assert after(course, row, at_s).tolist() == expected


def test_every_stretch_is_in_one_block_with_its_own_readings() -> None:
    """Stretches from empty to thousands long come once each, filled up with nothing but their own."""
    count = np.array([0, 1, 2, 17, 18, 100, 5000, 5001, 0, 33])
    first = np.arange(10) * 10
    spans = Spans(first=first, end=first + count)
    found = {}
    for which, index, held in blocks(spans, 3):
        for row, places, mask in zip(which.tolist(), index, held, strict=True):
            assert set(places.tolist()) == set(places[mask].tolist())
            found[row] = places[mask].tolist()

    assert found == {i: list(range(first[i], first[i] + n)) for i, n in enumerate(count.tolist()) if n}


def test_empty_stretch_has_no_median() -> None:
    """Nothing has no median, and no error either."""
    nothing = Spans(first=np.zeros(2, np.int64), end=np.zeros(2, np.int64))

    assert np.isnan(medians(np.empty(0), nothing)).all()


def test_thinned_is_the_median_of_each_bucket_of_absolute_time() -> None:
    """Buckets are cut by the clock, and those at the edges of a window hold only what it sees."""
    at = Moments(row=np.array([3, 1, 0, 3]), at_s=np.array([NOON_S, NOON_S, NOON_S - 5000, NOON_S - 7000]))
    points = thinned(COURSE, trailing(COURSE, at, 15_000.0), 1800.0)

    for k, (row, at_s) in enumerate(zip(at.row, at.at_s, strict=True)):
        mine = np.flatnonzero((COURSE.row == row) & (COURSE.t_s <= at_s) & (COURSE.t_s >= at_s - 15_000))
        bucket = COURSE.t_s[mine] // 1800
        place = slice(points.offsets[k], points.offsets[k + 1])
        groups = [mine[bucket == each] for each in np.unique(bucket)]
        assert points.value[place].tolist() == [np.median(COURSE.value[group]) for group in groups]
        np.testing.assert_allclose(points.t_s[place], [np.median(COURSE.t_s[group]) for group in groups], rtol=1e-15)


def test_support_says_what_there_is() -> None:
    """Count, span, age and the mean of known qualities; a stay without a reading has an infinite age."""
    course = Course.joined([Course.of([0.0, 60, 90], [1, 2, 3], [0.5, np.nan, 1.0]), Course.of([], [])])
    found = support(course, Moments.now(100.0, 2), trailing(course, Moments.now(100.0, 2), 1000.0))

    assert found.readings.tolist() == [3, 0]
    assert found.span_s.tolist() == [90, 0]
    assert found.age_s.tolist() == [10, np.inf]
    assert found.quality[0] == pytest.approx(0.75)
    assert np.isnan(found.quality[1])
    assert found.lack.tolist() == [0, 1]


def test_window_includes_both_of_its_ends() -> None:
    """A reading exactly as old as the window is long still counts."""
    course = evenly(np.arange(4.0))

    assert trailing(course, Moments.now(NOON_S, 1), 600.0).count.tolist() == [3]
