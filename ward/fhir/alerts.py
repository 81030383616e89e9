"""Alerts as FHIR R4 DetectedIssues.

DetectedIssue, since it alone has a place for severity, for the time in which the condition held, for the evidence and
for what was done about it. A Flag has none of these, and a Communication is what was told to whom, not what was found.
"""

import json
from collections.abc import Sequence
from types import MappingProxyType

from ward.alerts import AlertState, Priority
from ward.fhir import codes
from ward.fhir.codes import OWN, Resource
from ward.record import Happened, Raised

_SEVERITY: MappingProxyType[int, str] = MappingProxyType(
    {Priority.HIGH.value: "high", Priority.MEDIUM.value: "moderate", Priority.LOW.value: "low"}
)


def detected_issue(alert: Raised, events: Sequence[Happened], text: str) -> Resource:
    """Return an alert with what was done about it; `text` says in words what was found."""
    made: Resource = {
        "resourceType": "DetectedIssue",
        "id": str(alert.alert_id),
        "identifier": [{"system": f"{OWN}/alert", "value": str(alert.alert_id)}],
        "status": "final" if alert.state == AlertState.RESOLVED else "preliminary",
        "code": codes.concept((f"{OWN}/CodeSystem/rule", alert.rule), (f"{OWN}/CodeSystem/family", alert.family)),
        "severity": _SEVERITY[alert.priority],
        "patient": codes.reference("Patient", alert.patient_id),
        "identifiedPeriod": codes.period(alert.began_at, alert.cleared_at or alert.resolved_at),
        "detail": text,
        "extension": [codes.extension("stay", {"valueReference": codes.reference("Encounter", alert.stay_id)})],
    }
    evidence = [{"code": [codes.concept(text=each)]} for each in _inputs(alert.evidence)]
    mitigation = [_mitigation(event) for event in events]
    return {
        **made,
        **({"evidence": evidence} if evidence else {}),
        **({"mitigation": mitigation} if mitigation else {}),
    }


def _inputs(evidence: str) -> list[str]:
    """Write each number that the alert rests on."""
    return [
        f"{each['kind']} {each['value']} {each.get('unit', '')} {each['measured_at']}"
        for each in json.loads(evidence).get("inputs", [])
    ]


def _mitigation(event: Happened) -> Resource:
    made: Resource = {
        "action": codes.concept((f"{OWN}/CodeSystem/alert-event", event.kind), text=event.note or event.kind),
        "date": codes.instant(event.at),
    }
    if event.staff_id is None:
        return made
    identifier = {"system": f"{OWN}/staff", "value": str(event.staff_id)}
    return {**made, "author": {"identifier": identifier, "display": event.staff}}
