"""How much a window of RR intervals looks like atrial fibrillation: five measures of irregularity, one logistic.

In atrial fibrillation each interval is nearly independent of those before it. What else is irregular is so in a
pattern: breathing moves intervals slowly, a premature beat is followed by its pause, a missed beat doubles an interval.
So the entropy of intervals speaks for fibrillation; against it speak premature beats with a pause, jumps, calm
stretches, and intervals that rise and fall smoothly.
The invariant: nothing is computed across a gap (NaN), and a window's score does not depend on NaN around it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.records import Bools, Floats, Ints, rows

SHORTEST_MS: Final = 200.0
LONGEST_MS: Final = 4000.0
"""An interval outside is an invented or a missed beat more often than a heart: it counts as a gap. Ours."""

MOST_INTERVALS: Final = 2000
"""Work grows with the square of a window; hours are judged by windows (`rhythm_burden`)."""

LEAST_TRIPLES: Final = 6
"""Fewer runs of three intervals (8 beats) than this tell nothing. Ours."""

MATCH_MS: Final = 60.0
"""Intervals nearer than this match. Lake & Moorman start at 30 ms; 50 to 60 ms told best on three sets of records."""

JUMP: Final = 0.5
"""A step by more than this share of the median interval is a jump: ectopy or a missed beat."""

CALM: Final = 0.06
"""Two steps in a row that are both smaller than this share are calm (the origin of a Lorenz plot, Sarkar 2008)."""

TURNING: Final = 2 / 3
"""Of three intervals without memory the middle one is the shortest or the longest this often."""

EARLY: Final = 0.85
LATE: Final = 1.1
NEIGHBOURS: Final = 9
"""A premature beat comes before `EARLY`, and the next after `LATE`, of the median of `NEIGHBOURS` intervals."""

AF: Final = 0.5
"""From this probability on a window is called atrial fibrillation."""

_AT_ONCE: Final = 1 << 17  # comparisons held together: what a core's cache holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A logistic: intercept and one weight per feature, in the features' own units."""

    intercept: float
    entropy: float
    jumps: float
    calm: float
    premature: float
    smooth: float


