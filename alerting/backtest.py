"""What a plan would have raised over stored readings, beside the plan in force. Pure: no clock, no store.

The rules are judged by the same functions as live, over the whole period at once; what their verdicts come to is in
`alerting.episodes`. Nothing here can notify anybody. The invariant: a report depends on the readings, the plans and
the recorded outcomes alone, not on how the stays were divided into parts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from alerting.episodes import Episodes, episodes, joined
from alerting.features import Batch, Bools, Floats, Ints, moment
from alerting.tracks import Track
from ward.alerts import Priority
from ward.backtests import MOST_LISTED, Deterioration, FalseAlarms, Listed, PlanTally, RuleTally
from ward.people import PatientId, StayId

STOCKHOLM = ZoneInfo("Europe/Stockholm")
# A plan has found a recorded deterioration when it rings at most this long before it, or this soon after; the
# project's choice: vital signs deteriorate 6-12 h before serious events (J Clin Monit 2015, s10877-015-9790-8).
EARLIEST_S, LATEST_S = 12 * 3600.0, 3600.0
# A recorded false alarm would have rung again where the same rule is alarmed within this time of it.
SAME_S = 300.0
_HOUR_S, _DAY_S = 3600.0, 86_400.0

Judge = Callable[[Batch], Iterable[tuple[str, Track]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """Alerts that one plan would have raised, in any order; all arrays are (k,).

    stay : int64, `StayId`; rule : int64, place in `rules`; opened_s, ended_s : float64, seconds since 1970, inf where
    it was not over; priority : int64, `Priority`
    """

    rules: tuple[str, ...]
    stay: Ints
    rule: Ints
    opened_s: Floats
    ended_s: Floats
    priority: Ints

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.stay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A recorded alert that a person closed as true or false: when it rang, or was there if it came late."""

    alert_id: int
    stay_id: StayId
    rule: str
    opened_s: float
    until_s: float


@dataclass(slots=True)
class Gathered:
    """What the parts of a period have given so far."""

    parts: list[Raised] = field(default_factory=list)

    def all(self) -> Raised:
        """Return everything as one, in the order of stay, time and rule."""
        rules = tuple(dict.fromkeys(rule for part in self.parts for rule in part.rules))
        place = {rule: index for index, rule in enumerate(rules)}
        renumbered = [
            np.array([place[rule] for rule in part.rules], np.int64)[part.rule] if len(part) else part.rule
            for part in self.parts
        ]
        return Raised(
            rules=rules,
            stay=_ints([part.stay for part in self.parts]),
            rule=_ints(renumbered),
            opened_s=_floats([part.opened_s for part in self.parts]),
            ended_s=_floats([part.ended_s for part in self.parts]),
            priority=_ints([part.priority for part in self.parts]),
        )


def _ints(parts: list[Ints]) -> Ints:
    return np.concatenate([np.empty(0, np.int64), *parts])


def _floats(parts: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])


def raised(batch: Batch, judge: Judge, period: tuple[float, float], ends_s: Floats) -> Raised:
    """Return what the plans of a batch would have raised within a period, seconds since 1970.

    The readings of the batch should begin a look-back before the period; what opened before it is left out. Nothing is
    raised of a stay after it has ended, at `ends_s` (m,), inf where it has not: its alerts end with it.
    """
    rules: list[str] = []
    found: list[Episodes] = []
    for rule, track in judge(batch):
        each = episodes(track, np.minimum(ends_s, period[1]))
        rules.append(rule)
        found.append(each)
    every = joined(found)
    inside = every.opened_s >= period[0]
    numbers = np.array([stay.stay_id for stay in batch.stays], np.int64)
    return Raised(
        rules=tuple(rules),
        stay=numbers[every.stay[inside]],
        rule=np.repeat(np.arange(len(rules)), [len(each) for each in found])[inside],
        opened_s=every.opened_s[inside],
        ended_s=np.minimum(every.ended_s, ends_s[every.stay])[inside],
        priority=every.priority[inside],
    )


def tally(found: Raised, patient_days: float, until_s: float, patients: Mapping[StayId, PatientId]) -> PlanTally:
    """Count what one plan would have raised, and list it."""
    counts = _by_priority(found.priority)
    hours = np.array([moment(at_s).astimezone(STOCKHOLM).hour for at_s in found.opened_s.tolist()], np.int64)
    return PlanTally(
        alerts=len(found),
        high=counts[Priority.HIGH],
        medium=counts[Priority.MEDIUM],
        low=counts[Priority.LOW],
        per_patient_day=round(len(found) / patient_days, 4) if patient_days > 0 else 0.0,
        by_hour=np.bincount(hours, minlength=24).tolist(),
        by_rule=[_rule(found, place, until_s) for place in _frequent(found)],
        episodes=[_listed(found, index, patients) for index in _urgent(found)[:MOST_LISTED]],
    )


def _frequent(found: Raised) -> list[int]:
    """Return the rules that spoke, the most frequent first."""
    counts = np.bincount(found.rule, minlength=len(found.rules))
    order = sorted(range(len(found.rules)), key=lambda place: (-int(counts[place]), found.rules[place]))
    return [place for place in order if counts[place] > 0]


