"""No overlay, however it was made, leaves a patient unwatched or a hard limit loosened by one name."""

import dataclasses
import json
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ward import overlays, plan_documents
from ward.overlays import Layer, Origin, Overlay, Patch
from ward.plan_checks import active_rules, faults
from ward.plan_oddities import loosened
from ward.plan_versions import Layers, review, tried, withdrawal
from ward.plans import Goals, Limits, template
from ward.vitals import VITALS, VitalKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAMES = [*Overlay.__struct_fields__, *Patch.__struct_fields__, *VitalKind, "begins", "ends", "kg", "af", "terms"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner),
    max_leaves=12,
)
BOUND = st.none() | st.integers(0, 250).map(float)
PATCHES = st.dictionaries(
    st.sampled_from(["floor", "alert_low", "warn_low", "warn_high", "alert_high", "ceiling"]), BOUND, max_size=4
) | st.dictionaries(st.sampled_from(["delay_s", "clear_by", "k", "n", "median_s"]), st.integers(-1, 4000), max_size=3)
KINDS = st.sampled_from(["spo2", "heart_rate", "resp_rate", "temperature", "systolic", "glucose"])
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "goals": st.sampled_from(Goals),
        "limits": st.dictionaries(KINDS, PATCHES, max_size=3),
        "night": st.none() | st.fixed_dictionaries({}, optional={"limits": st.dictionaries(KINDS, PATCHES)}),
        "expected": st.dictionaries(KINDS, st.none() | st.integers(0, 700_000), max_size=4),
        "news2_medium": st.integers(0, 21),
        "combinations": st.dictionaries(st.sampled_from(["infection", "own"]), st.none()),
    },
)
PROGRAMMES = st.sampled_from([*plan_documents.names(), "none such"])


def layer(rules: object, origin: Origin = Origin.PATIENT, version: int = 1) -> dict[str, object]:
    """A layer as the store gives it."""
    return {"origin": origin, "version": version, "rules": rules}


@given(PROGRAMMES, st.lists(st.tuples(LIKELY | ANYTHING, st.sampled_from([Origin.TEAM, Origin.PATIENT])), max_size=4))
def test_h13_whatever_is_kept_a_plan_watches(programme: str, kept: list[tuple[object, Origin]]) -> None:
    """Whatever lies in the store, the plan it gives has no fault and watches, unless its care is for comfort."""
    layers = json.dumps([layer(rules, origin, number) for number, (rules, origin) in enumerate(kept)])
    plan = overlays.effective(programme, layers, NOW).plan

    assert faults(plan) == ()
    assert plan.expected
    assert active_rules(plan) or plan.goals is Goals.COMFORT


@given(PROGRAMMES, LIKELY, LIKELY)
def test_layer_that_is_laid_twice_is_laid_once(programme: str, below: object, above: object) -> None:
    """Laying the same layer again changes nothing, and one that says nothing changes nothing."""
    first, second = layer(below, Origin.TEAM), layer(above)
    once = overlays.effective(programme, json.dumps([first, second]), NOW)
    twice = overlays.effective(programme, json.dumps([first, layer({}, Origin.TEAM, 9), second, second]), NOW)

    assert once.plan == twice.plan
    assert once.fields == twice.fields


@given(PROGRAMMES, LIKELY, LIKELY, LIKELY, LIKELY)
def test_h29_draft_is_tried_as_it_would_be_in_force(
    programme: str, team: object, own: object, temporary: object, draft: object
) -> None:
    """A team's or a patient's draft takes its own layer's place: what lies over it and below it stays as it is."""
    until = {**layer(temporary, version=2), "until": "2026-12-01T00:00:00Z"}
    kept = json.dumps([layer(team, Origin.TEAM), layer(own), until])
    rules = json.dumps(draft)
    of_team = [layer(draft, Origin.TEAM, 2), layer(own), until]
    of_patient = [layer(team, Origin.TEAM), layer(draft, version=3), until]

    for origin, expected in ((Origin.TEAM, of_team), (Origin.PATIENT, of_patient)):
        found = tried(programme, kept, rules, origin)
        would_be = overlays.folded(programme, json.dumps(expected))
        assert dataclasses.replace(found.plan, version=0) == dataclasses.replace(would_be.plan, version=0)
        assert len(found.faults) == len(would_be.faults)


