"""Pieces become traces: cut, joined, thinned; gaps stay gaps, what was sent twice appears once."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ward.store.waveform_reads import Part, pack_parts, parts_of
from ward.traces import Channel, Piece, join, thin

START_US = 1_795_255_200_000_000
STEP_US = 4000
FOR_EVER = (0, 1 << 62)


def a_channel(lead: str = "I", device_no: int = 1) -> Channel:
    """A channel of 250 Hz."""
    return Channel(kind=1, lead=lead, device_no=device_no, fs_hz=250.0, unit="mV", scale=0.00488, offset=0.0)


def a_piece(at: float, values: Sequence[int], channel: Channel | None = None) -> Piece:
    """A piece that begins `at` samples after the start."""
    t0_us = START_US + round(at * STEP_US)
    return Piece(channel=channel or a_channel(), t0_us=t0_us, samples=np.array(values, dtype=np.int16))


def told(
    pieces: Sequence[Piece], start: float | None = None, end: float | None = None
) -> list[tuple[float, list[int]]]:
    """The traces as (where they begin, in samples after the start; their values)."""
    start_us = FOR_EVER[0] if start is None else START_US + round(start * STEP_US)
    end_us = FOR_EVER[1] if end is None else START_US + round(end * STEP_US)
    found = join(pieces, start_us, end_us)
    return [((trace.t0_us - START_US) / STEP_US, trace.samples.tolist()) for trace in found]


def test_adjacent_pieces_become_one_trace() -> None:
    """Pieces that follow on each other are joined, in whatever order they come."""
    assert told([a_piece(3, [4, 5]), a_piece(0, [1, 2, 3])]) == [(0, [1, 2, 3, 4, 5])]


@pytest.mark.parametrize("jitter", [-0.5, -0.3, 0.3, 0.5])
def test_half_a_sample_is_no_gap(jitter: float) -> None:
    """Time stamps are rounded; up to half a sample off is adjacent."""
    assert told([a_piece(0, [1, 2, 3]), a_piece(3 + jitter, [4])]) == [(0, [1, 2, 3, 4])]


def test_more_than_half_a_sample_is_a_gap() -> None:
    """A gap stays a gap, with the time at which the signal goes on."""
    assert told([a_piece(0, [1, 2, 3]), a_piece(3.75, [4])]) == [(0, [1, 2, 3]), (3.75, [4])]


def test_drift_does_not_add_up() -> None:
    """Blocks each a little late are joined only while they are near the grid of the first one."""
    found = told([a_piece(10.3 * n, [n] * 10) for n in range(4)])

    assert found == [(0, [0] * 10 + [1] * 10), (20.6, [2] * 10 + [3] * 10)]


def test_interval_cuts() -> None:
    """A sample belongs to the interval from its start on, and not at its end."""
    pieces = [a_piece(0, [0, 1, 2]), a_piece(3, [3, 4, 5]), a_piece(10, [10, 11])]

    assert told(pieces, 1, 5) == [(1, [1, 2, 3, 4])]
    assert told(pieces, 0.5, 5.5) == [(1, [1, 2, 3, 4, 5])]
    assert told(pieces, 6, 10) == []
    assert told(pieces, 6, 11) == [(10, [10])]


def test_block_sent_again_in_other_pieces_appears_once() -> None:
    """Overlapping pieces that agree are one signal."""
    pieces = [a_piece(0, [0, 1, 2, 3]), a_piece(2, [2, 3, 4, 5]), a_piece(1, [1, 2]), a_piece(6, [6])]

    assert told(pieces) == [(0, [0, 1, 2, 3, 4, 5, 6])]


def test_overlap_that_differs_is_not_dropped() -> None:
    """Where a clock was set back, both signals stay, each with its own time."""
    assert told([a_piece(0, [0, 1, 2, 3]), a_piece(2, [7, 8, 9])]) == [(0, [0, 1, 2, 3]), (2, [7, 8, 9])]


def test_channels_are_kept_apart() -> None:
    """Leads and devices are never joined."""
    pieces = [a_piece(0, [1]), a_piece(1, [2], a_channel(lead="II")), a_piece(1, [3], a_channel(device_no=2))]

    assert told(pieces) == [(0, [1]), (1, [3]), (1, [2])]


@given(
    cuts=st.lists(st.integers(1, 59), max_size=6),
    again=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 10)), max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_any_cutting_gives_the_same_signal(cuts: list[int], again: list[tuple[int, int]], order: object) -> None:
    """However a signal is cut, repeated and shuffled, the same trace comes back."""
    signal = list(range(60))
    bounds = sorted({0, 60, *cuts})
    pieces = [a_piece(a, signal[a:b]) for a, b in pairwise(bounds)]
    pieces += [a_piece(at, signal[at : at + size]) for at, size in again]
    order.shuffle(pieces)  # type: ignore[attr-defined] # a Random of Hypothesis

    assert told(pieces) == [(0, signal)]


def test_thinning_keeps_the_extremes() -> None:
    """Each stretch of samples is told by its lowest and its highest; a peak of one sample is never lost."""
    trace = a_piece(0, [0, 900, 1, 2, -5, 3, 7])
    thinned = thin(trace, 3)

    assert (thinned.low.tolist(), thinned.high.tolist()) == ([0, -5, 7], [900, 3, 7])
    assert (thinned.t0_us, thinned.step) == (START_US, 3)


def test_parts_come_back() -> None:
    """What is kept of the blocks of a stretch comes back as it was."""
    parts = (
        Part(measured_us=1_000_000, samples=2500, received_us=999_000),
        Part(measured_us=1_000_001, samples=1, received_us=10**15),
        Part(measured_us=11_000_000, samples=100_000, received_us=11_000_000),
    )

    assert parts_of(pack_parts(parts), 1_000_000) == parts
