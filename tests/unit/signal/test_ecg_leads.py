"""Several leads as one: each window takes the beats of the lead that can be read best."""

import numpy as np
import pytest

from alerting.signal.ecg_leads import best
from alerting.signal.events import Beats
from tests.builders_signal import FS_HZ, a_quality, its_beats, spoilt


def shifted(beats: Beats, samples: int) -> Beats:
    """Return the same beats some samples later, as another lead shows them."""
    return Beats.of(beats.sample + samples, beats.fs_hz)


def test_one_lead_is_itself() -> None:
    """A single lead comes back as it is."""
    beats, quality = best([(its_beats(), a_quality(30))])

    assert beats.sample.tolist() == its_beats().sample.tolist()
    np.testing.assert_array_equal(quality.index, a_quality(30).index)


def test_beats_come_from_the_lead_that_can_be_read() -> None:
    """Where the first lead is noise its beats are left out, and those of the second stand in, none twice."""
    noise = Beats.of(np.sort(np.concatenate((its_beats().sample, [1130, 1290, 1370]))), FS_HZ)
    first, second = (noise, spoilt(a_quality(30), 2)), (shifted(its_beats(), 10), a_quality(30, 0.9))

    beats, quality = best([first, second])

    assert len(beats.sample) == len(its_beats().sample)
    inside = (beats.sample >= 1030) & (beats.sample < 1470)
    assert set(beats.sample[inside].tolist()) <= set(second[0].sample.tolist())
    np.testing.assert_allclose(quality.index[0, :4], [0.99, 0.99, 0.9, 0.99])


def test_beat_at_the_edge_of_a_window_is_neither_lost_nor_doubled() -> None:
    """A beat that one lead has before the edge and the other behind it is counted once."""
    for lag in (-20, 20):
        one, other = Beats.of(np.array([490, 990]), FS_HZ), Beats.of(np.array([490 + lag, 990 + lag]), FS_HZ)
        beats, _ = best([(one, spoilt(a_quality(6), 1)), (other, a_quality(6, 0.9))])

        assert len(beats.sample) == 2


def test_leads_of_other_records_are_refused() -> None:
    """No lead at all, or leads of different length, are no ECG."""
    for leads in ([], [(its_beats(), a_quality(30)), (its_beats(), a_quality(10))]):
        with pytest.raises(ValueError, match="leads: "):
            best(leads)


def test_records_without_beats_have_none() -> None:
    """Nothing in any lead is nothing in the whole."""
    none = Beats.of(np.zeros(0, np.int64), FS_HZ)

    assert len(best([(none, a_quality(4)), (none, a_quality(4))])[0].sample) == 0
