"""Findings from limits: `limit.<kind>.low` and `limit.<kind>.high`, medium beyond the warning, high beyond the alert.

One rule a kind and side, so that worse and better move the priority of one alert. Not here: the trigger itself
(`limits`). The invariant: what is not known (no fresh value) gives neither a finding nor quiet.
"""

import numpy as np

from alerting.features import Batch, Bools, Floats, Observed, Series, moment, reading_at, seconds
from alerting.observed import RULE_VERSION, Observation, Quiet
from alerting.rules import limits
from alerting.rules.limits import Bounds, Level, Side, State
from ward.alerts import Condition, Evidence, Family, Finding, Priority
from ward.vitals import VITALS, VitalKind


def observe(batch: Batch, now_s: float) -> Observed:
    """Judge every limit of every stay at `now_s`."""
    observations: list[Observation] = []
    next_s = np.full(len(batch.stays), np.inf)
    for kind in sorted({kind for plan in batch.plans for kind in plan.limits}):
        for side in Side:
            found = _side(batch, kind, side, now_s)
            observations.extend(found.observations)
            next_s = np.fmin(next_s, found.next_s)
    return Observed(observations=tuple(observations), next_s=next_s)


def _side(batch: Batch, kind: VitalKind, side: Side, now_s: float) -> Observed:
    unique = limits.bounds([plan.limits.get(kind) for plan in batch.plans], side)
    rule = f"limit.{kind}.{side.label}"
    # An alert of a limit that has been taken away must still be able to clear.
    if np.isnan(unique.limit).all() and not any(rule in stay.alerts for stay in batch.stays):
        return Observed(observations=(), next_s=np.full(len(batch.stays), np.inf))
    bound = limits.select(unique, batch.plan_of)
    series = batch.of(kind)
    stale_s = VITALS[kind].freshness.stale_s
    state, _ = limits.watch(series, bound, _carried(batch, rule, bound), stale_s)
    due_s = state.begun_s + bound.delay_s
    fresh = now_s < state.last_s + stale_s
    on = ~np.isnan(state.begun_s)
    fired = on & fresh & (due_s <= now_s)
    pending = on & fresh & (due_s > now_s)
    quiet = fresh & ~on.any(axis=0)
    firing: list[int] = np.flatnonzero(fired.any(axis=0)).tolist()
    findings = [_finding(batch, series, kind, bound, state, fired, stay) for stay in firing]
    cleared = [
        Quiet(stay_id=stay.stay_id, rule=rule)
        for stay, is_quiet in zip(batch.stays, quiet.tolist(), strict=True)
        if is_quiet and rule in stay.alerts
    ]
    next_s = np.where(pending, due_s, np.inf).min(axis=0)
    return Observed(observations=(*findings, *cleared), next_s=next_s)


def _carried(batch: Batch, rule: str, bound: Bounds) -> State:
    """Start from the alert that is already there: its beginning may lie before the readings that were read."""
    state = limits.start(len(batch.stays))
    for index, stay in enumerate(batch.stays):
        alert = stay.alerts.get(rule)
        if alert is None or alert.condition is not Condition.PRESENT:
            continue
        began_s = seconds(alert.began_at)
        state.begun_s[Level.WARN, index] = began_s
        if alert.priority is Priority.HIGH:
            level = Level.HARD if np.isnan(bound.limit[Level.ALERT, index]) else Level.ALERT
            state.begun_s[level, index] = began_s
    return state


def _finding(
    batch: Batch, series: Series, kind: VitalKind, bound: Bounds, state: State, fired: Bools, stay: int
) -> Finding:
    level = max(Level(each) for each in np.flatnonzero(fired[:, stay]).tolist())
    began_s = float(np.nanmin(state.begun_s[:, stay]))
    delay_s = float(bound.delay_s[level, stay])
    worst = reading_at(series, kind, _worst(series, bound.side, began_s, stay))
    vital = VITALS[kind]
    return Finding(
        stay_id=batch.stays[stay].stay_id,
        rule=f"limit.{kind}.{bound.side.label}",
        family=Family.CLINICAL,
        priority=Priority.MEDIUM if level is Level.WARN else Priority.HIGH,
        began_at=moment(began_s),
        due_at=moment(float(state.begun_s[level, stay]) + delay_s),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=f"limit.{bound.side.label}",
            params={
                "kind": kind.value,
                "value": worst.value,
                "limit": float(bound.limit[level, stay]),
                "unit": vital.unit,
                "duration_s": delay_s,
            },
            inputs=(worst,),
        ),
    )


def _worst(series: Series, side: Side, began_s: float, stay: int) -> int:
    """Return the place of the worst reading of the violation, or of what was read of it."""
    own = slice(int(series.offsets[stay]), int(series.offsets[stay + 1]))
    kept: Floats = np.where(series.t_s[own] >= began_s, series.value[own] * side.value, -np.inf)
    return own.start + int(kept.argmax())
