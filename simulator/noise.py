"""Randomness that can be asked for at any instant, in any order: a counter-based generator and smooth noise from it.

Holds no state and does no IO. The invariant: a value depends on (seed, stream, index or time) alone, so a
restart, another speed or another chunking gives the same numbers.
"""

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9
_SECOND: Final = 0x94D049BB133111EB
_OCTAVES: Final = ((0.25, 0.35), (1.0, 0.65), (4.0, 0.68))  # knot distance in time constants, share of the amplitude


class Stream(IntEnum):
    """What a random number is for; one stream never disturbs another. Numbers are part of a seed's meaning."""

    HEART_RATE = 1
    RESP_RATE = 2
    SPO2 = 3
    PRESSURE = 4
    DIASTOLIC = 5
    TEMPERATURE = 6
    RHYTHM = 7
    SLEEP = 8
    BOUT = 9
    BOUT_START = 10
    BOUT_LENGTH = 11
    BOUT_EFFORT = 12
    DROPOUT = 13
    QUALITY = 14
    PHASE = 15
    WEIGHT = 16
    GLUCOSE = 17
    FAULT = 20  # and the following, one for each switch
    BREATH = 30
    DEPTH = 31
    BEAT = 32
    ECTOPY = 33
    MAYER = 34
    STAGE = 35
    POSTURE = 36
    FORM = 37
    FLUTTER = 38
    MUSCLE = 40  # and the following, one for each channel
    SHAKE = 60  # likewise
    BASELINE = 80  # likewise
    OWN = 92
    ARRIVAL = 93
    DIP = 94
    VARIETY = 120  # and the following, one for each vital sign
    SENSOR = 100  # plus the code of the kind


def _mixed(value: int) -> int:
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * _FIRST) & _MASK
    value = ((value ^ (value >> 27)) * _SECOND) & _MASK
    return value ^ (value >> 31)


def _bits(seed: int, stream: int, index: Ints) -> npt.NDArray[np.uint64]:
    base = np.uint64(_mixed(_mixed(seed & _MASK) ^ stream))
    mixed = index.astype(np.uint64) * np.uint64(_GOLDEN) + base
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_FIRST)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
    return mixed ^ (mixed >> np.uint64(31))


def uniform(seed: int, stream: int, index: Ints) -> Floats:
    """Draw numbers in [0, 1), one for each counter.

    Parameters
    ----------
    seed, stream
        Which sequence.
    index
        (n,) int64, counters.

    Returns
    -------
    (n,) float64

    Notes
    -----
    The mixing function is that of SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
    """
    return (_bits(seed, stream, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(seed: int, stream: int, index: Ints) -> Floats:
    """Draw nearly normal numbers: mean 0, variance 1, never outside ±3.47.

    The sum of four uniform numbers of 16 bits (Irwin-Hall); bounded, because a body has no six-sigma second.
    """
    bits = _bits(seed, stream, index)
    low = np.uint64(0xFFFF)
    total = (bits & low) + (bits >> np.uint64(16) & low) + (bits >> np.uint64(32) & low) + (bits >> np.uint64(48))
    drawn: Floats = (total.astype(np.float64) / 65536.0 - (2.0 - 2.0 / 65536.0)) * 3.0**0.5
    return drawn


def drift(seed: int, stream: int, t_s: Floats, knot_s: float) -> Floats:
    """Interpolate smoothly between random knots `knot_s` seconds apart: mean 0, variance 1 at every instant."""
    position = t_s / knot_s
    knot = np.floor(position).astype(np.int64)
    part = position - knot
    weight = part * part * (3.0 - 2.0 * part)
    mixed = normal(seed, stream, knot) * (1.0 - weight) + normal(seed, stream, knot + 1) * weight
    return np.asarray(mixed / np.sqrt((1.0 - weight) ** 2 + weight**2), dtype=np.float64)


def wander(seed: int, stream: int, t_s: Floats, tau_s: float) -> Floats:
    """Give variation with the time constant `tau_s`: mean 0, variance 1, forgotten after some time constants.

    Notes
    -----
    Stands for an Ornstein-Uhlenbeck process, whose value would depend on all earlier ones: three octaves of
    `drift` have nearly its correlation, and can be asked for at any instant.
    """
    total = np.zeros_like(t_s)
    for octave, (stretch, share) in enumerate(_OCTAVES):
        total += share * drift(seed, stream + 1000 * (octave + 1), t_s, stretch * tau_s)
    return total


def own(seed: int, which: int, spread: float) -> float:
    """Return a factor of this person's own, around 1: log-normal with this spread; `which` tells what for."""
    return float(np.exp(spread * normal(seed, Stream.OWN, np.array([which])))[0])


def smooth_step(x: Floats) -> Floats:
    """Rise from 0 (`x` <= 0) to 1 (`x` >= 1) with level ends."""
    inside = np.clip(x, 0.0, 1.0)
    return np.asarray(inside * inside * (3.0 - 2.0 * inside), dtype=np.float64)
