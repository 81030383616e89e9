"""SpO2 while a cuff is inflated: held back for a moment and visibly, and never beyond the hard floor."""

import pytest

from alerting.evaluate import evaluate
from alerting.features import Batch
from alerting.rules.cuff import HELD
from alerting.words import text
from tests.builders_alerting import NOW_S, Sample, a_batch, a_plan
from ward.alerts import Family, Finding, Priority
from ward.plans import Limits
from ward.vitals import VitalKind

LOW = "limit.spo2.low"
DELAY_S = 20.0
PLAN = a_plan(limits={VitalKind.SPO2: Limits(alert_low=88, warn_low=91, delay_s=DELAY_S, floor=80)})


def spo2(fell_ago_s: float, value: float, until_ago_s: float = 0.0) -> list[Sample]:
    """Good values, and from so long ago on a bad one every ten seconds."""
    good = [(VitalKind.SPO2, fell_ago_s + ago, 97.0) for ago in range(10, 130, 10)]
    count = round((fell_ago_s - until_ago_s) / 10) + 1
    return [*good, *((VitalKind.SPO2, fell_ago_s - 10 * number, value) for number in range(count))]


def pressure(*agos_s: float) -> list[Sample]:
    """Blood pressures read so long ago."""
    return [(VitalKind.SYSTOLIC, ago, 125.0) for ago in agos_s]


def found(samples: list[Sample], now_s: float = NOW_S) -> dict[str, Finding]:
    """What is found now, by rule."""
    batch: Batch = a_batch(*samples, plan=PLAN)
    return {each.rule: each for each in evaluate(batch, now_s).observations if isinstance(each, Finding)}


def test_h16_fall_while_the_cuff_is_inflated_is_held_back_visibly() -> None:
    """A fall around a blood pressure reading does not ring, and that it is held back is told as a technical finding."""
    seen = found([*spo2(40, 85), *pressure(15)])

    assert LOW not in seen
    assert (seen[HELD].family, seen[HELD].priority) == (Family.TECHNICAL, Priority.LOW)
    assert seen[HELD].began_at.timestamp() == NOW_S - 40
    assert text(HELD, seen[HELD].evidence.params, "sv").startswith("Syremättnad under gränsen medan blodtryck mäts")
    assert LOW in found(spo2(40, 85))


@pytest.mark.parametrize(
    ("fell_ago_s", "read_ago_s", "expected"),
    [(80, 20, HELD), (90, 20, LOW), (40, 59, HELD), (40, 60, LOW), (40, 0, HELD), (59, 59, HELD)],
)
def test_h16_fall_is_held_a_minute_around_the_reading(fell_ago_s: float, read_ago_s: float, expected: str) -> None:
    """A fall that begins within a minute of the reading waits until a minute after it, and not a second longer."""
    seen = found([*spo2(fell_ago_s, 85), *pressure(read_ago_s)])

    assert seen.keys() & {HELD, LOW} == {expected}


def test_h16_fall_that_stays_is_told_with_its_own_beginning() -> None:
    """What has not recovered a minute after the reading is an alert of high priority that dates from the fall."""
    seen = found([*spo2(90, 85), *pressure(60)])

    assert seen[LOW].priority is Priority.HIGH
    assert seen[LOW].began_at.timestamp() == NOW_S - 90
    assert HELD not in seen


def test_h16_nothing_is_held_beyond_the_hard_floor() -> None:
    """SpO2 below the floor is told at once, cuff or no cuff."""
    seen = found([*spo2(10, 78), *pressure(5)])

    assert seen[LOW].priority is Priority.HIGH
    assert HELD not in seen


def test_h16_many_readings_hold_no_fall_for_long() -> None:
    """A cuff that is inflated again and again does not silence a fall for more than twice the window."""
    seen = found([*spo2(130, 85), *pressure(120, 90, 60, 30, 0)])

    assert seen[LOW].priority is Priority.HIGH


def test_fall_that_recovers_was_nothing() -> None:
    """A fall that is over when the cuff lets go leaves no alert behind."""
    recovered = [(VitalKind.SPO2, ago, 97.0) for ago in (10.0, 0.0)]
    seen = found([*spo2(60, 85, 20), *recovered, *pressure(25)])

    assert seen.keys() & {LOW, HELD} == set()
