"""What an alert rests on: every number that its words name is among its inputs, each as old as it was when judged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerting import runs
from alerting.evaluate import evaluate
from alerting.features import DeviceReport, moment
from alerting.observed import Observation
from alerting.sentences import age, sentence
from tests.builders_alerting import NOW_S, Sample, a_batch, a_device, a_plan, an_alert
from ward.alerts import Evidence, Finding, Input, Priority, Role
from ward.evidence import UNREADABLE, age_s, is_old, old, read
from ward.plans import Combination, SecondSignal, Side, Term, template
from ward.vitals import VitalKind

SPO2, HR, RR, TEMP = VitalKind.SPO2, VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.TEMPERATURE
SYSTOLIC, FLOW, ALERTNESS = VitalKind.SYSTOLIC, VitalKind.OXYGEN_FLOW, VitalKind.CONSCIOUSNESS
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
LOW = "limit.spo2.low"


def an_input(kind: str = "spo2", hours: float = 0.0, role: Role = Role.JUDGED, over_s: float = 0.0) -> Input:
    """Make an input that was measured so many hours before it was judged."""
    at = AT - timedelta(hours=hours)
    return Input(kind=kind, value=84.0, unit="%", measured_at=at, role=role, over_s=over_s)


def judged(*inputs: Input, at: datetime | None = AT) -> Evidence:
    """Make evidence of a fall of SpO2."""
    params: dict[str, str | float | int | None] = {"kind": "spo2", "value": 84.0, "limit": 88.0, "unit": "%"}
    return Evidence(
        rule_version=1, text_key="limit.low", params={**params, "duration_s": 0.0}, inputs=inputs, judged_at=at
    )


def found(rule: str, *samples: Sample, devices: tuple[DeviceReport, ...] = (), **given: object) -> Evidence:
    """Return the evidence of a rule's finding."""
    batch = a_batch(*samples, devices=devices, **given)  # type: ignore[arg-type]
    (said,) = (each for each in evaluate(batch, NOW_S).observations if each.rule == rule)
    assert isinstance(said, Finding)
    return said.evidence


def shown(evidence: Evidence) -> list[tuple[str, float, str, float | None]]:
    """Return kind, value, role and age of each input."""
    return [(each.kind, each.value, each.role.value, age_s(evidence, each)) for each in evidence.inputs]


def test_age_is_that_of_when_it_was_judged() -> None:
    """An input is as old as it was at the judgement, however long ago that is by now."""
    evidence = judged(an_input(hours=4))

    assert age_s(evidence, evidence.inputs[0]) == 4 * 3600


def test_h02_of_what_an_older_program_kept_no_age_is_made_up() -> None:
    """Evidence that was kept without its time is read, has the words that it had, and no ages."""
    kept = (
        '{"rule_version":1,"text_key":"limit.low","params":{"kind":"spo2","value":84.0,"limit":88.0,"unit":"%",'
        '"duration_s":60.0},"inputs":[{"kind":"spo2","value":84.0,"unit":"%",'
        '"measured_at":"2026-11-20T10:00:00Z","quality":0.9}]}'
    )
    evidence = read(kept)

    assert shown(evidence) == [("spo2", 84.0, "judged", None)]
    assert not list(old(evidence))
    assert sentence(evidence, "en") == "Oxygen saturation 84 % below the limit 88 % for 60 s"
    assert read(msgspec.json.encode(evidence).decode()) == evidence
    assert read('{"rule_version": 1}') == UNREADABLE


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ((an_input(hours=0.04),), []),
        ((an_input(hours=0.06),), [True]),
        ((an_input(hours=0.06), an_input()), []),
        ((an_input(hours=4, role=Role.BEFORE),), []),
        ((an_input(hours=4, role=Role.USUAL), an_input(hours=4, role=Role.SINCE)), []),
        ((an_input(hours=0.25, over_s=900),), []),
        ((an_input(hours=0.5, over_s=900),), [True]),
        ((an_input("af", hours=9),), []),
    ],
    ids=["fresh", "ageing", "a newer beside", "compared", "usual, first", "a quarter", "an old quarter", "no vital"],
)
def test_h02_old_is_what_was_judged_though_older_than_its_kind_should_be(
    inputs: tuple[Input, ...], expected: list[bool]
) -> None:
    """What is compared with is old by its nature; the newest of what is judged is old from its kind's ageing on."""
    assert [is_old(judged(*inputs), each) for each in inputs if is_old(judged(*inputs), each)] == expected


