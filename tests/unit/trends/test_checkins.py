"""Check-ins: which answers worry, how urgent they are together, and when answers are missed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerting.features import Observed, Request, StayContext, seconds
from alerting.observed import Quiet
from alerting.rules import checkins
from alerting.words import text
from tests.builders_alerting import NOW_S, a_batch, a_plan, an_alert
from ward.alerts import Family, Finding, Priority
from ward.checkins import ANSWER_BY_MINUTE, QUESTIONS, TOPICS, urgency, worrying
from ward.events import Answer, EventKind
from ward.plans import Goals


def answered(**answers: str | float | bool) -> Request:
    """Make a check-in that nobody has judged."""
    given = tuple(Answer(question=question, answer=answer) for question, answer in answers.items())
    return Request(kind=EventKind.CHECK_IN, device_id="hv-1", occurred_s=NOW_S - 60, received_s=NOW_S, answers=given)


def looked_at(*requests: Request, programme: str = "hospital_at_home", **of_stay: object) -> Observed:
    """Look at a stay with check-ins."""
    batch = a_batch(plan=a_plan(programme=programme))
    stay: StayContext = replace(batch.stays[0], requests=requests, **of_stay)  # type: ignore[arg-type]
    return checkins.observe(replace(batch, stays=(stay,)), NOW_S)


def told(*requests: Request, programme: str = "hospital_at_home") -> Finding | None:
    """Return the finding of worrying answers."""
    observations = looked_at(*requests, programme=programme).observations
    return next((each for each in observations if isinstance(each, Finding)), None)


@pytest.mark.parametrize(
    ("answers", "priority"),
    [
        ({"chest_pain": True}, Priority.HIGH),
        ({"breath": "worse"}, Priority.MEDIUM),
        ({"breath": " Much_worse "}, Priority.HIGH),
        ({"pain": 7}, Priority.MEDIUM),
        ({"slept": False}, Priority.LOW),
        ({"slept": False, "eaten": False}, Priority.MEDIUM),
        ({"slept": False, "chest_pain": True}, Priority.HIGH),
    ],
)
def test_worrying_answers_call_for_somebody(answers: dict[str, str | float | bool], priority: Priority) -> None:
    """A worrying answer is a request of its own priority; two that worry a little are together more urgent."""
    finding = told(answered(**answers))

    assert finding is not None
    assert (finding.rule, finding.family, finding.priority) == ("check_in", Family.REQUEST, priority)


@pytest.mark.parametrize(
    "answers", [{"breath": "same"}, {"pain": 6.9}, {"chest_pain": False}, {"slept": True}, {"weather": "worse"}]
)
def test_calm_answers_call_nobody(answers: dict[str, str | float | bool]) -> None:
    """Calm answers, and answers to questions that are not known, call nobody."""
    assert told(answered(**answers)) is None


def test_programme_decides_what_worries() -> None:
    """Swollen legs worry in heart failure; pain worries earlier in palliative care."""
    assert told(answered(swollen=True)) is None
    assert told(answered(swollen=True), programme="heart_failure") is not None
    assert told(answered(pain=5), programme="palliative") is not None
    assert told(answered(breath="worse"), programme="unheard_of") is not None


def test_h33_comfort_care_still_hears_the_patient() -> None:
    """Where care is for comfort, worrying answers call as ever."""
    batch = a_batch(plan=a_plan(goals=Goals.COMFORT, programme="palliative"))
    stay = replace(batch.stays[0], requests=(answered(pain=8),))
    (finding,) = checkins.observe(replace(batch, stays=(stay,)), NOW_S).observations

    assert isinstance(finding, Finding)
    assert finding.priority is Priority.HIGH


def test_own_words_are_never_repeated() -> None:
    """What somebody wrote in words of their own is in no evidence, whatever else they answered."""
    finding = told(answered(breath="worse", note="Testa Testsson mår dåligt", chills="yes, since my husband fell"))

    assert finding is not None
    assert finding.evidence.params["questions"] == "breath"
    assert "Testa" not in str(finding.evidence)
    assert "husband" not in str(finding.evidence)


def test_several_check_ins_are_one_finding() -> None:
    """Of several check-ins the most urgent answer to each question counts, and the finding counts the others."""
    finding = told(answered(pain=8), answered(breath="worse", pain=1), answered(breath="much_worse"))

    assert finding is not None
    assert finding.evidence.params["questions"] == "breath,pain"
    assert finding.evidence.params["answers"] == "much_worse,8"
    assert finding.repeats == 2


def test_h05_answers_of_before_stay_in_the_alert_that_is_open() -> None:
    """Whose chest hurt before sleep was bad still has a chest that hurts: the more urgent comes first."""
    urgent = told(answered(chest_pain=True))
    assert urgent is not None
    alert = replace(an_alert("check_in", Priority.HIGH), family=Family.REQUEST, evidence=urgent.evidence)
    (again,) = looked_at(answered(slept=False), alerts={"check_in": alert}).observations
    milder = replace(alert, priority=Priority.LOW)
    (worse,) = looked_at(answered(breath="much_worse"), alerts={"check_in": milder}).observations

    assert isinstance(again, Finding)
    assert isinstance(worse, Finding)
    assert (again.priority, again.evidence.params["questions"]) == (Priority.LOW, "chest_pain,slept")
    assert worse.evidence.params["questions"] == "breath,chest_pain"
    assert worse.evidence.params["answers"] == "much_worse,yes"


def test_calm_check_in_leads_to_no_alert() -> None:
    """Only a check-in with a worrying answer is taken up by an alert."""
    stay = a_batch().stays[0]

    assert checkins.calls(stay, answered(pain=9))
    assert not checkins.calls(stay, answered(pain=1))
    assert checkins.calls(stay, replace(answered(), kind=EventKind.HELP_BUTTON))


def at(day: int, hour: int, month: int = 11) -> float:
    """Return a time in UTC; Stockholm is an hour later in winter."""
    return seconds(datetime(2026, month, day, hour, tzinfo=UTC))


def missed(answered_s: float | None, now_s: float, *, alert: bool = False) -> tuple[object, ...]:
    """Look at a stay that last answered at a time."""
    batch = a_batch(alerts=(an_alert(checkins.MISSED),) if alert else ())
    stay = replace(batch.stays[0], answered_s=answered_s)
    return checkins.observe(replace(batch, stays=(stay,)), now_s).observations


def test_missed_answers_are_told_in_the_afternoon() -> None:
    """Who answered yesterday and has not by two in the afternoon is asked after, quietly."""
    (finding,) = missed(at(21, 8), at(22, 13))

    assert isinstance(finding, Finding)
    assert (finding.family, finding.priority) == (Family.TECHNICAL, Priority.LOW)
    assert missed(at(21, 8), at(22, 12)) == ()
    assert missed(at(22, 8), at(22, 13)) == ()
    assert "no answers to the day's questions in 29 h" in text("check_in.missed", finding.evidence.params, "en").lower()


def test_nobody_is_asked_for_what_they_never_did() -> None:
    """Who never answers, or stopped days ago, is not asked after; an alert that is there stays."""
    assert missed(None, at(22, 13)) == ()
    assert missed(at(18, 8), at(22, 13)) == ()
    assert len(missed(at(18, 8), at(22, 13), alert=True)) == 1


def test_answer_ends_it() -> None:
    """With today's answers the alert is over."""
    (observation,) = missed(at(22, 8), at(22, 15), alert=True)

    assert isinstance(observation, Quiet)


@pytest.mark.parametrize(("day", "month", "hour"), [(28, 3, 12), (24, 10, 13)])
def test_h08_answers_are_due_at_local_time_over_both_nights(day: int, month: int, hour: int) -> None:
    """The day after an answer, two in the afternoon is just that, also when the clock was changed at night."""
    assert checkins.due_on(at(day, 8, month), 1) == at(day + 1, hour, month)


def test_every_question_has_words_and_no_word_is_unused() -> None:
    """Each question that can worry is named in both languages."""
    assert {worry.question for table in QUESTIONS.values() for worry in table} == set(TOPICS)
    assert all(swedish and english for swedish, english in TOPICS.values())
    assert 0 < ANSWER_BY_MINUTE < 24 * 60


def test_nothing_worrying_is_not_urgent() -> None:
    """Without a worrying answer there is no urgency."""
    assert urgency(worrying("", [Answer(question="slept", answer=True)])) is None
