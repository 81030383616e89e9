"""The baton: passing a patient to another team or person, which counts only once it is taken.

Pure. `step` is the whole machine. The invariants: whoever holds the patient goes on doing so until somebody else has
accepted; a baton that is declined, withdrawn, lapsed or not answered in time changes nothing; of two who accept, one
does.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId, StayId, TeamId


class Answer(StrEnum):
    """What became of an offer."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    TIMED_OUT = "timed_out"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baton:
    """An offer of a patient and what became of it. `rev` rises with every change.

    `held_until` is when the patient returns to the schedule; `returned_at`, that somebody gave it back before.
    """

    stay_id: StayId
    rev: int
    to_team: TeamId
    to_staff: StaffId | None
    offered_by: StaffId
    offered_at: datetime
    expires_at: datetime
    held_until: datetime
    note: str
    answer: Answer | None = None
    answered_by: StaffId | None = None
    answered_at: datetime | None = None
    returned_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who acts, and the teams they are in."""

    staff_id: StaffId
    team_ids: frozenset[TeamId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Somebody takes the patient, having seen `rev`."""

    by: Person
    rev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """Somebody to whom it was offered does not take the patient."""

    by: Person
    rev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Who offered the patient keeps it after all."""

    by: Person
    rev: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOut:
    """Nobody answered in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """The patient has gone over to another team: what the one before it offered is offered no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Who took the patient gives it back to the schedule."""

    by: Person
    rev: int


Event = Accept | Decline | Withdraw | TimeOut | Lapse | Return


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Who answers for a stay must be laid out anew: somebody has taken the patient, or given it back."""

    stay_id: StayId


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A line for the record of the stay, and who should know: a person has answered, or nobody has."""

    stay_id: StayId
    answer: Answer | None
    by: StaffId | None


Effect = Relay | Told


def step(baton: Baton, event: Event, now: datetime) -> tuple[Baton, tuple[Effect, ...]]:
    """Return the baton after an event, and what is to be done.

    Raises
    ------
    Conflict
        If the person saw another `rev`, so that somebody else was first.
    IllegalTransition
        If the event does not fit: it is answered already, its time is over, or it is not this person's to answer.
    """
    if not isinstance(event, TimeOut | Lapse) and event.rev != baton.rev:
        raise Conflict("baton")
    if isinstance(event, Return):
        return _give_back(baton, event, now)
    if baton.answer is not None:
        raise IllegalTransition("answered")
    if isinstance(event, Lapse):
        return _settle(baton, Answer.LAPSED, None, now)
    if isinstance(event, TimeOut):
        if now < baton.expires_at:
            raise IllegalTransition("its time is not over")
        return _settle(baton, Answer.TIMED_OUT, None, now)
    if now >= baton.expires_at:
        raise IllegalTransition("its time is over")
    if isinstance(event, Withdraw):
        if event.by.staff_id != baton.offered_by:
            raise IllegalTransition("offered by somebody else")
        return _settle(baton, Answer.WITHDRAWN, event.by.staff_id, now)
    if not is_offered_to(baton, event.by):
        raise IllegalTransition("offered to somebody else")
    answer = Answer.ACCEPTED if isinstance(event, Accept) else Answer.DECLINED
    return _settle(baton, answer, event.by.staff_id, now)


def is_offered_to(baton: Baton, person: Person) -> bool:
    """Tell whether an offer is, or was, this person's to answer."""
    return baton.to_team in person.team_ids and baton.to_staff in {None, person.staff_id}


def _settle(baton: Baton, answer: Answer, by: StaffId | None, now: datetime) -> tuple[Baton, tuple[Effect, ...]]:
    settled = replace(baton, rev=baton.rev + 1, answer=answer, answered_by=by, answered_at=now)
    told = Told(stay_id=baton.stay_id, answer=answer, by=by)
    if answer is Answer.ACCEPTED:
        return settled, (Relay(stay_id=baton.stay_id), told)
    return settled, (told,)


def _give_back(baton: Baton, event: Return, now: datetime) -> tuple[Baton, tuple[Effect, ...]]:
    if not is_held(baton, now):
        raise IllegalTransition("not held")
    if baton.to_team not in event.by.team_ids:
        raise IllegalTransition("held by somebody else")
    returned = replace(baton, rev=baton.rev + 1, returned_at=now)
    told = Told(stay_id=baton.stay_id, answer=None, by=event.by.staff_id)
    return returned, (Relay(stay_id=baton.stay_id), told)


def is_held(baton: Baton, at: datetime) -> bool:
    """Tell whether the patient is held by this baton at an instant."""
    if baton.answer is not Answer.ACCEPTED or baton.answered_at is None:
        return False
    until = baton.held_until if baton.returned_at is None else min(baton.held_until, baton.returned_at)
    return baton.answered_at <= at < until


def is_past(baton: Baton, now: datetime) -> bool:
    """Tell whether an offer is answered, or was not in time."""
    return baton.answer is not None or now >= baton.expires_at


def is_open(baton: Baton) -> bool:
    """Tell whether an offer waits for its answer."""
    return baton.answer is None
