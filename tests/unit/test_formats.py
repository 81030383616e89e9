"""Other formats: codes stay what they are, and what could be mistaken is refused."""

import json

import pytest

from ward.formats import fhir, senml
from ward.formats.claims import Decoded
from ward.formats.codes import LEVELS, LOINC, LOINC_CODES, MDC_CODES, SNOMED, UCUM
from ward.formats.senml_units import REGISTRY
from ward.formats.settle import readings_of
from ward.vitals import VITALS, VitalKind
from ward.wire import MAX_PAYLOAD_BYTES, Reason

AT = "2026-11-21T10:00:00Z"
AT_S = 1_795_255_200

# Codes that are more than those of `VITALS`: public sources, docs/clinical-sources.md.
ALTERNATES = {
    "2708-6": ("spo2", None),
    "8889-8": ("heart_rate", None),
    "8893-0": ("heart_rate", None),
    "76534-7": ("systolic", None),
    "76535-4": ("diastolic", None),
    "76536-2": ("mean_pressure", None),
    "8331-1": ("temperature", None),
    "8333-7": ("temperature", None),
    "8328-7": ("temperature", None),
    "8332-9": ("temperature", None),
    "8329-5": ("temperature", None),
    "3141-9": ("weight", None),
    "67775-7": ("consciousness", None),
    "15074-8": ("glucose", "mmol/L"),
    "14743-9": ("glucose", "mmol/L"),
    "2339-0": ("glucose", "mg/dL"),
    "41653-7": ("glucose", "mg/dL"),
    "149530": ("heart_rate", None),
    "149546": ("heart_rate", None),
    "151578": ("resp_rate", None),
    "151594": ("resp_rate", None),
    "151650": ("resp_rate", None),
    "151658": ("resp_rate", None),
    "188424": ("temperature", None),
    "188428": ("temperature", None),
    "150392": ("temperature", None),
    "188452": ("temperature", None),
    "188420": ("temperature", None),
    "150368": ("temperature", None),
    "160184": ("glucose", None),
}


def an_observation(**changes: object) -> dict[str, object]:
    """Return an oxygen saturation of 96 % as FHIR has it, with changes; None takes a field away."""
    made: dict[str, object] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "59408-5"}]},
        "effectiveDateTime": AT,
        "valueQuantity": {"value": 96, "system": UCUM, "code": "%"},
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def observed(**changes: object) -> Decoded:
    """Decode an observation."""
    return fhir.decode(json.dumps(an_observation(**changes)).encode())


def reason_of(decoded: Decoded) -> Reason | None:
    """Return why a message of one value was refused; None where it was taken."""
    readings, rejects = readings_of(decoded)
    assert len(readings) + len(rejects) == 1
    return rejects[0].reason if rejects else None


def packed(**record: object) -> Decoded:
    """Decode a pack of one record."""
    return senml.decode(json.dumps([{"n": "spo2", "u": "/100", "v": 96, "t": AT_S} | record]).encode())


def test_codes_are_pinned() -> None:
    """A code stands for one kind, and a code that is a mass or an amount for one unit, for good."""
    own = {code: (str(vital.kind), None) for vital in VITALS.values() for code in (vital.loinc, str(vital.mdc))}
    own.pop("None")
    table = {code: (str(each.kind), each.unit) for code, each in (LOINC_CODES | MDC_CODES).items()}

    assert table == own | ALTERNATES
    assert [sorted(levels.values()) for levels in LEVELS.values()] == [[0, 1, 2, 3, 4]] * 2


def test_h07_units_of_senml_are_units_of_the_kind() -> None:
    """Whatever a unit of the registry becomes is one that its kind has."""
    wrong = [
        (kind, unit) for kind, units in REGISTRY.items() for unit in units if units[unit].unit not in VITALS[kind].units
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("code", "unit", "reason"),
    [
        ("41653-7", "mg/dL", None),
        ("41653-7", "mmol/L", Reason.WRONG_UNIT),
        ("14743-9", "mmol/L", None),
        ("14743-9", "mg/dL", Reason.WRONG_UNIT),
        ("8310-5", "%", Reason.WRONG_UNIT),
        ("8310-5", None, Reason.WRONG_UNIT),
    ],
)
def test_h07_code_and_unit_must_agree(code: str, unit: str | None, reason: Reason | None) -> None:
    """A value whose code contradicts its unit, or that has none, is refused in either format; nothing is assumed."""
    value = 99 if unit == "mg/dL" else 30
    quantity = {"value": value, "system": UCUM} | ({"code": unit} if unit else {})
    coded = {"coding": [{"system": LOINC, "code": code}]}

    assert reason_of(observed(code=coded, valueQuantity=quantity)) == reason
    assert reason_of(packed(n=code, u=unit, v=value)) == reason


