"""Values that people type in: converted as a device's are, and refused in words where they cannot be taken."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ward.manual import BY_PATIENT, BY_STAFF, Fault, Refused, Typed, settle
from ward.timeline import ByHand
from ward.vitals import VITALS, Acvpu, VitalKind

NUMBERS = sorted(BY_STAFF - {VitalKind.CONSCIOUSNESS})


@pytest.mark.parametrize(
    ("kind", "value", "unit", "canonical"),
    [
        (VitalKind.TEMPERATURE, 98.6, "[degF]", 37.0),
        (VitalKind.GLUCOSE, 99.088, "mg/dL", 5.5),
        (VitalKind.SYSTOLIC, 16, "kPa", 120.0098745),
        (VitalKind.WEIGHT, 176.37, "lb", 80.0000862),
        (VitalKind.PAIN, 0, None, 0.0),
    ],
)
def test_h07_units_are_converted(kind: VitalKind, value: float, unit: str | None, canonical: float) -> None:
    """Fahrenheit, mg/dL, kPa and pounds become the kind's own unit; a nought stays one."""
    found = settle(Typed(kind=kind, value=value, unit=unit), BY_STAFF)

    assert isinstance(found, ByHand)
    assert found.value == pytest.approx(canonical, rel=1e-6)


@pytest.mark.parametrize("level", Acvpu)
def test_consciousness_is_a_letter(level: Acvpu) -> None:
    """Each letter of ACVPU is taken from staff, none from the patient."""
    typed = Typed(kind=VitalKind.CONSCIOUSNESS, value=level.name)

    assert settle(typed, BY_STAFF) == ByHand(kind=VitalKind.CONSCIOUSNESS, value=level)
    refused = settle(typed, BY_PATIENT)
    assert isinstance(refused, Refused)
    assert refused.fault is Fault.KIND


@given(st.sampled_from(NUMBERS), st.floats() | st.text(max_size=3), st.sampled_from([None, "%", "kg", "x", "[degF]"]))
def test_h18_what_is_taken_is_a_plausible_number(kind: VitalKind, value: float | str, unit: str | None) -> None:
    """Whatever is typed, what is taken is finite and within the plausible range; the rest is refused in words."""
    found = settle(Typed(kind=kind, value=value, unit=unit), BY_STAFF)

    if isinstance(found, ByHand):
        assert math.isfinite(found.value)
        assert VITALS[kind].low <= found.value <= VITALS[kind].high
    else:
        assert found.sv.startswith(kind.value)
        assert found.en.startswith(kind.value)
