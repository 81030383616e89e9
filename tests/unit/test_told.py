"""What is told of tracks at an instant: what is there, what is over, what was there meanwhile, and why."""

from dataclasses import replace

import pytest

from alerting.evaluate import evaluate
from alerting.features import Batch, batch
from alerting.observed import Quiet
from alerting.words import text
from tests.builders_alerting import NOW_S, Sample, a_batch, a_plan, an_alert
from ward.alerts import Alert, Condition, Finding, Priority
from ward.plans import Combination, Goals, Limits, Night, Side, Term, template
from ward.vitals import VitalKind

SPO2, HR, RR = VitalKind.SPO2, VitalKind.HEART_RATE, VitalKind.RESP_RATE
TEMP, FLOW = VitalKind.TEMPERATURE, VitalKind.OXYGEN_FLOW
LOW, HIGH_PULSE = "limit.spo2.low", "limit.heart_rate.high"


def found(looked_at: Batch, rule: str) -> Finding | Quiet | None:
    """Return what is observed of a rule; a rule observes a stay once."""
    said = [each for each in evaluate(looked_at, NOW_S).observations if each.rule == rule]
    assert len(said) < 2
    return said[0] if said else None


def burst(*samples: Sample, since_ago_s: float = 7200.0, alerts: tuple[Alert, ...] = ()) -> Batch:
    """Make a batch of readings that nobody has judged before."""
    return a_batch(*samples, unjudged_ago_s=since_ago_s, alerts=alerts)


def test_h20_what_is_over_has_an_end() -> None:
    """A violation that began and ended in what came late is one finding with an end, and explains itself."""
    said = found(burst((SPO2, 3600, 84), (SPO2, 3500, 83), (SPO2, 3000, 97), (SPO2, 5, 97)), LOW)

    assert isinstance(said, Finding)
    assert said.ended_at is not None
    assert [NOW_S - each.timestamp() for each in (said.began_at, said.due_at, said.ended_at)] == [3600, 3540, 3000]
    assert said.priority is Priority.HIGH
    assert said.evidence.params["value"] == 84


def test_h20_a_burst_is_one_finding_however_often_it_was() -> None:
    """Several episodes of a rule are told as one, with their number, the worst of them explained."""
    times = [(3600, 90), (3400, 97), (3000, 85), (2800, 97), (2000, 90), (1900, 97), (5, 97)]
    said = found(burst(*((SPO2, ago, value) for ago, value in times)), LOW)

    assert isinstance(said, Finding)
    assert (said.repeats, said.priority, said.evidence.params["value"]) == (2, Priority.HIGH, 85)


def test_h20_what_is_still_there_is_told_once_as_present() -> None:
    """A rule that holds now rings for now; what it found before in the same burst rings nowhere."""
    said = found(burst((SPO2, 3600, 84), (SPO2, 3000, 97), (SPO2, 300, 85), (SPO2, 5, 85)), LOW)

    assert isinstance(said, Finding)
    assert (said.ended_at, said.repeats, NOW_S - said.began_at.timestamp()) == (None, 0, 300)


def test_what_was_judged_before_is_not_told_again() -> None:
    """An episode that had fired before what is new is the business of its own alert."""
    samples = ((SPO2, 3600, 84), (SPO2, 3000, 97), (SPO2, 5, 97))

    assert isinstance(found(burst(*samples, since_ago_s=3540), LOW), Finding)
    assert found(burst(*samples, since_ago_s=3539), LOW) is None


def test_episode_within_an_open_alert_is_told_by_it() -> None:
    """A late reading inside of what an open alert spans raises nothing else; the alert is over."""
    samples = ((SPO2, 3600, 84), (SPO2, 3000, 97), (SPO2, 5, 97))
    said = found(burst(*samples, alerts=(an_alert(LOW, began_ago_s=3700),)), LOW)

    assert isinstance(said, Quiet)


@pytest.mark.parametrize(("now", "over_ago_s"), [(97, 1800), (90, 2400)])
def test_h11_late_and_worse_than_an_open_alert_is_told(now: float, over_ago_s: float) -> None:
    """What an alert of medium priority spans and nobody has heard of was of high priority: that is news."""
    samples = ((SPO2, 3600, 90), (SPO2, 3000, 72), (SPO2, 2400, 90), (SPO2, 1800, now), (SPO2, 1500, now))
    looked_at = burst(*samples, (SPO2, 5, now), since_ago_s=3100, alerts=(an_alert(LOW, Priority.MEDIUM, 3600),))
    said = found(looked_at, LOW)

    assert isinstance(said, Finding)
    assert (said.priority, said.evidence.params["value"]) == (Priority.HIGH, 72)
    assert said.ended_at is not None
    assert [NOW_S - each.timestamp() for each in (said.began_at, said.ended_at)] == [3600, over_ago_s]
    known = replace(looked_at.stays[0], alerts={LOW: replace(an_alert(LOW, Priority.MEDIUM), worst=Priority.HIGH)})
    again = found(replace(looked_at, stays=(known,)), LOW)
    assert isinstance(again, Quiet) if now > 90 else isinstance(again, Finding) and again.ended_at is None


