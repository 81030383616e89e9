"""ECG as it comes: what `ecg.read` says of the whole record, said of each chunk as soon as it is settled.

Not here: what is said (`ecg`). The invariant: however a stream is cut, its pieces put together are what the whole
record gives. What is kept is bounded: half a minute of signal before what is not settled, and of each beat in it a few
numbers; so each beat is looked at once, and a look costs little more than what is new.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import ecg_kinds, ecg_rate, ecg_shapes, qrs, quality
from alerting.signal.ecg import AHEAD_S, Ecg
from alerting.signal.ecg_intervals import intervals
from alerting.signal.ecg_shapes import Looks, looks
from alerting.signal.events import Beats
from alerting.signal.quality_grid import WINDOW_S, Grid
from alerting.signal.quality_verdict import Quality
from alerting.signal.records import Bools, Floats, Ints, rows

_SIGNAL_S: Final = quality.BACK_S + WINDOW_S
"""Signal is kept from this long before what is not settled."""
_SEEN_S: Final = quality.AHEAD_S + WINDOW_S
"""Its quality rests on this long after it."""
_VIEW_WINDOWS: Final = round(ecg_rate.WINDOW_S / WINDOW_S)
"""A view begins with a window of the heart rate: a whole number of those of the quality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a stream, read: its samples [begin, end) are new, and what is said of them will not change.

    read : from the sample `start` of the stream on, which its own are counted from, to `end`. That is longer ago than
        `begin`, for what needs a longer view (a rate, a run of beats); the quality ends with the window of `end`
    """

    start: int
    begin: int
    end: int
    read: Ecg


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Beats, their samples counted from the stream's begin, and how each looks."""

    beats: Beats
    looks: Looks

    def where(self, these: Bools | Ints) -> "_Known":
        beats, seen = self.beats, self.looks
        return _Known(
            beats=_chosen(beats, these),
            looks=Looks(shape=seen.shape[these], width_s=seen.width_s[these], size=seen.size[these]),
        )

    def followed_by(self, more: "_Known") -> "_Known":
        one, other = self.looks, more.looks
        beats, order = _together(self.beats, more.beats)
        seen = Looks(
            shape=np.concatenate((one.shape, other.shape)),
            width_s=np.append(one.width_s, other.width_s),
            size=np.append(one.size, other.size),
        )
        return _Known(beats=beats, looks=seen).where(order)


