"""What is said against a plan, field by field; and who may take which step with a version of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ward import plan_checks, plan_documents
from ward.alerts import Priority
from ward.people import Role, StaffId
from ward.plan_checks import faults
from ward.plan_oddities import FAR, loosened, oddities
from ward.plan_ranges import RANGES
from ward.plan_versions import Refusal, Signing, State, approve, withdraw
from ward.plans import (
    Card,
    Combination,
    Deviation,
    Gain,
    Goals,
    Limits,
    Night,
    Order,
    Plan,
    Rhythm,
    Side,
    Slope,
    Support,
    Term,
    template,
)
from ward.vitals import VITALS, VitalKind

SPO2, PULSE = VitalKind.SPO2, VitalKind.HEART_RATE
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOT = Term(kind=VitalKind.TEMPERATURE, side=Side.HIGH, bound=38.0)


def with_limits(kind: VitalKind, **changes: float | None) -> Plan:
    """The template with some limits of one kind changed."""
    plan = template()
    return replace(plan, night=None, limits={**plan.limits, kind: replace(plan.limits[kind], **changes)})  # type: ignore[arg-type]


def changed(**changes: object) -> Plan:
    """The template with some fields changed."""
    return replace(template(), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("plan", "path", "words"),
    [
        (with_limits(SPO2, alert_low=92), "limits.spo2.alert_low", "alert_low 92 must be below warn_low 91"),
        (with_limits(SPO2, alert_low=91), "limits.spo2.alert_low", "alert_low 91 must be below warn_low 91"),
        (with_limits(SPO2, floor=90), "limits.spo2.floor", "floor 90 must be below alert_low 88"),
        (with_limits(SPO2, warn_low=9), "limits.spo2.warn_low", "9 must be within 30–100 %"),
        (with_limits(PULSE, warn_low=120), "limits.heart_rate.warn_low", "warn_low 120 must be below warn_high 110"),
        (with_limits(PULSE, warn_high=135), "limits.heart_rate.warn_high", "must be below alert_high 130"),
        (with_limits(PULSE, ceiling=120), "limits.heart_rate.alert_high", "must be below ceiling 120"),
        (with_limits(PULSE, alert_high=float("nan")), "limits.heart_rate.alert_high", "nan must be within 0–300 /min"),
        (with_limits(SPO2, delay_s=-1), "limits.spo2.delay_s", "-1 must be within 0–3600 s"),
        (with_limits(SPO2, delay_s=3601), "limits.spo2.delay_s", "3601 must be within 0–3600 s"),
        (with_limits(SPO2, clear_by=-1), "limits.spo2.clear_by", "-1 must be within"),
        (with_limits(PULSE, clear_by=33), "limits.heart_rate.clear_by", "33 must be within 0–32.5 /min"),
        (with_limits(SPO2, k=3, n=2), "limits.spo2.k", "3 must be within 1–2"),
        (with_limits(SPO2, k=0), "limits.spo2.k", "0 must be within 1–1"),
        (with_limits(SPO2, n=21), "limits.spo2.n", "21 must be within 1–20"),
        (with_limits(SPO2, median_s=601), "limits.spo2.median_s", "601 must be within 0–600 s"),
        (changed(night=Night(begins=1440, ends=360, limits={})), "night.begins", "1440 must be within 0–1439"),
        (changed(night=Night(begins=0, ends=-1, limits={})), "night.ends", "-1 must be within 0–1439"),
        (changed(night=Night(begins=60, ends=60, limits={})), "night.ends", "before it begins"),
        (changed(night=Night(begins=0, ends=60, limits={SPO2: Limits(floor=70)})), "night.limits.spo2", "same day and"),
        (changed(night=Night(begins=0, ends=60, limits={VitalKind.GLUCOSE: Limits()})), "night.limits.glucose", "day"),
        (changed(news2_medium=0), "news2_medium", "0 must be within 1–20"),
        (changed(news2_medium=8), "news2_high", "7 must be within 8–20"),
        (changed(news2_rise=21), "news2_rise", "21 must be within 0–20"),
        (changed(news2_rise_s=59), "news2_rise_s", "59 must be within 60–86400 s"),
        (changed(spo2_scale=3), "spo2_scale", "3 must be within 1–2"),
        (changed(scale_2_order=Order(doctor=" ", ordered_at=NOW, expires_at=NOW)), "scale_2_order.doctor", "missing"),
        (changed(scale_2_order=Order(doctor="O", ordered_at=NOW, expires_at=NOW)), "scale_2_order.expires_at", "out"),
        (changed(expected={SPO2: 0.0}), "expected.spo2", "0 must be within 1–604800 s"),
        (changed(expected={}), "expected", "no expected signal"),
        (changed(limits={}, night=None), "limits", "no limit at all"),
        (changed(slopes=(Slope(kind=SPO2, per_hour=0, over_s=3600),)), "slopes.0.per_hour", "0 must be within"),
        (changed(slopes=(Slope(kind=SPO2, per_hour=-1, over_s=60),)), "slopes.0.over_s", "60 must be within"),
        (changed(deviations=(Deviation(kind=SPO2, side=Side.LOW, sds=0, hold_s=0),)), "deviations.0.sds", "0 must be"),
        (changed(deviations=(Deviation(kind=SPO2, side=Side.LOW, sds=3, hold_s=-1),)), "deviations.0.hold_s", "-1"),
        (changed(gain=Gain(kg=0, within_s=86400)), "gain.kg", "0 must be within 0.2–20 kg"),
        (changed(gain=Gain(kg=2, within_s=3)), "gain.within_s", "3 must be within"),
        (changed(support=Support(spo2_fall=0, flow_rise=1, within_s=3600)), "support.spo2_fall", "0 must be within"),
        (changed(support=Support(spo2_fall=3, flow_rise=0, within_s=3600)), "support.flow_rise", "0 must be within"),
        (changed(support=Support(spo2_fall=3, flow_rise=1, within_s=1)), "support.within_s", "1 must be within"),
        (changed(combinations=(Combination(name="a", terms=(HOT,), at_least=2),)), "combinations.a.at_least", "2 must"),
        (changed(combinations=(Combination(name="a", terms=(), at_least=1),)), "combinations.a.at_least", "1 must"),
        (changed(combinations=(Combination(name="a b", terms=(HOT,), at_least=1),)), "combinations.a b", "letters"),
        (changed(combinations=(Combination(name="a", terms=(HOT, HOT), at_least=1),)), "combinations.a", "twice"),
        (
            changed(combinations=(Combination(name="a", terms=(replace(HOT, bound=380.0),), at_least=1),)),
            "combinations.a.terms.0.bound",
            "380 must be within 25–45 Cel",
        ),
        (
            changed(combinations=(Combination(name="a", terms=(HOT,), at_least=1, delay_s=1e9),)),
            "combinations.a.delay_s",
            "1e+09 must be within",
        ),
        (changed(rhythm=Rhythm(pause_s=0.5)), "rhythm.pause_s", "0.5 must be within 2–10 s"),
        (changed(rhythm=Rhythm(ventricular_run=2)), "rhythm.ventricular_run", "2 must be within 3–30"),
        (changed(cards={"news2": Card(sv="Ring", en="")}), "cards.news2", "both languages"),
        (changed(cards={"news2": Card(sv="R" * 501, en="Call")}), "cards.news2", "500 characters"),
    ],
)
def test_h12_every_slip_is_named(plan: Plan, path: str, words: str) -> None:
    """A slip is said by its field, in words of both languages, with what would be right."""
    found = [each for each in faults(plan) if each.path == path and words in each.en]

    assert found, faults(plan)
    assert found[0].sv


def test_h12_hard_limits_may_meet_the_alarm_limits() -> None:
    """Floor and ceiling may be the alarm limits themselves; no limits on one side, or at all on a kind, is no fault."""
    assert faults(with_limits(PULSE, floor=40, ceiling=130)) == ()
    assert faults(with_limits(PULSE, alert_low=None, warn_low=None, floor=None)) == ()
    assert faults(changed(rhythm=Rhythm(pause_s=None, ventricular_run=None), scale_2_order=None)) == ()


def test_h33_comfort_care_needs_no_limit() -> None:
    """Where care is for comfort, nothing has to be watched by numbers."""
    plan = changed(goals=Goals.COMFORT, limits={}, night=None, expected={})

    assert faults(plan) == ()
    assert plan_checks.active_rules(plan) == ()
    assert "limit.spo2.low" in plan_checks.active_rules(template())


@pytest.mark.parametrize("kind", [kind for kind in FAR if kind in template().limits])
def test_h12_far_from_the_template_is_odd(kind: VitalKind) -> None:
    """A limit moved by more than its kind's measure is odd, one moved by just as much is not."""
    far = FAR[kind]
    usual = template().limits[kind].alert_low
    assert usual is not None

    assert oddities(with_limits(kind, alert_low=usual - far), template()) == ()
    [odd] = oddities(with_limits(kind, alert_low=usual - far - VITALS[kind].decimals * 0.1 - 0.1), template())
    assert odd.path == f"limits.{kind}.alert_low"


