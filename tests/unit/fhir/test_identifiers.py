"""Swedish identifiers: both spellings of a system read, one written; a number of another system is nobody's."""

import pytest

from ward.fhir.identifiers import PERSONNUMMER, RESERVNUMMER, SAMORDNINGSNUMMER, canonical, personal_number


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("1.2.752.129.2.1.3.1", PERSONNUMMER),
        ("urn:oid:1.2.752.129.2.1.3.1", PERSONNUMMER),
        ("urn:oid:1.2.752.129.2.1.3.3", SAMORDNINGSNUMMER),
        (PERSONNUMMER, PERSONNUMMER),
        ("http://elsewhere.example", "http://elsewhere.example"),
    ],
)
def test_oid_stands_for_the_uri(given: str, meant: str) -> None:
    """A system that is named by its OID, bare or as a URN, is the one that its URI names."""
    assert canonical(given) == meant


@pytest.mark.parametrize(
    ("system", "value", "number"),
    [
        (PERSONNUMMER, "19400101-9801", "194001019801"),
        (None, "194001019801", "194001019801"),
        ("urn:oid:1.2.752.129.2.1.3.3", "194001619801", "194001619801"),
        (RESERVNUMMER, "98240301aa06", "98240301AA06"),
        (SAMORDNINGSNUMMER, "194001019801", None),
        (PERSONNUMMER, "194001619801", None),
        (PERSONNUMMER, "400101-9801", None),
        ("http://elsewhere.example", "194001019801", None),
    ],
)
def test_h06_number_is_read_in_its_own_system_alone(system: str | None, value: str, number: str | None) -> None:
    """A number is that of twelve characters in the system that it belongs to; without the century it is nobody's."""
    assert personal_number(system, value) == number