@given(PROGRAMMES, LIKELY)
def test_no_limit_differs_in_silence(programme: str, rules: object) -> None:
    """The bounds that are shown as differing are those in which plan and template differ, and no others."""
    found = overlays.effective(programme, json.dumps([layer(rules)]), NOW)
    usual = template(found.plan.programme).limits
    differ = {
        ("limits", kind, each.name)
        for kind, limits in found.plan.limits.items()
        for each in dataclasses.fields(Limits)
        if getattr(limits, each.name) != getattr(usual.get(kind, Limits()), each.name)
    }

    shown = {each.path for each in found.fields if each.path[0] == "limits"}
    assert differ <= shown
    assert all(each.value != each.template for each in found.fields)


@given(st.sampled_from(plan_documents.names()), LIKELY, LIKELY)
def test_h12_nothing_is_loosened_by_one_name(programme: str, standing: object, change: object) -> None:
    """A change that asks for no signature leaves every hard limit as tight as the layer below or what was signed."""
    first = overlays.fold(programme, [_read(standing)])
    if first.faults:
        return
    try:
        overlay = overlays.decode(json.dumps(change))
    except msgspec.DecodeError:
        return
    said = review(Layers(programme=programme, standing=(_read(standing),)), overlay, Origin.PATIENT, None, NOW)

    if not said.faults and not said.asks:
        below, plan = template(programme), said.after.plan
        assert set(loosened(plan, below)) <= set(loosened(first.plan, below))
        assert plan.goals is Goals.FULL or first.plan.goals is Goals.COMFORT


def _read(rules: object) -> Layer:
    return overlays.read_layers(json.dumps([layer(rules)]))[0]


@given(KINDS, PATCHES, PATCHES)
def test_h12_limits_without_a_fault_stand_in_order(
    kind: VitalKind, one: dict[str, float], other: dict[str, float]
) -> None:
    """Limits that are not refused stand in order, within what the kind can measure, and can be cleared."""
    found = overlays.effective("copd", json.dumps([layer({"limits": {kind: {**one, **other}}})]), NOW)
    limits = found.plan.limits.get(VitalKind(kind), Limits())
    order = [limits.floor, limits.alert_low, limits.warn_low, limits.warn_high, limits.alert_high, limits.ceiling]
    given = [each for each in order if each is not None]

    assert given == sorted(given)
    assert all(VITALS[VitalKind(kind)].low <= each <= VITALS[VitalKind(kind)].high for each in given)
    assert 1 <= limits.k <= limits.n
    if limits.warn_low is not None and limits.warn_high is not None:
        assert limits.warn_low + limits.clear_by <= limits.warn_high - limits.clear_by


ENDS = st.none() | st.integers(1, 3).map(lambda hours: NOW.replace(hour=12 + hours))
STANDING = st.lists(st.tuples(LIKELY, st.sampled_from([Origin.TEAM, Origin.PATIENT]), ENDS), max_size=5)


@given(STANDING, st.integers(0, 5), st.sampled_from([Origin.TEAM, Origin.PATIENT]))
def test_h12_withdrawal_is_an_exchange_at_each_time_at_which_the_version_would_still_count(
    kept: list[tuple[object, Origin, datetime | None]], number: int, origin: Origin
) -> None:
    """As often as plans end while it lasts, and once more; without the version, what is left is all there is."""
    layers = [
        Layer(origin=each, version=place, rules=msgspec.Raw(json.dumps(rules).encode()), until=until)
        for place, (rules, each, until) in enumerate(kept)
    ]
    mine = [each for each in layers if (each.origin, each.version) == (origin, number)]
    changes = withdrawal(layers, origin, number, "hospital_at_home")
    ends = {each.until for each in layers if each.until is not None}
    lasts = [at for at in ends if mine and (mine[0].until is None or at < mine[0].until)]

    assert len(changes) == (1 + len(lasts) if mine else 0)
    if changes:
        left = [each for each in layers if each is not mine[0]]
        assert changes[0].before == overlays.fold("hospital_at_home", layers).plan
        assert changes[0].after == overlays.fold("hospital_at_home", left).plan
