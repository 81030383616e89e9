"""Limits on event time: two bands and a hard bound a side, each with delay, count, filter and hysteresis.

Pure and vectorised over stays. Not here: names, day and night, words (`limit_alerts`). A value holds from its time
until the next value or until it is stale; a stretch without a fresh value is neither violation nor recovery. Between a
limit and its clearing point the last word stands, for the kind's stale time and no longer: state without an end would
make what is said depend on where the readings begin. The invariant: beyond the hard bound there is no delay, no count,
no filter and no question of quality.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from alerting import runs
from alerting.features import Batch, Bools, Floats, Ints, Runs
from alerting.rules import cuff, second_signal, steps
from alerting.rules.steps import Aligned, Steps
from alerting.signal import smooth
from alerting.tracks import Track, Verdict, track
from ward.plans import Limits
from ward.vitals import VITALS, VitalKind

# Differences below this are binary rounding; values come in millionths.
_EPS = 5e-7


class Side(IntEnum):
    """Which way is bad; the number is the sign that turns "too low" into "too high"."""

    LOW = -1
    HIGH = 1

    @property
    def label(self) -> str:
        """The name in rule names and text keys."""
        return self.name.lower()


class Level(IntEnum):
    """The three bounds of a side, the mildest first."""

    WARN = 0
    ALERT = 1
    HARD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """One side's limits of `m` stays, for one kind.

    limit : (3, m) float64, by `Level`, in the kind's canonical unit, NaN where there is none
    delay_s : (m,) float64, how long beyond it before it counts, the hard bound apart; clear_by : (m,), hysteresis
    k, n : (m,) int64, how many of the last readings must be beyond; median_s : (m,) float64, 0 for no filter
    """

    side: Side
    limit: Floats
    delay_s: Floats
    clear_by: Floats
    k: Ints
    n: Ints
    median_s: Floats


def bounds(limits: Sequence[Limits | None], side: Side) -> Bounds:
    """Turn limits into arrays, one column each; None stands for no limit."""
    low = side is Side.LOW
    kept = [Limits() if each is None else each for each in limits]
    table = [
        (each.warn_low, each.alert_low, each.floor) if low else (each.warn_high, each.alert_high, each.ceiling)
        for each in kept
    ]
    return Bounds(
        side=side,
        limit=np.array(table, np.float64).reshape(-1, len(Level)).T,
        delay_s=np.array([each.delay_s for each in kept], np.float64),
        clear_by=np.array([each.clear_by for each in kept], np.float64),
        k=np.array([each.k for each in kept], np.int64),
        n=np.array([each.n for each in kept], np.int64),
        median_s=np.array([each.median_s for each in kept], np.float64),
    )


def select(unique: Bounds, index: Ints) -> Bounds:
    """Return the bounds of stay `i` as those of `unique`'s column `index[i]`."""
    return replace(
        unique,
        limit=unique.limit[:, index],
        delay_s=unique.delay_s[index],
        clear_by=unique.clear_by[index],
        k=unique.k[index],
        n=unique.n[index],
        median_s=unique.median_s[index],
    )


def look_back_s(kind: VitalKind, limits: Limits) -> float:
    """Return how far back the readings of a kind decide what its limits say."""
    stale_s = VITALS[kind].freshness.stale_s
    # What holds now may be from a stale time ago, the word that it goes by from another one before.
    return limits.delay_s + 2 * stale_s + (stale_s if limits.n > 1 else 0.0) + limits.median_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """Since when each level is violated, NaN where it is not, at the instants at which any of it changes; (k,) each.

    `held` are those whose fall a cuff may have made, `warn_doubted` where nothing else has changed with it (`doubted`);
    `known` is whether there is a fresh value.
    """

    at: Aligned
    warn_s: Floats
    alert_s: Floats
    hard_s: Floats
    warn_held: Bools
    alert_held: Bools
    warn_doubted: Bools
    known: Bools


