"""The bounds of a binding's two steps, and what fits as a second identifier."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ward.association import MOST_BACK, Identifier, Refusal, start_fault

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
ADMITTED = NOW - timedelta(days=2)
US = timedelta(microseconds=1)
BORN = date(1912, 12, 12)


@pytest.mark.parametrize(
    ("identifier", "fits"),
    [
        (Identifier(birth_date=BORN), True),
        (Identifier(birth_date=date(1912, 12, 13)), False),
        (Identifier(last_four="1212"), True),
        (Identifier(last_four="1213"), False),
        (Identifier(last_four="121"), False),
        (Identifier(last_four=""), False),
        (Identifier(birth_date=BORN, last_four="1212"), True),
        (Identifier(birth_date=BORN, last_four="1213"), False),
        (Identifier(birth_date=date(1912, 12, 13), last_four="1212"), False),
        (Identifier(), False),
    ],
)
def test_h06_identifier_fits_its_patient_alone(identifier: Identifier, fits: bool) -> None:  # noqa: FBT001
    """Everything that was typed must be the patient's, and something must have been typed."""
    assert identifier.fits("191212121212", BORN) is fits


@pytest.mark.parametrize(
    ("from_at", "admitted_at", "fault"),
    [
        (NOW, ADMITTED, None),
        (NOW + US, ADMITTED, Refusal.AHEAD),
        (NOW - MOST_BACK, ADMITTED, None),
        (NOW - MOST_BACK - US, ADMITTED, Refusal.TOO_LONG_AGO),
        (NOW - timedelta(hours=1), NOW - timedelta(hours=1), None),
        (NOW - timedelta(hours=1) - US, NOW - timedelta(hours=1), Refusal.BEFORE_STAY),
    ],
)
def test_binding_begins_within_its_bounds(from_at: datetime, admitted_at: datetime, fault: Refusal | None) -> None:
    """A binding begins now or in the last day, and never before the stay."""
    assert start_fault(from_at, NOW, admitted_at) is fault