class Following:
    """One lead of ECG of each of n people, followed.

    Parameters
    ----------
    fs_hz : Hz, 100 to 1000; hop_s : s, how much at least is settled at a time: more is cheaper, less is sooner
    view_s : s, how much of what was settled before is given along with each piece, at least

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def __init__(self, fs_hz: float, *, hop_s: float, view_s: float = 60.0) -> None:
        self._peaks = qrs.Following(fs_hz, hop_s=hop_s)
        self._fs_hz = float(fs_hz)
        grid = Grid.of(0, self._fs_hz, ecg_shapes.POINTS_HZ)
        self._window = grid.by * grid.points
        if not 0 <= view_s < math.inf:
            raise ValueError(f"view_s: is {view_s!r}, must be a finite number, 0 or more")
        self._view = math.ceil(view_s * self._fs_hz)
        self._kept: list[Floats] = []  # signal, from `_start` on
        self._start = 0
        self._known: _Known | None = None
        self._before: Piece | None = None

    def push(self, chunk: npt.ArrayLike) -> Piece | None:
        """Return what the next samples, (samples,) or (n, samples), have settled; None if nothing is.

        Raises
        ------
        ValueError
            If it is no signal, or holds another number of records than the chunks before it.
        """
        more = rows(chunk, name="chunk")
        beats = self._peaks.push(more)
        self._kept.append(more.copy())
        if beats is None:
            return None
        until = self._peaks.settled - math.ceil(AHEAD_S * self._fs_hz)
        return self._settle(beats, max(0, until // self._window * self._window))

    def finish(self) -> Piece | None:
        """Return what was not settled yet, now that the record ends here; None if no sample ever came."""
        beats = self._peaks.finish()
        return None if beats is None else self._settle(beats, self._start + sum(each.shape[1] for each in self._kept))

    def _settle(self, beats: Beats, until: int) -> Piece:
        signal = np.concatenate(self._kept, axis=1)
        known = self._look(beats, signal)
        begin = 0 if self._before is None else self._before.end
        seen = signal[:, : until + math.ceil(_SEEN_S * self._fs_hz) - self._start]
        inside = (known.beats.sample >= self._start) & (known.beats.sample < self._start + seen.shape[1])
        judged = quality.ecg(seen, self._fs_hz, _later(_chosen(known.beats, inside), -self._start))
        beat_quality = quality.at(judged, _later(known.beats, -self._start))
        fresh = np.flatnonzero((begin <= known.beats.sample) & (known.beats.sample < until))
        kind = ecg_kinds.told(known.beats, known.looks, beat_quality, fresh)
        windows = slice((begin - self._start) // self._window, -(-(until - self._start) // self._window))
        made = self._piece(_chosen(known.beats, fresh), kind, beat_quality[fresh], _part(judged, windows), until)
        self._known = known.where(known.beats.sample >= until - math.ceil(ecg_kinds.BACK_S * self._fs_hz))
        start = max(0, until - math.ceil(_SIGNAL_S * self._fs_hz)) // self._window * self._window
        self._kept, self._start = [signal[:, start - self._start :].copy()], start
        self._before = made
        return made

    def _look(self, beats: Beats, signal: Floats) -> _Known:
        """Return the beats that are kept and new ones, with how they look."""
        first = int(beats.sample.min(initial=self._start + signal.shape[1])) - self._start
        first = max(0, first // self._window - 1) * self._window
        new = _Known(beats=beats, looks=looks(signal[:, first:], _later(beats, -self._start - first)))
        return new if self._known is None else self._known.followed_by(new)

    def _piece(self, beats: Beats, kind: ecg_kinds.Kinds, beat_quality: Floats, judged: Quality, end: int) -> Piece:
        """Return the piece that is new, with what was settled before it as far as the view goes."""
        before, begin, start = self._before, 0, 0
        if before is not None:
            begin = before.end
            step = _VIEW_WINDOWS * self._window
            start = max(before.start, (begin - self._view) // step * step)
            drop = start - before.start
            old = _later(before.read.beats, before.start)
            beats, order = _together(old, beats)
            order = order[_chosen(beats, order).sample >= start]
            beats = _chosen(beats, order)
            kind = np.append(before.read.kind, kind)[order]
            beat_quality = np.append(before.read.beat_quality, beat_quality)[order]
            earlier = _part(before.read.quality, slice(drop // self._window, None))
            judged = Quality(
                index=np.concatenate((earlier.index, judged.index), axis=1),
                reasons=np.concatenate((earlier.reasons, judged.reasons), axis=1),
                window_s=judged.window_s,
            )
        beats = _later(beats, -start)
        read = Ecg(
            beats=beats,
            kind=kind,
            beat_quality=beat_quality,
            quality=judged,
            intervals=intervals(beats, kind, judged),
        )
        return Piece(start=start, begin=begin, end=end, read=read)


def _chosen(beats: Beats, these: Bools | Ints) -> Beats:
    """Return some of the beats, or all in another order."""
    shift = None if beats.shift is None else beats.shift[these]
    sample = beats.sample[these]
    return Beats(row=beats.row[these], sample=sample, fs_hz=beats.fs_hz, records=beats.records, shift=shift)


def _later(beats: Beats, samples: int) -> Beats:
    """Return the beats so many samples later."""
    return Beats(
        row=beats.row, sample=beats.sample + samples, fs_hz=beats.fs_hz, records=beats.records, shift=beats.shift
    )


def _together(one: Beats, other: Beats) -> tuple[Beats, Ints]:
    """Return both, one after the other, and the order that sorts them."""
    row, sample = np.append(one.row, other.row), np.append(one.sample, other.sample)
    shift = None if one.shift is None or other.shift is None else np.append(one.shift, other.shift)
    both = Beats(row=row, sample=sample, fs_hz=one.fs_hz, records=one.records, shift=shift)
    return both, np.lexsort((sample, row))


def _part(judged: Quality, windows: slice) -> Quality:
    return Quality(index=judged.index[:, windows], reasons=judged.reasons[:, windows], window_s=judged.window_s)
