"""The day's questions to a patient: which answers worry, by programme, and when answers are late. Pure.

Not here: how a device spells answers (`ward.formats.event`), who is told (`alerting.rules.checkins`). The invariant: an
answer in free words is never judged and never repeated; what a text must be to worry stands here, word for word.
Questions and priorities are the project's proposal and must be confirmed by who is clinically responsible.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ward.alerts import Priority
from ward.events import Answer

__all__ = ["ANSWER_BY_MINUTE", "QUESTIONS", "SEVERAL", "TOPICS", "Worry", "Worrying", "urgency", "worrying"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worry:
    """An answer that worries: one of `words`, yes (or no), or a number from `least` on."""

    question: str
    priority: Priority
    words: frozenset[str] = frozenset()
    yes: bool | None = None
    least: float | None = None

    def matches(self, given: Answer) -> bool:
        """Tell whether an answer is this one."""
        answer = given.answer
        if given.question != self.question:
            return False
        if isinstance(answer, bool):
            return answer is self.yes
        if isinstance(answer, str):
            return answer.strip().casefold() in self.words
        return self.least is not None and answer >= self.least


@dataclass(frozen=True, slots=True, kw_only=True)
class Worrying:
    """A question that was answered worryingly, how urgent that is, and what is shown of the answer."""

    question: str
    priority: Priority
    shown: str


def _said(question: str, priority: Priority, *words: str) -> Worry:
    return Worry(question=question, priority=priority, words=frozenset(words))


def _yes(question: str, priority: Priority) -> Worry:
    return Worry(question=question, priority=priority, yes=True, words=frozenset({"yes", "ja"}))


def _no(question: str, priority: Priority) -> Worry:
    return Worry(question=question, priority=priority, yes=False, words=frozenset({"no", "nej"}))


def _from(question: str, priority: Priority, least: float) -> Worry:
    return Worry(question=question, priority=priority, least=least)


_LOW, _MEDIUM, _HIGH = Priority.LOW, Priority.MEDIUM, Priority.HIGH
_EVERYBODY: Final = (
    _said("breath", _MEDIUM, "worse"),
    _said("breath", _HIGH, "much_worse"),
    _yes("breathless_at_rest", _HIGH),
    _yes("chest_pain", _HIGH),
    _from("pain", _MEDIUM, 7),
    _said("wellbeing", _MEDIUM, "worse"),
    _said("wellbeing", _HIGH, "much_worse"),
    _yes("confused", _HIGH),
    _yes("fell", _MEDIUM),
    _yes("chills", _MEDIUM),
    _yes("dizzy", _LOW),
    _no("eaten", _LOW),
    _no("drunk", _LOW),
    _no("slept", _LOW),
    _no("medicines", _LOW),
    _yes("call_me", _MEDIUM),
)
_HEART_FAILURE: Final = (_yes("swollen", _MEDIUM), _no("lying_flat", _MEDIUM), _yes("dizzy", _MEDIUM))
_COPD: Final = (_said("phlegm", _MEDIUM, "more", "coloured"), _yes("reliever_more", _LOW))
_FRAIL: Final = (_no("eaten", _MEDIUM), _no("drunk", _MEDIUM), _no("out_of_bed", _LOW))
_PALLIATIVE: Final = (
    _from("pain", _MEDIUM, 4),
    _from("pain", _HIGH, 7),
    _from("nausea", _MEDIUM, 4),
    _from("anxiety", _MEDIUM, 4),
    _said("breath", _HIGH, "worse"),
)
# By programme; one that is not named has everybody's alone. Where several fit an answer the most urgent counts.
QUESTIONS: Final = MappingProxyType(
    {
        "": _EVERYBODY,
        "heart_failure": (*_EVERYBODY, *_HEART_FAILURE),
        "copd": (*_EVERYBODY, *_COPD),
        "frail_elderly": (*_EVERYBODY, *_FRAIL),
        "palliative": (*_EVERYBODY, *_PALLIATIVE),
    }
)
# So many answers that each worry a little are together of medium priority.
SEVERAL: Final = 2
# Who answers every day and has not by this minute of the local day is asked after.
ANSWER_BY_MINUTE: Final = 14 * 60
# What each question is about, in both languages.
TOPICS: Final = MappingProxyType(
    {
        "breath": ("andningen", "breathing"),
        "breathless_at_rest": ("andnöd i vila", "breathlessness at rest"),
        "chest_pain": ("bröstsmärta", "chest pain"),
        "pain": ("smärta", "pain"),
        "wellbeing": ("måendet", "wellbeing"),
        "confused": ("förvirring", "confusion"),
        "fell": ("fall", "a fall"),
        "chills": ("frossa", "chills"),
        "dizzy": ("yrsel", "dizziness"),
        "eaten": ("maten", "eating"),
        "drunk": ("drycken", "drinking"),
        "slept": ("sömnen", "sleep"),
        "medicines": ("läkemedlen", "medicines"),
        "call_me": ("vill bli uppringd", "asks for a call"),
        "swollen": ("svullnad", "swelling"),
        "lying_flat": ("kan inte ligga plant", "cannot lie flat"),
        "phlegm": ("slem", "phlegm"),
        "reliever_more": ("mer luftrörsvidgande", "more reliever medicine"),
        "out_of_bed": ("har inte varit uppe", "has not been out of bed"),
        "nausea": ("illamående", "nausea"),
        "anxiety": ("oro", "anxiety"),
    }
)
# What is said of an answer, in both languages; of a yes or a no nothing, since the question is named by what worries.
SAID: Final = MappingProxyType(
    {
        "worse": ("sämre", "worse"),
        "much_worse": ("mycket sämre", "much worse"),
        "more": ("mer", "more"),
        "coloured": ("färgat", "coloured"),
    }
)


def worrying(programme: str, answers: Iterable[Answer]) -> tuple[Worrying, ...]:
    """Return the answers that worry, the most urgent first; a question that is not known here never does."""
    table = QUESTIONS.get(programme, QUESTIONS[""])
    found = []
    for each in answers:
        fitting = [worry.priority for worry in table if worry.matches(each)]
        if fitting:
            found.append(Worrying(question=each.question, priority=max(fitting), shown=_shown(each)))
    return tuple(sorted(found, key=lambda each: (-each.priority, each.question)))


def urgency(found: Iterable[Worrying]) -> Priority | None:
    """Return how urgent worrying answers are together, None for none."""
    priorities = [each.priority for each in found]
    if not priorities:
        return None
    together = _MEDIUM if len(priorities) >= SEVERAL else _LOW
    return max(*priorities, together)


def _shown(given: Answer) -> str:
    """Return an answer as it may be shown: a yes, a no, a number, or a word of the table that it matched."""
    answer = given.answer
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer.strip().casefold() if isinstance(answer, str) else f"{answer:g}"
