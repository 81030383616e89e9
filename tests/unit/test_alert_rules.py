"""What the rules observe in one stay, and when they ask to be asked again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting import words
from alerting.evaluate import LOOK_AGAIN_S, Evaluation, evaluate, look_back
from alerting.features import Batch, moment
from alerting.observed import Quiet
from alerting.rules import news2_alerts
from tests.builders_alerting import NOW_S, a_batch, a_device, a_plan, an_alert
from ward import plan_documents
from ward.alerts import Alert, Finding, Priority, Role
from ward.evidence import age_s
from ward.plans import Limits, template
from ward.vitals import VitalKind

SPO2, HR, RR = VitalKind.SPO2, VitalKind.HEART_RATE, VitalKind.RESP_RATE
LOW = "limit.spo2.low"


def told(observed: Evaluation, rule: str) -> Finding | Quiet | None:
    """Return what was observed of a rule."""
    found = [each for each in observed.observations if each.rule == rule]
    assert len(found) < 2
    return found[0] if found else None


def judged(rule: str, looked_at: Batch) -> str:
    """Say in a word what is observed of a rule."""
    found = told(evaluate(looked_at, NOW_S), rule)
    if isinstance(found, Finding):
        return found.priority.name.lower()
    return "quiet" if found else "unknown"


@pytest.mark.parametrize(
    ("samples", "word"),
    [
        ([(SPO2, 60, 90)], "medium"),
        ([(SPO2, 59, 90)], "unknown"),
        ([(SPO2, 60, 87)], "high"),
        ([(SPO2, 60, 90), (SPO2, 59, 87)], "medium"),
        ([(SPO2, 0, 79)], "high"),
        ([(SPO2, 120, 90), (SPO2, 10, 91)], "medium"),
        ([(SPO2, 120, 90), (SPO2, 10, 92)], "unknown"),
        ([(SPO2, 599, 90)], "medium"),
        ([(SPO2, 600, 90)], "unknown"),
        ([(SPO2, 60, 91)], "unknown"),
    ],
)
def test_limit_speaks_after_its_delay(samples: list[tuple[VitalKind, float, float]], word: str) -> None:
    """A violation speaks when its delay has run out, until it is well inside again or its value is stale."""
    assert judged(LOW, a_batch(*samples)) == word


@pytest.mark.parametrize(
    ("samples", "word"),
    [
        ([(SPO2, 300, 87), (SPO2, 10, 88.5)], "high"),
        ([(SPO2, 300, 87), (SPO2, 10, 89)], "medium"),
        ([(SPO2, 300, 90), (SPO2, 10, 91.5)], "medium"),
        ([(SPO2, 600, 90), (SPO2, 10, 91.5)], "quiet"),
        ([(SPO2, 10, 92)], "quiet"),
        ([], "unknown"),
        ([(SPO2, 700, 97)], "unknown"),
    ],
)
def test_limit_goes_on_until_it_certainly_is_over(samples: list[tuple[VitalKind, float, float]], word: str) -> None:
    """Between the limit and its clearing point the last word stands for as long as a value; then it is over."""
    assert judged(LOW, a_batch(*samples, alerts=(an_alert(LOW),))) == word


def test_alert_that_began_within_the_window_is_found_by_its_readings() -> None:
    """What was there before an alert began does not belong to it, even where the alert is already open."""
    samples = [(SPO2, 170, 91.5), (SPO2, 30, 90)]
    looked_at = a_batch(*samples, alerts=(an_alert(LOW, began_ago_s=30),))
    found = evaluate(looked_at, NOW_S)

    assert told(found, LOW) is None
    assert found.next_s[0] == NOW_S + 30


def test_limit_asks_again_when_its_delay_runs_out() -> None:
    """A violation that is waiting for its delay is looked at when that is over."""
    observed = evaluate(a_batch((SPO2, 20, 90)), NOW_S)

    assert observed.next_s[0] == NOW_S + 40


def test_evidence_holds_the_worst_value_and_the_limit() -> None:
    """The finding tells the worst reading of the violation, its limit, how long that had to last, and since when."""
    found = told(evaluate(a_batch((SPO2, 100, 86), (SPO2, 50, 84), (SPO2, 5, 87)), NOW_S), LOW)

    assert isinstance(found, Finding)
    assert found.evidence.params == {"kind": "spo2", "value": 84, "limit": 88, "unit": "%", "duration_s": 60}
    assert [(each.kind, each.value, each.quality, each.role) for each in found.evidence.inputs] == [
        ("spo2", 86, 0.9, Role.SINCE),
        ("spo2", 84, 0.9, Role.JUDGED),
    ]
    assert [age_s(found.evidence, each) for each in found.evidence.inputs] == [60, 10]
    assert (NOW_S - found.began_at.timestamp(), NOW_S - found.due_at.timestamp()) == (100, 40)


def test_evidence_of_a_filtered_limit_is_the_median_that_was_judged() -> None:
    """One count of 34 among many of 23 is not what rang at 22; beyond the hard bound it is, as it was measured."""
    counted = [(RR, ago, 34 if ago == 150 else 23) for ago in range(600, 0, -15)]
    found = told(evaluate(a_batch(*counted), NOW_S), "limit.resp_rate.high")
    hard = told(evaluate(a_batch(*counted, (RR, 0, 36)), NOW_S), "limit.resp_rate.high")

    assert isinstance(found, Finding)
    assert isinstance(hard, Finding)
    assert (found.priority, found.evidence.params["value"], found.evidence.params["limit"]) == (Priority.MEDIUM, 23, 22)
    assert (found.evidence.params["median_s"], [each.value for each in found.evidence.inputs]) == (180, [23, 23])
    assert (hard.priority, hard.evidence.params["value"], hard.evidence.params["limit"]) == (Priority.HIGH, 36, 35)
    assert hard.evidence.hard
    assert "median_s" not in hard.evidence.params


def test_filtered_alert_gets_worse_by_its_median_alone() -> None:
    """A single count of 34 makes nothing of an alert of 23; minutes of 25 do, and the words say the median."""
    usual = [(RR, ago, 23) for ago in range(900, 100, -15)]
    alert = an_alert("limit.resp_rate.high", Priority.MEDIUM, began_ago_s=600)
    known = told(evaluate(a_batch(*usual), NOW_S), "limit.resp_rate.high")
    assert isinstance(known, Finding)
    there = replace(alert, evidence=known.evidence)
    calm = told(evaluate(a_batch(*usual, (RR, 50, 34), (RR, 5, 23), alerts=(there,)), NOW_S), "limit.resp_rate.high")
    later = [(RR, ago, 25) for ago in range(100, -1, -5)]
    worse = told(evaluate(a_batch(*usual, *later, alerts=(there,)), NOW_S), "limit.resp_rate.high")

    assert isinstance(calm, Finding)
    assert isinstance(worse, Finding)
    assert (calm.renews, calm.evidence) == (False, known.evidence)
    assert (worse.renews, worse.evidence.params["value"]) == (True, 25)


def test_limit_that_was_taken_away_lets_its_alert_clear() -> None:
    """An alert of a limit that the plan no longer has does not stay for ever."""
    plan = a_plan(limits={SPO2: Limits()})

    assert judged(LOW, a_batch((SPO2, 5, 70), plan=plan, alerts=(an_alert(LOW),))) == "quiet"


@pytest.mark.parametrize("programme", plan_documents.names())
def test_patient_who_does_not_respond_is_told_at_once_in_every_programme(programme: str) -> None:
    """U is beyond the hard bound: no delay, no score to wait for, and words that no letter turns around."""
    found = evaluate(a_batch((VitalKind.CONSCIOUSNESS, 0, 4), plan=template(programme)), NOW_S)
    said = told(found, "limit.consciousness.high")

    assert isinstance(said, Finding)
    assert (said.priority, said.evidence.text_key) == (Priority.HIGH, "limit.consciousness")
    assert words.text("limit.consciousness", said.evidence.params, "sv") == "Medvetandegrad U, sämre än gränsen P"
    assert judged("limit.consciousness.high", a_batch((VitalKind.CONSCIOUSNESS, 0, 3))) != "high"


WELL = [
    (RR, 330, 16), (SPO2, 330, 97), (HR, 330, 70), (VitalKind.SYSTOLIC, 330, 125), (VitalKind.TEMPERATURE, 330, 37),
    (VitalKind.CONSCIOUSNESS, 330, 0), (VitalKind.OXYGEN_FLOW, 330, 0),
]  # fmt: skip


def changed(*samples: tuple[VitalKind, float, float]) -> list[tuple[VitalKind, float, float]]:
    """Return the calm patient with some kinds measured otherwise."""
    kinds = {kind for kind, _, _ in samples}
    return [*(each for each in WELL if each[0] not in kinds), *samples]


@pytest.mark.parametrize(
    ("samples", "word"),
    [
        (WELL, "unknown"),
        (changed((RR, 330, 25), (HR, 330, 115)), "medium"),
        (changed((RR, 330, 25), (HR, 330, 135), (SPO2, 330, 95)), "high"),
        (changed((RR, 330, 25), (HR, 330, 70), (HR, 50, 115)), "unknown"),
        (changed((RR, 330, 25), (HR, 330, 115), (HR, 30, 70), (HR, 20, 115)), "unknown"),
        ([(RR, 330, 25), (HR, 330, 115)], "medium"),
        ([(RR, 330, 25)], "unknown"),
    ],
)
def test_news2_rings_on_what_is_certain_and_lasts(samples: list[tuple[VitalKind, float, float]], word: str) -> None:
    """The total speaks when its lower end has been at the threshold for minutes; what is unknown adds nothing."""
    assert judged(news2_alerts.TOTAL, a_batch(*samples)) == word


@pytest.mark.parametrize(
    ("samples", "word"),
    [
        (WELL, "quiet"),
        (changed((HR, 30, 70)), "quiet"),
        ([each for each in WELL if each[0] is not VitalKind.CONSCIOUSNESS], "quiet"),
        ([each for each in changed((RR, 330, 21)) if each[0] is not VitalKind.CONSCIOUSNESS], "quiet"),
        (changed((SPO2, 700, 90)), "quiet"),
        (changed((SPO2, 700, 90), (RR, 330, 21)), "unknown"),
        (changed((RR, 330, 25), (HR, 330, 115)), "medium"),
    ],
)
def test_h14_news2_clears_only_when_it_certainly_is_over(
    samples: list[tuple[VitalKind, float, float]], word: str
) -> None:
    """An input that went stale counts with all it could give; one never measured does not hold an alert."""
    looked_at = a_batch(*samples, alerts=(an_alert(news2_alerts.TOTAL),))

    assert judged(news2_alerts.TOTAL, looked_at) == word


def test_news2_high_alert_does_not_ease_on_missing_inputs() -> None:
    """A high total that may still be high is not eased because an input went stale."""
    samples = changed((RR, 330, 25), (HR, 330, 115), (SPO2, 700, 91))

    assert judged(news2_alerts.TOTAL, a_batch(*samples)) == "medium"
    held = a_batch(*samples, alerts=(an_alert(news2_alerts.TOTAL),))
    assert judged(news2_alerts.TOTAL, held) == "unknown"


def test_news2_thresholds_the_wrong_way_round_leave_no_gap() -> None:
    """A plan whose medium threshold lies above the high one still rings at the lower of them."""
    plan = a_plan(news2_medium=9, news2_high=5)
    looked_at = a_batch(*changed((RR, 330, 25), (HR, 330, 115)), plan=plan)

    assert judged(news2_alerts.TOTAL, looked_at) == "high"


def test_single_three_speaks_unless_the_total_does() -> None:
    """A three in one parameter is an alert of its own below the total's threshold."""
    alone = a_batch(*changed((RR, 330, 25)))
    within = a_batch(*changed((RR, 330, 25), (HR, 330, 115)))
    over = a_batch(*WELL, alerts=(an_alert(news2_alerts.ONE),))

    assert judged(news2_alerts.ONE, alone) == "medium"
    assert judged(news2_alerts.ONE, within) == "unknown"
    assert judged(news2_alerts.ONE, over) == "quiet"


