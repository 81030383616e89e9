"""Whose values are these: weighings by others, a kit on another person, two devices that disagree."""

from dataclasses import replace

import numpy as np
import pytest

from alerting.features import Batch, Heard, moment
from alerting.observed import Quiet
from alerting.rules import identity
from alerting.signal.records import Floats
from alerting.tracks import Verdict, row_of
from alerting.words import text
from tests.builders_alerting import NOW_S, a_batch, a_device, a_plan, an_alert
from tests.builders_trends import DAY_S, HOUR_S, START_S, a_series, a_stay, a_trend_batch, episodes, people, person
from ward.alerts import Family, Finding, Priority, Role
from ward.evidence import age_s
from ward.plans import Deviation, Side
from ward.vitals import VitalKind

PULSE, BREATHS = VitalKind.HEART_RATE, VitalKind.RESP_RATE
PLAN = a_plan(
    expected={VitalKind.WEIGHT: DAY_S},
    deviations=tuple(Deviation(kind=kind, side=Side.HIGH, sds=3.0, hold_s=7200.0) for kind in (PULSE, BREATHS)),
)
TIMES = np.arange(0, 5 * DAY_S, 300.0)


def weighed(kg: list[float]) -> Batch:
    """Make a batch of one stay, weighed every day."""
    times = np.arange(len(kg)) * DAY_S
    return a_trend_batch([a_stay(PLAN)], {VitalKind.WEIGHT: a_series((times, kg))})


def worn(pulse: Floats, breaths: Floats, put_on_h: float = 100.0) -> Batch:
    """Make a batch of one stay whose device was put on at an hour."""
    device = replace(a_device(), worn_from_s=START_S + put_on_h * HOUR_S)
    series = {PULSE: a_series((TIMES, pulse)), BREATHS: a_series((TIMES, breaths))}
    return a_trend_batch([a_stay(PLAN, devices=(device,))], series)


def swapped(pulse: float, breaths: float, at_h: float = 100.0) -> tuple[Floats, Floats]:
    """Return five days of two vitals, of which one person's end and another's begin at an hour."""
    rng = np.random.default_rng(4)
    other = at_h * HOUR_S <= TIMES
    return (
        np.where(other, pulse, 70.0) + rng.normal(0, 2, len(TIMES)),
        np.where(other, breaths, 15.0) + rng.normal(0, 0.6, len(TIMES)),
    )


