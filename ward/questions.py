"""The day's questions to a patient in words: what is asked, and in which form it is answered. Pure.

A device may bring its own in its `config`; where none does, these are asked. Which answers worry is `ward.checkins`.
The invariant: every question of that table has words here, and a form in which its worrying answer can be given.
The wording is the project's proposal.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ward.checkins import QUESTIONS

MOST = 50


class Form(StrEnum):
    """How a question is answered."""

    YES_NO = "yes_no"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; `choices` belong to a choice, `least` and `most` to a number."""

    question: str
    form: Form
    sv: str
    en: str
    choices: tuple[str, ...] = ()
    least: float = 0
    most: float = 10


def _yes_no(question: str, sv: str, en: str) -> Question:
    return Question(question=question, form=Form.YES_NO, sv=sv, en=en)


def _scale(question: str, sv: str, en: str) -> Question:
    return Question(question=question, form=Form.NUMBER, sv=sv, en=en)


def _choice(question: str, sv: str, en: str, *choices: str) -> Question:
    return Question(question=question, form=Form.CHOICE, sv=sv, en=en, choices=choices)


_CHANGED: Final = ("better", "same", "worse", "much_worse")
BANK: Final = MappingProxyType(
    {
        each.question: each
        for each in (
            _choice("wellbeing", "Hur mår du mot i går?", "How do you feel compared with yesterday?", *_CHANGED),
            _choice(
                "breath", "Hur är andningen mot i går?", "How is your breathing compared with yesterday?", *_CHANGED
            ),
            _scale("pain", "Hur ont har du, från 0 till 10?", "How much pain do you have, from 0 to 10?"),
            _yes_no("medicines", "Har du tagit dina läkemedel?", "Have you taken your medicines?"),
            _yes_no("slept", "Har du sovit i natt?", "Did you sleep last night?"),
            _yes_no("eaten", "Har du ätit?", "Have you eaten?"),
            _yes_no("drunk", "Har du druckit?", "Have you had anything to drink?"),
            _yes_no("breathless_at_rest", "Är du andfådd när du vilar?", "Are you short of breath at rest?"),
            _yes_no("chest_pain", "Har du ont i bröstet?", "Do you have pain in your chest?"),
            _yes_no("confused", "Känner du dig förvirrad?", "Do you feel confused?"),
            _yes_no("fell", "Har du ramlat?", "Have you fallen?"),
            _yes_no("chills", "Har du haft frossa?", "Have you had chills?"),
            _yes_no("dizzy", "Är du yr?", "Are you dizzy?"),
            _yes_no("call_me", "Vill du att vi ringer dig?", "Would you like us to call you?"),
            _yes_no("swollen", "Är du mer svullen i benen eller magen?", "Are your legs or belly more swollen?"),
            _yes_no("lying_flat", "Kan du ligga plant?", "Can you lie flat?"),
            _choice("phlegm", "Hur är slemmet?", "How is the phlegm?", "none", "same", "more", "coloured"),
            _yes_no("reliever_more", "Har du tagit mer luftrörsvidgande?", "Have you taken more reliever medicine?"),
            _yes_no("out_of_bed", "Har du varit uppe ur sängen?", "Have you been out of bed?"),
            _scale("nausea", "Hur illamående är du, från 0 till 10?", "How sick do you feel, from 0 to 10?"),
            _scale("anxiety", "Hur orolig är du, från 0 till 10?", "How worried are you, from 0 to 10?"),
        )
    }
)
EVERY_DAY: Final = ("wellbeing", "breath", "pain", "medicines", "call_me")


def today(programme: str, configs: Iterable[str]) -> tuple[Question, ...]:
    """Return the questions of a programme, or those of the first device whose `config` brings any."""
    for config in configs:
        own = _own(config)
        if own:
            return own
    more = [each.question for each in QUESTIONS.get(programme, ()) if each not in QUESTIONS[""]]
    return tuple(BANK[each] for each in dict.fromkeys((*EVERY_DAY, *more)))


def _own(config: str) -> tuple[Question, ...]:
    """Return the questions of a device's config; what cannot be read is left out."""
    try:
        said = json.loads(config)
    except ValueError:
        return ()
    asked = said.get("questions") if isinstance(said, dict) else None
    found = [_read(each) for each in asked[:MOST]] if isinstance(asked, list) else []
    return tuple(each for each in found if each is not None)


def _read(said: object) -> Question | None:
    if not isinstance(said, dict) or not isinstance(said.get("id"), str):
        return None
    text, choices = said.get("text"), said.get("choices")
    if not isinstance(text, dict) or said.get("answer") not in set(Form):
        return None
    sv = str(text.get("sv") or text.get("en") or "")
    return Question(
        question=said["id"],
        form=Form(said["answer"]),
        sv=sv,
        en=str(text.get("en") or sv),
        choices=tuple(str(each) for each in choices) if isinstance(choices, list) else (),
        least=_number(said.get("least"), 0),
        most=_number(said.get("most"), 10),
    )


def _number(said: object, otherwise: float) -> float:
    return float(said) if isinstance(said, int | float) and not isinstance(said, bool) else otherwise
