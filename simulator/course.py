"""The course of an illness or of a failing device: what is added to whom, when. Pure values and one function.

Does not know any physiology. The invariant: between two points a course is monotone, and nothing jumps
except where two points stand at the same second.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from simulator.noise import Floats, smooth_step


class Target(StrEnum):
    """What a course may change; the words of the scenario files.

    Of the rhythm: `atrial_fibrillation` and `ventricular_run` are there from 0.5 on, `ventricular_ectopy` is the share
    of beats. None of them changes how fast the heart beats in the mean: that is `heart_rate`.
    """

    HEART_RATE = "heart_rate"
    RESP_RATE = "resp_rate"
    SPO2 = "spo2"
    SYSTOLIC = "systolic"
    TEMPERATURE = "temperature"
    ACTIVITY = "activity"
    WEIGHT = "weight"
    CONSCIOUSNESS = "consciousness"
    OXYGEN_FLOW = "oxygen_flow"
    ATRIAL_FIBRILLATION = "atrial_fibrillation"
    VENTRICULAR_ECTOPY = "ventricular_ectopy"
    VENTRICULAR_RUN = "ventricular_run"
    SENSOR_NOISE = "sensor_noise"
    SENSOR_DROPOUT = "sensor_dropout"
    BATTERY = "battery"
    POWER = "power"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changes: `points` are (seconds after the start of the course, added value), in order."""

    target: Target
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A story: it starts `starts_after_s` into the simulation, and begins again every `repeats_after_s`."""

    starts_after_s: float = 0.0
    repeats_after_s: float | None = None
    changes: tuple[Change, ...] = ()


QUIET = Course()


def added(course: Course, target: Target, t_s: Floats) -> Floats:
    """Return what the course adds to `target`.

    Parameters
    ----------
    course, target
        Which story, and of what.
    t_s
        (n,) float64, seconds since the start of the simulation.

    Returns
    -------
    (n,) float64, in the unit of the target; 0 before the start and for what the course does not change.
    """
    total = np.zeros_like(t_s)
    for change in course.changes:
        if change.target is target:
            total += _along(change.points, _since_start(course, t_s))
    return total


def _since_start(course: Course, t_s: Floats) -> Floats:
    since = t_s - course.starts_after_s
    if course.repeats_after_s is None:
        return since
    return np.where(since < 0, since, np.mod(since, course.repeats_after_s))


def _along(points: tuple[tuple[float, float], ...], since_s: Floats) -> Floats:
    value = np.zeros_like(since_s)
    level, at_s = 0.0, 0.0
    for point_s, point_level in points:
        span = max(point_s - at_s, 1e-9)
        value += (point_level - level) * smooth_step((since_s - at_s) / span)
        level, at_s = point_level, point_s
    return value
