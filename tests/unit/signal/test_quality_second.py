"""The second way of finding beats, and pieces cut out around them."""

import numpy as np

from alerting.signal.events import Beats
from alerting.signal.quality_grid import BLOCKS, Grid, Seen, averaged, highest, pointed, pooled
from alerting.signal.quality_second import bursts, disagreement
from alerting.signal.records import Floats
from alerting.signal.snippets import around, unit
from tests.builders_signal import FS_HZ, an_even_ecg, its_beats

AROUND = (2, 1)


def buzz_of(signal: Floats) -> tuple[Floats, Grid]:
    """Return the curvature of a signal in blocks, and its grid."""
    grid = Grid.of(signal.shape[1], FS_HZ, 125.0)
    points = pointed(signal, grid)
    curve = np.zeros(points.shape)
    curve[:, 2:-2] = np.abs(points[:, 4:] - 2 * points[:, 2:-2] + points[:, :-4])
    return averaged(curve, grid), grid


def test_bursts_are_where_the_beats_are() -> None:
    """Each beat of a clean ECG is found once, within 60 ms."""
    buzz, grid = buzz_of(an_even_ecg())

    found = bursts(buzz, grid, AROUND).point * grid.by

    np.testing.assert_allclose(found, its_beats().sample, atol=0.06 * FS_HZ)


def test_same_beats_are_no_disagreement_and_others_are() -> None:
    """Beats where the bursts are agree; beats half an interval later disagree altogether."""
    buzz, grid = buzz_of(an_even_ecg())
    late = Beats.of(its_beats().sample + 100, FS_HZ)

    same, other = (disagreement(buzz, grid, grid.seen(beats), 0.12, AROUND) for beats in (its_beats(), late))

    assert same.max() == 0
    assert other.min() == 1


def test_beat_that_only_one_way_finds_counts_by_its_share() -> None:
    """In a window with two bursts and one beat one of three is alone."""
    buzz, grid = buzz_of(an_even_ecg())
    fewer = Beats.of(np.delete(its_beats().sample, 1), FS_HZ)

    found = disagreement(buzz, grid, grid.seen(fewer), 0.12, AROUND)

    np.testing.assert_allclose(found[0, :2], [1 / 3, 0])


def test_nothing_found_by_either_way_is_no_disagreement() -> None:
    """A line without beats gives 0."""
    buzz, grid = buzz_of(np.zeros((1, 5000)))
    none = Seen(row=np.zeros(0, np.int64), point=np.zeros(0))

    np.testing.assert_array_equal(disagreement(buzz, grid, none, 0.12, AROUND), np.zeros((1, 10)))


def test_windows_are_pooled_and_the_highest_taken() -> None:
    """From two before to one after; beyond the record there is nothing."""
    windows = np.array([[1.0, 2.0, 4.0, 8.0]])

    np.testing.assert_array_equal(pooled(windows, 2, 1), [[3, 7, 15, 14]])
    np.testing.assert_array_equal(highest(windows, 2, 1), [[2, 4, 8, 8]])


def test_blocks_share_a_window_evenly() -> None:
    """Every window has as many blocks, at any rate, and they cover all points."""
    for fs_hz in (100.0, 128.0, 250.0, 360.0):
        grid = Grid.of(int(10 * fs_hz), fs_hz, 125.0)

        assert len(grid.edges) == grid.windows * BLOCKS
        assert set(np.diff(grid.edges)) <= {grid.points // BLOCKS, grid.points // BLOCKS + 1}
        assert abs(grid.window_s - 2.0) < 0.01


def test_shape_is_free_of_size_level_and_slant() -> None:
    """Two pieces that differ in these alone are the same shape, of length 1; a straight line has none."""
    wave = np.array([0.0, 1.0, 5.0, -2.0, 0.0])
    line = np.arange(5.0)

    shape = unit(np.stack((wave, 1000 + 3 * wave - 2 * line, 7 - 4 * line, wave * np.nan)))

    np.testing.assert_allclose(shape[0], shape[1], atol=1e-9)
    np.testing.assert_allclose((shape**2).sum(axis=-1), [1, 1, 0, 0], atol=1e-9)


def test_piece_between_two_points_is_a_mean() -> None:
    """A beat half way between two points has the mean of both; beyond the ends the outermost goes on."""
    seen = Seen(row=np.array([0, 1]), point=np.array([1.5, 0.0]))

    found = around(np.array([[0.0, 2.0, 4.0, 8.0], [1.0, 1.0, 5.0, 5.0]]), seen, np.array([-1, 0, 1, 2]))

    np.testing.assert_allclose(found, [[1, 3, 6, 8], [1, 1, 1, 5]])
