"""Whether a patient is watched now, in a word and in plain sentences of both languages. Pure.

Watched means: values arrive, they ring, and somebody who can be reached is on duty. It promises no more. The
invariant: whatever the lamp shows, the words end with whom to call and with 112; where it is not known to be watched it
is not; and no button is named where nobody would be told of it.
The wording is to be confirmed by who is clinically responsible.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ward.duty.coverage import Colour
from ward.plans import Goals
from ward.vitals import VITALS, VitalKind


class Light(StrEnum):
    """What the lamp shows."""

    WATCHED = "watched"
    PARTLY = "partly"
    NOT_WATCHED = "not_watched"


class Why(StrEnum):
    """Why it shows less than watched."""

    NOBODY = "nobody_on_duty"
    NO_VALUES = "no_values"
    SOME_VALUES = "some_values"
    COMFORT = "comfort_care"
    ALARMS = "alarms_in_doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """The lamp, why, and what is said beside it."""

    light: Light
    why: tuple[Why, ...]
    sv: str
    en: str


Newest = Iterable[tuple[VitalKind, datetime]]
"""When the newest value of each kind was measured."""

_SAID: dict[Light, tuple[str, str]] = {
    Light.WATCHED: (
        "Dina värden kommer fram, och teamet får larm om de förändras.",
        "Your values arrive, and the team is alerted if they change.",
    ),
    Light.PARTLY: (
        "Några av dina värden kommer inte fram just nu. Kontrollera att givarna sitter som de ska.",
        "Some of your values do not arrive just now. Please check that the sensors sit as they should.",
    ),
    Light.NOT_WATCHED: ("Dina värden övervakas inte just nu.", "Your values are not being watched just now."),
}
_BECAUSE: dict[Why, tuple[str, str]] = {
    Why.NOBODY: ("Ingen i teamet kan nås via larm.", "Nobody in the team can be reached by an alert."),
    Why.NO_VALUES: ("Inga värden kommer fram.", "No values arrive."),
    Why.ALARMS: ("Larm till teamet kan utebli just nu.", "Alerts to the team may fail to come just now."),
    Why.COMFORT: ("Enligt din vårdplan ger de inga larm.", "By your care plan they raise no alerts."),
}


def lamp(newest: Newest, colour: Colour, phone: str, goals: Goals, now: datetime, *, in_doubt: bool = False) -> Lamp:
    """Return the lamp.

    Parameters
    ----------
    newest : of the stay; where any kind is measured continuously those kinds decide, else all of them
    colour : how well the present hour is covered
    phone : of the team that answers
    goals : of the plan in force; where care is for comfort no value rings
    in_doubt : alarms may fail to come, whatever rings
    """
    measured = dict(newest)
    deciding = {kind: at for kind, at in measured.items() if VITALS[kind].continuous} or measured
    stale = [kind for kind, at in deciding.items() if (now - at).total_seconds() > VITALS[kind].freshness.stale_s]
    why = []
    if colour is Colour.NOBODY:
        why.append(Why.NOBODY)
    if in_doubt:
        why.append(Why.ALARMS)
    if len(stale) == len(deciding):
        why.append(Why.NO_VALUES)
    elif stale:
        why.append(Why.SOME_VALUES)
    if goals is Goals.COMFORT:
        why.append(Why.COMFORT)
    light = Light.WATCHED if not why else Light.PARTLY if why == [Why.SOME_VALUES] else Light.NOT_WATCHED
    return Lamp(light=light, why=tuple(why), sv=_words(light, why, phone, 0), en=_words(light, why, phone, 1))


def _words(light: Light, why: Collection[Why], phone: str, side: int) -> str:
    called = phone.strip() or "1177"
    unheard = Why.NOBODY in why or Why.ALARMS in why
    press = ("", "") if unheard else ("tryck på hjälpknappen eller ", "press the help button or ")
    worse = (
        f"Om du mår sämre: {press[0]}ring {called}. Vid livsfara: ring 112.",
        f"If you feel worse: {press[1]}call {called}. If life is in danger: call 112.",
    )[side]
    because = [_BECAUSE[each][side] for each in why if each in _BECAUSE]
    return " ".join([_SAID[light][side], *because, worse])
