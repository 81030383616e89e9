"""What must hold of vitals over time however readings are cut, gathered, shifted or scaled."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.signal import baseline, change, comparison, distance, oxygenation, smooth, trend
from alerting.signal.norms import NORMS
from alerting.signal.records import Floats
from alerting.signal.series import Course, Moments
from tests.builders_vitals import NOON_S, uneven
from ward.vitals import VitalKind

HOUR_S = 3600.0
PLAN = change.Plan(unit_s=600.0, hold_s=900.0, window_s=2 * HOUR_S)
FLOOR = 1.0

Looked = Callable[[Course, Moments], list[Floats]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to look at vitals, how far back it looks, and what becomes of its figures when values change.

    shifted : which of them move with the values; scaled : which of them stretch; the others stay
    """

    look: Looked
    back_s: float
    shifted: tuple[int, ...]
    scaled: tuple[int, ...]


def sloped(course: Course, at: Moments) -> list[Floats]:
    """Look at the slope of three hours."""
    found = trend.slope(course, at, 3 * HOUR_S, spacing_s=600.0)
    return [found.per_hour, found.low, found.high, found.level, found.p, found.support.span_s, found.support.quality]


def averaged(course: Course, at: Moments) -> list[Floats]:
    """Look at the moving average."""
    found = change.ewma(course, at, 1200.0, hold_s=600.0)
    return [found.value, found.sharpness, found.support.span_s]


def gathered(course: Course, at: Moments) -> list[Floats]:
    """Look at the evidence of a change; values are taken as scores."""
    found = change.cusum(replace(course, value=(course.value - 80) / 3), at, PLAN)
    return [*found.sum, *found.onset_s, found.support.span_s]


def compared(course: Course, at: Moments) -> list[Floats]:
    """Look at one hour against the hour before the last."""
    found = comparison.change(course, at, 2 * HOUR_S, HOUR_S)
    return [found.change, found.newer, found.older]


def normal(course: Course, at: Moments) -> list[Floats]:
    """Look at the baseline, of readings a hundred times as far apart as they came."""
    slow = replace(course, t_s=NOON_S + 100 * (course.t_s - NOON_S))
    then = Moments(row=at.row, at_s=NOON_S + 100 * (at.at_s - NOON_S))
    wide = replace(NORMS[VitalKind.HEART_RATE], low=-1e9, high=1e9, spread=1e-9, least_spread=1e-9)
    found = baseline.estimate(slow, then, wide, at_night=baseline.night(slow.t_s, 0.0))
    own = found.basis == baseline.Basis.PERSONAL
    centre, spread = np.where(own, found.centre, np.nan), np.where(own, found.spread, np.nan)
    return [*centre.T, *spread.T, *found.span_s.T]


def placed(course: Course, at: Moments) -> list[Floats]:
    """Look at the medians of the last six quarters of an hour."""
    return list(distance.grid(course, at, 900.0, 6).T)


def saturated(course: Course, at: Moments) -> list[Floats]:
    """Look at saturation and oxygen together; the flow is the course itself, some of it."""
    noted = course.chosen(np.floor(course.t_s) % 5 == 0)
    flow = replace(noted, value=0.05 * noted.value)
    found = oxygenation.oxygenation(course, flow, at, 3 * HOUR_S)
    return [found.ratio.per_hour, found.flow_change, found.worsening]


