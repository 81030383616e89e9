"""Monitoring plans: ordering, and what a plan leaves out."""

import pytest

from ward import plans
from ward.plans import Limits
from ward.vitals import VITALS, VitalKind


@pytest.mark.parametrize("kind", list(plans.TEMPLATE_LIMITS))
def test_template_is_in_order_and_plausible(kind: VitalKind) -> None:
    """Every limit of the template stands in order and within what its kind can measure."""
    limits = plans.TEMPLATE_LIMITS[kind]

    assert limits.faults() == []
    for value in (limits.floor, limits.alert_low, limits.warn_low, limits.warn_high, limits.alert_high, limits.ceiling):
        assert value is None or VITALS[kind].low <= value <= VITALS[kind].high


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        (Limits(alert_low=92, warn_low=91), "alert_low 92"),
        (Limits(warn_low=50, warn_high=50), "every value would warn"),
        (Limits(warn_high=120, alert_high=110), "warn_high 120"),
        (Limits(floor=90, alert_low=88), "floor 90"),
        (Limits(delay_s=-1), "delay_s"),
        (Limits(clear_by=-1), "clear_by"),
    ],
)
def test_h12_limits_out_of_order_are_named(limits: Limits, fault: str) -> None:
    """A limit on the wrong side of another is a fault in words."""
    assert any(fault in each for each in limits.faults())


def test_h13_what_a_plan_leaves_out_comes_from_the_template() -> None:
    """A plan that names one kind still watches all the others."""
    plan = plans.decode(3, '{"limits": {"spo2": {"alert_low": 85, "warn_low": 87}}}')

    assert plan.limits[VitalKind.SPO2].alert_low == 85
    assert plan.limits[VitalKind.HEART_RATE] == plans.TEMPLATE_LIMITS[VitalKind.HEART_RATE]
    assert plan.version == 3


def test_plan_survives_the_store() -> None:
    """What is encoded is decoded to the same."""
    plan = plans.template()

    assert plans.decode(1, plans.encode(plan)) == plan


@pytest.mark.parametrize(
    ("kept", "fault"),
    [
        ("[]", "Expected `object`"),
        ('{"news2_high": 99}', "news2_high 99"),
        ('{"news2_medium": 1000000000000000000000000000000}', "news2_medium 1000"),
        ('{"spo2_scale": 3}', "spo2_scale 3"),
        ('{"expected": {"spo2": 0}}', "spo2: expected every 0 s"),
        ('{"limits": {"spo2": {"delay_s": 1e300}}}', "delay_s 1e+300"),
        ('{"limits": {"spo2": {"alert_low": 92, "warn_low": 91}}}', "alert_low 92"),
    ],
)
def test_h13_plan_that_cannot_be_used_gives_way_to_the_template(kept: str, fault: str) -> None:
    """A slip that would turn a rule off or break it leaves the template in force, and is named."""
    plan, faults = plans.in_force(2, kept)

    assert plan == plans.template()
    assert any(fault in each for each in faults)


def test_good_plan_is_in_force() -> None:
    """A plan without faults is used as it is."""
    plan, faults = plans.in_force(3, '{"news2_high": 8, "limits": {"spo2": {"alert_low": 85, "warn_low": 87}}}')

    assert (plan.version, plan.news2_high, faults) == (3, 8, ())
