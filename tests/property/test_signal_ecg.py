"""What must hold of stretches and intervals however the beats are cut, and whatever record they belong to."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alerting.signal import ecg, ecg_following
from alerting.signal.ecg_intervals import Intervals, intervals
from alerting.signal.ecg_kinds import Kinds
from alerting.signal.ecg_runs import Stretches, fast, joined, slow, ventricular
from alerting.signal.events import Beats
from tests.builders_signal import FS_HZ, a_quality, a_rhythm, kinds_of
from tests.property.test_signal_qrs import a_hard_signal, chunks

# A beat: samples since the one before it (0.3 to 2.4 s at 250 Hz), and its kind.
histories = st.lists(st.tuples(st.integers(75, 600), st.sampled_from("NNVVS?")), min_size=2, max_size=30)


def some(beats: Beats, kind: Kinds, first: int, end: int) -> tuple[Beats, Kinds]:
    """Return a piece of one record's beats."""
    return Beats.of(beats.sample[first:end], beats.fs_hz), kind[first:end]


def read(beats: Beats, kind: Kinds) -> tuple[Intervals, list[Stretches]]:
    """Return the intervals and every kind of stretch, whatever its length."""
    between = intervals(beats, kind, a_quality(80.0, records=beats.records))
    return between, [slow(between, 50, 2), fast(between, 100, 2), ventricular(beats, kind, between)]


def same(one: Stretches, other: Stretches) -> None:
    """Two sets of stretches are the same."""
    for name in ("row", "begin", "end", "beats", "quality"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@given(histories, st.lists(st.integers(0, 29), max_size=4))
def test_stretches_cut_at_any_beats_are_joined_to_the_whole(history: list[tuple[int, str]], cuts: list[int]) -> None:
    """Beats that come in chunks, each beginning with the last beat of the one before, give the same stretches."""
    beats = Beats.of(np.cumsum([apart for apart, _ in history]), 250)
    kind = kinds_of("".join(letter for _, letter in history))
    edges = sorted({0, len(history) - 1, *(cut for cut in cuts if cut < len(history))})
    chunks = [some(beats, kind, first, end + 1) for first, end in pairwise(edges)]

    whole = read(beats, kind)[1]
    pieces = [read(*chunk)[1] for chunk in chunks]

    for place, stretches in enumerate(whole):
        same(stretches, joined([piece[place] for piece in pieces]))


@given(st.lists(histories, min_size=1, max_size=4))
def test_record_is_read_the_same_in_any_company(records: list[list[tuple[int, str]]]) -> None:
    """What is said of a record does not depend on the others of its batch."""
    each = [np.cumsum([apart for apart, _ in history]) for history in records]
    kinds = [kinds_of("".join(letter for _, letter in history)) for history in records]
    row = np.repeat(np.arange(len(each)), [len(sample) for sample in each])
    batch = Beats(row=row, sample=np.concatenate(each), fs_hz=250, records=len(each))

    between, together = read(batch, np.concatenate(kinds))

    for record, (sample, kind) in enumerate(zip(each, kinds, strict=True)):
        alone, stretches = read(Beats.of(sample, 250), kind)
        np.testing.assert_array_equal(between.rr_s[between.row == record], alone.rr_s)
        np.testing.assert_array_equal(between.doubt[between.row == record], alone.doubt)
        for all_of_them, mine in zip(together, stretches, strict=True):
            np.testing.assert_array_equal(all_of_them.begin[all_of_them.row == record], mine.begin)
            np.testing.assert_array_equal(all_of_them.beats[all_of_them.row == record], mine.beats)


@settings(max_examples=15)
@given(st.text("NNNNVS", min_size=70, max_size=90), st.integers(0, 10), st.integers(0, 5000))
def test_piece_of_a_record_is_read_as_in_the_whole(letters: str, windows: int, less: int) -> None:
    """Where enough is known on either side a piece, begun at any window, says of beats what the whole record says."""
    signal, beats = a_rhythm(letters)
    start, end = windows * 500, signal.shape[1] - less
    inside = (beats.sample >= start) & (beats.sample < end)
    piece = Beats.of(beats.sample[inside] - start, FS_HZ)

    whole = ecg.read(signal, FS_HZ, beats)
    part = ecg.read(signal[:, start:end], FS_HZ, piece)

    first = start + ecg.BACK_S * FS_HZ if start else 0
    settled = (beats.sample >= first) & (beats.sample < end - ecg.AHEAD_S * FS_HZ)
    np.testing.assert_array_equal(part.kind[settled[inside]], whole.kind[settled])
    np.testing.assert_allclose(part.beat_quality[settled[inside]], whole.beat_quality[settled], atol=1e-9)


@settings(deadline=None, max_examples=8)
@given(
    some_seeds=st.lists(st.integers(0, 10_000), min_size=1, max_size=2),
    sizes=st.lists(st.integers(200, 4000), min_size=1, max_size=6),
    hop_s=st.sampled_from([2.0, 10.0]),
    fs_hz=st.sampled_from([250.0, 360.0]),
)
def test_followed_ecg(some_seeds: list[int], sizes: list[int], hop_s: float, fs_hz: float) -> None:
    """Records that are followed, cut in any way, are read as the whole ones are, window by window, beat by beat."""
    signals = np.array([a_hard_signal(seed, 110.0, fs_hz) for seed in some_seeds])
    signals[0, int(50 * fs_hz) : int(53 * fs_hz)] = np.nan
    whole = ecg.read(signals, fs_hz)
    following = ecg_following.Following(fs_hz, hop_s=hop_s, view_s=20)
    pieces = [
        piece for piece in (*map(following.push, chunks(signals, sizes)), following.finish()) if piece is not None
    ]

    assert [piece.begin for piece in pieces] == [0, *(piece.end for piece in pieces[:-1])]
    assert pieces[-1].end == signals.shape[1]
    for piece in pieces:
        found, wanted = (said(read, start, piece) for read, start in ((piece.read, piece.start), (whole, 0)))
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-9)


def said(read: ecg.Ecg, start: int, piece: ecg_following.Piece) -> list[NDArray[Any]]:
    """Return what is said of the samples of a piece's view, where a reading begins at the sample `start`."""
    first, end = piece.start - start, piece.end - start
    beats, between, judged = read.beats, read.intervals, read.quality
    these = (beats.sample >= first) & (beats.sample < end)
    those = (between.begin >= first) & (between.end < end)
    window = round(judged.window_s * beats.fs_hz)
    windows = slice(first // window, -(-end // window))
    return [
        *(each[these] for each in (beats.row, beats.exact - first, read.kind, read.beat_quality)),
        *(each[those] for each in (between.row, between.begin - first, between.rr_s, between.doubt, between.quality)),
        judged.index[:, windows],
        judged.reasons[:, windows],
    ]
