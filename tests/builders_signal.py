"""Beats and their quality with defaults, for tests of what is read from an ECG."""

import numpy as np

from alerting.signal.ecg_intervals import Intervals, intervals
from alerting.signal.ecg_kinds import Kind, Kinds
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import Quality, Reason
from alerting.signal.records import Floats

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


def an_ecg(*, seconds: float = 30.0, rr_s: float = 0.8, noise: float = 0.01, fs_hz: float = FS_HZ) -> Floats:
    """Return an ECG of P, QRS and T waves in mV, (1, samples), with white noise of this standard deviation."""
    t = np.arange(int(seconds * fs_hz)) / fs_hz
    since = (t - 0.5 + rr_s / 2) % rr_s - rr_s / 2
    waves = ((-0.18, 0.025, 0.12), (-0.025, 0.008, -0.1), (0.0, 0.011, 1.0), (0.025, 0.009, -0.2), (0.26, 0.05, 0.3))
    made = sum(height * np.exp(-(((since - at) / width) ** 2) / 2) for at, width, height in waves)
    return (made + noise * np.random.default_rng(7).standard_normal(len(t)))[None]


def its_beats(*, seconds: float = 30.0, rr_s: float = 0.8, fs_hz: float = FS_HZ) -> Beats:
    """Return the beats of `an_ecg`."""
    return Beats.of(np.round(np.arange(0.5, seconds, rr_s) * fs_hz).astype(np.int64), fs_hz)
