"""Beats and their quality with defaults, for tests of what is read from an ECG."""

from itertools import pairwise

import numpy as np

from alerting.signal.ecg_intervals import Intervals, intervals
from alerting.signal.ecg_kinds import Kind, Kinds
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import Quality, Reason
from alerting.signal.records import Floats
from tests.builders_hearts import an_ecg

FS_HZ = 250.0
WINDOW_S = 2.0


def beats_after(*rr_s: float, start_s: float = 0.5) -> Beats:
    """Return the beats of one record: the first at `start_s`, each other one after the interval given."""
    return Beats.of(np.round(np.cumsum((start_s, *rr_s)) * FS_HZ).astype(np.int64), FS_HZ)


def kinds_of(letters: str) -> Kinds:
    """Return kinds from letters: N, V, S, and ? for an unreadable beat."""
    kind = {"N": Kind.NORMAL, "V": Kind.VENTRICULAR, "S": Kind.SUPRAVENTRICULAR, "?": Kind.UNREADABLE}
    return np.array([kind[letter] for letter in letters], np.uint8)


def a_quality(seconds: float = 60.0, index: float = 0.99, records: int = 1) -> Quality:
    """Return the same index throughout."""
    shape = (records, round(seconds / WINDOW_S))
    return Quality(index=np.full(shape, index), reasons=np.zeros(shape, np.uint16), window_s=WINDOW_S)


def spoilt(quality: Quality, window: int, reason: Reason = Reason.NOISE) -> Quality:
    """Return a quality with one window of each record unreadable."""
    index, reasons = quality.index.copy(), quality.reasons.copy()
    index[:, window], reasons[:, window] = 0.1, reason
    return Quality(index=index, reasons=reasons, window_s=quality.window_s)


def intervals_of(beats: Beats, letters: str | None = None, quality: Quality | None = None) -> Intervals:
    """Return the intervals of beats, by default all normal and well readable."""
    letters = letters or "N" * len(beats.sample)
    return intervals(beats, kinds_of(letters), quality or a_quality(records=beats.records))


def an_even_ecg(*, seconds: float = 30.0, rr_s: float = 0.8, noise: float = 0.01, fs_hz: float = FS_HZ) -> Floats:
    """Return an ECG of normal beats in mV, (1, samples), with white noise of this standard deviation."""
    return an_ecg(np.arange(0.5, seconds, rr_s), seconds, fs_hz, noise_mv=noise)[None]


def its_beats(*, seconds: float = 30.0, rr_s: float = 0.8, fs_hz: float = FS_HZ) -> Beats:
    """Return the beats of `an_even_ecg`."""
    return Beats.of(np.round(np.arange(0.5, seconds, rr_s) * fs_hz).astype(np.int64), fs_hz)


def a_rhythm(letters: str, *, rr_s: float | Floats = 0.8, wide_s: float = 0.0) -> tuple[Floats, Beats]:
    """Return an ECG of these beats, (1, samples) in mV, and their R peaks.

    V comes after 0.6 of an interval, wide, without a P wave, and the next N after 1.4; S comes after 0.65, of the usual
    shape. `wide_s` makes the normal beats wider. The intervals before N may be given one by one.
    """
    after = {"N": 1.0, "V": 0.6, "S": 0.65}
    factor = [1.4 if each == "N" and was == "V" else after[each] for was, each in pairwise(f"N{letters}")]
    r_s = 1.0 + np.cumsum(np.broadcast_to(rr_s, len(letters)) * factor)
    made = an_ecg(r_s, float(r_s[-1]) + 1.5, FS_HZ, kinds=letters, widened_s=wide_s)
    return made[None], Beats.of(np.round(r_s * FS_HZ).astype(np.int64), FS_HZ)
