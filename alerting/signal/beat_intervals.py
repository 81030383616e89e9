"""Intervals from beat to beat, of R peaks (`ecg_intervals`) or pulses (`ppg`): values and nothing more.

The invariant: an interval has two beats of one record that follow each other; whatever is doubtful about it is marked,
and nothing is filled in or corrected.
"""

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
import numpy.typing as npt

from alerting.signal.records import Bools, Floats, Ints


class Doubt(IntFlag):
    """Why an interval is not one from a normal beat to the next; several may hold."""

    NONE = 0
    ECTOPIC = 1
    """It begins or ends with a ventricular or supraventricular ectopic beat; the ECG alone tells."""
    GAP = 2
    """Samples are missing within it, so beats may be, too."""
    UNREADABLE = 4
    """It lies, at least in part, where the signal cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Intervals as columns, record after record, in order of time within each.

    row : (k,) int64, the record; begin, end : (k,) int64, samples of the two beats; rr_s : (k,) float64, s, > 0
    doubt : (k,) uint8 of `Doubt` bits; quality : (k,) float64, 0-1, the lowest index that it was read at
    fs_hz : Hz, of the samples; records : how many were looked at
    """

    row: Ints
    begin: Ints
    end: Ints
    rr_s: Floats
    doubt: npt.NDArray[np.uint8]
    quality: Floats
    fs_hz: float
    records: int

    @property
    def normal(self) -> Bools:
        """(k,): normal to normal (NN): without any doubt."""
        return np.equal(self.doubt, Doubt.NONE)

    def where(self, these: Bools) -> "Intervals":
        """Return only some of them, (k,) bool."""
        return Intervals(
            row=self.row[these],
            begin=self.begin[these],
            end=self.end[these],
            rr_s=self.rr_s[these],
            doubt=self.doubt[these],
            quality=self.quality[these],
            fs_hz=self.fs_hz,
            records=self.records,
        )
