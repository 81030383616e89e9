"""Which findings may speak: the one place that holds anything back. Pure.

Only technical by technical: a stay whose devices are all offline says so once, instead of once for each signal that has
thereby fallen silent. What speaks for others speaks as loudly as the loudest of them. The invariants: what is clinical,
a request, or of high priority is never held; nothing is dropped, each finding speaks or is held with its reason; an
alert that is open already is not held.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from alerting.observed import Observation
from alerting.rules.technical import OFFLINE
from ward.alerts import Family, Finding, Priority
from ward.people import StayId

_SILENT = "nodata."
_NEVER_CAME = "nodata.never"
DEVICES_OFFLINE = "devices_offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """A finding that is held, by which rule's finding, and why."""

    finding: Finding
    by_rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What of an evaluation may speak, and what is held."""

    speaks: tuple[Observation, ...]
    held: tuple[Suppressed, ...]


def admit(
    observations: Sequence[Observation],
    speaking: Collection[tuple[StayId, str]],
    online: Mapping[StayId, Sequence[bool]],
) -> Admitted:
    """Divide observations into those that speak and those that are held.

    Parameters
    ----------
    speaking : stay and rule of every alert that is open already
    online : whether each device worn in a stay is connected
    """
    away = {
        each.stay_id: each
        for each in observations
        if isinstance(each, Finding) and each.rule == OFFLINE and _all_offline(online.get(each.stay_id, ()))
    }
    held = [
        Suppressed(finding=each, by_rule=OFFLINE, reason=DEVICES_OFFLINE)
        for each in observations
        if isinstance(each, Finding) and (each.stay_id, each.rule) not in speaking and _is_told_by(each, away)
    ]
    quiet = {(each.finding.stay_id, each.finding.rule) for each in held}
    loudest = _loudest(held)
    speaks = [_as_loud(each, loudest) for each in observations if (each.stay_id, each.rule) not in quiet]
    return Admitted(speaks=tuple(speaks), held=tuple(held))


def _all_offline(online: Sequence[bool]) -> bool:
    return bool(online) and not any(online)


def _is_told_by(finding: Finding, away: Mapping[StayId, Finding]) -> bool:
    """Tell whether a finding says no more than that the devices of its stay are away."""
    cause = away.get(finding.stay_id)
    return (
        cause is not None
        and finding.family is Family.TECHNICAL
        and finding.priority < Priority.HIGH
        and finding.rule.startswith(_SILENT)
        and finding.evidence.text_key != _NEVER_CAME
        # A signal that was missed before the devices went away has another reason.
        and cause.began_at <= finding.due_at
    )


def _loudest(held: Iterable[Suppressed]) -> dict[StayId, Priority]:
    found: dict[StayId, Priority] = {}
    for each in held:
        stay_id = each.finding.stay_id
        found[stay_id] = max(each.finding.priority, found.get(stay_id, Priority.LOW))
    return found


def _as_loud(observation: Observation, loudest: Mapping[StayId, Priority]) -> Observation:
    """Return the cause with the priority of the loudest that it speaks for."""
    if not isinstance(observation, Finding) or observation.rule != OFFLINE:
        return observation
    priority = max(observation.priority, loudest.get(observation.stay_id, Priority.LOW))
    return observation if priority == observation.priority else replace(observation, priority=priority)
