"""Simulated bodies and devices: coupled as physiology says, the same for ever, and what the demo promises."""

from dataclasses import replace

import numpy as np
import pytest

from simulator import device, scenario
from simulator.course import Change, Course, Target
from simulator.physiology import Baseline, Body, vitals_at
from ward.errors import ConfigError
from ward.plans import template
from ward.vitals import VITALS, VitalKind

DAY = np.arange(0.0, 86_400.0, 60.0)
QUIET = Body(seed=7, baseline=Baseline(mobility=0.0))


def with_change(body: Body, target: Target, level: float) -> Body:
    """Return the body with a constant change from the start on."""
    return replace(body, course=Course(changes=(Change(target=target, points=((0.0, level),)),)))


def median_change(target: Target, level: float, of: str) -> float:
    """Return by how much a vital sign of a quiet body differs, in the median over a day, under a change."""
    before = getattr(vitals_at(QUIET, DAY), of)
    after = getattr(vitals_at(with_change(QUIET, target, level), DAY), of)
    return float(np.median(after - before))


@pytest.mark.parametrize(
    ("target", "level", "of", "low", "high"),
    [
        (Target.TEMPERATURE, 1.0, "heart_rate", 8, 10),
        (Target.TEMPERATURE, 1.0, "resp_rate", 1, 3),
        (Target.SPO2, -8.0, "heart_rate", 5, 15),
        (Target.SPO2, -8.0, "resp_rate", 2, 8),
        (Target.HEART_RATE, 20.0, "systolic", 1, 6),
    ],
)
def test_one_vital_sign_drives_another(target: Target, level: float, of: str, low: float, high: float) -> None:
    """Fever and lack of oxygen raise pulse and breathing by what physiology gives."""
    assert low <= median_change(target, level, of) <= high


def test_sleep_slows_the_body() -> None:
    """At night pulse, breathing and pressure are lower than by day."""
    vitals = vitals_at(replace(QUIET, clock_s=0.0), DAY)
    night, day = vitals.asleep > 0.9, vitals.asleep < 0.1

    for values in (vitals.heart_rate, vitals.resp_rate, vitals.systolic):
        assert np.median(values[night]) < np.median(values[day])


def test_movement_raises_the_pulse_for_a_while() -> None:
    """The pulse is higher while the body moves."""
    vitals = vitals_at(Body(seed=3, baseline=Baseline(mobility=0.9)), DAY)

    moving, resting = vitals.activity > 0.3, vitals.activity < 0.01
    assert np.median(vitals.heart_rate[moving]) > np.median(vitals.heart_rate[resting]) + 5


@pytest.mark.parametrize("entry", scenario.load_roster(), ids=lambda entry: entry.device_id)
def test_demo_values_are_plausible_all_day(entry: scenario.Entry) -> None:
    """Whatever befalls the demo's people, no value leaves what the platform takes as plausible."""
    kit = scenario.kit(entry, seed=1, clock_s=10 * 3600.0, on_at_s=0.0)

    for sample in device.samples(kit, 0.0, 4 * 3600.0):
        vital = VITALS[sample.kind]
        assert vital.low <= sample.value <= vital.high


def _beyond(entry: scenario.Entry, from_s: float, until_s: float, clock_s: float = 12 * 3600.0) -> set[VitalKind]:
    """Return the kinds whose truth lies beyond the template's alert limits for a minute or more."""
    body = scenario.kit(entry, seed=1, clock_s=clock_s, on_at_s=0.0).body
    vitals = vitals_at(body, np.arange(from_s, until_s, 5.0))
    found = set()
    for kind, limits in template().limits.items():
        values = getattr(vitals, kind.value)
        low = values < (limits.alert_low if limits.alert_low is not None else -np.inf)
        high = values > (limits.alert_high if limits.alert_high is not None else np.inf)
        runs = np.convolve((low | high).astype(int), np.ones(12, dtype=int), mode="valid")
        if (runs == 12).any():
            found.add(kind)
    return found


@pytest.mark.parametrize("clock_h", [0, 6, 12, 18])
def test_first_alert_of_the_demo_comes_within_two_minutes(clock_h: int) -> None:
    """At any time of day, the COPD exacerbation is past the alert limit early enough for its delay to run out."""
    entry = next(each for each in scenario.load_roster() if each.device_id == "hv-0003")

    assert VitalKind.SPO2 in _beyond(entry, 0.0, 110.0, clock_h * 3600.0)


