"""One index of signal quality for ECG and PPG, for everybody who reads these signals, with reasons.

The index of a window is the probability that the beats found in it are right. It is judged by how beats stand out from
what lies between them, how alike they look, whether a second way of finding beats finds the same, and what of the
signal is missing, flat or cut off. Atrial fibrillation, ventricular beats, pacing and small amplitude are no faults:
nothing here expects beats to be regular, or large in millivolts. Not here: beats (`qrs`, `pulses`), or what follows
from them. The invariant: a window depends on the samples from `BACK_S` before its begin to `AHEAD_S` after its end, on
the grid from sample 0, and on no unit, offset or sign.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import pulses, qrs, quality_shape
from alerting.signal.events import Beats
from alerting.signal.quality_faults import faults
from alerting.signal.quality_grid import WINDOW_S, Grid, pointed
from alerting.signal.quality_model import Model, judged
from alerting.signal.quality_shape import Lens, Shape, measure
from alerting.signal.quality_verdict import READABLE, Quality, Reason, at
from alerting.signal.records import Floats, bridged, rate, rows

__all__ = ["AHEAD_S", "BACK_S", "READABLE", "WINDOW_S", "Quality", "Reason", "at", "ecg", "ppg"]

BACK_S: Final = quality_shape.FAR_BACK * WINDOW_S + 2
"""A window depends on no sample and no beat that lies longer before its begin."""
AHEAD_S: Final = quality_shape.AHEAD * WINDOW_S + quality_shape.AFTER_S + 0.5
"""Nor on what lies longer after its end than the next window and the fellows of the beats in it."""
SHORT_S: Final = 1.0
"""Less of a window than this cannot be judged."""

_ECG_HZ: Final = 125.0
_ECG_LENS: Final = Lens(rise_s=0.03, reach_s=0.08, shape_s=0.096, step_s=0.016, apart_s=0.12)
ECG_MODEL: Final = Model(
    intercept=6.54,
    weight=(2.50, 1.07, 1.20, 0.65, 3.33, 2.33),
    good=(0.0, -2.0, -5.0, -1.5, -1.5, 0.05),
    bad=(1.0, 1.0, -0.2, 0.0, 0.5, 0.9),
    noisy=-2.0,
    swinging=-1.0,
)
"""Fitted on 16 MIT-BIH records, plain and with noise added, by `benchmarks.fit_quality`. Each record judged by weights
from the others, beats of lead 0 are right in 93 % of the windows where the index is 0.84, in 79 % where it is 0.61."""

_PPG_HZ: Final = 62.5
_PPG_LENS: Final = Lens(rise_s=0.1, reach_s=0.2, shape_s=0.48, step_s=0.048, apart_s=0.25)
PPG_MODEL: Final = Model(
    intercept=4.51,
    weight=(0.59, 0.32, 1.21, 0.36, 1.12, 1.33),
    good=(0.0, -3.0, -5.0, -1.5, -0.5, 0.05),
    bad=(1.0, 1.0, -0.2, 0.0, 1.5, 0.9),
    noisy=-1.5,
    swinging=-0.4,
)
"""Fitted on 17 BIDMC and 97 Challenge 2015 records, plain and with motion added, by `benchmarks.fit_quality`."""

_AT_ONCE: Final = 1 << 19
"""Samples that are worked on at once, so that they stay in the processor's cache."""


def ecg(signal: npt.ArrayLike, fs_hz: float, beats: Beats | None = None) -> Quality:
    """Return the quality of one lead of ECG, window by window.

    Parameters
    ----------
    signal : (samples,) or (n, samples), any unit, uniform at `fs_hz`; NaN and infinities are missing samples
    fs_hz : Hz, 100 to 1000
    beats : of the same records and rate, whose quality it is; those of `qrs.detect` if not given

    Returns
    -------
    Quality
        Index and reasons (n, w), w = samples / (2 s * fs_hz), rounded up; w may be 0.

    Raises
    ------
    ValueError
        If an argument is out of its range, or the beats are of other records.

    Notes
    -----
    The measures follow the literature on ECG quality: agreement of two detectors (Li 2008,
    doi:10.1088/0967-3334/29/1/002), likeness of the beats (Orphanidou 2015, doi:10.1109/JBHI.2014.2338351), power
    beside the QRS complex (Clifford 2012, doi:10.1088/0967-3334/33/9/1419). Differs: likeness is to the nearest
    fellows, not to one template, so ventricular beats are alike one another; rhythm plays no part.
    """
    given = rows(signal, name="signal")
    fs = rate(fs_hz, least=100, most=1000)
    return _judge(given, fs, qrs.detect(given, fs) if beats is None else beats, _ECG_HZ, _ECG_LENS, ECG_MODEL)


