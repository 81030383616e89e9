"""What is said about the quality of a signal: an index for each window, and why it is low.

Values and nothing more; `quality` makes them. The invariant: windows follow each other without a gap from sample 0 on,
all of them `window_s` long, so window k holds the samples [k * window_s * fs_hz, (k + 1) * window_s * fs_hz).
"""

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.events import Beats
from alerting.signal.records import Bools, Floats

READABLE: Final = 0.5
"""A window of at least this index may be read: its beats are more likely right than not."""


class Reason(IntFlag):
    """Why a window is not as good as it could be; several may hold."""

    NONE = 0
    MISSING = 1
    """Samples are missing."""
    FLAT = 2
    """The signal stands still."""
    CLIPPED = 4
    """The signal is cut off at the end of its range."""
    LEAD_OFF = 8
    """Nothing in it looks like a heart: no sensor on the body, or none that conducts."""
    MOTION = 16
    """Slow, large swings between the beats."""
    NOISE = 32
    """Fast, small swings: muscle, mains, a loose contact."""
    DISAGREEMENT = 64
    """Two ways of finding beats find different ones, or the beats do not look alike."""
    SHORT = 128
    """The record ends within the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The quality of each window of a batch.

    index : (n, w) float64 in [0, 1], the probability that the beats found in the window are right
    reasons : (n, w) uint16 of `Reason` bits; a readable window may carry some too
    window_s : s, length of a window and step from one to the next
    """

    index: Floats
    reasons: npt.NDArray[np.uint16]
    window_s: float

    @property
    def readable(self) -> Bools:
        """(n, w): where the index is at least `READABLE`."""
        return self.index >= READABLE


def at(quality: Quality, beats: Beats) -> Floats:
    """Return the index of the window that each beat lies in, (k,) float64; 0 where it lies in none."""
    if quality.index.shape[0] != beats.records:
        raise ValueError(f"beats: of {beats.records} records, must be of the {quality.index.shape[0]} of quality")
    step = round(quality.window_s * beats.fs_hz)
    window = beats.sample // step
    windows = quality.index.shape[1]
    if windows == 0:
        return np.zeros(len(window))
    inside = (window >= 0) & (window < windows)
    return np.where(inside, quality.index[beats.row, np.clip(window, 0, windows - 1)], 0.0)
