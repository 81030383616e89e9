"""FHIR resources out of readings, scores, people and alerts: codes, units, validity, identifiers."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from ward.fhir import alerts, codes, identifiers, observations, people
from ward.fhir.codes import Resource
from ward.record import Answering, Episode, Happened, Measured, Person, Raised, Scored, Worn
from ward.vitals import VITALS, Acvpu, Mode, Validity, VitalKind

model: Any = import_module("fhir.resources.R4B").get_fhir_model_class  # its types would be checked with ours
AT = datetime(2026, 11, 22, 1, 30, 0, 250_000, tzinfo=UTC)
PERSON = Person(
    patient_id=3,
    personal_number="194001019801",
    given_name="Testa",
    family_name="Testsson",
    birth_date=date(1940, 1, 1),
    sex="female",
    phone="070-1740601",
    organisation_id=1,
    organisation="Testkommunen",
    hsa_id="SE0000000000-TEST",
    protected=False,
)
STAY = Episode(
    stay_id=7,
    patient_id=3,
    programme="hospital_at_home",
    reason="Pneumoni",
    next_step="",
    mode=Mode.DEMO,
    started_at=AT - timedelta(days=2),
    ended_at=None,
)
TEAM = Answering(
    stay_id=7,
    patient_id=3,
    team_id=2,
    team="Testteamet",
    phone="000",
    organisation_id=1,
    organisation="Testkommunen",
    hsa_id=None,
    started_at=AT - timedelta(days=2),
    ended_at=AT,
)
WORN = Worn(
    binding_id=9,
    stay_id=7,
    patient_id=3,
    device_no=4,
    device_id="hv-4",
    model="M1",
    mode=Mode.REAL,
    started_at=AT - timedelta(days=2),
    ended_at=None,
)
ALERT = Raised(
    patient_id=3,
    stay_id=7,
    alert_id=11,
    rule="limit.spo2.low",
    family="clinical",
    priority=3,
    worst=3,
    state="acknowledged",
    condition="present",
    signal="acknowledged",
    responsibility="unassigned",
    holder=None,
    cause=None,
    action=None,
    team="Testteamet",
    began_at=AT,
    opened_at=AT,
    cleared_at=None,
    acknowledged_at=AT,
    resolved_at=None,
    outcome=None,
    recurrences=0,
    evidence='{"rule_version":1,"text_key":"limit.low","params":{},"judged_at":"2026-11-22T01:30:00Z",'
    '"inputs":[{"kind":"spo2","value":84,"unit":"%","measured_at":"2026-11-22T01:29:00Z","quality":0.97}]}',
)
EVENT = Happened(
    stay_id=7,
    alert_id=11,
    rev=2,
    at=AT,
    kind="acknowledged",
    staff_id=5,
    staff="Nora Testsköterska",
    note="ringer",
    priority=None,
    until=None,
    to_team=None,
    to_staff=None,
    outcome=None,
    cause=None,
    action=None,
    evidence=None,
)
SCORE = Scored(
    patient_id=3,
    stay_id=7,
    scored_at=AT,
    total_min=3,
    total_max=6,
    risk="medium",
    spo2_scale=1,
    detail='{"parts":{"spo2":{"min":3,"max":3},"consciousness":{"min":0,"max":3}},"missing":["consciousness"]}',
)


def a_reading(kind: VitalKind = VitalKind.SPO2, value: float = 96.0, **more: Any) -> Measured:
    """Return a reading."""
    given: dict[str, Any] = {
        "patient_id": 3, "stay_id": 7, "device_no": 4, "device_id": "hv-4", "kind": kind, "value": value,
        "measured_at": AT, "received_at": AT + timedelta(seconds=1), "validity": Validity.VLD, "quality": 0.97, **more,
    }  # fmt: skip
    return Measured(**given)


def codings(concept: object) -> list[tuple[str, str]]:
    """Return the (system, code) pairs of a CodeableConcept."""
    assert isinstance(concept, dict)
    return [(each["system"], each["code"]) for each in concept["coding"]]


EVERY: list[tuple[str, Resource]] = [
    ("Patient", people.patient(PERSON)),
    ("Patient", people.patient(replace(PERSON, phone=None))),
    ("Organization", people.organisation(PERSON)),
    ("Organization", people.organisation(TEAM)),
    ("Encounter", people.encounter(STAY, 1)),
    ("Encounter", people.encounter(replace(STAY, reason="", ended_at=AT, mode=Mode.REAL), 1)),
    ("CareTeam", people.care_team(TEAM)),
    ("CareTeam", people.care_team(replace(TEAM, started_at=None, ended_at=None))),
    ("Device", people.device(WORN)),
    ("Device", people.device(replace(WORN, model="", device_id="kit_4", mode=Mode.TEST))),
    ("DeviceUseStatement", people.device_use(WORN)),
    ("DetectedIssue", alerts.detected_issue(ALERT, [EVENT, replace(EVENT, staff_id=None, note=None)], "SpO2 84 %")),
    ("DetectedIssue", alerts.detected_issue(replace(ALERT, state="resolved", evidence="{}"), [], "SpO2 84 %")),
    ("Observation", observations.of_score(SCORE)),
    ("Observation", observations.of_score(replace(SCORE, total_min=6))),
    *(("Observation", observations.of_reading(a_reading(kind, 2.0))) for kind in VITALS),
    *(("Observation", observations.of_reading(a_reading(validity=each))) for each in Validity),
    *(
        ("Observation", each)
        for each in observations.of_readings([a_reading(VitalKind.SYSTOLIC, 120), a_reading(VitalKind.DIASTOLIC, 80)])
    ),
]


@pytest.mark.parametrize(("kind", "resource"), EVERY, ids=[f"{n}-{each[0]}" for n, each in enumerate(EVERY)])
def test_resource_is_good_fhir(kind: str, resource: Resource) -> None:
    """Each resource passes another project's FHIR R4 models, and comes back from them as it was."""
    read = model(kind).model_validate_json(json.dumps(resource))
    again = json.loads(read.model_dump_json())

    assert again["resourceType"] == kind == resource["resourceType"]
    assert set(again) == set(resource)
    assert again["id"] == resource["id"]