BACK_100_S = baseline.look_back_s() / 100
WAYS = {
    "slope": Way(look=sloped, back_s=trend.look_back_s(3 * HOUR_S), shifted=(3,), scaled=(0, 1, 2, 3)),
    "ewma": Way(look=averaged, back_s=change.look_back_ewma_s(1200.0, 600.0), shifted=(0,), scaled=(0,)),
    "cusum": Way(look=gathered, back_s=change.look_back_s(PLAN), shifted=(), scaled=()),
    "change": Way(look=compared, back_s=comparison.look_back_s(2 * HOUR_S, HOUR_S), shifted=(1, 2), scaled=(0, 1, 2)),
    "baseline": Way(look=normal, back_s=BACK_100_S, shifted=(0, 1), scaled=(0, 1, 2, 3)),
    "grid": Way(look=placed, back_s=distance.look_back_s(900.0, 6), shifted=tuple(range(6)), scaled=tuple(range(6))),
    "oxygenation": Way(look=saturated, back_s=oxygenation.look_back_s(3 * HOUR_S), shifted=(), scaled=()),
}
MEASURED = {name: way for name, way in WAYS.items() if way.scaled}
ways, measured = st.sampled_from(sorted(WAYS)), st.sampled_from(sorted(MEASURED))
timely = st.sampled_from(sorted(WAYS.keys() - {"baseline"}))  # looks at times that are stretched around one noon
seeds = st.integers(0, 10_000)
counts = st.lists(st.integers(0, 250), min_size=1, max_size=4).map(tuple)


def moments(seed: int, stays: int, count: int = 12) -> Moments:
    """Return moments of any stays over the last hours, some of them at exactly noon."""
    rng = np.random.default_rng(seed)
    ago_s = rng.uniform(0, 8 * HOUR_S, count) * (rng.random(count) < 0.7)
    return Moments(row=rng.integers(0, stays, count), at_s=NOON_S - ago_s)


def same(found: list[Floats], expected: list[Floats]) -> None:
    """Figures agree to the last bit."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(deadline=None, max_examples=60)
@given(name=ways, seed=seeds, sizes=counts)
def test_what_is_said_of_a_moment_rests_on_the_look_back_alone(name: str, seed: int, sizes: tuple[int, ...]) -> None:
    """Cut away what is older than the declared look-back and what comes later: nothing changes, to the last bit."""
    way, course, at = WAYS[name], uneven(seed, sizes), moments(seed, len(sizes), 4)
    whole = way.look(course, at)

    for k, (row, at_s) in enumerate(zip(at.row, at.at_s, strict=True)):
        cut = course.chosen((course.row == row) & (course.t_s <= at_s) & (course.t_s >= at_s - way.back_s))
        alone = way.look(cut, Moments(row=at.row[k : k + 1], at_s=at.at_s[k : k + 1]))
        same(alone, [column[k : k + 1] for column in whole])


@settings(deadline=None, max_examples=40)
@given(name=ways, seed=seeds, sizes=counts)
def test_stay_does_not_depend_on_its_batch(name: str, seed: int, sizes: tuple[int, ...]) -> None:
    """Other stays, their order and that of the moments change nothing, to the last bit."""
    way, rng = WAYS[name], np.random.default_rng(seed)
    parts = [uneven(seed + i, (size,)) for i, size in enumerate(sizes)]
    order, at = rng.permutation(len(parts)), moments(seed, len(parts))
    shuffled = rng.permutation(len(at.row))
    place = np.argsort(order)

    whole = way.look(Course.joined(parts), at)
    other = way.look(
        Course.joined([parts[i] for i in order]), Moments(row=place[at.row[shuffled]], at_s=at.at_s[shuffled])
    )
    same(other, [column[shuffled] for column in whole])


@settings(deadline=None, max_examples=30)
@given(name=ways, seed=seeds)
def test_missing_reading_is_as_if_it_had_not_been_made(name: str, seed: int) -> None:
    """NaN and infinity are neither values nor zeros nor gaps of another kind."""
    way, course, at = WAYS[name], uneven(seed), moments(seed, 4)
    lost = np.random.default_rng(seed).random(len(course.t_s)) < 0.3
    holed = replace(course, value=np.where(lost, np.where(course.t_s % 2 < 1, np.nan, -np.inf), course.value))

    same(way.look(holed, at), way.look(course.chosen(~lost), at))


@settings(deadline=None, max_examples=40)
@given(name=measured, seed=seeds, factor=st.sampled_from([2.0**-10, 0.5, 4.0, 2.0**20]), offset=st.integers(-64, 64))
def test_figures_move_and_stretch_with_the_values(name: str, seed: int, factor: float, offset: int) -> None:
    """Another unit or zero of the scale changes levels and slopes as it must, and nothing else."""
    way, course, at = MEASURED[name], uneven(seed), moments(seed, 4)
    before = way.look(course, at)
    after = way.look(replace(course, value=factor * (course.value + offset)), at)

    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        moved = one + offset if place in way.shifted else one
        expected = factor * moved if place in way.scaled else moved
        np.testing.assert_allclose(other, expected, rtol=1e-9, atol=1e-9 * factor)


@settings(deadline=None, max_examples=30)
@given(name=timely, seed=seeds, days=st.integers(-3000, 3000))
def test_another_day_gives_the_same(name: str, seed: int, days: int) -> None:
    """Moved by whole days, figures stay; times among them move along."""
    way, course, at = WAYS[name], uneven(seed), moments(seed, 4)
    moved = replace(course, t_s=np.round(course.t_s) + days * 86_400.0)
    before = way.look(replace(course, t_s=np.round(course.t_s)), replace(at, at_s=np.round(at.at_s)))
    after = way.look(moved, replace(at, at_s=np.round(at.at_s) + days * 86_400.0))

    for one, other in zip(before, after, strict=True):
        times = one > 1e9
        np.testing.assert_allclose(other - days * 86_400.0 * times, one, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", sorted(WAYS))
@given(seed=seeds)
@settings(deadline=None, max_examples=3)
def test_unsorted_readings_are_refused(name: str, seed: int) -> None:
    """A permutation of a stay's readings is an error that says so, never another result."""
    course = uneven(seed, (30,))
    order = np.roll(np.arange(30), 1 + seed % 29)
    mixed = replace(course, t_s=course.t_s[order], value=course.value[order])

    with pytest.raises(ValueError, match=r"t_s: .* must strictly rise"):
        WAYS[name].look(mixed, moments(seed, 1))


