"""Saturation that falls although more oxygen is given: found when both are known, never guessed."""

from dataclasses import replace

import numpy as np
import pytest

from alerting.features import Batch
from alerting.rules import oxygen
from alerting.sentences import sentence
from alerting.told import judged_when
from alerting.tracks import Track, Verdict, row_of
from alerting.words import text
from tests.builders_alerting import a_plan
from tests.builders_trends import HOUR_S, START_S, a_series, a_stay, a_trend_batch, episodes
from ward.alerts import Priority, Role
from ward.evidence import old
from ward.plans import Support
from ward.vitals import VitalKind

SUPPORT = Support(spo2_fall=3.0, flow_rise=1.0, within_s=6 * HOUR_S)
TIMES = np.arange(0, 24 * HOUR_S, 60.0)
HOURLY = np.arange(0, 24 * HOUR_S, HOUR_S)


def given(falls_by: float, flow_by: float, *, at_h: float = 12, flow_at_h: float = 12) -> Batch:
    """Make a day of one stay: from an hour on the saturation is lower, from another on the flow higher."""
    saturation = 95 - falls_by * (at_h * HOUR_S <= TIMES)
    flow = 1 + flow_by * (flow_at_h * HOUR_S <= HOURLY)
    return a_trend_batch(
        [a_stay(a_plan(support=SUPPORT))],
        {VitalKind.SPO2: a_series((TIMES, saturation)), VitalKind.OXYGEN_FLOW: a_series((HOURLY, flow))},
    )


def judged(batch: Batch) -> Track:
    """Judge support."""
    return oxygen.judge(batch)[oxygen.SUPPORT]


def test_falling_on_more_oxygen_is_found() -> None:
    """Four points less on two litres more is found within the hour, at high priority, and once."""
    ((found_h, priority),) = episodes(judged(given(4, 2)))

    assert 12.5 < found_h <= 13.25
    assert priority == Priority.HIGH


@pytest.mark.parametrize("flow_by", [1.0, 1.1 - 0.1])
def test_exactly_what_the_plan_says_is_found(flow_by: float) -> None:
    """A fall of the plan's points on the plan's litre more is one, whatever binary rounding makes of it."""
    assert len(episodes(judged(given(3, flow_by)))) == 1


@pytest.mark.parametrize(("falls_by", "flow_by"), [(4, 0), (4, -1), (4, 0.5), (2, 2), (0, 2), (-2, 2)])
def test_only_both_together_are_found(falls_by: float, flow_by: float) -> None:
    """A fall without more oxygen, more oxygen without a fall, or too little of either, is not found here."""
    assert episodes(judged(given(falls_by, flow_by))) == []


def test_order_does_not_matter() -> None:
    """Oxygen that is raised after the fall, and does not help, is found when it is raised."""
    ((found_h, _),) = episodes(judged(given(4, 2, at_h=12, flow_at_h=14)))

    assert 14 <= found_h <= 14.5


def test_far_apart_is_not_found() -> None:
    """What lies further apart than the plan's time has nothing to do with each other."""
    assert episodes(judged(given(4, 2, at_h=4, flow_at_h=14))) == []


def _over(*, then_pct: float, flow_after: float = 3.0, by_h: float = 24.0) -> bool:
    """Tell whether a fall of four points on two litres more at twelve is over by an hour.

    From fourteen on the saturation is `then_pct`, and the flow `flow_after`.
    """
    back = 14 * HOUR_S
    saturation = np.where(back <= TIMES, then_pct, 95 - 4.0 * (12 * HOUR_S <= TIMES))
    flow = np.where(back <= HOURLY, flow_after, 1 + 2.0 * (12 * HOUR_S <= HOURLY))
    batch = a_trend_batch(
        [a_stay(a_plan(support=SUPPORT))],
        {VitalKind.SPO2: a_series((TIMES, saturation)), VitalKind.OXYGEN_FLOW: a_series((HOURLY, flow))},
    )
    found = judged(batch)
    told = np.flatnonzero(found.verdict >= Verdict.LOW)
    assert len(told)
    later = found.from_s[told[-1] :] <= START_S + by_h * HOUR_S
    return bool((later & (found.verdict[told[-1] :] == Verdict.QUIET)).any())


