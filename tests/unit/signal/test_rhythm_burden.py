"""Irregularity over time: episodes begin and end where the rhythm does, and what is not readable is neither."""

import numpy as np
import pytest

from alerting.signal.events import Beats
from alerting.signal.rhythm_burden import AHEAD_S, EPISODE_S, STEP_S, WINDOW_S, Rhythm, burden, episodes, timeline
from tests.rhythms import Floats, fibrillation, flutter, sinus, with_ectopics

FS_HZ = 250.0


def beats_of(*rr_ms: Floats) -> Beats:
    """Return the beats of one record, these intervals after each other from 0.5 s on."""
    at_s = 0.5 + np.concatenate(([0.0], np.cumsum(np.concatenate(rr_ms)))) / 1000
    return Beats.of((at_s * FS_HZ).astype(np.int64), FS_HZ)


def length(beats: Beats) -> int:
    """Return a record's length that holds these beats."""
    return int(beats.sample[-1]) + 1


def lasting(rr_ms: Floats, seconds: float) -> Floats:
    """Return the intervals that end within this time."""
    return rr_ms[: np.searchsorted(np.cumsum(rr_ms) / 1000, seconds)]


def test_episode_is_dated_within_half_a_window() -> None:
    """Five minutes of fibrillation between sinus rhythm are one episode that begins and ends when they do."""
    beats = beats_of(lasting(sinus(900), 600), lasting(fibrillation(900), 300), lasting(sinus(900, seed=2), 600))

    found = episodes(timeline(beats, length(beats)))

    assert len(found.row) == 1
    assert abs(found.begin_s[0] - 600) <= WINDOW_S / 2
    assert abs(found.end_s[0] - 900) <= WINDOW_S / 2


@pytest.mark.parametrize("seed", range(5))
def test_burst_is_no_episode(seed: int) -> None:
    """Ten seconds of irregular beats are neither an episode nor burden."""
    parts = lasting(sinus(900, seed=seed), 300), lasting(fibrillation(90, seed=seed), 10), lasting(sinus(900), 300)
    beats = beats_of(*parts)

    assert len(episodes(timeline(beats, length(beats))).row) == 0


@pytest.mark.parametrize(
    "rr_ms", [sinus(900), with_ectopics(900, period=2), with_ectopics(900, period=3), flutter(900)]
)
def test_regular_pattern_is_no_episode(rr_ms: Floats) -> None:
    """Sinus rhythm, bigeminy, trigeminy and flutter with a fixed block have no burden."""
    beats = beats_of(rr_ms)

    made = burden(timeline(beats, length(beats)), 120)

    assert np.nansum(made.af_s) == 0
    assert np.all(made.share[~np.isnan(made.share)] == 0)


def test_burden_of_fibrillation_is_whole() -> None:
    """A record in fibrillation throughout is af in all of its readable time."""
    beats = beats_of(lasting(fibrillation(1200), 400))

    made = burden(timeline(beats, length(beats)), 300)

    np.testing.assert_array_equal(made.share, [[1.0]])
    np.testing.assert_array_equal(made.readable_s + made.unreadable_s, [[300.0]])


def test_h16_unreadable_time_is_counted_apart() -> None:
    """Beats that may not be believed make time unreadable; it is neither af nor other, and no share is told of it."""
    beats = beats_of(lasting(fibrillation(1200), 600))
    usable = (beats.sample < 200 * FS_HZ) | (beats.sample >= 500 * FS_HZ)

    line = timeline(beats, length(beats), usable)
    made = burden(line, 300)

    assert np.all(line.state[:, 24:46] == Rhythm.UNREADABLE)
    assert np.isnan(line.score[:, 24:46]).all()
    assert made.unreadable_s[0, 0] >= 60
    assert np.all(made.readable_s + made.unreadable_s == 300)


def test_unreadable_time_splits_an_episode() -> None:
    """Nothing is said about what happened while nobody could tell: two episodes, not one."""
    beats = beats_of(lasting(fibrillation(1800), 900))
    usable = (beats.sample < 300 * FS_HZ) | (beats.sample >= 500 * FS_HZ)

    found = episodes(timeline(beats, length(beats), usable))

    assert len(found.row) == 2
    assert np.all(found.end_s - found.begin_s >= EPISODE_S)


def test_record_without_beats_is_unreadable() -> None:
    """No beat at all: every cell is unreadable, the share is not zero but unknown."""
    beats = Beats.of(np.empty(0, np.int64), FS_HZ)

    made = burden(timeline(beats, int(300 * FS_HZ)), 60)

    assert np.isnan(made.share).all()
    np.testing.assert_array_equal(made.unreadable_s, np.full((1, 5), 60.0))


def test_record_shorter_than_a_cell_has_none() -> None:
    """Nine seconds hold no cell, so there is nothing to tell."""
    line = timeline(beats_of(sinus(8)), int((STEP_S - 1) * FS_HZ))

    assert line.state.shape == (1, 0)
    assert burden(line, 60).share.shape == (1, 0)


def test_records_of_a_batch_are_told_apart() -> None:
    """One patient's fibrillation is not another's, whatever the order in the batch."""
    calm, ill = beats_of(lasting(sinus(900), 400)), beats_of(lasting(fibrillation(900), 400))
    both = Beats(
        row=np.repeat([0, 1], [len(calm.sample), len(ill.sample)]),
        sample=np.concatenate((calm.sample, ill.sample)), fs_hz=FS_HZ, records=2,
    )  # fmt: skip

    line = timeline(both, int(410 * FS_HZ))

    for each, alone in enumerate((calm, ill)):
        np.testing.assert_allclose(line.score[[each]], timeline(alone, int(410 * FS_HZ)).score, rtol=1e-9)


def test_late_beats_do_not_change_what_is_settled() -> None:
    """A cell is settled once `AHEAD_S` have passed since its end."""
    beats = beats_of(lasting(sinus(900), 300), lasting(fibrillation(900), 300), lasting(sinus(900), 300))
    whole = timeline(beats, int(900 * FS_HZ))

    known = beats.sample < 600 * FS_HZ
    early = timeline(Beats.of(beats.sample[known], FS_HZ), int(600 * FS_HZ))
    settled = int((600 - AHEAD_S) / STEP_S)

    np.testing.assert_array_equal(early.state[:, :settled], whole.state[:, :settled])


@pytest.mark.parametrize("span_s", [0.0, -60.0, 15.0, float("nan")])
def test_span_that_is_no_number_of_cells_is_refused(span_s: float) -> None:
    """A span is a positive number of whole cells."""
    line = timeline(beats_of(sinus(90)), int(80 * FS_HZ))

    with pytest.raises(ValueError, match="span_s: is"):
        burden(line, span_s)


def test_wrong_arguments_are_refused_by_name() -> None:
    """A negative length, beats past the end, and believing another number of beats than there are, are errors."""
    beats = beats_of(sinus(90))

    with pytest.raises(ValueError, match="samples: is -1"):
        timeline(beats, -1)
    with pytest.raises(ValueError, match="beats: reach sample"):
        timeline(beats, 100)
    with pytest.raises(ValueError, match="usable: has shape"):
        timeline(beats, length(beats), np.ones(3, np.bool_))