def judge(batch: Batch, kind: VitalKind, bound: Bounds, speaks: Runs) -> Track:
    """Judge one side of one kind for every stay; `began_s` is when the oldest of what is violated began.

    batch : with the readings that matter on this side (`runs.toward`)
    speaks : what the two bands look at (`speaking`); it is the same for both sides
    """
    found = _begun(batch, kind, bound, speaks)
    medium, high = _due(found.warn_s, found, bound), _due(found.alert_s, found, bound)
    high = (high & ~found.alert_held) | ~np.isnan(found.hard_s)
    began = np.fmin(np.fmin(found.warn_s, found.alert_s), found.hard_s)
    verdict = np.select(
        [high, medium & ~found.warn_held & ~found.warn_doubted, ~np.isnan(began), found.known],
        [Verdict.HIGH, Verdict.MEDIUM, Verdict.PENDING, Verdict.QUIET],
        Verdict.UNKNOWN,
    )
    return track(len(batch.stays), found.at.stay, found.at.from_s, verdict, began)


def held(batch: Batch, kind: VitalKind, bound: Bounds, speaks: Runs) -> Track:
    """Say where something would be found but for a cuff."""
    found = _begun(batch, kind, bound, speaks)
    warned, alerted = _due(found.warn_s, found, bound), _due(found.alert_s, found, bound)
    silent = ((warned & found.warn_held) | (alerted & found.alert_held)) & np.isnan(found.hard_s)
    verdict = np.select([silent, found.known], [Verdict.LOW, Verdict.QUIET], Verdict.UNKNOWN)
    began = np.fmin(found.warn_s, found.alert_s)
    return track(len(batch.stays), found.at.stay, found.at.from_s, verdict, began)


def doubted(batch: Batch, kind: VitalKind, bound: Bounds, speaks: Runs) -> Track:
    """Say where a warning would be found, but for a second signal that does not agree."""
    found = _begun(batch, kind, bound, speaks)
    warned, alerted = _due(found.warn_s, found, bound), _due(found.alert_s, found, bound)
    silent = warned & found.warn_doubted & ~found.warn_held & ~alerted & np.isnan(found.hard_s)
    verdict = np.select([silent, found.known], [Verdict.LOW, Verdict.QUIET], Verdict.UNKNOWN)
    return track(len(batch.stays), found.at.stay, found.at.from_s, verdict, found.warn_s)


def _due(begun_s: Floats, found: _Begun, bound: Bounds) -> Bools:
    due: Bools = begun_s + bound.delay_s[found.at.stay] <= found.at.from_s
    return due


def _begun(batch: Batch, kind: VitalKind, bound: Bounds, speaks: Runs) -> _Begun:
    stays, stale_s = len(batch.stays), VITALS[kind].freshness.stale_s
    whole = runs.of(batch, kind)
    hard = runs.whole(batch, kind, bound.side.value)
    known = steps.hold(stays, whole.stay, whole.from_s, whole.last_s, np.ones(len(whole.stay), np.int64), stale_s)
    begun = [
        steps.since(_violated(speaks, bound, Level.WARN, stays, stale_s), bound.delay_s),
        steps.since(_violated(speaks, bound, Level.ALERT, stays, stale_s), bound.delay_s),
        steps.since(_violated(hard, bound, Level.HARD, stays, stale_s), 0.0),
    ]
    falls = kind is VitalKind.SPO2 and bound.side is Side.LOW
    by_cuff = [cuff.inflations(batch)] if falls else []
    waits_s = second_signal.waits_s(batch)
    until = []
    if falls and waits_s.any():
        until = [steps.since(_violated(speaks, bound, Level.WARN, stays, stale_s), bound.delay_s + waits_s)]
    at = steps.align([steps.changes(known), *begun, *by_cuff, *until])
    warn_s, alert_s, hard_s = at.values[1:4]
    read_s = at.values[4] if by_cuff else np.full(len(at.stay), np.nan)
    ends_s = warn_s + (bound.delay_s + waits_s)[at.stay]
    return _Begun(
        at=at,
        warn_s=warn_s,
        alert_s=alert_s,
        hard_s=hard_s,
        warn_held=cuff.covers(warn_s, read_s),
        alert_held=cuff.covers(alert_s, read_s),
        warn_doubted=second_signal.doubted(batch, at, warn_s, ends_s) if until else np.zeros(len(at.stay), np.bool_),
        known=at.values[0] != 0,
    )


