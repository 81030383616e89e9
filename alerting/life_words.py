"""The lines of an alert's life in words, Swedish and English: who did what, to whom. Pure; brings no numpy.

What a rule found stands beside its line in the rule's own words (`alerting.words`); when things end is told as a time,
for the page to write as its reader has it. The invariant: every kind of event has both languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from alerting.words import Language
from ward.alerts import Action, Cause, Outcome

__all__ = ["ACTIONS", "CAUSES", "LIVES", "OUTCOMES", "Said", "said"]

Pair = tuple[str, str]

LIVES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        "raised": ("Larmet kom", "The alert was raised"),
        "worsened": ("Det blev värre", "It got worse"),
        "renewed": ("Värdet blev sämre", "The value got worse"),
        "eased": ("Det blev lindrigare", "It got milder"),
        "cleared": ("Det är borta just nu", "It is gone for now"),
        "unasked": ("Planen frågar inte längre efter det", "The plan no longer asks for it"),
        "recurred": ("Det kom tillbaka", "It came back"),
        "settled": ("Det har inte kommit tillbaka", "It has not come back"),
        "lapsed": ("Ingen har gjort mer: det larmar igen", "Nobody has done more: it rings again"),
        "resumed": ("Pausen är slut: det larmar igen", "The pause is over: it rings again"),
        "returned": ("Ingen svarade på överlämningen", "Nobody answered the offer"),
        "ended": ("Vårdtiden är slut: larmet stängdes", "The stay is over: the alert was closed"),
        "went_over": ("{to} svarar för patienten nu: larmet är deras", "{to} answers for the patient now, and has it"),
        "acknowledged": ("{who} har sett det", "{who} has seen it"),
        "claimed": ("{who} har tagit det", "{who} has taken it"),
        "released": ("{who} har släppt det", "{who} has let it go"),
        "offered": ("{who} vill lämna det till {to}", "{who} offers it to {to}"),
        "accepted": ("{who} har tagit emot det", "{who} has accepted it"),
        "declined": ("{who} har tackat nej", "{who} has declined"),
        "snoozed": ("{who} har pausat det", "{who} has paused it"),
        "escalated": ("{who} har kallat på nästa", "{who} has called for whoever is next"),
        "noted": ("{who} har skrivit", "{who} has written"),
        "resolved": ("{who} har avslutat det: {outcome}", "{who} has closed it: {outcome}"),
        "undone": ("{who} har ångrat sig", "{who} has taken that back"),
    }
)
OUTCOMES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        Outcome.TRUE_ALARM: ("rätt larm", "true alarm"),
        Outcome.FALSE_ALARM: ("falskt larm", "false alarm"),
        Outcome.SELF_RESOLVED: ("gick över av sig självt", "went away by itself"),
        Outcome.TECHNICAL: ("tekniskt fel", "technical fault"),
        Outcome.STAY_ENDED: ("stängt med vårdtiden", "closed with the stay"),
    }
)
CAUSES: MappingProxyType[str, Pair] = MappingProxyType(
    {
        Cause.DETERIORATION: ("försämring", "deterioration"),
        Cause.ACTIVITY: ("aktivitet eller vård", "activity or care"),
        Cause.ARTEFACT: ("störning i mätningen", "artefact"),
        Cause.EQUIPMENT: ("utrustningen", "equipment"),
        Cause.LIMITS: ("gränserna passar inte", "limits do not fit"),
        Cause.MISTAKE: ("av misstag", "by mistake"),
        Cause.STAY_ENDED: ("vårdtiden är slut", "the stay is over"),
        Cause.UNKNOWN: ("okänd orsak", "unknown cause"),
    }
)
ACTIONS: MappingProxyType[str, Pair] = MappingProxyType(
    {
        Action.NONE: ("ingen åtgärd", "nothing done"),
        Action.CALLED: ("ringde", "called"),
        Action.VISITED: ("besökte", "visited"),
        Action.TREATED: ("behandlade", "treated"),
        Action.SENT_IN: ("skickade in", "sent in"),
        Action.PLAN_CHANGED: ("ändrade planen", "changed the plan"),
        Action.EQUIPMENT_FIXED: ("rättade utrustningen", "fixed the equipment"),
    }
)
_SOMEBODY: Pair = ("Någon", "Somebody")
_NOBODY: Pair = ("någon", "somebody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a line is filled from: its kind, names, and how an alert was closed; None for what it does not have."""

    kind: str
    who: str | None = None
    to: str | None = None
    outcome: str | None = None
    cause: str | None = None
    action: str | None = None


def said(line: Said, lang: Language) -> str:
    """Return the sentence of a line; one that a newer program wrote shows its kind."""
    side = 0 if lang == "sv" else 1
    if line.kind not in LIVES:
        return line.kind
    sentence = LIVES[line.kind][side].format(
        who=line.who or _SOMEBODY[side],
        to=line.to or _NOBODY[side],
        outcome=_word(OUTCOMES, line.outcome, side) or "?",
    )
    more = [_word(CAUSES, line.cause, side), _word(ACTIONS, line.action, side)]
    return ", ".join([sentence, *(each for each in more if each)])


def _word(words: Mapping[str, Pair], key: str | None, side: int) -> str | None:
    return None if key is None else words.get(key, (key, key))[side]