def test_bundle_is_good_fhir() -> None:
    """A Bundle of all of them passes as well, so what they have in common fits together."""
    entries = [{"fullUrl": f"{codes.OWN}/{kind}/{n}", "resource": each} for n, (kind, each) in enumerate(EVERY)]
    bundle = {"resourceType": "Bundle", "type": "collection", "timestamp": codes.instant(AT), "entry": entries}

    read = model("Bundle").model_validate_json(json.dumps(bundle))

    assert len(json.loads(read.model_dump_json())["entry"]) == len(EVERY)


@pytest.mark.parametrize("kind", [kind for kind in VITALS if kind is not VitalKind.CONSCIOUSNESS])
def test_h07_codes_and_unit_are_the_table_s(kind: VitalKind) -> None:
    """An Observation has the LOINC and MDC codes and the UCUM unit of `ward.vitals`, and the value as stored."""
    vital, made = VITALS[kind], observations.of_reading(a_reading(kind, 36.7))

    told = codings(made["code"])
    assert told[0] == (codes.LOINC, vital.loinc)
    assert ((codes.MDC, str(vital.mdc)) in told) is (vital.mdc is not None)
    assert made["valueQuantity"] == {
        "value": 36.7, "unit": vital.unit, "system": codes.UCUM, "code": vital.unit,
    }  # fmt: skip


def test_codes_stand_for_one_thing_each() -> None:
    """No LOINC or MDC code stands for two kinds, and skin temperature is never body temperature."""
    told = [pair for kind in VITALS for pair in codings(codes.kind_concept(kind))]

    assert len(told) == len(set(told))
    assert (codes.LOINC, codes.BLOOD_PRESSURE_LOINC) not in told
    assert (codes.LOINC, "8310-5") not in codings(codes.kind_concept(VitalKind.SKIN_TEMPERATURE))


