"""What can happen to an alert, and what a step of its life asks the shell to carry out. Nouns: no rule is here.

Events come from rules (`Raise` to `Recur`), from time alone (`Settle` to `EndStay`), from duty (`GoOver`), and from
people (`Acknowledge` to `Undo`): whoever acts names the revision that they saw, and anything else is refused.
"""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ward.alerts import Action, AlertEvent, AlertId, Cause, Evidence, Finding, Hold, Outcome, Priority
from ward.people import StaffId, StayId, TeamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """A finding becomes an alert of its own, with an id from the store and the team that answers now."""

    alert_id: AlertId
    team_id: TeamId
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Worsen:
    """The finding is worse than the alert (`condition.is_worse`); what was made quiet at the milder one rings again."""

    priority: Priority
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Ease:
    """The finding has a lower priority than the alert."""

    priority: Priority
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """What was found has got worse at the same priority, by a step that a screen shows: the alert says so."""

    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """What raised the alert is certainly absent; it may be back in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unask:
    """The plan asks no more for what raised the alert; of the patient that says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recur:
    """What had cleared is there again, was there another time (retrospective), or a request is made once more."""

    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """What cleared has stayed away for the damping time, or its holder has said nothing for long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """The acknowledgement has run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """The snooze is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Nobody has accepted the offer in time: it is with whom it was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStay:
    """The patient's stay is over: nobody watches any more, and nobody can answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoOver:
    """The patient has gone over to another team: the alert is that team's, whoever had it or was offered it before."""

    team_id: TeamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """A person has seen the alert as it was at `rev` (not worse since then); nobody has taken it by that."""

    by: StaffId
    rev: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A person takes the alert upon themselves."""

    by: StaffId
    rev: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Whoever holds the alert lets it go."""

    by: StaffId
    rev: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A person asks another, or a team (`staff_id` None), to take the alert; until then it stays where it is."""

    by: StaffId
    rev: int
    team_id: TeamId
    staff_id: StaffId | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Whom it was offered to takes it; `teams` are those that they are a member of."""

    by: StaffId
    rev: int
    teams: tuple[TeamId, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """Whom it was offered to does not take it."""

    by: StaffId
    rev: int
    teams: tuple[TeamId, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """A person wants quiet until a time, for a reason."""

    by: StaffId
    rev: int
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """A person wants whoever is next to be told now."""

    by: StaffId
    rev: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A person writes something beside the alert."""

    by: StaffId
    rev: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """A person closes the alert as it was at `rev`: what it was, what caused it, what was done."""

    by: StaffId
    rev: int
    outcome: Outcome
    cause: Cause | None = None
    action: Action | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Whoever acted last takes it back at once."""

    by: StaffId
    rev: int


FromRules = Raise | Worsen | Ease | Renew | Clear | Unask | Recur
FromTime = Settle | Lapse | Resume | Return | EndStay
FromDuty = GoOver
FromPeople = Acknowledge | Claim | Release | Offer | Accept | Decline | Snooze | Escalate | Note | Resolve | Undo
Event = FromRules | FromTime | FromDuty | FromPeople


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Append one line to the alert's life."""

    event: AlertEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Tell every board that the alert has changed."""

    alert_id: AlertId


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """People must be told: raised, worsened, recurred, lapsed, a snooze over or broken, given up, escalated."""

    alert_id: AlertId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """Nobody further is told: acknowledged, claimed, paused, closed."""

    alert_id: AlertId


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Whoever is next is told now; a person asked for it. Comes after `Ring`, if both come."""

    alert_id: AlertId


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepClosed:
    """The same episode opens no other alert while the hold lasts."""

    hold: Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class EndHold:
    """Nothing keeps this rule from opening an alert in this stay."""

    stay_id: StayId
    rule: str


Effect = Record | Announce | Ring | Hush | Advance | KeepClosed | EndHold

# The word for each event in the alert's life, in the store and in the API.
KINDS: MappingProxyType[type, str] = MappingProxyType(
    {
        Raise: "raised",
        Worsen: "worsened",
        Ease: "eased",
        Renew: "renewed",
        Clear: "cleared",
        Unask: "unasked",
        Recur: "recurred",
        Settle: "settled",
        Lapse: "lapsed",
        Resume: "resumed",
        Return: "returned",
        EndStay: "ended",
        GoOver: "went_over",
        Acknowledge: "acknowledged",
        Claim: "claimed",
        Release: "released",
        Offer: "offered",
        Accept: "accepted",
        Decline: "declined",
        Snooze: "snoozed",
        Escalate: "escalated",
        Note: "noted",
        Resolve: "resolved",
        Undo: "undone",
    }
)
