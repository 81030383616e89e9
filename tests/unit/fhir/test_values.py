"""Values of search parameters: what each time, token and reference means, and what is refused."""

from datetime import UTC, datetime

import pytest

from api.fhir import values
from api.fhir.outcome import Refused
from api.fhir.values import Times, Token


def at(*parts: int) -> datetime:
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type] # year, month, day and so on


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026", Times(start=at(2026, 1, 1), end=at(2027, 1, 1))),
        ("2026-12", Times(start=at(2026, 12, 1), end=at(2027, 1, 1))),
        ("eq2026-11-22", Times(start=at(2026, 11, 22), end=at(2026, 11, 23))),
        ("2026-11-22T10:30", Times(start=at(2026, 11, 22, 10, 30), end=at(2026, 11, 22, 10, 31))),
        ("2026-11-22T10:30:05Z", Times(start=at(2026, 11, 22, 10, 30, 5), end=at(2026, 11, 22, 10, 30, 6))),
        (
            "2026-11-22T10:30:05.25Z",
            Times(start=at(2026, 11, 22, 10, 30, 5, 250_000), end=at(2026, 11, 22, 10, 30, 5, 260_000)),
        ),
        ("ge2026-11-22T01:00:00+01:00", Times(start=at(2026, 11, 22))),
        ("gt2026-11-22", Times(start=at(2026, 11, 23))),
        ("sa2026-11-22", Times(start=at(2026, 11, 23))),
        ("le2026-11-22", Times(end=at(2026, 11, 23))),
        ("lt2026-11-22", Times(end=at(2026, 11, 22))),
        ("eb2026-11-22", Times(end=at(2026, 11, 22))),
        ("ge0001", Times(start=at(1900, 1, 1))),
        ("le9998-12-31", Times(end=at(9999, 1, 1))),
        ("2024-02-29", Times(start=at(2024, 2, 29), end=at(2024, 3, 1))),
    ],
)
def test_time_covers_as_much_as_it_says(text: str, meant: Times) -> None:
    """A time means all that its precision covers, and its prefix which side of that."""
    assert values.times("date", text) == meant


@pytest.mark.parametrize(
    "text",
    ["", "22/11/2026", "2026-13", "2025-02-29", "2026-11-22T25:00", "ne2026", "ap2026", "0000", "2026-11-22 10:00"],
)
def test_h08_time_that_is_none_is_refused(text: str) -> None:
    """What is no time, or one with a prefix that is not understood, is refused and never taken for another."""
    with pytest.raises(Refused) as refusal:
        values.times("date", text)

    assert refusal.value.outcomes[0].where == "date"


def test_two_times_leave_what_lies_in_both() -> None:
    """Given twice, a parameter means what both mean."""
    both = values.times("date", "ge2026-11-22").and_also(values.times("date", "lt2026-11-23"))

    assert both == values.times("date", "2026-11-22")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("59408-5", Token(system=None, value="59408-5")),
        ("http://loinc.org|59408-5", Token(system="http://loinc.org", value="59408-5")),
        ("|59408-5", Token(system="", value="59408-5")),
        ("http://loinc.org|", Token(system="http://loinc.org", value="")),
    ],
)
def test_token_names_a_system_or_leaves_it_open(text: str, meant: Token) -> None:
    """A token is a code, a code of a system, a code of none, or all of a system."""
    assert values.token("code", text) == meant


def test_token_fits_what_it_means() -> None:
    """A code alone fits in any system; one of another system does not."""
    coding = ("http://loinc.org", "59408-5")

    assert values.token("code", "59408-5").is_of(*coding)
    assert values.token("code", "http://loinc.org|").is_of(*coding)
    assert not values.token("code", "|59408-5").is_of(*coding)
    assert not values.token("code", "http://snomed.info/sct|59408-5").is_of(*coding)


@pytest.mark.parametrize("text", ["7", "Patient/7", "https://elsewhere.example/fhir/Patient/7"])
def test_reference_is_an_id_however_it_is_spelled(text: str) -> None:
    """An id, a relative reference and an address lead to the same."""
    assert values.reference("patient", text, "Patient") == "7"


@pytest.mark.parametrize("text", ["Device/7", "Patient/", "Patient/a b", "7" * 65])
def test_reference_to_something_else_is_refused(text: str) -> None:
    """A reference to another type, or to no id, is refused."""
    with pytest.raises(Refused):
        values.reference("patient", text, "Patient")
