"""Taking Observations: a body to entries, entries to the store, and what became of each to say in FHIR.

numpy comes with the first who sends any, as in `api.routes.quarantine`.
"""

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from api.context import Context
from api.fhir.bundle import Done
from api.fhir.outcome import Outcome, Refused
from ward.access.principals import Principal
from ward.fhir import intake
from ward.formats.claims import Fault
from ward.people import PatientId
from ward.store import audit
from ward.store.audit import Action, Deed
from ward.store.borrow import borrow
from ward.vitals import VITALS, VitalKind
from ward.wire import Reason

if TYPE_CHECKING:
    from ward.store.fhir_intake import Taken

_CUFF = {VITALS[VitalKind.SYSTOLIC].code, VITALS[VitalKind.DIASTOLIC].code}
# FHIR's issue-type for our reasons; all others are of the value itself.
_CODES = {
    Reason.MALFORMED: "structure",
    Reason.UNSUPPORTED: "not-supported",
    Reason.TOO_LARGE: "too-long",
    Reason.UNKNOWN_KIND: "code-invalid",
    Reason.UNKNOWN_DEVICE: "not-found",
    Reason.NO_BINDING: "not-found",
    Reason.WRONG_PATIENT: "business-rule",
    Reason.CONFLICT: "conflict",
}


async def take(context: Context, principal: Principal, body: bytes) -> list[Done]:
    """Take a body of one Observation or a batch of them.

    Raises
    ------
    Refused
        If it is neither, so that there is nothing to be kept.
    """
    from ward.store import fhir_intake  # noqa: PLC0415 - it brings numpy, which the api is spared until then

    sent = intake.entries(body)
    if isinstance(sent, intake.Unusable):
        raise Refused(Outcome(status=HTTPStatus.UNPROCESSABLE_ENTITY, code="invalid", text=sent.text))
    now = context.clock.now()
    async with borrow(context.pool) as conn:
        taken = await fhir_intake.take(conn, sent, principal.scope, now)
        for patient_id, counts in _per_patient(taken).items():
            deed = Deed(action=Action.OBSERVATIONS_TAKEN, patient_id=PatientId(patient_id), detail=dict(counts))
            await audit.write(conn, principal.actor, deed, now)
    return [done(each) for each in taken]


def _per_patient(taken: "Sequence[Taken]") -> dict[int, Counter[str]]:
    """Count what was stored, what was there already and what was refused, of each patient who is known."""
    counts: dict[int, Counter[str]] = {}
    for each in taken:
        if each.patient_id is not None:
            told = {"new": each.newly, "repeated": len(each.stored) - each.newly, "refused": len(each.faults)}
            counts.setdefault(each.patient_id, Counter()).update(told)
    return counts


def done(taken: "Taken") -> Done:
    """Say what became of one entry: created, there already, refused, or some of it refused (a warning)."""
    if not taken.stored:
        outcomes = tuple(_outcome(each, "error") for each in taken.faults)
        return Done(status=outcomes[0].status, patient_id=taken.patient_id, outcomes=outcomes)
    status = HTTPStatus.CREATED if taken.newly else HTTPStatus.OK
    warnings = tuple(_outcome(each, "warning") for each in taken.faults)
    location = f"Observation/{_identity(taken.stored)}"
    return Done(status=status, location=location, patient_id=taken.patient_id, outcomes=warnings)


def _identity(stored: Sequence[tuple[int, int, int]]) -> str:
    """Return the id under which what was stored is read: a blood pressure's where both pressures are there."""
    device_no, kind, at_us = stored[0]
    if {code for _, code, _ in stored} >= _CUFF:
        return f"{device_no}-bp-{at_us}"
    return f"{device_no}-{kind}-{at_us}"


def _outcome(fault: Fault, severity: str) -> Outcome:
    reason, detail = fault
    status = HTTPStatus.CONFLICT if reason is Reason.CONFLICT else HTTPStatus.UNPROCESSABLE_ENTITY
    text = f"{reason}: {detail}. It is kept in the quarantine."
    return Outcome(status=status, code=_CODES.get(reason, "value"), text=text, severity=severity)
