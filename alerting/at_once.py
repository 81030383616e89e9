"""What a reading that was just heard says by its kind's limits alone, before the pass that looks at everything. Pure.

The limits are judged by the rule that the pass judges them by (`rules.limit_alerts`), over fewer readings: those of the
kinds that were heard, as far back as the rule looks. Nothing is said here of what is over, of delays that have run out,
of scores and trends. The invariant: a finding of here is one that the pass over the same readings makes too, with the
same evidence; what is not found here is found by the pass.
"""

from collections.abc import Collection, Mapping, Sequence

from alerting import runs
from alerting.evaluate import furthest
from alerting.features import Rows, StayContext, batch, gathered
from alerting.rules import cuff, limit_alerts
from alerting.rules.catalogue import RULES
from alerting.told import Stand, told
from alerting.windows import columns
from ward.alerts import Finding
from ward.people import StayId
from ward.plans import Goals, Plan, Side
from ward.vitals import USABLE, VitalKind

Heard = tuple[VitalKind, Side]
"""A limit that was reached: the kind, and the side."""

_LIMIT = next(rule for rule in RULES if rule.name == limit_alerts.LIMIT)
_HALF_MICROSECOND = 0.5e-6


def look_back(plan: Plan, heard: Collection[Heard]) -> dict[VitalKind, float]:
    """Return how many seconds of readings of each kind decide what the limits that were reached say."""
    kinds = {kind for kind, _ in heard}
    if VitalKind.SPO2 in kinds:
        kinds.add(VitalKind.SYSTOLIC)
    needed = furthest((limit_alerts.look_back(plan), cuff.look_back(plan)))
    return {kind: back_s for kind, back_s in needed.items() if kind in kinds}


def findings(
    stays: Sequence[StayContext], rows: Rows, heard: Mapping[StayId, Collection[Heard]], now_s: float
) -> list[Finding]:
    """Return what the limits that were reached find now.

    Parameters
    ----------
    stays : each with its plan, and with its alerts that are not closed
    rows : readings of these stays, sorted by stay (its place), kind and time: all of `look_back`, and the newest before
    heard : which limits of each stay are looked at
    now_s : seconds since 1970
    """
    now_s += _HALF_MICROSECOND
    looked_at = runs.reduced(batch(stays, gathered(columns(rows), USABLE, len(stays))))
    stand = Stand.of(looked_at, now_s)
    asked = {
        (stay.stay_id, limit_alerts.name_of(kind, side))
        for stay in stays
        for kind, side in heard[stay.stay_id]
        if stay.plan.goals is not Goals.COMFORT
    }
    sides = sorted({each for stay in stays for each in heard[stay.stay_id]})
    return [
        each
        for name, track in limit_alerts.judge_some(looked_at, sides).items()
        for each in told(stand, _LIMIT, name, track)
        if isinstance(each, Finding) and (each.stay_id, name) in asked
    ]