def test_h20_what_nobody_knows_to_be_over_is_told_as_being_there() -> None:
    """What old readings found, and of which nothing has come since, may be there still: it rings."""
    said = found(burst((SPO2, 3600, 84), (SPO2, 3500, 84)), LOW)

    assert isinstance(said, Finding)
    assert said.ended_at is None
    assert NOW_S - said.began_at.timestamp() == 3600


def test_milder_alert_says_what_makes_it_milder() -> None:
    """A pulse that was 150 and is 125 now is told as 125 above the warning; that it was 150 is no news after that."""
    samples: list[Sample] = [(HR, ago, 150) for ago in range(300, 200, -10)]
    samples += [(HR, ago, 125 if ago > 100 else 120) for ago in range(200, -1, -10)]
    raised = an_alert(HIGH_PULSE, Priority.HIGH, began_ago_s=240)
    said = found(a_batch(*samples, alerts=(raised,)), HIGH_PULSE)

    assert isinstance(said, Finding)
    assert (said.priority, said.evidence.params["value"], said.evidence.params["limit"]) == (Priority.MEDIUM, 125, 110)
    eased = replace(raised, priority=Priority.MEDIUM, evidence=said.evidence)
    again = found(a_batch(*samples, alerts=(eased,)), HIGH_PULSE)
    assert isinstance(again, Finding)
    assert (again.renews, again.evidence) == (False, said.evidence)
    worse = found(a_batch(*samples[:-1], (HR, 0, 128), alerts=(eased,)), HIGH_PULSE)
    assert isinstance(worse, Finding)
    assert (worse.renews, worse.evidence.params["value"]) == (True, 128)


def test_milder_alert_between_the_limits_says_what_it_was() -> None:
    """A pulse that is below the warning, but not by the hysteresis, is told by the reading that was beyond it."""
    samples: list[Sample] = [(HR, ago, 150 if ago > 200 else 109) for ago in range(300, -1, -10)]
    said = found(a_batch(*samples, alerts=(an_alert(HIGH_PULSE, Priority.HIGH, began_ago_s=240),)), HIGH_PULSE)

    assert isinstance(said, Finding)
    assert (said.priority, said.evidence.params["value"]) == (Priority.MEDIUM, 150)


def test_evidence_is_made_only_where_it_is_news() -> None:
    """An alert that goes on as it is keeps the evidence that it was raised with."""
    alert = an_alert(LOW)
    said = found(a_batch((SPO2, 100, 84), (SPO2, 5, 84), alerts=(alert,)), LOW)

    assert isinstance(said, Finding)
    assert said.evidence is alert.evidence
    cleared = replace(alert, condition=Condition.CLEARED)
    again = found(a_batch((SPO2, 100, 84), (SPO2, 5, 84), alerts=(cleared,)), LOW)
    assert isinstance(again, Finding)
    assert again.evidence.text_key == "limit.low"


def test_h33_comfort_care_is_not_rung_for_by_values() -> None:
    """Under comfort care no limit, score or combination speaks, and what rang is over; a lost device still does."""
    plan = a_plan(goals=Goals.COMFORT)
    samples = ((SPO2, 100, 60), (RR, 100, 40), (SPO2, 5, 60))
    rules = {each.rule for each in evaluate(a_batch(*samples, plan=plan), NOW_S).observations}

    assert rules == {"nodata.heart_rate"}
    assert isinstance(found(a_batch(*samples, plan=plan, alerts=(an_alert(LOW),)), LOW), Quiet)


@pytest.mark.parametrize("values", [(97, 72), (72, 97)])
def test_h06_of_two_saturations_at_one_instant_the_worse_stands(values: tuple[float, float]) -> None:
    """An oximeter that lies on the table, in step with the one that is worn, hides no fall."""
    both = [(SPO2, ago, value) for ago in (65, 35, 5) for value in values]
    said = found(a_batch(*both), LOW)

    assert isinstance(said, Finding)
    assert (said.priority, said.evidence.params["value"]) == (Priority.HIGH, 72)