def test_news2_asks_again_before_it_would_ring() -> None:
    """Points that have not lasted long enough are looked at within the time that they still need."""
    observed = evaluate(a_batch(*changed((RR, 330, 25), (HR, 330, 70), (HR, 20, 115))), NOW_S)

    assert NOW_S + 40 <= observed.next_s[0] <= NOW_S + 160


@pytest.mark.parametrize(("ago_s", "word"), [(599.999, "unknown"), (600, "medium"), (5000, "medium")])
def test_h01_silence_is_told_at_the_stale_time(ago_s: float, word: str) -> None:
    """A signal is silent from the instant that its last value is stale."""
    assert judged("nodata.spo2", a_batch((SPO2, ago_s, 97))) == word


def test_h01_silence_counts_from_when_the_device_was_given() -> None:
    """A signal that never came is silent for as long as it could have come."""
    assert judged("nodata.spo2", a_batch(watched_s=599)) == "unknown"
    assert judged("nodata.spo2", a_batch(watched_s=600)) == "medium"
    assert evaluate(a_batch(watched_s=500), NOW_S).next_s[0] == NOW_S + 100


def test_device_that_promises_less_may_be_silent_longer() -> None:
    """A plan that expects a reading every half hour waits for two of them."""
    plan = a_plan(expected={SPO2: 1800.0})

    assert judged("nodata.spo2", a_batch((SPO2, 3599, 97), plan=plan)) == "unknown"
    assert judged("nodata.spo2", a_batch((SPO2, 3600, 97), plan=plan)) == "medium"


