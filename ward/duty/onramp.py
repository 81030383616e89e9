"""The on-ramp home: a stay that begins in hospital passes to a team at home once that team and its data are there.

Pure. `step` is the whole machine, `good_since` says of what was heard since when it is good. The invariants: the
hospital's team answers until the transfer is complete; it is complete only when the receiving team has accepted *and*
good data has come for `GOOD_FOR` without a break that matters, as was just heard: an acceptance completes nothing by
itself, for what was heard last may be hours old. What is over changes no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ward.duty.baton import Person
from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId, StayId, TeamId
from ward.vitals import VitalKind

# How long good data must have been seen at home (the project's proposal, to be agreed locally).
GOOD_FOR = timedelta(hours=2)
# A kind is good in a span if something usable was measured in it; so many expected intervals, and never shorter.
SPAN_INTERVALS = 3
SHORTEST_SPAN = timedelta(minutes=5)


class Closed(StrEnum):
    """How a transfer ended."""

    COMPLETE = "complete"
    DECLINED = "declined"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A stay on its way from a hospital's team to one at home. `rev` rises with every change.

    `good_since` is since when all that is expected has come, None while something is missing.
    """

    stay_id: StayId
    rev: int
    from_team: TeamId
    to_team: TeamId
    arranged_by: StaffId
    arranged_at: datetime
    accepted_by: StaffId | None = None
    accepted_at: datetime | None = None
    good_since: datetime | None = None
    closed: Closed | None = None
    closed_by: StaffId | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Somebody of the receiving team takes the patient on, having seen `rev`; it counts once the data is good."""

    by: Person
    rev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """The receiving team does not take the patient, or not any more, as long as the transfer is not complete."""

    by: Person
    rev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """The hospital's team keeps the patient."""

    by: Person
    rev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the platform has looked up: since when the data is good, None while it is not."""

    good_since: datetime | None


Event = Accept | Decline | Cancel | Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """From now on the receiving team answers."""

    stay_id: StayId
    team_id: TeamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Both teams should know: it was accepted, declined, cancelled, or is complete."""

    stay_id: StayId
    closed: Closed | None
    by: StaffId | None


Effect = HandOver | Told


def holder(transfer: Transfer) -> TeamId:
    """Return the team that answers: the hospital's, until the transfer is complete."""
    return transfer.to_team if transfer.closed is Closed.COMPLETE else transfer.from_team


def lacks(transfer: Transfer, now: datetime) -> tuple[str, ...]:
    """Return what the transfer waits for: `acceptance`, `data`; nothing once it may be complete."""
    good = transfer.good_since is not None and now - transfer.good_since >= GOOD_FOR
    found = [] if transfer.accepted_at is not None else ["acceptance"]
    return tuple(found if good else [*found, "data"])


def due_at(transfer: Transfer) -> datetime | None:
    """Return when time alone completes it, if the data stays good; None for never."""
    if transfer.closed is not None or transfer.accepted_at is None or transfer.good_since is None:
        return None
    return transfer.good_since + GOOD_FOR


def step(transfer: Transfer, event: Event, now: datetime) -> tuple[Transfer, tuple[Effect, ...]]:
    """Return the transfer after an event, and what is to be done.

    Raises
    ------
    Conflict
        If the person saw another `rev`.
    IllegalTransition
        If it is over already, or not this person's to answer.
    """
    if not isinstance(event, Heard) and event.rev != transfer.rev:
        raise Conflict("transfer")
    if transfer.closed is not None:
        raise IllegalTransition("it is over")
    if isinstance(event, Heard):
        return _completed(replace(transfer, good_since=event.good_since, rev=transfer.rev + 1), now)
    asked = transfer.from_team if isinstance(event, Cancel) else transfer.to_team
    if asked not in event.by.team_ids:
        raise IllegalTransition("it is another team's to say")
    by = event.by.staff_id
    if isinstance(event, Accept):
        return _accepted(transfer, by, now)
    closed = Closed.CANCELLED if isinstance(event, Cancel) else Closed.DECLINED
    over = replace(transfer, rev=transfer.rev + 1, closed=closed, closed_by=by, closed_at=now)
    return over, (Told(stay_id=transfer.stay_id, closed=closed, by=by),)


def _accepted(transfer: Transfer, by: StaffId, now: datetime) -> tuple[Transfer, tuple[Effect, ...]]:
    if transfer.accepted_at is not None:
        raise IllegalTransition("it is accepted already")
    accepted = replace(transfer, rev=transfer.rev + 1, accepted_by=by, accepted_at=now)
    return accepted, (Told(stay_id=transfer.stay_id, closed=None, by=by),)


def _completed(transfer: Transfer, now: datetime) -> tuple[Transfer, tuple[Effect, ...]]:
    """Return the transfer complete where it waits for nothing more; else as it is."""
    if lacks(transfer, now):
        return transfer, ()
    over = replace(transfer, closed=Closed.COMPLETE, closed_at=now)
    stay_id, team_id = transfer.stay_id, transfer.to_team
    return over, (HandOver(stay_id=stay_id, team_id=team_id), Told(stay_id=stay_id, closed=Closed.COMPLETE, by=None))


def good_since(
    expected_s: Mapping[VitalKind, float], measured: Mapping[VitalKind, Sequence[datetime]], now: datetime
) -> datetime | None:
    """Return since when every expected kind has been heard without a gap that matters; None where one is missing now.

    Parameters
    ----------
    expected_s : the plan's expected signals, s between two readings of each
    measured : when usable readings of good quality of each were measured, in order
    """
    if not expected_s:
        return None
    found = [_unbroken(measured.get(kind, ()), _span(every_s), now) for kind, every_s in expected_s.items()]
    return None if None in found else max(each for each in found if each is not None)


def _span(every_s: float) -> timedelta:
    return max(SPAN_INTERVALS * timedelta(seconds=every_s), SHORTEST_SPAN)


def _unbroken(measured: Sequence[datetime], span: timedelta, now: datetime) -> datetime | None:
    """Return the first of the newest readings that follow each other within `span`, up to now."""
    after, first = now, None
    for at in reversed(measured):
        if at > now:
            continue
        if after - at > span:
            break
        after = first = at
    return first
