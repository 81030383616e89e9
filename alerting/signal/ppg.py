"""What pulses tell: intervals from pulse to pulse, and the pulse rate of each window with its confidence.

Not here: finding the pulses (`pulses`), their shape and perfusion (`ppg_shape`), how they go with the heart beats
(`ppg_agreement`), uneven samples (`uneven`), and the quality of the signal (`quality`), whose figures are used. The
invariant: a rate rests on no interval across missing samples; one that cannot be read is NaN with its reasons.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import columns
from alerting.signal.beat_intervals import Doubt, Intervals
from alerting.signal.events import Beats
from alerting.signal.quality import READABLE, Quality, Reason, at
from alerting.signal.records import Bools, Floats, bridged, rows

WINDOW_S: Final = 10.0
"""Length of a window of the pulse rate."""

LEAST_INTERVALS: Final = 3
"""A window with fewer usable intervals has no rate."""

LEAST_COVERED: Final = 0.5
"""Usable intervals must cover this share of a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseRate:
    """The pulse rate of consecutive windows, aligned to sample 0.

    per_min : (n, w) float64, NaN where unreadable; confidence : (n, w) float64 0-1, 0 where unreadable
    reasons : (n, w) uint16, `quality.Reason` bits, 0 where nothing is against it; window_s : s
    """

    per_min: Floats
    confidence: Floats
    reasons: npt.NDArray[np.uint16]
    window_s: float


def intervals(ppg: npt.ArrayLike, pulses: Beats, quality: Quality) -> Intervals:
    """Return the intervals between neighbouring pulses of each record.

    Parameters
    ----------
    ppg : (samples,) or (n, samples), any unit, NaN where missing: what the pulses were found in
    pulses : of `pulses.detect`; quality : of `quality.ppg`

    Raises
    ------
    ValueError
        If the pulses are of other records, or lie beyond their end.
    """
    signal = bridged(rows(ppg, name="ppg"), pulses.fs_hz)
    _same_batch(signal, pulses)
    first = np.flatnonzero(pulses.row[1:] == pulses.row[:-1])
    each = at(quality, pulses)
    lowest = np.minimum(each[first], each[first + 1])
    doubt = np.where(_broken(signal, pulses)[first], Doubt.GAP, Doubt.NONE)
    doubt = doubt | np.where(lowest < READABLE, Doubt.UNREADABLE, Doubt.NONE)
    return Intervals(
        row=pulses.row[first],
        begin=pulses.sample[first],
        end=pulses.sample[first + 1],
        rr_s=(pulses.exact[first + 1] - pulses.exact[first]) / pulses.fs_hz,
        doubt=doubt.astype(np.uint8),
        quality=lowest,
        fs_hz=pulses.fs_hz,
        records=pulses.records,
    )


def _same_batch(signal: Floats, pulses: Beats) -> None:
    if len(signal) != pulses.records:
        raise ValueError(f"pulses: of {pulses.records} records, must be of the {len(signal)} records of ppg")
    if len(pulses.sample) and pulses.sample.max() >= signal.shape[1]:
        raise ValueError(f"pulses: at sample {pulses.sample.max()}, must lie within the {signal.shape[1]} of ppg")


def _broken(signal: Floats, pulses: Beats) -> Bools:
    """Return for each pulse but the last whether samples are missing between it and the next."""
    gone = np.isnan(signal)
    if not gone.any():
        return np.zeros(max(0, len(pulses.row) - 1), np.bool_)
    before = np.cumsum(gone, axis=-1)[pulses.row, pulses.sample]
    broken: Bools = np.diff(before) != 0
    return broken


def rate(found: Intervals, quality: Quality, *, samples: int, window_s: float = WINDOW_S) -> PulseRate:
    """Return the pulse rate of each whole window.

    Parameters
    ----------
    found : of `intervals`; an interval belongs to the window in which it ends
    quality : of `quality.ppg`, for the reasons of an unreadable window
    samples : length of the records; window_s : s, at least 5

    Returns
    -------
    PulseRate; the rate is 60 over the mean usable interval (so it counts pulses, in atrial fibrillation too); the
    confidence is the share of the window that usable intervals cover, times their mean quality, less where mean and
    median disagree, as they do when pulses were missed or invented
    """
    if not window_s >= 5:
        raise ValueError(f"window_s: is {window_s!r}, must be at least 5 s")
    length = round(window_s * found.fs_hz)
    windows = samples // length
    shape = (found.records, windows)
    usable = found.normal & (found.end < windows * length)
    cell = (found.row * windows + found.end // length)[usable]
    rr_s, cells = found.rr_s[usable], found.records * windows
    mean = columns.means(rr_s, cell, cells)
    covered = np.minimum(columns.sums(rr_s, cell, cells) / window_s, 1.0)
    trust = covered * np.nan_to_num(columns.means(found.quality[usable], cell, cells))
    trust *= np.nan_to_num(np.clip(2.0 - 2.0 * np.abs(mean / columns.medians(rr_s, cell, cells) - 1.0), 0.0, 1.0))
    readable = (np.bincount(cell, minlength=cells) >= LEAST_INTERVALS) & (covered >= LEAST_COVERED)
    return PulseRate(
        per_min=np.where(readable, 60.0 / mean, np.nan).reshape(shape),
        confidence=np.where(readable, trust, 0.0).reshape(shape),
        reasons=np.where(readable.reshape(shape), 0, _why(quality, shape, length / found.fs_hz)).astype(np.uint16),
        window_s=length / found.fs_hz,
    )


def _why(quality: Quality, shape: tuple[int, int], window_s: float) -> npt.NDArray[np.uint16]:
    """Return what the quality has against each window, SHORT where it has nothing (too few pulses)."""
    said = np.zeros(shape, np.uint16)
    parts = quality.reasons.shape[1]
    starts = np.arange(parts) * quality.window_s
    for part in range(parts):
        first = int(starts[part] / window_s + 1e-9)
        last = int((starts[part] + quality.window_s) / window_s - 1e-9)
        said[:, first : last + 1] |= quality.reasons[:, part, np.newaxis]
    return np.where(said == 0, np.uint16(Reason.SHORT), said)