def test_silence_that_ended_is_quiet() -> None:
    """A signal that came back lets its alert clear."""
    looked_at = a_batch((SPO2, 5, 97), alerts=(an_alert("nodata.spo2"),))

    assert judged("nodata.spo2", looked_at) == "quiet"


@pytest.mark.parametrize(
    ("percent", "word"),
    [(15, "low"), (15.1, "unknown"), (5, "medium"), (19.9, "unknown"), (20, "quiet"), (None, "quiet")],
)
def test_battery_has_two_levels_and_hysteresis(percent: float | None, word: str) -> None:
    """A low battery speaks from fifteen per cent, more from five, and clears from twenty."""
    alerts = (an_alert("battery", Priority.LOW),)
    looked_at = a_batch(devices=(a_device(battery_pct=percent),), alerts=alerts)

    assert judged("battery", looked_at) == word


def test_offline_is_told_after_two_minutes() -> None:
    """A device that has just gone is given time to come back."""
    away = a_batch(devices=(a_device(online=False, changed_ago_s=119),))

    assert judged("offline", away) == "unknown"
    assert evaluate(away, NOW_S).next_s[0] == NOW_S + 1
    assert judged("offline", a_batch(devices=(a_device(online=False, changed_ago_s=120),))) == "low"
    alerts = (an_alert("offline", Priority.LOW),)
    assert judged("offline", a_batch(devices=(a_device(),), alerts=alerts)) == "quiet"
    assert judged("offline", a_batch(devices=(a_device(online=False, changed_ago_s=60),), alerts=alerts)) == "unknown"


