"""What a soak is judged by: whether a figure grew, beside its own noise. Pure.

The invariant: a figure is flat or it is not by numbers that are printed beside the judgement.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.figures import row

_SIGMA = 1.4826  # from a median absolute deviation to a standard deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How a figure went: `growth` is what its robust slope comes to over the time that is judged.

    It is flat while that is less than `allowed`, or less than twice the `noise` (standard deviation about the slope):
    what could as well be chance.
    """

    name: str
    median: float
    per_hour: float
    growth: float
    noise: float
    allowed: float

    @property
    def flat(self) -> bool:
        """Whether it did not grow."""
        return self.growth <= max(self.allowed, 2 * self.noise)

    def line(self) -> str:
        """Return it as a line of a table."""
        said = "flat" if self.flat else "**grows**"
        return row(self.name, self.median, self.per_hour, self.growth, self.noise, self.allowed, said)


HEAD = ("figure", "median", "slope an hour", "growth over the time judged", "noise", "allowed", "")


def drift(name: str, minutes: Sequence[float], values: Sequence[float], allowed: float, share: float = 0.0) -> Drift:
    """Return how a figure drifted, by the median of the slopes between all pairs of minutes (Theil 1950, Sen 1968).

    Parameters
    ----------
    minutes, values : (n,), n >= 2, minutes rising
    allowed, share : it may grow by so much, or by this share of its median, whichever is more
    """
    at, value = np.array(minutes, np.float64), np.array(values, np.float64)
    first, second = np.triu_indices(len(at), 1)
    slope = float(np.median((value[second] - value[first]) / (at[second] - at[first])))
    left = value - slope * at
    noise = float(np.median(np.abs(left - np.median(left)))) * _SIGMA
    middle = float(np.median(value))
    return Drift(
        name=name,
        median=middle,
        per_hour=slope * 60,
        growth=slope * float(at[-1] - at[0]),
        noise=noise,
        allowed=max(allowed, share * middle),
    )
