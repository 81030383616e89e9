"""EWMA and CUSUM against their recursions, and how often they speak without a reason."""

from dataclasses import replace

import numpy as np
import pytest

from alerting.signal import change
from alerting.signal.change import Plan, changes, cusum, ewma
from alerting.signal.series import Course, Heading, Moments
from tests.builders_vitals import NOON_S, evenly, uneven

HOURLY = Plan(allowance=0.5, threshold=5.0, ceiling=7.5)


def now(course: Course, later_s: float = 0.0) -> Moments:
    """Return the moment of the last reading, or some time later, for each stay."""
    return Moments.now(NOON_S + later_s, course.stays)


def test_average_at_even_times_is_roberts_recursion() -> None:
    """With a reading every `hold_s` it is z = (1 - l) z + l x, up to what lies behind the look-back."""
    value = np.random.default_rng(12).normal(80, 5, 400)
    smoothing = 1 - np.exp(-300 / 3600)
    expected = value[0]
    for each in value[1:]:
        expected += smoothing * (each - expected)

    found = ewma(evenly(value), now(evenly(value)), 3600.0, hold_s=300.0)

    assert found.value[0] == pytest.approx(expected, abs=2 * np.exp(-change.MEMORY) * 5)
    assert found.sharpness[0] == pytest.approx(smoothing / (2 - smoothing), rel=0.02)


def test_average_at_uneven_times_is_the_weighted_sum() -> None:
    """Weights are those of the docstring, from a loop over readings."""
    course = uneven(13)
    at = Moments(row=np.array([0, 3, 3, 1]), at_s=NOON_S + np.array([0.0, 500, -20_000, 0]))
    found = ewma(course, at, 1800.0, hold_s=900.0)

    for k, (row, at_s) in enumerate(zip(at.row, at.at_s, strict=True)):
        total = weights = 0.0
        before = -np.inf
        for t_s, value in zip(course.t_s[course.row == row], course.value[course.row == row], strict=True):
            if at_s - 5 * 1800 <= t_s <= at_s:
                weight = (1 - np.exp(-min(t_s - before, 900) / 1800)) * np.exp((t_s - at_s) / 1800)
                total, weights = total + weight * value, weights + weight
            before = t_s
        expected = total / weights if weights else np.nan
        np.testing.assert_allclose(found.value[k], expected, rtol=1e-12)


def test_burst_weighs_no_more_than_the_time_it_lasted() -> None:
    """A thousand readings in ten seconds hardly move an average over an hour."""
    course = Course.of(
        np.concatenate([np.arange(60) * 60.0, 3541 + np.arange(1000) * 0.01]), [80.0] * 60 + [200.0] * 1000
    )

    assert ewma(course, Moments.now(3600.0, 1), 3600.0, hold_s=300.0).value[0] < 81


def page(scores: np.ndarray, plan: Plan) -> tuple[float, float]:
    """Return the sums of the textbook recursion, with the ceiling."""
    down = up = 0.0
    for score in np.clip(scores, -plan.clip, plan.clip):
        down = min(max(down - score - plan.allowance, 0), plan.ceiling)
        up = min(max(up + score - plan.allowance, 0), plan.ceiling)
    return down, up


@pytest.mark.parametrize("seed", range(5))
def test_cusum_at_even_times_is_page_s_recursion(seed: int) -> None:
    """One score a unit: S = max(0, S + z - k), for both sides, held at its ceiling."""
    scores = np.random.default_rng(seed).normal(seed - 2, 2, 24)
    course = evenly(scores, 3600.0)

    np.testing.assert_allclose(cusum(course, now(course), HOURLY).sum[:, 0], page(scores, HOURLY), atol=1e-12)


@pytest.mark.parametrize(("shift", "readings", "expected"), [(0.0, 500, 465), (1.0, 60, 10.4)])
def test_run_lengths_are_the_textbook_s(shift: float, readings: int, expected: float) -> None:
    """With k = 0.5, h = 5 some 465 scores until a false change, 10.4 until one of a deviation (Montgomery 2009).

    The mean is the time watched by the changes found, as for runs that are cut short; the window is long enough here.
    """
    rng = np.random.default_rng(14)
    course = Course.joined([evenly(scores, 3600.0) for scores in rng.normal(shift, 1, (200, readings))])
    plan = replace(HOURLY, window_s=100 * 3600.0)

    changed = cusum(course, Moments.readings(course), plan).changed.any(axis=0).reshape(200, readings)
    found = changed.any(axis=1)
    watched = np.where(found, changed.argmax(axis=1) + 1, readings)
    assert watched.sum() / found.sum() == pytest.approx(expected, rel=0.15)


