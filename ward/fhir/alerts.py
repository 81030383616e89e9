"""Alerts as FHIR R4 DetectedIssues.

DetectedIssue, since it alone has a place for severity, for the time in which the condition held, for the evidence and
for what was done about it. A Flag has none of these, and a Communication is what was told to whom, not what was found.
"""

from collections.abc import Sequence
from types import MappingProxyType

from ward.alerts import AlertState, Input, Priority
from ward.evidence import age_s, read
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
    kept = read(evidence)
    return [_input(each, age_s(kept, each)) for each in kept.inputs]


def _input(each: Input, age: float | None) -> str:
    """Write one: what, when, how old it was when it was judged, how sure, and what it is to what was found."""
    said = [f"{each.kind} {each.value} {each.unit} {codes.instant(each.measured_at)}"]
    said += [] if age is None else [f"age {age:.0f} s"]
    said += [] if each.quality is None else [f"quality {each.quality:.2f}"]
    return ", ".join([*said, each.role])


def _mitigation(event: Happened) -> Resource:
    made: Resource = {
        "action": codes.concept((f"{OWN}/CodeSystem/alert-event", event.kind), text=event.note or event.kind),
        "date": codes.instant(event.at),
    }
    if event.staff_id is None:
        return made
    identifier = {"system": f"{OWN}/staff", "value": str(event.staff_id)}
    return {**made, "author": {"identifier": identifier, "display": event.staff}}
