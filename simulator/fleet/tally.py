"""What has been counted of a fleet, in so little memory that a month of it is no more than a minute. Pure.

Latencies are kept in cells one per cent wide. The invariant: all that was sent is acknowledged, given up or waiting.
"""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

_CELLS: Final = 100  # for each factor of e


@dataclass(slots=True)
class Latencies:
    """A distribution of times; percentiles of it are true to half a per cent."""

    cells: Counter[int] = field(default_factory=Counter)

    def add(self, seconds: float) -> None:
        """Count one; less than a microsecond counts as that."""
        self.cells[round(math.log(max(seconds, 1e-6)) * _CELLS)] += 1

    def count(self) -> int:
        """Return how many there are."""
        return self.cells.total()

    def percentile_ms(self, rank: float) -> float | None:
        """Return the nearest-rank percentile in ms, None of nothing."""
        wanted = math.ceil(self.count() * rank / 100)
        for cell in sorted(self.cells):
            wanted -= self.cells[cell]
            if wanted <= 0:
                return round(math.exp(cell / _CELLS) * 1e3, 3)
        return None

    def __add__(self, other: "Latencies") -> "Latencies":
        """Return both together."""
        return Latencies(self.cells + other.cells)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a fleet has counted.

    Readings: `measured`; of them `dropped` were never sent; `readings` were sent, of them `copies` again on purpose;
    and `readings_acknowledged`. Messages: `sent` and `acknowledged`, `delayed`, `reordered`; `repeated` on a new
    connection; `shed` because a device's memory was full; `refused` by an answer on the rejects topic. `turned_away`
    are devices that were not let in, `ill` counts each time that somebody fell ill. `late` is how far behind its own
    clock the fleet was.
    """

    measured: int = 0
    dropped: int = 0
    sent: int = 0
    acknowledged: int = 0
    readings: int = 0
    readings_acknowledged: int = 0
    copies: int = 0
    delayed: int = 0
    reordered: int = 0
    repeated: int = 0
    refused: int = 0
    shed: int = 0
    connections: int = 0
    lost_connections: int = 0
    turned_away: int = 0
    ill: int = 0
    puback: Latencies = field(default_factory=Latencies)
    late: Latencies = field(default_factory=Latencies)
