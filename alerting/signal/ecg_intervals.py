"""RR intervals: how long, and which of them may be taken for normal to normal.

Not here: what an interval means. The invariant: an interval has two beats of one record that follow each
other; whatever is doubtful about it is marked, and nothing is filled in or corrected.
"""

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from alerting.signal.ecg_kinds import Kind, Kinds
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import READABLE, Quality, Reason
from alerting.signal.records import Bools, Floats, Ints


class Doubt(IntFlag):
    """Why an interval is not one from a normal beat to the next; several may hold."""

    NONE = 0
    ECTOPIC = 1
    """It begins or ends with a ventricular or supraventricular ectopic beat."""
    GAP = 2
    """Samples are missing within it, so beats may be, too."""
    UNREADABLE = 4
    """A window that it touches cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """RR intervals as columns, record after record, in order of time within each.

    row : (k,) int64, the record; begin, end : (k,) int64, samples of the two beats; rr_s : (k,) float64, s, > 0
    doubt : (k,) uint8 of `Doubt` bits; quality : (k,) float64, the lowest index of the windows it touches, 0-1
    fs_hz : Hz, of the samples; records : how many were looked at
    """

    row: Ints
    begin: Ints
    end: Ints
    rr_s: Floats
    doubt: npt.NDArray[np.uint8]
    quality: Floats
    fs_hz: float
    records: int

    @property
    def normal(self) -> Bools:
        """(k,): normal to normal (NN): without any doubt."""
        return np.equal(self.doubt, Doubt.NONE)

    def where(self, these: Bools) -> "Intervals":
        """Return only some of them, (k,) bool."""
        return Intervals(
            row=self.row[these],
            begin=self.begin[these],
            end=self.end[these],
            rr_s=self.rr_s[these],
            doubt=self.doubt[these],
            quality=self.quality[these],
            fs_hz=self.fs_hz,
            records=self.records,
        )


def intervals(beats: Beats, kind: Kinds, quality: Quality) -> Intervals:
    """Return the intervals between the beats of each record.

    Parameters
    ----------
    beats : of the batch; kind : (k,) of `Kind`, of each of them
    quality : of the same batch

    Raises
    ------
    ValueError
        If there is not one kind for each beat.
    """
    if len(kind) != len(beats.sample):
        raise ValueError(f"kind: {len(kind)} of them, must be one for each of {len(beats.sample)} beats")
    first = np.flatnonzero(beats.row[1:] == beats.row[:-1])
    row, begin, end = beats.row[first], beats.sample[first], beats.sample[first + 1]
    ectopic = (kind == Kind.VENTRICULAR) | (kind == Kind.SUPRAVENTRICULAR)
    lowest, why = _over(quality, row, begin, end, beats.fs_hz)
    doubt = np.where(ectopic[first] | ectopic[first + 1], Doubt.ECTOPIC, Doubt.NONE)
    doubt = doubt | np.where(why & Reason.MISSING, Doubt.GAP, Doubt.NONE)
    doubt = doubt | np.where(lowest < READABLE, Doubt.UNREADABLE, Doubt.NONE)
    return Intervals(
        row=row,
        begin=begin,
        end=end,
        rr_s=(end - begin) / beats.fs_hz,
        doubt=doubt.astype(np.uint8),
        quality=lowest,
        fs_hz=beats.fs_hz,
        records=beats.records,
    )


def _over(quality: Quality, row: Ints, begin: Ints, end: Ints, fs_hz: float) -> tuple[Floats, npt.NDArray[np.uint16]]:
    """Return lowest index and all reasons of the windows from that of `begin` to that of `end`."""
    windows = quality.index.shape[1]
    if len(row) == 0 or windows == 0:
        return np.zeros(len(row)), np.zeros(len(row), np.uint16)
    step = round(quality.window_s * fs_hz)
    first, last = (np.minimum(each // step, windows - 1) + row * windows for each in (begin, end))
    # Pairs of bounds: every second piece is one interval's windows. A guard lets the last bound be the very end.
    bounds = np.column_stack((first, last + 1)).ravel()
    index = np.append(quality.index.ravel(), 1.0)
    reasons = np.append(quality.reasons.ravel(), np.uint16(0))
    return np.minimum.reduceat(index, bounds)[::2], np.bitwise_or.reduceat(reasons, bounds)[::2]
