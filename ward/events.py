"""What happens at the patient's: a pressed help button, a fall, answers to the day's questions. Nouns only.

Not here: how a device spells them (`ward.formats.event`), what is done about them (`alerting.rules.requests`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_ANSWERS = 50
MAX_QUESTION = 64  # characters of a question's id
MAX_ANSWER = 500  # characters of an answer in words


class EventKind(StrEnum):
    """The `kind` names of payloads, store and API."""

    HELP_BUTTON = "help_button"
    FALL = "fall"
    CHECK_IN = "check_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the patient answered to one of the day's questions; `question` is its id in the device's `config`."""

    question: str
    answer: str | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent:
    """One event that a device reports; `seq` is its own counter.

    `confidence` (0-1) belongs to a fall, `answers` to a check-in; the others have neither.
    """

    kind: EventKind
    occurred_at: datetime
    seq: int | None = None
    confidence: float | None = None
    answers: tuple[Answer, ...] = ()
