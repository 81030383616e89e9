"""What can happen to an alert, and what a step of its life asks the shell to carry out. Nouns: no rule is here."""

from dataclasses import dataclass
from types import MappingProxyType

from ward.alerts import AlertEvent, AlertId, Evidence, Finding, Outcome, Priority
from ward.people import StaffId, TeamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """A finding becomes an alert of its own, with an id from the store and the team that answers now."""

    alert_id: AlertId
    team_id: TeamId
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Worsen:
    """The finding has a higher priority than the alert; an acknowledgement of the milder one no longer holds."""

    priority: Priority
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Ease:
    """The finding has a lower priority than the alert."""

    priority: Priority
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """What raised the alert is certainly over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recur:
    """What had cleared is there again before anybody acted, or a request is made another time."""

    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """A person has seen the alert as it was at `rev`."""

    by: StaffId
    rev: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """The acknowledgement has run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """A person closes the alert as it was at `rev`."""

    by: StaffId
    outcome: Outcome
    rev: int
    note: str | None = None


Event = Raise | Worsen | Ease | Clear | Recur | Acknowledge | Lapse | Resolve


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
    """Tell people: it is new, worse or back, or nobody holds it any more."""

    alert_id: AlertId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush:
    """Tell nobody further: somebody has it, it is put off, or it is over."""

    alert_id: AlertId


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Whoever is next is told now; a person asked for it. Comes after `Ring`, if both come."""

    alert_id: AlertId


Effect = Record | Announce | Ring | Hush | Advance

# The word for each event in the alert's life, in the store and in the API.
KINDS: MappingProxyType[type, str] = MappingProxyType(
    {
        Raise: "raised",
        Worsen: "worsened",
        Ease: "eased",
        Clear: "cleared",
        Recur: "recurred",
        Acknowledge: "acknowledged",
        Lapse: "lapsed",
        Resolve: "resolved",
    }
)
