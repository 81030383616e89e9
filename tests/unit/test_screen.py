"""Which readings are looked at in between passes."""

from dataclasses import replace

from alerting.screen import Screen, bounds_of, level_of
from ward.people import StayId
from ward.plans import Limits, Side, template
from ward.vitals import VITALS, VitalKind

SPO2, PULSE = VITALS[VitalKind.SPO2].code, VITALS[VitalKind.HEART_RATE].code
TEMPERATURE = VITALS[VitalKind.TEMPERATURE].code


def a_screen() -> Screen:
    """Make a screen that knows one stay with the template."""
    screen = Screen()
    screen.learn([(StayId(1), template())])
    return screen


def test_level_counts_the_bounds_that_a_value_lies_beyond() -> None:
    """Without delay, the warning is one, the alert two and the hard bound three; a bound itself is inside."""
    bounds = bounds_of(Limits(floor=35, alert_low=40, warn_low=45, warn_high=110, alert_high=130, ceiling=170))

    assert [level_of(bounds, value)[0] for value in (34, 39, 44, 45, 110, 111, 131, 171)] == [3, 2, 1, 0, 0, 1, 2, 3]
    assert level_of(bounds_of(Limits(alert_high=5)), 6) == (1, Side.HIGH)


def test_limit_that_waits_counts_or_filters_has_its_hard_bound_alone() -> None:
    """One reading beyond such a limit is no alert yet; beyond the hard bound it always is."""
    bare = Limits(floor=35, alert_low=40, warn_low=45)

    for waits in (replace(bare, delay_s=60), replace(bare, k=2, n=3), replace(bare, median_s=60)):
        assert [level_of(bounds_of(waits), value)[0] for value in (34, 39, 44)] == [1, 0, 0]


def test_night_and_day_both_count() -> None:
    """Whichever of the two profiles is the stricter, what lies beyond it is looked at."""
    bounds = bounds_of(Limits(warn_low=45), Limits(warn_low=42))

    assert [level_of(bounds, value)[0] for value in (46, 44, 41)] == [0, 1, 2]


def test_only_what_is_further_beyond_than_before_is_looked_at_at_once() -> None:
    """A value that stays where it is waits for the pass; one that gets worse, or is back after a good one, does not."""
    screen = a_screen()
    course = (37, 38.7, 38.7, 39.7, 38.7, 41.2, 41.2, 37, 38.7)

    assert [screen.worse(StayId(1), TEMPERATURE, value) is Side.HIGH for value in course] == [
        False, True, False, True, False, True, False, False, True,
    ]  # fmt: skip


def test_kinds_and_stays_are_apart_and_the_unknown_waits() -> None:
    """What is low in one signal says nothing of another; a stay that was never learnt waits for its pass."""
    screen = a_screen()

    assert screen.worse(StayId(1), SPO2, 70)
    assert screen.worse(StayId(1), PULSE, 180)
    assert not screen.worse(StayId(2), SPO2, 70)
    assert not screen.worse(StayId(1), VITALS[VitalKind.STEPS].code, 1e6)


def test_changed_plan_counts_from_when_it_is_learnt() -> None:
    """Limits are those that were in force when the stay was last learnt."""
    screen = a_screen()
    wide = replace(template(), limits={VitalKind.SPO2: Limits(alert_low=60)})

    assert screen.worse(StayId(1), SPO2, 79)
    screen.learn([(StayId(1), wide)])
    assert not screen.worse(StayId(1), SPO2, 78)
