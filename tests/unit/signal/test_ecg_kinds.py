"""Kinds of beats: wide, early and unlike is ventricular; early alone is supraventricular; what recurs is usual."""

import numpy as np
import pytest

from alerting.signal.ecg_kinds import Kind, kinds, median
from alerting.signal.events import Beats
from alerting.signal.records import Floats
from tests.builders_signal import FS_HZ, a_rhythm


def read(letters: str, rr_s: float = 0.8, wide_s: float = 0.0) -> tuple[str, Floats, Beats]:
    """Return the kinds found in a rhythm as letters, the signal, and its beats."""
    signal, beats = a_rhythm(letters, rr_s=rr_s, wide_s=wide_s)
    found = kinds(signal, beats, np.ones(len(beats.sample)))
    return "".join("NVS?"[kind] for kind in found), signal, beats


def test_regular_beats_are_normal() -> None:
    """Nothing stands out of thirty beats that are all alike."""
    assert read("N" * 30)[0] == "N" * 30


def test_early_wide_beats_are_ventricular() -> None:
    """Two single ones and a couplet are found, and nothing else."""
    letters = "NNNNNNNVNNNNNNNNVVNNNNNNNNVNNNNN"

    assert read(letters)[0] == letters


def test_bigeminy_is_half_ventricular() -> None:
    """Where every other beat is early and wide there is no majority, and still the early ones are ventricular."""
    letters = "NV" * 15

    found = read(letters)[0]

    assert found[4:-4] == letters[4:-4]


def test_early_beat_of_usual_shape_is_supraventricular() -> None:
    """One that comes early in a regular rhythm and looks like the others."""
    letters = "NNNNNNNNNNSNNNNNNNNNNN"

    assert read(letters)[0] == letters


def test_beats_of_atrial_fibrillation_are_not_called_early() -> None:
    """Where no interval is like the other, an early beat is none."""
    rng = np.random.default_rng(5)
    signal, beats = a_rhythm("N" * 40, rr_s=rng.uniform(0.45, 1.1, 40))

    assert (kinds(signal, beats, np.ones(40)) == Kind.NORMAL).all()


def test_bundle_branch_block_is_usual() -> None:
    """Beats that are all wide are this person's normal ones."""
    assert read("N" * 30, wide_s=0.03)[0] == "N" * 30


def test_beat_in_an_unreadable_window_has_no_kind() -> None:
    """However ventricular it looks, a beat that may be noise is called unreadable."""
    _, signal, beats = read("NNNNNNNVNNNNNN")
    quality = np.ones(len(beats.sample))
    quality[7] = 0.2

    assert kinds(signal, beats, quality)[7] == Kind.UNREADABLE


@pytest.mark.parametrize("factor", [1e6, 1e-6, -1.0])
def test_kinds_know_no_unit(factor: float) -> None:
    """Scale and polarity change no kind."""
    found, signal, beats = read("NNNNNNNVNNNNNNNNVVNNNNNNNNVNNNNN")

    other = kinds(signal * factor, beats, np.ones(len(beats.sample)))

    assert "".join("NVS?"[kind] for kind in other) == found


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_beats_are_normal(count: int) -> None:
    """Without fellows nothing speaks against a beat."""
    signal, beats = a_rhythm("N" * 3)
    some = Beats.of(beats.sample[:count], FS_HZ)

    assert kinds(signal, some, np.ones(count)).tolist() == [Kind.NORMAL] * count


def test_beats_at_the_edges_and_in_gaps_are_no_fault() -> None:
    """A beat on the first or last sample, or among missing ones, has a kind like any other."""
    signal, beats = a_rhythm("N" * 20)
    signal[0, 1000:2000] = np.nan
    edges = Beats.of(np.concatenate(([0], beats.sample, [signal.shape[1] - 1])), FS_HZ)

    assert len(kinds(signal, edges, np.ones(22))) == 22


def test_median_is_over_what_is_there() -> None:
    """An even count gives the mean of the middle two, none gives NaN."""
    values = np.array([[3.0, 9.0, 1.0], [5.0, 2.0, 7.0], [1.0, 1.0, 1.0]])
    there = np.array([[True, True, False], [True, True, True], [False, False, False]])

    np.testing.assert_array_equal(median(values, there), [6.0, 5.0, np.nan])
