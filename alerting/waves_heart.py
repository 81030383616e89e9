"""What ten seconds of ECG tell: quality, heart rate, how much the last minute looks like fibrillation, and candidates.

Pure: stretches in, columns out, row by row and independent of each other. A candidate is what the ECG alone may have
found, a pause, a slow or fast stretch, a run; whether it may be told is asked of all channels (`waves_claims`). Not
here: which lead speaks (`waves_read`). The invariant: what cannot be read is NaN with a reason and no candidate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import ecg, ecg_rate, ecg_runs, rhythm
from alerting.signal.ecg import Ecg
from alerting.signal.ecg_intervals import Doubt, Intervals
from alerting.signal.events import Beats
from alerting.signal.quality import READABLE, Quality, Reason
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.rhythm_burden import STAY
from alerting.signal.verify import Event
from alerting.signal.verify_rules import (
    BRADYCARDIA_BEATS,
    RUN_PER_MIN,
    TACHYCARDIA_BEATS,
    TACHYCARDIA_PER_MIN,
)
from alerting.waves_cells import BACK_S
from ward.wave_features import CELL_S

LEAST_HZ, MOST_HZ = 100.0, 1000.0

RHYTHM_S: Final = 60.0
"""The rhythm is that of the minute until the cell's end."""
LEAST_READ: Final = 0.5
"""Least share of that minute that usable intervals must cover."""
BRADYCARDIA_PER_MIN: Final = 40.0
"""Extreme bradycardia, as Clifford 2015 defines the claim, doi:10.1109/CIC.2015.7408639."""
SLOW_RR_S: Final = 1.0
"""No shorter interval is part of it: one pause among usual beats is a pause. Ours."""

_FEW_WINDOWS: Final = 3
"""Of the five windows of a cell: so many make a reason the cell's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something that the ECG of one row shows: an event from `begin` to `end`, samples of the stretch.

    beats : how many it has; per_min : its rate, NaN for a pause; quality : the lowest index on the way, 0-1
    """

    row: int
    event: Event
    begin: int
    end: int
    beats: int
    per_min: float
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heart:
    """What n stretches of ECG tell of their cells, (n,) each.

    quality : 0-1; reasons : bits of `Reason`; rate : beats/min, NaN where unreadable; sure : 0-1
    af : 0-1, NaN where unreadable; read : share of the minute that was readable
    blank : bool, whether less than half of the cell lies in readable intervals: then nothing above denies a standstill
    """

    quality: Floats
    reasons: Ints
    rate: Floats
    rate_reasons: Ints
    sure: Floats
    af: Floats
    read: Floats
    blank: Bools
    candidates: tuple[Candidate, ...]


def read(samples: Floats, fs_hz: float) -> Heart:
    """Return what stretches of ECG tell of their cells.

    Parameters
    ----------
    samples : (n, stretch), one lead a row, any unit, NaN where missing; fs_hz : Hz, 100 to 1000
    """
    seen = ecg.read(samples, fs_hz)
    rate = ecg_rate.heart_rate(seen.intervals, seen.quality, float(CELL_S))
    cell = round(BACK_S / CELL_S)
    quality, reasons = of_cell(seen.quality)
    af, share = _fibrillating(samples, seen)
    return Heart(
        quality=quality,
        reasons=reasons,
        rate=rate.per_min[:, cell],
        rate_reasons=rate.reasons[:, cell].astype(np.int64),
        sure=rate.confidence[:, cell],
        af=af,
        read=share,
        blank=ecg_rate.evidence(seen.intervals, seen.quality, float(CELL_S)).filled_s[:, cell] < LEAST_READ * CELL_S,
        candidates=tuple(_candidates(seen)),
    )


def of_cell(quality: Quality, back_s: float = BACK_S) -> tuple[Floats, Ints]:
    """Return the mean index of a cell's windows and what most of them complain of, or any where none does mostly."""
    windows = round(CELL_S / quality.window_s)
    first = round(back_s / quality.window_s)
    index = quality.index[:, first : first + windows]
    bits = quality.reasons[:, first : first + windows]
    mostly = np.zeros(len(index), np.int64)
    for reason in Reason:
        mostly |= np.where(((bits & reason) != 0).sum(axis=-1) >= _FEW_WINDOWS, int(reason), 0)
    any_of = np.bitwise_or.reduce(np.where(index < READABLE, bits, 0), axis=-1).astype(np.int64)
    return index.mean(axis=-1), np.where(mostly == 0, any_of, mostly)


def _fibrillating(samples: Floats, seen: Ecg) -> tuple[Floats, Floats]:
    """Return the score of the minute until the cell's end, and how much of it was readable.

    Where the intervals raise a suspicion, the strip is asked for its P waves and whether it can be read at all, and
    the lower of both scores stands.
    """
    fs = seen.beats.fs_hz
    end = round((BACK_S + CELL_S) * fs)
    first = end - round(RHYTHM_S * fs)
    rr_ms = _minute(seen.intervals, first, end, len(samples))
    share = np.nansum(rr_ms, axis=-1) / 1000 / RHYTHM_S
    score = np.where(share >= LEAST_READ, rhythm.af_score(rr_ms), np.nan)
    suspected = np.flatnonzero(np.nan_to_num(score) >= STAY)
    if len(suspected):
        looked_at = rhythm.strip(samples[suspected, first:end], fs)
        score[suspected] = np.where(looked_at.readable, np.minimum(score[suspected], looked_at.score), np.nan)
    return score, np.clip(share, 0.0, 1.0)


