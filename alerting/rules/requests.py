"""Requests: a pressed help button and a detected fall call for somebody at once.

They are never over by themselves: a person resolves them. The invariant: an event is found once; what an alert has
taken up is not asked about again (`ward.store.device_events`), so a resolved alert never comes back by the same press.
"""

from itertools import groupby
from types import MappingProxyType

import numpy as np

from alerting.features import Batch, Observed, Request, StayContext, moment
from alerting.observed import RULE_VERSION
from ward.alerts import Evidence, Family, Finding, Priority
from ward.events import EventKind

# A rule has the name of its event's kind.
PRIORITIES: MappingProxyType[EventKind, Priority] = MappingProxyType(
    {EventKind.HELP_BUTTON: Priority.HIGH, EventKind.FALL: Priority.HIGH}
)


def observe(batch: Batch, now_s: float) -> Observed:  # noqa: ARG001 - every rule is asked alike
    """Find the requests that nobody has been told of, however late they came: somebody pressed and was not answered."""
    findings: list[Finding] = []
    for stay in batch.stays:
        asked = [each for each in stay.requests if each.kind in PRIORITIES]
        for _, alike in groupby(sorted(asked, key=lambda each: (each.kind, each.occurred_s)), lambda each: each.kind):
            findings.append(_finding(stay, list(alike)))
    return Observed(observations=tuple(findings), next_s=np.full(len(batch.stays), np.inf))


def _finding(stay: StayContext, requests: list[Request]) -> Finding:
    first, last = requests[0], requests[-1]
    # A clock that is ahead does not date it later.
    began_at = moment(min(first.occurred_s, first.received_s))
    return Finding(
        stay_id=stay.stay_id,
        rule=str(last.kind),
        family=Family.REQUEST,
        priority=PRIORITIES[last.kind],
        began_at=began_at,
        due_at=began_at,
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=str(last.kind),
            params={"device_id": last.device_id, "occurred_at": moment(last.occurred_s).isoformat()},
            inputs=(),
            # Not when it is looked at: what an alert has taken up already must be known again.
            judged_at=moment(max(last.occurred_s, last.received_s)),
        ),
        repeats=len(requests) - 1,
    )
