"""A person's own normal, by day and by night, and how far a reading lies from it.

`estimate` looks at a finite past; `adapt` lets the baseline in force follow it, slowly and not far. Medians of hours
are taken, not readings, so that an hour counts once however often it was measured.

What keeps a deterioration from becoming the baseline: the last `LAG_S` never count; readings under an alert are left
out by the caller's mask; medians weighted by recency bear up to half of the weight being abnormal; a centre is held
inside what `norms` accepts; and a baseline in force moves by at most `MOST_DRIFT_PER_DAY`, never further than
`MOST_DRIFT` from the first personal one, and not at all while frozen.

Not here: what time it is where the person lives; the caller says which readings are of the night (`night`).
The invariant: a centre always comes with its `Basis`; what is not personal never looks as if it were.
"""

from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.norms import Norm
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.series import Course, Moments, Ragged, at_moments, checked
from alerting.signal.smooth import MAD_TO_SIGMA
from alerting.signal.spans import Spans, between, blocks, thinned

DAY_S: Final = 86400.0

WINDOW_S: Final = 14 * DAY_S
"""How far back a baseline looks: about the length of a hospital-at-home stay."""

HALF_LIFE_S: Final = 5 * DAY_S
"""After this a reading counts half: a convalescent's normal is that of this week."""

LAG_S: Final = 12 * 3600.0
"""The newest readings are what is judged, not what is judged by: vital signs deteriorate 6-12 h before serious events
(J Clin Monit Comput 2015, doi:10.1007/s10877-015-9790-8)."""

NIGHT_H: Final = (23.0, 7.0)
"""Local hours of the night, from and until."""

LEAST_HOURS: Final = 8
"""Hours with readings before a half of the day has a personal centre; a median of 8 has a standard error of 0.4 sd."""

SHRINK_HOURS: Final = 24.0
"""Hours of one's own that weigh as much as the population's spread: a MAD of few hours is often far too small, and the
level of a week differs from that of its days. On CinC 2019 this halves the hours beyond 3 spreads (heart rate)."""

LEAST_SPAN_S: Final = 36 * 3600.0
"""They must span this: two days or two nights at least."""

MOST_DRIFT_PER_DAY: Final = 0.25
"""A baseline in force moves by at most this many of its spreads a day."""

MOST_DRIFT: Final = 1.0
"""And ends at most this many spreads from the first personal centre; beyond, somebody must begin a new one."""

SPREAD_KEPT: Final = (0.5, 1.0)
"""A spread in force stays within these multiples of the first personal one, which still has much of the population's:
illness makes vitals restless, too, and that must not widen what passes for normal."""