def test_h02_sentence_names_what_was_old_and_how_old() -> None:
    """Both languages tell the kinds and their ages, as screens write ages."""
    evidence = judged(an_input(), an_input("weight", hours=50), an_input("systolic", hours=7.5))

    assert sentence(evidence, "sv").endswith("; inte nya mätvärden: vikt 2 d, systoliskt blodtryck 7 h")
    assert sentence(evidence, "en").endswith("; readings that were not new: weight 2 d, systolic blood pressure 7 h")


def test_request_that_came_late_says_so() -> None:
    """A help button whose message was two hours on its way is told with that; one that came at once without."""
    params: dict[str, str | float | int | None] = {"device_id": "hv-0001", "occurred_at": AT.isoformat()}
    evidence = Evidence(rule_version=1, text_key="help_button", params=params, inputs=(), judged_at=AT)

    assert sentence(evidence, "en").endswith("(device hv-0001)")
    late = replace(evidence, judged_at=AT + timedelta(hours=2, minutes=10))
    assert sentence(late, "sv").endswith("; kom fram efter 2 h 10 min")
    assert sentence(late, "en").endswith("; arrived after 2 h 10 min")


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (240, "4 min"),
        (7800, "2 h 10 min"),
        (14_400, "4 h"),
        (23_000, "6 h"),
        (200_000, "2 d"),
    ],
)
def test_ages_are_written_as_screens_write_them(seconds: float, written: str) -> None:
    """The largest unit that fits; minutes only beside few hours."""
    assert age(seconds) == written


def test_whoever_looks_later_says_the_same() -> None:
    """A finding is judged when it fell due, so its ages do not depend on when somebody looks."""
    samples: list[Sample] = [(SPO2, 100.0, 86.0), (SPO2, 50.0, 84.0), (SPO2, 5.0, 87.0)]
    said: list[tuple[Observation, ...]] = [
        tuple(each for each in evaluate(a_batch(*samples), NOW_S + later_s).observations if each.rule == LOW)
        for later_s in (0, 7, 60)
    ]

    assert said[0] == said[1] == said[2] != ()


def test_worse_is_judged_anew_and_keeps_how_it_began() -> None:
    """An alert that gets worse is as of now, with the worst, the newest, and the first that it was raised with."""
    raised = found(LOW, (SPO2, 100, 86), (SPO2, 5, 85))
    alert = replace(an_alert(LOW), evidence=raised)
    worse = found(LOW, (SPO2, 100, 86), (SPO2, 45, 85), (SPO2, 30, 81), (SPO2, 5, 83), alerts=(alert,))

    assert worse.judged_at == moment(NOW_S)
    assert shown(worse) == [("spo2", 86, "since", 100), ("spo2", 81, "judged", 30), ("spo2", 83, "judged", 5)]


def test_h14_stale_inputs_of_a_score_are_named() -> None:
    """A score that rests on a blood pressure of nine hours says so; what is fresh is not named."""
    fresh: list[Sample] = [(RR, 190, 25), (HR, 190, 115), (SPO2, 190, 91), (HR, 20, 115), (SPO2, 20, 91), (RR, 20, 25)]
    evidence = found("news2.total", *fresh, (SYSTOLIC, 9 * 3600.0, 105))

    assert "systolic blood pressure 8 h" in sentence(evidence, "en")
    assert [each.kind for each, _ in old(evidence)] == ["systolic"]


