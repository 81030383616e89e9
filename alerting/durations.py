"""How long things about an alert last: the one table of the times of its life.

All are the project's proposals, to be confirmed by whoever is clinically responsible (docs/clinical-sources.md). Not
here: the delays of rules (`ward.plans`) and the steps of escalation.
"""

from datetime import timedelta
from types import MappingProxyType

from ward.alerts import Priority

ByPriority = MappingProxyType[Priority, timedelta]


def _minutes(*, high: float, medium: float, low: float) -> ByPriority:
    by_priority = {Priority.HIGH: high, Priority.MEDIUM: medium, Priority.LOW: low}
    return MappingProxyType({priority: timedelta(minutes=minutes) for priority, minutes in by_priority.items()})


# "I have seen it" lasts so long, then the alert rings again.
ACKNOWLEDGED_FOR = _minutes(high=15, medium=60, low=480)
# "I take it" keeps it quiet so long; then it rings again, and is still theirs.
CLAIMED_FOR = _minutes(high=30, medium=120, low=480)
# A snooze may last so long and no longer (high: product contract).
SNOOZED_AT_MOST = _minutes(high=15, medium=240, low=1440)
# An offer waits so long for an answer, then it is back with whom it was before.
OFFERED_FOR = _minutes(high=2, medium=10, low=30)
# What has cleared must stay away so long; back within it, it is the same episode and rings nobody anew.
SETTLES_AFTER = _minutes(high=5, medium=5, low=2)
# Closed by a person while still there: the same episode opens no other alert for so long.
KEPT_CLOSED_FOR = _minutes(high=30, medium=240, low=720)
# What has cleared waits so long for its holder to say what it was, then it closes by itself.
HOLDER_CLOSES_WITHIN = timedelta(hours=8)
# A person may take back their last act for so long.
UNDO_WITHIN = timedelta(seconds=10)
# So far may two machines' clocks be apart, or a pass have begun before what it meets; what lies further ahead than
# anything may was written by a clock that was ahead.
APART = timedelta(minutes=1)
