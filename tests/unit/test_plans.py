"""Plans in layers: templates, what overlays change, and what gives way to what."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ward import overlays, plan_documents, plans
from ward.overlays import NOTHING, Overlay, Patch
from ward.plan_checks import active_rules, faults
from ward.plans import DEFAULT_PROGRAMME, Goals, Order, template
from ward.vitals import VitalKind

KEPT = Path(__file__).resolve().parents[1] / "golden" / "programmes.txt"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORDER = Order(doctor="Omar Exempeldoktor", ordered_at=NOW - timedelta(days=1), expires_at=NOW + timedelta(days=30))


def kept(rules: str, version: int = 2, origin: str = "patient") -> str:
    """One layer as the store gives it."""
    return f'[{{"origin":"{origin}","version":{version},"rules":{rules}}}]'


@pytest.mark.parametrize("programme", plan_documents.names())
def test_h13_every_template_is_without_fault_and_watches(programme: str) -> None:
    """Each programme's template is in order, watches by limits, and leaves comfort care to two names."""
    plan = template(programme)

    assert faults(plan) == ()
    assert len(active_rules(plan)) >= 7
    assert plan.goals is Goals.FULL
    assert (plan.programme, plan.spo2_scale, plan.scale_2_order) == (programme, 1, None)


@pytest.mark.parametrize("programme", plan_documents.names())
def test_every_programme_is_called_something_in_both_languages(programme: str) -> None:
    """A programme has a name and says whom it is for, and its cards are in both languages."""
    called = plans.title(programme)

    for each in (called.name, called.summary, *template(programme).cards.values()):
        assert each.sv
        assert each.en


def test_h13_what_a_plan_leaves_out_comes_from_below() -> None:
    """An overlay that names one bound leaves all the others, of this kind and of the rest, to the layer below."""
    plan = overlays.effective("hospital_at_home", kept('{"limits":{"spo2":{"alert_low":86}}}'), NOW).plan
    below = template().limits

    assert (plan.limits[VitalKind.SPO2].alert_low, plan.version) == (86, 2)
    assert plan.limits[VitalKind.SPO2].warn_low == below[VitalKind.SPO2].warn_low
    assert plan.limits[VitalKind.HEART_RATE] == below[VitalKind.HEART_RATE]


def test_null_takes_a_limit_away() -> None:
    """Null is no limit on that side, and no profile for the night."""
    rules = '{"limits":{"heart_rate":{"warn_low":null}},"night":null,"expected":{"resp_rate":null}}'
    plan = overlays.effective("hospital_at_home", kept(rules), NOW).plan

    assert plan.limits[VitalKind.HEART_RATE].warn_low is None
    assert plan.night is None
    assert sorted(plan.expected) == ["heart_rate", "spo2"]


def test_night_has_from_the_day_what_it_does_not_say() -> None:
    """A change of the day's delay holds in the night too, where the night's own bounds stay."""
    plan = overlays.effective("hospital_at_home", kept('{"limits":{"heart_rate":{"delay_s":90}}}'), NOW).plan

    assert plan.night is not None
    night = plan.night.limits[VitalKind.HEART_RATE]
    assert (night.delay_s, night.alert_low, night.floor) == (90, 38, 35)


