"""Pieces of a signal to traces: trimmed to an interval, joined where they follow on each other, thinned for drawing.

Pure arrays, no store. A trace never spans a gap: within one, sample i was measured at `t0_us + i * 1e6 / fs_hz`, and no
piece in it lies further than half a sample from there. What was sent twice, cut in another way, appears once.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int16s = NDArray[np.int16]
_ROUNDING = 1e-2  # of a sample: times are whole microseconds
_HALF = 0.5 + _ROUNDING


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Channel:
    """What pieces must have in common to be joined."""

    kind: int
    lead: str
    device_no: int
    fs_hz: float
    unit: str
    scale: float
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Samples, shape (n,) int16, evenly spaced; the first one measured at `t0_us` microseconds since 1970."""

    channel: Channel
    t0_us: int
    samples: Int16s


Trace = Piece  # joined, and with nothing before or after it within half a sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A trace in a patient's record: whose it is, and of which device."""

    patient_id: int
    stay_id: int
    device_id: str
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """A trace as the lowest and the highest of each `step` samples, shape (m,) int16 each; the last may be of fewer."""

    channel: Channel
    t0_us: int
    step: int
    low: Int16s
    high: Int16s


class _Run:
    """Pieces of one channel of which each follows on the one before, on the grid of the first."""

    __slots__ = ("_parts", "channel", "count", "t0_us")

    def __init__(self, piece: Piece) -> None:
        self.channel = piece.channel
        self.t0_us = piece.t0_us
        self.count = len(piece.samples)
        self._parts = [piece.samples]

    def take(self, piece: Piece) -> bool:
        """Take what a piece has beyond the end; false, and nothing taken, after a gap or where it says otherwise."""
        behind = self.count - (piece.t0_us - self.t0_us) * self.channel.fs_hz / 1e6
        if behind < -_HALF:
            return False
        again = max(round(behind), 0)
        if again and not self._holds(self.count - again, piece.samples[:again]):
            return False
        fresh = piece.samples[again:]
        if len(fresh):
            self._parts.append(fresh)
            self.count += len(fresh)
        return True

    def _holds(self, at: int, samples: Int16s) -> bool:
        """Tell whether these samples are there already; a few pieces are looked at, not all of the run."""
        tail: list[Int16s] = []
        begins = self.count
        for part in reversed(self._parts):
            if begins <= at:
                break
            tail.insert(0, part)
            begins -= len(part)
        return np.array_equal(np.concatenate(tail)[at - begins :][: len(samples)], samples)

    def trace(self, start_us: int, end_us: int) -> list[Trace]:
        """Return the run as one trace, cut to the interval; nothing where it lies outside."""
        first, until = (max(_index(at_us - self.t0_us, self.channel.fs_hz), 0) for at_us in (start_us, end_us))
        samples = self._parts[0] if len(self._parts) == 1 else np.concatenate(self._parts)
        kept = samples[first:until]
        if not len(kept):
            return []
        t0_us = self.t0_us + round(first * 1e6 / self.channel.fs_hz)
        return [Trace(channel=self.channel, t0_us=t0_us, samples=kept)]


def join(pieces: Iterable[Piece], start_us: int, end_us: int) -> list[Trace]:
    """Return the traces of what was measured from `start_us` until before `end_us`, by channel and then by time.

    Where pieces of a channel overlap and agree, it was sent twice; where they differ (a clock was set back), both stay.
    """
    channels: dict[Channel, list[Piece]] = {}
    for piece in pieces:
        channels.setdefault(piece.channel, []).append(piece)
    runs: list[_Run] = []
    for channel in sorted(channels):
        first, *later = sorted(channels[channel], key=lambda each: each.t0_us)
        runs.append(_Run(first))
        for piece in later:
            if not runs[-1].take(piece):
                runs.append(_Run(piece))
    return [trace for run in runs for trace in run.trace(start_us, end_us)]


def _index(after_us: int, fs_hz: float) -> int:
    """Return the number of the first sample that is measured `after_us` or later."""
    return math.ceil(after_us * fs_hz / 1e6 - _ROUNDING)


def thin(trace: Trace, step: int) -> Thinned:
    """Return the lowest and the highest of each `step` samples."""
    starts = np.arange(0, len(trace.samples), step)
    return Thinned(
        channel=trace.channel,
        t0_us=trace.t0_us,
        step=step,
        low=np.minimum.reduceat(trace.samples, starts),
        high=np.maximum.reduceat(trace.samples, starts),
    )
