"""Vitals over time for tests: uneven readings of several stays, drawn from a seed."""

import numpy as np
import numpy.typing as npt

from alerting.signal.series import Course

NOON_S = 1_795_262_400.0
"""A noon in UTC; a whole number of days since 1970, and half of one."""


def uneven(seed: int, counts: tuple[int, ...] = (60, 0, 1, 150), every_s: float = 300.0) -> Course:
    """Return stays of so many readings at uneven times, whole numbers around 80, a tenth of them far off."""
    rng = np.random.default_rng(seed)
    return Course.joined([one(rng, count, every_s) for count in counts])


def one(rng: np.random.Generator, count: int, every_s: float = 300.0) -> Course:
    """Return one stay that ends before noon, with a few long gaps."""
    waits = rng.exponential(every_s, count) * np.where(rng.random(count) < 0.04, 12, 1) + 1
    value = np.round(80 + rng.normal(0, 3, count) + np.where(rng.random(count) < 0.1, 25, 0))
    return Course.of(NOON_S - np.cumsum(waits)[::-1], value, rng.choice([0.25, 0.5, np.nan], count))


def evenly(value: npt.ArrayLike, every_s: float = 300.0) -> Course:
    """Return one stay with these readings, so far apart, the last at noon."""
    given = np.asarray(value, np.float64)
    return Course.of(NOON_S - every_s * np.arange(len(given))[::-1], given)
