"""Technical findings of what readings are worth: `quality.<kind>` and `check.<kind>`.

A signal whose values are poor for minutes does not speak for the patient meanwhile, and somebody is told so. A value
that no rule may use since it lies outside what is plausible is told at once, since it may be true (H17): somebody has
to look; it is over when good values have come for a while, so that a sensor that comes and goes is one alert.
Neither says anything of the patient, and nothing clinical is quieted by them.
"""

from collections.abc import Mapping

import numpy as np

from alerting import runs
from alerting.features import Batch, Ints, Series, in_order_of_time, newest_at, reading_at
from alerting.observed import RULE_VERSION
from alerting.rules import steps
from alerting.rules.steps import Steps
from alerting.tracks import Row, Track, Verdict, track
from ward.alerts import Evidence, Role
from ward.plans import Plan
from ward.vitals import VITALS, VitalKind

QUALITY, CHECK = "quality", "check"
# The project's choices, to be confirmed locally: how long values may be poor before somebody is told, and how long
# there must be none outside what is plausible before it is over.
POOR_S, CHECK_HOLD_S = 180.0, 300.0


def quality_look_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return how far back the qualities of watched kinds decide."""
    return dict.fromkeys((*plan.expected, *plan.limits), POOR_S)


def judge_quality(batch: Batch) -> dict[str, Track]:
    """Judge the quality of every kind that a plan watches."""
    kinds = sorted({kind for plan in batch.plans for kind in (*plan.expected, *plan.limits)})
    return {f"{QUALITY}.{kind}": _quality(batch, kind) for kind in kinds}


def _quality(batch: Batch, kind: VitalKind) -> Track:
    stays, stale_s = len(batch.stays), VITALS[kind].freshness.stale_s
    series = batch.of(kind)
    bad = runs.poor(series)
    rows = runs.each(batch, kind, np.ones(len(bad), np.bool_), series.value) if bad.any() else runs.of(batch, kind)
    value = 1 + bad.astype(np.int64) if bad.any() else np.ones(len(rows.stay), np.int64)
    held = steps.hold(stays, rows.stay, rows.from_s, rows.last_s, value, stale_s)
    since = steps.since(steps.where(held, held.value == 2), POOR_S)
    at = steps.align([since, steps.changes(held)])
    verdict = np.select(
        [at.values[0] + POOR_S <= at.from_s, ~np.isnan(at.values[0]), at.values[1] == 1],
        [Verdict.MEDIUM, Verdict.PENDING, Verdict.QUIET],
        Verdict.UNKNOWN,
    )
    return track(stays, at.stay, at.from_s, verdict, at.values[0])


def quality_evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return how poor the newest value was, and the first that was poor."""
    kind = VitalKind(rule.removeprefix(f"{QUALITY}."))
    series = batch.of(kind)
    place = newest_at(series, row.stay, row.from_s)
    first = newest_at(series, row.stay, row.began_s)
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=QUALITY,
        params={"kind": kind.value, "quality_pct": round(100 * float(series.quality[place])), "duration_s": POOR_S},
        inputs=in_order_of_time(
            reading_at(series, kind, place),
            reading_at(series, kind, place if first < 0 else first, Role.SINCE),
        ),
    )


def check_look_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return how far back values outside what is plausible decide."""
    return dict.fromkeys((*plan.expected, *plan.limits), CHECK_HOLD_S)


def judge_check(batch: Batch) -> dict[str, Track]:
    """Judge every kind of which anybody has a value outside what is plausible."""
    return {
        f"{CHECK}.{kind}": _check(batch, kind, series)
        for kind, series in sorted(batch.implausible.items())
        if len(series.t_s)
    }


def _check(batch: Batch, kind: VitalKind, series: Series) -> Track:
    stays, usable = len(batch.stays), batch.of(kind)
    stay, once = _owner(series), np.ones(len(series.t_s), np.int64)
    recent = steps.hold(stays, stay, series.t_s, series.t_s, once, CHECK_HOLD_S)
    newest = _newest(stays, (_owner(usable), usable), (stay, series))
    found = steps.total([steps.changes(recent), steps.changes(newest)])
    since = steps.since(steps.where(found, found.value > 0), 0.0)
    # Nothing is in doubt until a value is.
    stay = np.concatenate((np.arange(stays), since.stay))
    from_s = np.concatenate((np.full(stays, -np.inf), since.from_s))
    began_s = np.concatenate((np.full(stays, np.nan), since.value))
    order = np.lexsort((from_s, stay))
    verdict = np.where(np.isnan(began_s), Verdict.QUIET, Verdict.MEDIUM)
    return track(stays, stay[order], from_s[order], verdict[order], began_s[order])


def _newest(stays: int, usable: tuple[Ints, Series], odd: tuple[Ints, Series]) -> Steps:
    """Return 1 while the newest value is one outside what is plausible."""
    stay = np.concatenate((usable[0], odd[0]))
    t_s = np.concatenate((usable[1].t_s, odd[1].t_s))
    value = np.concatenate((np.zeros(len(usable[0]), np.int64), np.ones(len(odd[0]), np.int64)))
    order = np.lexsort((value, t_s, stay))
    stay, t_s, value = stay[order], t_s[order], value[order]
    last = np.ones(len(stay), np.bool_)
    last[:-1] = (stay[1:] != stay[:-1]) | (t_s[1:] != t_s[:-1])
    return Steps(stays=stays, stay=stay[last], from_s=t_s[last], value=value[last])


def check_evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return the value that lies outside what is plausible."""
    kind = VitalKind(rule.removeprefix(f"{CHECK}."))
    series = batch.implausible[kind]
    seen = reading_at(series, kind, newest_at(series, row.stay, row.from_s))
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=CHECK,
        params={"kind": kind.value, "value": seen.value, "unit": seen.unit},
        inputs=(seen,),
    )


def _owner(series: Series) -> Ints:
    return np.repeat(np.arange(len(series.offsets) - 1), np.diff(series.offsets))
