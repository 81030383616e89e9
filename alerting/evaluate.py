"""A batch of stays at an instant: their scores, what the rules observe, and when to look again.

Pure: no clock, no store, no logging. Not here: what becomes of an alert (`lifecycle`). The invariant: the same batch
at the same instant gives the same evaluation, whichever worker makes it and whatever was made before.
"""

from dataclasses import dataclass

import numpy as np

from alerting.features import Batch, Floats, seconds
from alerting.lifecycle import due_at
from alerting.observed import Observation
from alerting.rules.catalogue import RULES
from alerting.rules.news2 import Part, Risk, Scores
from alerting.rules.news2_alerts import HOLD_S, current
from ward.people import StayId
from ward.plans import Plan

__all__ = ["Evaluation", "Scored", "evaluate", "look_back_s"]

# A score is written when it changes, and at least this often, so that a chart shows it going on.
SCORE_EVERY_S = 300.0
# Without anything to wait for, a stay is looked at this often anyway.
LOOK_AGAIN_S = 300.0
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


def look_back_s(plan: Plan) -> float:
    """Return how far back the readings of a stay are needed; earlier ones come in as its newest value or its alerts."""
    delays = (each.delay_s for each in plan.limits.values())
    return max(HOLD_S, *delays) + HOLD_S


def evaluate(batch: Batch, now_s: float) -> Evaluation:
    """Evaluate a batch at `now_s`, seconds since 1970."""
    # Times are whole microseconds; half of one keeps the rounding of a sum from hiding that it is reached.
    now_s += _HALF_MICROSECOND
    observed = [rule.observe(batch, now_s) for rule in RULES]
    next_s = np.minimum.reduce(
        [*(each.next_s for each in observed), _lapses(batch), np.full(len(batch.stays), now_s + LOOK_AGAIN_S)]
    )
    return Evaluation(
        scores=_changed(batch, current(batch, now_s), now_s),
        observations=tuple(one for each in observed for one in each.observations),
        next_s=next_s,
    )


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
    return Scored(
        stay_id=stay_id,
        total_min=int(scores.total_min[index]),
        total_max=int(scores.total_max[index]),
        risk=Risk(int(scores.risk[index])).name.lower(),
        spo2_scale=scale,
        parts={part.label: (int(scores.low[part, index]), int(scores.high[part, index])) for part in Part},
        missing=tuple(part.label for part in Part if scores.missing[part, index]),
        stale=tuple(part.label for part in Part if scores.stale[part, index]),
        settles=None if settles < 0 else Part(settles).label,
        single_three=bool(scores.single[index]),
        digest=digest,
    )
