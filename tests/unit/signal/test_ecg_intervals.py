"""RR intervals: what is normal to normal, and what is doubtful about the others."""

import numpy as np
import pytest

from alerting.signal.ecg_intervals import Doubt, intervals
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import Reason
from tests.builders_signal import a_quality, beats_after, intervals_of, kinds_of, spoilt


def test_intervals_lie_between_beats_of_one_record() -> None:
    """Two records of three and two beats have two intervals and one."""
    beats = Beats(row=np.array([0, 0, 0, 1, 1]), sample=np.array([10, 260, 460, 50, 550]), fs_hz=250, records=2)

    found = intervals_of(beats)

    np.testing.assert_allclose(found.rr_s, [1.0, 0.8, 2.0])
    assert found.row.tolist() == [0, 0, 1]
    assert found.normal.all()


@pytest.mark.parametrize(("letters", "normal"), [("NNVNN", [1, 0, 0, 1]), ("NSNNN", [0, 0, 1, 1]), ("NNNNN", [1] * 4)])
def test_interval_that_touches_an_ectopic_is_not_normal(letters: str, normal: list[int]) -> None:
    """Neither the early beat's own interval nor the pause after it is normal to normal."""
    found = intervals_of(beats_after(0.8, 0.8, 0.8, 0.8), letters)

    assert found.normal.tolist() == [bool(each) for each in normal]
    assert set(found.doubt[~found.normal].tolist()) <= {Doubt.ECTOPIC}


def test_interval_over_a_gap_says_so() -> None:
    """Where samples are missing on the way a beat may have been missed."""
    quality = spoilt(a_quality(), 1, Reason.MISSING)

    found = intervals_of(beats_after(1.0, 3.0, 1.0), quality=quality)

    assert found.doubt.tolist() == [0, Doubt.GAP | Doubt.UNREADABLE, 0]


def test_interval_carries_the_lowest_index_on_its_way() -> None:
    """An interval from a good window over a bad one into a good one has the bad one's index."""
    found = intervals_of(beats_after(1.0, 3.0, 1.0), quality=spoilt(a_quality(), 1))

    np.testing.assert_allclose(found.quality, [0.99, 0.1, 0.99])
    assert found.doubt.tolist() == [0, Doubt.UNREADABLE, 0]


def test_no_beat_and_one_beat_have_no_interval() -> None:
    """Records with fewer than two beats are no fault."""
    beats = Beats(row=np.array([1]), sample=np.array([7]), fs_hz=250, records=3)

    assert len(intervals_of(beats).rr_s) == 0
    assert len(intervals_of(Beats.of(np.zeros(0, np.int64), 250)).rr_s) == 0


def test_kinds_of_other_beats_are_refused() -> None:
    """One kind for each beat, or a ValueError that says how many there are."""
    with pytest.raises(ValueError, match="kind: 2 of them, must be one for each of 3 beats"):
        intervals(beats_after(1, 1), kinds_of("NN"), a_quality())
