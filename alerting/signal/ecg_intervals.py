"""RR intervals of an ECG: how long, and which of them may be taken for normal to normal.

Not here: what an interval means. The invariant is that of `beat_intervals`: doubts are marked, nothing is corrected.
"""

import numpy as np
import numpy.typing as npt

from alerting.signal.beat_intervals import Doubt, Intervals
from alerting.signal.ecg_kinds import Kind, Kinds
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import READABLE, Quality, Reason
from alerting.signal.records import Floats, Ints

__all__ = ["Doubt", "Intervals", "intervals"]


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
