"""Pauses, slow and fast stretches, ventricular runs, and the time since the last beat."""

import numpy as np
import pytest

from alerting.signal.ecg_runs import fast, joined, pauses, silent_s, slow, tachycardia, ventricular
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import Quality, Reason
from tests.builders_signal import a_quality, beats_after, intervals_of, kinds_of, spoilt


def runs_of(letters: str, rr_s: float = 0.4, quality: Quality | None = None) -> list[tuple[int, float]]:
    """Return beats and first moment of each ventricular stretch."""
    beats = beats_after(*[rr_s] * (len(letters) - 1))
    found = ventricular(beats, kinds_of(letters), intervals_of(beats, letters, quality))
    return list(zip(found.beats.tolist(), np.round(found.begin / 250, 3).tolist(), strict=True))


def test_pauses_are_intervals_of_two_seconds_and_more() -> None:
    """Of 1.9, 2.0 and 3.5 s two are pauses, and one is a long one."""
    found = intervals_of(beats_after(1.9, 2.0, 3.5))

    assert pauses(found).rr_s.tolist() == [2.0, 3.5]
    assert pauses(found, 3.0).rr_s.tolist() == [3.5]


@pytest.mark.parametrize("reason", [Reason.MISSING, Reason.NOISE])
def test_pause_that_cannot_be_read_is_none(reason: Reason) -> None:
    """Where samples are missing or noise hides them, beats may have come."""
    found = intervals_of(beats_after(0.6, 4.0, 1.0), quality=spoilt(a_quality(), 1, reason))

    assert len(pauses(found).rr_s) == 0


def test_slow_stretch_begins_and_ends_with_its_beats() -> None:
    """Four intervals of 1.5 s between faster ones are a stretch of five beats at 40/min."""
    found = slow(intervals_of(beats_after(0.8, 1.5, 1.5, 1.5, 1.5, 0.8)))

    assert (found.beats.tolist(), found.begin.tolist(), found.end.tolist()) == ([5], [325], [1825])
    np.testing.assert_allclose(found.rate_per_min, [40])
    np.testing.assert_allclose(found.lasted_s, [6])


def test_single_long_interval_is_no_bradycardia() -> None:
    """A stretch has at least four beats, unless fewer are asked for."""
    found = intervals_of(beats_after(0.8, 1.5, 0.8, 0.8))

    assert len(slow(found).beats) == 0
    assert slow(found, least_beats=2).beats.tolist() == [2]


def test_fast_stretch_does_not_reach_into_the_next_record() -> None:
    """Two records of fast beats are two stretches."""
    beats = Beats(row=np.repeat([0, 1], 6), sample=np.tile(np.arange(6) * 100, 2), fs_hz=250, records=2)

    found = fast(intervals_of(beats))

    assert (found.row.tolist(), found.beats.tolist()) == ([0, 1], [6, 6])
    np.testing.assert_allclose(found.rate_per_min, [150, 150])


def test_noise_parts_a_fast_stretch() -> None:
    """What cannot be read is no part of a stretch."""
    found = fast(intervals_of(beats_after(*[0.5] * 20), quality=spoilt(a_quality(), 2)), least_beats=2)

    assert len(found.beats) == 2


def test_ventricular_stretches_are_counted_by_their_beats() -> None:
    """A single beat, a couplet and a run of four stand apart."""
    assert runs_of("NVNNVVNVVVVN") == [(1, 0.9), (2, 2.1), (4, 3.3)]


def test_stretch_of_ventricular_beats_ends_where_it_cannot_be_read() -> None:
    """Five ventricular beats with an unreadable window among them are not one run."""
    assert max(beats for beats, _ in runs_of("VVVVVVVVV", 0.5, spoilt(a_quality(), 1))) <= 3


@pytest.mark.parametrize(("letters", "rr_s", "count"), [("NVVVN", 0.4, 1), ("NVVN", 0.4, 0), ("NVVVN", 0.7, 0)])
def test_ventricular_tachycardia_is_three_fast_beats(letters: str, rr_s: float, count: int) -> None:
    """Three or more at more than 100/min; a couplet and a slow run are none."""
    beats = beats_after(*[rr_s] * (len(letters) - 1))
    found = ventricular(beats, kinds_of(letters), intervals_of(beats, letters))

    assert len(tachycardia(found).beats) == count


def test_pieces_of_other_rates_are_not_joined() -> None:
    """No pieces at all, or such of different sampling rates, are refused."""
    one, other = slow(intervals_of(beats_after(1.0))), slow(intervals_of(Beats.of(np.array([1, 2]), 100)))

    for pieces in ([], [one, other]):
        with pytest.raises(ValueError, match="pieces: "):
            joined(pieces)


def test_silence_is_counted_from_the_last_beat() -> None:
    """Without any beat nobody knows how long it has lasted: infinity."""
    beats = Beats(row=np.array([0, 0]), sample=np.array([100, 249]), fs_hz=250, records=2)

    assert silent_s(beats, 1000).tolist() == [3.0, np.inf]
