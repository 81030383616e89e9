"""Findings from NEWS2: `news2.total` at the plan's two thresholds, `news2.single` for a three in one parameter.

They fire on what is certain (the lower end of the interval) and has been so for `HOLD_S`: one stray value does not
ring. They are over when even the upper end lies below, where an input that was measured and went stale counts with
all it could give, and one that was never measured counts nothing, since it did not help to raise the alert either.
Not here: the score itself (`news2`).
"""

from dataclasses import dataclass

import numpy as np

from alerting.features import Batch, Bools, Floats, Ints, Observed, moment, newest, newest_index, reading_at
from alerting.observed import RULE_VERSION, Observation, Quiet
from alerting.rules import news2
from alerting.rules.news2 import INPUTS, SINGLE, Part, Scores
from ward.alerts import Condition, Evidence, Family, Finding, Input, Priority
from ward.vitals import VITALS

TOTAL, ONE = "news2.total", "news2.single"
# The project's choice: as long as the delay of the SpO2 limit, looked at every 15 s.
HOLD_S, _STEP_S = 60.0, 15.0
_AGO_S = tuple(np.arange(0.0, HOLD_S + _STEP_S, _STEP_S).tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Whether something has held at every instant looked at; `next_s`: when it will have, if it goes on."""

    held: Bools
    next_s: Floats


def current(batch: Batch, now_s: float) -> Scores:
    """Score every stay by what is known at `now_s`."""
    return _score(batch, now_s, (0.0,))


def settled_s(batch: Batch, now_s: float) -> Floats:
    """Return (m,): when the next input goes stale if nothing new comes, inf where none will."""
    next_s = np.full(len(batch.stays), np.inf)
    for kind in INPUTS:
        t_s, _ = newest(batch.of(kind), np.inf)
        due_s = t_s + VITALS[kind].freshness.stale_s
        next_s = np.fmin(next_s, np.where(due_s > now_s, due_s, np.inf))
    return next_s


def observe(batch: Batch, now_s: float) -> Observed:
    """Judge the total and the single parameters of every stay."""
    stays = len(batch.stays)
    scores = _score(batch, now_s, _AGO_S)
    low = scores.total_min.reshape(-1, stays)
    bound = _upper(scores)
    high = bound.sum(axis=0).reshape(-1, stays)
    high_at = np.array([plan.news2_high for plan in batch.plans])[batch.plan_of]
    # Thresholds the wrong way round must not make a gap in which nothing rings.
    medium_at = np.minimum(np.array([plan.news2_medium for plan in batch.plans])[batch.plan_of], high_at)
    urgent, emergency = _hold(low >= medium_at, now_s), _hold(low >= high_at, now_s)
    below, eased = _hold(high < medium_at, now_s), _hold(high < high_at, now_s)
    threes = (scores.low == SINGLE).reshape(len(Part), -1, stays).all(axis=1)
    one = _hold((scores.low == SINGLE).any(axis=0).reshape(-1, stays), now_s)
    none = _hold((bound < SINGLE).all(axis=0).reshape(-1, stays), now_s)
    certain = low.min(axis=0)
    observations: list[Observation] = []
    for index in np.flatnonzero(urgent.held).tolist():
        priority = Priority.HIGH if emergency.held[index] else Priority.MEDIUM
        if priority is Priority.HIGH or eased.held[index] or not _is_high(batch, index):
            at = int((high_at if priority is Priority.HIGH else medium_at)[index])
            observations.append(_total(batch, index, now_s, priority, int(certain[index]), at))
    # A total that has reached its threshold speaks for its parts.
    observations += [
        _single(batch, index, now_s, Part(int(threes[:, index].argmax())))
        for index in np.flatnonzero(threes.any(axis=0) & ~urgent.held).tolist()
    ]
    observations += [*_quiet(batch, TOTAL, below.held), *_quiet(batch, ONE, none.held)]
    times = (each.next_s for each in (urgent, emergency, below, eased, one, none))
    return Observed(observations=tuple(observations), next_s=np.minimum.reduce([*times, settled_s(batch, now_s)]))


def _score(batch: Batch, now_s: float, ago_s: tuple[float, ...]) -> Scores:
    """Score every stay at each of the instants `ago_s` before now, instant after instant: (k * m,) columns."""
    values, stale = {}, {}
    for kind in INPUTS:
        series = batch.of(kind)
        # What has been received is not later than now, whatever the hair's breadth between two machines' clocks.
        found = [newest(series, now_s - ago if ago else np.inf) for ago in ago_s]
        values[kind] = np.concatenate([value for _, value in found])
        limit_s = VITALS[kind].freshness.stale_s
        stale[kind] = np.concatenate([now_s - ago - t_s >= limit_s for ago, (t_s, _) in zip(ago_s, found, strict=True)])
    scale = np.array([plan.spo2_scale for plan in batch.plans], np.int64)[batch.plan_of]
    return news2.score(values, stale, np.tile(scale, len(ago_s)))


def _upper(scores: Scores) -> Ints:
    """Return (7, n) points that each part could have, leaving out what was never measured."""
    open_ = scores.missing.copy()
    open_[Part.SPO2] |= scores.missing[Part.OXYGEN]
    return np.where(open_, scores.low, scores.high)


def _hold(true: Bools, now_s: float) -> _Held:
    """Look along the instants, (k, m), newest first."""
    broken = (~true).argmax(axis=0)
    held: Bools = np.logical_and.reduce(true, axis=0)
    next_s = np.where(true[0] & ~held, now_s - (broken - 1) * _STEP_S + HOLD_S, np.inf)
    return _Held(held=held, next_s=next_s)


def _is_high(batch: Batch, index: int) -> bool:
    alert = batch.stays[index].alerts.get(TOTAL)
    return alert is not None and alert.condition is Condition.PRESENT and alert.priority is Priority.HIGH


def _quiet(batch: Batch, rule: str, held: Bools) -> list[Quiet]:
    return [
        Quiet(stay_id=stay.stay_id, rule=rule)
        for stay, is_quiet in zip(batch.stays, held.tolist(), strict=True)
        if is_quiet and rule in stay.alerts
    ]


def _inputs(batch: Batch, index: int) -> tuple[Input, ...]:
    found = ((kind, batch.of(kind)) for kind in INPUTS)
    places = ((kind, series, int(newest_index(series, np.inf)[index])) for kind, series in found)
    return tuple(reading_at(series, kind, place) for kind, series, place in places if place >= 0)


def _total(batch: Batch, index: int, now_s: float, priority: Priority, total: int, threshold: int) -> Finding:
    return Finding(
        stay_id=batch.stays[index].stay_id,
        rule=TOTAL,
        family=Family.CLINICAL,
        priority=priority,
        began_at=moment(now_s - HOLD_S),
        due_at=moment(now_s),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=TOTAL,
            params={"total": total, "limit": threshold, "duration_s": HOLD_S},
            inputs=_inputs(batch, index),
        ),
    )


def _single(batch: Batch, index: int, now_s: float, part: Part) -> Finding:
    return Finding(
        stay_id=batch.stays[index].stay_id,
        rule=ONE,
        family=Family.CLINICAL,
        # Chart 4 asks for an urgent review; it is also the only rule that speaks of new confusion.
        priority=Priority.MEDIUM,
        began_at=moment(now_s - HOLD_S),
        due_at=moment(now_s),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=ONE,
            params={"part": part.label, "points": SINGLE, "duration_s": HOLD_S},
            inputs=_inputs(batch, index),
        ),
    )
