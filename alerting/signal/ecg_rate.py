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
LEAST_INTERVALS: Final = 2
LEAST_SURE: Final = 0.5
"""No reading rather than one that is more likely wrong than right."""
MOST_JUMP: Final = 0.8
"""An interval 2.2 times as long as the others; more than that, a pause, makes nothing less certain."""
SURE: Final = (2.85, 1.04, -7.58)
"""Intercept and weights of the confidence: mean index (its logit), and how far the most unusual interval is from their
median (a log). One beat missed or made up shows as such an interval, and so does a rhythm of which ten seconds
say less. Fitted on windows of 16 MIT-BIH records, plain and with noise added, by `benchmarks.fit_ecg`."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the rate of each window is read from, (n, w) float64 each.

    count, filled_s : readable intervals wholly within, and how long they are together
    index : their mean quality; jump : how far the most unusual of them is from their median, a log
    """

    count: Floats
    filled_s: Floats
    index: Floats
    jump: Floats


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
    found = evidence(intervals, quality, window_s)
    read = (found.filled_s >= LEAST_SHARE * window_s) & (found.count >= LEAST_INTERVALS)
    confidence = np.where(read, _confidence(found), 0.0)
    sure = confidence >= LEAST_SURE
    with np.errstate(invalid="ignore", divide="ignore"):
        per_min = np.where(sure, 60 * found.count / found.filled_s, np.nan)
    return Rate(
        per_min=per_min,
        confidence=np.where(sure, confidence, 0.0),
        reasons=_reasons(quality, intervals.fs_hz, window_s),
        window_s=window_s,
    )


def evidence(intervals: Intervals, quality: Quality, window_s: float) -> Evidence:
    """Return what a rate is read from; arguments and errors as of `heart_rate`."""
    n, parts = quality.index.shape
    step, part = round(window_s * intervals.fs_hz), round(quality.window_s * intervals.fs_hz)
    if step < part:
        raise ValueError(f"window_s: is {window_s!r}, must be at least {quality.window_s:g}")
    windows = -(-parts * part // step)
    inside = intervals.begin // step == intervals.end // step
    usable = inside & ((intervals.doubt & (Doubt.GAP | Doubt.UNREADABLE)) == 0)
    place = (intervals.row * windows + intervals.begin // step)[usable]
    rr_s, index = intervals.rr_s[usable], intervals.quality[usable]

    def total(values: Floats) -> Floats:
        return np.bincount(place, values, n * windows).reshape(n, windows).astype(np.float64)

    filled_s = total(rr_s)
    return Evidence(
        count=total(np.ones(len(place))),
        filled_s=filled_s,
        index=np.divide(total(index * rr_s), filled_s, out=np.zeros(filled_s.shape), where=filled_s > 0),
        jump=_jumps(place, rr_s, n * windows).reshape(n, windows),
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


def signs(found: Evidence) -> Floats:
    """Return what the confidence is reckoned from, (n, w, 2): the logit of the index, and the jump."""
    index = np.clip(found.index, 0.01, 0.999)
    return np.stack((np.log(index / (1 - index)), np.minimum(found.jump, MOST_JUMP)), axis=-1)


def _confidence(found: Evidence) -> Floats:
    logit = SURE[0] + (signs(found) * SURE[1:]).sum(axis=-1)
    made: Floats = 1 / (1 + np.exp(-logit))
    return made


def _reasons(quality: Quality, fs_hz: float, window_s: float) -> npt.NDArray[np.uint16]:
    """Return what is said of the windows of `quality` that touch each window, (n, windows)."""
    step, part = round(window_s * fs_hz), round(quality.window_s * fs_hz)
    windows = -(-quality.index.shape[1] * part // step)
    begin = np.arange(quality.index.shape[1]) * part
    made = np.zeros((len(quality.index), windows), np.uint16)
    for moment in (begin, begin + part - 1):
        place = np.minimum(moment // step, windows - 1)
        for one, window in enumerate(place.tolist()):
            made[:, window] |= quality.reasons[:, one]
    return made