def test_fall_is_over_when_less_than_half_of_the_plan_s_is_left() -> None:
    """Of the plan's three points less than one and a half are left under what it was before: it is over."""
    over = [each for each in (91, 93.4, 93.5, 93.6, 95) if _over(then_pct=each, by_h=17)]

    assert over == [93.6, 95]


def test_h11_fall_is_not_over_because_time_passes() -> None:
    """Ten hours on, four beyond what the plan looks back, a fall is over only if half of the plan's is made up."""
    assert [each for each in (91, 92.4, 92.6, 93.6) if _over(then_pct=each)] == [92.6, 93.6]


def test_h11_oxygen_that_is_taken_back_makes_nothing_up() -> None:
    """As low as before on the litre of before is not over; as high as before on it is."""
    assert not _over(then_pct=91, flow_after=1.0)
    assert _over(then_pct=95, flow_after=1.0)


def test_h14_unknown_flow_is_not_air() -> None:
    """Where the flow was never told, or long ago, nothing is said."""
    batch = given(4, 2)
    stay = a_stay(a_plan(support=SUPPORT))
    never = a_trend_batch([stay], {VitalKind.SPO2: batch.series[VitalKind.SPO2]})
    once = a_trend_batch([stay], {**never.series, VitalKind.OXYGEN_FLOW: a_series(([0.0], [1.0]))})

    assert set(judged(never).verdict.tolist()) <= {Verdict.UNKNOWN}
    assert set(judged(once).verdict[judged(once).from_s > START_S + 13 * HOUR_S].tolist()) <= {Verdict.UNKNOWN}


def test_evidence_tells_both_flows() -> None:
    """Evidence tells the fall, and saturation and oxygen before and now: the numbers that the sentence compares."""
    batch = given(4, 2)
    track = judged(batch)
    evidence = oxygen.evidence(batch, oxygen.SUPPORT, row_of(track, int(np.argmax(track.verdict >= Verdict.LOW))))

    assert (evidence.params["flow_before"], evidence.params["flow_now"]) == (1.0, 3.0)
    before, now = ([each for each in evidence.inputs if each.role is role] for role in (Role.BEFORE, Role.JUDGED))
    assert [(each.kind, each.value) for each in before] == [("spo2", 95.0), ("oxygen_flow", 1.0)]
    assert [each.value for each in now if each.kind == "oxygen_flow"] == [3.0]
    assert before[0].value - now[0].value == pytest.approx(evidence.params["value"])
    assert "although the oxygen flow rose from 1.0 L/min to 3.0 L/min" in text(evidence.text_key, evidence.params, "en")


def test_h02_flow_that_was_old_is_told_as_old() -> None:
    """A flow that was raised eight hours before the saturation fell is named with its age in both languages."""
    falls = 95 - 4 * (TIMES >= 20 * HOUR_S)
    batch = a_trend_batch(
        [a_stay(a_plan(support=replace(SUPPORT, within_s=12 * HOUR_S)))],
        {
            VitalKind.SPO2: a_series((TIMES, falls)),
            VitalKind.OXYGEN_FLOW: a_series(([6 * HOUR_S, 12 * HOUR_S], [1, 3])),
        },
    )
    row = row_of(judged(batch), int(np.argmax(judged(batch).verdict >= Verdict.LOW)))
    evidence = judged_when(oxygen.evidence(batch, oxygen.SUPPORT, row), row.from_s)

    assert [(each.kind, round(age_s / HOUR_S, 2)) for each, age_s in old(evidence)] == [("oxygen_flow", 8.75)]
    assert sentence(evidence, "sv").endswith("; inte nya mätvärden: syrgasflöde 8 h")
    assert sentence(evidence, "en").endswith("; readings that were not new: oxygen flow 8 h")