def test_change_is_found_with_onset_and_end() -> None:
    """A shift of three deviations for ten hours is one interval that begins with it and ends soon after it."""
    rng = np.random.default_rng(15)
    scores = rng.normal(0, 0.3, 72)
    scores[40:50] += 3
    found = changes(evenly(scores, 3600.0), HOURLY)
    hour = (np.stack([found.began_s, found.found_s, found.ended_s]) - NOON_S) / 3600 + 71

    assert found.heading.tolist() == [Heading.UP]
    assert found.row.tolist() == [0]
    assert hour[:, 0] == pytest.approx([40, 41, 55], abs=2)


def test_change_that_lasts_is_open() -> None:
    """While the last reading still holds it a change has no end; each stay and side has its own."""
    falling = np.concatenate([np.zeros(20), np.full(10, -2.0)])
    found = changes(Course.joined([evenly(np.zeros(30), 3600.0), evenly(falling, 3600.0)]), HOURLY)

    assert (found.heading.tolist(), found.row.tolist()) == ([Heading.DOWN], [1])
    assert np.isnan(found.ended_s).tolist() == [True]


def test_evidence_ebbs_over_a_gap() -> None:
    """Behind the last reading evidence stays for `hold_s`, then ebbs by the allowance, and is gone in the end."""
    course = evenly(np.full(5, 3.0), 3600.0)
    hours = np.array([0.0, 1, 3, 9, 16.1])
    at = Moments(row=np.zeros(5, np.int64), at_s=NOON_S + 3600 * hours)
    found = cusum(course, at, HOURLY)

    np.testing.assert_allclose(found.sum[1], [7.5, 7.5, 6.5, 3.5, 0], atol=1e-9)
    assert found.changed[1].tolist() == [True, True, True, False, False]
    assert np.isnan(found.onset_s[1]).tolist() == [False] * 4 + [True]


def test_change_ends_in_a_gap_when_its_evidence_has_ebbed() -> None:
    """With nothing measured for a day, the end is when the evidence was gone, not when somebody looked again."""
    t_s = np.concatenate([np.arange(6) * 3600.0, [30 * 3600.0]])
    found = changes(Course.of(t_s, [3.0] * 6 + [0.0]), HOURLY)

    assert found.ended_s.tolist() == [5 * 3600 + 3600 + 2.5 / 0.5 * 3600]


def test_dense_scores_say_no_more_than_the_time_they_stand_for() -> None:
    """A score every minute and one every hour give the same evidence of the same shift."""
    dense, sparse = evenly(np.full(361, 1.5), 60.0), evenly(np.full(7, 1.5), 3600.0)

    assert cusum(dense, now(dense), HOURLY).sum[1, 0] == pytest.approx(cusum(sparse, now(sparse), HOURLY).sum[1, 0])


def test_one_wild_score_alone_is_no_change() -> None:
    """A single reading of any size counts as `clip`: below the threshold."""
    scores = np.zeros(20)
    scores[10] = 1e6

    assert len(changes(evenly(scores, 3600.0), HOURLY).row) == 0


def test_stay_without_a_reading_is_not_called_calm() -> None:
    """No reading in the window is NaN with a reason, not evidence of nothing."""
    course = Course.joined([Course.of([], []), evenly(np.zeros(3), 3600.0)])
    found = cusum(course, now(course), HOURLY)

    assert np.isnan(found.sum[:, 0]).all()
    assert found.support.lack.tolist() == [1, 0]
    assert found.sum[:, 1].tolist() == [0, 0]
    assert np.isnan(ewma(course, now(course), 60.0, hold_s=60.0).value[0])


@pytest.mark.parametrize(
    "wrong", [{"unit_s": 0.0}, {"window_s": -1.0}, {"allowance": float("nan")}, {"ceiling": 4.0}, {"clip": 0.9}]
)
def test_plan_that_cannot_work_is_refused(wrong: dict[str, float]) -> None:
    """A ceiling under the threshold could never say anything, nor a clip under the allowance."""
    with pytest.raises(ValueError, match=f"{'ceiling' if 'clip' in wrong else next(iter(wrong))}: is"):
        Plan(**wrong)
