"""What the pipeline counts of its work since it started. Pure: who tells it to whom is no matter of its own."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ward.figures import AGE, WAY, WORK, Spread
from ward.store.columns import Column


@dataclass(frozen=True, slots=True)
class Delays:
    """How long it took: a batch to be stored, a message from its arrival, a reading from its measuring."""

    batch: Spread = field(default_factory=lambda: Spread(WORK))
    received: Spread = field(default_factory=lambda: Spread(WAY))
    measured: Spread = field(default_factory=lambda: Spread(AGE))

    def committed(self, measured_us: Column, received_us: Column, now_us: int) -> None:
        """Count the readings of a batch that was stored at `now_us`; times are microseconds since 1970."""
        if not len(measured_us):
            return
        for spread, since_us in ((self.received, received_us), (self.measured, measured_us)):
            ages_s = np.maximum(0.0, (now_us - since_us) / 1e6)
            places = np.searchsorted(spread.edges, ages_s)
            spread.add_all(np.bincount(places, minlength=len(spread.counts)).tolist(), float(ages_s.sum()))


@dataclass(slots=True)
class Counters:
    """What the pipeline has done since it started."""

    messages: int = 0
    stored: int = 0
    repeated: int = 0
    commits: int = 0
    rejected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    store_down_since: datetime | None = None
    delays: Delays = field(default_factory=Delays)
