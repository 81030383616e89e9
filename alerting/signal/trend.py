"""Slope of a vital over a trailing window: Theil-Sen with its interval, Mann-Kendall's p, and time to a threshold.

Sen 1968, J Am Stat Assoc 63:1379, doi:10.1080/01621459.1968.10480934 (slope and interval, ties as there);
Mann 1945, Econometrica 13:245, doi:10.2307/1907187; Kendall 1975 (variance under ties, continuity correction).

Differs from the papers: readings are first brought to one a bucket of absolute time (`spans.thinned`). That bounds the
pairs whatever the sampling rate and keeps bursts from outvoting quiet hours. And neighbours are taken to resemble each
other (`Neighbours`): vital signs do, and papers' intervals and p are then far too narrow.

Not here: whether a slope matters. The invariant: a slope is that of readings that were made; over a gap there are
none, and a window that holds too little gives NaN and says why.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import special

from alerting.signal.records import Floats, Ints
from alerting.signal.series import Course, Heading, Lack, Moments, Ragged, Support, at_moments, positive, present
from alerting.signal.smooth import MAD_TO_SIGMA
from alerting.signal.spans import Spans, blocks, sorted_median, support, taken, thinned, trailing

MOST_POINTS: Final = 48
"""Buckets of a window at most: at most 49 points and 1,176 pairs a slope, however dense the readings are."""

LEAST_POINTS: Final = 5
"""Fewer points give no two-sided interval at 95 %: of 4 points even a perfect order has p = 0.09."""

LEAST_SPAN: Final = 0.5
"""Share of the window that the readings must span."""

MOST_AGE: Final = 0.25
"""Share of the window that the newest reading may be old."""

MOST_GAP: Final = 0.5
"""Share of the window that may lie between two neighbouring points: beyond, there are two ends and no course."""

CONFIDENCE: Final = 0.95

MOST_LIKENESS: Final = 0.95
"""Correlation of neighbours is believed up to this; it widens intervals by a factor of 6.2."""

_WINSOR: Final = 2.5
"""Residuals beyond this many robust deviations count as this when likeness is measured: one outlier is not all."""


class Neighbours(StrEnum):
    """How neighbouring points are taken to depend on each other.

    ALIKE : as alike as they are found to be: sigma of Kendall's S is multiplied by sqrt((1 + r) / (1 - r)), r the
        correlation of neighbouring residuals, not below 0, corrected for the bias that taking a line out gives it, to
        (n r + 2) / (n - 4) (after Marriott & Pope 1954, doi:10.1093/biomet/41.3-4.390, whose 1 is for a mean): the
        variance of a first-order process (Hamed & Rao 1998, doi:10.1016/S0022-1694(97)00125-X). With r = 0.8 and 48
        points, intervals at 95 % hold the truth in 92 % of windows and not in 52 %.
    INDEPENDENT : as the papers and scipy have it
    """

    ALIKE = "alike"
    INDEPENDENT = "independent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """What k windows say, (k,) float64 each, NaN where `support.lack` is not NONE.

    per_hour : unit of the vital per hour; low, high : its interval at the confidence asked for
    level : the line's value at the moment; p : two-sided, of no monotone trend
    points : int64, buckets with readings, on which these rest; `support` counts the readings in them
    """

    per_hour: Floats
    low: Floats
    high: Floats
    level: Floats
    p: Floats
    points: Ints
    support: Support


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """When the line reaches a limit, seconds from the moment, (k,) float64 each, NaN where there is no slope.

    expected_s : by the slope; earliest_s, latest_s : by the ends of its interval
    0 where the level is there already, inf where it does not head there; NaN too where the limit is
    """

    expected_s: Floats
    earliest_s: Floats
    latest_s: Floats


def look_back_s(window_s: float) -> float:
    """Return how far back a slope looks."""
    return window_s


def bucket_s(window_s: float, spacing_s: float = 0.0) -> float:
    """Return the bucket of a window: `spacing_s`, or what leaves `MOST_POINTS` of them where that is longer."""
    return max(spacing_s, window_s / MOST_POINTS)


def slope(
    series: Ragged,
    at: Moments,
    window_s: float,
    *,
    spacing_s: float = 0.0,
    confidence: float = CONFIDENCE,
    neighbours: Neighbours = Neighbours.ALIKE,
) -> Slope:
    """Return the Theil-Sen slope of the readings of [at - window_s, at] for each moment.

    Parameters
    ----------
    series : any number of stays, uneven, with gaps; NaN is a missing reading
    at : k moments; `Moments.now` for the live view, many a stay for looking back
    window_s : seconds, above 0
    spacing_s : seconds, the least bucket; take the time after which two readings tell something new
    confidence : of the interval, above 0 and below 1
    neighbours : whether interval and p allow for the likeness of neighbouring points

    Raises
    ------
    ValueError
        If an argument is out of its range, times do not rise within a stay, or a moment names no stay.

    Notes
    -----
    Interval: ranks (N -+ z * sigma) / 2 of the N sorted pair slopes, rounded as by scipy.stats.theilslopes.
    p: normal, z = (|S| - 1) / sigma, sigma by the ties in value and the likeness of neighbours. Level: median of
    value - slope * time. Checked against scipy (INDEPENDENT), and by how often intervals hold the truth.
    """
    window = positive(window_s, name="window_s")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: is {confidence!r}, must lie between 0 and 1")
    if not (np.isfinite(spacing_s) and spacing_s >= 0):
        raise ValueError(f"spacing_s: is {spacing_s!r}, must be a finite number, 0 or more")
    course = present(series)
    asked = at_moments(at, course.stays)
    spans = trailing(course, asked, window)
    points = thinned(course, spans, bucket_s(window, spacing_s))
    count = np.diff(points.offsets)
    found = support(course, asked, spans, _lack(points, support(course, asked, spans), window))
    usable = np.flatnonzero(found.lack == Lack.NONE)
    columns = np.full((5, len(count)), np.nan)
    z = float(special.ndtri(0.5 + confidence / 2))
    runs = Spans(first=points.offsets[:-1][usable], end=points.offsets[1:][usable])
    for which, index, held in blocks(runs, 1 + MOST_POINTS // 2):
        rows = usable[which]
        hours = (taken(points.t_s, index, held, np.nan) - asked.at_s[rows, None]) / 3600
        columns[:, rows] = _theil_sen(hours, taken(points.value, index, held, np.nan), count[rows], z, neighbours)
    per_hour, low, high, level, p = columns
    return Slope(per_hour=per_hour, low=low, high=high, level=level, p=p, points=count, support=found)


def reach(found: Slope, limit: float | Floats, heading: Heading) -> Reach:
    """Return when each line reaches `limit` (one, or (k,)) from the good side; bad lies where `heading` points."""
    away = heading * (np.asarray(limit, np.float64) - found.level)
    bounds = (found.low, found.high) if heading is Heading.UP else (-found.high, -found.low)
    slowest, fastest = bounds
    return Reach(
        expected_s=_time_s(away, heading * found.per_hour),
        earliest_s=_time_s(away, fastest),
        latest_s=_time_s(away, slowest),
    )


def _time_s(away: Floats, per_hour: Floats) -> Floats:
    towards = np.where(per_hour > 0, per_hour, np.nan)
    with np.errstate(over="ignore"):
        time_s = np.where(np.isnan(towards), np.inf, 3600 * away / towards)
    return np.where(np.isnan(away) | np.isnan(per_hour), np.nan, np.where(away <= 0, 0.0, time_s))


def _lack(points: Course, seen: Support, window_s: float) -> npt.NDArray[np.uint8]:
    count = np.diff(points.offsets)
    gap_s = np.diff(points.t_s, prepend=points.t_s[:1])
    gap_s[points.offsets[:-1][count > 0]] = 0
    wide = np.bincount(points.row, weights=gap_s > MOST_GAP * window_s, minlength=len(count)) > 0
    lack = np.where(count < LEAST_POINTS, Lack.FEW, Lack.NONE)
    lack |= np.where(seen.span_s < LEAST_SPAN * window_s, Lack.SHORT, Lack.NONE)
    lack |= np.where(seen.age_s > MOST_AGE * window_s, Lack.STALE, Lack.NONE)
    lack |= np.where(wide, Lack.GAP, Lack.NONE)
    return lack.astype(np.uint8)


def _theil_sen(hours: Floats, value: Floats, count: Ints, z: float, neighbours: Neighbours) -> Floats:
    """Return slope, its interval, level and p of rows of points (b, w), NaN behind: (5, b)."""
    ordered = _pair_slopes(hours, value)
    ordered.sort(axis=1)
    pairs = count * (count - 1) // 2
    per_hour = sorted_median(ordered, pairs)
    left = value - per_hour[:, None] * hours
    level = sorted_median(np.sort(left, axis=1), count)
    sigma = _kendall_sigma(np.sort(value, axis=1), count)
    if neighbours is Neighbours.ALIKE:
        alike = _likeness(left - level[:, None], count)
        sigma *= np.sqrt((1 + alike) / (1 - alike))
    rows = np.arange(len(count))
    low = ordered[rows, np.maximum(np.rint((pairs - z * sigma) / 2).astype(np.int64) - 1, 0)]
    high = ordered[rows, np.minimum(np.rint((pairs + z * sigma) / 2).astype(np.int64), pairs - 1)]
    score = np.abs((ordered > 0).sum(axis=1) - (ordered < 0).sum(axis=1))
    tested = np.divide(np.maximum(score - 1, 0), sigma, out=np.zeros(len(score)), where=sigma > 0)
    return np.stack([per_hour, low, high, level, 2 * special.ndtr(-tested)])


def _likeness(left: Floats, count: Ints) -> Floats:
    """Return the correlation of neighbouring residuals (b, w), NaN behind, 0 to `MOST_LIKENESS`: (b,)."""
    away = np.abs(left)
    scale = MAD_TO_SIGMA * sorted_median(np.sort(away, axis=1), count)
    limit = _WINSOR * np.where(scale > 0, scale, np.nansum(away, axis=1) / count)[:, None]
    kept = np.where(np.isnan(left), 0.0, np.clip(left, -limit, limit))
    power = np.sum(kept**2, axis=1)
    alike = np.divide(np.sum(kept[:, 1:] * kept[:, :-1], axis=1), power, out=np.zeros(len(power)), where=power > 0)
    found: Floats = np.clip((count * alike + 2) / np.maximum(count - 4, 1), 0, MOST_LIKENESS)
    return np.where(power > 0, found, 0.0)


def _pair_slopes(hours: Floats, value: Floats) -> Floats:
    """Return the slopes of all pairs of points of rows (b, w): (b, w (w - 1) / 2), NaN where a point is NaN."""
    wide = value.shape[1]
    slopes = np.empty((len(value), wide * (wide - 1) // 2))
    start = 0
    for lag in range(1, wide):
        part = slopes[:, start : start + wide - lag]
        np.subtract(value[:, lag:], value[:, :-lag], out=part)
        part /= hours[:, lag:] - hours[:, :-lag]
        start += wide - lag
    return slopes


def _kendall_sigma(ordered: Floats, count: Ints) -> Floats:
    """Return the standard deviation of Kendall's S of rows in rising order, NaN behind: (b,).

    Its variance is (n (n - 1) (2 n + 5) - sum of t (t - 1) (2 t + 5)) / 18 over groups of t ties; the r-th member of
    a group adds 6 r^2 - 6 to that sum, which is how it is taken here.
    """
    place = np.arange(ordered.shape[1])
    new = np.ones(ordered.shape, np.bool_)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    rank = place - np.maximum.accumulate(np.where(new, place, 0), axis=1) + 1
    tied = np.sum(6 * rank**2 - 6, axis=1)
    n = count.astype(np.float64)
    sigma: Floats = np.sqrt(np.maximum(n * (n - 1) * (2 * n + 5) - tied, 0) / 18)
    return sigma
