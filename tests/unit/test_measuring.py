"""The measuring schedule: a worse score is measured sooner, what is missing is due now, and devices follow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ward import measuring
from ward.measuring import Band, Score, Who
from ward.plan_checks import faults
from ward.plans import Goals, Plan, template
from ward.vitals import VitalKind

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
HOUR_S = 3600.0
PLAN = template()


def a_score(total: int, *, single: bool = False) -> Score:
    """A score of which everything is known."""
    return Score(total_min=total, total_max=total, single_three=single)


@pytest.mark.parametrize(
    ("score", "band", "every_s"),
    [
        (None, Band.ROUTINE, 12 * HOUR_S),
        (a_score(0), Band.ROUTINE, 12 * HOUR_S),
        (a_score(1), Band.LOW, 6 * HOUR_S),
        (a_score(4), Band.LOW, 6 * HOUR_S),
        (a_score(3, single=True), Band.SINGLE, HOUR_S),
        (a_score(5), Band.MEDIUM, HOUR_S),
        (a_score(6, single=True), Band.MEDIUM, HOUR_S),
        (a_score(7), Band.HIGH, HOUR_S / 4),
    ],
)
def test_interval_is_that_of_chart_4(score: Score | None, band: Band, every_s: float) -> None:
    """Twelve hours, four to six, one, one, continuous: by the trigger of the score (RCP, NEWS2, 2017, Chart 4)."""
    assert measuring.band(PLAN, score) is band
    assert measuring.every_s(PLAN, band) == every_s


@given(st.integers(0, 20), st.integers(0, 20), st.booleans())
def test_worse_is_never_measured_less_often(one: int, other: int, single: bool) -> None:  # noqa: FBT001 - drawn
    """Of two scores the higher one is measured at least as often."""
    often = [
        measuring.every_s(PLAN, measuring.band(PLAN, a_score(total, single=single))) for total in sorted((one, other))
    ]

    assert often[0] is not None
    assert often[1] is not None
    assert often[1] <= often[0]


def test_what_is_due_comes_first() -> None:
    """Pressure, temperature, alertness and oxygen have their times; what a device sends all the time has none."""
    last = {VitalKind.SYSTOLIC: NOON - timedelta(hours=5), VitalKind.TEMPERATURE: NOON - timedelta(hours=7)}
    due = measuring.schedule(PLAN, Band.LOW, last, {VitalKind.OXYGEN_FLOW}, NOON)
    found = {each.kind: (each.due_at - NOON, each.by) for each in due}

    assert due[0].kind is VitalKind.TEMPERATURE
    assert found == {
        VitalKind.TEMPERATURE: (timedelta(hours=-1), Who.PATIENT),
        VitalKind.CONSCIOUSNESS: (timedelta(0), Who.STAFF),
        VitalKind.OXYGEN_FLOW: (timedelta(0), Who.PATIENT),
        VitalKind.SYSTOLIC: (timedelta(hours=1), Who.PATIENT),
    }


def test_stale_input_is_due_now() -> None:
    """What the score has not got fresh is not waited for until its interval is over."""
    last = {VitalKind.SYSTOLIC: NOON - timedelta(hours=1)}
    due = measuring.schedule(PLAN, Band.ROUTINE, last, {VitalKind.SYSTOLIC}, NOON)

    assert next(each.due_at for each in due if each.kind is VitalKind.SYSTOLIC) == NOON


@pytest.mark.parametrize("plan", [replace(PLAN, remeasure=None), replace(PLAN, goals=Goals.COMFORT)])
def test_h33_comfort_care_and_plans_without_a_schedule_ask_for_nothing(plan: Plan) -> None:
    """Nobody who is cared for in comfort is asked to measure because of a score."""
    assert measuring.schedule(plan, Band.HIGH, {}, set(VitalKind), NOON) == ()
    assert measuring.told(plan, Band.HIGH, {"systolic": 900.0}) == {"systolic": 900.0}


def test_device_is_told_what_it_takes_and_no_more() -> None:
    """Of its own intervals those that the schedule decides change; a continuous signal keeps its own."""
    given_s = {"spo2": 5.0, "systolic": 900.0}

    assert measuring.told(PLAN, Band.MEDIUM, given_s) == {"spo2": 5.0, "systolic": HOUR_S}


def test_h12_schedule_that_goes_the_wrong_way_is_refused() -> None:
    """A plan by which a higher score would be measured less often cannot be saved."""
    asked = PLAN.remeasure
    assert asked is not None

    wrong = faults(replace(PLAN, remeasure=replace(asked, medium_s=12 * HOUR_S, low_s=HOUR_S)))
    assert [fault.path for fault in wrong] == ["remeasure"]
