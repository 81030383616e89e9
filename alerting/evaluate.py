"""A batch of stays at an instant: their scores, what the rules observe, and when to look again.

Pure: no clock, no store, no logging. Not here: what becomes of an alert (`lifecycle`). The invariant: the same batch
at the same instant gives the same evaluation, whichever worker makes it and whatever was made before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from alerting import runs
from alerting.features import Batch, Bools, Floats, seconds
from alerting.lifecycle import due_at
from alerting.observed import Observation, Quiet
from alerting.rules import limit_alerts
from alerting.rules.catalogue import RULES, WATCHES, Rule
from alerting.rules.news2 import Part, Risk, Scores
from alerting.rules.news2_evidence import current
from alerting.told import Stand, told
from alerting.tracks import Track, without
from alerting.tracks import next_s as tracks_next_s
from ward.alerts import Family
from ward.people import StayId
from ward.plans import Goals, Plan
from ward.vitals import VitalKind

__all__ = [
    "REMEMBERING",
    "Evaluation",
    "Scored",
    "evaluate",
    "exact_back",
    "furthest",
    "judge",
    "look_back",
    "memory",
    "needs_memory",
    "remembered_back",
]

# A score is written when it changes, and at least this often, so that a chart shows it going on.
SCORE_EVERY_S = 300.0
# Without anything to wait for, a stay is looked at this often anyway.
LOOK_AGAIN_S = 300.0
# The rules that keep a memory.
REMEMBERING = tuple(rule.name for rule in RULES if rule.memory is not None)
_LABELS = tuple(part.label for part in Part)
_RISKS = tuple(risk.name.lower() for risk in Risk)
_HALF_MICROSECOND = 0.5e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score to be written; `digest` tells two scores apart."""

    stay_id: StayId
    total_min: int
    total_max: int
    risk: str
    spo2_scale: int
    parts: dict[str, tuple[int, int]]
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    settles: str | None
    single_three: bool
    digest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What is to be written: scores that changed, observations, and `next_s` (m,), seconds since 1970."""

    scores: tuple[Scored, ...]
    observations: tuple[Observation, ...]
    next_s: Floats


def look_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back the readings of each kind are needed, beside the newest before those, in seconds."""
    return furthest(rule.look_back(plan) for rule in RULES)


def remembered_back(plan: Plan) -> dict[VitalKind, float]:
    """Return the same for who has the memory of every rule that keeps one."""
    return furthest((rule.look_back if rule.memory is None else rule.memory.look_back)(plan) for rule in RULES)


