"""Rhythm does not depend on what it should not: batch, padding, chunks, scale, sign, offset, sampling rate."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from alerting.signal.events import Beats
from alerting.signal.rhythm import Timeline, af_score, strip, timeline
from alerting.signal.rhythm_burden import AHEAD_S, BACK_S, STEP_S
from tests.rhythms import Floats, ecg, fibrillation, sinus, with_ectopics, with_random_ectopics

FS_HZ = 250.0
MAKERS = (sinus, fibrillation, lambda beats, seed: with_ectopics(beats, period=2 + seed % 3, seed=seed))
seeds = st.integers(0, 10_000)
windows = st.builds(
    lambda kind, beats, seed: MAKERS[kind](beats, seed=seed), st.integers(0, 2), st.integers(8, 90), seeds
)


def padded(window: Floats, before: int, after: int) -> Floats:
    """Return a window with missing intervals around it."""
    return np.pad(window, (before, after), constant_values=np.nan)


@given(windows, st.integers(0, 40), st.integers(0, 40))
def test_missing_intervals_around_a_window_change_nothing(window: Floats, before: int, after: int) -> None:
    """A window that is filled up with NaN has the score of the window."""
    np.testing.assert_allclose(af_score(padded(window, before, after)), af_score(window), rtol=1e-9)


@given(st.lists(windows, min_size=1, max_size=6), st.randoms())
def test_window_does_not_depend_on_its_batch(given_windows: list[Floats], random: Random) -> None:
    """Each window of a batch, in any order, has the score it has alone."""
    order = np.random.default_rng(random.randrange(1 << 30)).permutation(len(given_windows))
    longest = max(map(len, given_windows))
    batch = np.array([padded(given_windows[each], 0, longest - len(given_windows[each])) for each in order])

    alone = [af_score(given_windows[each])[0] for each in order]

    np.testing.assert_allclose(af_score(batch), alone, rtol=1e-9)


@given(windows, seeds)
def test_score_is_a_probability_or_nothing(window: Floats, seed: int) -> None:
    """Whatever is missing, a score is between 0 and 1 or NaN."""
    rng = np.random.default_rng(seed)
    holed = np.where(rng.random(len(window)) < 0.3, np.nan, window)

    score = af_score(holed)[0]

    assert np.isnan(score) or 0 <= score <= 1


def a_day(seed: int, seconds: int = 1200) -> Beats:
    """Return the beats of a record in which rhythms change."""
    rng = np.random.default_rng(seed)
    parts: list[Floats] = []
    while sum(part.sum() for part in parts) < seconds * 1000:
        parts.append(MAKERS[rng.integers(3)](int(rng.integers(20, 300)), seed=int(rng.integers(1 << 30))))
    at_s = np.cumsum(np.concatenate(parts)) / 1000
    return Beats.of((at_s[at_s < seconds] * FS_HZ).astype(np.int64), FS_HZ)


def streamed(beats: Beats, cuts: list[int], seconds: int) -> Timeline:
    """Judge a record as it comes in: at each cut the trailing buffer only, and of it what is settled."""
    score, state, done = [], [], 0
    for now in [*sorted(cuts), seconds]:
        begin = max(0, int(done * STEP_S - BACK_S - STEP_S) // int(STEP_S)) * int(STEP_S)
        held = (beats.sample >= begin * FS_HZ) & (beats.sample < now * FS_HZ)
        line = timeline(Beats.of(beats.sample[held] - int(begin * FS_HZ), FS_HZ), int((now - begin) * FS_HZ))
        first = begin // int(STEP_S)
        settled = int((now - AHEAD_S) // STEP_S) if now < seconds else first + line.state.shape[-1]
        if settled > done:
            score.append(line.score[0, done - first : settled - first])
            state.append(line.state[0, done - first : settled - first])
            done = settled
    return Timeline(score=np.concatenate(score)[None], state=np.concatenate(state)[None])


@settings(max_examples=25, deadline=None)
@given(seeds, st.lists(st.integers(1, 1199), max_size=12))
def test_any_chunks_tell_what_the_whole_record_tells(seed: int, cuts: list[int]) -> None:
    """However a stream is cut, its cells are those of the whole record."""
    beats = a_day(seed)

    whole, parts = timeline(beats, int(1200 * FS_HZ)), streamed(beats, cuts, 1200)

    np.testing.assert_allclose(parts.score, whole.score, rtol=1e-9)
    np.testing.assert_array_equal(parts.state, whole.state)


strips = st.builds(
    lambda af, seed: (
        ecg(fibrillation(25, seed=seed), p_mv=0, seed=seed)
        if af
        else ecg(with_random_ectopics(22, share=0.1, seed=seed), seed=seed)
    ),
    st.booleans(),
    seeds,
)


@settings(max_examples=20, deadline=None)
@given(strips, st.sampled_from((-1, 1)), st.floats(-3, 6), st.floats(-100, 100))
def test_strip_has_no_unit_zero_or_right_way_up(signal: Floats, sign: int, power: float, offset: float) -> None:
    """Scaled, shifted or turned over, a strip tells the same."""
    scale = sign * 10**power

    plain, changed = strip(signal, 300.0), strip(scale * (signal + offset), 300.0)

    np.testing.assert_array_equal(changed.readable, plain.readable)
    np.testing.assert_allclose(changed.suspicion, plain.suspicion, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(strips, st.sampled_from(((5, 6), (6, 5), (5, 3), (10, 3))))
def test_strip_is_the_same_at_another_rate(signal: Floats, ratio: tuple[int, int]) -> None:
    """Recorded at 250, 360, 500 or 1000 Hz, a strip tells nearly the same."""
    up, down = ratio
    other = resample_poly(signal, up, down)

    plain, resampled = strip(signal, 300.0), strip(other, 300.0 * up / down)

    np.testing.assert_array_equal(resampled.readable, plain.readable)
    np.testing.assert_allclose(resampled.suspicion, plain.suspicion, atol=0.15)


@settings(max_examples=15, deadline=None)
@given(st.lists(strips, min_size=2, max_size=4))
def test_strip_does_not_depend_on_its_batch(signals: list[Floats]) -> None:
    """Each strip of a batch tells what it tells alone."""
    shortest = min(map(len, signals))
    batch = np.array([each[:shortest] for each in signals])

    together = strip(batch, 300.0)

    for place, each in enumerate(batch):
        alone = strip(each, 300.0)
        assert together.readable[place] == alone.readable[0]
        np.testing.assert_allclose(together.suspicion[place], alone.suspicion[0], atol=1e-6)


@settings(deadline=None, max_examples=10)
@given(seeds, st.integers(0, 90))
def test_known_scores_give_what_all_of_them_give(seed: int, known: int) -> None:
    """A look that takes the scores of cells from an earlier one says of every cell what a look at all says."""
    beats = a_day(seed, 900)
    whole = timeline(beats, int(900 * FS_HZ))
    again = timeline(beats, int(900 * FS_HZ), known=whole.score[:, :known])

    np.testing.assert_allclose(again.score, whole.score, rtol=1e-9)
    np.testing.assert_array_equal(again.state, whole.state)