def test_h13_rule_that_the_plan_no_longer_has_lets_its_alert_clear() -> None:
    """An alert of a combination that was taken out of the plan does not stay for ever."""
    alert = an_alert("combination.sepsis")

    assert isinstance(found(a_batch((SPO2, 5, 97), alerts=(alert,)), "combination.sepsis"), Quiet)


def test_combination_explains_which_terms_held() -> None:
    """The terms that held are told with their values, in both languages; the one that did not is left out."""
    terms = tuple(Term(kind=kind, side=Side.HIGH, bound=bound) for kind, bound in ((HR, 95), (RR, 22), (TEMP, 38.5)))
    plan = a_plan(combinations=(Combination(name="sepsis", terms=terms, at_least=2, delay_s=60),))
    said = found(a_batch((HR, 120, 100), (RR, 90, 24), (TEMP, 90, 37), (HR, 20, 101), plan=plan), "combination.sepsis")

    assert isinstance(said, Finding)
    assert [(each.kind, each.value) for each in said.evidence.inputs] == [("heart_rate", 100), ("resp_rate", 24)]
    assert NOW_S - said.due_at.timestamp() == 30
    assert text(said.evidence.text_key, said.evidence.params, "en") == (
        "Sepsis: heart rate ≥ 95 /min, respiratory rate ≥ 22 /min for 60 s (at least 2 of 3)"
    )


def test_score_says_what_would_settle_the_rest() -> None:
    """A total that is certain as far as it goes names the measurement that narrows it most."""
    samples = (
        (RR, 190, 25),
        (HR, 190, 115),
        (SPO2, 190, 97),
        (TEMP, 190, 37),
        (FLOW, 190, 0),
        (VitalKind.SYSTOLIC, 190, 125),
    )
    said = found(a_batch(*samples), "news2.total")

    assert isinstance(said, Finding)
    assert said.evidence.params == {
        "total": 5, "limit": 5, "duration_s": 180.0, "total_max": 8, "settles": "consciousness",
    }  # fmt: skip
    assert {each.kind for each in said.evidence.inputs} == {str(kind) for kind, *_ in samples}


def test_h16_poor_signal_is_told_and_its_extremes_are_told_as_doubtful() -> None:
    """Poor values for minutes are a technical finding; one of them beyond the hard bound calls for a look at once."""
    poor = [(SPO2, ago, 89.0, 0.1) for ago in (240, 180, 120, 60)]
    quality = found(a_batch(*poor), "quality.spo2")
    extreme = found(a_batch(*poor, (SPO2, 5, 70.0, 0.1)), LOW)

    assert isinstance(quality, Finding)
    assert (NOW_S - quality.due_at.timestamp(), quality.evidence.params["quality_pct"]) == (60, 10)
    assert found(a_batch(*poor), LOW) is None
    assert isinstance(extreme, Finding)
    assert (extreme.priority, extreme.evidence.text_key) == (Priority.HIGH, "limit.low.doubtful")
    assert extreme.evidence.params["limit"] == 80
    assert extreme.evidence.inputs[0].quality == 0.1


def test_h10_sensor_between_nonsense_and_good_values_is_one_finding() -> None:
    """Values outside what is plausible hold their finding for a while, so one that comes and goes does not flap."""
    odd = tuple((SPO2, ago, 20.0) for ago in (240, 120))
    good = ((SPO2, 180, 97), (SPO2, 60, 97))
    said = found(a_batch(*good, implausible=odd), "check.spo2")

    assert isinstance(said, Finding)
    assert NOW_S - said.began_at.timestamp() == 240
    alerts = (an_alert("check.spo2", Priority.MEDIUM),)
    late = a_batch((SPO2, 60, 97), implausible=((SPO2, 301, 20.0),), alerts=alerts)
    assert isinstance(found(late, "check.spo2"), Quiet)


@pytest.mark.parametrize(("ends", "limit"), [(0, 91.0), (24 * 60 - 1, 88.0)])
def test_evidence_names_the_limit_of_the_hour(ends: int, limit: float) -> None:
    """By night the night's limit is told, by day the day's."""
    by_night = Limits(warn_low=88, alert_low=85)
    plan = a_plan(night=Night(begins=0, ends=ends, limits={SPO2: by_night})) if ends else template()
    said = found(a_batch((SPO2, 100, 87), (SPO2, 5, 87), plan=replace(plan, limits={SPO2: Limits(warn_low=91)})), LOW)

    assert isinstance(said, Finding)
    assert said.evidence.params["limit"] == limit


def test_nothing_is_told_of_nobody() -> None:
    """An empty batch is evaluated too."""
    assert evaluate(batch([], {}), NOW_S).observations == ()
