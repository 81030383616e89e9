"""Findings from NEWS2: `news2.total` at the plan's two thresholds, `news2.single` for a three, `news2.rise`.

They fire on what is certain (the lower end of the interval) and has been so for `HOLD_S`: one stray value does not
ring. They are over when even the upper end lies below, where an input that was measured and went stale counts with
all it could give, and one that was never measured counts nothing, since it did not help to raise the alert either.
A total speaks for its parts, and a three for a rise. Not here: the score (`news2`), over time (`news2_steps`), what is
told of it (`news2_evidence`).
"""

from collections.abc import Mapping

import numpy as np

from alerting.features import Batch, Bools, Floats, Ints, Totals
from alerting.rules import news2_steps, steps
from alerting.rules.news2 import INPUTS
from alerting.rules.steps import Aligned, Steps
from alerting.tracks import Track, Verdict, track, without
from ward.plans import HIGHEST_NEWS2, Plan
from ward.vitals import VitalKind

NEWS2 = "news2"
TOTAL, ONE, RISE = "news2.total", "news2.single", "news2.rise"
# The project's choices, to be confirmed. A high total waits as long as the SpO2 limit; a medium one, a single three and
# a rise of few points come and go with every walk to the kitchen (`benchmarks.alarm_load`); hard bounds never wait.
# What somebody has seen and written down (new confusion) waits no longer than a high total.
HOLD_S, MEDIUM_HOLD_S, ONE_HOLD_S, RISE_HOLD_S = 60.0, 180.0, 300.0, 900.0
_LONGEST_HOLD_S = max(HOLD_S, MEDIUM_HOLD_S, ONE_HOLD_S, RISE_HOLD_S)


def look_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return how far back the inputs decide: a rise is one within the plan's hours."""
    return dict.fromkeys(INPUTS, _LONGEST_HOLD_S + (plan.news2_rise_s if plan.news2_rise else 0.0))


