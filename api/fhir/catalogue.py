"""Every resource type that is served: what it knows, who may read it, and who finds it. The one table."""

from dataclasses import dataclass
from types import MappingProxyType

from api.fhir import (
    alert,
    audit_event,
    device,
    encounter,
    metric,
    observation,
    organization,
    patient,
)
from api.fhir.reads import Finder
from api.fhir.search import Kind
from ward.access.permissions import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A resource type, the permission to read it, and what finds it."""

    kind: Kind
    read: Permission
    find: Finder


def _served(kind: Kind, read: Permission, find: Finder) -> Served:
    return Served(kind=kind, read=read, find=find)


_TABLE = (
    _served(patient.KIND, Permission.FHIR_PATIENT_READ, patient.find),
    _served(encounter.KIND, Permission.FHIR_ENCOUNTER_READ, encounter.find),
    _served(organization.KIND, Permission.FHIR_ORGANIZATION_READ, organization.find),
    _served(device.KIND, Permission.FHIR_DEVICE_READ, device.find),
    _served(metric.KIND, Permission.FHIR_DEVICE_METRIC_READ, metric.find),
    _served(observation.KIND, Permission.FHIR_OBSERVATION_READ, observation.find),
    _served(alert.KIND, Permission.FHIR_DETECTED_ISSUE_READ, alert.find),
    _served(audit_event.KIND, Permission.FHIR_AUDIT_EVENT_READ, audit_event.find),
)
CATALOGUE: MappingProxyType[str, Served] = MappingProxyType({each.kind.name: each for each in _TABLE})
