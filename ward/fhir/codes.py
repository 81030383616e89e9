"""Code systems, identifiers and the small forms that every FHIR resource of ours is made of.

What a vital sign's codes and unit are stands in `ward.vitals`; here is only what FHIR wants beyond that. Where no
public code is known for certain, the code is our own, under `OWN`, a name that leads nowhere by design.
"""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from ward.vitals import VITALS, Acvpu, Mode, VitalKind

Resource = dict[str, object]

OWN = "https://hemvakt.example/fhir"
LOINC, UCUM, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"
MDC = "urn:iso:std:iso:11073:10101"
HSA_ID = "urn:oid:1.2.752.29.4.19"
_IDENTIFIER = "http://electronichealth.se/identifier"
_SECURITY = "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_COORDINATION_DAY = 60

# FHIR's vital signs profile asks for 2708-6 beside the code of oxygen saturation by pulse oximetry.
ALSO_LOINC: MappingProxyType[VitalKind, tuple[str, ...]] = MappingProxyType({VitalKind.SPO2: ("2708-6",)})
BLOOD_PRESSURE_LOINC, BLOOD_PRESSURE_MDC = "85354-9", "150020"
# Categories of what is no vital sign in FHIR's sense.
_CATEGORY: MappingProxyType[VitalKind, str] = MappingProxyType(
    {VitalKind.STEPS: "activity", VitalKind.GLUCOSE: "laboratory", VitalKind.PAIN: "survey"}
)
# SNOMED CT; docs/clinical-sources.md.
LEVELS: MappingProxyType[Acvpu, str] = MappingProxyType(
    {Acvpu.A: "248234008", Acvpu.C: "130987000", Acvpu.V: "300202002", Acvpu.P: "450847001", Acvpu.U: "422768004"}
)


def instant(at: datetime) -> str:
    """Write an aware UTC time as FHIR's instant, to the microsecond."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


def period(start: datetime | None, end: datetime | None) -> Resource:
    """Return a Period; what is open is left out."""
    given = {"start": start, "end": end}
    return {name: instant(at) for name, at in given.items() if at is not None}


def concept(*codings: tuple[str, str], text: str | None = None) -> Resource:
    """Return a CodeableConcept of (system, code) pairs."""
    made: Resource = {"coding": [{"system": system, "code": code} for system, code in codings]} if codings else {}
    return {**made, "text": text} if text else made


def reference(kind: str, identity: object, display: str | None = None) -> Resource:
    """Return a Reference to a resource of ours."""
    made: Resource = {"reference": f"{kind}/{identity}"}
    return {**made, "display": display} if display else made


def extension(name: str, value: Resource) -> Resource:
    """Return an Extension of our own with one value."""
    return {"url": f"{OWN}/StructureDefinition/{name}", **value}


def kind_concept(kind: VitalKind) -> Resource:
    """Return what is measured: LOINC first, and the device's own language, MDC, where there is a code."""
    vital = VITALS[kind]
    codings = [(LOINC, vital.loinc), *((LOINC, code) for code in ALSO_LOINC.get(kind, ()))]
    if vital.mdc is not None:
        codings.append((MDC, str(vital.mdc)))
    return concept(*codings, text=kind.value)


def category(kind: VitalKind) -> Sequence[Resource]:
    """Return the category of an Observation of this kind."""
    return [concept((f"{_TERMINOLOGY}/observation-category", _CATEGORY.get(kind, "vital-signs")))]


def survey() -> Sequence[Resource]:
    """Return the category of a score."""
    return [concept((f"{_TERMINOLOGY}/observation-category", "survey"))]


def procedure() -> Resource:
    """Return the category of a recording."""
    return concept((f"{_TERMINOLOGY}/observation-category", "procedure"))


def absent(reason: str) -> Resource:
    """Return why there is no value."""
    return concept((f"{_TERMINOLOGY}/data-absent-reason", reason))


def home_health() -> Resource:
    """Return the class of an Encounter at home."""
    return {"system": f"{_TERMINOLOGY}/v3-ActCode", "code": "HH", "display": "home health"}


def meta(mode: Mode) -> Resource:
    """Return the mark of what is no real patient's, nothing for what is."""
    if mode is Mode.REAL:
        return {}
    return {"meta": {"tag": [{"system": f"{_TERMINOLOGY}/v3-ActReason", "code": "HTEST", "display": mode.value}]}}


def protected() -> Resource:
    """Return the mark of a protected identity (skyddad folkbokföring), as the Swedish base profiles have it."""
    return {"meta": {"security": [{"system": _SECURITY, "code": "skyddadFolkbokforing"}]}}


def personal_identifier(number: str) -> Resource:
    """Return a personal number as an identifier: personnummer, samordningsnummer, or nationellt reservnummer."""
    if not number.isdigit():
        name = "nationelltReservnummer"
    else:
        name = "samordningsnummer" if int(number[6:8]) > _COORDINATION_DAY else "personnummer"
    return {"system": f"{_IDENTIFIER}/{name}", "value": number}
