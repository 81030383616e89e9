"""What is told of a NEWS2 finding: the points, the readings that they rest on, and what would settle the rest.

Also the score at the present instant, as the board shows it. Pure; the rules are in `news2_alerts`.
"""

import numpy as np

from alerting import runs
from alerting.features import Batch, Series, moment, newest, reading_at
from alerting.observed import RULE_VERSION
from alerting.rules import news2
from alerting.rules.news2 import INPUTS, SINGLE, Part, Scores
from alerting.rules.news2_alerts import HOLD_S, MEDIUM_HOLD_S, NEWS2, ONE, ONE_HOLD_S, RISE, TOTAL, lower_before
from alerting.tracks import Row, Verdict
from ward.alerts import Evidence, Input, Role
from ward.vitals import VITALS, VitalKind


def current(batch: Batch, now_s: float) -> Scores:
    """Score every stay by what is known at `now_s`."""
    values, stale = {}, {}
    for kind in INPUTS:
        # What has been received is not later than now, whatever the hair's breadth between two machines' clocks.
        t_s, values[kind] = newest(_spoken(batch.of(kind)), np.inf)
        stale[kind] = now_s - t_s >= VITALS[kind].freshness.stale_s
    scale = np.array([plan.spo2_scale for plan in batch.plans], np.int64)[batch.plan_of]
    return news2.score(values, stale, scale)


def _spoken(series: Series) -> Series:
    good = ~runs.poor(series)
    if good.all():
        return series
    before = np.concatenate(([0], np.cumsum(good)))
    return Series(
        t_s=series.t_s[good], value=series.value[good], quality=series.quality[good], offsets=before[series.offsets]
    )


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return the points at the instant at which they had lasted long enough, and the readings behind them."""
    places = {kind: runs.spoken_at(batch.of(kind), row.stay, row.from_s) for kind in INPUTS}
    scores = _score(batch, places, row)
    held_s = HOLD_S if row.verdict is Verdict.HIGH else MEDIUM_HOLD_S
    params: dict[str, str | float | int | None] = {"total": int(scores.total_min[0]), "duration_s": held_s}
    plan = batch.stays[row.stay].plan
    if rule == ONE:
        part = Part(int(scores.low[:, 0].argmax()))
        held_s = HOLD_S if part is Part.CONSCIOUSNESS else ONE_HOLD_S
        params |= {"part": part.label, "points": SINGLE, "duration_s": held_s}
    elif rule == RISE:
        params |= {"points": plan.news2_rise, "duration_s": plan.news2_rise_s}
    else:
        high, medium = plan.news2_high, plan.news2_medium
        params["limit"] = high if row.verdict is Verdict.HIGH else min(medium, high)
    if scores.settles[0] >= 0:
        params |= {"total_max": int(scores.total_max[0]), "settles": Part(int(scores.settles[0])).label}
    inputs = tuple(reading_at(batch.of(kind), kind, place) for kind, place in places.items() if place >= 0)
    if rule == RISE:
        inputs = (*_risen(batch, row, int(scores.total_min[0])), *inputs)
    return Evidence(rule_version=RULE_VERSION, text_key=rule, params=params, inputs=inputs)


def _risen(batch: Batch, row: Row, points: int) -> tuple[Input, ...]:
    """Return the points before and now."""
    now = Input(kind=NEWS2, value=points, unit="{score}", measured_at=moment(row.from_s))
    lower = lower_before(batch, row.stay, row.from_s)
    if lower is None:
        return (now,)
    then = Input(kind=NEWS2, value=lower[0], unit="{score}", measured_at=moment(lower[1]), role=Role.BEFORE)
    return then, now


def renewed(batch: Batch, rule: str, row: Row, known: Evidence) -> Evidence | None:
    """Return the points of now where the least possible total is above the known one."""
    if rule != TOTAL:
        return None
    found = evidence(batch, rule, row)
    now, before = found.params["total"], known.params.get("total")
    return found if isinstance(now, int) and isinstance(before, int) and now > before else None


def _score(batch: Batch, places: dict[VitalKind, int], row: Row) -> Scores:
    values, stale = {}, {}
    for kind, place in places.items():
        series = batch.of(kind)
        values[kind] = np.array([np.nan if place < 0 else series.value[place]])
        age_s = np.inf if place < 0 else row.from_s - series.t_s[place]
        stale[kind] = np.array([place >= 0 and age_s >= VITALS[kind].freshness.stale_s])
    return news2.score(values, stale, np.array([batch.stays[row.stay].plan.spo2_scale], np.int64))
