"""What a signal must be to be looked at: checked arguments, batches as rows, gaps.

Not here: anything about hearts or lungs. The invariant: `rows` gives (n, samples) of float64 in which only NaN stands
for a missing sample, and never the caller's own array changed.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LARGEST: Final = 1e12
"""No unit of a signal has numbers beyond this; squares of what is beyond would leave the range of single precision."""

BRIDGED_S: Final = 0.05
"""A gap of at most this length is bridged by a straight line; a longer one is a gap."""


def rows(signal: npt.ArrayLike, *, name: str) -> Floats:
    """Return a signal as (n, samples) floats with NaN where a sample is missing.

    Parameters
    ----------
    signal : (samples,) or (n, samples), any real number type; booleans are none
    name : what the caller calls it, for the error's text

    Raises
    ------
    ValueError
        If it has another number of dimensions, holds something else than real numbers, or one beyond `LARGEST`.
    """
    try:
        given = np.asarray(signal)
    except ValueError as error:
        raise ValueError(f"{name}: has records of different lengths, must be (samples,) or (n, samples)") from error
    if given.ndim not in {1, 2}:
        raise ValueError(f"{name}: has {given.ndim} dimensions, must be (samples,) or (n, samples)")
    if given.dtype.kind not in "iuf":
        raise ValueError(f"{name}: holds {given.dtype}, must hold real numbers")
    made = np.atleast_2d(given.astype(np.float64, copy=False))
    low, high = np.fmin.reduce(made, axis=None, initial=0.0), np.fmax.reduce(made, axis=None, initial=0.0)
    if np.isinf(low) or np.isinf(high):
        made = np.where(np.isfinite(made), made, np.nan)
        low, high = np.fmin.reduce(made, axis=None, initial=0.0), np.fmax.reduce(made, axis=None, initial=0.0)
    if max(high, -low) > LARGEST:
        raise ValueError(f"{name}: holds {high if high > -low else low:g}, must lie within {LARGEST:g} of 0")
    return made


def rate(fs_hz: float, *, least: float, most: float, name: str = "fs_hz") -> float:
    """Return a sampling rate that lies in [least, most].

    Raises
    ------
    ValueError
        If it does not, or is not a finite number.
    """
    checked = float(fs_hz)
    if not (math.isfinite(checked) and least <= checked <= most):
        raise ValueError(f"{name}: is {fs_hz!r}, must lie between {least:g} and {most:g} Hz")
    return checked


def missing(signal: Floats) -> Bools:
    """Return where samples are missing, the shape of `signal`."""
    return np.isnan(signal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Missing samples as columns, and where the nearest known ones of the record are.

    row, at : (k,) int64, record and sample; before, after : (k,) int64, samples, -1 and `samples` where there is none
    """

    row: Ints
    at: Ints
    before: Ints
    after: Ints


def gaps(signal: Floats) -> Missing:
    """Return the missing samples of (n, samples)."""
    gone = np.isnan(signal)
    samples = signal.shape[1]
    holed = np.flatnonzero(gone.any(axis=1))
    inside, place = gone[holed], np.arange(samples)
    before = np.maximum.accumulate(np.where(inside, -1, place), axis=1)
    after = np.minimum.accumulate(np.where(inside, samples, place)[:, ::-1], axis=1)[:, ::-1]
    row, at = np.nonzero(inside)
    return Missing(row=holed[row], at=at, before=before[row, at], after=after[row, at])


def straight(signal: Floats, gone: Missing) -> Floats:
    """Return what a straight line across its gap gives each missing sample, (k,).

    At the ends of a record its outermost sample goes on; a record without any is 0.
    """
    left, right = gone.before, gone.after
    samples = signal.shape[1]
    first = np.where(left >= 0, left, np.minimum(right, samples - 1))
    last = np.where(right < samples, right, first)
    low, high = signal[gone.row, first], signal[gone.row, last]
    made: Floats = np.nan_to_num(low + (high - low) * ((gone.at - first) / np.maximum(last - first, 1)))
    return made


def bridged(signal: Floats, fs_hz: float) -> Floats:
    """Return (n, samples) with gaps of at most `BRIDGED_S` filled by a straight line, inside a record only.

    A record without a gap is returned as it is, not copied.
    """
    if not np.isnan(signal).any():
        return signal
    found = gaps(signal)
    short = (found.after - found.before - 1 <= max(1, int(BRIDGED_S * fs_hz))) & (found.before >= 0)
    short &= found.after < signal.shape[1]
    filled = signal.copy()
    filled[found.row[short], found.at[short]] = straight(signal, found)[short]
    return filled
