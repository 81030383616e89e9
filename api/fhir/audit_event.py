"""AuditEvent: what the audit has kept, for those who may read it all (`Permission.FHIR_AUDIT_EVENT_READ`)."""

from api.fhir import numbering, outcome
from api.fhir.outcome import Refused
from api.fhir.reads import Reads
from api.fhir.search import Form, Kind, Order, Page, Parameter, Query
from ward.fhir import audits
from ward.fhir.audits import Entry
from ward.fhir.codes import Resource
from ward.people import PatientId
from ward.store import audit

KIND = Kind(
    name="AuditEvent",
    about="Who did what to whom, when and why. The newest first.",
    parameters=(Parameter(name="patient", form=Form.REFERENCE, target="Patient", about="Of whom."),),
    most=500,
)


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of deeds, the newest first."""
    if query.order is Order.OLDEST:
        raise Refused(outcome.bad_parameter("_sort", "The newest come first, always."))
    patients, place = numbering.referred(query, "patient"), numbering.after(query)
    if query.ids is not None:
        numbers = numbering.numbers(query.ids) or []
        rows = [row for number in numbers for row in await _read(reads, None, number + 1, 1) if row.audit_id == number]
    elif patients == []:
        rows = []
    else:
        patient = PatientId(patients[0]) if patients else None
        rows = await _read(reads, patient, place[0] if place else None, query.count + 1)
    return numbering.page(query, rows, _resource, lambda row: row.audit_id)


async def _read(reads: Reads, patient: PatientId | None, before: int | None, limit: int) -> list[audit.Entry]:
    return await audit.read(reads.conn, device_id=None, patient_id=patient, before=before, limit=limit)


def _resource(row: audit.Entry) -> Resource:
    return audits.audit_event(
        Entry(
            audit_id=row.audit_id,
            at=row.at,
            account_id=row.account_id,
            name=row.name,
            role=row.role,
            organisation_id=row.organisation_id,
            action=row.action,
            device_id=row.device_id,
            patient_id=row.patient_id,
            stay_id=row.stay_id,
            reason=row.reason,
        )
    )
