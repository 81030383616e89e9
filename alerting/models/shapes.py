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
    """Which way a line may go; AWAY: rising on both sides of the reference; LOW_IS_WORSE: below it, and free above."""

    FREE = "free"
    RISING = "rising"
    FALLING = "falling"
    AWAY = "away"
    LOW_IS_WORSE = "low_is_worse"


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
            low[~below] = 0.0
        if self.direction in {Direction.AWAY, Direction.LOW_IS_WORSE}:
            high[below] = 0.0
        if self.direction is Direction.RISING:
            low[:] = 0.0
        if self.direction is Direction.FALLING:
            high[:] = 0.0
        return low, high


_LEVELS: Final = (
    Statistic.LAST,
    Statistic.RECENT_MEAN,
    Statistic.RECENT_LOWEST,
    Statistic.RECENT_HIGHEST,
    Statistic.DAY_MEAN,
)
_OF_RATIOS: Final = (Statistic.LAST, Statistic.RECENT_MEAN, Statistic.DAY_MEAN)


def _level(signal: Signal, reference: float, direction: Direction, *knots: float) -> tuple[Shape, ...]:
    """Return one line for each statistic of a signal's level, all over the same knots."""
    ratio = signal in {Signal.SHOCK_INDEX, Signal.OXYGENATION}
    return tuple(
        Shape(signal=signal, statistic=statistic, knots=knots, reference=reference, direction=direction)
        for statistic in (_OF_RATIOS if ratio else _LEVELS)
    )


def _spread(signal: Signal, *knots: float) -> Shape:
    """Return the line of a day's spread: none is the reference, and more is never better."""
    return Shape(
        signal=signal, statistic=Statistic.DAY_SPREAD, knots=(0.0, *knots), reference=0.0, direction=Direction.RISING
    )


def _change(signal: Signal, *knots: float) -> Shape:
    """Return the line of the last value less the day's mean: a rise is never better."""
    return Shape(signal=signal, statistic=Statistic.CHANGE, knots=knots, reference=0.0, direction=Direction.RISING)


SHAPES: Final = (
    *_level(Signal.HEART_RATE, 75, Direction.AWAY, 40, 50, 60, 75, 90, 100, 110, 120, 130, 150),
    _spread(Signal.HEART_RATE, 4, 8, 12, 16, 20),
    *_level(Signal.RESP_RATE, 16, Direction.AWAY, 8, 10, 12, 14, 16, 18, 20, 22, 24, 27, 30, 35),
    _spread(Signal.RESP_RATE, 2, 4, 6, 8),
    # No spread of SpO2: with it, a lower value could make the day look steadier, and better.
    *_level(Signal.SPO2, 97, Direction.FALLING, 80, 85, 88, 90, 92, 94, 96, 98, 100),
    *_level(Signal.TEMPERATURE, 36.8, Direction.AWAY, 35, 35.5, 36, 36.4, 36.8, 37.2, 37.6, 38, 38.5, 39, 39.5),
    _spread(Signal.TEMPERATURE, 0.2, 0.4, 0.6, 0.8, 1.2),
    *_level(Signal.MEAN_PRESSURE, 85, Direction.LOW_IS_WORSE, 45, 55, 60, 65, 70, 75, 80, 85, 90, 100, 110, 120),
    _spread(Signal.MEAN_PRESSURE, 5, 10, 15, 20),
    *_level(Signal.PULSE_PRESSURE, 50, Direction.FREE, 15, 25, 30, 35, 40, 45, 50, 60, 70, 80, 100),
    _spread(Signal.PULSE_PRESSURE, 5, 10, 15, 20),
    *_level(Signal.SHOCK_INDEX, 0.6, Direction.RISING, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.4),
    *_level(Signal.CONSCIOUSNESS, 0, Direction.RISING, 0, 1, 2, 3, 4),
    _change(Signal.CONSCIOUSNESS, -3, -2, -1, 0, 1, 2, 3),
    *_level(Signal.OXYGEN, 21, Direction.RISING, 21, 30, 40, 50, 60, 80, 100),
    # No spread of oxygen: weaning is a good sign and needing more a bad one, which only the change can tell.
    _change(Signal.OXYGEN, -50, -30, -20, -10, 0, 10, 20, 30),
    *_level(Signal.OXYGENATION, 4.6, Direction.FALLING, 0.8, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 4.6),
    Shape(
        signal=Signal.AGE,
        statistic=Statistic.LAST,
        knots=(20, 30, 40, 50, 60, 65, 70, 75, 80, 85, 90),
        reference=65,
        direction=Direction.RISING,
    ),
)
"""The reference of each signal is what a healthy adult of 65 at rest has on room air."""
