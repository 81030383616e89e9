"""Readings reduced to what rules can tell apart: a calm hour is one row, and rules work on changes.

Pure. A plan's limits, the bands of NEWS2 and the terms of combinations cut the values of a kind into zones; readings of
one zone in a row are one run. Readings of poor quality do not speak for the patient and are left out here: hard bounds
and technical rules look at them apart. The invariant: a rule that compares values with numbers of its plan or of the
chart, and lets a value hold for the kind's stale time, says the same of runs as of readings.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from alerting import ties
from alerting.features import Batch, Bools, Floats, Ints, Runs, Series, own
from alerting.rules.news2 import edges as chart_edges
from alerting.ties import Speaks
from ward.plans import Limits, Plan
from ward.vitals import POOR_BELOW, VITALS, VitalKind

# Values are compared in millionths: 39.5 - 0.2 is reached by a value of 39.3.
_PER_UNIT = 1_000_000
_LOWEST, _HIGHEST, _SPAN = -(1 << 31), 1 << 33, 1 << 35


def reduced(batch: Batch) -> Batch:
    """Return the batch with the runs of every kind."""
    return replace(batch, runs={kind: of(batch, kind) for kind in batch.series})


def of(batch: Batch, kind: VitalKind) -> Runs:
    """Return the runs of the readings of a kind that speak for the patient."""
    found = batch.runs.get(kind)
    return runs(batch, kind, ~poor(batch.of(kind))) if found is None else found


def whole(batch: Batch, kind: VitalKind, sign: int) -> Runs:
    """Return the runs of all readings of a kind, poor ones too; of one instant the highest (1), or the lowest (-1)."""
    looked_at = toward(batch, kind, sign, ties.every)
    every = np.ones(len(batch.of(kind).t_s), np.bool_)
    return runs(looked_at, kind, every) if poor(looked_at.of(kind)).any() else of(looked_at, kind)


def toward(batch: Batch, kind: VitalKind, sign: int, speaks: Speaks = ties.good) -> Batch:
    """Return the batch with the highest (1) or the lowest (-1) of the readings of one instant that speak."""
    series = batch.of(kind)
    if series.ties is None:
        return batch
    value, quality = ties.toward(series.ties, sign, speaks, series.value, series.quality)
    looked_at = replace(
        batch,
        series={**batch.series, kind: replace(series, value=value, quality=quality)},
        runs={each: known for each, known in batch.runs.items() if each is not kind},
        medians={each: known for each, known in batch.medians.items() if each[0] is not kind},
    )
    return replace(looked_at, runs={**looked_at.runs, kind: of(looked_at, kind)})


def poor(series: Series) -> Bools:
    """Tell which readings are of poor quality; what the device does not say is not poor."""
    return series.quality < POOR_BELOW


def spoken_at(series: Series, stay: int, at_s: float) -> int:
    """Return the place of one stay's newest reading at or before `at_s` that is not poor, -1 for none."""
    first, mine = own(series, stay)
    good = np.flatnonzero((mine.t_s <= at_s) & ~poor(mine))
    return first + int(good[-1]) if len(good) else -1


def runs(batch: Batch, kind: VitalKind, chosen: Bools) -> Runs:
    """Return the runs of the chosen readings of a kind; a silence longer than its stale time ends one."""
    series = batch.of(kind)
    stay = np.repeat(np.arange(len(batch.stays)), np.diff(series.offsets))
    place = np.arange(len(stay))
    t_s, value = series.t_s, series.value
    if not chosen.all():
        stay, place, t_s, value = stay[chosen], place[chosen], t_s[chosen], value[chosen]
    whole = np.rint(value * _PER_UNIT)
    zone = _zones(batch, kind, stay, whole)
    begins = np.ones(len(stay), np.bool_)
    begins[1:] = (zone[1:] != zone[:-1]) | (stay[1:] != stay[:-1])
    begins[1:] |= t_s[:-1] + VITALS[kind].freshness.stale_s < t_s[1:]
    first = np.flatnonzero(begins)
    return Runs(
        stay=stay[first],
        from_s=t_s[first],
        last_s=t_s[np.append(first[1:], len(stay))[: len(first)] - 1],
        value=whole[first] / _PER_UNIT,
        place=place[first],
    )


def each(batch: Batch, kind: VitalKind, chosen: Bools, value: Floats) -> Runs:
    """Return every chosen reading as a run of its own, with other values in place of the measured ones: (n,)."""
    series = batch.of(kind)
    stay = np.repeat(np.arange(len(batch.stays)), np.diff(series.offsets))[chosen]
    t_s = series.t_s[chosen]
    whole = np.rint(value[chosen] * _PER_UNIT) / _PER_UNIT
    return Runs(stay=stay, from_s=t_s, last_s=t_s, value=whole, place=np.flatnonzero(chosen))


def zones(batch: Batch, kind: VitalKind, stay: Ints, value: Floats) -> Ints:
    """Return the zone of each value, of the stays at these places; equal numbers of one stay are the same zone."""
    return _zones(batch, kind, stay, np.rint(value * _PER_UNIT))


def _zones(batch: Batch, kind: VitalKind, stay: Ints, whole: Floats) -> Ints:
    edges = [_edges(plan, kind) for plan in batch.plans]
    table = np.full((len(edges), max(map(len, edges), default=0)), _HIGHEST, np.int64)
    for row, each_edge in enumerate(edges):
        table[row, : len(each_edge)] = each_edge
    table += (np.arange(len(edges)) * _SPAN)[:, None]
    asked = np.clip(whole, _LOWEST, _HIGHEST - 1).astype(np.int64)
    if len(edges) > 1:
        asked += (batch.plan_of * _SPAN)[stay]
    return np.searchsorted(table.ravel(), asked, side="right")


def _edges(plan: Plan, kind: VitalKind) -> tuple[int, ...]:
    """Return all numbers that a plan compares values of a kind with, in millionths: below, at, and above each."""
    night = None if plan.night is None else plan.night.limits.get(kind)
    terms = tuple(term.bound for each in plan.combinations for term in each.terms if term.kind is kind)
    return _sorted_edges(kind, plan.limits.get(kind), night, terms)


@lru_cache(maxsize=4096)
def _sorted_edges(
    kind: VitalKind, day: Limits | None, night: Limits | None, terms: tuple[float, ...]
) -> tuple[int, ...]:
    bounds = {*terms, *chart_edges(kind)}
    for limits in (day, night):
        if limits is not None:
            lows = (limits.floor, limits.alert_low, limits.warn_low)
            highs = (limits.ceiling, limits.alert_high, limits.warn_high)
            bounds |= {by for low in lows if low is not None for by in (low, low + limits.clear_by)}
            bounds |= {by for high in highs if high is not None for by in (high, high - limits.clear_by)}
    whole = {round(bound * _PER_UNIT) for bound in bounds}
    return tuple(sorted(whole | {bound + 1 for bound in whole}))