def _rule(found: Raised, place: int, until_s: float) -> RuleTally:
    mine = found.rule == place
    counts = _by_priority(found.priority[mine])
    lasted = np.minimum(found.ended_s[mine], until_s) - found.opened_s[mine]
    return RuleTally(
        rule=found.rules[place],
        alerts=int(mine.sum()),
        high=counts[Priority.HIGH],
        medium=counts[Priority.MEDIUM],
        low=counts[Priority.LOW],
        hours=round(float(lasted.sum()) / _HOUR_S, 2),
    )


def _by_priority(priority: Ints) -> dict[Priority, int]:
    return {each: int((priority == each.value).sum()) for each in Priority}


def found_at(plan: Raised, known: Known, clinical: Bools) -> float:
    """Return when a plan first rang for a recorded deterioration, NaN where it would not have.

    Parameters
    ----------
    clinical : (k,), which of the alerts of the plan speak of the patient, medium or high
    """
    near = (
        (plan.stay == known.stay_id)
        & clinical
        & (plan.opened_s >= known.opened_s - EARLIEST_S)
        & (plan.opened_s <= known.opened_s + LATEST_S)
    )
    return float(plan.opened_s[near].min()) if near.any() else np.nan


def would_ring(plan: Raised, known: Known) -> bool:
    """Tell whether a plan would have raised a recorded alert again: the same rule, at about the same time."""
    return bool(_is(plan, known).any())


def _is(plan: Raised, known: Known) -> Bools:
    """Return which alerts of a plan are a recorded one."""
    if known.rule not in plan.rules:
        return np.zeros(len(plan), np.bool_)
    mine = (plan.stay == known.stay_id) & (plan.rule == plan.rules.index(known.rule))
    meets = (plan.opened_s <= known.until_s + SAME_S) & (plan.ended_s >= known.opened_s - SAME_S)
    found: Bools = mine & meets
    return found


def clinical(
    plan: Raised, technical: frozenset[str], recorded: tuple[Sequence[Known], Sequence[Known]] = ((), ())
) -> Bools:
    """Return which alerts speak of the patient: medium or high, of no equipment, and not closed as false.

    Parameters
    ----------
    technical : the rules that speak of equipment
    recorded : alerts closed as true, and as false; what is both is believed
    """
    speaks = np.array([rule not in technical for rule in plan.rules], np.bool_)
    of_patient = speaks[plan.rule] if len(plan) else np.empty(0, np.bool_)
    true_alerts, false_alerts = (_any_of(plan, each) for each in recorded)
    found: Bools = of_patient & (plan.priority >= Priority.MEDIUM.value) & (true_alerts | ~false_alerts)
    return found


def _any_of(plan: Raised, recorded: Sequence[Known]) -> Bools:
    found = np.zeros(len(plan), np.bool_)
    for each in recorded:
        found |= _is(plan, each)
    return found


def deteriorations(
    candidate: Raised,
    in_force: Raised,
    recorded: tuple[Sequence[Known], Sequence[Known]],
    patients: Mapping[StayId, PatientId],
    technical: frozenset[str],
) -> list[Deterioration]:
    """Tell for each recorded true alert when each plan would have found it; what was closed as false found nobody."""
    speaks = clinical(candidate, technical, recorded), clinical(in_force, technical, recorded)
    return [
        Deterioration(
            alert_id=each.alert_id,
            patient_id=patients[each.stay_id],
            rule=each.rule,
            opened_at=moment(each.opened_s),
            candidate_at=_moment(found_at(candidate, each, speaks[0])),
            in_force_at=_moment(found_at(in_force, each, speaks[1])),
        )
        for each in recorded[0]
    ]


def _moment(at_s: float) -> datetime | None:
    return moment(at_s) if np.isfinite(at_s) else None


def false_alarms(candidate: Raised, in_force: Raised, recorded: Sequence[Known]) -> FalseAlarms:
    """Count how many recorded false alarms each plan would have raised again."""
    return FalseAlarms(
        recorded=len(recorded),
        candidate=sum(would_ring(candidate, each) for each in recorded),
        in_force=sum(would_ring(in_force, each) for each in recorded),
    )


def only_in(plan: Raised, other: Raised, patients: Mapping[StayId, PatientId]) -> list[Listed]:
    """List the alerts of one plan that the other has none of the same rule during; the most urgent first."""
    listed: list[Listed] = []
    for index in _urgent(plan):
        if len(listed) == MOST_LISTED:
            break
        if not _met(plan, index, other):
            listed.append(_listed(plan, index, patients))
    return listed


def _urgent(plan: Raised) -> list[int]:
    """Return the places of the alerts of a plan, the most urgent first, then by time."""
    order: list[int] = np.lexsort((plan.opened_s, -plan.priority)).tolist()
    return order


def _met(plan: Raised, index: int, other: Raised) -> bool:
    rule = plan.rules[int(plan.rule[index])]
    if rule not in other.rules:
        return False
    mine = (other.stay == plan.stay[index]) & (other.rule == other.rules.index(rule))
    return bool((mine & (other.opened_s < plan.ended_s[index]) & (other.ended_s > plan.opened_s[index])).any())


def _listed(plan: Raised, index: int, patients: Mapping[StayId, PatientId]) -> Listed:
    return Listed(
        patient_id=patients[StayId(int(plan.stay[index]))],
        rule=plan.rules[int(plan.rule[index])],
        priority=int(plan.priority[index]),
        opened_at=moment(float(plan.opened_s[index])),
        ended_at=_moment(float(plan.ended_s[index])),
    )
