"""Posture and movement: what an accelerometer on the chest feels, and how a sensor is shaken. Pure.

Bouts of activity are those of the vital signs (`physiology`). The invariant: a posture is one of
(body, instant) alone.
"""

from enum import IntEnum
from typing import Final

import numpy as np

from simulator.noise import Floats, Ints, Stream, drift, normal, uniform
from simulator.physiology import Body
from simulator.waves.breaths import lungs
from simulator.waves.seconds import along

G: Final = 9.80665  # m/s2
STEPS_HZ: Final = 1.7  # of an old person at home; ours
_TURNS_S: Final = 2700.0  # between two looks at whether a sleeper turns
_SITS_S: Final = 1800.0
_NOISE: Final = 0.02
_STANDS: Final = 0.03  # of activity


class Posture(IntEnum):
    """How the trunk lies."""

    SUPINE = 0
    LEFT = 1
    RIGHT = 2
    SITTING = 3
    STANDING = 4


# Gravity in the frame of the chest: x to the left, y to the head, z forwards.
_GRAVITY: Final = np.array([(0, 0, 1), (-1, 0, 0.1), (1, 0, 0.1), (0, 0.94, 0.34), (0, 1, 0.05)])


def posture_at(body: Body, t_s: Floats) -> Ints:
    """Return the posture at instants in rising order, (n,) int64 of `Posture`."""
    moves, sleeps = along(body, "activity", t_s), along(body, "asleep", t_s)
    night: Ints = np.floor(t_s / _TURNS_S).astype(np.int64)
    day: Ints = np.floor(t_s / _SITS_S).astype(np.int64)
    side = np.floor(3 * uniform(body.seed, Stream.POSTURE, night)).astype(np.int64)
    sits = uniform(body.seed, Stream.POSTURE + 1000, day) < 0.3 + 0.6 * body.baseline.mobility
    awake = np.where(sits, Posture.SITTING, Posture.SUPINE)
    resting = np.where(sleeps > 0.5, side, awake)
    return np.where(moves > _STANDS, Posture.STANDING, resting).astype(np.int64)


def shaken(body: Body, which: int, t_s: Floats) -> Floats:
    """Return how movement shakes a sensor, (n,): 0 at rest, of the order of 1 in full effort; `which` sensor."""
    moves = along(body, "activity", t_s)
    steps = np.sin(2 * np.pi * STEPS_HZ * t_s + 2.0 * drift(body.seed, Stream.SHAKE + which, t_s, 3.0))
    jerks = drift(body.seed, Stream.SHAKE + 1000 + which, t_s, 0.25)
    return np.asarray(moves * (0.5 * steps + 0.8 * jerks), dtype=np.float64)


def acceleration(body: Body, axis: str, first: int, count: int, fs_hz: float) -> Floats:
    """Return samples of an accelerometer on the chest, (count,) float64, m/s2; `axis` x, y, z or magnitude."""
    t_s = (first + np.arange(count)) / fs_hz
    if axis == "magnitude":
        parts = [acceleration(body, each, first, count, fs_hz) for each in "xyz"]
        return np.asarray(np.sqrt(sum(each**2 for each in parts)), dtype=np.float64)
    which = "xyz".index(axis)
    still = G * _GRAVITY[posture_at(body, t_s), which]
    noise = _NOISE * normal(body.seed, Stream.MUSCLE + 10 + which, first + np.arange(count))
    breath = 0.05 * lungs(body, t_s) * (axis == "z")
    return np.asarray(still + breath + 3.0 * shaken(body, 10 + which, t_s) + noise, dtype=np.float64)
