"""How a device comes to a patient and leaves again: the two steps, their bounds, the second identifier. Pure.

A proposal (`pre`) attributes nothing. Somebody at the bedside confirms it by a second identifier of the patient, and
from then on it is a binding (`assoc`) until it is ended (`dis`). A proposal that came to nothing is `no`. The words are
those of ContextAssociation in ISO/IEEE 11073-10207 (BICEPS).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

PROPOSAL_HOLDS = timedelta(minutes=15)
MOST_BACK = timedelta(hours=24)
MOST_WRONG = 3


class Association(StrEnum):
    """Where a device and a stay stand to each other."""

    NO = "no"
    PRE = "pre"
    ASSOC = "assoc"
    DIS = "dis"


class Refusal(StrEnum):
    """Why a step of a binding, or the settling of a refused reading, cannot be done."""

    REVOKED = "revoked"
    OTHER_MODE = "other_mode"
    AHEAD = "ahead"
    TOO_LONG_AGO = "too_long_ago"
    BEFORE_STAY = "before_stay"
    OVER = "over"
    WRONG_IDENTIFIER = "wrong_identifier"
    WORN = "worn"
    GIVEN_TO_ANOTHER = "given_to_another"
    NOT_AFTER_START = "not_after_start"
    MEASURED_SINCE = "measured_since"
    SETTLED = "settled"
    NO_READING = "no_reading"
    CONTRADICTS = "contradicts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """What somebody at the bedside typed: the date of birth or the last four of the personal number."""

    birth_date: date | None = None
    last_four: str | None = None

    def fits(self, personal_number: str, birth_date: date) -> bool:
        """Tell whether it is the patient's; nothing typed fits nobody."""
        given = (self.birth_date, self.last_four)
        if given == (None, None):
            return False
        return self.birth_date in {None, birth_date} and self.last_four in {None, personal_number[-4:]}


def start_fault(from_at: datetime, now: datetime, stay_started_at: datetime) -> Refusal | None:
    """Say why a binding cannot begin at `from_at`, None when it can."""
    if from_at > now:
        return Refusal.AHEAD
    if from_at < now - MOST_BACK:
        return Refusal.TOO_LONG_AGO
    return Refusal.BEFORE_STAY if from_at < stay_started_at else None
