"""Which readings are looked at in between passes."""

from dataclasses import replace

from alerting.screen import Screen, bounds_of, level_of
from ward.people import StayId
from ward.plans import Limits, template
from ward.vitals import VITALS, VitalKind

SPO2, PULSE = VITALS[VitalKind.SPO2].code, VITALS[VitalKind.HEART_RATE].code


def a_screen() -> Screen:
    """Make a screen that knows one stay with the template."""
    screen = Screen()
    screen.learn([(StayId(1), template())])
    return screen


def test_level_counts_the_bounds_that_a_value_lies_beyond() -> None:
    """On either side the warning is one, the alert two and the hard bound three; a bound itself is inside."""
    bounds = bounds_of(Limits(floor=35, alert_low=40, warn_low=45, warn_high=110, alert_high=130, ceiling=170))

    assert [level_of(bounds, value) for value in (34, 39, 44, 45, 110, 111, 131, 171)] == [3, 2, 1, 0, 0, 1, 2, 3]
    assert level_of(bounds_of(Limits(alert_high=5)), 6) == 1


def test_only_what_is_further_beyond_than_before_is_looked_at_at_once() -> None:
    """A value that stays where it is waits for the pass; one that gets worse, or is back after a good one, does not."""
    screen = a_screen()
    course = (97, 90, 90, 87, 90, 79, 79, 97, 90)

    assert [screen.worse(StayId(1), SPO2, value) for value in course] == [
        False, True, False, True, False, True, False, False, True,
    ]  # fmt: skip


def test_kinds_and_stays_are_apart_and_the_unknown_waits() -> None:
    """What is low in one signal says nothing of another; a stay that was never evaluated waits for its pass."""
    screen = a_screen()

    assert screen.worse(StayId(1), SPO2, 70)
    assert screen.worse(StayId(1), PULSE, 180)
    assert not screen.worse(StayId(2), SPO2, 70)
    assert not screen.worse(StayId(1), VITALS[VitalKind.STEPS].code, 1e6)


def test_changed_plan_counts_from_the_next_evaluation_on() -> None:
    """Limits are those that were in force when the stay was last evaluated."""
    screen = a_screen()
    wide = replace(template(), limits={VitalKind.SPO2: Limits(alert_low=60)})

    assert screen.worse(StayId(1), SPO2, 80)
    screen.learn([(StayId(1), wide)])
    assert not screen.worse(StayId(1), SPO2, 79)
