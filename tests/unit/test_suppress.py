"""What may be held back: technical by technical, and never what is urgent."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.observed import Observation, Quiet
from alerting.rules.technical import OFFLINE
from alerting.suppress import DEVICES_OFFLINE, admit
from ward.alerts import Evidence, Family, Finding, Priority
from ward.people import StayId

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
STAY = StayId(1)


def a_finding(rule: str, priority: Priority = Priority.MEDIUM, **changes: object) -> Finding:
    """Make a technical finding that began ten minutes ago and is due now."""
    made = Finding(
        stay_id=STAY,
        rule=rule,
        family=Family.TECHNICAL,
        priority=priority,
        began_at=NOON - timedelta(minutes=10),
        due_at=NOON,
        evidence=Evidence(rule_version=1, text_key=rule.partition(".")[0], params={}, inputs=()),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


AWAY = a_finding(OFFLINE, Priority.LOW, began_at=NOON - timedelta(minutes=9))
SILENT = a_finding("nodata.spo2")


def test_silence_of_devices_that_are_away_is_said_once() -> None:
    """With every device offline its silent signals are held, and the one alert is as urgent as the loudest of them."""
    admitted = admit([AWAY, SILENT, a_finding("nodata.heart_rate", Priority.LOW)], (), {STAY: [False]})

    assert admitted.speaks == (replace(AWAY, priority=Priority.MEDIUM),)
    assert [(each.finding.rule, each.by_rule, each.reason) for each in admitted.held] == [
        ("nodata.spo2", OFFLINE, DEVICES_OFFLINE),
        ("nodata.heart_rate", OFFLINE, DEVICES_OFFLINE),
    ]


def test_one_of_two_devices_away_holds_nothing() -> None:
    """As long as another device is connected, a silent signal may be its own: it speaks."""
    assert admit([AWAY, SILENT], (), {STAY: [False, True]}).held == ()


def test_signal_missed_before_the_device_went_away_speaks() -> None:
    """A signal that was due before the devices went offline was silent for another reason."""
    earlier = replace(SILENT, due_at=NOON - timedelta(minutes=9, seconds=1))

    assert admit([AWAY, earlier], (), {STAY: [False]}).held == ()


def test_signal_that_never_came_speaks() -> None:
    """A signal that never came is not explained by a device that has just gone offline."""
    never = replace(SILENT, evidence=replace(SILENT.evidence, text_key="nodata.never"))

    assert admit([AWAY, never], (), {STAY: [False]}).held == ()


def test_open_alert_goes_on_speaking() -> None:
    """An alert that is open already is not held when the devices go away."""
    assert admit([AWAY, SILENT], {(STAY, "nodata.spo2")}, {STAY: [False]}).held == ()


def test_h11_silence_of_high_priority_speaks_though_the_device_is_away() -> None:
    """A plan may make the silence of a signal as urgent as can be: then nothing speaks in its place."""
    urgent = replace(SILENT, priority=Priority.HIGH)
    admitted = admit([AWAY, urgent, a_finding("nodata.heart_rate")], (), {STAY: [False]})

    assert admitted.speaks == (replace(AWAY, priority=Priority.MEDIUM), urgent)
    assert [each.finding.rule for each in admitted.held] == ["nodata.heart_rate"]


def test_another_stay_is_not_touched() -> None:
    """What is away in one stay holds nothing in another."""
    other = replace(SILENT, stay_id=StayId(2))

    assert admit([AWAY, other], (), {STAY: [False], StayId(2): [False]}).held == ()


def test_h11_silent_signal_of_high_priority_speaks() -> None:
    """What is technical and of high priority is told beside the devices that are away."""
    high = replace(SILENT, priority=Priority.HIGH)
    admitted = admit([AWAY, high], (), {STAY: [False]})

    assert (admitted.speaks, admitted.held) == ((AWAY, high), ())


def test_h11_one_true_alert_in_a_flood_speaks() -> None:
    """Among a thousand silent signals of devices that are away, the one urgent clinical finding is told."""
    flood: list[Observation] = []
    for number in range(1000):
        stay = StayId(number)
        flood += [replace(AWAY, stay_id=stay), replace(SILENT, stay_id=stay)]
    true = replace(SILENT, stay_id=StayId(500), rule="limit.spo2.low", family=Family.CLINICAL, priority=Priority.HIGH)
    admitted = admit([*flood, true], (), {StayId(number): [False] for number in range(1000)})

    assert true in admitted.speaks
    assert len(admitted.held) == 1000


RULES = st.sampled_from([OFFLINE, "nodata.spo2", "nodata.weight", "limit.spo2.low", "news2", "help_button", "battery"])
FINDINGS = st.builds(
    a_finding,
    RULES,
    st.sampled_from(Priority),
    stay_id=st.integers(1, 3).map(StayId),
    family=st.sampled_from(Family),
    began_at=st.integers(0, 60).map(lambda minutes: NOON - timedelta(minutes=minutes)),
)
QUIET = st.builds(Quiet, stay_id=st.integers(1, 3).map(StayId), rule=RULES)
ONLINE = st.dictionaries(st.integers(1, 3).map(StayId), st.lists(st.booleans(), max_size=3))


@given(st.lists(FINDINGS | QUIET, unique_by=lambda each: (each.stay_id, each.rule)), ONLINE)
def test_h11_nothing_urgent_clinical_or_asked_for_is_ever_held(
    observations: list[Observation], online: dict[StayId, list[bool]]
) -> None:
    """Whatever is found, what is high, clinical or a request speaks, nothing is dropped, and nothing becomes milder."""
    admitted = admit(observations, (), online)

    for each in admitted.held:
        assert each.finding.family is Family.TECHNICAL
        assert each.finding.priority < Priority.HIGH
        assert each.finding.rule != OFFLINE
        assert (each.finding.stay_id, OFFLINE) in {(one.stay_id, one.rule) for one in admitted.speaks}
    everything = [*admitted.speaks, *(each.finding for each in admitted.held)]
    assert Counter((one.stay_id, one.rule) for one in everything) == Counter((o.stay_id, o.rule) for o in observations)
    before = {(one.stay_id, one.rule): one.priority for one in observations if isinstance(one, Finding)}
    assert all(one.priority >= before[one.stay_id, one.rule] for one in admitted.speaks if isinstance(one, Finding))