@pytest.mark.parametrize(
    ("plan", "path"),
    [
        (with_limits(SPO2, warn_low=None), "limits.spo2.warn_low"),
        (with_limits(SPO2, delay_s=601), "limits.spo2.delay_s"),
        (changed(expected={PULSE: 60.0, VitalKind.RESP_RATE: 300.0}), "expected.spo2"),
        (changed(expected={**template().expected, SPO2: 601.0}), "expected.spo2"),
        (changed(news2_medium=8, news2_high=9), "news2_medium"),
        (changed(news2_high=10), "news2_high"),
        (changed(news2_rise=0), "news2_rise"),
        (changed(slopes=template().slopes[:1]), "slopes.spo2.fall"),
        (changed(slopes=tuple(replace(each, per_hour=3 * each.per_hour) for each in template().slopes[:1])
                 + template().slopes[1:]), "slopes.resp_rate.rise"),
        (changed(deviations=template().deviations[1:]), "deviations.heart_rate.rise"),
        (changed(deviations=(replace(template().deviations[0], priority=Priority.LOW), template().deviations[1])),
         "deviations.heart_rate.rise"),
        (changed(support=None), "support"),
        (changed(remeasure=None), "remeasure"),
        (changed(combinations=template().combinations[1:]), "combinations.infection"),
        (changed(combinations=(replace(template().combinations[0], at_least=4), *template().combinations[1:])),
         "combinations.infection"),
        (changed(rhythm=Rhythm(af=False)), "rhythm.af"),
        (changed(rhythm=Rhythm(pause_s=None)), "rhythm.pause_s"),
        (changed(rhythm=Rhythm(ventricular_run=9)), "rhythm.ventricular_run"),
    ],
)  # fmt: skip
def test_h12_what_would_call_much_later_is_odd(plan: Plan, path: str) -> None:
    """Whoever takes a limit or a signal away, or moves a delay or a score far, is asked whether it is meant."""
    assert [each.path for each in oddities(plan, template())] == [path]
    assert oddities(template(), template()) == ()


