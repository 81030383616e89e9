"""The life of an alert on a fake clock, with the real store and the real evaluation: what lasts, and what survives."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerting import apply
from tests.acceptance.timeline import CALM, START, Timeline
from ward.alerts import AlertId, Cause, Evidence, Family, Finding, Outcome, Priority
from ward.people import StaffId, StayId, TeamId
from ward.store import alerts
from ward.store.pool import connect

SPO2 = "limit.spo2.low"
LATE = "limit.heart_rate.high"


@pytest.fixture
def timeline(database_url: str) -> Iterator[Timeline]:
    """A patient in care since 00:00, nothing measured yet."""
    made = Timeline(database_url)
    yield made
    made.close()


def rings(timeline: Timeline, rule: str = SPO2) -> int:
    """Return how often people had to be told anew of the newest alert of a rule."""
    return sum(
        kind in {"raised", "worsened", "lapsed", "resumed", "returned", "released"} for kind in timeline.life(rule)
    )


def test_h10_flapping_value_rings_once(timeline: Timeline) -> None:
    """A saturation that goes up and down through its hard floor every minute is one alert that rings once."""
    timeline.vitals("01:00", spo2=97)
    for minute in range(1, 13, 2):
        timeline.at(f"{minute}:00").vital("spo2", 79).at(f"{minute + 1}:00").vital("spo2", 95)

    assert len(timeline.alerts(SPO2)) == rings(timeline) == 1
    timeline.expect("12:30", SPO2, recurrences=5, condition="clearing", signal="ringing")


def test_h05_what_was_closed_while_there_comes_back_in_bounded_time(timeline: Timeline) -> None:
    """Closed as false at 02:00 with the saturation still low, the next high alert comes at 32:00, not before."""
    timeline.vitals("02:00", spo2=79).resolve(SPO2, Outcome.FALSE_ALARM)
    timeline.vitals("31:00", spo2=79)
    assert len(timeline.alerts(SPO2)) == 1

    timeline.vitals("33:00", spo2=79).expect("33:00", SPO2, state="open", priority="high", rev=1)
    assert len(timeline.alerts(SPO2)) == 2


def test_closed_at_medium_comes_back_at_once_when_high(timeline: Timeline) -> None:
    """Who closed the medium alert has not seen the high one."""
    timeline.vitals("04:00", spo2=90).resolve(SPO2, Outcome.TRUE_ALARM)
    timeline.vitals("06:00", spo2=90)
    assert len(timeline.alerts(SPO2)) == 1

    timeline.vital("spo2", 79).expect("06:00", SPO2, state="open", priority="high", rev=1)


def test_closed_and_over_is_a_new_alert_the_next_time(timeline: Timeline) -> None:
    """After five minutes of good values, the next fall of the saturation is an alert of its own."""
    timeline.vitals("02:00", spo2=79).resolve(SPO2, Outcome.TRUE_ALARM)
    timeline.vitals("10:00", spo2=97).vital("spo2", 79)

    assert [alert.state for alert in timeline.alerts(SPO2)] == ["resolved", "open"]


def test_h09_forgotten_pause_ends_by_itself(timeline: Timeline) -> None:
    """A paused alert rings when its time is up, though nothing is heard of the patient at all."""
    timeline.vitals("02:00", spo2=79)
    timeline.act(SPO2, apply.Snooze, until=START + timedelta(minutes=12), reason="Duschar")

    timeline.expect("11:59", SPO2, signal="paused", state="acknowledged")
    timeline.expect("12:00", SPO2, signal="ringing", state="open")
    assert timeline.life(SPO2) == ["raised", "snoozed", "resumed"]


# What brings the alert into a state, and what time alone makes of it within the next hour.
STATES: dict[str, tuple[list[tuple[type, dict[str, object]]], list[str]]] = {
    "ringing": ([], ["raised"]),
    "acknowledged": ([(apply.Acknowledge, {})], ["raised", "acknowledged", "lapsed"]),
    "claimed": ([(apply.Claim, {})], ["raised", "claimed", "lapsed"]),
    "paused": (
        [(apply.Snooze, {"until": START + timedelta(minutes=10), "reason": "Duschar"})],
        ["raised", "snoozed", "resumed"],
    ),
    "offered": (
        [(apply.Offer, {"team_id": TeamId(1)})],
        ["raised", "offered", "returned"],
    ),
    "closed": (
        [(apply.Resolve, {"outcome": Outcome.TRUE_ALARM, "cause": Cause.DETERIORATION})],
        ["raised", "resolved"],
    ),
    "undone": ([(apply.Acknowledge, {}), (apply.Undo, {})], ["raised", "acknowledged", "undone"]),
}


@pytest.mark.parametrize("state", STATES)
def test_h21_every_timer_survives_the_worker(timeline: Timeline, state: str) -> None:
    """Killed in any state of an alert, another worker finds it as it was, and does what time alone does, once."""
    acts, life = STATES[state]
    timeline.vitals("02:00", spo2=79)
    for act, more in acts:
        timeline.act(SPO2, act, **more)
    before = timeline.alerts(SPO2)

    timeline.restart()._evaluate()
    assert timeline.alerts(SPO2) == before
    timeline.at("30:00").restart().at("40:00")
    assert timeline.life(SPO2) == life


def test_h21_hold_survives_the_worker(timeline: Timeline) -> None:
    """What a person has closed stays closed for another worker too."""
    timeline.vitals("02:00", spo2=79).resolve(SPO2, Outcome.FALSE_ALARM)
    timeline.restart().vitals("20:00", spo2=79)

    assert [alert.state for alert in timeline.alerts(SPO2)] == ["resolved"]


def _over(began_at: datetime, ended_at: datetime, *, repeats: int = 0) -> Finding:
    """Find what was there in the patient's past, and is over."""
    return Finding(
        stay_id=StayId(1),
        rule=LATE,
        family=Family.CLINICAL,
        priority=Priority.HIGH,
        began_at=began_at,
        due_at=began_at,
        evidence=Evidence(rule_version=1, text_key="limit.high", params={}, inputs=()),
        repeats=repeats,
        ended_at=ended_at,
    )