def _minute(intervals: Intervals, first: int, end: int, rows: int) -> Floats:
    """Return (rows, most) usable intervals of [first, end) in ms, NaN where one is a gap or there are no more."""
    chosen = np.flatnonzero((intervals.begin >= first) & (intervals.end < end))
    row = intervals.row[chosen]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    usable = (intervals.doubt[chosen] & (Doubt.GAP | Doubt.UNREADABLE)) == 0
    made = np.full((rows, max(3, int(place.max(initial=-1)) + 1)), np.nan)
    made[row, place] = np.where(usable, intervals.rr_s[chosen] * 1000, np.nan)
    return made


def _candidates(seen: Ecg) -> Iterator[Candidate]:
    """Yield the most striking candidate of each sort and row that ends in the cell, or still goes on at its end."""
    fs = seen.beats.fs_hz
    first, end = round(BACK_S * fs), round((BACK_S + CELL_S) * fs)
    until = seen.intervals.where(seen.intervals.end < end)
    readable = until.where((until.doubt & (Doubt.GAP | Doubt.UNREADABLE)) == 0)
    yield from _pauses(readable, first)
    yield from _paced(readable, first, Event.SLOW_RUN, BRADYCARDIA_BEATS)
    yield from _paced(readable, first, Event.FAST_RUN, TACHYCARDIA_BEATS)
    yield from _ventricular(seen, until, first, end)


def _pauses(intervals: Intervals, first: int) -> Iterator[Candidate]:
    found = ecg_runs.pauses(intervals)
    for at in _most(found.row, found.rr_s, found.end >= first):
        yield Candidate(
            row=int(found.row[at]),
            event=Event.PAUSE,
            begin=int(found.begin[at]),
            end=int(found.end[at]),
            beats=2,
            per_min=np.nan,
            quality=float(found.quality[at]),
        )


def _paced(intervals: Intervals, first: int, event: Event, beats: int) -> Iterator[Candidate]:
    """Yield where so many beats in a row are slowest, or fastest, if that is as slow or fast as the claim."""
    steps = beats - 1
    if len(intervals.row) < steps:
        return
    begin, end = intervals.begin[: len(intervals.row) - steps + 1], intervals.end[steps - 1 :]
    row = intervals.row[steps - 1 :]
    linked = np.concatenate(([False], (intervals.begin[1:] == intervals.end[:-1]) & (np.diff(intervals.row) == 0)))
    broken = np.cumsum(~linked)
    whole = broken[steps - 1 :] == broken[: len(broken) - steps + 1]
    per_min = 60 * steps * intervals.fs_hz / np.maximum(end - begin, 1)
    slow = event is Event.SLOW_RUN
    shortest_s = np.lib.stride_tricks.sliding_window_view(intervals.rr_s, steps).min(axis=-1)
    all_slow = (per_min <= BRADYCARDIA_PER_MIN) & (shortest_s >= SLOW_RR_S)
    enough = all_slow if slow else per_min >= TACHYCARDIA_PER_MIN
    quality = np.lib.stride_tricks.sliding_window_view(intervals.quality, steps).min(axis=-1)
    for at in _most(row, -per_min if slow else per_min, whole & enough & (end >= first)):
        yield Candidate(
            row=int(row[at]),
            event=event,
            begin=int(begin[at]),
            end=int(end[at]),
            beats=beats,
            per_min=float(per_min[at]),
            quality=float(quality[at]),
        )


def _ventricular(seen: Ecg, until: Intervals, first: int, end: int) -> Iterator[Candidate]:
    before = seen.beats.sample < end
    beats = Beats(
        row=seen.beats.row[before], sample=seen.beats.sample[before], fs_hz=until.fs_hz, records=seen.beats.records
    )
    runs = ecg_runs.tachycardia(ecg_runs.ventricular(beats, seen.kind[before], until), RUN_PER_MIN)
    for at in _most(runs.row, runs.beats.astype(np.float64), runs.end >= first):
        yield Candidate(
            row=int(runs.row[at]),
            event=Event.VENTRICULAR_RUN,
            begin=int(runs.begin[at]),
            end=int(runs.end[at]),
            beats=int(runs.beats[at]),
            per_min=float(runs.rate_per_min[at]),
            quality=float(runs.quality[at]),
        )


def _most(row: Ints, value: npt.NDArray[np.float64], wanted: Bools) -> list[int]:
    """Return the place of the largest wanted value of each row; of equal ones the earliest."""
    place = np.flatnonzero(wanted)
    order = place[np.lexsort((place, -value[place], row[place]))]
    first = np.flatnonzero(np.diff(row[order], prepend=-1))
    found: list[int] = order[first].tolist()
    return found
