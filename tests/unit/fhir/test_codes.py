"""Code ↔ display ↔ unit, pinned: what each kind is called in public code systems, and in which unit it is told."""

from collections.abc import Callable
from pathlib import Path

from api.fhir import observed
from ward.fhir import codes
from ward.fhir.displays import DISPLAYS, TERMINOLOGY
from ward.formats import codes as read
from ward.vitals import VITALS, VitalKind

KEPT = Path(__file__).resolve().parents[2] / "golden" / "fhir_codes.txt"


def _lines() -> list[str]:
    units = {str(kind): vital.unit for kind, vital in VITALS.items()}
    return [
        " | ".join((name, category, units.get(name, "-"), system, code, DISPLAYS.get((system, code), "-")))
        for name, (codings, category) in sorted(observed.table().items())
        for system, code in codings
    ]


def test_codes_displays_and_units_are_those_that_were_looked_at(golden: Callable[[Path, str], None]) -> None:
    """What a kind is called and measured in changes only where somebody has looked at the change."""
    golden(KEPT, "\n".join(_lines()) + "\n")


def test_code_that_is_told_is_read_back_as_the_same_kind() -> None:
    """Every code of a kind that is told is understood as that kind where devices and systems send it."""
    for kind in VITALS:
        for system, code in codes.kind_codings(kind):
            found = read.kind_of(system, code)
            assert found is not None, (system, code)
            assert found.kind is kind


def test_no_display_stands_for_two_codes_of_a_system() -> None:
    """Two codes of one system never have the same name, which would hide that one of them is wrong."""
    named = [(system, display) for (system, _), display in DISPLAYS.items()]

    assert len(named) == len(set(named))


def test_h07_wrong_codes_of_the_wild_are_not_used() -> None:
    """80288-4 is consciousness and never oxygen, 8478-0 is a mean pressure and never a device (seen elsewhere)."""
    assert codes.kind_codings(VitalKind.CONSCIOUSNESS)[0] == (codes.LOINC, "80288-4")
    assert codes.kind_codings(VitalKind.MEAN_PRESSURE)[0] == (codes.LOINC, "8478-0")
    assert DISPLAYS[codes.LOINC, "80288-4"].startswith("Level of consciousness")
    assert DISPLAYS[codes.LOINC, "8478-0"] == "Mean blood pressure"


def test_every_category_has_its_name() -> None:
    """The categories that Observations have are named as HL7 names them."""
    used = {category for _, category in observed.table().values()}

    assert all((f"{TERMINOLOGY}/observation-category", each) in DISPLAYS for each in used)
