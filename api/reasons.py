"""Why a request was refused, as words for programs: `reason` of a problem, which a page says in its own language. Pure.

A closed list, named in the OpenAPI document: the reasons that have a table of their own elsewhere, and here all others
that somebody can do something about. What only a program can do wrong (a span turned round) has none but its status.
"""

from enum import StrEnum
from itertools import chain

from api import alert_refusals
from ward import association, plan_versions
from ward.timeline import TimeFault


class Reason(StrEnum):
    """A reason without a table of its own."""

    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a word for it
    SAME_PASSWORD = "same_password"  # noqa: S105 - likewise
    WEAK_PASSWORD = "weak_password"  # noqa: S105 - likewise
    WRONG_CODE = "wrong_code"
    NO_FACTOR = "no_factor"
    FACTORS_OFF = "factors_off"
    NO_PASSWORD = "no_password"  # noqa: S105 - likewise
    NAME_TAKEN = "name_taken"
    ANOTHER_ACCOUNT = "another_account"
    BLOCKED = "blocked"
    NOT_OPENED = "not_opened"
    NOTHING_OPENED = "nothing_opened"
    PATIENTS_OWN = "patients_own"
    INVITATION_USED = "invitation_used"
    ANSWERS = "answers"
    CONSENTED = "consented"
    BLOCK_SET = "block_set"
    NO_SUCH_ORGANISATION = "no_such_organisation"
    NO_EMERGENCY = "no_emergency"
    EMERGENCY_OVER = "emergency_over"
    NOT_BY_OPENER = "not_by_opener"
    NOT_BELIEVED = "not_believed"
    OTHER_VALUE = "other_value"
    OTHER_ANSWERS = "other_answers"
    NOT_AHEAD = "not_ahead"
    OTHER_KIND = "other_kind"
    IN_ERROR = "in_error"
    NO_MEDICATION = "no_medication"
    NO_PRESCRIBER = "no_prescriber"
    ANSWERED = "answered"
    EXCEPTION_THERE = "exception_there"
    TOO_FAR_AHEAD = "too_far_ahead"
    WAITS = "waits"
    WENT_OVER = "went_over"
    RAN_OUT = "ran_out"
    NOT_NOW = "not_now"


ALL = tuple(
    sorted(
        {
            str(each)
            for each in chain(Reason, association.Refusal, plan_versions.Refusal, TimeFault, alert_refusals.REASONS)
        }
    )
)
"""Every reason that a problem can have."""
