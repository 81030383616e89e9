"""A window of RR intervals: which rhythms are called atrial fibrillation, which are not, and which cannot be told."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal.rhythm import AF, af_score
from alerting.signal.rhythm_score import LEAST_TRIPLES, irregularity
from tests.rhythms import Floats, fibrillation, flutter, paced, sinus, with_ectopics, with_random_ectopics

LENGTHS = (30, 64, 128, 300, 1000)


@pytest.mark.parametrize("beats", LENGTHS)
@pytest.mark.parametrize("rr_ms", [420.0, 600.0, 850.0, 1100.0])
def test_fibrillation_is_called_so(beats: int, rr_ms: float) -> None:
    """Intervals without memory are atrial fibrillation, whatever the rate."""
    score = af_score([fibrillation(beats, rr_ms=rr_ms, seed=seed) for seed in range(40)])

    assert np.mean(score >= AF) >= 0.95
    assert np.median(score) >= 0.9


@pytest.mark.parametrize("beats", LENGTHS)
@pytest.mark.parametrize(
    "made",
    [
        sinus,
        lambda beats: sinus(beats, rr_ms=1000, breathing=0.12),
        lambda beats: with_ectopics(beats, period=2),
        lambda beats: with_ectopics(beats, period=3),
        lambda beats: with_ectopics(beats, period=4, coupling=0.7),
        lambda beats: with_random_ectopics(beats, share=0.05),
        lambda beats: with_random_ectopics(beats, share=0.2),
        flutter,
        paced,
    ],
    ids=["sinus", "breathing", "bigeminy", "trigeminy", "quadrigeminy", "ectopics", "many", "flutter", "paced"],
)
def test_pattern_is_not_fibrillation(made: Callable[[int], Floats], beats: int) -> None:
    """Breathing, premature beats in a pattern, flutter with a fixed block, a pacemaker: regular in their way."""
    assert af_score(made(beats))[0] < AF


def test_flutter_with_changing_block_is_a_limit() -> None:
    """Flutter that changes between 2:1 and 4:1 at random is told from fibrillation only where its steps show.

    Its intervals are whole numbers of atrial cycles, but without memory: the documented limit of what intervals tell.
    """
    two = af_score([flutter(64, ratios=(2, 4), seed=seed) for seed in range(20)])
    three = af_score([flutter(64, ratios=(2, 3, 4), seed=seed) for seed in range(20)])

    assert np.median(two) < AF
    assert np.all((three > 0) & (three < 1))


def test_pauses_of_missed_beats_are_not_fibrillation() -> None:
    """A regular rhythm in which every tenth beat was missed stays regular."""
    rr_ms = sinus(60)
    rr_ms[4::10] *= 2

    assert af_score(rr_ms)[0] < AF


def test_intervals_of_no_heart_are_gaps() -> None:
    """Intervals below 200 ms and above 4 s are left out with what they touch, not weighed."""
    rr_ms = sinus(60)
    broken = rr_ms.copy()
    broken[[10, 30, 50]] = 20.0, 9000.0, np.inf
    gaps = np.where(broken == rr_ms, rr_ms, np.nan)

    np.testing.assert_array_equal(af_score(broken), af_score(gaps))
    assert af_score(broken)[0] < AF


def test_nothing_is_computed_across_a_gap() -> None:
    """Two rates with a gap between them are two calm stretches: the jump from one to the other never happened."""
    rr_ms = np.concatenate((np.full(20, 600.0), [np.nan], np.full(20, 1300.0)))

    assert irregularity(rr_ms).jumps[0] == 0
    assert irregularity(rr_ms).calm[0] == 1
    assert irregularity(np.delete(rr_ms, 20)).jumps[0] > 0


def test_too_few_intervals_are_unreadable() -> None:
    """Below eight intervals in a row there is no score; with them there is."""
    least = LEAST_TRIPLES + 2

    assert np.isnan(af_score(sinus(least - 1))[0])
    assert np.isfinite(af_score(sinus(least))[0])


@pytest.mark.parametrize(
    "rr_ms", [np.empty(0), np.full(50, np.nan), np.zeros(50), np.full((2, 1), 800.0), np.ones(0, int)]
)
def test_window_without_intervals_is_unreadable(rr_ms: npt.ArrayLike) -> None:
    """Empty, missing and impossible intervals give NaN for each window, no number and no error."""
    score = af_score(rr_ms)

    assert len(score) == len(np.atleast_2d(np.asarray(rr_ms)))
    assert np.isnan(score).all()


@pytest.mark.parametrize(
    ("rr_ms", "fault"),
    [
        (np.array([800.0, -1.0]), "rr_ms: holds -1"),
        (np.zeros((2, 2, 2)), "rr_ms: has 3 dimensions"),
        (np.array(["800"]), "rr_ms: holds <U3"),
        (np.full(2001, 800.0), "rr_ms: has 2001 intervals"),
    ],
)
def test_wrong_intervals_are_refused_by_name(rr_ms: npt.ArrayLike, fault: str) -> None:
    """Negative intervals, a day of them at once, and what is no window of numbers, are errors that say so."""
    with pytest.raises(ValueError, match=fault):
        af_score(rr_ms)


@pytest.mark.parametrize("scale", [1e6, 1e-6])
def test_intervals_in_another_unit_are_unreadable(scale: float) -> None:
    """Intervals given in nanoseconds, or in kiloseconds, hold no heart beat: no score, not a wrong one."""
    assert np.isnan(af_score(sinus(60) * scale)[0])


def test_integers_are_taken_as_they_are() -> None:
    """Whole milliseconds in a small type give what the same numbers as floats give: nothing overflows."""
    rr_ms = fibrillation(64).round()

    np.testing.assert_array_equal(af_score(rr_ms.astype(np.int16)), af_score(rr_ms))


def test_entropy_is_that_of_its_definition() -> None:
    """Sample entropy counted pair by pair, as the paper defines it, is what the arrays count."""
    rr_ms = fibrillation(40)
    rr_ms[17] = np.nan

    np.testing.assert_allclose(irregularity(rr_ms).entropy[0], entropy_by_hand(rr_ms), rtol=1e-9)


def entropy_by_hand(rr_ms: Floats, match_ms: float = 60.0) -> float:
    """Count matches of one interval and of two in a row, over all ordered pairs of different places."""
    places = [each for each in range(len(rr_ms) - 1) if np.isfinite(rr_ms[each : each + 2]).all()]
    pairs = [(a, b) for a in places for b in places if a != b]
    near = sum(abs(rr_ms[a] - rr_ms[b]) <= match_ms for a, b in pairs)
    both = sum(np.all(np.abs(rr_ms[a : a + 2] - rr_ms[b : b + 2]) <= match_ms) for a, b in pairs)
    return float(np.log((near + 1) / (both + 1)) + np.log(2 * match_ms) - np.log(np.nanmean(rr_ms)))