def _violated(rows: Runs, bound: Bounds, level: Level, stays: int, stale_s: float) -> Steps:
    """Return 1 while a level is violated, by the last reading that says so or says that it is over."""
    beyond, inside = _said(rows, bound, level)
    if level is not Level.HARD and (bound.n > 1).any():
        beyond, inside = _counted(rows, bound, beyond, inside, stale_s)
    said = np.flatnonzero(beyond | inside)
    value, stay = beyond[said], rows.stay[said]
    # No word is the same as that it is over: what says so again is left out before anything is held.
    matters = value.copy()
    matters[1:] |= value[:-1] & (stay[1:] == stay[:-1])
    row = said[matters]
    held = steps.hold(stays, rows.stay[row], rows.from_s[row], rows.last_s[row], beyond[row].astype(np.int64), stale_s)
    return steps.changes(held)


def _said(rows: Runs, bound: Bounds, level: Level) -> tuple[Bools, Bools]:
    signed = rows.value * bound.side.value
    limit = (bound.limit[level] * bound.side.value)[rows.stay]
    inside = (signed <= limit - bound.clear_by[rows.stay] + _EPS) | np.isnan(limit)
    return signed > limit + _EPS, inside


def _counted(rows: Runs, bound: Bounds, beyond: Bools, inside: Bools, stale_s: float) -> tuple[Bools, Bools]:
    """Let k of the last n readings be beyond before it counts; none of them older than the kind's stale time."""
    n = bound.n[rows.stay]
    count = np.concatenate(([0], np.cumsum(beyond)))
    end = np.arange(1, len(n) + 1)
    first = np.maximum(end - n, np.searchsorted(rows.stay, rows.stay))
    first = np.maximum(first, _first_since(rows, stale_s))
    enough = count[end] - count[first] >= bound.k[rows.stay]
    return enough, ~enough & inside


def _first_since(rows: Runs, back_s: float) -> Ints:
    """Return for each row the first one of its stay that is at most `back_s` older."""
    if not len(rows.stay):
        return np.zeros(0, np.int64)
    # Stays one after another on one axis, so far apart that none reaches into another.
    origin_s = rows.from_s.min()
    span_s = rows.from_s.max() - origin_s + 2 * back_s + 1.0
    axis = rows.stay * span_s + (rows.from_s - origin_s)
    first: Ints = np.searchsorted(axis, axis - back_s - 1e-6).astype(np.int64)
    return first


def speaking(batch: Batch, kind: VitalKind, bound: Bounds) -> Runs:
    """Return what the two bands look at: runs of readings, or each reading where they are counted or filtered."""
    if not ((bound.n > 1) | (bound.median_s > 0)).any():
        return runs.of(batch, kind)
    series = batch.of(kind)
    value = series.value
    stay = np.repeat(np.arange(len(batch.stays)), np.diff(series.offsets))
    for window_s in np.unique(bound.median_s[bound.median_s > 0]).tolist():
        value = np.where(bound.median_s[stay] == window_s, medians(batch, kind, window_s), value)
    return runs.each(batch, kind, ~runs.poor(series), value)


def filtered(batch: Batch) -> Batch:
    """Return the batch with every median that a plan of it asks for, so that whoever asks need not make it anew."""
    asked = {
        (kind, each.median_s)
        for plan in batch.plans
        for limits in (plan.limits, plan.night.limits if plan.night else {})
        for kind, each in limits.items()
        if each.median_s > 0
    }
    return replace(batch, medians={each: _medians(batch, *each) for each in sorted(asked)})


def medians(batch: Batch, kind: VitalKind, window_s: float) -> Floats:
    """Return the medians of a kind's readings over a window, (n,): those that are known, or made now."""
    known = batch.medians.get((kind, window_s))
    return _medians(batch, kind, window_s) if known is None else known


def _medians(batch: Batch, kind: VitalKind, window_s: float) -> Floats:
    """Return each reading's median over a window that ends with it, of those that are not poor: (n,)."""
    series = batch.of(kind)
    spoken = replace(series, value=np.where(runs.poor(series), np.nan, series.value))
    return smooth.median(spoken, window_s).value
