"""The own normal: found by day and by night, honest when it is not known, and not taken over by a deterioration."""

from dataclasses import replace

import numpy as np
import pytest

from alerting.signal import baseline
from alerting.signal import change as changes
from alerting.signal.baseline import Baseline, Basis, adapt, deviation, estimate, night, population
from alerting.signal.norms import NORMS, Norm
from alerting.signal.records import Floats
from alerting.signal.series import Course, Heading, Moments
from tests.builders_vitals import NOON_S
from ward.vitals import VITALS, VitalKind

HEART = NORMS[VitalKind.HEART_RATE]
SWEDEN_S = 3600.0
HOUR_S, DAY_S = 3600.0, 86_400.0


def lived(seed: int, days: float, *, by_day: float = 82, by_night: float = 68, every_s: float = 900) -> Course:
    """Return one person's readings up to noon, with a noise of 5 around two levels."""
    rng = np.random.default_rng(seed)
    t_s = NOON_S - np.arange(0, days * DAY_S, every_s)[::-1] - rng.uniform(0, 0.5 * every_s)
    level = np.where(night(t_s, SWEDEN_S), by_night, by_day)
    return Course.of(t_s, level + rng.normal(0, 5, len(t_s)))


def judged(course: Course, at_s: float = NOON_S, norm: Norm = HEART) -> Baseline:
    """Return the baseline of one person at a time."""
    return estimate(course, Moments.now(at_s, course.stays), norm, at_night=night(course.t_s, SWEDEN_S))


@pytest.mark.parametrize(
    ("utc_hour", "offset_h", "expected"),
    [(21.9, 1, False), (22, 1, True), (5.99, 1, True), (6, 1, False), (21, 2, True)],
)
def test_night_is_told_by_the_local_clock(utc_hour: float, offset_h: float, expected: bool) -> None:  # noqa: FBT001
    """23:00 to 07:00 where the person lives; the offset may be each reading's own."""
    t_s = np.full(2, NOON_S + (utc_hour - 12) * HOUR_S)

    assert night(t_s, offset_h * HOUR_S).tolist() == [expected] * 2
    assert night(t_s, np.full(2, offset_h * HOUR_S)).tolist() == [expected] * 2


@pytest.mark.parametrize("every_s", [300, 900, 3600])
def test_level_of_day_and_of_night_are_found(every_s: float) -> None:
    """A week of readings gives both levels within 1 /min, whatever the rate, and says that they are personal."""
    found = judged(lived(16, 7, every_s=every_s))

    np.testing.assert_allclose(found.centre, [[82, 68]], atol=1.5)
    assert (found.basis == Basis.PERSONAL).all()
    assert (found.hours >= 50).all()
    assert not found.held.any()


def test_a_fifth_of_nonsense_moves_it_little() -> None:
    """Twenty of a hundred hours far off shift the centre by less than half a spread."""
    course = lived(17, 7, every_s=3600)
    wild = np.random.default_rng(18).random(len(course.t_s)) < 0.2
    found = judged(replace(course, value=course.value + 60 * wild))

    np.testing.assert_allclose(found.centre, [[82, 68]], atol=3)


def test_newcomer_has_the_population_s_and_is_told_so() -> None:
    """Nothing and one day only are not personal; values are the table's own."""
    found = judged(Course.joined([Course.of([], []), lived(19, 1.2)]))

    assert found.basis.tolist() == [[Basis.POPULATION] * 2] * 2
    assert found.centre.tolist() == [[HEART.day, HEART.night]] * 2
    assert found.spread.tolist() == [[HEART.spread] * 2] * 2
    assert np.isnan(found.anchor).all()
    assert population(2, HEART).centre.tolist() == found.centre.tolist()


