"""ECG, read: from a signal and its R peaks to beats with kind and quality, RR intervals, rate, pauses and runs.

The one door; the rooms are `ecg_kinds`, `ecg_intervals`, `ecg_rate` and `ecg_runs`. Not here: finding the peaks, which
is `qrs`; rhythm beyond a run of beats, which is `rhythm`; alarms. The invariant: every beat, interval, rate and stretch
carries the quality it was read at, and what is unreadable is no part of any rate or stretch.
"""

from dataclasses import dataclass
from typing import Final

import numpy.typing as npt

from alerting.signal import ecg_kinds, qrs, quality
from alerting.signal.ecg_intervals import Intervals, intervals
from alerting.signal.ecg_kinds import Kinds, kinds
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import Quality
from alerting.signal.records import Floats, rate, rows

BACK_S: Final = max(quality.BACK_S + quality.WINDOW_S, ecg_kinds.BACK_S)
AHEAD_S: Final = max(quality.AHEAD_S + quality.WINDOW_S, ecg_kinds.AHEAD_S)
"""What is said of a beat, and of an interval that ends with it, depends on no sample farther away than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecg:
    """What was read of a batch of ECG.

    beats : R peaks; kind : (k,) of `Kind`; beat_quality : (k,) float64, index of the window that each lies in, 0-1
    quality : of each window; intervals : from each beat to the next
    """

    beats: Beats
    kind: Kinds
    beat_quality: Floats
    quality: Quality
    intervals: Intervals


def read(ecg: npt.ArrayLike, fs_hz: float, beats: Beats | None = None) -> Ecg:
    """Return what can be read of an ECG.

    Parameters
    ----------
    ecg : (samples,) or (n, samples), one lead of each record, any unit; NaN and infinities are missing samples
    fs_hz : Hz, 100 to 1000
    beats : R peaks of the same records; those of `qrs.detect` if not given

    Raises
    ------
    ValueError
        If an argument is out of its range, or the beats are of other records.
    """
    given = rows(ecg, name="ecg")
    fs = rate(fs_hz, least=100, most=1000)
    beats = qrs.detect(given, fs) if beats is None else beats
    judged = quality.ecg(given, fs, beats)
    beat_quality = quality.at(judged, beats)
    kind = kinds(given, beats, beat_quality)
    return Ecg(
        beats=beats,
        kind=kind,
        beat_quality=beat_quality,
        quality=judged,
        intervals=intervals(beats, kind, judged),
    )
