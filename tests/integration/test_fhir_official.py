"""Everything that is told in FHIR is FHIR R4 by HL7's own definitions: what the server answers and what is exported."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from tests import fhir_checker
from tests.fhir_scene import (
    FHIR,
    Reading,
    a_batch,
    an_observation,
    as_somebody,
    good,
    now,
    resources,
    score,
    store,
    trace,
)
from tests.fix_api import House, alarm
from tests.unit.test_fhir_resources import EVERY
from ward.fhir.codes import Resource
from ward.fhir.displays import DISPLAYS, TERMINOLOGY
from ward.vitals import VITALS, Acvpu, Validity, VitalKind

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not fhir_checker.R4.exists(), reason="needs FHIR's definitions: npm ci in tests/fhir_definitions"
    ),
]


def everything(house: House) -> None:
    """A patient of whom there is something of every sort: kinds, validities, scores, waves, alerts."""
    at, bed = now() - timedelta(minutes=30), house.ward.beds[0]
    middle = {kind: round((vital.low + vital.high) / 2) for kind, vital in VITALS.items()}
    readings: list[Reading] = [good(kind, middle[kind], at) for kind in VITALS]
    readings += [good(VitalKind.CONSCIOUSNESS, level.value, at - timedelta(minutes=1 + level.value)) for level in Acvpu]
    readings += [(VitalKind.SPO2, 91.5, at - timedelta(minutes=1 + validity.value), validity) for validity in Validity]
    readings.append(good(VitalKind.SYSTOLIC, 120, at - timedelta(minutes=50)))

    async def fill() -> None:
        await store(house, bed, readings)
        await score(house, bed, at)
        await score(house, bed, at - timedelta(minutes=1), 4, 4)
        await trace(house, bed, at)
        await alarm(house, bed)

    asyncio.run(fill())


def test_everything_the_server_tells_is_fhir_r4(house: House) -> None:
    """Every resource of every type, every Bundle, outcome and the CapabilityStatement are judged to be FHIR R4."""
    everything(house)
    at = now()
    span = f"date=ge{(at - timedelta(minutes=59)):%Y-%m-%dT%H:%M:%SZ}&date=lt{at:%Y-%m-%dT%H:%M:%SZ}"
    told: list[Resource] = []

    async def visit(client: httpx.AsyncClient) -> None:
        for path in (
            "metadata", "Patient", "Encounter?_include=Encounter:patient", "Organization", "Device", "DeviceMetric",
            "Observation?patient=1&_include=Observation:device", f"Observation?patient=1&category=procedure&{span}",
            "DetectedIssue", "Patient/999", "Observation", "Medication/1", "Patient?colour=red",
            "Patient?_summary=count",
        ):  # fmt: skip
            told.extend(resources((await client.get(f"/fhir/{path}")).json()))
        batch = a_batch(an_observation(at), an_observation(at, 200), {"resourceType": "Patient"})
        told.extend(resources((await client.post("/fhir", content=batch, headers=FHIR)).json()))

    async def operate(client: httpx.AsyncClient) -> None:
        await client.post("/api/devices", json={"device_id": "kit_9", "model": "M1", "mode": "test"})
        told.extend(resources((await client.get("/fhir/AuditEvent")).json()))
        told.extend(resources((await client.get("/fhir/Device")).json()))

    as_somebody(house, "anna", visit)
    as_somebody(house, "oskar", operate)

    wrong = {
        f"{each['resourceType']}/{each.get('id')}": faults for each in told if (faults := fhir_checker.faults(each))
    }
    assert wrong == {}
    assert {str(each["resourceType"]) for each in told} == fhir_checker.TYPES - {"CareTeam", "DeviceUseStatement"}
    assert len([each for each in told if each["resourceType"] == "Observation"]) > 30


@pytest.mark.parametrize("number", range(len(EVERY)))
def test_what_is_exported_is_fhir_r4(number: int) -> None:
    """What the export writes is judged by the same definitions."""
    assert fhir_checker.faults(EVERY[number][1]) == []


def test_checker_finds_what_is_wrong() -> None:
    """A wrong status, unit, reference, or a missing part is found, so that finding nothing says something."""
    spo2 = next(made for kind, made in EVERY if kind == "Observation" and "spo2" in str(made["code"]))
    quantity = spo2["valueQuantity"]
    assert isinstance(quantity, dict)

    assert fhir_checker.faults(spo2) == []
    for broken in (
        {**spo2, "status": "done"},
        {**spo2, "device": {"reference": "Patient/1"}},
        {**spo2, "valueQuantity": {**quantity, "code": "1"}},
        {**spo2, "category": []},
        {**spo2, "colour": "red"},
        {key: value for key, value in spo2.items() if key != "effectiveDateTime"},
        {**spo2, "code": {"coding": [{"system": "http://loinc.org", "code": "59408-5"}]}},
    ):
        assert fhir_checker.faults(broken), broken


def test_names_of_hl7_s_own_codes_are_hl7_s() -> None:
    """The categories and reasons that we name are called what their code systems call them."""
    for system in (f"{TERMINOLOGY}/observation-category", f"{TERMINOLOGY}/data-absent-reason"):
        published = fhir_checker.names(system)
        ours = {code: display for (named, code), display in DISPLAYS.items() if named == system}

        assert ours
        assert {code: published[code] for code in ours} == ours