@settings(deadline=None, max_examples=30)
@given(seed=seeds, window_s=st.floats(1, 1e5), placement=st.sampled_from(smooth.Placement), cut=st.integers(0, 150))
def test_filters_give_the_same_in_pieces(seed: int, window_s: float, placement: smooth.Placement, cut: int) -> None:
    """A series filtered in two pieces that overlap by the look-back and look-ahead is the series filtered whole."""
    course = uneven(seed, (150,))
    back, ahead = smooth.look_back_s(window_s, placement), smooth.look_ahead_s(window_s, placement)
    at_s = course.t_s[min(cut, 149)]
    late = course.t_s >= at_s - back
    early = course.t_s <= at_s + ahead

    whole = smooth.hampel(course, window_s, floor=FLOOR, placement=placement).score
    first = smooth.hampel(course.chosen(early), window_s, floor=FLOOR, placement=placement).score
    second = smooth.hampel(course.chosen(late), window_s, floor=FLOOR, placement=placement).score
    np.testing.assert_array_equal(first[course.t_s[early] <= at_s], whole[course.t_s <= at_s])
    np.testing.assert_array_equal(second[course.t_s[late] >= at_s], whole[course.t_s >= at_s])


@settings(deadline=None, max_examples=30)
@given(seed=seeds, share=st.floats(0.1, 0.9))
def test_changes_are_the_same_in_pieces(seed: int, share: float) -> None:
    """Changes found and ended in the later piece are those of the whole, when the piece begins a look-back earlier."""
    course = uneven(seed, (250,))
    scores = replace(course, value=(course.value - 80) / 3 + 2 * (np.arange(250) > 200 * share))
    begin_s = course.t_s[int(250 * share)]
    piece = scores.chosen(course.t_s >= begin_s - change.look_back_s(PLAN))

    whole, part = change.changes(scores, PLAN), change.changes(piece, PLAN)
    for name in ("heading", "began_s", "found_s", "ended_s"):
        np.testing.assert_array_equal(
            getattr(part, name)[part.found_s > begin_s], getattr(whole, name)[whole.found_s > begin_s]
        )