def test_h01_every_device_that_is_offline_is_named() -> None:
    """Of three devices two are away: both are named, and one that goes after the alert was raised is news."""
    away = [replace(a_device(online=False, changed_ago_s=ago_s), device_id=f"hv-{ago_s}") for ago_s in (300, 500)]
    devices = (a_device(), *away)

    def offline(*alerts: Alert) -> Finding:
        found = told(evaluate(a_batch(devices=devices, alerts=alerts), NOW_S), "offline")
        assert isinstance(found, Finding)
        return found

    both = offline()
    first = replace(an_alert("offline", Priority.LOW), evidence=replace(both.evidence, params={"device_id": "hv-500"}))

    assert (both.evidence.text_key, both.evidence.params["devices"]) == ("offline.several", "hv-500, hv-300")
    assert both.began_at == moment(NOW_S - 500)
    assert offline(first).renews
    assert not offline(replace(first, evidence=both.evidence)).renews


def test_stay_without_anything_to_wait_for_is_looked_at_anyway() -> None:
    """The next look is never further away than the sweep."""
    silent = evaluate(a_batch(), NOW_S)

    assert silent.next_s[0] == pytest.approx(NOW_S + LOOK_AGAIN_S, abs=1e-5)


@given(st.lists(st.integers(0, 700_000) | st.integers(0, 900_000_000), min_size=1, max_size=3))
def test_evaluating_at_the_next_instant_always_moves_on(ago_us: list[int]) -> None:
    """Looking again exactly when it was asked for never asks for the same instant, whatever the binary fractions."""
    plan = a_plan(limits={HR: Limits(alert_high=130, delay_s=0.7)})
    samples = ((kind, ago / 1e6, 150.0) for kind, ago in zip((HR, RR, SPO2), ago_us, strict=False))
    looked_at = a_batch(*samples, plan=plan)
    now_s = NOW_S
    for _ in range(6):
        next_s = float(evaluate(looked_at, now_s).next_s[0])
        assert round(next_s * 1e6) > round(now_s * 1e6)
        now_s = round(next_s * 1e6) / 1e6


def test_look_back_covers_every_delay() -> None:
    """The readings reach back further than the longest delay of the plan."""
    plan = a_plan(limits={**template().limits, SPO2: Limits(alert_low=88, delay_s=900)})

    assert look_back(plan)[SPO2] >= 900


def test_h17_implausible_value_asks_for_a_look_until_a_plausible_one_comes() -> None:
    """A newest value outside what is plausible raises "check" at once, and the next good one ends it."""
    doubted = ((SPO2, 5.0, 20.0),)
    alerts = (an_alert("check.spo2", Priority.MEDIUM),)

    assert judged("check.spo2", a_batch(implausible=doubted)) == "medium"
    assert judged("check.spo2", a_batch(alerts=alerts)) == "quiet"


@pytest.mark.parametrize(
    ("ahead_s", "word"),
    [
        (None, "quiet"),
        (0.0, "quiet"),
        (30.0, "quiet"),
        (31.0, "low"),
        (300.0, "low"),
        (301.0, "medium"),
        (-299.0, "quiet"),
        (-301.0, "low"),
    ],
)
def test_h08_wrong_clock_is_told(ahead_s: float | None, word: str) -> None:
    """A clock more than half a minute ahead, or surely five minutes behind, is told; louder where it is refused."""
    devices = (replace(a_device(), ahead_s=ahead_s),)

    assert judged("clock", a_batch(devices=devices, alerts=(an_alert("clock"),))) == word
