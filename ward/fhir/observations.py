"""Readings and scores as FHIR R4 Observations.

Systolic and diastolic pressure of one cuff at one instant are one Observation with components, as FHIR wants it; every
other reading is one of its own. A value that must not be used is absent, with the reason; it stands in the CSV.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby
from types import MappingProxyType

from ward.clock import to_us
from ward.fhir import codes
from ward.fhir.codes import Resource
from ward.manual import BY_HAND
from ward.record import Measured, Scored
from ward.vitals import IMPLAUSIBLE, VITALS, Acvpu, Validity, VitalKind

DOUBTFUL = frozenset({Validity.QST, Validity.ONG})
"""What makes an Observation preliminary; all others are final."""
# Why there is no value of the patient's, where there is none. What is implausible is shown beside, never as a value.
_ABSENT: MappingProxyType[Validity, str] = MappingProxyType(
    {
        Validity.INV: "error",
        Validity.CALIB: "not-performed",
        Validity.NA: "unknown",
        Validity.OFLW: "error",
        Validity.UFLW: "error",
    }
)
_PROFILES = "http://hl7.org/fhir/StructureDefinition"
_BLOOD_PRESSURE_PROFILE = f"{_PROFILES}/bp"
# The vital signs profiles of R4 itself; a vital sign without one of its own keeps to what all have in common.
_PROFILE: MappingProxyType[VitalKind, str] = MappingProxyType(
    {
        VitalKind.HEART_RATE: "heartrate",
        VitalKind.RESP_RATE: "resprate",
        VitalKind.SPO2: "oxygensat",
        VitalKind.TEMPERATURE: "bodytemp",
        VitalKind.WEIGHT: "bodyweight",
    }
)
_DEVICE_BY_NUMBER = re.compile(r"device-[0-9]+")
_READING = f"{codes.OWN}/reading"
_QUALITY = f"{codes.OWN}/StructureDefinition/quality"
_reference = lru_cache(maxsize=4096)(codes.reference)  # a page of Observations has few of them, each many times
CUFF = (VitalKind.SYSTOLIC, VitalKind.DIASTOLIC, VitalKind.MEAN_PRESSURE)
NEWS2 = ((f"{codes.OWN}/CodeSystem/score", "news2"), (codes.SNOMED, "1104051000000101"))


def of_readings(readings: Iterable[Measured]) -> Iterator[Resource]:
    """Yield the Observations of readings that come ordered by time and device."""
    for _, together in groupby(readings, key=lambda each: (each.measured_at, each.device_no, each.stay_id)):
        at_once = list(together)
        cuff = [each for each in at_once if each.kind in CUFF]
        if {VitalKind.SYSTOLIC, VitalKind.DIASTOLIC} <= {each.kind for each in cuff}:
            yield of_blood_pressure(cuff)
        else:
            yield from (of_reading(each) for each in cuff)
        yield from (of_reading(each) for each in at_once if each.kind not in CUFF)


def of_reading(reading: Measured) -> Resource:
    """Return one reading as an Observation."""
    made = _head(reading, f"{reading.device_no}-{VITALS[reading.kind].code}-{to_us(reading.measured_at)}")
    made["meta"] = _meta(reading, _profile(reading.kind))
    made["status"] = "preliminary" if reading.validity in DOUBTFUL else "final"
    made["category"] = codes.category(reading.kind)
    made["code"] = codes.kind_concept(reading.kind)
    made["extension"] = _extensions(reading)
    made.update(_value(reading))
    return made


def of_blood_pressure(cuff: Sequence[Measured]) -> Resource:
    """Return what a cuff measured at once as one Observation with components; as doubtful as its most doubtful."""
    first = cuff[0]
    doubtful = any(each.validity in DOUBTFUL for each in cuff)
    return {
        **_head(first, f"{first.device_no}-bp-{to_us(first.measured_at)}"),
        "meta": _meta(max(cuff, key=lambda each: each.received_at), _BLOOD_PRESSURE_PROFILE),
        "status": "preliminary" if doubtful else "final",
        "category": codes.category(VitalKind.SYSTOLIC),
        "code": codes.concept(*codes.BLOOD_PRESSURE, text="blood_pressure"),
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
        "meta": {"versionId": "1", "lastUpdated": codes.instant(score.scored_at)},
        "status": "final",
        "category": codes.survey(),
        "code": codes.concept(*NEWS2, text="NEWS2"),
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


@cache
def _profile(kind: VitalKind) -> str | None:
    if codes.CATEGORIES.get(kind) is not None:
        return None
    return f"{_PROFILES}/{_PROFILE.get(kind, 'vitalsigns')}"


def _meta(newest: Measured, profile: str | None) -> Resource:
    """Return what is said of the resource: never altered, last touched when the newest part of it came."""
    made: Resource = {"versionId": "1", "lastUpdated": codes.instant(newest.received_at)}
    return {**made, "profile": [profile]} if profile else made


def device_identity(device_no: int, device_id: str) -> str:
    """Return the id of a Device resource: the device's own, where FHIR can spell it and no other could have it."""
    unspellable = "_" in device_id or _DEVICE_BY_NUMBER.fullmatch(device_id) is not None
    return f"device-{device_no}" if unspellable else device_id


def _head(reading: Measured, identity: str) -> Resource:
    source: Resource = {"device": _reference("Device", device_identity(reading.device_no, reading.device_id))}
    if reading.device_no == BY_HAND:
        source = {"method": codes.concept(text="entered by hand")}
    return {
        "resourceType": "Observation",
        "id": identity,
        "identifier": [{"system": _READING, "value": identity}],
        "subject": _reference("Patient", reading.patient_id),
        "encounter": _reference("Encounter", reading.stay_id),
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
    return {"valueQuantity": _quantity(reading)}


def _quantity(reading: Measured) -> Resource:
    unit = VITALS[reading.kind].unit
    return {"value": reading.value, "unit": unit, "system": codes.UCUM, "code": unit}


def _extensions(reading: Measured) -> list[Resource]:
    """Say how far the reading can be relied on, in the words of BICEPS, and the quality that the device gave."""
    told = [_validity(reading.validity)]
    if reading.validity in IMPLAUSIBLE:
        told.append(codes.extension("implausible", {"valueQuantity": _quantity(reading)}))
    if reading.quality is not None:
        told.append({"url": _QUALITY, "valueDecimal": reading.quality})
    return told


@cache
def _validity(validity: Validity) -> Resource:
    return codes.extension("validity", {"valueCode": validity.name.lower()})


def _points(low: int, high: int) -> Resource:
    if low == high:
        return {"valueInteger": low}
    unit: Resource = {"unit": "{score}", "system": codes.UCUM, "code": "{score}"}
    return {"valueRange": {"low": {"value": low, **unit}, "high": {"value": high, **unit}}}
