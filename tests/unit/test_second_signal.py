"""A doubtful fall of SpO2 waits to be measured again: shortly, visibly, and never where it is of high priority."""

from dataclasses import replace

import pytest

from alerting.evaluate import evaluate
from alerting.rules.second_signal import SECOND, look_back
from alerting.words import text
from tests.builders_alerting import NOW_S, Sample, a_batch, a_plan
from ward.alerts import Family, Finding, Priority
from ward.plan_checks import faults
from ward.plans import Limits, Night, Plan, SecondSignal
from ward.vitals import VitalKind

LOW = "limit.spo2.low"
DELAY_S, WAIT_S = 20.0, 60.0
ASKED = SecondSignal(wait_s=WAIT_S, quality_below=0.7, heart_rate_within=8, resp_rate_within=3)
PLAN = a_plan(
    limits={VitalKind.SPO2: Limits(alert_low=86, warn_low=91, delay_s=DELAY_S, floor=80)}, second_signal=ASKED
)


def spo2(fell_ago_s: float, value: float = 89.0, quality: float = 0.5) -> list[Sample]:
    """Good values, and from so long ago on a low one every ten seconds, of some quality."""
    good = [(VitalKind.SPO2, fell_ago_s + ago, 97.0) for ago in range(10, 130, 10)]
    count = round(fell_ago_s / 10) + 1
    return [*good, *((VitalKind.SPO2, fell_ago_s - 10 * number, value, quality) for number in range(count))]


def others(heart_rate: float = 72.0, resp_rate: float = 15.0, before: float = 72.0) -> list[Sample]:
    """Heart rate and breathing every minute, as they were `before` until a while ago and as they are since."""
    samples: list[Sample] = []
    for ago in range(0, 900, 60):
        samples.append((VitalKind.HEART_RATE, ago, before if ago > 200 else heart_rate))
        samples.append((VitalKind.RESP_RATE, ago, 15.0 if ago > 200 else resp_rate))
    return samples


def found(samples: list[Sample], plan: Plan = PLAN) -> dict[str, Finding]:
    """What is found now, by rule."""
    observed = evaluate(a_batch(*samples, plan=plan), NOW_S).observations
    return {each.rule: each for each in observed if isinstance(each, Finding)}


def test_h16_doubtful_fall_waits_visibly() -> None:
    """A poor reading below the warning, with pulse and breathing as before, asks for another measurement."""
    seen = found([*spo2(40), *others()])

    assert LOW not in seen
    assert (seen[SECOND].family, seen[SECOND].priority) == (Family.TECHNICAL, Priority.LOW)
    assert "mäts om" in text(SECOND, seen[SECOND].evidence.params, "sv")


def test_h11_it_waits_no_longer_than_the_plan_says() -> None:
    """A fall that is still there after its delay and the wait rings, dated from when it began."""
    assert LOW not in found([*spo2(70), *others()])
    seen = found([*spo2(80), *others()])

    assert seen[LOW].priority is Priority.MEDIUM
    assert seen[LOW].began_at.timestamp() == NOW_S - 80
    assert SECOND not in seen


def test_edges_of_doubt_are_those_of_the_plan() -> None:
    """A change of exactly so many is none yet, and a quality of exactly the bound is good enough to ring."""
    assert LOW not in found([*spo2(40), *others(heart_rate=80, resp_rate=18)])
    assert LOW in found([*spo2(40), *others(heart_rate=81)])
    assert LOW in found([*spo2(40), *others(resp_rate=19)])
    assert LOW in found([*spo2(40, quality=0.7), *others()])


@pytest.mark.parametrize(
    ("samples", "priority"),
    [
        ([*spo2(40, value=85), *others()], Priority.HIGH),
        ([*spo2(10, value=79), *others()], Priority.HIGH),
        ([*spo2(40, quality=0.9), *others()], Priority.MEDIUM),
        ([*spo2(40), *others(heart_rate=90)], Priority.MEDIUM),
        ([*spo2(40), *others(resp_rate=22)], Priority.MEDIUM),
        (spo2(40), Priority.MEDIUM),
    ],
    ids=["alarm limit", "hard floor", "good reading", "pulse changed", "breathing changed", "nothing to compare with"],
)
def test_h11_what_is_certain_or_urgent_does_not_wait(samples: list[Sample], priority: Priority) -> None:
    """Beyond the alarm limit, by a good reading, or with another sign of it: it rings after its own delay."""
    seen = found(samples)

    assert seen[LOW].priority is priority
    assert SECOND not in seen


def test_plan_without_a_second_signal_does_not_wait() -> None:
    """It can be switched off."""
    seen = found([*spo2(40), *others()], replace(PLAN, second_signal=None))

    assert seen[LOW].priority is Priority.MEDIUM
    assert SECOND not in seen


def test_h12_plan_cannot_wait_for_long() -> None:
    """A plan that would wait for minutes is refused."""
    long = replace(a_plan(), second_signal=replace(ASKED, wait_s=300))

    assert [fault.path for fault in faults(long)] == ["second_signal.wait_s"]


def test_night_that_waits_longer_is_looked_back_upon_for_as_long() -> None:
    """The second signals are read from before a fall as old as the longer delay, by day or by night."""
    longer = replace(PLAN.limits[VitalKind.SPO2], delay_s=600)
    night = Night(begins=22 * 60, ends=6 * 60, limits={VitalKind.SPO2: longer})
    by_day, by_night = look_back(PLAN), look_back(replace(PLAN, night=night))

    assert {kind: by_night[kind] - back_s for kind, back_s in by_day.items()} == dict.fromkeys(by_day, 600 - DELAY_S)
