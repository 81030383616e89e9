"""Devices and what they measure as FHIR R4 Devices and DeviceMetrics."""

from ward.fhir import codes
from ward.fhir.codes import OWN, Resource
from ward.fhir.observations import device_identity
from ward.record import Equipment, Metric
from ward.vitals import VITALS


def device(kit: Equipment) -> Resource:
    """Return a Device; its id is the one under which it publishes."""
    made: Resource = {
        "resourceType": "Device",
        "id": device_identity(kit.device_no, kit.device_id),
        **codes.meta(kit.mode),
        "identifier": [{"system": f"{OWN}/device", "value": kit.device_id}],
        "status": "inactive" if kit.revoked else "active",
    }
    if kit.model:
        made["modelNumber"] = kit.model
    if kit.firmware:
        made["version"] = [{"type": codes.concept(text="firmware"), "value": kit.firmware}]
    if kit.patient_id is not None:
        made["patient"] = codes.reference("Patient", kit.patient_id)
    return made


def metric(each: Metric) -> Resource:
    """Return what a device measures as a DeviceMetric; its type is MDC where there is a code, else LOINC."""
    vital = VITALS[each.kind]
    return {
        "resourceType": "DeviceMetric",
        "id": metric_identity(each),
        "type": codes.kind_concept(each.kind),
        "unit": codes.concept((codes.UCUM, vital.unit), text=vital.unit),
        "source": codes.reference("Device", device_identity(each.device_no, each.device_id)),
        "operationalStatus": "off" if each.revoked else "on" if each.online else "standby",
        "category": "measurement",
    }


def metric_identity(each: Metric) -> str:
    """Return the id of a DeviceMetric."""
    return f"{each.device_no}-{VITALS[each.kind].code}"
