"""From the measures of a window to the probability that its beats are right, and to reasons.

A logistic regression on six measures, each limited to what was seen in recordings. Not here: the measures
(`quality_shape`), or what is lost of a window (`quality_faults`). The invariant: more of any measure of badness never
makes the index higher.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.quality_faults import Faults
from alerting.signal.quality_shape import Shape
from alerting.signal.quality_verdict import READABLE, Reason
from alerting.signal.records import Bools, Floats

Words = npt.NDArray[np.uint16]
"""Bits of `Reason`."""

LOST_PER_S: Final = 1.5
"""A second that is lost hides at least one beat: after 0.67 s nothing is certain."""
NAMES: Final = ("disagreement", "rest", "unlikeness", "noise", "drift", "doubtful")
RIVAL: Final = -0.7
"""Something half as large as a beat that is none (log): MOTION, unless the noise explains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Coefficients in the order of `NAMES`: logit = intercept - sum(weight * (measure limited to [good, bad] - good)).

    good : at or below this a measure says nothing against a window; bad : at or above this it says no more
    noisy : fast swings beyond this, a log of beats, are called NOISE; swinging : slow ones beyond this MOTION
    """

    intercept: float
    weight: tuple[float, ...]
    good: tuple[float, ...]
    bad: tuple[float, ...]
    noisy: float
    swinging: float


def measures(shape: Shape) -> Floats:
    """Return the measures of badness, (6, n, w) in the order of `NAMES`; NaN where there are no beats."""
    return np.stack([getattr(shape, name) for name in NAMES])


def judged(shape: Shape, faults: Faults, model: Model) -> tuple[Floats, Words]:
    """Return index (n, w) in [0, 1] and reasons (n, w) uint16."""
    column = (-1, 1, 1)
    good, bad, weight = (np.array(each).reshape(column) for each in (model.good, model.bad, model.weight))
    against = ((np.clip(measures(shape), good, bad) - good) * weight).sum(axis=0)
    heartless = np.isnan(against)
    index = np.where(heartless, 0.0, 1 / (1 + np.exp(against - model.intercept)))
    index *= np.clip(1 - LOST_PER_S * (faults.missing_s + faults.flat_s + faults.clipped_s), 0, 1)
    return index, _named(shape, model, index < READABLE, heartless) | _lost(faults) | _when(
        heartless & (faults.missing_s == 0), Reason.LEAD_OFF
    )


def _named(shape: Shape, model: Model, bad: Bools, heartless: Bools) -> Words:
    """Return what the measures say against the windows that are bad; where they say nothing, beats disagree."""
    with np.errstate(invalid="ignore"):
        noisy = shape.noise > model.noisy
        moving = (shape.drift > model.swinging) | ((shape.rest > RIVAL) & ~noisy)
    beaten = bad & ~heartless
    odd = (shape.disagreement > 0) | (shape.doubtful > 0) | ~(noisy | moving)
    return (
        _when(beaten & noisy, Reason.NOISE)
        | _when(beaten & moving, Reason.MOTION)
        | _when(beaten & odd, Reason.DISAGREEMENT)
    )


def _lost(faults: Faults) -> Words:
    return (
        _when(faults.missing_s > 0, Reason.MISSING)
        | _when(faults.flat_s > 0, Reason.FLAT)
        | _when(faults.clipped_s > 0, Reason.CLIPPED)
    )


def _when(windows: Bools, reason: Reason) -> Words:
    return np.where(windows, np.uint16(reason), np.uint16(0)).astype(np.uint16)
