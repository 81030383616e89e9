"""How long each class of data is kept. Pure: says how long, deletes nothing.

The invariant: aggregates outlive the readings that they stand for, and a reading may not be old enough to go when it
comes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Kept(StrEnum):
    """The classes of data that have a time of their own."""

    READINGS = "readings"
    AGGREGATES = "aggregates"
    WAVEFORMS = "waveforms"
    QUARANTINE = "quarantine"


class Days(Protocol):
    """What is asked of the settings: days, 0 for ever."""

    @property
    def keep_readings_days(self) -> int:
        """Readings as they came."""

    @property
    def keep_aggregates_days(self) -> int:
        """Aggregates of readings."""

    @property
    def keep_waveforms_days(self) -> int:
        """Blocks of waveforms."""

    @property
    def keep_quarantine_days(self) -> int:
        """What was refused."""

    @property
    def compress_after_days(self) -> int:
        """When a day of readings is compressed, where the store can; 0: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long each class is kept, and when readings are compressed; None: for ever, never."""

    readings: timedelta | None
    aggregates: timedelta | None
    waveforms: timedelta | None
    quarantine: timedelta | None
    compress_after: timedelta | None

    @classmethod
    def of(cls, days: Days) -> "Keep":
        """Take the times out of the settings, which have checked that they go together."""
        return cls(
            readings=_span(days.keep_readings_days),
            aggregates=_span(days.keep_aggregates_days),
            waveforms=_span(days.keep_waveforms_days),
            quarantine=_span(days.keep_quarantine_days),
            compress_after=_span(days.compress_after_days),
        )

    def cutoff(self, kept: Kept, now: datetime) -> datetime | None:
        """Return before when data of a class are to go; None when never."""
        spans = {
            Kept.READINGS: self.readings,
            Kept.AGGREGATES: self.aggregates,
            Kept.WAVEFORMS: self.waveforms,
            Kept.QUARANTINE: self.quarantine,
        }
        span = spans[kept]
        return None if span is None else now - span


def _span(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None