class Basis(IntEnum):
    """What a centre rests on."""

    POPULATION = 0
    OTHER_HALF = 1  # the person's other half of the day, moved by the population's difference
    PERSONAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The normal of k persons for one kind. Columns (k, 2): by day, by night.

    centre, spread : float64, the kind's unit; basis : int64, `Basis`; hours : int64, hours with readings they rest on
    span_s : float64, the time those span; held : bool, the centre was held back by a bound or a drift limit
    anchor, anchor_spread : float64, centre and spread when it first became personal, NaN before
    """

    centre: Floats
    spread: Floats
    basis: Ints
    hours: Ints
    span_s: Floats
    held: Bools
    anchor: Floats
    anchor_spread: Floats


def look_back_s() -> float:
    """Return how far back `estimate` looks."""
    return LAG_S + WINDOW_S


def night(t_s: Floats, offset_s: npt.ArrayLike) -> Bools:
    """Return which times (n,) lie in the local night; `offset_s` is local time minus UTC, one or (n,), in seconds."""
    hour = (np.asarray(t_s) + np.asarray(offset_s, np.float64)) % DAY_S / 3600
    begin, end = NIGHT_H
    within: Bools = (hour >= begin) | (hour < end)
    return within


def estimate(series: Ragged, at: Moments, norm: Norm, *, at_night: Bools, excluded: Bools | None = None) -> Baseline:
    """Return the baseline that the readings of [at - LAG_S - WINDOW_S, at - LAG_S] give, for each of k moments.

    Parameters
    ----------
    series : any number of stays, uneven, with gaps; NaN is a missing reading
    norm : the kind's constants, also what is fallen back to
    at_night : (n,) bool, readings of the local night (`night`)
    excluded : (n,) bool, readings not to learn from: those under an alert

    Raises
    ------
    ValueError
        If a mask's shape is not that of the readings, times do not rise within a stay, or a moment names no stay.
    """
    course = checked(series)
    asked = at_moments(at, course.stays)
    by_night = _mask(at_night, len(course.t_s), "at_night")
    usable = np.isfinite(course.value)
    if excluded is not None:
        usable &= ~_mask(excluded, len(course.t_s), "excluded")
    halves = [_half(course.chosen(usable & half), asked, norm) for half in (~by_night, by_night)]
    centre, spread, hours, span_s = (np.stack(column, axis=-1) for column in zip(*halves, strict=True))
    return _completed(centre, spread, hours.astype(np.int64), span_s, norm)


def population(k: int, norm: Norm) -> Baseline:
    """Return what is assumed of `k` persons of whom nothing is known."""
    none = np.full((k, 2), np.nan)
    return _completed(none, none, np.zeros((k, 2), np.int64), np.zeros((k, 2)), norm)


def adapt(held: Baseline, fresh: Baseline, elapsed_s: npt.ArrayLike, *, frozen: Bools) -> Baseline:
    """Return the baseline in force after `fresh` was estimated `elapsed_s` (one, or (k,)) after the one in force.

    Half a day that was not personal takes the fresh one over and is anchored there once that is personal. A personal
    one moves towards the fresh by at most `MOST_DRIFT_PER_DAY` and ends within `MOST_DRIFT` of its anchor; its spread
    stays within `SPREAD_KEPT` of the anchor's. Where `frozen` (k,), because of an alert, nothing changes at all.

    Raises
    ------
    ValueError
        If the two are of different size, or time runs backwards.
    """
    elapsed = np.broadcast_to(np.asarray(elapsed_s, np.float64), (len(held.centre),))[:, None]
    if held.centre.shape != fresh.centre.shape or len(frozen) != len(held.centre):
        raise ValueError(f"fresh: {fresh.centre.shape}, frozen {np.shape(frozen)}, must fit held {held.centre.shape}")
    if not (elapsed >= 0).all():
        raise ValueError(f"elapsed_s: is {np.min(elapsed)}, must be 0 or more")
    step = MOST_DRIFT_PER_DAY * held.spread * elapsed / DAY_S
    wanted = held.centre + np.clip(fresh.centre - held.centre, -step, step)
    far = MOST_DRIFT * held.anchor_spread
    centre = np.clip(wanted, held.anchor - far, held.anchor + far)
    moved = replace(
        fresh,
        centre=centre,
        spread=np.clip(fresh.spread, SPREAD_KEPT[0] * held.anchor_spread, SPREAD_KEPT[1] * held.anchor_spread),
        held=fresh.held | (centre != fresh.centre),
        anchor=held.anchor,
        anchor_spread=held.anchor_spread,
    )
    own = held.basis == Basis.PERSONAL
    still = np.asarray(frozen)[:, None] | (own & (fresh.basis != Basis.PERSONAL))
    return _either(still, held, _either(own, moved, fresh))


def deviation(baseline: Baseline, which: Ints, value: npt.ArrayLike, at_night: Bools) -> Floats:
    """Return how many of the person's spreads each value (n,) lies above the centre of its half of the day: (n,).

    which : (n,) int64, index into the baseline; NaN stays NaN. On a `Basis.POPULATION` it is a deviation from others.
    """
    half = np.asarray(at_night).astype(np.int64)
    found: Floats = (np.asarray(value, np.float64) - baseline.centre[which, half]) / baseline.spread[which, half]
    return found


def _mask(mask: Bools, size: int, name: str) -> Bools:
    given = np.asarray(mask)
    if given.shape != (size,) or given.dtype != np.bool_:
        raise ValueError(f"{name}: {given.shape} of {given.dtype}, must be ({size},) booleans, one for each reading")
    return given


def _half(course: Course, at: Moments, norm: Norm) -> tuple[Floats, Floats, Ints, Floats]:
    """Return personal centre, spread (NaN where there are too few), hours and their span of one half of the day."""
    spans = between(course, at.row, at.at_s - LAG_S - WINDOW_S, at.at_s - LAG_S)
    hourly = thinned(course, spans, 3600.0)
    runs = Spans(first=hourly.offsets[:-1], end=hourly.offsets[1:])
    span_s = np.zeros(len(at.row))
    some = runs.count > 0
    span_s[some] = hourly.t_s[runs.end[some] - 1] - hourly.t_s[runs.first[some]]
    centre, spread = np.full((2, len(at.row)), np.nan)
    enough = np.flatnonzero((runs.count >= LEAST_HOURS) & (span_s >= LEAST_SPAN_S))
    chosen = Spans(first=runs.first[enough], end=runs.end[enough])
    for block, index, kept in blocks(chosen, 4):
        which = enough[block]
        age = at.at_s[which, None] - hourly.t_s[index]
        weight = np.where(kept, np.exp2(-age / HALF_LIFE_S), 0.0)
        centre[which], own = _located(hourly.value[index], weight)
        hours = runs.count[which]
        shared = (hours * own**2 + SHRINK_HOURS * norm.spread**2) / (hours + SHRINK_HOURS)
        spread[which] = np.maximum(np.sqrt(shared), norm.least_spread)
    return centre, spread, runs.count, span_s


def _located(value: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return weighted median and weighted MAD, as a standard deviation, of rows (b, w)."""
    middle = _weighted_median(value, weight)
    return middle, MAD_TO_SIGMA * _weighted_median(np.abs(value - middle[:, None]), weight)


