"""Evidence as it is kept: read back, and how old each number was when it was judged. Pure.

Ages are not kept: they follow from when a number was measured and when it was judged, and nothing else, so that they
never grow with the time that has passed since. Not here: the words (`alerting.words`). The invariant: where it is not
known when something was judged, no age is made up.
"""

from collections.abc import Iterator

import msgspec

from ward.alerts import Evidence, Input, Role
from ward.vitals import VITALS, VitalKind

# Stands for evidence that this program cannot read; never written, what is kept stays.
UNREADABLE = Evidence(rule_version=0, text_key="", params={}, inputs=())


def read(kept: str) -> Evidence:
    """Read evidence out of JSON; what another program version wrote must not keep anybody from the alert."""
    try:
        return msgspec.json.decode(kept, type=Evidence)
    except msgspec.DecodeError:
        return UNREADABLE


def age_s(evidence: Evidence, each: Input) -> float | None:
    """Return how old an input was when it was judged, in seconds; None where nobody knows."""
    return None if evidence.judged_at is None else (evidence.judged_at - each.measured_at).total_seconds()


def is_old(evidence: Evidence, each: Input) -> bool:
    """Tell whether an input was judged though it was older than its kind should be, and nothing newer stands beside it.

    What something is compared with is old by its nature; what is of a time is as old as that time's end.
    """
    age = age_s(evidence, each)
    if age is None or each.role is not Role.JUDGED or each.kind not in VITALS:
        return False
    newest = max(one.measured_at for one in evidence.inputs if one.kind == each.kind and one.role is Role.JUDGED)
    return each.measured_at == newest and age - each.over_s >= VITALS[VitalKind(each.kind)].freshness.ageing_s


def old(evidence: Evidence) -> Iterator[tuple[Input, float]]:
    """Yield each input that was old when it was judged, and how old."""
    for each in evidence.inputs:
        age = age_s(evidence, each)
        if age is not None and is_old(evidence, each):
            yield each, age
