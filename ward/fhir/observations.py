"""Readings and scores as FHIR R4 Observations.

Systolic and diastolic pressure of one cuff at one instant are one Observation with components, as FHIR wants it; every
other reading is one of its own. A value that must not be used is absent, with the reason; it stands in the CSV.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from types import MappingProxyType

from ward.clock import to_us
from ward.fhir import codes
from ward.fhir.codes import Resource
from ward.manual import BY_HAND
from ward.record import Measured, Scored
from ward.vitals import VITALS, Acvpu, Validity, VitalKind

_STATUS: MappingProxyType[Validity, str] = MappingProxyType(
    {Validity.QST: "preliminary", Validity.ONG: "preliminary"}  # all others: final
)
# Why there is no value of the patient's, where there is none.
_ABSENT: MappingProxyType[Validity, str] = MappingProxyType(
    {Validity.INV: "error", Validity.CALIB: "not-performed", Validity.NA: "unknown"}
)
_CUFF = (VitalKind.SYSTOLIC, VitalKind.DIASTOLIC, VitalKind.MEAN_PRESSURE)


def of_readings(readings: Iterable[Measured]) -> Iterator[Resource]:
    """Yield the Observations of readings that come ordered by time and device."""
    for _, together in groupby(readings, key=lambda each: (each.measured_at, each.device_no, each.stay_id)):
        at_once = list(together)
        cuff = [each for each in at_once if each.kind in _CUFF]
        if {VitalKind.SYSTOLIC, VitalKind.DIASTOLIC} <= {each.kind for each in cuff}:
            yield of_blood_pressure(cuff)
        else:
            yield from (of_reading(each) for each in cuff)
        yield from (of_reading(each) for each in at_once if each.kind not in _CUFF)


def of_reading(reading: Measured) -> Resource:
    """Return one reading as an Observation."""
    return {
        **_head(reading, f"{reading.device_no}-{VITALS[reading.kind].code}-{to_us(reading.measured_at)}"),
        "status": _STATUS.get(reading.validity, "final"),
        "category": codes.category(reading.kind),
        "code": codes.kind_concept(reading.kind),
        **_value(reading),
        "extension": _extensions(reading),
    }


def of_blood_pressure(cuff: Sequence[Measured]) -> Resource:
    """Return what a cuff measured at once as one Observation with components; as doubtful as its most doubtful."""
    first = cuff[0]
    doubtful = any(each.validity in _STATUS for each in cuff)
    return {
        **_head(first, f"{first.device_no}-bp-{to_us(first.measured_at)}"),
        "status": "preliminary" if doubtful else "final",
        "category": codes.category(VitalKind.SYSTOLIC),
        "code": codes.concept(
            (codes.LOINC, codes.BLOOD_PRESSURE_LOINC), (codes.MDC, codes.BLOOD_PRESSURE_MDC), text="blood_pressure"
        ),
        "component": [
            {"extension": _extensions(each), "code": codes.kind_concept(each.kind), **_value(each)} for each in cuff
        ],
    }


def of_score(score: Scored) -> Resource:
    """Return a NEWS2 score as an Observation: a number where it is certain, a range where something was missing."""
    detail = json.loads(score.detail)
    return {
        "resourceType": "Observation",
        "id": f"news2-{score.stay_id}-{to_us(score.scored_at)}",
        "status": "final",
        "category": codes.survey(),
        "code": codes.concept((f"{codes.OWN}/CodeSystem/score", "news2"), text="NEWS2"),
        "subject": codes.reference("Patient", score.patient_id),
        "encounter": codes.reference("Encounter", score.stay_id),
        "effectiveDateTime": codes.instant(score.scored_at),
        **_points(score.total_min, score.total_max),
        "interpretation": [codes.concept((f"{codes.OWN}/CodeSystem/news2-risk", score.risk), text=score.risk)],
        "method": codes.concept(text=f"RCP 2017, SpO2 scale {score.spo2_scale}"),
        "component": [
            {
                "code": codes.concept((f"{codes.OWN}/CodeSystem/news2-part", name), text=name),
                **_points(part["min"], part["max"]),
            }
            for name, part in detail.get("parts", {}).items()
        ],
    }


def device_identity(device_no: int, device_id: str) -> str:
    """Return the id of a Device resource: the device's own, where FHIR can spell it."""
    return f"device-{device_no}" if "_" in device_id else device_id


def _head(reading: Measured, identity: str) -> Resource:
    source: Resource = {"device": codes.reference("Device", device_identity(reading.device_no, reading.device_id))}
    if reading.device_no == BY_HAND:
        source = {"method": codes.concept(text="entered by hand")}
    return {
        "resourceType": "Observation",
        "id": identity,
        "identifier": [{"system": f"{codes.OWN}/reading", "value": identity}],
        "subject": codes.reference("Patient", reading.patient_id),
        "encounter": codes.reference("Encounter", reading.stay_id),
        "effectiveDateTime": codes.instant(reading.measured_at),
        "issued": codes.instant(reading.received_at),
        **source,
    }


def _value(reading: Measured) -> Resource:
    if reason := _ABSENT.get(reading.validity):
        return {"dataAbsentReason": codes.absent(reason)}
    if reading.kind is VitalKind.CONSCIOUSNESS:
        level = Acvpu(round(reading.value))
        return {"valueCodeableConcept": codes.concept((codes.SNOMED, codes.LEVELS[level]), text=level.name)}
    unit = VITALS[reading.kind].unit
    return {"valueQuantity": {"value": reading.value, "unit": unit, "system": codes.UCUM, "code": unit}}


def _extensions(reading: Measured) -> list[Resource]:
    """Say how far the reading can be relied on, in the words of BICEPS, and the quality that the device gave."""
    told = [codes.extension("validity", {"valueCode": reading.validity.name.lower()})]
    if reading.quality is not None:
        told.append(codes.extension("quality", {"valueDecimal": reading.quality}))
    return told


def _points(low: int, high: int) -> Resource:
    if low == high:
        return {"valueInteger": low}
    unit: Resource = {"unit": "{score}", "system": codes.UCUM, "code": "{score}"}
    return {"valueRange": {"low": {"value": low, **unit}, "high": {"value": high, **unit}}}
