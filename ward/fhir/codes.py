"""Code systems, identifiers and the small forms that every FHIR resource of ours is made of.

What a vital sign's codes and unit are stands in `ward.vitals`; here is only what FHIR wants beyond that. Where no
public code is known for certain, the code is our own, under `OWN`, a name that leads nowhere by design.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType

from ward.fhir.displays import DISPLAYS
from ward.fhir.displays import TERMINOLOGY as _TERMINOLOGY
from ward.formats.codes import LOINC, MDC, SNOMED, UCUM
from ward.vitals import VITALS, Acvpu, Mode, VitalKind

__all__ = ["LOINC", "MDC", "OWN", "SNOMED", "UCUM", "Resource"]

Resource = dict[str, object]

OWN = "https://hemvakt.example/fhir"
_SECURITY = "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel"

# FHIR's vital signs profile asks for 2708-6 beside the code of oxygen saturation by pulse oximetry.
ALSO_LOINC: MappingProxyType[VitalKind, tuple[str, ...]] = MappingProxyType({VitalKind.SPO2: ("2708-6",)})
BLOOD_PRESSURE_LOINC, BLOOD_PRESSURE_MDC = "85354-9", "150020"
BLOOD_PRESSURE = ((LOINC, BLOOD_PRESSURE_LOINC), (MDC, BLOOD_PRESSURE_MDC))
VITAL_SIGNS = "vital-signs"
# Categories of what is no vital sign in FHIR's sense.
CATEGORIES: MappingProxyType[VitalKind, str] = MappingProxyType(
    {VitalKind.STEPS: "activity", VitalKind.GLUCOSE: "laboratory", VitalKind.PAIN: "survey"}
)
# SNOMED CT; docs/clinical-sources.md.
LEVELS: MappingProxyType[Acvpu, str] = MappingProxyType(
    {Acvpu.A: "248234008", Acvpu.C: "130987000", Acvpu.V: "300202002", Acvpu.P: "450847001", Acvpu.U: "422768004"}
)


def instant(at: datetime) -> str:
    """Write an aware UTC time as FHIR's instant, to the microsecond."""
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"


def period(start: datetime | None, end: datetime | None) -> Resource:
    """Return a Period; what is open is left out."""
    given = {"start": start, "end": end}
    return {name: instant(at) for name, at in given.items() if at is not None}


def coding(system: str, code: str) -> Resource:
    """Return a Coding, with what the system calls the code where that is known."""
    made: Resource = {"system": system, "code": code}
    display = DISPLAYS.get((system, code))
    return {**made, "display": display} if display else made


def concept(*codings: tuple[str, str], text: str | None = None) -> Resource:
    """Return a CodeableConcept of (system, code) pairs."""
    made: Resource = {"coding": [coding(*each) for each in codings]} if codings else {}
    return {**made, "text": text} if text else made


def reference(kind: str, identity: object, display: str | None = None) -> Resource:
    """Return a Reference to a resource of ours."""
    made: Resource = {"reference": f"{kind}/{identity}"}
    return {**made, "display": display} if display else made


def extension(name: str, value: Resource) -> Resource:
    """Return an Extension of our own with one value."""
    return {"url": f"{OWN}/StructureDefinition/{name}", **value}


@cache
def kind_codings(kind: VitalKind) -> tuple[tuple[str, str], ...]:
    """Return what is measured as (system, code): LOINC first, then MDC, the language of devices, where there is one."""
    vital = VITALS[kind]
    mdc = () if vital.mdc is None else ((MDC, str(vital.mdc)),)
    return ((LOINC, vital.loinc), *((LOINC, code) for code in ALSO_LOINC.get(kind, ())), *mdc)


@cache
def kind_concept(kind: VitalKind) -> Resource:
    """Return what is measured, in every code there is for it."""
    return concept(*kind_codings(kind), text=kind.value)


@cache
def category(kind: VitalKind) -> Sequence[Resource]:
    """Return the category of an Observation of this kind."""
    return [concept((f"{_TERMINOLOGY}/observation-category", CATEGORIES.get(kind, VITAL_SIGNS)))]


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


def mode_tags(mode: Mode) -> Sequence[Resource]:
    """Return the marks of what is no real patient's, none for what is (H28)."""
    if mode is Mode.REAL:
        return []
    return [
        {"system": f"{_TERMINOLOGY}/v3-ActReason", "code": "HTEST", "display": "test health data"},
        {"system": f"{OWN}/CodeSystem/mode", "code": mode.value},
    ]


def meta(mode: Mode) -> Resource:
    """Return the mark of what is no real patient's, nothing for what is."""
    tags = mode_tags(mode)
    return {"meta": {"tag": tags}} if tags else {}


def protected() -> Resource:
    """Return the mark of a protected identity (skyddad folkbokföring), as the Swedish base profiles have it."""
    return {"meta": {"security": [{"system": _SECURITY, "code": "skyddadFolkbokforing"}]}}