def ppg(signal: npt.ArrayLike, fs_hz: float, beats: Beats | None = None) -> Quality:
    """Return the quality of a pulse wave, window by window.

    Parameters
    ----------
    signal : (samples,) or (n, samples), any unit, uniform at `fs_hz`; NaN and infinities are missing samples
    fs_hz : Hz, 20 to 1000
    beats : of the same records and rate, whose quality it is; those of `pulses.detect` if not given

    Returns
    -------
    Quality
        As of `ecg`.
    """
    given = rows(signal, name="signal")
    fs = rate(fs_hz, least=20, most=1000)
    return _judge(given, fs, pulses.detect(given, fs) if beats is None else beats, _PPG_HZ, _PPG_LENS, PPG_MODEL)


def _judge(signal: Floats, fs_hz: float, beats: Beats, at_hz: float, lens: Lens, model: Model) -> Quality:
    n, samples = signal.shape
    grid = Grid.of(samples, fs_hz, at_hz)
    index = np.zeros((n, grid.windows))
    reasons = np.zeros((n, grid.windows), np.uint16)
    _check(beats, n, fs_hz)
    part = max(1, _AT_ONCE // max(1, samples))
    for first in range(0, n, part) if grid.held and grid.windows else ():
        some = slice(first, min(n, first + part))
        index[some], reasons[some] = _part(signal[some], fs_hz, grid, _among(beats, some), lens, model)
    last_s = grid.held / grid.fs_hz - (grid.windows - 1) * grid.window_s
    if grid.windows and last_s < grid.window_s - 1e-9:
        reasons[:, -1] |= np.uint16(Reason.SHORT)
        if last_s < SHORT_S:
            index[:, -1] = 0
    return Quality(index=index, reasons=reasons, window_s=grid.window_s)


def _part(
    signal: Floats, fs_hz: float, grid: Grid, beats: Beats, lens: Lens, model: Model
) -> tuple[Floats, npt.NDArray[np.uint16]]:
    points = pointed(bridged(signal, fs_hz), grid)
    return judged(measure(points, grid, grid.seen(beats), lens), faults(points, grid), model)


def measured_ecg(signal: npt.ArrayLike, fs_hz: float, beats: Beats) -> Shape:
    """Return the measures behind the index of an ECG: what `ECG_MODEL` is fitted on. Arguments as of `ecg`."""
    return _measured(rows(signal, name="signal"), fs_hz, beats, _ECG_HZ, _ECG_LENS)


def measured_ppg(signal: npt.ArrayLike, fs_hz: float, beats: Beats) -> Shape:
    """Return the measures behind the index of a pulse wave: what `PPG_MODEL` is fitted on. Arguments as of `ppg`."""
    return _measured(rows(signal, name="signal"), fs_hz, beats, _PPG_HZ, _PPG_LENS)


def _measured(signal: Floats, fs_hz: float, beats: Beats, at_hz: float, lens: Lens) -> Shape:
    grid = Grid.of(signal.shape[1], fs_hz, at_hz)
    return measure(pointed(bridged(signal, fs_hz), grid), grid, grid.seen(beats), lens)


def _check(beats: Beats, records: int, fs_hz: float) -> None:
    if beats.records != records or not np.isclose(beats.fs_hz, fs_hz):
        theirs, ours = f"{beats.records} records at {beats.fs_hz:g} Hz", f"{records} at {fs_hz:g} Hz"
        raise ValueError(f"beats: of {theirs}, must be of the signal's {ours}")


def _among(beats: Beats, records: slice) -> Beats:
    first, end = np.searchsorted(beats.row, (records.start, records.stop))
    count = records.stop - records.start
    return Beats(
        row=beats.row[first:end] - records.start, sample=beats.sample[first:end], fs_hz=beats.fs_hz, records=count
    )
