"""ECG that is followed: what comes when, what is kept, and what is refused."""

import math

import numpy as np
import pytest

from alerting.signal import ecg, ecg_following, ecg_rate, qrs
from alerting.signal.ecg_following import Following, Piece
from alerting.signal.ecg_kinds import Kind
from alerting.signal.records import Floats
from tests.builders_hearts import an_ecg, evenly

FS_HZ = 250.0
LENGTH_S = 150.0
LOOK = int(10 * FS_HZ)


def signals() -> Floats:
    """Return two people, one at 72/min with a ventricular beat now and then, one at 50/min."""
    kinds = ("N" * 9 + "V") * 20
    return np.stack((an_ecg(evenly(72, LENGTH_S), LENGTH_S, kinds=kinds), an_ecg(evenly(50, LENGTH_S), LENGTH_S)))


def followed(view_s: float = 60.0) -> list[Piece]:
    """Return what is said of them by looks of ten seconds."""
    following = Following(FS_HZ, hop_s=10, view_s=view_s)
    chunks = np.split(signals(), range(LOOK, int(LENGTH_S * FS_HZ), LOOK), axis=1)
    return [piece for piece in (*map(following.push, chunks), following.finish()) if piece is not None]


def test_each_look_settles_ten_seconds_half_a_minute_later_at_most() -> None:
    """Pieces follow each other without a hole, and none waits longer than the reach of what it rests on."""
    pieces = followed()
    settled = [piece.end / FS_HZ for piece in pieces[:-1]]

    assert [piece.begin for piece in pieces[1:]] == [piece.end for piece in pieces[:-1]]
    pushed_s = np.arange(15 - len(settled), 15) * 10.0 + 10
    assert (pushed_s - settled <= qrs.AHEAD_S + ecg.AHEAD_S + 12).all()
    assert pieces[-1].end == LENGTH_S * FS_HZ


def test_view_is_bounded_and_begins_with_a_window_of_the_rate() -> None:
    """However long somebody is followed, a piece holds its view and what is new, in the windows of the record."""
    pieces = followed(view_s=20.0)

    for piece in pieces:
        assert piece.start % (ecg_rate.WINDOW_S * FS_HZ) == 0
        assert piece.begin - piece.start <= (20 + ecg_rate.WINDOW_S) * FS_HZ
    assert pieces[-2].start > 60 * FS_HZ


def test_rates_of_pieces_are_those_of_the_record() -> None:
    """The heart rate of each window, read from the piece that settles it, is the one read from the whole record."""
    whole = ecg.read(signals(), FS_HZ)
    wanted = ecg_rate.heart_rate(whole.intervals, whole.quality).per_min
    for piece in followed():
        seen = ecg_rate.heart_rate(piece.read.intervals, piece.read.quality).per_min
        first, end = piece.start // LOOK, piece.end // LOOK

        np.testing.assert_allclose(seen[:, : end - first], wanted[:, first:end])


def test_ventricular_beats_are_told_once_each() -> None:
    """Every tenth beat of the one, and none of the other, is ventricular, each in one piece's new part."""
    told = np.zeros(2, np.int64)
    for piece in followed():
        beats = piece.read.beats
        new = beats.sample + piece.start >= piece.begin
        told = told + np.bincount(beats.row[new & (piece.read.kind == Kind.VENTRICULAR)], minlength=2)

    assert told.tolist() == [len(evenly(72, LENGTH_S)) // 10, 0]


def test_nobody_is_followed_without_a_sample() -> None:
    """What never began has no end."""
    assert Following(FS_HZ, hop_s=10).finish() is None
    assert qrs.Following(FS_HZ, hop_s=10).finish() is None


@pytest.mark.parametrize("chunk", [np.zeros((3, 500)), np.zeros((1, 1, 5)), np.array(["a"])])
def test_chunk_of_others_is_refused_by_name(chunk: Floats) -> None:
    """A chunk of another number of people, or that is no signal, is refused, and what was kept goes on."""
    following = Following(FS_HZ, hop_s=10)
    following.push(signals()[:, :500])
    with pytest.raises(ValueError, match="chunk: "):
        following.push(chunk)

    following.push(signals()[:, 500:])
    assert following.finish() is not None


@pytest.mark.parametrize(
    ("argument", "value"), [("hop_s", math.nan), ("hop_s", -1.0), ("view_s", math.inf), ("fs_hz", 50.0)]
)
def test_wrong_time_is_refused_by_name(argument: str, value: float) -> None:
    """A rate that no ECG has, a hop or a view that is no time, is refused by its name."""
    given = {"fs_hz": FS_HZ, "hop_s": 10.0, "view_s": 60.0} | {argument: value}
    with pytest.raises(ValueError, match=f"{argument}: is"):
        ecg_following.Following(given["fs_hz"], hop_s=given["hop_s"], view_s=given["view_s"])
