"""How strongly series of numbers speak for each breathing rate, and what to believe when all have been heard.

Not here: where the series come from. The invariant: a belief is a probability over `RATES_PER_MIN` that sums to 1;
without any evidence it is the prior, so what cannot be known is answered by what is usual, with a low confidence.

A wave of the rate r with its harmonics is fitted to a series by least squares; the fraction R²(r) that it explains
makes the likelihood of r under white noise of unknown strength, (1 - R²)^(-N/2) (Bretthorst 1988,
doi:10.1007/978-1-4684-9399-3). Differs: N is not the count of samples, as neighbours are not independent and several
series see the same breath; the exponent is a weight instead, fitted on records (`respiration_fusion`).
"""

import functools
from typing import Final

import numpy as np

from alerting.signal.records import Floats, Ints

SERIES_HZ: Final = 4.0
"""Series are uniform at this rate: four values for the shortest breath and room for its second harmonic."""

STEP_PER_MIN: Final = 0.5
RATES_PER_MIN: Final[Floats] = np.arange(4.0, 42.0 + STEP_PER_MIN / 2, STEP_PER_MIN)

WITHIN_PER_MIN: Final = 2.0
"""A confidence is the probability to be this near the truth."""

# The prior: adults in hospital and at home in hospital care, half of them between 14 and 22/min, and a tenth anywhere.
PRIOR_MEAN_PER_MIN: Final = 18.0
PRIOR_SD_PER_MIN: Final = 5.5
PRIOR_ANYWHERE: Final = 0.1

UNIT_S: Final = 32.0
"""Evidence is counted in units of this length of series; a longer series says more."""

_MOST_EXPLAINED: Final = 0.98
_TREND_TERMS: Final = 3  # constant, slope, bend: what is slower than a breath
_TREND_ALONE: Final = 1e-6  # of the energy: what a trend leaves below this share is rounding
_DEVIATIONS: Final = 2.5  # values farther from the median are artefacts or ectopic beats, and are cut to this
_NORMAL_MAD: Final = 1.4826  # standard deviation of a normal distribution in median absolute deviations
_NORMAL_MEAN: Final = 1.2533  # and in mean absolute deviations
_FLAT: Final = 1e-7  # of the largest value: what varies less is a constant that was rounded


def standard(series: Floats) -> tuple[Floats, Floats]:
    """Return series of median 0 and robust spread 1, outliers cut and missing values 0, and how much was there.

    series : (..., samples) float, any unit; NaN where missing
    Returns (..., samples) float32 and (...,) 0 to 1. A series that does not vary is 0 and counts as not there.
    """
    there = ~np.isnan(series)
    found = there.sum(axis=-1)
    centred = np.where(there, series - _median(series, found)[..., None], 0)
    off = np.abs(centred)
    least = _FLAT * np.abs(np.where(there, series, 0)).max(axis=-1)
    usual = _median(np.where(there, off, np.nan), found)
    mean = off.sum(axis=-1) / np.maximum(found, 1)
    spread = np.where(usual > least, _NORMAL_MAD * usual, _NORMAL_MEAN * mean)  # coarse steps have no median deviation
    varies = spread > least
    scale = np.where(varies, spread, np.inf)[..., None]
    made = np.clip(centred / scale, -_DEVIATIONS, _DEVIATIONS)
    return made.astype(np.float32), np.where(varies, found / series.shape[-1], 0.0)


def _median(series: Floats, found: Ints) -> Floats:
    """Return the median of what is there, (...,); NaN is sorted last. 0 where nothing is there."""
    ordered = np.sort(series, axis=-1)
    low, high = np.maximum(found - 1, 0) // 2, found // 2
    high = np.minimum(high, series.shape[-1] - 1)
    both = np.take_along_axis(ordered, np.stack((low, high), axis=-1), axis=-1)
    return np.where(found > 0, np.asarray(both.mean(axis=-1)), 0.0)