def _weighted_median(value: Floats, weight: Floats) -> Floats:
    """Return the weighted median of rows (b, w): where half of the weight lies below, the middle where it is exact."""
    order = np.argsort(np.where(weight > 0, value, np.inf), axis=1, kind="stable")
    ordered = np.take_along_axis(value, order, axis=1)
    risen: Floats = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    half = 0.5 * risen[:, -1:]
    rows = np.arange(len(value))
    low, high = np.argmax(risen >= half, axis=1), np.argmax(risen > half, axis=1)
    middle: Floats = 0.5 * (ordered[rows, low] + ordered[rows, high])
    return middle


def _completed(centre: Floats, spread: Floats, hours: Ints, span_s: Floats, norm: Norm) -> Baseline:
    """Fill in what is not personal, say so, and hold centres inside what is accepted."""
    assumed = np.array([norm.day, norm.night])
    own = np.isfinite(centre)
    other = own[:, ::-1] & ~own
    moved = centre[:, ::-1] - assumed[::-1] + assumed
    filled = np.where(own, centre, np.where(other, moved, assumed))
    inside = np.clip(filled, norm.low, norm.high)
    basis = np.where(own, Basis.PERSONAL, np.where(other, Basis.OTHER_HALF, Basis.POPULATION))
    return Baseline(
        centre=inside,
        spread=np.where(own, spread, np.where(other, spread[:, ::-1], norm.spread)),
        basis=basis.astype(np.int64),
        hours=hours,
        span_s=span_s,
        held=inside != filled,
        anchor=np.where(own, inside, np.nan),
        anchor_spread=np.where(own, spread, np.nan),
    )


def _either(mask: Bools, first: Baseline, second: Baseline) -> Baseline:
    names = [field.name for field in fields(Baseline)]
    return Baseline(**{name: np.where(mask, getattr(first, name), getattr(second, name)) for name in names})
