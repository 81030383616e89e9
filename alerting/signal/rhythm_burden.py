"""Irregularity over time: where a recording is in atrial fibrillation, where it is not, where nobody can tell.

Time is cut into cells of `STEP_S`, aligned to sample 0. A cell is judged by the RR intervals of `WINDOW_S` around it.
Not here: what an irregular window is (`rhythm_score`), and beats. The invariant: every cell is af, other or
unreadable, exactly one of them, and depends on the beats of [its begin - BACK_S, its end + AHEAD_S] only.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.events import Beats
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.rhythm_score import LONGEST_MS, SHORTEST_MS, af_score

STEP_S: Final = 10.0
WINDOW_S: Final = 60.0
"""About 64 beats: longer windows judge better and date an onset worse."""

ENTER: Final = 0.8
STAY: Final = 0.4
"""Hysteresis on the probability: af begins where `ENTER` is reached, and reaches as far as `STAY` holds."""

REACH_S: Final = 60.0
"""How far from a cell at `ENTER` a weaker one may still belong to it; finite, so that a stream settles."""

EPISODE_S: Final = 30.0
"""Shorter af is no episode: 30 s, ESC guidelines for atrial fibrillation 2020, doi:10.1093/eurheartj/ehaa612."""

READABLE_SHARE: Final = 0.5
"""Least share of a window's time that usable RR intervals must cover. Ours."""

BACK_S: Final = WINDOW_S / 2 + REACH_S + EPISODE_S
AHEAD_S: Final = BACK_S

_AT_ONCE: Final = 64  # windows scored together: what a core's cache holds


class Rhythm(IntEnum):
    """What a cell is."""

    OTHER = 0
    AF = 1
    UNREADABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The rhythm of each cell of each record.

    score : (n, cells) float64, probability of af 0-1, NaN where unreadable
    state : (n, cells) uint8, `Rhythm`; cell k is [k * STEP_S, (k + 1) * STEP_S) seconds from sample 0
    """

    score: Floats
    state: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Stretches of af: row (k,) int64, the record; begin_s, end_s (k,) float64 seconds from sample 0, in order."""

    row: Ints
    begin_s: Floats
    end_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """How much of each span is af; (n, spans) float64 each.

    share : af of the readable time, 0-1; NaN where less than `READABLE_SHARE` of the span was readable
    af_s, readable_s, unreadable_s : seconds; the last two add up to the span
    """

    share: Floats
    af_s: Floats
    readable_s: Floats
    unreadable_s: Floats


def timeline(beats: Beats, samples: int, usable: Bools | None = None, known: Floats | None = None) -> Timeline:
    """Return the rhythm of each whole cell of records that are `samples` long.

    Parameters
    ----------
    beats : R peaks (or pulses) of n records
    samples : length of the records at `beats.fs_hz`, >= 0; a last part of a cell is left out
    usable : (k,) whether each beat may be believed, as `quality.at(quality, beats) >= quality.READABLE`; an interval
        needs both its beats. Default: all
    known : (n, c) scores of the first c cells, from an earlier look at the same beats: they are taken as they are.
        A score is final once `WINDOW_S` / 2 has passed since the middle of its cell

    Raises
    ------
    ValueError
        If `samples` is negative, a beat lies outside the record, `usable` is not one per beat, or `known` is not of
        these records and cells.
    """
    if samples < 0:
        raise ValueError(f"samples: is {samples}, must be >= 0")
    if np.any((beats.sample < 0) | (beats.sample >= samples)):
        raise ValueError(f"beats: reach sample {beats.sample.max()}, must lie in the record of {samples} samples")
    if usable is not None and usable.shape != beats.sample.shape:
        raise ValueError(f"usable: has shape {usable.shape}, must be one per beat, {beats.sample.shape}")
    cells = int(samples / beats.fs_hz / STEP_S)
    before = np.empty((beats.records, 0)) if known is None else known
    if before.shape[0] != beats.records or before.shape[1] > cells:
        raise ValueError(f"known: has shape {before.shape}, must be ({beats.records}, at most {cells})")
    score = np.concatenate((before, _scores(beats, range(before.shape[1], cells), usable)), axis=1)
    return Timeline(score=score, state=_states(score))


def episodes(line: Timeline) -> Episodes:
    """Return where af begins and ends; an unreadable cell ends an episode."""
    padded = np.pad(line.state == Rhythm.AF, ((0, 0), (1, 1))).astype(np.int8)
    change = np.diff(padded, axis=-1)
    row, begin = np.nonzero(change == 1)
    end = np.nonzero(change == -1)[1]
    begin_s, end_s = (each.astype(np.float64) * STEP_S for each in (begin, end))
    return Episodes(row=row.astype(np.int64), begin_s=begin_s, end_s=end_s)