def test_h06_another_persons_weight_is_asked_about() -> None:
    """A weighing eighteen kilograms away is told at once, and is over with the next own one."""
    track = identity.judge(weighed([80, 80.2, 79.9, 80.1, 62, 80]))[identity.WEIGHT]

    assert [int(hour // 24) for hour, _ in episodes(track)] == [4]
    assert track.verdict[-2] == Verdict.QUIET


def test_weight_that_changes_as_bodies_do_is_believed() -> None:
    """Two kilograms a day are a matter for the team, not a doubt about who it is."""
    assert episodes(identity.judge(weighed([80, 80.5, 82, 84, 85.5, 83]))[identity.WEIGHT]) == []


def test_new_weight_becomes_the_usual_one() -> None:
    """Another scale is asked about for some days and no longer."""
    track = identity.judge(weighed([80, 80, 80, 88, 88, 88, 88, 88]))[identity.WEIGHT]

    assert [int(hour // 24) for hour, _ in episodes(track)] == [3]
    assert track.verdict[-2] == Verdict.QUIET


def test_weight_evidence_tells_the_usual() -> None:
    """Evidence tells the weighing and what was usual before it."""
    batch = weighed([80, 80.2, 79.9, 80.1, 80.1, 62])
    track = identity.judge(batch)[identity.WEIGHT]
    row = row_of(track, int(np.argmax(track.verdict >= Verdict.LOW)))
    evidence = identity.evidence(batch, identity.WEIGHT, row)

    assert "62.0 kg does not agree with the last ones, 80.1 kg" in text(evidence.text_key, evidence.params, "en")
    before = [each.value for each in evidence.inputs if each.role is Role.BEFORE]
    assert np.median(before) == evidence.params["usual"]
    assert [each.value for each in evidence.inputs if each.role is Role.JUDGED] == [62]


def test_h02_weighing_looks_no_newer_in_evidence_than_it_is() -> None:
    """What was weighed at the beginning of a quarter of an hour is of then, not of when the quarter was over."""
    batch = weighed([80, 80.2, 79.9, 80.1, 80.1, 62])
    track = identity.judge(batch)[identity.WEIGHT]
    row = row_of(track, int(np.argmax(track.verdict >= Verdict.LOW)))

    assert identity.evidence(batch, identity.WEIGHT, row).inputs[-1].measured_at == moment(START_S + 5 * DAY_S)


def test_h06_kit_on_another_person_is_asked_about() -> None:
    """When pulse and breathing both jump as the kit is put on, somebody is asked who wears it, within two hours."""
    batch = worn(*swapped(105, 26))
    ((found_h, priority),) = episodes(identity.judge(batch)[identity.WEARER])

    assert 101 <= found_h <= 102
    assert priority == Priority.MEDIUM


@pytest.mark.parametrize(("pulse", "breaths"), [(70, 15), (110, 15), (80, 17), (70, 30)])
def test_h10_same_person_is_not_asked_about(pulse: float, breaths: float) -> None:
    """What stays near the own normal, or jumps in one vital alone, is no other person."""
    assert episodes(identity.judge(worn(*swapped(pulse, breaths)))[identity.WEARER]) == []


def test_illness_long_after_is_not_a_swap() -> None:
    """A jump ten hours after the kit was put on is a matter of health."""
    assert episodes(identity.judge(worn(*swapped(105, 26, at_h=110), put_on_h=100))[identity.WEARER]) == []


def test_wearer_evidence_names_the_device() -> None:
    """Evidence names the device and what is unlike, with the last values."""
    batch = worn(*swapped(105, 26))
    track = identity.judge(batch)[identity.WEARER]
    evidence = identity.evidence(batch, identity.WEARER, row_of(track, int(np.argmax(track.verdict >= Verdict.LOW))))

    assert evidence.params["kinds"] == "heart_rate,resp_rate"
    assert [(each.kind, each.role) for each in evidence.inputs] == [
        (kind, role) for role in (Role.JUDGED, Role.USUAL) for kind in ("heart_rate", "resp_rate")
    ]
    assert "since device hv-0001 was put on" in text(evidence.text_key, evidence.params, "en").lower()


def test_h10_stable_people_who_put_on_their_own_kit_are_not_asked() -> None:
    """Of eight stable people with twelve moments of putting on their kit each, nobody is asked who wears it."""
    lives = [
        person(f"stable_{name}", 70 + number, 4, every_s=600.0) for number, name in enumerate(("copd", "frail") * 4)
    ]
    batch = people(lives, PLAN)
    asked = 0
    for put_on_h in range(60, 84, 2):
        device = replace(a_device(), worn_from_s=START_S + put_on_h * HOUR_S)
        stays = tuple(replace(stay, devices=(device,)) for stay in batch.stays)
        track = identity.judge(replace(batch, stays=stays))[identity.WEARER]
        asked += sum(len(episodes(track, stay)) for stay in range(len(stays)))

    assert asked == 0


def heard(mean: float, device_id: str = "hv-0001", count: int = 10, kind: VitalKind = PULSE) -> Heard:
    """Make what a device measured lately."""
    return Heard(kind=kind, device_id=device_id, mean=mean, count=count, first_s=NOW_S - 125, last_s=NOW_S - 5)


def observed(*of: Heard, rule: str | None = None) -> tuple[object, ...]:
    """Look at a stay of which several devices were heard."""
    batch = a_batch(alerts=() if rule is None else (an_alert(rule),))
    return identity.observe(replace(batch, stays=(replace(batch.stays[0], heard=of),)), NOW_S).observations


def test_h06_two_devices_that_disagree_are_told() -> None:
    """Two devices of one stay that measure pulses 24 apart at the same time are a technical finding."""
    (finding,) = observed(heard(72), heard(96, "hv-0002"))

    assert isinstance(finding, Finding)
    assert (finding.rule, finding.family, finding.priority) == (identity.DEVICES, Family.TECHNICAL, Priority.MEDIUM)
    assert "hv-0001 and hv-0002 measure different heart rate, 72 /min and 96 /min" in text(
        finding.evidence.text_key, finding.evidence.params, "en"
    )
    assert [(each.value, age_s(finding.evidence, each), each.over_s) for each in finding.evidence.inputs] == [
        (72, 125, 120),
        (96, 125, 120),
    ]


@pytest.mark.parametrize(
    "other",
    [heard(80, "hv-0002"), heard(96, "hv-0002", count=2), heard(96, "hv-0002", kind=BREATHS), None],
)
def test_devices_that_agree_or_hardly_speak_are_not_told(other: Heard | None) -> None:
    """Two that agree, one that has hardly spoken, one of another kind, or one alone are nothing to tell."""
    assert observed(heard(72), *(() if other is None else (other,))) == ()


def test_disagreement_is_over_when_they_agree_well() -> None:
    """It ends when they are well within what they may differ by, or when one is gone; not in between."""
    assert isinstance(observed(heard(72), heard(78, "hv-0002"), rule=identity.DEVICES)[0], Quiet)
    assert isinstance(observed(heard(72), rule=identity.DEVICES)[0], Quiet)
    assert observed(heard(72), heard(84, "hv-0002"), rule=identity.DEVICES) == ()
