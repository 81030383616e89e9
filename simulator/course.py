"""The course of an illness or of a failing device: what is added to whom, when. Pure values and one function.

Does not know any physiology, and of medicines only that they take away and add (`drugs`). The invariant: between two
points a course is monotone, and nothing jumps except where two points stand at the same second.
"""

from dataclasses import dataclass

import numpy as np

from simulator.drugs import Dose, added_by, left_by
from simulator.noise import Floats, smooth_step
from simulator.targets import Target

__all__ = ["QUIET", "Change", "Course", "Target", "added"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changes: `points` are (seconds after the start of the course, added value), in order."""

    target: Target
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A story: it starts `starts_after_s` into the simulation, and begins again every `repeats_after_s`.

    `doses` are what is given against it; with the story they begin again.
    """

    starts_after_s: float = 0.0
    repeats_after_s: float | None = None
    changes: tuple[Change, ...] = ()
    doses: tuple[Dose, ...] = ()


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
    if course.doses:
        since_s = _since_start(course, t_s)
        own = added_by(course.doses, target, since_s)
        return np.asarray(total * left_by(course.doses, target, since_s) + own, dtype=np.float64)
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
