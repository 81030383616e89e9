"""Beats and pulses as columns: which record, which sample. A value and nothing more."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from alerting.signal.records import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """Moments found in a batch of records, record after record, in order of time within each.

    row : (k,) int64, the record; sample : (k,) int64, index along the last axis, strictly rising within a record
    fs_hz : Hz, of the samples; records : how many records were looked at, those without a beat too
    shift : (k,) float64, in samples, -0.5 to 0.5: where between samples the moment lies; None where that is not known
    """

    row: Ints
    sample: Ints
    fs_hz: float
    records: int
    shift: Floats | None = None

    @classmethod
    def of(cls, sample: Ints, fs_hz: float) -> Self:
        """Return the beats of one record."""
        found = np.asarray(sample, np.int64)
        return cls(row=np.zeros(len(found), np.int64), sample=found, fs_hz=fs_hz, records=1)

    @property
    def exact(self) -> Floats:
        """(k,) float64: the moments in samples, as exactly as they are known."""
        return self.sample.astype(np.float64) if self.shift is None else self.sample + self.shift

    @property
    def offsets(self) -> Ints:
        """(records + 1,) int64: record i owns [offsets[i], offsets[i + 1])."""
        return np.searchsorted(self.row, np.arange(self.records + 1)).astype(np.int64)

    def split(self) -> list[Ints]:
        """Return the samples of each record, (k_i,) int64 each."""
        return np.split(self.sample, self.offsets[1:-1])