def explained(series: Floats, *, harmonics: int = 1, series_hz: float = SERIES_HZ) -> Floats:
    """Return what part of a series' energy each harmonic of each rate explains: (harmonics, ..., rates), 0 to 1.

    series : (..., samples) as from `standard`, uniform at `series_hz`; harmonics : 1 or 2
    """
    trend, waves = _basis(series.shape[-1], harmonics, series_hz)
    level = series - (series @ trend) @ trend.T
    energy, total = (np.einsum("...t,...t->...", each, each) for each in (level, series))
    parts = (level @ waves).reshape(*series.shape[:-1], len(RATES_PER_MIN), harmonics, 2)
    powers = np.einsum("...fhc,...fhc->h...f", parts, parts)
    shares: Floats = powers / np.where(energy > _TREND_ALONE * total, energy, np.inf)[..., None]
    return shares


def evidence(share: Floats, there: Floats, *, span_s: float) -> Floats:
    """Return how strongly a series speaks for each rate: (..., rates), 0 where it says nothing.

    share : (..., rates), what each rate explains; there : (...,) 0 to 1, as from `standard`; span_s : of the series
    """
    units = there * (span_s / UNIT_S)
    heard: Floats = -units[..., None] * np.log1p(-np.minimum(share, _MOST_EXPLAINED))
    return heard


@functools.lru_cache(maxsize=16)
def _basis(samples: int, harmonics: int, series_hz: float) -> tuple[Floats, Floats]:
    """Return orthonormal columns: of the trend (samples, 3), and of each rate's wave (samples, rates x 2 harmonics)."""
    at_s = (np.arange(samples) - (samples - 1) / 2) / series_hz
    trend = np.linalg.qr(np.polynomial.legendre.legvander(at_s / at_s[-1], _TREND_TERMS - 1))[0]
    angle = 2 * np.pi / 60 * RATES_PER_MIN[:, None, None] * at_s[None, :, None]
    waves = np.concatenate([turn(k * angle) for k in range(1, harmonics + 1) for turn in (np.cos, np.sin)], axis=-1)
    waves -= trend @ (trend.T @ waves)
    columns = np.linalg.qr(waves)[0].transpose(1, 0, 2).reshape(samples, -1)
    return trend.astype(np.float32), columns.astype(np.float32)


def doubted(weighed: Floats, doubt: float) -> Floats:
    """Return evidence, (n, rates), as it counts when with the probability `doubt` it means nothing at all."""
    likely = np.exp(weighed - weighed.max(axis=-1, keepdims=True))
    likely /= likely.sum(axis=-1, keepdims=True)
    counted: Floats = np.log((1 - doubt) * likely + doubt / len(RATES_PER_MIN))
    return counted


def belief(weighed: Floats) -> Floats:
    """Return the probability of each rate, (n, rates), from the sum of weighed evidence, (n, rates)."""
    logarithm = weighed + np.log(_prior())
    likely = np.exp(logarithm - logarithm.max(axis=-1, keepdims=True))
    believed: Floats = likely / likely.sum(axis=-1, keepdims=True)
    return believed


@functools.lru_cache(maxsize=1)
def _prior() -> Floats:
    usual = np.exp(-0.5 * ((RATES_PER_MIN - PRIOR_MEAN_PER_MIN) / PRIOR_SD_PER_MIN) ** 2)
    prior: Floats = (1 - PRIOR_ANYWHERE) * usual / usual.sum() + PRIOR_ANYWHERE / len(usual)
    return prior


def middle(believed: Floats) -> Floats:
    """Return the median of a belief, (n,) 1/min: the value of the least expected absolute error."""
    summed = np.cumsum(believed, axis=-1)
    at = (summed < 0.5).sum(axis=-1, keepdims=True).clip(max=believed.shape[-1] - 1)
    mass = np.take_along_axis(believed, at, axis=-1)
    before = np.take_along_axis(summed, at, axis=-1) - mass
    median: Floats = RATES_PER_MIN[at] + STEP_PER_MIN * ((0.5 - before) / mass - 0.5)
    return median[:, 0]


def confidence(believed: Floats, rate_per_min: Floats) -> Floats:
    """Return the probability that the truth is within `WITHIN_PER_MIN` of a rate, (n,)."""
    reach = WITHIN_PER_MIN + STEP_PER_MIN / 2 - np.abs(RATES_PER_MIN - rate_per_min[:, None])
    near: Floats = np.einsum("nf,nf->n", believed, np.clip(reach / STEP_PER_MIN, 0, 1))
    return near
