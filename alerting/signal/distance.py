"""How far several vitals together lie from the person's own normal: one number, comparable for one vital or for five.

Mahalanobis 1936 on standard scores against the own baseline, with the person's own correlations: winsorised, so that
single hours do not make them, and shrunk towards a common one by how many hours two vitals share (Ledoit & Wolf 2004,
doi:10.1016/S0047-259X(03)00096-4, for the idea; the weight here is a count, not an optimum). What is missing is left
out, not filled in: of a normal distribution the marginal of the components that are there is exact.
Shares by vital: the corr-max transformation of Garthwaite & Koch 2016, doi:10.1111/anzs.12144.

Vital signs have heavier tails than a normal distribution; `surprise` ranks and compares, it is no probability of harm.
Not here: baselines (`baseline`). The invariant: shares are not negative and add up to the squared distance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

from alerting.signal.baseline import Baseline, deviation, night
from alerting.signal.records import Floats, Ints
from alerting.signal.series import Moments, Ragged, at_moments, positive, present
from alerting.signal.spans import between, thinned

WINSOR: Final = 2.0
"""Standard scores beyond this count as this when correlations are learnt."""

SHRINK_HOURS: Final = 48.0
"""Hours of one's own that weigh as much as the common correlation."""

LEAST_EIGENVALUE: Final = 0.1
"""Of a correlation: no direction is trusted to vary less than this against single vitals."""

MOST_SURPRISE: Final = 300.0
"""-log10 of the smallest number told apart from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How unusual k states are; d vitals.

    squared : (k,) float64, Mahalanobis, NaN where no vital is known; known : (k,) int64, vitals that were
    surprise : (k,) float64, -log10 of the chi-square tail with `known` degrees of freedom, 0 to `MOST_SURPRISE`
    share : (k, d) float64, 0 or more, what each vital adds to `squared`; 0 where it is missing
    """

    squared: Floats
    known: Ints
    surprise: Floats
    share: Floats


def look_back_s(spacing_s: float, buckets: int) -> float:
    """Return how far back `grid` looks."""
    return spacing_s * buckets


def grid(series: Ragged, at: Moments, spacing_s: float, buckets: int) -> Floats:
    """Return medians of the last `buckets` buckets of absolute time up to each moment, oldest first: (k, buckets).

    The last column is the bucket that holds the moment, as far as it has come; a bucket without a reading is NaN.

    Raises
    ------
    ValueError
        If `spacing_s` or `buckets` is not above 0, times do not rise within a stay, or a moment names no stay.
    """
    spacing, width = positive(spacing_s, name="spacing_s"), int(positive(buckets, name="buckets"))
    course = present(series)
    asked = at_moments(at, course.stays)
    last = np.floor(asked.at_s / spacing)
    spans = between(course, asked.row, (last - width + 1) * spacing, asked.at_s)
    points = thinned(course, spans, spacing)
    place = np.floor(points.t_s / spacing) - last[points.row] + width - 1
    filled = np.full((len(asked.row), width), np.nan)
    filled[points.row, place.astype(np.int64)] = points.value
    return filled


def standardised(
    series: Sequence[Ragged], baselines: Sequence[Baseline], at: Moments, offset_s: npt.ArrayLike, *, buckets: int
) -> Floats:
    """Return standard scores of the last hours of d vitals against their baselines (k each): (k, buckets, d).

    offset_s : local time minus UTC, seconds, one or (k,), for telling day from night by the middle of the hour
    """
    middle = np.floor(at.at_s / 3600)[:, None] - np.arange(buckets - 1, -1, -1) + 0.5
    hours: Floats = np.multiply(middle, 3600, dtype=np.float64)
    at_night = night(hours, np.reshape(np.asarray(offset_s, np.float64), (-1, 1)))
    owner = np.broadcast_to(np.arange(len(at.row))[:, None], hours.shape)
    scores = [
        deviation(baseline, owner, grid(each, at, 3600.0, buckets), at_night)
        for each, baseline in zip(series, baselines, strict=True)
    ]
    return np.stack(scores, axis=-1)


def correlation(scores: Floats, common: Floats | None = None) -> Floats:
    """Return the shrunk robust correlation of d vitals of k persons: (k, d, d), positive definite.

    Parameters
    ----------
    scores : (k, hours, d) standard scores, NaN where missing
    common : (d, d), what is assumed before anything is known, and shrunk to; by default no correlation

    Raises
    ------
    ValueError
        If shapes do not fit.
    """
    given = np.asarray(scores, np.float64)
    if given.ndim != 3:
        raise ValueError(f"scores: has {given.ndim} dimensions, must be (k, hours, d)")
    size = given.shape[2]
    prior = np.eye(size) if common is None else np.asarray(common, np.float64)
    if prior.shape != (size, size):
        raise ValueError(f"common: has the shape {prior.shape}, must be {(size, size)}")
    known = np.isfinite(given)
    kept = np.clip(np.where(known, given, 0.0), -WINSOR, WINSOR)
    seen = known.astype(np.float64)
    product = np.einsum("khi,khj->kij", kept, kept)
    power = np.einsum("khi,khj->kij", kept**2, seen)
    scale = np.sqrt(power * np.swapaxes(power, 1, 2))
    own = np.divide(product, scale, out=np.zeros_like(product), where=scale > 0)
    shared = np.where(scale > 0, np.einsum("khi,khj->kij", seen, seen), 0.0)
    return _definite((shared * own + SHRINK_HOURS * prior) / (shared + SHRINK_HOURS))


def distance(scores: Floats, correlations: Floats) -> Distance:
    """Return how far standard scores (k, d) lie from 0, given correlations (k, d, d) or (d, d).

    Raises
    ------
    ValueError
        If shapes do not fit.
    """
    given = np.asarray(scores, np.float64)
    if given.ndim != 2 or np.shape(correlations)[-2:] != (given.shape[1],) * 2:
        raise ValueError(f"scores: {given.shape} with correlations {np.shape(correlations)}, must be (k, d), (k, d, d)")
    known = np.isfinite(given)
    size = given.shape[1]
    both = known[:, :, None] & known[:, None, :]
    marginal = np.where(both, correlations, np.eye(size))
    values, vectors = np.linalg.eigh(marginal)
    turned = np.einsum("kji,kj->ki", vectors, np.where(known, given, 0.0)) / np.sqrt(values)
    share = np.where(known, np.einsum("kij,kj->ki", vectors, turned) ** 2, 0.0)
    count = known.sum(axis=1)
    squared = np.where(count > 0, share.sum(axis=1), np.nan)
    return Distance(squared=squared, known=count, surprise=_surprise(squared, count), share=share)


def _definite(matrix: Floats) -> Floats:
    """Lift eigenvalues to `LEAST_EIGENVALUE` and make the diagonal 1 again."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + np.swapaxes(matrix, 1, 2)))
    lifted = np.einsum("kij,kj,klj->kil", vectors, np.maximum(values, LEAST_EIGENVALUE), vectors)
    scale = np.sqrt(np.einsum("kii->ki", lifted))
    made: Floats = lifted / (scale[:, :, None] * scale[:, None, :])
    return made


def _surprise(squared: Floats, known: Ints) -> Floats:
    tail = special.gammaincc(np.maximum(known, 1) / 2, np.where(known > 0, squared, 0.0) / 2)
    surprise = -np.log10(np.maximum(tail, 10.0**-MOST_SURPRISE))
    return np.where(known > 0, np.maximum(surprise, 0.0), np.nan)