def test_patient_lies_over_team_lies_over_template() -> None:
    """Each field says whose it is and what the template has; what is as in the template is no difference."""
    layers = (
        '[{"origin":"team","version":5,"rules":{"limits":{"spo2":{"warn_low":92,"delay_s":90}},"news2_rise":3}},'
        '{"origin":"patient","version":2,"rules":{"limits":{"spo2":{"warn_low":90}}}}]'
    )
    fields = overlays.effective("hospital_at_home", layers, NOW).fields

    assert [(".".join(each.path), each.value, each.source.origin, each.template) for each in fields] == [
        ("limits.spo2.delay_s", 90, "team", 60),
        ("limits.spo2.warn_low", 90, "patient", 91),
    ]


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ("[]", "Expected `object`"),
        ('{"news2_high": 99}', "99 must be within"),
        ('{"news2_medium": 1000000000000000000000000000000}', "must be within 1–20"),
        ('{"spo2_scale": 3}', "Invalid enum value 3"),
        ('{"expected": {"spo2": 0}}', "0 must be within"),
        ('{"limits": {"spo2": {"delay_s": 1e300}}}', "1e+300 must be within"),
        ('{"limits": {"spo2": {"alert_low": 92}}}', "alert_low 92 must be below warn_low 91"),
        ('{"limits": {"spo2": {"allert_low": 86}}}', "unknown field `allert_low`"),
        ('{"night": {"begins": 360}}', "the night must end before it begins"),
    ],
)
def test_h13_layer_that_cannot_be_used_gives_way_to_the_one_below(rules: str, fault: str) -> None:
    """A slip that would turn a rule off or break it leaves the layer below in force, and is told."""
    team = '{"origin":"team","version":5,"rules":{"limits":{"spo2":{"delay_s":90}}}}'
    found = overlays.effective("hospital_at_home", f"[{team},{kept(rules)[1:]}", NOW)

    assert found.plan.limits[VitalKind.SPO2].delay_s == 90
    assert found.plan.version == 0
    assert any(fault in each.en for each in found.faults), found.faults


def test_h13_unknown_programme_is_watched_by_the_default() -> None:
    """A programme without a template is watched by hospital-at-home's, and that is told."""
    found = overlays.effective("astronauts", "[]", NOW)

    assert found.plan.limits == template().limits
    assert "astronauts" in found.faults[0].en


@pytest.mark.parametrize(
    "kept", ["", "7", '[{"origin":"nobody"}]', '[{"origin":"team","version":1,"rules":{},"until":"x"}]']
)
def test_h13_layers_that_cannot_be_told_apart_leave_the_template(kept: str) -> None:
    """Where not even the layers can be read, the programme's template watches, and that is told."""
    found = overlays.effective("copd", kept, NOW)

    assert found.plan.limits == template("copd").limits
    assert "cannot be read" in found.faults[0].en


def test_team_does_not_decide_about_one_person() -> None:
    """What care is for, and the SpO2 scale, are not taken from a team's overlay."""
    found = overlays.effective("copd", kept('{"goals":"comfort","spo2_scale":2}', origin="team"), NOW)

    assert (found.plan.goals, found.plan.spo2_scale) == (Goals.FULL, 1)
    assert [each.path for each in found.faults] == ["goals", "spo2_scale"]


def test_h15_scale_2_lasts_as_long_as_its_order() -> None:
    """Scale 2 counts from when it was ordered until the order runs out; before, after and without it is scale 1."""
    rules = overlays.encode(Overlay(spo2_scale=2, scale_2_order=ORDER))
    looks = {
        at: overlays.effective("copd", kept(rules), at)
        for at in (ORDER.ordered_at - timedelta(seconds=1), ORDER.ordered_at, NOW, ORDER.expires_at)
    }

    assert [each.plan.spo2_scale for each in looks.values()] == [1, 2, 2, 1]
    assert [each.scale_2_lapsed for each in looks.values()] == [True, False, False, True]
    assert overlays.order_change(looks[NOW].plan, NOW) == ORDER.expires_at
    assert overlays.effective("copd", kept('{"spo2_scale":2}'), NOW).scale_2_lapsed


@pytest.mark.parametrize("scale", [1, 2])
def test_h15_order_without_a_time_zone_is_left_out_and_told(scale: int) -> None:
    """Nobody knows when it runs out, and comparing it would keep the patient from being evaluated at all."""
    order = '{"doctor":"Omar Exempeldoktor","ordered_at":"2026-01-01T00:00:00","expires_at":"2026-02-01T00:00:00"}'
    found = overlays.effective("copd", kept(f'{{"spo2_scale":{scale},"scale_2_order":{order}}}'), NOW)

    assert (found.plan.spo2_scale, found.plan.scale_2_order) == (1, None)
    assert ["ordered_at" in each.en for each in found.faults] == [True]
    assert overlays.order_change(found.plan, NOW) is None


def test_same_layers_are_one_plan() -> None:
    """Stays with the same layers share one object, so that a batch judges them together."""
    one, other = (overlays.effective("copd", kept('{"news2_rise":2}'), NOW) for _ in range(2))

    assert one.plan is other.plan


