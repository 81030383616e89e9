"""Why somebody may be needed over free days: each reason by itself, their points, and that gaps are no comfort."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ward.duty.coverage import Cell, Colour
from ward.people import StaffId, TeamId
from ward.plans import Order
from ward.weekend import _WORDS, POINTS, Facts, Reason, reasons, risk

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DORA = StaffId(7)
UNTIL = datetime(2026, 11, 23, 7, tzinfo=UTC)
QUIET = Facts(
    score_high=2,
    score_high_before=2,
    single_three=False,
    missing=0,
    open_alerts=0,
    worst_open=0,
    alerts_lately=0,
    worn=1,
    online=1,
    battery_pct=90,
    plan_change_at=None,
    order=None,
    waiting=0,
    answered_at=NOW - timedelta(hours=5),
    medications=0,
    open_reports=0,
    remind_at=None,
    has_next_step=True,
)


def ordered(until: datetime, doctor_id: StaffId | None = DORA) -> Order:
    """Return an order of scale 2 that runs out then."""
    at = NOW - timedelta(days=30)
    return Order(doctor="Dora Provläkare", doctor_id=doctor_id, ordered_at=at, expires_at=until)


def cell(colour: Colour) -> Cell:
    """Free days with one team."""
    return Cell(from_at=NOW, until=UNTIL, team_id=TeamId(1), on_call=None, colour=colour)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (QUIET, set()),
        (replace(QUIET, score_high=7), {Reason.NEWS2_HIGH, Reason.TREND}),
        (replace(QUIET, score_high=5, score_high_before=None), {Reason.NEWS2_MEDIUM}),
        (replace(QUIET, score_high=4, score_high_before=4, single_three=True), {Reason.NEWS2_SINGLE}),
        (replace(QUIET, score_high=None), {Reason.NEWS2_UNKNOWN}),
        (replace(QUIET, score_high=3), set()),
        (replace(QUIET, missing=3), {Reason.INPUTS_MISSING}),
        (replace(QUIET, open_alerts=1, worst_open=3), {Reason.ALERT_HIGH}),
        (replace(QUIET, open_alerts=2, worst_open=2), {Reason.ALERT_OPEN}),
        (replace(QUIET, alerts_lately=3), {Reason.ALERTS_MANY}),
        (replace(QUIET, worn=0, online=0, battery_pct=None), {Reason.NO_DEVICE}),
        (replace(QUIET, online=0), {Reason.OFFLINE}),
        (replace(QUIET, battery_pct=50), {Reason.BATTERY_LOW}),
        (replace(QUIET, battery_pct=20), {Reason.BATTERY_EMPTY}),
        (replace(QUIET, plan_change_at=UNTIL - timedelta(hours=1)), {Reason.PLAN_EXPIRES}),
        (replace(QUIET, plan_change_at=UNTIL), set()),
        (replace(QUIET, waiting=1), {Reason.PLAN_WAITS}),
        (replace(QUIET, order=ordered(UNTIL)), set()),
        (replace(QUIET, order=ordered(UNTIL - timedelta(hours=1))), {Reason.ORDER_EXPIRES}),
        (replace(QUIET, order=ordered(NOW)), {Reason.ORDER_OVER}),
        (replace(QUIET, order=ordered(UNTIL, doctor_id=None)), {Reason.ORDER_UNNAMED}),
        (replace(QUIET, answered_at=NOW - timedelta(hours=27)), {Reason.ANSWERS_MISSING}),
        (replace(QUIET, answered_at=None), set()),
        (replace(QUIET, medications=1), {Reason.MEDICATION}),
        (replace(QUIET, open_reports=1), {Reason.REPORT_OPEN}),
        (replace(QUIET, remind_at=NOW + timedelta(days=1)), {Reason.REMINDER}),
        (replace(QUIET, has_next_step=False), {Reason.NO_NEXT_STEP}),
    ],
)
def test_each_reason_is_found_by_itself(facts: Facts, expected: set[Reason]) -> None:
    """What is known of a patient gives its own reasons and no other."""
    assert {each.reason for each in reasons(facts, [cell(Colour.FALLBACK)], UNTIL, NOW)} == expected


def test_hours_without_anybody_weigh_more_than_a_low_battery() -> None:
    """Reasons come weightiest first, each in words with its time on the wall, and their points add up."""
    found = reasons(replace(QUIET, battery_pct=30), [cell(Colour.NOBODY)], UNTIL, NOW)

    assert [each.reason for each in found] == [Reason.NO_COVER, Reason.BATTERY_LOW]
    assert found[0].sv == "ingen kan nås från 2026-11-20 13:00"
    assert risk(found) == POINTS[Reason.NO_COVER] + POINTS[Reason.BATTERY_LOW]


def test_missing_data_are_no_comfort() -> None:
    """A patient of whom nothing is known comes before one who is known to be a little ill."""
    unknown = replace(QUIET, score_high=None, score_high_before=None, worn=0, online=0, battery_pct=None)
    ill = replace(QUIET, score_high=5, score_high_before=5)

    assert risk(reasons(unknown, [], UNTIL, NOW)) > risk(reasons(ill, [], UNTIL, NOW))


def test_every_reason_has_points_and_words() -> None:
    """No reason is without points above nought, or without words in both languages."""
    assert set(POINTS) == set(_WORDS) == set(Reason)
    assert min(POINTS.values()) > 0