def test_rise_of_the_score_has_both_scores() -> None:
    """A rise names the points before, until when it was so low, and those of now; it is what lies between them."""
    before: list[Sample] = [(RR, 3600, 15), (HR, 3600, 70), (SPO2, 3600, 97), (TEMP, 3600, 37), (FLOW, 3600, 0)]
    before += [(ALERTNESS, 3600, 0), (SYSTOLIC, 3600, 125)]
    now: list[Sample] = [(kind, ago, value) for ago in (1000, 700, 400, 100)
                         for kind, value in ((RR, 22.0), (HR, 112.0), (SPO2, 97.0))]  # fmt: skip
    evidence = found("news2.rise", *before, *now)
    then, score = evidence.inputs[:2]

    assert (then.kind, then.value, then.role) == ("news2", 0, Role.BEFORE)
    assert (score.kind, score.value, score.role) == ("news2", 4, Role.JUDGED)
    assert score.value - then.value >= template().news2_rise
    assert then.measured_at < score.measured_at == evidence.judged_at


def test_combination_tells_since_when() -> None:
    """Each term has the value that began it and the one of now."""
    terms = tuple(Term(kind=kind, side=Side.HIGH, bound=bound) for kind, bound in ((HR, 95), (RR, 22)))
    plan = a_plan(combinations=(Combination(name="sepsis", terms=terms, at_least=2, delay_s=60),))
    evidence = found("combination.sepsis", (HR, 120, 100), (RR, 90, 24), (HR, 40, 101), plan=plan)

    assert shown(evidence) == [
        ("heart_rate", 100, "since", 90), ("resp_rate", 24, "judged", 60), ("heart_rate", 101, "judged", 10),
    ]  # fmt: skip


def test_silence_names_the_last_value_with_its_age() -> None:
    """The value that the words name is there, as what was before the silence."""
    evidence = found("nodata.spo2", (SPO2, 700, 97))

    assert shown(evidence) == [("spo2", 97, "before", 600)]
    assert "not new" not in sentence(evidence, "en")


def test_poor_signal_names_its_first_value_and_its_last() -> None:
    """The qualities are those of the first poor value and of the newest."""
    evidence = found("quality.spo2", *((SPO2, ago, 89.0, 0.1) for ago in (240.0, 150.0, 65.0)))

    assert [(each.quality, each.role.value, age_s(evidence, each)) for each in evidence.inputs] == [
        (0.1, "since", 180), (0.1, "judged", 5),
    ]  # fmt: skip


def test_battery_is_as_old_as_the_device_said_it() -> None:
    """What a device said of its battery three hours ago is three hours old."""
    evidence = found("battery", devices=(a_device(battery_pct=4.0, changed_ago_s=10_800),))

    assert shown(evidence) == [("battery", 4.0, "judged", 10_800)]


def test_h16_fall_that_waits_for_the_cuff_names_both() -> None:
    """The fall and the blood pressure that it waits for are told."""
    evidence = found("held.spo2", *((SPO2, ago, 85.0) for ago in (80.0, 50.0, 20.0, 5.0)), (SYSTOLIC, 40, 120))

    assert {(kind, role) for kind, _, role, _ in shown(evidence)} == {
        ("spo2", "since"), ("spo2", "judged"), ("systolic", "judged"),
    }  # fmt: skip


def test_n11_doubtful_fall_names_what_has_not_changed() -> None:
    """Heart rate and breathing stand there as they are and as they were."""
    asked = SecondSignal(wait_s=60.0, quality_below=0.7, heart_rate_within=8.0, resp_rate_within=3.0)
    calm = ((HR, 72.0), (RR, 15.0))
    others: list[Sample] = [(kind, ago, value) for ago in (400.0, 100.0, 20.0) for kind, value in calm]
    plan = a_plan(second_signal=asked)
    evidence = found("second.spo2", *((SPO2, ago, 89.5, 0.6) for ago in (90.0, 30.0, 5.0)), *others, plan=plan)

    assert {(kind, role) for kind, _, role, _ in shown(evidence)} == {
        (kind.value, role) for kind in (HR, RR) for role in ("before", "judged")
    } | {("spo2", "judged")}


def test_runs_change_nothing_of_evidence() -> None:
    """Evidence names readings, not what stands for them."""
    batch = a_batch((SPO2, 100, 86), (SPO2, 50, 84), (SPO2, 5, 87))
    one, other = (
        [each for each in evaluate(given, NOW_S).observations if each.rule == LOW]
        for given in (batch, runs.reduced(batch))
    )

    assert one == other != []
    assert one[0].priority is Priority.HIGH  # type: ignore[union-attr]
