"""The rules with a long memory, side by side: what each needs of a stay's quarters of an hour.

Not here: the rules (`slopes`, `baseline_rules`, `weight`, `oxygen`, `identity`), reading (`alerting.trend_memory`).
"""

from collections.abc import Mapping
from typing import Final

from alerting.rules import baseline_rules, identity, oxygen, slopes, weight
from ward.plans import Plan
from ward.vitals import VitalKind

_RULES: Final = (slopes, baseline_rules, weight, oxygen, identity)


def look_back(plan: Plan) -> dict[VitalKind, float]:
    """Return how far back from an instant quarters are needed, by kind, in seconds."""
    found: dict[VitalKind, float] = {}
    for rule in _RULES:
        for kind, back_s in rule.look_back(plan).items():
            found[kind] = max(found.get(kind, 0.0), back_s)
    return found


def normals_of(plan: Plan) -> set[VitalKind]:
    """Return the kinds of which the person's own normal is needed; it looks back for `quarters.NORMAL_LOOK_BACK_S`."""
    return {each.kind for each in plan.deviations}


def no_readings(plan: Plan) -> Mapping[VitalKind, float]:  # noqa: ARG001 - every rule is asked alike
    """Return that none of these rules looks at single readings."""
    return {}