def _find(timeline: Timeline, finding: Finding) -> None:
    async def settle() -> None:
        async with timeline.conn.transaction():
            known = await alerts.in_force(timeline.conn, [finding.stay_id])
            await apply.settle(timeline.conn, known, [finding], timeline.clock.now())

    timeline.run(settle())


def test_h20_three_hours_that_come_at_once_ring_nobody(timeline: Timeline) -> None:
    """What was there in a burst of late readings, and is over, is one silent alert, however often it is found."""
    timeline.at("3:00:00")
    for _ in range(3):
        _find(timeline, _over(START + timedelta(minutes=20), START + timedelta(minutes=50), repeats=39))

    timeline.expect("3:00:00", LATE, signal="silent", condition="cleared", state="open", rev=1, recurrences=39)
    timeline.act(LATE, apply.Acknowledge).expect("3:00:00", LATE, state="resolved")
    _find(timeline, _over(START + timedelta(minutes=30), START + timedelta(minutes=40)))
    assert len(timeline.alerts(LATE)) == 1


def test_h20_what_is_still_there_rings_once(timeline: Timeline) -> None:
    """An hour of late readings with a fast heart, the newest still fast, is one alert that rings once."""
    timeline.at("3:00:00")
    _find(timeline, _over(START + timedelta(minutes=20), START + timedelta(minutes=50)))
    for minute in range(9, 0, -1):
        timeline.vital("heart_rate", 150, ago=f"{minute}:00")

    timeline.expect("3:00:00", LATE, signal="ringing", condition="present", state="open")
    assert timeline.life(LATE) == ["raised", "recurred"]
    assert len(timeline.alerts(LATE)) == 1


def test_h20_late_and_worse_is_not_lost_when_somebody_acts_in_the_same_pass(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A late reading beyond the hard bound, and a nurse who acknowledges while it is judged: both count."""
    low = "limit.spo2.low"
    timeline.vitals("10:00", every_s=30, **{**CALM, "spo2": 89})
    assert timeline.alert(low).priority == "medium"
    settle = apply.settle

    async def acts_meanwhile(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr("alerting.due.apply.settle", settle)
        async with await connect(timeline.url, "nurse") as nurse:
            seen = timeline.alert(low)
            await apply.apply_event(
                nurse, AlertId(seen.alert_id), apply.Acknowledge(by=StaffId(1), rev=seen.rev), timeline.clock.now()
            )
        return await settle(*given, **named)

    timeline.at("10:10")
    monkeypatch.setattr("alerting.due.apply.settle", acts_meanwhile)
    timeline.vital("spo2", 75, ago="05:00").at("10:11")

    worst = timeline.sql.execute("select worst from alert where rule = %s", (low,)).fetchone()
    assert worst == (3,)
    assert timeline.life(low).count("acknowledged") == 1
    assert timeline.alert(low).signal == "ringing"
