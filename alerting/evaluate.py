"""A batch of stays at an instant: their scores, what the rules observe, and when to look again.

Pure: no clock, no store, no logging. Not here: what becomes of an alert (`lifecycle`). The invariant: the same batch
at the same instant gives the same evaluation, whichever worker makes it and whatever was made before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from alerting.features import Batch, Floats, moment, seconds
from alerting.observed import Observation, Quiet
from alerting.rules.catalogue import RULES, WATCHES, Rule
from alerting.rules.news2 import INPUTS, Part, Risk, Scores
from alerting.rules.news2_alerts import HOLD_S, current
from alerting.tracks import FINDING, Track, Verdict, in_force, row_of, without
from alerting.tracks import next_s as tracks_next_s
from ward.alerts import AlertState, Condition, Family, Finding
from ward.people import StayId
from ward.plans import Goals, Plan
from ward.vitals import VitalKind

__all__ = ["Evaluation", "Scored", "evaluate", "judge", "look_back"]

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


def look_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back the readings of each kind are needed, beside the newest before those, in seconds."""
    needed: dict[VitalKind, float] = dict.fromkeys(INPUTS, HOLD_S)
    for rule in RULES:
        for kind, back_s in rule.look_back(plan).items():
            needed[kind] = max(needed.get(kind, 0.0), back_s)
    return needed


def judge(batch: Batch) -> Iterator[tuple[Rule, str, Track]]:
    """Judge a batch by every rule over readings: (rule, full name, track). Live and back-test both come in here."""
    comfort = np.array([plan.goals is Goals.COMFORT for plan in batch.plans])[batch.plan_of]
    for rule in RULES:
        for name, track in rule.judge(batch).items():
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
    said = [one for rule, name, track in tracks for one in present(batch, rule, name, track, now_s)]
    return Evaluation(
        scores=_changed(batch, current(batch, now_s), now_s),
        observations=(*said, *(one for each in observed for one in each.observations)),
        next_s=next_s,
    )


def present(batch: Batch, rule: Rule, name: str, track: Track, now_s: float) -> Iterator[Observation]:
    """Say what one alert rule's track says at an instant: what is found, and which alerts are certainly over."""
    row = in_force(track, now_s)
    verdict = np.where(row >= 0, track.verdict[row], Verdict.UNKNOWN) if len(track.verdict) else np.zeros(len(row))
    for index in np.flatnonzero(verdict >= Verdict.LOW).tolist():
        found = _finding(batch, rule, name, track, int(row[index]))
        if found is not None:
            yield found
    for index in np.flatnonzero(verdict == Verdict.QUIET).tolist():
        stay = batch.stays[index]
        if name in stay.alerts:
            yield Quiet(stay_id=stay.stay_id, rule=name)


def _finding(batch: Batch, rule: Rule, name: str, track: Track, index: int) -> Finding | None:
    """Return what a row found; None where the alert is worse and may still be so."""
    row = row_of(track, index)
    stay = batch.stays[row.stay]
    alert = stay.alerts.get(name)
    same = alert is not None and alert.condition is Condition.PRESENT
    if alert is not None and same and row.priority < alert.priority <= track.most[index] - FINDING:
        return None
    told = alert is not None and same and alert.priority is row.priority
    return Finding(
        stay_id=stay.stay_id,
        rule=name,
        family=rule.family,
        priority=row.priority,
        began_at=moment(row.began_s),
        due_at=moment(row.from_s),
        evidence=alert.evidence if alert is not None and told else rule.evidence(batch, name, row),
    )


def _lapses(batch: Batch) -> Floats:
    """Return (m,): when a stay's next acknowledgement runs out."""
    return np.array(
        [
            min(
                (
                    seconds(alert.acknowledged_until)
                    for alert in stay.alerts.values()
                    if alert.state is AlertState.ACKNOWLEDGED and alert.acknowledged_until is not None
                ),
                default=np.inf,
            )
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
