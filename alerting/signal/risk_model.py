"""The weights of the deterioration score as values: broken lines, an intercept, and what an unknown signal could do.

A score is `1 / (1 + exp(-logit))`, the logit is the intercept and one term for each effect: the height of a broken
line at the feature's value, zero where the feature is not known. There is nothing else in a model, so whoever reads the
file of weights has read the model. Not here: the file (`alerting.models.deterioration`), fitting (`alerting.models`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from alerting.signal.records import Floats
from alerting.signal.risk_features import Feature, Signal, Statistic, allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one feature adds to the logit: a broken line through (`knots`, `heights`), level beyond its ends.

    knots : strictly rising, the signal's unit; heights : logits, one for each knot
    """

    signal: Signal
    statistic: Statistic
    knots: tuple[float, ...]
    heights: tuple[float, ...]

    @property
    def feature(self) -> Feature:
        """What it looks at."""
        return self.signal, self.statistic

    def at(self, value: Floats) -> Floats:
        """Return the term for each value, 0 where it is NaN."""
        return np.where(np.isnan(value), 0.0, np.interp(value, self.knots, self.heights))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a signal's terms together added in nine of ten rows of the training data in which it was known: logits."""

    signal: Signal
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A whole model; make it by `of`, which checks it."""

    intercept: float
    effects: tuple[Effect, ...]
    reaches: tuple[Reach, ...]

    @classmethod
    def of(cls, intercept: float, effects: Sequence[Effect], reaches: Sequence[Reach]) -> Self:
        """Return a model.

        Raises
        ------
        ValueError
            If a feature is twice or impossible, a line has no two rising knots or other numbers of heights, a number
            is not finite, or the reaches are not those of the signals.
        """
        features = [effect.feature for effect in effects]
        if len(set(features)) < len(features):
            raise ValueError(f"effects: a feature is named twice in {[' '.join(each) for each in features]}")
        for effect in effects:
            _check_effect(effect)
        signals = tuple(dict.fromkeys(effect.signal for effect in effects))
        if sorted(reach.signal for reach in reaches) != sorted(signals):
            raise ValueError(f"reaches: must be one for each of {[signal.value for signal in signals]}")
        wrong = [
            reach for reach in reaches if not (np.isfinite([reach.low, reach.high]).all() and reach.low <= reach.high)
        ]
        if wrong or not np.isfinite(intercept):
            raise ValueError(f"reaches, intercept: must be finite and low <= high, are {wrong or intercept}")
        by_signal = {reach.signal: reach for reach in reaches}
        return cls(
            intercept=float(intercept), effects=tuple(effects), reaches=tuple(by_signal[signal] for signal in signals)
        )

    @property
    def signals(self) -> tuple[Signal, ...]:
        """The signals in the order of their first effects."""
        return tuple(reach.signal for reach in self.reaches)


def _check_effect(effect: Effect) -> None:
    name = f"{effect.signal} {effect.statistic}"
    if not allowed(effect.feature):
        raise ValueError(f"{name}: no such feature")
    if len(effect.knots) < 2 or len(effect.knots) != len(effect.heights):
        raise ValueError(f"{name}: has {len(effect.knots)} knots and {len(effect.heights)} heights")
    if not np.isfinite([*effect.knots, *effect.heights]).all() or (np.diff(effect.knots) <= 0).any():
        raise ValueError(f"{name}: knots must rise, and all numbers be finite; they are {effect.knots}")
