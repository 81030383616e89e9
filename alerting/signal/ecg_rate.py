"""Heart rate in windows, with the confidence that it is right: no reading rather than a wrong one.

Not here: alarms on it. The invariant: a rate is the mean of readable RR intervals that lie wholly in the window, or NaN
with a reason; it is never carried over from another window.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.ecg_intervals import Doubt, Intervals
from alerting.signal.quality_verdict import Quality
from alerting.signal.records import Floats, Ints

WINDOW_S: Final = 10.0
LEAST_SHARE: Final = 0.4
"""A rate is read where readable intervals fill at least this part of the window."""
LEAST_SURE: Final = 0.5
"""No reading rather than one that is more likely wrong than right."""
MOST_JUMP: Final = 0.8
"""An interval 2.2 times as long as the others; more than that, a pause, makes nothing less certain."""
SURE: Final = (3.4, 0.93, -7.6)
"""Intercept and weights of the confidence: mean index (its logit), and how far the most unusual interval is from their
median (a log). One beat missed or made up shows as such an interval, and so does a rhythm of which ten seconds
say less. Fitted on windows of 16 MIT-BIH records, plain and with noise added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Heart rate of each window of a batch.

    per_min : (n, w) float64, beats/min, NaN where it cannot be read
    confidence : (n, w) float64, probability that it is within 5/min of the truth, 0 where it is NaN
    reasons : (n, w) uint16 of `Reason` bits: why it is NaN, or what there is to complain of
    window_s : s, length of a window and step from one to the next; window k begins at k * window_s
    """

    per_min: Floats
    confidence: Floats
    reasons: npt.NDArray[np.uint16]
    window_s: float


def heart_rate(intervals: Intervals, quality: Quality, window_s: float = WINDOW_S) -> Rate:
    """Return the heart rate of each window.

    Parameters
    ----------
    intervals, quality : of the same batch
    window_s : s, at least that of `quality`

    Raises
    ------
    ValueError
        If the window is shorter than those of `quality`.
    """
    n, parts = quality.index.shape
    step, part = round(window_s * intervals.fs_hz), round(quality.window_s * intervals.fs_hz)
    if step < part:
        raise ValueError(f"window_s: is {window_s!r}, must be at least {quality.window_s:g}")
    windows = -(-parts * part // step)
    inside = intervals.begin // step == intervals.end // step
    usable = inside & ((intervals.doubt & (Doubt.GAP | Doubt.UNREADABLE)) == 0)
    place = intervals.row * windows + intervals.begin // step

    place, rr_s, index = place[usable], intervals.rr_s[usable], intervals.quality[usable]

    def total(values: Floats) -> Floats:
        return np.bincount(place, values, n * windows).reshape(n, windows).astype(np.float64)

    count, filled_s = total(np.ones(len(place))), total(rr_s)
    read = (filled_s >= LEAST_SHARE * window_s) & (count >= 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_min = np.where(read, 60 * count / filled_s, np.nan)
        mean = np.where(read, total(index * rr_s) / filled_s, 0)
    confidence = np.where(read, _confidence(mean, _jumps(place, rr_s, n * windows).reshape(n, windows)), 0.0)
    sure = confidence >= LEAST_SURE
    return Rate(
        per_min=np.where(sure, per_min, np.nan),
        confidence=np.where(sure, confidence, 0.0),
        reasons=_reasons(quality, step, part, windows),
        window_s=window_s,
    )


def _jumps(place: Ints, rr_s: Floats, windows: int) -> Floats:
    """Return how far the most unusual interval of each window is from their median, a log; 0 where there is none."""
    made = np.zeros(windows)
    if len(place):
        order = np.lexsort((rr_s, place))
        where, rising = place[order], np.log(rr_s[order])
        first = np.flatnonzero(np.diff(where, prepend=-1))
        count = np.diff(np.append(first, len(where)))
        middle = (rising[first + (count - 1) // 2] + rising[first + count // 2]) / 2
        made[where[first]] = np.maximum(rising[first + count - 1] - middle, middle - rising[first])
    return made


def _confidence(quality: Floats, jump: Floats) -> Floats:
    index = np.clip(quality, 0.01, 0.999)
    logit = SURE[0] + SURE[1] * np.log(index / (1 - index)) + SURE[2] * np.minimum(jump, MOST_JUMP)
    made: Floats = 1 / (1 + np.exp(-logit))
    return made


def _reasons(quality: Quality, step: int, part: int, windows: int) -> npt.NDArray[np.uint16]:
    """Return what is said of the windows of `quality` that touch each window, (n, windows)."""
    begin = np.arange(quality.index.shape[1]) * part
    made = np.zeros((len(quality.index), windows), np.uint16)
    for moment in (begin, begin + part - 1):
        place = np.minimum(moment // step, windows - 1)
        for one, window in enumerate(place.tolist()):
            made[:, window] |= quality.reasons[:, one]
    return made
