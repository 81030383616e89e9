"""Samples at uneven times (a camera's frames, a wearable's packets) onto an even grid.

Not here: filtering; what is between two samples is a smooth curve through them, nothing more. The invariant: the grid
is the multiples of 1/fs_hz from the time origin, so a stretch resampled alone agrees with the same stretch of a longer
record (but for its outermost steps), and no value is made up across a gap.

Source: cubic Hermite curve with the slopes of the three-point difference for uneven steps (Fritsch & Carlson 1980,
doi:10.1137/0717021, name the family); two neighbours on each side, so that a frame has no say far away.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicHermiteSpline

from alerting.signal.records import BRIDGED_S, Floats, rate, rows

LEAST_HZ: Final = 1.0
MOST_HZ: Final = 1000.0
MOST_SAMPLES: Final = 100_000_000
"""A grid of more, over a day at `MOST_HZ`, is a time in another unit rather than a recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Even:
    """Channels on an even grid.

    value : (channels, samples) float64, NaN in gaps; start_s : s, the time of the first sample, a multiple of 1/fs_hz
    """

    value: Floats
    start_s: float
    fs_hz: float


def even(t_s: npt.ArrayLike, value: npt.ArrayLike, fs_hz: float) -> Even:
    """Return the channels at the multiples of 1/fs_hz between the first and the last sample.

    Parameters
    ----------
    t_s : (samples,) s, strictly rising, finite
    value : (samples,) or (channels, samples); NaN and infinities are missing samples
    fs_hz : Hz, 1 to 1000; not far above the rate at which the samples come

    Returns
    -------
    Even; NaN where the step over the place is longer than the usual (median) step plus `records.BRIDGED_S`

    Raises
    ------
    ValueError
        If times are not finite and strictly rising, are not as many as the values, or lie too far apart.
    """
    channels, step_hz = rows(value, name="value"), rate(fs_hz, least=LEAST_HZ, most=MOST_HZ)
    time = _times(t_s, channels.shape[1])
    if len(time) < 2:
        return Even(value=np.full((len(channels), 0), np.nan), start_s=0.0, fs_hz=step_hz)
    first, last = int(np.ceil(time[0] * step_hz - 1e-9)), int(np.floor(time[-1] * step_hz + 1e-9))
    if last - first >= MOST_SAMPLES:
        raise ValueError(f"t_s: spans {time[-1] - time[0]:g} s, must be at most {MOST_SAMPLES / step_hz:g} s")
    grid = np.arange(first, last + 1) / step_hz
    longest = float(np.median(np.diff(time))) + BRIDGED_S
    made = np.stack([_curve(time, channel, grid, longest) for channel in channels])
    return Even(value=made, start_s=first / step_hz, fs_hz=step_hz)


def _times(t_s: npt.ArrayLike, samples: int) -> Floats:
    time = np.asarray(t_s, np.float64)
    if time.shape != (samples,):
        raise ValueError(f"t_s: has shape {time.shape}, must be ({samples},), one time for each sample")
    if not np.isfinite(time).all():
        raise ValueError("t_s: holds a time that is not finite, must be seconds")
    if (np.diff(time) <= 0).any():
        at = int(np.argmax(np.diff(time) <= 0))
        raise ValueError(f"t_s: {time[at + 1]!r} follows {time[at]!r}, must rise strictly")
    return time


def _curve(time: Floats, value: Floats, grid: Floats, longest: float) -> Floats:
    """Return one channel on the grid; pieces between gaps are curves of their own."""
    known = np.isfinite(value)
    time, value = time[known], value[known]
    made = np.full(len(grid), np.nan)
    for piece in np.split(np.arange(len(time)), np.flatnonzero(np.diff(time) > longest) + 1):
        inside = slice(*np.searchsorted(grid, (time[piece[0]] - 1e-9, time[piece[-1]] + 1e-9))) if len(piece) else None
        if inside is None or len(piece) < 2:
            continue
        t, v = time[piece], value[piece]
        made[inside] = CubicHermiteSpline(t, v, np.gradient(v, t))(grid[inside])
    return made