def burden(line: Timeline, span_s: float) -> Burden:
    """Return the af burden of consecutive spans of `span_s` from sample 0; a last part of a span is left out.

    Raises
    ------
    ValueError
        If `span_s` is not a positive whole number of cells.
    """
    per = round(span_s / STEP_S) if math.isfinite(span_s) else 0
    if per < 1 or per * STEP_S != span_s:
        raise ValueError(f"span_s: is {span_s!r}, must be a positive multiple of {STEP_S:g} s")
    spans = line.state.shape[-1] // per
    cut = line.state[:, : spans * per].reshape(len(line.state), spans, per)
    af_s = (cut == Rhythm.AF).sum(axis=-1) * STEP_S
    unreadable_s = (cut == Rhythm.UNREADABLE).sum(axis=-1) * STEP_S
    readable_s = span_s - unreadable_s
    enough = readable_s >= READABLE_SHARE * span_s
    share = np.divide(af_s, readable_s, out=np.full(af_s.shape, np.nan), where=enough)
    return Burden(share=share, af_s=af_s, readable_s=readable_s, unreadable_s=unreadable_s)


def _scores(beats: Beats, cells: range, usable: Bools | None) -> Floats:
    """Return (records, cells) probabilities."""
    rr_ms, row, end_s = _intervals(beats, usable)
    apart_s = cells.stop * STEP_S + 2 * WINDOW_S
    order = row * apart_s + end_s  # one rising axis for all records
    middle = (np.array(cells) + 0.5) * STEP_S
    at = (np.arange(beats.records)[:, None] * apart_s + middle).ravel()
    first = np.searchsorted(order, at - WINDOW_S / 2, side="right")
    last = np.searchsorted(order, at + WINDOW_S / 2, side="right")
    parts = [
        _scored(rr_ms, first[begin : begin + _AT_ONCE], last[begin : begin + _AT_ONCE])
        for begin in range(0, len(at), _AT_ONCE)
    ]
    return np.concatenate([np.empty(0), *parts]).reshape(beats.records, len(cells))


def _scored(rr_ms: Floats, first: Ints, last: Ints) -> Floats:
    """Return the score of rr_ms[first : last] for each window; NaN where too little of its time can be used."""
    width = int((last - first).max(initial=0))
    if width == 0:
        return np.full(len(first), np.nan)
    index = first[:, None] + np.arange(width)
    window = np.where(index < last[:, None], rr_ms[np.minimum(index, len(rr_ms) - 1)], np.nan)
    covered_s = np.nansum(window, axis=-1) / 1000
    return np.where(covered_s >= READABLE_SHARE * WINDOW_S, af_score(window), np.nan)


def _intervals(beats: Beats, usable: Bools | None) -> tuple[Floats, Ints, Floats]:
    """Return each interval between two beats of one record: its length or NaN, its record, when it ends."""
    within = beats.row[1:] == beats.row[:-1]
    rr_ms = np.diff(beats.sample) / beats.fs_hz * 1000
    good = (rr_ms >= SHORTEST_MS) & (rr_ms <= LONGEST_MS)
    if usable is not None:
        good &= usable[1:] & usable[:-1]
    rr_ms = np.where(good, rr_ms, np.nan)[within]
    return rr_ms, beats.row[1:][within], beats.sample[1:][within] / beats.fs_hz


def _states(score: Floats) -> npt.NDArray[np.uint8]:
    """Return the state of each cell: hysteresis of finite reach, then nothing shorter than an episode."""
    unreadable = np.isnan(score)
    may = np.where(unreadable, 0.0, score) >= STAY
    af = np.where(unreadable, 0.0, score) >= ENTER
    for _ in range(round(REACH_S / STEP_S)):
        af |= may & _beside(af)
    af = _opened(af, round(EPISODE_S / STEP_S))
    return np.where(unreadable, Rhythm.UNREADABLE, np.where(af, Rhythm.AF, Rhythm.OTHER)).astype(np.uint8)


def _beside(cells: Bools) -> Bools:
    """Return where the neighbour on either side is set."""
    padded = np.pad(cells, ((0, 0), (1, 1)))
    return padded[:, :-2] | padded[:, 2:]


def _opened(cells: Bools, least: int) -> Bools:
    """Return `cells` without the runs that are shorter than `least`."""
    kept = np.pad(cells, ((0, 0), (least, least)))
    for _ in range(least - 1):
        kept[:, :-1] &= kept[:, 1:]
    for _ in range(least - 1):
        kept[:, 1:] |= kept[:, :-1].copy()
    return kept[:, least : least + cells.shape[-1]]
