"""The technical alert that nobody will be on duty: medium while it lies ahead, high once it has come.

Pure. It speaks of the organisation, not of the patient, and quiets nothing clinical.
"""

from collections.abc import Iterable
from datetime import datetime

from alerting.observed import RULE_VERSION, Observation, Quiet
from ward.alerts import Evidence, Family, Finding, Priority
from ward.duty import wallclock
from ward.people import StayId
from ward.store.duty_watch import Uncovered

COVERAGE = "coverage"


def observe(uncovered: Iterable[Uncovered], warned: Iterable[StayId], now: datetime) -> list[Observation]:
    """Return a finding for each stay that is left alone soon, and that the others (`warned` before) no longer are."""
    findings: list[Observation] = [_finding(each, now) for each in uncovered]
    told = {each.stay_id for each in findings}
    return findings + [Quiet(stay_id=stay_id, rule=COVERAGE) for stay_id in sorted(set(warned) - told)]


def _finding(hours: Uncovered, now: datetime) -> Finding:
    starts, ends = wallclock.wall(hours.from_at), wallclock.wall(hours.until)
    return Finding(
        stay_id=hours.stay_id,
        rule=COVERAGE,
        family=Family.TECHNICAL,
        priority=Priority.HIGH if hours.from_at <= now else Priority.MEDIUM,
        began_at=now,
        due_at=now,
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=COVERAGE,
            params={"starts": f"{starts:%Y-%m-%d %H:%M}", "ends": f"{ends:%Y-%m-%d %H:%M}"},
            inputs=(),
            judged_at=now,
        ),
    )
