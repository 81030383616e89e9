"""Ten seconds at a time: which cells new samples concern, and the samples that a cell is read from.

A cell is [number * CELL_S, (number + 1) * CELL_S) seconds since 1970. It is always read from the same stretch of time,
`BACK_S` before it to `AHEAD_S` after it, whatever came when; so any worker, any chunking and any order of arrival give
the same features. Pure. Not here: what is read (`waves_heart`, `waves_pulse`), from where (`ward.store`). The
invariant: a stretch depends on the blocks that overlap it and on nothing else.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np

from alerting.signal.records import Floats
from ward.traces import Piece
from ward.wave_features import CELL_S

BACK_S: Final = 90.0
"""A minute of beats until the cell's end, for the rhythm, and the 38.5 s that the detector looks back from them."""
AHEAD_S: Final = 12.0
"""What the kind of a beat needs after it, the most of all (`ecg.AHEAD_S`)."""
STRETCH_S: Final = BACK_S + CELL_S + AHEAD_S

_US: Final = 1_000_000
_CELL_US: Final = CELL_S * _US
_BACK_US, _AHEAD_US = round(BACK_S * _US), round(AHEAD_S * _US)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The samples of one channel that a cell is read from: (samples,), in the channel's unit, NaN where there are none.

    `lead` is the channel's name; the first sample was measured `BACK_S` before the cell.
    """

    cell: int
    lead: str
    fs_hz: float
    samples: Floats


def begins_us(cell: int) -> int:
    """Return when a cell begins, microseconds since 1970."""
    return cell * _CELL_US


def ends_us(cell: int) -> int:
    """Return when a cell ends."""
    return (cell + 1) * _CELL_US


def concerned(since_us: int, until_us: int) -> range:
    """Return the cells whose stretch has samples of [since_us, until_us)."""
    first = (since_us - _AHEAD_US - _CELL_US) // _CELL_US + 1
    return range(first, -((-until_us - _BACK_US) // _CELL_US))


def within(from_us: int, until_us: int) -> range:
    """Return the cells that lie in [from_us, until_us)."""
    return range(-(-from_us // _CELL_US), until_us // _CELL_US)


def runs(cells: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield cells that follow each other as (from_us, until_us), earliest first."""
    numbered = enumerate(sorted(cells))
    for _, group in groupby(numbered, lambda each: each[1] - each[0]):
        together = [cell for _, cell in group]
        yield begins_us(together[0]), ends_us(together[-1])


def reach_us(cells: Sequence[int]) -> tuple[int, int]:
    """Return from when until when samples are needed to read these cells."""
    return begins_us(min(cells)) - _BACK_US, ends_us(max(cells)) + _AHEAD_US


def filled(cell: int, pieces: Sequence[Piece]) -> bool:
    """Tell whether there is any sample in a cell."""
    return any(each.t0_us < ends_us(cell) and _end_us(each) > begins_us(cell) for each in pieces)


def settled(cell: int, pieces: Sequence[Piece]) -> bool:
    """Tell whether every channel that has samples in a cell has them until its stretch ends, too."""
    here = {each.channel for each in pieces if each.t0_us < ends_us(cell) and _end_us(each) > begins_us(cell)}
    until_us = ends_us(cell) + _AHEAD_US
    return here <= {each.channel for each in pieces if _end_us(each) >= until_us}


def stretch(cell: int, pieces: Sequence[Piece]) -> Stretch:
    """Lay the pieces of one channel on the grid of a cell's stretch; of two samples of one place the earlier stays."""
    channel = pieces[0].channel
    samples = laid(pieces, begins_us(cell) - _BACK_US, STRETCH_S)
    return Stretch(cell=cell, lead=channel.lead, fs_hz=channel.fs_hz, samples=samples)


def laid(pieces: Sequence[Piece], from_us: int, seconds: float) -> Floats:
    """Return the samples of one channel on a grid from `from_us` on, (seconds * fs_hz,), NaN where there are none."""
    fs_hz = pieces[0].channel.fs_hz
    made = np.full(round(seconds * fs_hz), np.nan)
    for piece in sorted(pieces, key=lambda each: each.t0_us, reverse=True):
        first = round((piece.t0_us - from_us) * fs_hz / _US)
        begin, end = max(first, 0), min(first + len(piece.samples), len(made))
        if begin < end:
            made[begin:end] = piece.samples[begin - first : end - first] * piece.channel.scale + piece.channel.offset
    return made


def resampled(samples: Floats, fs_hz: float, to_hz: float, count: int) -> Floats:
    """Return (count,) samples at another rate by straight lines; NaN stays NaN."""
    if math.isclose(fs_hz, to_hz):
        return samples[:count]
    at = np.minimum(np.arange(count) * (fs_hz / to_hz), len(samples) - 1)
    made: Floats = np.interp(at, np.arange(len(samples)), samples)
    return made


def _end_us(piece: Piece) -> int:
    return piece.t0_us + round(len(piece.samples) * _US / piece.channel.fs_hz)
