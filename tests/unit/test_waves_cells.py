"""Ten seconds at a time: which of them new samples concern, and the samples that each is read from."""

import numpy as np
import pytest

from alerting import waves_cells
from alerting.waves_cells import AHEAD_S, BACK_S, STRETCH_S, concerned, laid, resampled, runs, settled, within
from tests.builders_waves import START_S, blocks, cell_at, pieces_of

US = 1_000_000


@pytest.mark.parametrize(
    ("since_s", "until_s", "first_s", "last_s"),
    [(0, 10, -20, 90), (3, 4, -10, 90), (12, 22, 0, 110), (12.000001, 22, 0, 110), (11.9, 12, -10, 100)],
)
def test_samples_concern_the_cells_that_look_at_them(
    since_s: float, until_s: float, first_s: float, last_s: float
) -> None:
    """New samples concern the cells that end no longer than twelve seconds before, or begin ninety after."""
    found = concerned(*(round((START_S + at) * US) for at in (since_s, until_s)))

    assert (found[0], found[-1]) == (cell_at(first_s), cell_at(last_s))


def test_cell_is_concerned_by_every_sample_of_its_stretch_and_no_other() -> None:
    """A cell's stretch begins with the first sample that concerns it and ends with the last."""
    begin = round((START_S - BACK_S) * US)
    end = begin + round(STRETCH_S * US)

    assert cell_at(0) in concerned(begin, begin + 1)
    assert cell_at(0) in concerned(end - 1, end)
    assert cell_at(0) not in concerned(begin - 1, begin)
    assert cell_at(0) not in concerned(end, end + 1)


def test_cells_are_kept_as_spans_and_come_back() -> None:
    """Cells that wait are written as spans of time, those that follow each other together."""
    cells = [cell_at(at) for at in (0, 10, 20, 60, 110, 100)]
    spans = list(runs(cells))

    assert len(spans) == 3
    assert [cell for span in spans for cell in within(*span)] == sorted(cells)


def test_blocks_are_laid_where_they_were_measured() -> None:
    """Blocks are laid on one grid, a gap stays a gap, and what lies outside is cut."""
    sent = blocks(np.arange(7500, dtype=np.float64) / 100)
    got = laid(pieces_of([sent[0], sent[2]]), round((START_S + 5) * US), 20)

    assert np.isnan(got).tolist() == [False] * 1250 + [True] * 2500 + [False] * 1250
    np.testing.assert_allclose(got[[0, -1]], [12.5, 62.49], atol=0.003)


def test_of_two_samples_of_one_time_the_earlier_block_stays() -> None:
    """Blocks that overlap and differ, as after a clock was set back, give one signal whatever their order."""
    first, second = blocks(np.ones(2500)), blocks(2 * np.ones(2500), after_s=5)
    both = [laid(pieces_of(each), START_S * US, 15) for each in ([*first, *second], [*second, *first])]

    np.testing.assert_array_equal(both[0], both[1])
    np.testing.assert_allclose(both[0], np.repeat([1.0, 2.0], [2500, 1250]))


def test_cell_settles_when_each_of_its_channels_has_what_follows() -> None:
    """A cell waits for the channel that is behind, not for one that had ended before it began."""
    long, short = blocks(np.ones(250 * 42)), blocks(np.ones(250 * 22))
    of_both = [*pieces_of(long), *pieces_of(short, device_no=2)]

    assert settled(cell_at(20), pieces_of(long))
    assert not settled(cell_at(30), pieces_of(long))
    assert settled(cell_at(0), of_both)
    assert not settled(cell_at(10), of_both)
    assert not settled(cell_at(20), of_both)
    assert settled(cell_at(30), [*pieces_of(blocks(np.ones(250 * 60))), *pieces_of(short, device_no=2)])


def test_stretch_has_its_whole_length() -> None:
    """A stretch has as many samples as its time holds, however little was sent."""
    got = waves_cells.stretch(cell_at(0), pieces_of(blocks(np.ones(250))))

    assert len(got.samples) == (BACK_S + 10 + AHEAD_S) * 250
    assert np.flatnonzero(~np.isnan(got.samples)).tolist() == list(range(90 * 250, 91 * 250))


def test_pulse_wave_is_brought_to_the_rate_of_the_ecg() -> None:
    """Samples at half the rate are doubled by straight lines, and missing ones stay missing."""
    got = resampled(np.array([0.0, 2.0, np.nan, 4.0]), 1.0, 2.0, 8)

    np.testing.assert_array_equal(got[:3], [0, 1, 2])
    assert np.isnan(got[3:6]).all()
