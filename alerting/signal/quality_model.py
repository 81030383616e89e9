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
from alerting.signal.records import Floats

LOST_PER_S: Final = 1.5
"""A second that is lost hides at least one beat: after 0.67 s nothing is certain."""
NAMES: Final = ("disagreement", "rest", "unlikeness", "noise", "drift", "spread")
_REASON: Final = (
    Reason.DISAGREEMENT,
    Reason.MOTION,
    Reason.DISAGREEMENT,
    Reason.NOISE,
    Reason.MOTION,
    Reason.MOTION,
)
SHARE: Final = 0.25
"""A measure is named as a reason where it makes up this part of what is wrong with a window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Coefficients in the order of `NAMES`: logit = intercept - sum(weight * (measure limited to [good, bad] - good)).

    good : at or below this a measure says nothing against a window; bad : at or above this it says no more
    """

    intercept: float
    weight: tuple[float, ...]
    good: tuple[float, ...]
    bad: tuple[float, ...]


def measures(shape: Shape) -> Floats:
    """Return the measures of badness, (6, n, w) in the order of `NAMES`; NaN where there are no beats."""
    return np.stack(
        (1 - shape.agreement, shape.rest, shape.unlikeness, shape.noise, shape.drift, shape.spread),
    )


def judged(shape: Shape, faults: Faults, model: Model) -> tuple[Floats, npt.NDArray[np.uint16]]:
    """Return index (n, w) in [0, 1] and reasons (n, w)."""
    column = (-1, 1, 1)
    good, bad = np.array(model.good).reshape(column), np.array(model.bad).reshape(column)
    badness = (np.clip(measures(shape), good, bad) - good) * np.array(model.weight).reshape(column)
    against = badness.sum(axis=0)
    heartless = np.isnan(against)
    with np.errstate(over="ignore"):
        index = np.where(heartless, 0.0, 1 / (1 + np.exp(against - model.intercept)))
    lost_s = faults.missing_s + faults.flat_s + faults.clipped_s
    index *= np.clip(1 - LOST_PER_S * lost_s, 0, 1)
    reasons = np.zeros(index.shape, np.uint16)
    for name, part in zip(_REASON, badness, strict=True):
        reasons[(index < READABLE) & (part >= SHARE * against) & (part > 0)] |= np.uint16(name)
    for name, seconds in (
        (Reason.MISSING, faults.missing_s),
        (Reason.FLAT, faults.flat_s),
        (Reason.CLIPPED, faults.clipped_s),
    ):
        reasons[seconds > 0] |= np.uint16(name)
    reasons[heartless & (faults.missing_s == 0)] |= np.uint16(Reason.LEAD_OFF)
    return index, reasons
