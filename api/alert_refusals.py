"""Why an act on an alert was refused, in words for whoever did it, Swedish and English. Pure: looks at the alert as is.

The machine has refused already (`alerting.lifecycle`); here is only what to say. Names are of colleagues, never of the
patient.
"""

from dataclasses import dataclass
from types import MappingProxyType

from alerting import apply
from alerting.durations import SNOOZED_AT_MOST, UNDO_WITHIN
from ward.alerts import Condition, Priority, Responsibility, Signal
from ward.people import StaffId
from ward.store.alert_reads import AlertRow

_TEXTS: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "changed": ("Larmet har ändrats sedan du såg det.", "It has changed since you saw it."),
        "went_over": (
            "Patienten har gått över till ett annat team: larmet är deras nu.",
            "The patient has gone over to another team, which has the alert now.",
        ),
        "ran_out": (
            "Erbjudandet har gått ut: ingen svarade i tid. Larmet är kvar där det var.",
            "The offer has run out: nobody answered in time. The alert is with whom it was.",
        ),
        "closed": ("Larmet är redan avslutat.", "It is closed already."),
        "taken": ("{holder} har redan tagit larmet.", "{holder} has it already."),
        "yours": ("Du har redan larmet.", "You have it already."),
        "not_yours": ("Du har inte larmet.", "You do not have it."),
        "only_holder": (
            "{holder} har larmet; bara hen kan släppa det eller lämna det vidare.",
            "{holder} has it; only they can let it go or pass it on.",
        ),
        "seen": ("{seen} har redan sett det; larmet är tyst.", "{seen} has seen it already; it is quiet."),
        "paused": ("Larmet är redan pausat av {seen}.", "It is paused already, by {seen}."),
        "offered": (
            "Larmet väntar på svar från {offered}.",
            "It waits for an answer from {offered}.",
        ),
        "not_offered": ("Larmet är inte erbjudet till dig.", "It is not offered to you, or no longer."),
        "to_oneself": ("Du kan inte lämna larmet till dig själv.", "You cannot pass it to yourself."),
        "nothing_to_pause": ("Larmet ringer inte: det finns inget att pausa.", "It does not ring: nothing to pause."),
        "too_long": ("Det här larmet kan pausas högst {most} minuter.", "It may be paused for {most} minutes at most."),
        "too_late": (
            "Du kan ångra din senaste åtgärd i {undo} sekunder, om ingen annan har gjort något sedan dess.",
            "You can take back your last act within {undo} seconds, if nobody has done anything since.",
        ),
        "not_now": ("Det går inte i det läge larmet är.", "It is not in a state that allows this."),
    }
)

REASONS = frozenset(_TEXTS)
"""Every word that a refusal can have."""

# Acts that are refused for one reason alone.
_ALWAYS: MappingProxyType[type, str] = MappingProxyType(
    {apply.Undo: "too_late", apply.Accept: "not_offered", apply.Decline: "not_offered"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A word for programs, and the sentence in both languages."""

    reason: str
    sv: str
    en: str


GONE = Refusal(reason="went_over", sv=_TEXTS["went_over"][0], en=_TEXTS["went_over"][1])
"""What to say to somebody who had the alert, or was offered it, and may not see it any more."""


def stale(alert: AlertRow, event: apply.FromPeople) -> Refusal:
    """Return what to say to somebody who acted on an older revision: who was first, if that is what has changed."""
    lost = isinstance(event, apply.Claim | apply.Accept) and alert.holder_id not in {None, event.by}
    return _refusal("taken" if lost else "changed", alert)


def went_over(alert: AlertRow, event: apply.FromPeople) -> Refusal:
    """Return what to say to somebody who acted on what another team answers for by now."""
    del event
    return _refusal("went_over", alert)


def ran_out(alert: AlertRow, event: apply.FromPeople) -> Refusal:
    """Return what to say to somebody who answers an offer whose time is over."""
    del event
    return _refusal("ran_out", alert)


def why_not(alert: AlertRow, event: apply.FromPeople) -> Refusal:
    """Return what to say to somebody whose act the alert does not allow."""
    if alert.resolved_at is not None and not isinstance(event, apply.Undo):
        return _refusal("closed", alert)
    return _refusal(_reason(alert, event), alert)


def too_long(alert: AlertRow) -> Refusal:
    """Return what to say to somebody who wants a longer pause than there may be."""
    return _refusal("too_long", alert)


def _reason(alert: AlertRow, event: apply.FromPeople) -> str:
    if isinstance(event, apply.Claim):
        return "yours" if alert.holder_id == event.by else "taken"
    if isinstance(event, apply.Acknowledge):
        return "paused" if alert.signal == Signal.PAUSED else "seen"
    if isinstance(event, apply.Release):
        return "not_yours" if alert.holder_id is None else "only_holder"
    if isinstance(event, apply.Offer):
        return _why_not_offered(alert, event.by)
    if isinstance(event, apply.Snooze):
        return _why_not_paused(alert)
    return _ALWAYS.get(type(event), "not_now")


def _why_not_paused(alert: AlertRow) -> str:
    if alert.condition == Condition.CLEARED or alert.signal == Signal.SILENT:
        return "nothing_to_pause"
    return "paused" if alert.signal == Signal.PAUSED else "too_long"


def _why_not_offered(alert: AlertRow, by: StaffId) -> str:
    if alert.responsibility == Responsibility.OFFERED:
        return "offered"
    return "to_oneself" if alert.holder_id in {None, by} else "only_holder"


def _refusal(reason: str, alert: AlertRow) -> Refusal:
    names = {
        "holder": alert.holder_name or "?",
        "seen": alert.acknowledged_name or alert.holder_name or "?",
        "offered": alert.offered_name or alert.offered_team_name or "?",
        "most": str(int(SNOOZED_AT_MOST[Priority(alert.priority)].total_seconds()) // 60),
        "undo": str(int(UNDO_WITHIN.total_seconds())),
    }
    swedish, english = _TEXTS[reason]
    return Refusal(reason=reason, sv=swedish.format_map(names), en=english.format_map(names))
