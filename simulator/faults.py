"""What can go wrong between sensor and network: drop, delay, duplicate, reorder, skew. Pure and seeded.

Does not break connections (that is done to the real ones). The invariant: with all switches at rest, what comes
in goes out unchanged; a fate depends on (seed, kind, instant) alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from simulator.device import Sample
from simulator.noise import Stream, uniform
from ward.errors import ConfigError
from ward.vitals import VITALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Switches. Shares are 0 to 1 of the samples, in a fleet (`fleet.chaos`) of the messages.

    `delay_s` is the longest time a delayed sample is held back (of simulated time); a reordered sample is held
    back until a few later ones have passed. `skew` is added to every measured time: the device's clock is wrong.
    A fleet alone knows `skewed` and `flood`, shares of the devices, and `cut`, of the messages.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    delay_s: float = 60.0
    reorder: float = 0.0
    skew: timedelta = timedelta(0)
    skewed: float = 1.0
    cut: float = 0.0
    flood: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1."""
        for name in ("drop", "duplicate", "delay", "reorder", "skewed", "cut", "flood"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected a share from 0 to 1")


NONE = Faults()
_REORDER_S = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A sample, and when it leaves the sensor for the buffer (s of simulated time)."""

    at_s: float
    sample: Sample


def pass_through(faults: Faults, seed: int, samples: Sequence[Sample]) -> list[Released]:
    """Return what becomes of samples, in order of release."""
    released: list[Released] = []
    for sample in samples:
        fate = [_chance(seed, which, sample) for which in range(5)]
        if fate[0] < faults.drop:
            continue
        held_s = 0.0
        if fate[1] < faults.delay:
            held_s += faults.delay_s * fate[4]
        if fate[2] < faults.reorder:
            held_s += _REORDER_S
        copies = 2 if fate[3] < faults.duplicate else 1
        released.extend(Released(at_s=sample.t_s + held_s, sample=sample) for _ in range(copies))
    return sorted(released, key=lambda each: each.at_s)


def _chance(seed: int, which: int, sample: Sample) -> float:
    counter = np.array([round(sample.t_s * 1000)])
    return float(uniform(seed, Stream.FAULT + which + 1000 * VITALS[sample.kind].code, counter)[0])
