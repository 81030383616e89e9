"""A back-test's report: each plan is judged as it would be alone, whatever it is compared with."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from alerting.backtest import Known, Raised
from alerting.backtest_read import Part, Question, tried_at
from alerting.backtest_report import Reporter
from alerting.features import Series
from alerting.suggestions import Change, judged, ranked
from tests.builders_alerting import a_plan
from ward.backtests import PlanTally, Report, Suggestion
from ward.overlays import Origin, effective
from ward.people import PatientId, StayId
from ward.plans import Goals, Limits, Plan, build, template
from ward.vitals import VitalKind

FROM = datetime(2026, 11, 2, tzinfo=UTC)
PERIOD = FROM, FROM + timedelta(days=1)
STAY = StayId(1)
PULSE, SPO2 = VitalKind.HEART_RATE, VitalKind.SPO2
PLANS = st.builds(
    lambda high, delay_s, median_s, night: a_plan(
        limits={PULSE: Limits(warn_high=high, alert_high=180, delay_s=delay_s, median_s=median_s)}, night=night
    ),
    st.integers(80, 160).map(float),
    st.sampled_from((0.0, 120.0)),
    st.sampled_from((0.0, 180.0, 300.0)),
    st.sampled_from((None, template().night)),
)


def limited(high: float) -> Plan:
    """A plan with one limit of the heart rate."""
    return a_plan(limits={PULSE: Limits(warn_high=high, alert_high=180)}, night=None)


def report(
    candidate: Plan, in_force: Plan, values: list[float], *, suggest: bool = False, ended: datetime | None = None
) -> Report:
    """What comes of pulses a minute apart, the last of them held all day, and of saturations as far from 200."""
    at_s = np.arange(FROM.timestamp(), PERIOD[1].timestamp(), 60.0)
    value = np.full(len(at_s), values[-1])
    value[: len(values)] = values
    offsets = np.array([0, len(at_s)])
    series = {
        kind: Series(t_s=at_s, value=each, quality=np.full(len(at_s), 0.9), offsets=offsets)
        for kind, each in ((PULSE, value), (SPO2, np.minimum(200 - value, 97)))
    }
    asked = Question(
        stays=(STAY,),
        patients={STAY: PatientId(1)},
        period=PERIOD,
        candidate={STAY: candidate},
        in_force={STAY: in_force},
        watched={STAY: FROM},
        ended={} if ended is None else {STAY: ended},
        true_alerts=(),
        false_alerts=(),
        suggest=suggest,
    )
    reporter = Reporter(asked)
    part = Part(stays=(STAY,), series=series, implausible={}, earlier={}, signals={}, readings=len(at_s))
    reporter.add(part)
    return reporter.report()


def of_limits(tally: PlanTally) -> list[tuple[str, datetime]]:
    """The alerts of limits that a plan would have raised."""
    return [(each.rule, each.opened_at) for each in tally.episodes if each.rule.startswith("limit.")]


def test_h11_true_alarm_that_a_change_removes_is_lost_though_another_rang_before() -> None:
    """The alert that people called true rings no more: that something else rang ten hours before does not make up."""

    def raised(*opened_s: float) -> Raised:
        count, at_s = len(opened_s), np.array(opened_s)
        one = np.ones(count, np.int64)
        return Raised(
            rules=("limit.spo2.low",), stay=one, rule=0 * one, opened_s=at_s, ended_s=at_s + 60, priority=2 * one
        )

    true = Known(alert_id=1, stay_id=STAY, rule="limit.spo2.low", opened_s=40_000.0, until_s=40_000.0)
    change = Change(kind=SPO2, setting="delay_s", before=0.0, after=120.0)
    both, early = raised(4_000.0, 40_000.0), raised(4_000.0)

    assert judged(change, both, early, ((true,), ())).lost == 1
    assert judged(change, both, both, ((true,), ())).lost == 0
    assert judged(change, early, early, ((true,), ())).lost == 0


def test_plan_in_force_is_judged_at_its_own_limits() -> None:
    """A value between the limits of two plans is beyond the one and within the other, whichever is tried."""
    looser, stricter = limited(125), limited(120)
    values = [112.0] * 10 + [123.0] * 10 + [80.0]

    tried = report(looser, stricter, values)
    turned = report(stricter, looser, values)

    assert of_limits(tried.candidate) == of_limits(turned.in_force) == []
    assert len(of_limits(tried.in_force)) == 1
    assert of_limits(tried.in_force) == of_limits(turned.candidate)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_a_plan_is_compared_with_changes_nothing_of_what_it_would_have_raised(data: st.DataObject) -> None:
    """Any two plans over any values: each is judged beside the other as it is beside itself."""
    first, second = data.draw(PLANS), data.draw(PLANS)
    values = data.draw(st.lists(st.integers(60, 170).map(float), min_size=1, max_size=120))

    both = report(first, second, values)

    assert of_limits(both.candidate) == of_limits(report(first, first, values).candidate)
    assert of_limits(both.in_force) == of_limits(report(second, second, values).in_force)


def test_suggestion_counts_the_alerts_of_its_own_kind_alone() -> None:
    """What other kinds ring by night, and what never rings under comfort care, is not in a suggestion's figures."""
    bands = {PULSE: Limits(warn_high=120, alert_high=180, delay_s=60), SPO2: Limits(warn_low=80, delay_s=60)}
    plan = a_plan(limits=bands, night=template().night)
    values = ([123.0] * 2 + [80.0] * 8) * 144

    asked = report(plan, plan, values, suggest=True)

    own = {each.rule: each.alerts for each in asked.candidate.by_rule}
    counted = {(each.kind, each.alerts_before) for each in asked.suggestions}
    assert counted == {(PULSE, own["limit.heart_rate.high"]), (SPO2, own["limit.spo2.low"])}
    assert not report(replace(plan, goals=Goals.COMFORT), plan, values, suggest=True).suggestions


