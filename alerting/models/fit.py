"""Fitting broken lines: a logistic regression on the rises between knots, with a penalty and directions kept.

Pure and deterministic: the loss is convex, the start is zero, the minimiser draws nothing by chance. Not here: which
shapes (`shapes`), which patients (`train`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, minimize
from scipy.special import expit

from alerting.models.shapes import Shape
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.risk_model import Effect

MOST_STEPS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What is fitted to.

    design : (rows, rises) float64, by `design`; event : (rows,) bool
    source : (rows,) int64, the data set, each with an intercept of its own; weight : (rows,) float64, above 0
    """

    design: Floats
    event: Bools
    source: Ints
    weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """rises : (rises,) logits; intercepts : one for each data set."""

    rises: Floats
    intercepts: Floats


def design(shapes: Sequence[Shape], features: Floats) -> Floats:
    """Return (rows, rises): how far each value has climbed each rise, counted from the reference; 0 where not known."""
    return np.hstack([_climbed(shape, values) for shape, values in zip(shapes, features, strict=True)])


def fit(rows: Rows, shapes: Sequence[Shape], ridge: float, roughness: float) -> Fitted:
    """Minimise the weighted mean log loss plus penalties.

    Parameters
    ----------
    ridge : on the squares of the rises; roughness : on the squares of differences between neighbouring rises
    """
    low, high = (np.concatenate(each) for each in zip(*(shape.bounds() for shape in shapes), strict=True))
    inner = np.concatenate([np.arange(shape.rises) > 0 for shape in shapes])
    sources = int(rows.source.max()) + 1
    weight = rows.weight / rows.weight.sum()
    count = len(low)

    def loss(at: Floats) -> tuple[float, Floats]:
        rises, intercepts = at[:count], at[count:]
        z = rows.design @ rises + intercepts[rows.source]
        bend = np.where(inner, np.diff(rises, prepend=0.0), 0.0)
        value = weight @ np.logaddexp(0.0, np.where(rows.event, -z, z))
        value += ridge * (rises @ rises) + roughness * (bend @ bend)
        residual = weight * (expit(z) - rows.event)
        slope = rows.design.T @ residual + 2 * ridge * rises + 2 * roughness * (bend - np.append(bend[1:], 0.0))
        return float(value), np.concatenate((slope, np.bincount(rows.source, residual, sources)))

    free = np.full(sources, np.inf)
    found = minimize(
        loss,
        np.zeros(count + sources),
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(np.concatenate((low, -free)), np.concatenate((high, free))),
        options={"maxiter": MOST_STEPS, "maxcor": 20},
    ).x
    return Fitted(rises=found[:count], intercepts=found[count:])


def effects(shapes: Sequence[Shape], rises: Floats, decimals: int) -> tuple[Effect, ...]:
    """Return the broken lines that the rises make, zero at the references, heights rounded."""
    made, start = [], 0
    for shape in shapes:
        heights = np.concatenate(([0.0], np.cumsum(rises[start : start + shape.rises])))
        heights -= np.interp(shape.reference, shape.knots, heights)
        start += shape.rises
        made.append(
            Effect(
                signal=shape.signal,
                statistic=shape.statistic,
                knots=shape.knots,
                heights=tuple(float(height) + 0.0 for height in heights.round(decimals)),
            )
        )
    return tuple(made)


def _climbed(shape: Shape, values: Floats) -> Floats:
    knots = np.asarray(shape.knots)
    widths = np.diff(knots)
    climbed = np.clip((values[:, None] - knots[:-1]) / widths, 0.0, 1.0)
    at_reference = np.clip((shape.reference - knots[:-1]) / widths, 0.0, 1.0)
    return np.where(np.isnan(values)[:, None], 0.0, climbed - at_reference)
