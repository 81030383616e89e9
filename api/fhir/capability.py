"""CapabilityStatement: what this service can do, made from the catalogue: it cannot promise what is not there."""

from collections.abc import Iterable

from api.fhir import search
from api.fhir.search import Kind
from ward.fhir.codes import OWN, Resource

FHIR_VERSION = "4.0.1"
DATE = "2026-11-22"
TAKES = "Observation"
"""The one type that is taken as well as told."""


def statement(kinds: Iterable[Kind], base: str) -> Resource:
    """Return the CapabilityStatement of a service at an address."""
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{OWN}/CapabilityStatement/hemvakt",
        "name": "Hemvakt",
        "title": "Hemvakt, home monitoring for hospital-at-home patients",
        "status": "active",
        "experimental": False,
        "date": DATE,
        "kind": "instance",
        "software": {"name": "Hemvakt"},
        "implementation": {"description": "Home monitoring: readings, scores, alerts, devices", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": (
                    "Only patients whom the caller may know are there. Batches of Observations are taken entry by"
                    " entry; there are no transactions."
                ),
                "security": {
                    "cors": False,
                    "description": "A session, or a system's bearer token with scopes as system/Observation.read.",
                },
                "resource": [_resource(each) for each in kinds],
                "interaction": [{"code": "batch", "documentation": "Observations to be created, nothing else."}],
            }
        ],
    }


def _resource(kind: Kind) -> Resource:
    codes = ["read", "search-type", *(["create"] if kind.name == TAKES else [])]
    made: Resource = {
        "type": kind.name,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{kind.name}",
        "documentation": kind.about,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned",
        "readHistory": False,
        "updateCreate": False,
        "conditionalCreate": False,
        "conditionalRead": "not-match",
        "conditionalUpdate": False,
        "searchParam": [
            {"name": each.name, "type": each.form.value, "documentation": each.about} for each in search.common(kind)
        ],
    }
    if kind.profiles:
        made["supportedProfile"] = list(kind.profiles)
    if kind.includes:
        made["searchInclude"] = [f"{kind.name}:{name}" for name in kind.includes]
    return made