def test_saturation_has_both_codes() -> None:
    """Oxygen saturation has the oximeter's code and the one that the vital signs profile asks for."""
    assert codings(codes.kind_concept(VitalKind.SPO2))[:2] == [(codes.LOINC, "59408-5"), (codes.LOINC, "2708-6")]


@pytest.mark.parametrize(
    ("validity", "status", "reason"),
    [
        (Validity.VLD, "final", None),
        (Validity.QST, "preliminary", None),
        (Validity.ONG, "preliminary", None),
        (Validity.INV, "final", "error"),
        (Validity.CALIB, "final", "not-performed"),
        (Validity.NA, "final", "unknown"),
    ],
)
def test_h02_doubtful_value_is_told_as_doubtful(validity: Validity, status: str, reason: str | None) -> None:
    """A questionable value is preliminary, and one that must not be used is absent with the reason."""
    made = observations.of_reading(a_reading(validity=validity))

    assert made["status"] == status
    assert ("valueQuantity" in made) is (reason is None)
    if reason is not None:
        assert codings(made["dataAbsentReason"])[0][1] == reason
    assert made["extension"] == [
        {"url": f"{codes.OWN}/StructureDefinition/validity", "valueCode": validity.name.lower()},
        {"url": f"{codes.OWN}/StructureDefinition/quality", "valueDecimal": 0.97},
    ]


@pytest.mark.parametrize("level", list(Acvpu))
def test_consciousness_is_a_concept(level: Acvpu) -> None:
    """A level of consciousness is its SNOMED CT finding and its letter, never a number."""
    made = observations.of_reading(a_reading(VitalKind.CONSCIOUSNESS, float(level)))

    assert "valueQuantity" not in made
    assert made["valueCodeableConcept"] == codes.concept((codes.SNOMED, codes.LEVELS[level]), text=level.name)
    assert len(set(codes.LEVELS.values())) == len(Acvpu)


def test_times_are_kept_to_the_microsecond() -> None:
    """When it was measured and when it came are both there, and name one zone."""
    made = observations.of_reading(a_reading(measured_at=AT + timedelta(microseconds=1)))

    assert made["effectiveDateTime"] == "2026-11-22T01:30:00.250001Z"
    assert made["issued"] == "2026-11-22T01:30:01.250000Z"


def test_cuff_gives_one_observation() -> None:
    """Pressures of one device and instant are one Observation with components, as doubtful as the worst."""
    cuff = [
        a_reading(VitalKind.SYSTOLIC, 121.0),
        a_reading(VitalKind.DIASTOLIC, 79.0, validity=Validity.QST),
        a_reading(VitalKind.MEAN_PRESSURE, 93.0),
    ]
    made = list(observations.of_readings([a_reading(), *cuff]))

    assert len(made) == 2
    assert codings(made[0]["code"])[0] == (codes.LOINC, "85354-9")
    parts = made[0]["component"]
    assert isinstance(parts, list)
    assert [codings(each["code"])[0][1] for each in parts] == ["8480-6", "8462-4", "8478-0"]
    assert [each["valueQuantity"]["value"] for each in parts] == [121.0, 79.0, 93.0]
    assert made[0]["status"] == "preliminary"


def test_half_a_cuff_is_no_blood_pressure() -> None:
    """Pressures of two devices or instants are never put together, and one alone stands alone."""
    apart = [
        a_reading(VitalKind.SYSTOLIC, 121.0),
        a_reading(VitalKind.DIASTOLIC, 79.0, device_no=5),
        a_reading(VitalKind.DIASTOLIC, 80.0, measured_at=AT + timedelta(seconds=1)),
    ]

    assert [codings(each["code"])[0][1] for each in observations.of_readings(apart)] == ["8480-6", "8462-4", "8462-4"]


