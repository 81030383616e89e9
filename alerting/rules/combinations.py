"""Combined conditions: `combination.<name>`, where so many of several bounds are reached at once for a time.

Each term is a fresh value at or beyond its bound; all of the terms is AND, one is OR. Not here: what is written of
them (`alerting.words`). The invariant: only terms that certainly hold count, and it is over only when too few could.
"""

from collections.abc import Mapping

import numpy as np

from alerting import runs
from alerting.features import Batch, in_order_of_time, reading_at
from alerting.observed import RULE_VERSION
from alerting.rules import steps
from alerting.rules.steps import Steps
from alerting.tracks import FINDING, Row, Track, Verdict, joined, track
from ward.alerts import Evidence, Input, Role
from ward.plans import Combination, Plan, Side, Term
from ward.vitals import VITALS, VitalKind

COMBINATION = "combination"
_EPS = 5e-7
# A term counts 1 while it certainly holds, and this while nobody knows.
_UNKNOWN = 1 << 10


def look_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return how far back the kinds of each combination decide."""
    return {
        term.kind: max(each.delay_s for each in plan.combinations if term.kind in {one.kind for one in each.terms})
        for combination in plan.combinations
        for term in combination.terms
    }


def judge(batch: Batch) -> dict[str, Track]:
    """Judge every combination of every plan; plans may mean different things by the same name."""
    own: dict[str, dict[Combination, list[int]]] = {}
    for index, plan in enumerate(batch.plans):
        for each in plan.combinations:
            own.setdefault(each.name, {}).setdefault(each, []).append(index)
    return {f"{COMBINATION}.{name}": _named(batch, variants) for name, variants in sorted(own.items())}


def _named(batch: Batch, variants: Mapping[Combination, list[int]]) -> Track:
    which = np.full(len(batch.plans), -1)
    for place, plans in enumerate(variants.values()):
        which[plans] = place
    return joined([_track(batch, each) for each in variants], which[batch.plan_of])


def _track(batch: Batch, combination: Combination) -> Track:
    found = steps.total([_term(batch, term) for term in combination.terms])
    unknown, holding = np.divmod(found.value + len(combination.terms) * _UNKNOWN, _UNKNOWN)
    since = steps.since(steps.where(found, holding >= combination.at_least), combination.delay_s)
    over = steps.changes(steps.where(found, holding + unknown < combination.at_least))
    at = steps.align([since, over])
    verdict = np.select(
        [at.values[0] + combination.delay_s <= at.from_s, ~np.isnan(at.values[0]), at.values[1] != 0],
        [combination.priority + FINDING, Verdict.PENDING, Verdict.QUIET],
        Verdict.UNKNOWN,
    )
    return track(at.stays, at.stay, at.from_s, verdict, at.values[0])


def _term(batch: Batch, term: Term) -> Steps:
    """Return a term over time, relative to unknown."""
    rows = runs.of(_toward(batch, term), term.kind)
    held = (rows.value <= term.bound + _EPS) if term.side is Side.LOW else (rows.value >= term.bound - _EPS)
    value = held.astype(np.int64) - _UNKNOWN
    stale_s = VITALS[term.kind].freshness.stale_s
    return steps.changes(steps.hold(len(batch.stays), rows.stay, rows.from_s, rows.last_s, value, stale_s))


def _toward(batch: Batch, term: Term) -> Batch:
    """Return the batch with the readings that a term looks at, where several of one instant differ."""
    return runs.toward(batch, term.kind, -1 if term.side is Side.LOW else 1)


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return the terms that held, with the values that reached them: those since when, and those of now."""
    name = rule.removeprefix(f"{COMBINATION}.")
    combination = next(each for each in batch.stays[row.stay].plan.combinations if each.name == name)
    held: list[Input] = []
    since: list[Input] = []
    said: list[str] = []
    for term in combination.terms:
        series = _toward(batch, term).of(term.kind)
        place = runs.spoken_at(series, row.stay, row.from_s)
        if place < 0 or row.from_s - series.t_s[place] >= VITALS[term.kind].freshness.stale_s:
            continue
        value = float(series.value[place])
        if (value <= term.bound + _EPS) if term.side is Side.LOW else (value >= term.bound - _EPS):
            held.append(reading_at(series, term.kind, place))
            first = runs.spoken_at(series, row.stay, row.began_s)
            since += [reading_at(series, term.kind, first, Role.SINCE)] if first >= 0 else []
            said.append(f"{term.kind} {term.side} {term.bound:g}")
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=COMBINATION,
        params={
            "name": name,
            "terms": ", ".join(said),
            "least": combination.at_least,
            "all": len(combination.terms),
            "duration_s": combination.delay_s,
        },
        inputs=in_order_of_time(*held, *since),
    )
