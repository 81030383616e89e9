"""Searches as values: what is understood, refused, or named as ignored; nothing passes in silence."""

import pytest

from api.fhir import encounter, observation, observed, organization, patient, search
from api.fhir.outcome import PERSONAL_IN_ADDRESS, TWO_KINDS, Refused
from api.fhir.search import Form, Given, Handling, Kind, Order, Query, Summary
from ward.vitals import VITALS

PERSONNUMMER = "http://electronichealth.se/identifier/personnummer"


def read(*given: tuple[str, str], kind: Kind = observation.KIND, in_body: Given = ()) -> Query:
    """The search of these parameters."""
    return search.read(kind, given, in_body, Handling.STRICT)[0]


def refusal(*given: tuple[str, str], kind: Kind = observation.KIND) -> str:
    """The name of the parameter that a search is refused for."""
    with pytest.raises(Refused) as found:
        read(*given, kind=kind)
    return str(found.value.outcomes[0].where)


def test_every_parameter_is_understood() -> None:
    """Whatever the catalogue promises of a type can be asked for."""
    examples = {Form.TOKEN: "x", Form.REFERENCE: "7", Form.DATE: "2026-11-22"}
    for kind in (patient.KIND, encounter.KIND, organization.KIND, observation.KIND):
        for each in search.common(kind):
            read((each.name, examples[each.form]), kind=kind)
            if each.alias:
                read((each.alias, examples[each.form]), kind=kind)


def test_unknown_parameter_is_named_or_refused() -> None:
    """A parameter that is not known is told of; where handling is strict, nothing is searched."""
    _, ignored = search.read(patient.KIND, [("colour", "red"), ("colour", "blue")], (), Handling.LENIENT)

    assert [(each.where, each.severity) for each in ignored] == [("colour", "warning")]
    assert refusal(("colour", "red"), kind=patient.KIND) == "colour"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patient:missing", "true"),
        ("code:in", "x"),
        ("date:exact", "2026"),
        ("_count", "-1"),
        ("_count", "many"),
        ("_sort", "code"),
        ("_include", "Observation:nothing"),
        ("_include", "Patient:organization"),
        ("_summary", "text"),
        ("_cursor", "!"),
        ("_cursor", "W10"),
        ("_cursor", "WzEuNV0"),
        ("_cursor", "Wy0xXQ"),
        ("_id", "a b"),
        ("_id", ",".join(["1"] * 101)),
        ("code", "x" * 5000),
        ("code", "a\0b"),
        ("status", "\ud800"),
    ],
)
def test_value_that_cannot_be_used_is_refused(name: str, value: str) -> None:
    """A modifier or a value that is not understood ends the search, lenient or not."""
    assert refusal((name, value)) == name


def test_parameter_given_twice_is_refused_where_it_cannot_mean_both() -> None:
    """Two patients at once are nobody; the same one twice is that one."""
    assert refusal(("patient", "1"), ("subject", "2")) == "patient"
    assert read(("patient", "1"), ("subject:Patient", "Patient/1")).references == {"patient": "1"}
    assert refusal(("status", "final"), ("status", "preliminary")) == "status"


def test_controls_are_read() -> None:
    """How many, in which order, with what, and where to go on."""
    place = (1_795_346_135_202_468, 0, 1, 6)
    query = read(
        ("_count", "20000"), ("_sort", "date"), ("_include", "Observation:subject"), ("_cursor", search.cursor(place))
    )

    assert (query.count, query.order, query.includes) == (10_000, Order.OLDEST, ("patient",))
    assert query.after == place
    assert read(("_count", "0")).summary is Summary.COUNT
    assert read(("_sort", "-date")).order is Order.NEWEST


@pytest.mark.parametrize(
    "value",
    [
        "194001019801",
        "19400101-9801",
        "400101-9801",
        f"{PERSONNUMMER}|19400101-9801",
        "urn:oid:1.2.752.129.2.1.3.1|194001019801",
        "1.2.752.129.2.1.3.3|194001619801",
        f"{PERSONNUMMER}|anything",
        "http://electronichealth.se/identifier/LMA-nummer|5",
        "98240301AA06",
        "http://unknown.example|194001019801",
        "x,194001019801",
    ],
)
def test_h27_personal_number_in_an_address_is_refused(value: str) -> None:
    """However it is spelled, a personal number is asked for in a body, where no log on the way keeps it."""
    with pytest.raises(Refused) as found:
        read(("identifier", value), kind=patient.KIND)

    assert found.value.outcomes == (PERSONAL_IN_ADDRESS,)
    assert read(kind=patient.KIND, in_body=[("identifier", value)]).tokens["identifier"]


def test_identifier_that_is_no_person_s_may_stand_in_an_address() -> None:
    """An organisation's HSA-id and our own number of a patient are no secrets."""
    read(("identifier", "urn:oid:1.2.752.29.4.19|SE0000000000-TEST"), kind=organization.KIND)
    read(("identifier", "https://hemvakt.example/fhir/patient|194001019801"), kind=patient.KIND)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([("code", "http://loinc.org|59408-5")], {"spo2"}),
        ([("code", "2708-6,8867-4")], {"spo2", "heart_rate"}),
        ([("code", "85354-9")], {"blood_pressure"}),
        ([("code", "8480-6")], {"systolic"}),
        ([("combo-code", "8480-6")], {"systolic", "blood_pressure"}),
        ([("code", "urn:iso:std:iso:11073:10101|150456")], {"spo2"}),
        ([("category", "survey")], {"pain", "news2"}),
        ([("category", "survey"), ("code", "72514-3")], {"pain"}),
        ([("code", "1104051000000101")], {"news2"}),
        ([("code", "131329")], {"ecg-I"}),
        ([("code", "nothing")], set()),
    ],
)
def test_code_and_category_choose_what_is_observed(given: list[tuple[str, str]], names: set[str]) -> None:
    """Codes of any system and categories, alone and together, mean what has them."""
    assert observed.wanted(read(*given)) == names


def test_waveforms_are_told_only_where_they_are_asked_for() -> None:
    """Without a code everything but waveforms is meant, and they are never mixed with the rest."""
    assert observed.wanted(read()) == {*map(str, VITALS), "blood_pressure", "news2"}
    assert "ecg-II" in observed.wanted(read(("category", "procedure")))
    with pytest.raises(Refused) as found:
        observed.wanted(read(("code", "11524-6,59408-5")))

    assert found.value.outcomes == (TWO_KINDS,)
