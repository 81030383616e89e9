"""What an evaluation says of one rule in one stay: a `Finding` (it is there), or `Quiet` (it certainly is not).

Saying neither means that nobody can know at present, and leaves an alert as it is: a technical fault never
clears a clinical alert.
"""

from dataclasses import dataclass
from datetime import datetime

from ward.alerts import Finding
from ward.people import StayId

RULE_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """The rule's condition is known to be absent.

    `since` is from when on it is so by the plan in force, where a track says so; `unasked` that it is absent because
    the plan asks for it no more, whatever was measured.
    """

    stay_id: StayId
    rule: str
    since: datetime | None = None
    unasked: bool = False


Observation = Finding | Quiet
