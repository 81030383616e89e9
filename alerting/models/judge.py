"""How well a score ranks and how well it is calibrated: AUROC, Brier score, calibration line, reliability table.

Pure. Not here: which patients are scored by which model (`train`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import rankdata

from alerting.signal.records import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Those with a tenth of the predictions: mean prediction, share that happened, how many."""

    predicted: float
    happened: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Brier score, and slope and intercept of the logistic line of what happened on the logit of what was predicted.

    1 and 0 are perfect; a slope below 1 means that predictions are too extreme.
    """

    brier: float
    slope: float
    intercept: float
    bins: tuple[Bin, ...]


def auroc(score: Floats, happened: Bools) -> float:
    """Return the area under the ROC curve, ties counted half; NaN if only one of the two happened."""
    yes = int(happened.sum())
    no = len(happened) - yes
    if not yes or not no:
        return float("nan")
    return float((rankdata(score)[happened].sum() - yes * (yes + 1) / 2) / (yes * no))


def calibration(predicted: Floats, happened: Bools) -> Calibration:
    """Compare probabilities, strictly between 0 and 1, with what happened."""
    line = logit(predicted)

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        z = coefficients[0] + coefficients[1] * line
        residual = expit(z) - happened
        value = np.logaddexp(0.0, np.where(happened, -z, z)).mean()
        return float(value), np.array([residual.mean(), (residual * line).mean()])

    intercept, slope = minimize(loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B").x
    return Calibration(
        brier=float(((predicted - happened) ** 2).mean()),
        slope=float(slope),
        intercept=float(intercept),
        bins=tuple(
            Bin(predicted=float(predicted[part].mean()), happened=float(happened[part].mean()), count=len(part))
            for part in np.array_split(np.argsort(predicted, kind="stable"), 10)
            if len(part)
        ),
    )


def by_patient(score: Floats, offsets: Ints, how: str) -> Floats:
    """Return (n,) each patient's `last`, `mean` or `max` score, 0 for a patient without a row."""
    owned = np.diff(offsets) > 0
    starts, ends = offsets[:-1][owned], offsets[1:][owned]
    found = np.zeros(len(owned))
    if how == "last":
        found[owned] = score[ends - 1]
    elif how == "mean":
        found[owned] = np.add.reduceat(score, starts) / (ends - starts)
    elif how == "max":
        found[owned] = np.maximum.reduceat(score, starts)
    else:
        raise ValueError(f"how: is {how!r}, must be last, mean or max")
    return found
