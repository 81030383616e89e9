"""Logistic regression and what is needed to judge one: weighted, penalised, cross-validated over groups.

For fitting offline; the product weighs with the few numbers that come out. No search and no randomness.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.str_]

STEPS = 30


def fitted(features: Floats, truth: Bools, weight: Floats, penalty: float) -> Floats:
    """Return (1 + k,) intercept and weights, by Newton's method; the penalty is on the squared standardised weights.

    features : (n, k), no NaN; truth : (n,); weight : (n,), how much each case counts
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    design = np.column_stack((np.ones(len(features)), (features - mean) / spread))
    ridge = np.diag([1e-6, *[penalty] * features.shape[1]])
    found = np.zeros(design.shape[1])
    for _ in range(STEPS):
        expected = probability(design @ found)
        slope = design.T @ (weight * (truth - expected)) - ridge @ found
        bend = (design * (weight * expected * (1 - expected))[:, None]).T @ design + ridge
        found += np.linalg.solve(bend, slope)
    plain = found[1:] / spread
    return np.concatenate(([found[0] - plain @ mean], plain))


def logit(features: Floats, found: Floats) -> Floats:
    """Return (n,) the logarithm of the odds."""
    return np.asarray(found[0] + features @ found[1:])


def probability(odds: Floats) -> Floats:
    """Return the probability that belongs to the logarithm of odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def crossed(features: Floats, truth: Bools, weight: Floats, group: Keys, penalty: float) -> Floats:
    """Return the logit of each case by a regression fitted without the case's group."""
    odds = np.empty(len(truth))
    for each in np.unique(group):
        out = group == each
        odds[out] = logit(features[out], fitted(features[~out], truth[~out], weight[~out], penalty))
    return odds


def auroc(score: Floats, truth: Bools, weight: Floats | None = None) -> float:
    """Return the area under the curve of sensitivity against 1 - specificity; ties count half."""
    weight = np.ones(len(score)) if weight is None else weight
    level, place = np.unique(score, return_inverse=True)
    held, rest = (np.bincount(place, weight * each, len(level)) for each in (truth, ~truth))
    below = np.cumsum(rest) - rest / 2
    return float((held * below).sum() / (held.sum() * rest.sum()))


def cells(*keys: npt.NDArray[np.generic]) -> Iterator[Ints]:
    """Yield the places of each combination of keys that occurs, in the order of the keys."""
    codes = [np.unique(each, return_inverse=True)[1] for each in keys]
    whole = np.ravel_multi_index(tuple(codes), tuple(int(each.max()) + 1 for each in codes))
    for each in np.unique(whole):
        yield np.flatnonzero(whole == each).astype(np.int64)
