"""Entries of the audit as FHIR R4 AuditEvents: who did what, to which device and for whom, when and why.

People are named as the audit names them; patients by number alone.
"""

from dataclasses import dataclass
from datetime import datetime

from ward.fhir import codes
from ward.fhir.codes import OWN, Resource
from ward.fhir.displays import TERMINOLOGY

_TYPE: Resource = {"system": f"{TERMINOLOGY}/audit-event-type", "code": "rest", "display": "RESTful Operation"}
ACCOUNT, DEVICE = f"{OWN}/account", f"{OWN}/device"
"""The systems of identifiers by which accounts and devices are named."""
_CREATES = (".added", ".proposed", ".drafted", ".given", ".offered")
_DELETES = (".removed", ".withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A deed, as far as it is told: who as what, what, to whom."""

    audit_id: int
    at: datetime
    account_id: int
    name: str
    role: str
    organisation_id: int | None
    action: str
    device_id: str | None
    patient_id: int | None
    stay_id: int | None
    reason: str | None


def audit_event(entry: Entry) -> Resource:
    """Return a deed as an AuditEvent."""
    made: Resource = {
        "resourceType": "AuditEvent",
        "id": str(entry.audit_id),
        "meta": {"versionId": "1", "lastUpdated": codes.instant(entry.at)},
        "type": _TYPE,
        "subtype": [codes.coding(f"{OWN}/CodeSystem/audit-action", entry.action)],
        "action": _letter(entry.action),
        "recorded": codes.instant(entry.at),
        "outcome": "4" if entry.action.endswith("_wrong") else "0",
        "agent": [
            {
                "role": [codes.concept((f"{OWN}/CodeSystem/role", entry.role), text=entry.role)],
                "who": {
                    "identifier": {"system": ACCOUNT, "value": str(entry.account_id)},
                    "display": entry.name,
                },
                "requestor": True,
            }
        ],
        "source": {"observer": _observer(entry)},
    }
    if entry.reason:
        made["purposeOfEvent"] = [codes.concept(text=entry.reason)]
    touched = _entities(entry)
    return {**made, "entity": touched} if touched else made


def _letter(action: str) -> str:
    """Return FHIR's letter of what was done."""
    if action.endswith(_CREATES):
        return "C"
    return "D" if action.endswith(_DELETES) else "U"


def _observer(entry: Entry) -> Resource:
    if entry.organisation_id is None:
        return {"display": "Hemvakt"}
    return {**codes.reference("Organization", entry.organisation_id), "display": "Hemvakt"}


def _entities(entry: Entry) -> list[Resource]:
    found: list[Resource] = []
    if entry.patient_id is not None:
        found.append({"what": codes.reference("Patient", entry.patient_id)})
    if entry.stay_id is not None:
        found.append({"what": codes.reference("Encounter", entry.stay_id)})
    if entry.device_id is not None:
        found.append({"what": {"identifier": {"system": DEVICE, "value": entry.device_id}}})
    return found