@pytest.mark.parametrize(("hours", "basis"), [(7, Basis.POPULATION), (8, Basis.PERSONAL)])
def test_few_hours_over_many_days_are_not_personal(hours: int, basis: Basis) -> None:
    """Spot checks twice a day become personal with the eighth hour, however dense each of them was."""
    at_s = NOON_S - DAY_S * (1 + np.arange(hours) // 2) - 4 * HOUR_S * (np.arange(hours) % 2)
    t_s = np.sort((at_s[:, None] + 60 * np.arange(20)).ravel())

    assert judged(Course.of(t_s, np.full(len(t_s), 80.0))).basis[0, 0] == basis


def test_night_that_nobody_measured_is_derived_and_marked() -> None:
    """Spot checks by day give a personal day; the night is moved with it by the population's difference."""
    course = lived(20, 7, every_s=3600)
    found = judged(course.chosen(~night(course.t_s, SWEDEN_S)))

    assert found.basis.tolist() == [[Basis.PERSONAL, Basis.OTHER_HALF]]
    assert found.centre[0, 1] == pytest.approx(found.centre[0, 0] - HEART.day + HEART.night)


def test_newest_hours_do_not_count() -> None:
    """What happened in the last twelve hours changes nothing, so a sudden illness stands out at once."""
    course = lived(21, 7)
    ill = replace(course, value=course.value + 40 * (course.t_s > NOON_S - baseline.LAG_S))

    np.testing.assert_array_equal(judged(ill).centre, judged(course).centre)


def test_readings_under_an_alert_are_not_learnt_from() -> None:
    """What is masked is as if it had not been measured."""
    course = lived(22, 7)
    ill = course.t_s > NOON_S - 2 * DAY_S
    at, by_night = Moments.now(NOON_S, 1), night(course.t_s, SWEDEN_S)

    masked = estimate(replace(course, value=course.value + 40 * ill), at, HEART, at_night=by_night, excluded=ill)
    alone = judged(course.chosen(~ill))
    np.testing.assert_array_equal(masked.centre, alone.centre)
    np.testing.assert_array_equal(masked.hours, alone.hours)


def test_centre_beyond_what_is_accepted_is_held_and_marked() -> None:
    """Nobody's own normal is a heart rate of 130: the centre stops at the table's bound."""
    found = judged(lived(23, 7, by_day=130, by_night=118))

    assert found.centre.tolist() == [[HEART.high] * 2]
    assert found.held.all()


def test_spread_starts_at_the_population_s_and_ends_at_the_own() -> None:
    """Equal readings make a spread that shrinks with the hours, but never below the table's least."""
    steady = [replace(lived(24, days), value=np.full(int(days * 96), 70.0)) for days in (3.0, 14.0)]
    few, many = (judged(each).spread[0, 0] for each in steady)
    narrow = judged(steady[1], norm=replace(HEART, spread=0.1))

    assert HEART.spread > few > many == HEART.least_spread
    assert narrow.spread.tolist() == [[HEART.least_spread] * 2]
    assert judged(lived(24, 14, every_s=900)).spread[0, 0] == pytest.approx(4.5, abs=1.5)


def days_of(course: Course, values: Floats, days: int) -> Baseline:
    """Return the baseline in force after `days` days of daily steps from day 4 on."""
    changed = replace(course, value=values)
    held = judged(changed, NOON_S - days * DAY_S)
    for day in range(days - 1, -1, -1):
        held = adapt(held, judged(changed, NOON_S - day * DAY_S), DAY_S, frozen=np.zeros(1, np.bool_))
    return held


def test_slow_deterioration_does_not_become_the_baseline() -> None:
    """A heart rate that creeps up by 3 a day for ten days ends well above its baseline, which has stopped moving."""
    course = lived(25, 14)
    creep = course.value + 3 * np.maximum((course.t_s - NOON_S) / DAY_S + 10, 0)
    held = days_of(course, creep, 10)
    score = deviation(held, np.array([0]), creep[-48:].mean(), np.array([False]))

    assert held.centre[0, 0] - 82 <= baseline.MOST_DRIFT * held.anchor_spread[0, 0] + 2.5
    assert held.held[0, 0]
    assert score[0] > 3


def test_slow_recovery_is_followed_within_the_limits() -> None:
    """A level that falls by half a spread over a week is followed."""
    course = lived(26, 14)
    better = course.value - np.clip((course.t_s - NOON_S) / DAY_S + 10, 0, 5) * 0.5
    held = days_of(course, better, 10)

    assert held.centre[0, 0] == pytest.approx(79.5, abs=1.2)


def test_frozen_baseline_does_not_move() -> None:
    """Under an alert the one in force stays as it is, however the fresh one looks; unfrozen it moves a day's step."""
    held, fresh = judged(lived(27, 7)), judged(lived(28, 7, by_day=95))
    frozen = adapt(held, fresh, DAY_S, frozen=np.ones(1, np.bool_))
    moved = adapt(held, fresh, DAY_S, frozen=np.zeros(1, np.bool_))

    np.testing.assert_array_equal(frozen.centre, held.centre)
    nobody = population(1, HEART)
    assert adapt(nobody, fresh, DAY_S, frozen=np.ones(1, np.bool_)).basis.tolist() == nobody.basis.tolist()
    step = baseline.MOST_DRIFT_PER_DAY * held.spread[0, 0]
    assert moved.centre[0, 0] - held.centre[0, 0] == pytest.approx(step)
    assert moved.held[0, 0]


def test_personal_baseline_is_anchored_when_it_first_exists_and_kept_when_data_end() -> None:
    """The first personal one is taken over whole; without new data it stays in force."""
    first = adapt(population(1, HEART), judged(lived(29, 7)), DAY_S, frozen=np.zeros(1, np.bool_))
    later = adapt(first, population(1, HEART), DAY_S, frozen=np.zeros(1, np.bool_))

    np.testing.assert_array_equal(first.anchor, first.centre)
    np.testing.assert_array_equal(later.centre, first.centre)
    assert later.basis.tolist() == [[Basis.PERSONAL] * 2]


def test_deviation_is_by_the_half_of_the_day() -> None:
    """75 /min is low by day and high by night for the same person."""
    held = replace(
        population(1, HEART), centre=np.array([[80.0, 60]]), spread=np.array([[5.0, 3]]), basis=np.full((1, 2), 2)
    )
    which = np.zeros(3, np.int64)

    found = deviation(held, which, [75, 75, np.nan], np.array([False, True, True]))
    np.testing.assert_array_equal(found, [-1, 5, np.nan])


def scored(course: Course) -> Course:
    """Return standard scores against the baseline of three days before noon."""
    by_night = night(course.t_s, SWEDEN_S)
    held = judged(course, NOON_S - 3 * DAY_S)
    return replace(course, value=deviation(held, np.zeros(len(course.t_s), np.int64), course.value, by_night))


def test_rhythm_of_the_day_is_no_change_and_an_illness_is_one() -> None:
    """Twelve people's nights and days give hardly a change in three days; a rise of 12 /min is found in hours."""
    well = [scored(lived(seed, 9)) for seed in range(100, 112)]
    false = changes.changes(Course.joined(well), changes.Plan())
    ill = [lived(seed, 9) for seed in range(100, 112)]
    ill = [replace(each, value=each.value + 12 * (each.t_s > NOON_S - DAY_S)) for each in ill]
    true = changes.changes(Course.joined([scored(each) for each in ill]), changes.Plan())
    delay_h = (true.found_s - (NOON_S - DAY_S)) / HOUR_S

    assert (false.found_s > NOON_S - 3 * DAY_S).sum() <= 1
    assert sorted(set(true.row.tolist())) == list(range(12))
    assert np.median(delay_h) < 6
    assert (true.heading == Heading.UP).all()


def test_weighted_median_is_that_of_repeated_values() -> None:
    """With whole weights it is numpy's median of each value repeated so often."""
    rng = np.random.default_rng(30)
    for count in (1, 2, 5, 30):
        value, weight = rng.normal(size=(6, count)), rng.integers(1, 5, (6, count)).astype(float)
        expected = [np.median(np.repeat(v, w.astype(int))) for v, w in zip(value, weight, strict=True)]
        np.testing.assert_allclose(baseline._weighted_median(value, weight), expected)


@pytest.mark.parametrize("mask", [np.zeros(3, np.bool_), np.zeros(96 * 7, np.int64)])
def test_mask_of_another_form_is_refused(mask: np.ndarray) -> None:
    """A mask has one boolean for each reading."""
    course = lived(31, 7)
    with pytest.raises(ValueError, match=r"at_night: .* must be"):
        estimate(course, Moments.now(NOON_S, 1), HEART, at_night=mask)
    with pytest.raises(ValueError, match=r"excluded: .* must be"):
        estimate(course, Moments.now(NOON_S, 1), HEART, at_night=night(course.t_s, 0), excluded=mask)


def test_time_that_runs_backwards_is_refused() -> None:
    """Adapting needs a time that has passed, and two baselines of the same people."""
    one, two = population(1, HEART), population(2, HEART)
    with pytest.raises(ValueError, match="elapsed_s: is -1"):
        adapt(one, one, -1.0, frozen=np.zeros(1, np.bool_))
    with pytest.raises(ValueError, match="must fit held"):
        adapt(one, two, 1.0, frozen=np.zeros(1, np.bool_))


def test_table_of_norms_is_in_order() -> None:
    """Bounds enclose the centres with room, least is least, and everything lies within what is plausible."""
    for kind, norm in NORMS.items():
        assert VITALS[kind].low <= norm.low < min(norm.day, norm.night) <= max(norm.day, norm.night) < norm.high
        assert norm.high <= VITALS[kind].high
        assert 0 < norm.accuracy <= norm.least_spread < norm.spread < (norm.high - norm.low) / 4
