"""Why a binding, a refused reading or a schedule was not changed, in words and as an HTTP status."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from api.duty_states import fault_state
from api.errors import Problem
from ward.association import MOST_BACK, Refusal
from ward.duty.checks import Fault

_CONFLICT, _INVALID = HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY
_HOURS = int(MOST_BACK.total_seconds()) // 3600

_ANSWERS: Mapping[Refusal, tuple[HTTPStatus, str]] = {
    Refusal.REVOKED: (_CONFLICT, "The device is revoked and cannot be worn."),
    Refusal.OTHER_MODE: (
        _CONFLICT,
        "A test or demo device is never worn by a real patient, nor a real by another.",
    ),
    Refusal.AHEAD: (_INVALID, "The time lies in the future."),
    Refusal.TOO_LONG_AGO: (_INVALID, f"A binding begins at most {_HOURS} hours ago."),
    Refusal.BEFORE_STAY: (_INVALID, "The time lies before the patient's stay began."),
    Refusal.OVER: (_CONFLICT, "It is settled or over already."),
    Refusal.WRONG_IDENTIFIER: (_INVALID, "This is not the patient's date of birth or number. Check who wears it."),
    Refusal.WORN: (_CONFLICT, "Somebody wears the device at that time. End that binding first."),
    Refusal.GIVEN_TO_ANOTHER: (_CONFLICT, "What it measured since then is another patient's."),
    Refusal.NOT_AFTER_START: (_INVALID, "A binding ends after it began."),
    Refusal.MEASURED_SINCE: (
        _CONFLICT,
        "What the device measured after that time is stored with this patient. End the binding without a time.",
    ),
    Refusal.SETTLED: (_CONFLICT, "The entry is settled already."),
    Refusal.NO_READING: (_CONFLICT, "Only a reading that was measured while nobody wore the device can be assigned."),
    Refusal.CONTRADICTS: (_CONFLICT, "Another value of the same kind and time is stored with this patient."),
}


def refused(refusal: Refusal, more: Mapping[str, object] | None = None) -> Problem:
    """Return the answer to a step that was not done; its `reason` is the word of `Refusal`."""
    status, detail = _ANSWERS[refusal]
    return Problem(status, detail, reason=refusal, more=more)


def refuse_faults(faults: Iterable[Fault]) -> None:
    """Refuse a save that has faults, naming each of them; a save without any goes on."""
    found = [fault_state(each) for each in faults]
    if found:
        said = "; ".join(each["en"] for each in found)
        raise Problem(_INVALID, f"It cannot be saved: {said}.", more={"faults": found})