@pytest.mark.parametrize("time_s", [0, -1, 59.5, (1 << 28) - 1])
def test_h08_time_relative_to_now_is_refused(time_s: float) -> None:
    """A time that a repeat would move is none."""
    assert reason_of(packed(t=time_s)) is Reason.BAD_FIELD


@pytest.mark.parametrize(
    "changes",
    [
        {"valueQuantity": None},
        {"valueQuantity": {"system": UCUM, "code": "%"}},
        {"valueQuantity": {"value": 96, "comparator": "<", "system": UCUM, "code": "%"}},
        {"valueQuantity": None, "dataAbsentReason": {"coding": [{"code": "unknown"}]}},
        {"dataAbsentReason": {"text": "sensor off"}},
        {"valueQuantity": None, "valueInteger": 0},
        {"valueQuantity": {"value": False, "system": UCUM, "code": "%"}},
    ],
)
def test_h18_absent_value_is_never_zero(changes: dict[str, object]) -> None:
    """What is absent, only bounded, or of another type is refused; no reading comes of it."""
    decoded = observed(**changes)

    assert not decoded.claims
    assert len(decoded.rejects) == 1


def test_h06_another_devices_observation_is_refused() -> None:
    """An observation that names another device is none of this one's; its neighbours are."""
    other = an_observation(device={"reference": "Device/hv-2"}, effectiveDateTime="2026-11-21T10:00:01Z")
    entries = [{"resource": an_observation(device={"reference": "Device/hv-1"})}, {"resource": other}]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    decoded = fhir.decode(json.dumps(bundle).encode()).of("hv-1")

    assert [claim.measured_at for claim in decoded.claims] == [AT]
    assert [(each.reason, each.index) for each in decoded.rejects] == [(Reason.FOREIGN_TOPIC, 1)]
    assert json.loads(decoded.rejects[0].item) == entries[1]


def test_subject_changes_nothing() -> None:
    """Whose a reading is does not come from what the message says."""
    assert observed(subject={"reference": "Patient/2"}).claims == observed().claims


def test_new_confusion_is_a_level_of_its_own() -> None:
    """C is neither alert nor a response to voice."""
    concept = {"coding": [{"system": SNOMED, "code": "130987000"}]}
    coded = {"coding": [{"system": LOINC, "code": VITALS[VitalKind.CONSCIOUSNESS].loinc}]}
    (claim,) = observed(code=coded, valueQuantity=None, valueCodeableConcept=concept).claims

    assert claim.value == "C"


@pytest.mark.parametrize("entries", [1000, 1001])
def test_a_message_holds_a_thousand_readings(entries: int) -> None:
    """A thousand entries or records are read; one more refuses the message, whole."""
    record = {"n": "spo2", "u": "/100", "v": 96}
    pack = [{**record, "bt": AT_S}, *({**record, "t": n} for n in range(1, entries))]
    observation = {"resource": an_observation(subject=None)}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [observation] * entries}

    for decoded in (senml.decode(json.dumps(pack).encode()), fhir.decode(json.dumps(bundle).encode())):
        refused = [each.reason for each in decoded.rejects]
        assert (len(decoded.claims), refused) == ((1000, []) if entries == 1000 else (0, [Reason.TOO_MANY]))


def test_components_count_as_readings() -> None:
    """Very many components are too many, in one observation or in several."""
    component = {"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}, "valueInteger": 1}
    panel = an_observation(
        code={"coding": [{"system": LOINC, "code": "85354-9"}]}, valueQuantity=None, component=[component] * 600
    )
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": panel}] * 2}

    for message in (bundle, panel | {"component": [component] * 1001}):
        assert [each.reason for each in fhir.decode(json.dumps(message).encode()).rejects] == [Reason.TOO_MANY]


@pytest.mark.parametrize("decode", [senml.decode, fhir.decode])
def test_too_large_a_message_is_not_even_read(decode: object) -> None:
    """Beyond a mebibyte nothing is decoded."""
    assert callable(decode)
    assert [each.reason for each in decode(b" " * (MAX_PAYLOAD_BYTES + 1)).rejects] == [Reason.TOO_LARGE]


def test_h22_no_pack_takes_longer_than_its_size() -> None:
    """A base field that is in force for every record costs each of them no more than its beginning."""
    labels = ",".join(f'"b{number}_":0' for number in range(50_000))
    shifting = f"[{{{labels}}}{',{}' * 999}]".encode()
    endless = json.dumps([{"bn": "a" * 900_000}, *[{"n": "a", "v": 1}] * 999]).encode()

    for payload in (shifting, endless):
        told = [each.detail for each in senml.decode(payload).rejects]
        assert (len(told), len(set(told))) == (1000, 2 if payload is shifting else 1)
        assert max(map(len, told)) < 200
