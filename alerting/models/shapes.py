"""The shape of what a vital sign may do to the score: knots by hand, rises between them to be fitted, directions kept.

An effect is a broken line over `knots`, level outside of them and zero at `reference`, where a healthy adult at rest
lies; so a value that is not known has the effect of a normal one. Knots stand where physiology and NEWS2 place them,
not where one data set has its quantiles. `Direction` holds what no data may contradict: less oxygen is never better.
Not here: fitting (`fit`), data (`datasets`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from alerting.signal.records import Floats
from alerting.signal.risk_features import Feature, Signal, Statistic


class Direction(StrEnum):
    """Which way a line may go: any, never down, never up, or never back towards the reference."""

    FREE = "free"
    RISING = "rising"
    FALLING = "falling"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One feature's line before it is fitted; `reference` is one of `knots` where `direction` is AWAY."""

    signal: Signal
    statistic: Statistic
    knots: tuple[float, ...]
    reference: float
    direction: Direction

    @property
    def feature(self) -> Feature:
        """What it looks at."""
        return self.signal, self.statistic

    @property
    def rises(self) -> int:
        """How many numbers are fitted."""
        return len(self.knots) - 1

    def bounds(self) -> tuple[Floats, Floats]:
        """Return the least and greatest of each rise."""
        low, high = np.full(self.rises, -np.inf), np.full(self.rises, np.inf)
        below = np.asarray(self.knots[1:]) <= self.reference
        if self.direction is Direction.AWAY:
            low[~below] = high[below] = 0.0
        elif self.direction is Direction.RISING:
            low[:] = 0.0
        elif self.direction is Direction.FALLING:
            high[:] = 0.0
        return low, high