@pytest.mark.parametrize(
    ("plan", "asks"),
    [
        (with_limits(SPO2, floor=79), ("limits.spo2.floor",)),
        (with_limits(SPO2, floor=None), ("limits.spo2.floor",)),
        (with_limits(PULSE, ceiling=171, floor=34), ("limits.heart_rate.floor", "limits.heart_rate.ceiling")),
        (with_limits(PULSE, ceiling=None), ("limits.heart_rate.ceiling",)),
        (with_limits(SPO2, floor=81, alert_low=82, warn_low=83), ()),
        (changed(goals=Goals.COMFORT), ("goals",)),
        (changed(limits={}), tuple(f"limits.{kind}.{side}" for kind, each in template().limits.items()
                                   for side in ("floor", "ceiling") if getattr(each, side) is not None)),
    ],
)  # fmt: skip
def test_h12_what_needs_a_second_name(plan: Plan, asks: tuple[str, ...]) -> None:
    """A wider hard limit or none, and comfort care, need a second signature; tighter ones and other limits do not."""
    assert sorted(loosened(plan, template())) == sorted(asks)


@pytest.mark.parametrize(
    ("state", "by", "role", "newest", "refusal"),
    [
        (State.AWAITING, 2, Role.DOCTOR, True, None),
        (State.AWAITING, 1, Role.DOCTOR, True, Refusal.OWN),
        (State.AWAITING, 2, Role.NURSE, True, Refusal.NOT_DOCTOR),
        (State.AWAITING, 2, Role.OPERATOR, True, Refusal.NOT_DOCTOR),
        (State.AWAITING, 2, Role.DOCTOR, False, Refusal.OVERTAKEN),
        (State.DRAFT, 2, Role.DOCTOR, True, Refusal.OVER),
        (State.IN_FORCE, 2, Role.DOCTOR, True, Refusal.OVER),
        (State.WITHDRAWN, 2, Role.DOCTOR, True, Refusal.OVER),
    ],
)
def test_h12_second_signature(state: State, by: int, role: Role, newest: bool, refusal: Refusal | None) -> None:  # noqa: FBT001
    """Only what waits is signed, by a doctor who did not write it, while nothing has overtaken it."""
    assert approve(state, StaffId(1), Signing(by=StaffId(by), role=role, newest=newest)) is refusal


@pytest.mark.parametrize("state", State)
def test_what_is_over_is_not_withdrawn(state: State) -> None:
    """What waits or is in force can be taken back, what is over cannot."""
    over = state in {State.SUPERSEDED, State.WITHDRAWN}

    assert withdraw(state) is (Refusal.OVER if over else None)


def test_order_of_scale_2_holds_in_its_time() -> None:
    """An order holds from its first instant until before its last."""
    order = Order(doctor="Omar Exempeldoktor", ordered_at=NOW, expires_at=NOW + timedelta(days=1))
    plan = changed(spo2_scale=2, scale_2_order=order)

    assert [plan.scale_2_at(NOW + timedelta(hours=hours)) for hours in (-1, 0, 23, 24)] == [False, True, True, False]
    assert not changed(spo2_scale=2).scale_2_at(NOW)


def test_h12_every_range_is_of_a_field_that_there_is() -> None:
    """Each row of the table of ranges is a leaf of a plan, and the numbers of every programme lie within theirs."""
    for programme in plan_documents.names():
        document = msgspec.to_builtins(template(programme))
        for path, span in RANGES.items():
            for value in _found(document, path.split(".")):
                assert value is None or span.low <= value <= span.high, (programme, path, value)
    assert all(list(_found(_FULL, path.split("."))) for path in RANGES)


def _found(place: Any, path: list[str]) -> Iterator[Any]:
    """Yield what stands at a path; `*` is every entry."""
    if not path:
        yield place
    elif isinstance(place, list | tuple):
        for each in place:
            yield from _found(each, path[1:])
    elif isinstance(place, dict):
        for name in place if path[0] == "*" else [path[0]]:
            if name in place:
                yield from _found(place[name], path[1:])


_FULL = msgspec.to_builtins(changed(gain=Gain(kg=2, within_s=86400), night=Night(begins=0, ends=60, limits={})))