@pytest.mark.parametrize(
    ("device_id", "kind", "within_s"),
    [
        ("hv-0005", VitalKind.HEART_RATE, 5400),
        ("hv-0005", VitalKind.SYSTOLIC, 7200),
        ("hv-0008", VitalKind.RESP_RATE, 7200),
    ],
)
def test_deterioration_passes_a_limit(device_id: str, kind: VitalKind, within_s: float) -> None:
    """Sepsis and heart failure pass the warning limit of what their illness moves."""
    entry = next(each for each in scenario.load_roster() if each.device_id == device_id)
    body = scenario.kit(entry, seed=1, clock_s=12 * 3600.0, on_at_s=0.0).body
    values = getattr(vitals_at(body, np.arange(0.0, within_s, 5.0)), kind.value)
    limits = template().limits[kind]

    if kind is VitalKind.SYSTOLIC:
        assert limits.warn_low is not None
        assert values.min() < limits.warn_low
    else:
        assert limits.warn_high is not None
        assert values.max() > limits.warn_high


STABLE = [each for each in scenario.load_roster() if each.device_id not in {"hv-0003", "hv-0005", "hv-0008", "hv-0011"}]


@pytest.mark.parametrize("entry", STABLE, ids=lambda entry: entry.device_id)
def test_stable_people_pass_no_alert_limit(entry: scenario.Entry) -> None:
    """Eight of the demo's people are well, day and night."""
    assert _beyond(entry, 0.0, 86_400.0, clock_s=0.0) == set()


def test_every_scenario_loads() -> None:
    """Each file of the library can be lived."""
    assert len(scenario.names()) >= 10
    for name in scenario.names():
        assert scenario.load(name).title


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("title = 'x'\n[baseline]\npulse = 3", "pulse"),
        ("title = 'x'\n[course]\nchanges = [{of = 'mood', points = []}]", "mood"),
        ("title = 'x'\n[[course.changes]]\nof = 'spo2'\npoints = [[60, 0], [30, 1]]", "forward in time"),
        ("no toml", "TOML"),
    ],
)
def test_mistake_in_a_scenario_is_named(tmp_path: object, text: str, fault: str) -> None:
    """What is wrong in a scenario file is said in words."""
    from pathlib import Path  # noqa: PLC0415

    folder = Path(str(tmp_path))
    (folder / "mine.toml").write_text(text)

    with pytest.raises(ConfigError, match=fault):
        scenario.load("mine", folder)


def test_config_changes_the_sampling_interval() -> None:
    """A `config` message moves the plan; one that cannot be used changes nothing and says why."""
    kit = scenario.kit(scenario.load_roster()[0], seed=1, clock_s=0.0, on_at_s=0.0)

    changed = device.configured(kit, b'{"every_s": {"spo2": 20}}')

    assert isinstance(changed, device.Kit)
    counted = [each.kind for each in device.samples(changed, 0.0, 600.0)].count(VitalKind.SPO2)
    assert 29 <= counted <= 31
    for bad in (b"{", b'{"every_s": {"mood": 1}}', b'{"every_s": {"spo2": 0}}'):
        assert isinstance(device.configured(kit, bad), str)


def together(one: str, other: str, variety: float) -> list[float]:
    """Return how two vital signs of each of 30 people go together, hour by hour for two days."""
    hour = np.arange(0.0, 2 * 86_400.0, 3600.0)
    found = []
    for seed in range(30):
        vitals = vitals_at(Body(seed=seed, baseline=Baseline(mobility=0.3, variety=variety)), hour)
        found.append(float(np.corrcoef(getattr(vitals, one), getattr(vitals, other))[0, 1]))
    return found


@pytest.mark.parametrize("variety", [0.0, 1.0])
def test_pulse_and_pressure_go_together_loosely_and_both_ways(variety: float) -> None:
    """Sleep and effort move both alike, the vessels against each other: in some people the one wins, in some the other.

    Of 914 recorded stays the middle nine tenths lie between -0.41 and 0.62, half of them above 0.13.
    """
    found = together("heart_rate", "systolic", variety)

    assert 0.0 < np.median(found) < 0.45
    assert min(found) < -0.1
    assert 0.4 < max(found) < 0.9


def test_variety_lets_vital_signs_go_their_own_ways() -> None:
    """Hour by hour pulse and breathing go together less than by their couplings alone, as in recordings."""
    alone = [float(np.median(together("heart_rate", "resp_rate", variety))) for variety in (0.0, 1.0)]

    assert alone[1] < alone[0] - 0.15
