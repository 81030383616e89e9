"""Escalation: policy and chain of contacts → dated steps. Pure; the steps are kept in the store, never in memory.

What is decided here: who is told at which minute. When the alert rings, the steps are frozen: what changes in the
chain or the policy later takes no step and nobody out of a running escalation. Who answers by then is told beside them
(`by_now`). The invariant: the last level comes at the policy's `last` at the latest, and where a policy escalates at
all it is told again and again until somebody answers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from ward.alerts import Alert, Priority
from ward.duty.chain import once
from ward.duty.contact import Chain, Contact
from ward.store.escalations import Told
from ward.vitals import VitalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When each level is told, after the first at once. None: nobody beyond the first, whatever happens."""

    second: timedelta | None
    last: timedelta | None
    again: timedelta | None


# The project's proposal, to be confirmed by who is clinically responsible (docs/clinical-sources.md).
POLICIES: MappingProxyType[Priority, Policy] = MappingProxyType(
    {
        Priority.HIGH: Policy(second=timedelta(minutes=2), last=timedelta(minutes=5), again=timedelta(minutes=5)),
        Priority.MEDIUM: Policy(second=timedelta(minutes=10), last=timedelta(minutes=30), again=timedelta(minutes=30)),
        Priority.LOW: Policy(second=None, last=None, again=None),
    }
)


LONGEST = max(at for each in POLICIES.values() for at in (each.second, each.last, each.again) if at is not None)
"""No step is due later than this after it was frozen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: `contacts` are told at `due_at`; with `again` the step comes back that long after it was taken.

    `number` counts within the ring, `level` within the chain, both from 1.
    """

    number: int
    level: int
    due_at: datetime
    contacts: tuple[Contact, ...]
    again: timedelta | None = None


def steps(
    policy: Policy, chain: Chain, now: datetime, *, reached: int = 1, waited_for: datetime | None = None
) -> tuple[Step, ...]:
    """Return the dated steps of one ring, at least one, the first at `now`.

    Parameters
    ----------
    chain : levels of contacts, none of them empty
    reached : the level that an earlier ring has come to: it goes on from there, and tells those before it once more
    waited_for : when the level after that would have been told; what has got worse never puts it off
    """
    reached = max(1, min(reached, len(chain)))
    first = once(contact for level in chain[:reached] for contact in level)
    levels = (first, *chain[reached:])
    if policy.second is None or policy.last is None:
        return (Step(number=1, level=reached, due_at=now, contacts=first),)
    return tuple(
        Step(
            number=index + 1,
            level=reached + index,
            due_at=_no_later(now + _after(policy.second, policy.last, index, len(levels)), index, now, waited_for),
            contacts=contacts,
            again=policy.again if index == len(levels) - 1 else None,
        )
        for index, contacts in enumerate(levels)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ByNow:
    """Whom a step tells when it is due, and whom it tells when it comes again."""

    contacts: tuple[Contact, ...]
    again: tuple[Contact, ...]


def by_now(level: int, frozen: tuple[Contact, ...], chain: Chain, told: Told, *, last: bool) -> ByNow:
    """Return whom a step tells that is due: those it was frozen with, and whoever answers by now and was not told.

    A change of shift or of team takes nobody's alert away and leaves it with nobody. What comes again is for those of
    now: who has gone home is told once more and then no more.

    Parameters
    ----------
    chain : whom there is to tell now; empty where that cannot be found out, and then it is as it was frozen
    last : the step is of the last level, whatever the number of levels is by now
    """
    if not chain:
        return ByNow(contacts=frozen, again=frozen)
    place = len(chain) if last else min(level, len(chain))
    reached = [contact for each in chain[:place] for contact in each]
    own = once(reached if level == told.first_level else chain[place - 1])
    new = (each for each in reached if (each.team_id, each.staff_id) not in told.contacts)
    return ByNow(contacts=once([*frozen, *own, *new]), again=own)


def _after(second: timedelta, last: timedelta, index: int, levels: int) -> timedelta:
    """Spread the levels after the second evenly up to `last`; two levels alone need not wait for it."""
    if index == 0:
        return timedelta(0)
    return second if levels == 2 else second + (last - second) * (index - 1) / (levels - 2)


def _no_later(due_at: datetime, index: int, now: datetime, waited_for: datetime | None) -> datetime:
    """Bring the level after the first forward to when it would have been told anyway."""
    return due_at if index != 1 or waited_for is None else min(due_at, max(now, waited_for))


_BREATHING = frozenset(
    {VitalKind.SPO2, VitalKind.RESP_RATE, VitalKind.OXYGEN_FLOW, VitalKind.FIO2, VitalKind.PEAK_FLOW}
)


def needs(alert: Alert) -> frozenset[str]:
    """Return what an alert asks for beyond the team itself, as tags that `ward.store.duty.chain` routes by.

    A rule that names a kind speaks of it. A combination names none: it speaks of breathing where all that holds in it
    does; and a single parameter of NEWS2 is named by its evidence.
    """
    terms = [each.split(" ")[0] for each in str(alert.evidence.params.get("terms") or "").split(", ") if each]
    named = {*alert.rule.split("."), str(alert.evidence.params.get("part", ""))}
    breathing = not _BREATHING.isdisjoint(named) or (bool(terms) and _BREATHING.issuperset(terms))
    return frozenset({"respiratory"}) if breathing else frozenset()