WEIGHTS: Final = Weights(intercept=7.42, entropy=5.34, jumps=-4.4, calm=-2.38, premature=-11.9, smooth=-5.27)
"""Fitted by `benchmarks.fit_rhythm`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Irregularity:
    """Features of n windows, (n,) float64 each.

    entropy : coefficient of sample entropy, natural logarithm, about -3 (clockwork) to 0 (independent)
    jumps, calm, premature : shares 0-1 of the steps, of the runs of three intervals, of the intervals
    smooth : by how much fewer of the runs of three turn than `TURNING`; 0 if no fewer
    triples : how many runs of three intervals without a gap there were; the others are NaN if it is 0
    """

    entropy: Floats
    jumps: Floats
    calm: Floats
    premature: Floats
    smooth: Floats
    triples: Ints


def af_score(rr_ms: npt.ArrayLike) -> Floats:
    """Return the probability that windows of RR intervals are atrial fibrillation.

    Parameters
    ----------
    rr_ms : (beats,) or (n, beats), ms, consecutive; NaN is a gap, intervals outside 200-4000 ms are gaps too.
        Made for 8 to 1000 beats; 30 tell much, 64 and 128 tell more

    Returns
    -------
    (n,) float64, 0-1 where af and other rhythms are equally likely beforehand; NaN where fewer than
    `LEAST_TRIPLES` runs of three intervals are free of gaps: unreadable, not "no".

    Raises
    ------
    ValueError
        If `rr_ms` is no (beats,) or (n, beats) of real numbers, holds a negative one, or more than `MOST_INTERVALS`.

    Notes
    -----
    Sample entropy: Lake & Moorman 2011, doi:10.1152/ajpheart.00561.2010; differs: matches within 60 ms, counts raised
    by one instead of a radius that grows. Premature beats and calm pairs after Sarkar 2008,
    doi:10.1109/TBME.2007.903707, as shares of the window. Atrial flutter with a fixed block is regular and scores low;
    with a changing block it scores between. Weights: `benchmarks.fit_rhythm`.
    """
    return 1 / (1 + np.exp(-af_logit(rr_ms)))


def af_logit(rr_ms: npt.ArrayLike) -> Floats:
    """Return the logarithm of the odds of atrial fibrillation; arguments and errors are those of `af_score`."""
    seen = irregularity(rr_ms)
    logit = (
        WEIGHTS.intercept
        + WEIGHTS.entropy * seen.entropy
        + WEIGHTS.jumps * seen.jumps
        + WEIGHTS.calm * seen.calm
        + WEIGHTS.premature * seen.premature
        + WEIGHTS.smooth * seen.smooth
    )
    return np.where(seen.triples >= LEAST_TRIPLES, logit, np.nan)


def irregularity(rr_ms: npt.ArrayLike) -> Irregularity:
    """Return what `af_score` weighs; arguments and errors are the same."""
    given = rows(rr_ms, name="rr_ms")
    if np.any(given < 0):
        raise ValueError(f"rr_ms: holds {np.nanmin(given):g}, intervals must be >= 0")
    if given.shape[-1] > MOST_INTERVALS:
        raise ValueError(f"rr_ms: has {given.shape[-1]} intervals in a window, must have at most {MOST_INTERVALS}")
    rr = np.where((given >= SHORTEST_MS) & (given <= LONGEST_MS), given, np.nan)
    if rr.shape[-1] < 3:
        rr = np.concatenate((rr, np.full((len(rr), 3 - rr.shape[-1]), np.nan)), axis=-1)
    there = ~np.isnan(rr)
    followed = there[:, 1:] & there[:, :-1]
    triples = _count(followed[:, 1:] & followed[:, :-1])
    change = rr[:, 1:] - rr[:, :-1]
    turning = _share(_count(change[:, 1:] * change[:, :-1] < 0), triples)
    step = np.abs(change) / _median(rr, there)[:, None]
    small = step < CALM
    return Irregularity(
        entropy=_entropy(rr, there, followed),
        jumps=_share(_count(step > JUMP), _count(followed)),
        calm=_share(_count(small[:, 1:] & small[:, :-1]), triples),
        premature=_share(_count(_premature(rr)), _count(there)),
        smooth=np.maximum(TURNING - turning, 0),
        triples=triples,
    )


def _entropy(rr: Floats, there: Bools, followed: Bools) -> Floats:
    """Return the coefficient of sample entropy of each row: the log of how rarely a match of one is a match of two."""
    n, beats = rr.shape
    near, both = np.empty(n), np.empty(n)
    at_once = max(1, _AT_ONCE // beats**2)
    for first in range(0, n, at_once):
        part = slice(first, first + at_once)
        near[part], both[part] = _matches(rr[part].astype(np.float32), followed[part])
    mean = _share(np.where(there, rr, 0).sum(axis=-1), _count(there))
    return np.log((near + 1) / (both + 1) * (2 * MATCH_MS) / mean)


def _matches(rr: npt.NDArray[np.float32], followed: Bools) -> tuple[Ints, Ints]:
    """Count the pairs of intervals that match, and those whose next intervals match too; each pair twice."""
    apart = rr[:, :, None] - rr[:, None, :]
    match = np.abs(apart, out=apart) <= MATCH_MS
    one = match[:, :-1, :-1]
    if not followed.all():
        one = one & followed[:, :, None]
        one &= followed[:, None, :]
    with_itself = _count(followed)
    return _all_of(one) - with_itself, _all_of(one & match[:, 1:, 1:]) - with_itself


def _all_of(flags: Bools) -> Ints:
    """Count the set flags of each (n, beats, beats); added up in the smallest type that holds them, for speed."""
    small = np.uint8 if flags.shape[-1] < 256 else np.uint16
    rows_of = np.add.reduce(flags.view(np.uint8), axis=1, dtype=small)
    return np.asarray(rows_of.sum(axis=-1, dtype=np.int64))


def _premature(rr: Floats) -> Bools:
    """Return which intervals end in a premature beat that a pause follows."""
    usual = _running_median(rr)
    early = rr < EARLY * usual
    early[:, :-1] &= rr[:, 1:] > LATE * usual[:, :-1]
    early[:, -1] = False
    return early


def _running_median(rr: Floats) -> npt.NDArray[np.float32]:
    """Return the lower median of the `NEIGHBOURS` intervals around each, of those that are there."""
    n, beats = rr.shape
    side = NEIGHBOURS // 2
    around = np.full((n, beats + 2 * side), np.nan, np.float32)
    around[:, side:-side] = rr
    ordered = around[:, np.arange(beats)[:, None] + np.arange(NEIGHBOURS)]
    ordered.sort(axis=-1)
    there = _count(~np.isnan(ordered))
    return np.asarray(ordered[np.arange(n)[:, None], np.arange(beats), np.maximum(there - 1, 0) // 2])


def _median(rr: Floats, there: Bools) -> Floats:
    """Return the lower median of each row's intervals, NaN where there is none."""
    return np.asarray(np.sort(rr, axis=-1)[np.arange(len(rr)), np.maximum(_count(there) - 1, 0) // 2])


def _count(flags: Bools) -> Ints:
    return np.asarray(flags.sum(axis=-1, dtype=np.int64))


def _share(part: npt.NDArray[np.generic], whole: Ints) -> Floats:
    """Return part / whole, NaN where there is no whole."""
    return np.asarray(part / np.where(whole > 0, whole, np.nan))