def remembered_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return how far back the inputs decide for who knows how low the score has been before (`lows`)."""
    del plan
    return dict.fromkeys(INPUTS, _LONGEST_HOLD_S)


def judge(batch: Batch) -> dict[str, Track]:
    """Judge the total, the single parameters and the rise of every stay."""
    score = news2_steps.totals(batch)
    high_at = _of_plan(batch, [plan.news2_high for plan in batch.plans])
    # Thresholds the wrong way round must not make a gap in which nothing rings.
    medium_at = np.minimum(_of_plan(batch, [plan.news2_medium for plan in batch.plans]), high_at)
    least, most = medium_at[score.stay], high_at[score.stay]
    urgent = steps.since(news2_steps.held(score, score.low >= least), MEDIUM_HOLD_S)
    three = steps.since(news2_steps.held(score, score.threes > 0), ONE_HOLD_S)
    total = steps.align([
        urgent,
        steps.since(news2_steps.held(score, score.low >= most), HOLD_S),
        steps.since(news2_steps.held(score, score.upper < least), HOLD_S),
        steps.since(news2_steps.held(score, score.upper < most), HOLD_S),
    ])  # fmt: skip
    said = steps.since(news2_steps.held(score, score.said > 0), HOLD_S)
    single = steps.align([three, urgent, steps.since(news2_steps.held(score, score.open_ == 0), HOLD_S), said])
    return {TOTAL: _total(total), ONE: _single(single), RISE: _rise(batch, score, urgent, three, said)}


def _of_plan(batch: Batch, numbers: list[float] | list[int]) -> Ints:
    return np.array(numbers)[batch.plan_of]


def _held(at: Aligned, part: int, hold_s: float = HOLD_S) -> Bools:
    return at.values[part] + hold_s <= at.from_s


def _total(at: Aligned) -> Track:
    urgent = at.values[0]
    verdict = np.select(
        [_held(at, 1), _held(at, 0, MEDIUM_HOLD_S), ~np.isnan(urgent), _held(at, 2)],
        [Verdict.HIGH, Verdict.MEDIUM, Verdict.PENDING, Verdict.QUIET],
        Verdict.UNKNOWN,
    )
    # What may still be high does not ease a high alert.
    most = np.where((verdict == Verdict.MEDIUM) & ~_held(at, 3), Verdict.HIGH, verdict)
    return track(at.stays, at.stay, at.from_s, verdict, urgent, most=most)


def _single(at: Aligned) -> Track:
    three, held = at.values[0], _held(at, 0, ONE_HOLD_S) | _held(at, 3)
    verdict = np.select(
        [held & ~_held(at, 1, MEDIUM_HOLD_S), held, ~np.isnan(three), _held(at, 2)],
        # Chart 4 asks for an urgent review; it is also the only rule that speaks of new confusion.
        [Verdict.MEDIUM, Verdict.UNKNOWN, Verdict.PENDING, Verdict.QUIET],
        Verdict.UNKNOWN,
    )
    return track(at.stays, at.stay, at.from_s, verdict, three)


def _rise(batch: Batch, score: Totals, urgent: Steps, three: Steps, said: Steps) -> Track:
    """Judge the rise: the lower end is so much above the upper end of some time in the hours before."""
    least = _of_plan(batch, [plan.news2_rise for plan in batch.plans])
    certain = score.low == score.upper
    known = news2_steps.held(score, certain | (score.upper < least[score.stay]))
    risen = steps.since(_risen(batch, score, least), RISE_HOLD_S)
    at = steps.align([risen, urgent, three, known, said])
    spoken = _held(at, 1, MEDIUM_HOLD_S) | _held(at, 2, ONE_HOLD_S) | _held(at, 4)
    verdict = np.select(
        [
            _held(at, 0, RISE_HOLD_S) & ~spoken,
            _held(at, 0, RISE_HOLD_S),
            ~np.isnan(at.values[0]),
            at.values[3] != 0,
        ],
        [Verdict.MEDIUM, Verdict.UNKNOWN, Verdict.PENDING, Verdict.QUIET],
        Verdict.UNKNOWN,
    )
    judged = track(at.stays, at.stay, at.from_s, verdict, at.values[0])
    return without(judged, least == 0)


def _risen(batch: Batch, score: Totals, least: Ints) -> Steps:
    """Return 1 while the score has certainly risen; an input never measured counts the same at both times."""
    within_s = _of_plan(batch, [plan.news2_rise_s for plan in batch.plans])[score.stay]
    wanted = np.where(score.low >= least[score.stay], score.ceiling - least[score.stay], -1)
    wanted = np.where(least[score.stay] > 0, wanted, -1)
    before_s = _before(batch)
    last_s = np.full(len(wanted), -np.inf)
    for level in np.unique(wanted[wanted >= 0]).tolist():
        asked = wanted == level
        last_s[asked] = _last(score, level, before_s[:, min(level, HIGHEST_NEWS2)])[asked]
    until_s = last_s + within_s
    on = until_s > score.from_s
    # A whole step later: at the instant itself the low score is no longer within the hours.
    return steps.hold(score.stays, score.stay, score.from_s, np.where(on, until_s, np.inf), on.astype(np.int64), 0.0)


def lower_before(batch: Batch, stay: int, at_s: float) -> tuple[int, float] | None:
    """Return what a rise that is found at an instant rose from: the points then, and until when it was so low.

    An input that was never measured counts nothing at either time. None where nothing is known of such a time.
    """
    score = news2_steps.totals(batch)
    own = slice(*np.searchsorted(score.stay, (stay, stay + 1)).tolist())
    place = int(np.searchsorted(score.from_s[own], at_s, side="right")) - 1
    if place < 0:
        return None
    low, ceiling = int(score.low[own][place]), int(score.ceiling[own][place])
    level = ceiling - batch.stays[stay].plan.news2_rise
    high = score.high[own][: place + 1]
    ended_s = np.append(score.from_s[own][1 : place + 1], at_s)
    known_s = _before(batch)[stay].copy()
    np.maximum.at(known_s, high, ended_s)
    known_s = np.maximum.accumulate(known_s)
    if level < 0 or np.isneginf(known_s[level]):
        return None
    points = int(np.flatnonzero(known_s == known_s[level])[0])
    return max(points - (ceiling - low), 0), float(known_s[level])


def _last(score: Totals, level: int, before_s: Floats) -> Floats:
    """Return for each row until when, before it, the upper end was last at most `level`."""
    low = np.where(score.high <= level, np.arange(len(score.stay)), -1)
    newest = np.maximum.accumulate(low)
    own = newest >= np.searchsorted(score.stay, score.stay)
    ended_s = steps.following_s(score.stay, score.from_s)[np.maximum(newest, 0)]
    return np.where(own, ended_s, before_s[score.stay])


def _before(batch: Batch) -> Floats:
    given = batch.memory.get(NEWS2)
    return np.full((len(batch.stays), HIGHEST_NEWS2 + 1), -np.inf) if given is None else given


def may_have_risen(batch: Batch) -> Bools:
    """Tell whose score is at some time as high as it must be to have risen at all: (m,) bool."""
    score = news2_steps.totals(batch)
    least = _of_plan(batch, [plan.news2_rise for plan in batch.plans])[score.stay]
    high = score.stay[(least > 0) & (score.low >= least)]
    return np.bincount(high, minlength=len(batch.stays)) > 0


def lows(batch: Batch, before_s: Floats) -> Floats:
    """Return all that a rise needs to know of the time before an instant of each stay.

    Parameters
    ----------
    before_s : (m,) float64, seconds since 1970

    Returns
    -------
    (m, 21) float64: until when before the instant the upper end of the score was last at most so many points, -inf
    for never. What `batch.memory` says of still earlier is in it.
    """
    score = news2_steps.totals(batch)
    found = _before(batch).copy()
    own_s = before_s[score.stay]
    ended_s = np.minimum(steps.following_s(score.stay, score.from_s), own_s)
    earlier = score.from_s < own_s
    np.maximum.at(found, (score.stay[earlier], score.high[earlier]), ended_s[earlier])
    return np.maximum.accumulate(found, axis=1)
