"""Features of ten seconds each, looked at over time: what rules over waveforms are built of.

Pure and vectorised over a whole ragged batch. A cell speaks from its end on, for `KEEP_S` at most: then nobody knows.
Not here: what is looked for (`rhythm`, `sensors`). The invariant: what is said at a cell depends on the cells and
events of a bounded time before it, and on no other stay's.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.features import Batch, Bools, Floats, Ints, Signal
from alerting.rules import steps
from alerting.tracks import Track, Verdict, track
from ward.wave_features import WaveFeature

KEEP_S: Final = 120.0
"""What was read holds so long: devices send as much as a minute at once, and what follows must have come, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Rows of one feature of a batch: whose they are, when their ten seconds ended; (n,) each."""

    stays: int
    stay: Ints
    t_s: Floats
    signal: Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """Which of some rows lie in the time before each cell: those from `first` until before `end`; (n,) each."""

    first: Ints
    end: Ints

    @property
    def count(self) -> Ints:
        """(n,) how many."""
        return self.end - self.first

    def sum(self, values: npt.NDArray[np.bool_]) -> Ints:
        """Return how many of the rows in the time before each cell are marked, (n,)."""
        before = np.concatenate(([0], np.cumsum(values))).astype(np.int64)
        return before[self.end] - before[self.first]


def cells(batch: Batch, feature: WaveFeature) -> Cells:
    """Return the rows of a feature."""
    signal = batch.signal(feature)
    stay = np.repeat(np.arange(len(batch.stays)), np.diff(signal.offsets))
    return Cells(stays=len(batch.stays), stay=stay, t_s=signal.t_s, signal=signal)


def recent(at: Cells, rows: Cells, window_s: float) -> Recent:
    """Return which rows lie in the `window_s` before each cell, its own among them."""
    began = min(at.t_s.min(initial=np.inf), rows.t_s.min(initial=np.inf))
    if not np.isfinite(began):
        nothing = np.zeros(len(at.t_s), np.int64)
        return Recent(first=nothing, end=nothing)
    apart = max(at.t_s.max(initial=began), rows.t_s.max(initial=began)) - began + window_s + 1.0
    # One rising axis for all stays; whole seconds, so that sums are exact.
    here, there = at.stay * apart + (at.t_s - began), rows.stay * apart + (rows.t_s - began)
    end = np.searchsorted(there, here, side="right")
    first = np.searchsorted(there, here - window_s, side="right")
    return Recent(first=first.astype(np.int64), end=np.maximum(end, first).astype(np.int64))


def mostly(
    at: Cells, yes: Bools, known: Bools, *, window_s: float, least: int, share: tuple[float, float], hold_s: float
) -> tuple[Bools, Bools]:
    """Tell where something holds for most of the time, with hysteresis, and where enough is known to say so.

    Parameters
    ----------
    yes, known : (n,) of each cell; what is not known counts as neither
    window_s : of the time looked at; least : how many known cells there must be in it
    share : of the known cells; from the first on it begins, below the second it is over
    hold_s : a share between the two goes on so long after the last one at the first

    Returns
    -------
    (n,) bool, it holds; (n,) bool, it is known
    """
    seen = recent(at, at, window_s)
    count = seen.sum(known)
    enough = count >= least
    part = seen.sum(yes & known) / np.maximum(count, 1)
    strong = enough & (part >= share[0])
    lately = recent(at, at, hold_s).sum(strong) > 0
    return strong | (enough & lately & (part >= share[1])), enough


def newest(rows: Recent, marked: Bools) -> Ints:
    """Return the newest marked row before each cell, (n,) int64, -1 where there is none."""
    last = np.maximum.accumulate(np.where(marked, np.arange(len(marked)), -1))
    found = np.concatenate(([-1], last))[rows.end]
    return np.where(found >= rows.first, found, -1).astype(np.int64)


def oldest_s(rows: Recent, marked: Bools, times_s: Floats) -> Floats:
    """Return the time that belongs to the oldest marked row before each cell, (n,); NaN where there is none."""
    place = np.append(np.flatnonzero(marked), len(marked))
    found = place[np.searchsorted(place, np.minimum(rows.first, len(marked)))]
    return np.where(found < rows.end, np.append(times_s, np.nan)[found], np.nan)


def said(at: Cells, verdict: npt.NDArray[np.integer], began_s: Floats, place: Ints) -> Track:
    """Return the track of what is said at each cell; a finding that goes on keeps its first beginning."""
    found = verdict >= Verdict.LOW
    goes_on = np.zeros(len(found), np.bool_)
    goes_on[1:] = found[1:] & found[:-1] & (at.stay[1:] == at.stay[:-1]) & (np.diff(at.t_s) < KEEP_S)
    start = np.maximum.accumulate(np.where(goes_on, 0, np.arange(len(found))))
    if not len(found):
        return track(at.stays, at.stay, at.t_s, verdict, began_s, place=place)
    over = steps.hold(at.stays, at.stay, at.t_s, at.t_s, np.arange(1, len(found) + 1), KEEP_S)
    last = np.maximum(over.value - 1, 0)
    gone = over.value == 0
    return track(
        at.stays,
        over.stay,
        over.from_s,
        np.where(gone, Verdict.UNKNOWN, verdict[last]),
        began_s[start][last],
        place=place[last],
    )
