"""The lamp of a patient's page: what it takes to be called watched, and what is said whatever it shows."""

from datetime import UTC, datetime, timedelta

import pytest

from ward.duty.coverage import Colour
from ward.lamp import Light, Why, lamp
from ward.plans import Goals
from ward.vitals import VitalKind

NOW = datetime(2026, 11, 18, 11, tzinfo=UTC)
FRESH, OLD = NOW - timedelta(minutes=1), NOW - timedelta(hours=1)
RATE, SPO2, WEIGHT = VitalKind.HEART_RATE, VitalKind.SPO2, VitalKind.WEIGHT


@pytest.mark.parametrize(
    ("newest", "colour", "light", "why"),
    [
        ({RATE: FRESH, SPO2: FRESH}, Colour.COVERED, Light.WATCHED, ()),
        ({RATE: FRESH}, Colour.FALLBACK, Light.WATCHED, ()),
        ({RATE: FRESH, WEIGHT: NOW - timedelta(days=9)}, Colour.COVERED, Light.WATCHED, ()),
        ({WEIGHT: NOW - timedelta(hours=20)}, Colour.COVERED, Light.WATCHED, ()),
        ({RATE: FRESH, SPO2: OLD}, Colour.COVERED, Light.PARTLY, (Why.SOME_VALUES,)),
        ({RATE: FRESH, SPO2: OLD}, Colour.NOBODY, Light.NOT_WATCHED, (Why.NOBODY, Why.SOME_VALUES)),
        ({RATE: FRESH}, Colour.NOBODY, Light.NOT_WATCHED, (Why.NOBODY,)),
        ({RATE: OLD, WEIGHT: FRESH}, Colour.COVERED, Light.NOT_WATCHED, (Why.NO_VALUES,)),
        ({}, Colour.COVERED, Light.NOT_WATCHED, (Why.NO_VALUES,)),
    ],
)
def test_h09_nobody_is_called_watched_who_is_not(
    newest: dict[VitalKind, datetime], colour: Colour, light: Light, why: tuple[Why, ...]
) -> None:
    """Old values, none at all, or nobody who can be reached put the lamp out, and it says why."""
    found = lamp(newest.items(), colour, "08-123", Goals.FULL, NOW)

    assert (found.light, found.why) == (light, why)


@pytest.mark.parametrize("colour", Colour)
@pytest.mark.parametrize("measured", [FRESH, OLD])
@pytest.mark.parametrize("phone", ["08-123", ""])
@pytest.mark.parametrize("goals", Goals)
def test_h32_words_always_say_whom_to_call(colour: Colour, measured: datetime, phone: str, goals: Goals) -> None:
    """Whatever the lamp shows, the words end with a number to call and with 112, in both languages."""
    found = lamp([(RATE, measured)], colour, phone, goals, NOW)

    assert found.sv.endswith(f"ring {phone or '1177'}. Vid livsfara: ring 112.")
    assert found.en.endswith(f"call {phone or '1177'}. If life is in danger: call 112.")
    assert ("övervakas inte" in found.sv) is (found.light is Light.NOT_WATCHED)


@pytest.mark.parametrize(("colour", "named"), [(Colour.COVERED, True), (Colour.FALLBACK, True), (Colour.NOBODY, False)])
def test_h32_button_is_not_named_where_it_rings_for_nobody(colour: Colour, *, named: bool) -> None:
    """Where nobody can be reached by an alert the words say to call, and not to press the button."""
    found = lamp([(RATE, FRESH)], colour, "08-123", Goals.FULL, NOW)

    assert ("hjälpknappen" in found.sv, "help button" in found.en) == (named, named)


def test_h09_comfort_care_is_not_called_watched() -> None:
    """Whose values ring for nobody, by their plan, is not told that the team is alerted if they change."""
    found = lamp([(RATE, FRESH)], Colour.COVERED, "08-123", Goals.COMFORT, NOW)

    assert (found.light, found.why) == (Light.NOT_WATCHED, (Why.COMFORT,))
    assert "Enligt din vårdplan ger de inga larm." in found.sv


def test_h09_nobody_is_called_watched_while_alarms_may_fail_to_come() -> None:
    """Fresh values and a team on duty do not help while nothing rings; whom to call stands there, and no button."""
    found = lamp([(RATE, FRESH)], Colour.COVERED, "08-123", Goals.FULL, NOW, in_doubt=True)

    assert (found.light, found.why) == (Light.NOT_WATCHED, (Why.ALARMS,))
    assert "Larm till teamet kan utebli just nu. Om du mår sämre: ring 08-123." in found.sv
    assert "Alerts to the team may fail to come just now. If you feel worse: call 08-123." in found.en
