"""Who holds a patient, and whom to tell in which order. Nouns only; `ward.store.duty` finds them.

The invariant: a stay in progress has exactly one `Holder` at every instant.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ward.people import StaffId, TeamId


class Why(StrEnum):
    """What makes somebody a contact."""

    NAMED_NURSE = "named_nurse"
    NAMED_DOCTOR = "named_doctor"
    HOLDER = "holder"
    ON_CALL = "on_call"
    TEAM = "team"
    NEXT_TEAM = "next_team"
    BASE = "base"
    DOCTOR = "doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to tell: a person of a team, or, where `staff_id` is None, the team itself (telephone and board)."""

    team_id: TeamId
    staff_id: StaffId | None
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who answers from `since` until before `until` (None: with no end in sight); a team, and maybe a person of it."""

    team_id: TeamId
    staff_id: StaffId | None
    since: datetime | None
    until: datetime | None


Chain = tuple[tuple[Contact, ...], ...]
"""Escalation levels, first to be told first; none is empty, and the last holds a doctor where there is one."""
