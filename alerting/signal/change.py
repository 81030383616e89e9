"""Change of level: moving average with a time constant (EWMA), and two-sided CUSUM with the changes that it finds.

Roberts 1959, Technometrics 1:239, doi:10.1080/00401706.1959.10489860; Page 1954, Biometrika 41:100,
doi:10.1093/biomet/41.1-2.100; weights at uneven times: Eckner 2014, "Algorithms for unevenly spaced time series".

Differs from the papers: a reading counts for the time it stands for, that since the reading before it but at most
`hold_s`, so a burst is no more than a quiet hour; over a gap nothing counts, and evidence ebbs by the allowance; what
is further back than the window does not exist, so a result has a finite look-back. With even sampling at `hold_s` both
are the papers' own recursions.

Not here: the baseline (`baseline`), from which `cusum` takes robust standard scores.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.series import Course, Heading, Moments, Ragged, Support, at_moments, positive, present
from alerting.signal.spans import blocks, support, trailing

MEMORY: Final = 5.0
"""Time constants that an average looks back: what lies behind would weigh exp(-5), 0.7 % together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Average:
    """Moving averages, (k,) float64 each, NaN without a reading.

    value : unit of the readings; sharpness : variance of the average over that of one reading, 1 / (readings that
    really count), for control limits: value is off its target when beyond L * sigma * sqrt(sharpness)
    """

    value: Floats
    sharpness: Floats
    support: Support


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a CUSUM is kept; the defaults are for vitals as standard scores against the own baseline.

    unit_s : the time in which one reading at a steady shift of z adds z - allowance
    hold_s : how long a reading stands for itself at most
    window_s : how far back evidence is gathered
    allowance : k, half of the shift worth finding, in standard deviations
    threshold : h, evidence at which a change is said; ceiling : evidence is never more, so that its end is seen soon
    clip : scores beyond this count as this: one wild reading says no more than that
    """

    unit_s: float = 3600.0
    hold_s: float = 3600.0
    window_s: float = 24 * 3600.0
    allowance: float = 1.0
    threshold: float = 4.0
    ceiling: float = 6.0
    clip: float = 4.0

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name in ("unit_s", "hold_s", "window_s", "allowance", "threshold", "clip"):
            positive(getattr(self, name), name=name)
        if not (self.ceiling > self.threshold and self.clip > self.allowance):
            raise ValueError(
                f"ceiling: is {self.ceiling}, clip {self.clip}; must lie above threshold {self.threshold} "
                f"and allowance {self.allowance}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """CUSUM at k moments. Columns (2, k), first down, then up.

    sum : float64, 0 to `Plan.ceiling`, NaN without a reading in the window; changed : bool, sum >= threshold
    onset_s : float64, since when it is above 0 (Page's estimate of when the change began), NaN where it is not
    """

    sum: Floats
    onset_s: Floats
    changed: Bools
    support: Support


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Changes found, by heading, stay and time, (j,) each.

    heading : int64, `Heading`; row : int64, the stay; began_s : estimated onset; found_s : the reading that said so;
    ended_s : when the evidence had ebbed, NaN where the last reading still holds it
    """

    heading: Ints
    row: Ints
    began_s: Floats
    found_s: Floats
    ended_s: Floats


def look_back_s(plan: Plan) -> float:
    """Return how far back a CUSUM looks: its window, and what its first reading stands for."""
    return plan.window_s + plan.hold_s


def look_back_ewma_s(tau_s: float, hold_s: float) -> float:
    """Return how far back a moving average looks."""
    return MEMORY * tau_s + hold_s


def ewma(series: Ragged, at: Moments, tau_s: float, *, hold_s: float) -> Average:
    """Return the moving average with time constant `tau_s` at each moment.

    Weight of a reading: (1 - exp(-d / tau_s)) exp(-age / tau_s), d the time since the reading before it, at most
    `hold_s` (that for a first reading too); weights are divided by their sum. NaN is a missing reading.

    Raises
    ------
    ValueError
        If `tau_s` or `hold_s` is not above 0, times do not rise within a stay, or a moment names no stay.
    """
    tau, hold = positive(tau_s, name="tau_s"), positive(hold_s, name="hold_s")
    course = present(series)
    asked = at_moments(at, course.stays)
    spans = trailing(course, asked, MEMORY * tau)
    own = -np.expm1(-np.minimum(_since(course), hold) / tau)
    found = np.full((2, len(asked.row)), np.nan)
    for which, index, held in blocks(spans):
        weight = np.where(held, own[index] * np.exp((course.t_s[index] - asked.at_s[which, None]) / tau), 0.0)
        weight /= weight.sum(axis=1, keepdims=True)
        found[:, which] = np.sum(weight * course.value[index], axis=1), np.sum(weight**2, axis=1)
    return Average(value=found[0], sharpness=found[1], support=support(course, asked, spans))


def cusum(scores: Ragged, at: Moments, plan: Plan) -> Evidence:
    """Return the evidence at each moment that the level lies below or above the baseline.

    Parameters
    ----------
    scores : standard scores against the own baseline (`baseline.deviation`); NaN is a missing reading

    Raises
    ------
    ValueError
        If times do not rise within a stay or a moment names no stay.

    Notes
    -----
    For each reading S becomes clip(max(S - k * g, 0) + w * (+-z - k), 0, ceiling), w the time it stands for and g the
    time nobody measured before it, both in units; S begins at 0 where the window begins. After the last reading it
    ebbs on by k for every unit beyond `hold_s`.

    Mean hours until a change is said, of one hourly score, both sides, by `benchmarks.trends`; r is the correlation of
    neighbours, which real vitals have. Page's chart with k = 0.5 and h = 5 has 465 without a shift and 10.4 at one sd.

    ====  ===  ===  ========  =========  =========  =========
    k     h    r    no shift  0.5 sd     1 sd       2 sd
    ====  ===  ===  ========  =========  =========  =========
    0.5   5    0    504       36         10.7       4.2
    0.5   5    0.5  55        23         11.7       4.7
    0.5   8    0.5  151       44         17         6.7
    1     4    0    9,300     320        25         5.0
    1     4    0.5  190       55         20         5.7
    1     5    0.5  400       100        24         7.0
    ====  ===  ===  ========  =========  =========  =========
    """
    course = present(scores)
    asked = at_moments(at, course.stays)
    spans = trailing(course, asked, plan.window_s)
    summed, onset_s = np.zeros((2, len(asked.row))), np.full((2, len(asked.row)), np.nan)
    counts, ebb = _steps(course, plan)
    for which, index, held in blocks(spans):
        gained = np.where(held, counts[:, index], 0.0)
        summed[:, which], onset_s[:, which] = _walk(gained, np.where(held, ebb[index], 0.0), course.t_s[index], plan)
    seen = support(course, asked, spans)
    some = seen.readings > 0
    silent = np.maximum(np.where(some, seen.age_s, 0.0) - plan.hold_s, 0.0)
    summed = np.where(some, np.maximum(summed - plan.allowance * silent / plan.unit_s, 0.0), np.nan)
    return Evidence(
        sum=summed,
        onset_s=np.where(summed > 0, onset_s, np.nan),
        changed=summed >= plan.threshold,
        support=seen,
    )


def changes(scores: Ragged, plan: Plan) -> Changes:
    """Return the changes in a series: from the estimated onset until the evidence has ebbed below the threshold.

    Raises
    ------
    ValueError
        As `cusum`.
    """
    course = present(scores)
    at = Moments.readings(course)
    found = cusum(course, at, plan)
    parts = [_runs(heading, at, found, plan) for heading in Heading]
    columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    heading, row, began_s, found_s, ended_s = columns
    return Changes(
        heading=heading.astype(np.int64), row=row.astype(np.int64), began_s=began_s, found_s=found_s, ended_s=ended_s
    )


def _runs(heading: Heading, at: Moments, found: Evidence, plan: Plan) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return heading, stay, onset, finding and end of each unbroken run of readings that say there is a change."""
    side = 0 if heading is Heading.DOWN else 1
    changed, summed = found.changed[side], found.sum[side]
    same = np.zeros(len(changed) + 1, np.bool_)
    same[1:-1] = (at.row[1:] == at.row[:-1]) & changed[1:] & changed[:-1]
    first, last = np.flatnonzero(changed & ~same[:-1]), np.flatnonzero(changed & ~same[1:])
    following = np.append(at.at_s, np.nan)[last + 1]
    following[np.append(at.row, -1)[last + 1] != at.row[last]] = np.nan
    ebbed = at.at_s[last] + plan.hold_s + (summed[last] - plan.threshold) / plan.allowance * plan.unit_s
    row = at.row[first].astype(np.float64)
    sign = np.full(len(first), float(heading))
    return sign, row, found.onset_s[side][first], at.at_s[first], np.minimum(following, ebbed)


def _since(course: Course) -> Floats:
    """Return the time since the stay's reading before, inf for its first: (n,)."""
    since = np.full(len(course.t_s), np.inf)
    since[1:] = np.diff(course.t_s)
    since[course.offsets[:-1][np.diff(course.offsets) > 0]] = np.inf
    return since


def _steps(course: Course, plan: Plan) -> tuple[Floats, Floats]:
    """Return what each reading adds, down and up (2, n), and what the gap before it takes (n,)."""
    since = _since(course)
    stands = np.minimum(since, plan.hold_s) / plan.unit_s
    score = np.clip(course.value, -plan.clip, plan.clip)
    gained = stands * (np.stack([-score, score]) - plan.allowance)
    return gained, plan.allowance * np.maximum(since - plan.hold_s, 0.0) / plan.unit_s


def _walk(gained: Floats, ebb: Floats, t_s: Floats, plan: Plan) -> tuple[Floats, Floats]:
    """Return sum and onset (2, b) at the end of windows: gained (2, b, w), ebb and t_s (b, w)."""
    gains, ebbs, times = (np.ascontiguousarray(np.moveaxis(each, -1, 0)) for each in (gained, ebb, t_s))
    summed, onset_s = np.zeros(gained.shape[:2]), np.full(gained.shape[:2], np.nan)
    for gain, gone, time_s in zip(gains, ebbs, times, strict=True):
        summed = np.maximum(summed - gone, 0.0)
        onset_s = np.where(summed > 0, onset_s, time_s)
        summed = np.minimum(np.maximum(summed + gain, 0.0), plan.ceiling)
    return summed, onset_s
