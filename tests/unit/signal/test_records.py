"""Arguments of the signal core: what is taken, what is refused and how, what a gap is."""

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal.events import Beats
from alerting.signal.records import bridged, gaps, rate, rows, straight


@pytest.mark.parametrize(
    ("signal", "fault"),
    [
        (np.zeros((2, 2, 2)), "3 dimensions"),
        (np.float64(1), "0 dimensions"),
        (np.array([True, False]), "bool"),
        (np.array(["1"]), "<U1"),
        (np.array([1j]), "complex128"),
    ],
)
def test_signal_of_another_form_is_refused_by_name(signal: npt.ArrayLike, fault: str) -> None:
    """Whatever is no record or batch of numbers is refused, with its name and what is wrong."""
    with pytest.raises(ValueError, match=f"ecg: .*{fault}"):
        rows(signal, name="ecg")


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.int64, np.float32])
def test_every_number_type_becomes_float64(kind: npt.DTypeLike) -> None:
    """Integers are widened before anything is computed, so nothing can overflow."""
    made = rows(np.array([1, 2, 100], kind), name="ecg")

    assert made.dtype == np.float64
    np.testing.assert_array_equal(made, [[1, 2, 100]])


def test_infinite_sample_is_a_missing_one() -> None:
    """Infinities become NaN, and the caller's array stays as it was."""
    given = np.array([1.0, np.inf, -np.inf])

    np.testing.assert_array_equal(rows(given, name="ecg"), [[1, np.nan, np.nan]])
    assert np.isinf(given).sum() == 2


@pytest.mark.parametrize("fs_hz", [0, -1, 99.9, 1000.1, float("nan"), float("inf")])
def test_wrong_rate_is_refused_by_name(fs_hz: float) -> None:
    """A sampling rate outside the range is refused with the range."""
    with pytest.raises(ValueError, match=r"fs_hz: is .*between 100 and 1000 Hz"):
        rate(fs_hz, least=100, most=1000)


def test_short_gap_is_bridged_and_a_longer_one_stays() -> None:
    """Up to 50 ms are filled by a straight line; a longer gap, and one at an edge, stay missing."""
    signal = np.arange(100, dtype=float)[None]
    signal[0, [0, 10, 11, 12, 13, 14, 50, 51, 52, 53, 54, 55]] = np.nan

    filled = bridged(signal, 100)

    np.testing.assert_allclose(filled[0, 10:15], np.arange(10, 15))
    assert np.flatnonzero(np.isnan(filled[0])).tolist() == [0, 50, 51, 52, 53, 54, 55]


def test_straight_lines_are_numpy_s() -> None:
    """Across a gap lies the straight line, at an end the outermost sample, and nothing where nothing is."""
    draw = np.random.default_rng(1)
    signal = draw.normal(size=(6, 60))
    signal[draw.random(signal.shape) < 0.6] = np.nan
    signal[3] = np.nan
    found = gaps(signal)
    filled = signal.copy()
    filled[found.row, found.at] = straight(signal, found)

    place = np.arange(60)
    known = ~np.isnan(signal)
    wanted = [
        np.interp(place, place[at], each[at]) if at.any() else 0 * place for each, at in zip(signal, known, strict=True)
    ]
    np.testing.assert_allclose(filled, wanted, atol=1e-12)


def test_beats_are_split_by_record() -> None:
    """Records without a beat have a place of their own."""
    beats = Beats(row=np.array([0, 0, 2]), sample=np.array([5, 9, 1]), fs_hz=250, records=4)

    assert [each.tolist() for each in beats.split()] == [[5, 9], [], [1], []]