def test_overlay_survives_the_store() -> None:
    """What is encoded is decoded to the same; nothing differing is an empty object."""
    overlay = Overlay(goals=Goals.COMFORT, limits={VitalKind.SPO2: Patch(floor=None, delay_s=15)}, night=None)

    assert overlays.decode(overlays.encode(overlay)) == overlay
    assert overlays.encode(NOTHING) == "{}"


@pytest.mark.parametrize(
    ("rule", "card"),
    [
        ("limit.spo2.low", "limit.spo2"),
        ("limit.spo2x.low", ""),
        ("news2.total", "news2"),
        ("rhythm.af", "rhythm.af"),
        ("rhythm.pause", "rhythm"),
        ("sensor.ecg", "sensor"),
        ("sensor.heart", "sensor.heart"),
    ],
)
def test_card_is_the_longest_that_begins_the_rule(rule: str, card: str) -> None:
    """A rule's action card is that of the longest name that begins it, word by word."""
    plan = template()

    assert plan.card_for(rule) == plan.cards[card]
    assert replace(plan, cards={}).card_for(rule) is None


@pytest.mark.parametrize("programme", sorted({*plan_documents.names()} - {"palliative"}))
@pytest.mark.parametrize("rule", ["rhythm.asystole", "rhythm.ventricular_fibrillation", "sensor.heart"])
def test_who_may_be_without_a_heart_beat_is_not_asked_about_electrodes(programme: str, rule: str) -> None:
    """Where the heart may stand still nobody waits for the next visit: who does not answer is called 112 for."""
    card = template(programme).card_for(rule)

    assert card is not None
    assert "Svarar inte: ring 112" in card.sv
    assert "No answer: call 112" in card.en
    assert "besök" not in card.sv


@pytest.mark.parametrize("programme", plan_documents.names())
def test_every_rule_has_an_action_card(programme: str) -> None:
    """Whatever speaks, the plan says what applies here; equipment is not answered as if it were a value."""
    plan = template(programme)
    equipment = ("nodata", "quality", "sensor", "offline", "battery", "check", "plan", "unwatched", "identity", "clock")

    assert all(plan.card_for(each) == plan.cards[each] for each in ("silent", "held", "second", "coverage"))

    assert plan.card_for("whatever comes") is not None
    assert all(plan.card_for(each) == plan.cards[each] for each in equipment)


@pytest.mark.parametrize(
    ("programme", "rules"),
    [("palliative", "{}"), ("heart_failure", '{"goals":"comfort"}'), ("copd", '{"goals":"comfort"}')],
)
def test_h33_comfort_sends_nobody_to_an_emergency_room(programme: str, rules: str) -> None:
    """Where care is palliative or for comfort, no action card calls the ambulance; written ones stay."""
    written = rules[:-1] + ("," if rules != "{}" else "") + '"cards":{"fall":{"sv":"Ring Eva","en":"Call Eva"}}}'
    plan = overlays.effective(programme, kept(written), NOW).plan

    assert [name for name, card in plan.cards.items() if "112" in card.sv + card.en] == []
    assert plan.cards["fall"].sv == "Ring Eva"
    assert "112" in template(DEFAULT_PROGRAMME).cards["rhythm"].sv


def test_h29_template_does_not_change_in_silence(golden: Callable[[Path, str], None]) -> None:
    """A template that says something else than before has another version, and that is looked at."""
    lines = [
        f"{name} {plans.title(name).version} {_digest(plan_documents.programme_leaves(name))}\n"
        for name in plan_documents.names()
    ]
    made, kept = dict(map(_halved, lines)), dict(map(_halved, KEPT.read_text(encoding="utf-8").splitlines(True)))

    assert [name for name in made if kept.get(name, made[name]) != made[name]] == [], "give it another version"
    golden(KEPT, "".join(lines))


def _halved(line: str) -> tuple[str, str]:
    """The programme with its version, and what it says."""
    named, _, digest = line.rpartition(" ")
    return named, digest


def _digest(leaves: plan_documents.Leaves) -> str:
    said = sorted((".".join(path), json.dumps(value, sort_keys=True)) for path, value in leaves.items())
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