def test_identifiers_of_readings_are_theirs_alone() -> None:
    """Each reading of a moment has an id of its own, fit for FHIR, so that a repeated export can be told as such."""
    made = [observations.of_reading(a_reading(kind, 2.0)) for kind in VITALS]
    made.append(observations.of_reading(a_reading(measured_at=AT + timedelta(microseconds=1))))
    made.append(observations.of_reading(a_reading(device_no=5)))

    identities = [str(each["id"]) for each in made]
    assert len(set(identities)) == len(made)
    assert all(len(each) <= 64 and each.replace("-", "").isalnum() for each in identities)


def test_h14_score_with_something_missing_is_a_range() -> None:
    """A NEWS2 that is not certain is a range, never one of its ends; a certain one is a number."""
    open_, sure = observations.of_score(SCORE), observations.of_score(replace(SCORE, total_min=6))
    parts = open_["component"]

    assert isinstance(parts, list)
    assert "valueInteger" not in open_
    assert "'value': 3" in str(open_["valueRange"])
    assert "'value': 6" in str(open_["valueRange"])
    assert sure["valueInteger"] == 6
    assert [each.get("valueInteger") for each in parts] == [3, None]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("194001019801", "personnummer"),
        ("194001619801", "samordningsnummer"),
        ("98240301AA06", "nationelltReservnummer"),
    ],
)
def test_personal_number_has_its_own_system(number: str, name: str) -> None:
    """A number is told as what it is, under the URI of the Swedish base profiles."""
    system = f"http://electronichealth.se/identifier/{name}"

    assert identifiers.personal_identifier(number) == {"system": system, "value": number}


def test_h28_demo_data_are_marked() -> None:
    """A stay or device of the demo carries the mark of test data; a real one carries none."""
    assert "HTEST" in str(people.encounter(STAY, 1)["meta"])
    assert "meta" not in people.device(WORN)


def test_alert_says_how_grave_and_what_was_done() -> None:
    """An alert has its severity, its evidence, and each event with who did it."""
    made = alerts.detected_issue(ALERT, [EVENT], "SpO2 84 %")

    assert (made["severity"], made["status"], made["detail"]) == ("high", "preliminary", "SpO2 84 %")
    written = "spo2 84.0 % 2026-11-22T01:29:00.000000Z, age 60 s, quality 0.97, judged"
    assert made["evidence"] == [{"code": [{"text": written}]}]
    assert "Nora Testsköterska" in str(made["mitigation"])
    assert made["identifiedPeriod"] == {"start": codes.instant(AT)}


if find_spec("ward.formats.fhir") is not None:  # the decoder of what devices send, where it is there
    decoder: Any = import_module("ward.formats.fhir")

    @pytest.mark.parametrize("kind", list(VITALS))
    def test_decoder_reads_what_is_exported(kind: VitalKind) -> None:
        """An exported Observation, sent by the device that it names, is the same reading again."""
        value = 2.0
        read = decoder.decode(json.dumps(observations.of_reading(a_reading(kind, value))).encode()).of("hv-4")

        assert not read.rejects
        (claim,) = read.claims
        assert claim.kind == kind.value
        assert claim.value == ("V" if kind is VitalKind.CONSCIOUSNESS else value)
        assert datetime.fromisoformat(claim.measured_at) == AT
        assert claim.unit in {None, VITALS[kind].unit}

    def test_decoder_reads_an_exported_blood_pressure() -> None:
        """Each component of a blood pressure is its reading again."""
        cuff = [a_reading(VitalKind.SYSTOLIC, 121.0), a_reading(VitalKind.DIASTOLIC, 79.0)]
        read = decoder.decode(json.dumps(next(observations.of_readings(cuff))).encode()).of("hv-4")

        assert not read.rejects
        assert [(each.kind, each.value) for each in read.claims] == [("systolic", 121.0), ("diastolic", 79.0)]


def test_protected_identity_is_marked_and_has_no_telephone() -> None:
    """A patient with a protected identity carries the Swedish security label, and nothing says where they are."""
    made = people.patient(replace(PERSON, protected=True))

    assert "telecom" not in made
    assert made["meta"] == {
        "security": [{"system": "http://hl7.se/fhir/ig/base/CodeSystem/SecurityLabel", "code": "skyddadFolkbokforing"}]
    }