def test_h11_change_that_loses_what_was_closed_as_true_is_no_suggestion() -> None:
    """However many alerts it removes; of the others what removes most comes first."""
    less = Suggestion(
        kind="spo2", setting="delay_s", before=60, after=120, alerts_before=9, alerts_after=5, false_removed=2, lost=0
    )
    more, losing = (structs.replace(less, after=300, alerts_after=1, lost=lost) for lost in (0, 1))

    assert ranked([less, losing]) == [less]
    assert ranked([less, more]) == [more, less]


def test_h12_suggestion_is_tried_by_night_as_it_would_hold_by_night() -> None:
    """What the night has from the day changes with it: a true alarm of the night that is lost is in the figures."""
    bands = {"heart_rate": {"warn_high": 120, "alert_high": 180, "delay_s": 30, "ceiling": 185}}
    nightly = {"begins": 0, "ends": 1439, "limits": {"heart_rate": {"warn_high": 125}}}
    written, expected = {"limits": bands, "night": nightly}, {"expected": {"heart_rate": 60}}
    plan = build({**written, **expected})
    wider = build({**written, **expected, "limits": {"heart_rate": {**bands["heart_rate"], "delay_s": 120}}})
    values = ([130.0] * 2 + [80.0] * 8) * 144

    asked = report(plan, plan, values, suggest=True)
    tried = {(each.setting, each.after): each.alerts_after for each in asked.suggestions}

    assert of_limits(asked.candidate)
    assert tried["delay_s", 120.0] == len(of_limits(report(wider, wider, values).candidate)) == 0


def test_h15_tried_plan_is_on_scale_2_no_longer_than_the_order() -> None:
    """A draft of limits is judged on the scale that would be in force with it, as the plan beside it is."""
    order = {"doctor": "Testa Doktorsson", "ordered_at": "2026-11-01T00:00:00Z", "expires_at": "2026-11-20T00:00:00Z"}
    rules = {"spo2_scale": 2, "scale_2_order": order}
    layers = json.dumps([{"origin": "patient", "version": 1, "rules": rules}])
    stay = "hospital_at_home", layers

    for now, scale in ((FROM, 2), (FROM + timedelta(days=30), 1)):
        for draft, origin in ((json.dumps({"news2_medium": 6}), Origin.TEAM), (json.dumps(rules), Origin.PATIENT)):
            tried = tried_at(now, *stay, draft, origin)
            assert tried.spo2_scale == effective(*stay, now).plan.spo2_scale == scale
            assert tried is tried_at(now, *stay, draft, origin)


def test_nobody_misses_the_readings_of_who_has_gone_home() -> None:
    """A stay that ended within the period is looked at until then, and its days are counted until then."""
    home = FROM + timedelta(hours=2)

    gone, there = (report(limited(120), limited(120), [80.0, 123.0], ended=ended) for ended in (home, None))

    assert gone.patient_days == pytest.approx(2 / 24, abs=0.001)
    assert all(each.opened_at < home and each.ended_at == home for each in gone.candidate.episodes)
    assert len(gone.candidate.episodes) == len([each for each in there.candidate.episodes if each.opened_at < home]) > 0
    assert there.patient_days == 1.0
    assert all(each.ended_at is None for each in there.candidate.episodes)