def exact_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back every single reading counts, and not only what runs of them say (`runs`)."""
    counted = {
        kind: back_s
        for kind, back_s in limit_alerts.look_back(plan).items()
        if any(each.n > 1 or each.median_s for each in limit_alerts.given(plan, kind))
    }
    others = (rule for rule in RULES if rule.name != limit_alerts.LIMIT)
    looked = [(rule.look_back if rule.memory is None else rule.memory.look_back)(plan) for rule in others]
    return furthest([counted, *looked])


def furthest(needed: Iterable[Mapping[VitalKind, float]]) -> dict[VitalKind, float]:
    """Return the largest of several look-backs for each kind."""
    most: dict[VitalKind, float] = {}
    for each in needed:
        for kind, back_s in each.items():
            most[kind] = max(most.get(kind, 0.0), back_s)
    return most


def needs_memory(batch: Batch) -> Bools:
    """Tell for which stays what was before their readings matters to some rule: (m,) bool."""
    looked_at = batch if batch.runs else runs.reduced(batch)
    needed = [rule.memory.needed(looked_at) for rule in RULES if rule.memory is not None]
    some: Bools = np.logical_or.reduce([np.zeros(len(batch.stays), np.bool_), *needed])
    return some


def memory(batch: Batch, before_s: Floats) -> dict[str, Floats]:
    """Return what each rule that keeps a memory needs to know of the time before an instant of each stay: (m, w)."""
    looked_at = batch if batch.runs else runs.reduced(batch)
    return {rule.name: rule.memory.of(looked_at, before_s) for rule in RULES if rule.memory is not None}


def judge(batch: Batch, rules: Sequence[Rule] = RULES) -> Iterator[tuple[Rule, str, Track]]:
    """Judge a batch by rules over readings: (rule, full name, track). Live and back-test both come in here."""
    comfort = np.array([plan.goals is Goals.COMFORT for plan in batch.plans])[batch.plan_of]
    looked_at = batch if batch.runs else runs.reduced(batch)
    for rule in rules:
        for name, track in rule.judge(looked_at).items():
            yield rule, name, without(track, comfort) if rule.family is Family.CLINICAL else track


def evaluate(batch: Batch, now_s: float) -> Evaluation:
    """Evaluate a batch at `now_s`, seconds since 1970."""
    # Times are whole microseconds; half of one keeps the rounding of a sum from hiding that it is reached.
    now_s += _HALF_MICROSECOND
    observed = [watch.observe(batch, now_s) for watch in WATCHES]
    tracks = list(judge(batch))
    next_s = np.minimum.reduce(
        [
            *(each.next_s for each in observed),
            *(tracks_next_s(track, now_s) for _, _, track in tracks),
            _lapses(batch),
            np.full(len(batch.stays), now_s + LOOK_AGAIN_S),
        ]
    )
    stand = Stand.of(batch, now_s)
    said = [one for rule, name, track in tracks for one in told(stand, rule, name, track)]
    gone = _no_more(batch, {name for _, name, _ in tracks})
    return Evaluation(
        scores=_changed(batch, current(batch, now_s), now_s),
        observations=(*said, *gone, *(one for each in observed for one in each.observations)),
        next_s=next_s,
    )


def _no_more(batch: Batch, judged: set[str]) -> Iterator[Quiet]:
    """Let the alerts of rules over readings that no plan here has any more clear."""
    for stay in batch.stays:
        for name in stay.alerts.keys() - judged:
            for rule in RULES:
                if rule.owns(name):
                    yield Quiet(stay_id=stay.stay_id, rule=name, unasked=rule.family is Family.CLINICAL)


def _lapses(batch: Batch) -> Floats:
    """Return (m,): when time alone next changes an alert of a stay."""
    return np.array(
        [
            min((seconds(at) for alert in stay.alerts.values() if (at := due_at(alert)) is not None), default=np.inf)
            for stay in batch.stays
        ]
    )


def _changed(batch: Batch, scores: Scores, now_s: float) -> tuple[Scored, ...]:
    scale = np.array([plan.spo2_scale for plan in batch.plans], np.int64)[batch.plan_of]
    digests = scale.copy()
    for part in Part:
        why = scores.missing[part] + 2 * scores.stale[part].astype(np.int64)
        digests = ((digests * 4 + scores.low[part]) * 4 + scores.high[part]) * 4 + why
    found = []
    for index, (stay, digest) in enumerate(zip(batch.stays, digests.tolist(), strict=True)):
        if stay.digest == digest and stay.scored_s is not None and now_s - stay.scored_s < SCORE_EVERY_S:
            continue
        found.append(_scored(stay.stay_id, scores, index, int(scale[index]), digest))
    return tuple(found)


def _scored(stay_id: StayId, scores: Scores, index: int, scale: int, digest: int) -> Scored:
    settles = int(scores.settles[index])
    low, high = scores.low[:, index].tolist(), scores.high[:, index].tolist()
    return Scored(
        stay_id=stay_id,
        total_min=int(scores.total_min[index]),
        total_max=int(scores.total_max[index]),
        risk=_RISKS[int(scores.risk[index])],
        spo2_scale=scale,
        parts=dict(zip(_LABELS, zip(low, high, strict=True), strict=True)),
        missing=tuple(compress(_LABELS, scores.missing[:, index].tolist())),
        stale=tuple(compress(_LABELS, scores.stale[:, index].tolist())),
        settles=None if settles < 0 else _LABELS[settles],
        single_three=bool(scores.single[index]),
        digest=digest,
    )
