"""Several readings of one instant: none that speaks for the patient is hidden from a limit by another one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.evaluate import evaluate
from alerting.features import Batch, Readings, batch, gathered
from tests.builders_alerting import NOW_S, Sample, a_batch, a_plan
from ward.alerts import Finding, Priority
from ward.people import StayId
from ward.plans import Combination, Limits, Side, Term
from ward.vitals import USABLE, VITALS, VitalKind

LIMITS = {
    VitalKind.HEART_RATE: Limits(floor=35, alert_low=40, warn_low=50, warn_high=110, alert_high=130, ceiling=170),
    VitalKind.TEMPERATURE: Limits(floor=34, alert_low=35, warn_low=36, warn_high=38.5, alert_high=39.5, ceiling=41),
    VitalKind.SYSTOLIC: Limits(floor=75, alert_low=90, warn_low=100, warn_high=180, alert_high=220),
    VitalKind.GLUCOSE: Limits(alert_low=3, warn_low=4, warn_high=12, alert_high=20),
    VitalKind.SPO2: Limits(floor=80, alert_low=88, warn_low=92, warn_high=97, alert_high=99),
}


def found(looked_at: Batch) -> dict[str, Finding]:
    """Return what is found now, by rule."""
    said = evaluate(looked_at, NOW_S).observations
    return {each.rule: each for each in said if isinstance(each, Finding)}


def together(kind: VitalKind, *values: float, **changes: object) -> dict[str, Finding]:
    """Return what is found of values of one kind that were measured in the same microsecond just now."""
    return found(a_batch(*((kind, 1.0, value) for value in values), plan=a_plan(limits=LIMITS, **changes)))


@pytest.mark.parametrize(
    ("kind", "harmless", "bad", "rule"),
    [
        (VitalKind.HEART_RATE, 72, 30, "low"),
        (VitalKind.HEART_RATE, 48, 175, "high"),
        (VitalKind.TEMPERATURE, 37.0, 33.5, "low"),
        (VitalKind.SYSTOLIC, 125, 70, "low"),
        (VitalKind.GLUCOSE, 7.0, 2.2, "low"),
        (VitalKind.SPO2, 96, 78, "low"),
        (VitalKind.SPO2, 93, 100, "high"),
    ],
)
def test_h11_value_beyond_a_limit_is_not_hidden_by_a_harmless_one(
    kind: VitalKind, harmless: float, bad: float, rule: str
) -> None:
    """Of two values of one microsecond, whichever comes first, the one beyond its limit rings and is told."""
    for values in ((harmless, bad), (bad, harmless)):
        alert = together(kind, *values)[f"limit.{kind}.{rule}"]

        assert alert.priority is Priority.HIGH
        assert alert.evidence.params["value"] == bad
        assert [each.value for each in alert.evidence.inputs] == [bad]


def test_h11_one_too_low_and_one_too_high_both_ring() -> None:
    """Two devices of which one says too low and the other too high make both alerts."""
    alerts = together(VitalKind.HEART_RATE, 30, 180)

    assert {"limit.heart_rate.low", "limit.heart_rate.high"} <= alerts.keys()


def test_h11_poor_reading_hides_no_good_one_of_the_same_instant() -> None:
    """A poor reading does not speak for the patient: it does not keep the good one beside it from doing so either."""
    plan = a_plan(limits=LIMITS)
    low = found(a_batch((VitalKind.SPO2, 1.0, 86.0, 0.9), (VitalKind.SPO2, 1.0, 85.0, 0.1), plan=plan))
    hard = found(a_batch((VitalKind.SPO2, 1.0, 96.0, 0.9), (VitalKind.SPO2, 1.0, 70.0, 0.1), plan=plan))

    assert low["limit.spo2.low"].evidence.params["value"] == 86.0
    assert hard["limit.spo2.low"].evidence.params["value"] == 70.0
    assert hard["limit.spo2.low"].evidence.text_key == "limit.low.doubtful"


def test_h14_score_counts_the_worse_of_two_values_of_one_instant() -> None:
    """A pulse of 38 beside one of 80 is three points, and so is breathing of 7 beside 16."""
    for kind, values in ((VitalKind.HEART_RATE, (80, 38)), (VitalKind.RESP_RATE, (16, 7))):
        samples: list[Sample] = [(kind, 1.0, value) for value in values]
        (score,) = evaluate(a_batch(*samples), NOW_S).scores

        assert score.parts[kind.value] == (3, 3)


def test_h11_combination_looks_at_the_side_of_its_term() -> None:
    """A term that asks for too low sees the lower of two, and says so."""
    term = Term(kind=VitalKind.HEART_RATE, side=Side.LOW, bound=45)
    low = Combination(name="slow", terms=(term,), at_least=1)
    alert = together(VitalKind.HEART_RATE, 60, 44, combinations=(low,))["combination.slow"]

    assert [each.value for each in alert.evidence.inputs] == [44]


def test_h08_low_value_in_a_burst_of_a_fast_clock_rings() -> None:
    """Readings of a device whose clock is ahead all count from when they were received: none hides another."""
    values = [72.0, 30.0, 75.0, 74.0]
    readings = Readings(
        stay=np.zeros(4, np.int64),
        kind=np.full(4, VITALS[VitalKind.HEART_RATE].code),
        measured_s=NOW_S + np.array([20.0, 25.0, 30.0, 35.0]),
        received_s=np.full(4, NOW_S),
        value=np.array(values),
        validity=np.zeros(4, np.int64),
        quality=np.full(4, 0.9),
    )
    stay = replace(a_batch().stays[0], stay_id=StayId(1), plan=a_plan(limits=LIMITS))

    alerts = found(batch([stay], gathered(readings, USABLE, 1)))

    assert alerts["limit.heart_rate.low"].evidence.params["value"] == 30


@given(st.lists(st.sampled_from([30.0, 38.0, 48.0, 72.0, 112.0, 140.0, 180.0]), min_size=1, max_size=5))
def test_h11_each_side_says_what_its_worst_value_says_alone(values: list[float]) -> None:
    """However many values come at once, each side of a limit rings as if its worst one had come alone."""
    both = together(VitalKind.HEART_RATE, *values)
    for side, worst in (("low", min(values)), ("high", max(values))):
        name = f"limit.heart_rate.{side}"

        assert both.get(name) == together(VitalKind.HEART_RATE, worst).get(name)
