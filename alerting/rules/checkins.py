"""Check-ins: worrying answers call for somebody, and so, quietly, do answers that do not come.

`check_in` is a request, also where care is for comfort; like every request it is over when a person says so, and a
check-in that an alert has taken up is not judged again. `check_in.missed` is technical. The invariant: evidence names
questions and answers of the table (`ward.checkins`), never what somebody wrote in words of their own.
"""

from itertools import chain
from typing import Final

import numpy as np

from alerting.features import Batch, Observed, Request, StayContext, moment
from alerting.observed import RULE_VERSION, Observation, Quiet
from alerting.quarters import local_offset_s
from ward.alerts import Closure, Evidence, Family, Finding, Priority
from ward.checkins import ANSWER_BY_MINUTE, TOPICS, Worrying, urgency, worrying
from ward.events import EventKind

CHECK_IN: Final = str(EventKind.CHECK_IN)
MISSED: Final = "check_in.missed"
DAY_S: Final = 86_400.0
# Whoever has answered on one of so many days before is expected to answer today.
EXPECTED_DAYS: Final = 2


def observe(batch: Batch, now_s: float) -> Observed:
    """Find check-ins with worrying answers that nobody has been told of, however late they came."""
    observations: list[Observation] = []
    next_s = np.full(len(batch.stays), np.inf)
    for index, stay in enumerate(batch.stays):
        new = [each for each in stay.requests if each.kind is EventKind.CHECK_IN]
        told = [(each, found) for each in new if (found := worrying(stay.plan.programme, each.answers))]
        if told:
            observations.append(_worried(stay, told))
        missed, next_s[index] = _missed(stay, now_s)
        observations += missed
    return Observed(observations=tuple(observations), next_s=next_s)


def calls(stay: StayContext, request: Request) -> bool:
    """Tell whether a request is one that an alert takes up: a check-in calls only by what worries in it."""
    return request.kind is not EventKind.CHECK_IN or bool(worrying(stay.plan.programme, request.answers))


def _worried(stay: StayContext, told: list[tuple[Request, tuple[Worrying, ...]]]) -> Finding:
    """Return one finding of all check-ins together: the most urgent answer to each question counts."""
    urgent: dict[str, Worrying] = {}
    for each in sorted(chain.from_iterable(found for _, found in told), key=lambda each: each.priority):
        urgent[each.question] = each
    found = sorted(urgent.values(), key=lambda each: (-each.priority, each.question))
    began_s = min(min(each.occurred_s, each.received_s) for each, _ in told)
    last = told[-1][0]
    priority = urgency(found) or Priority.LOW
    said = _with_open(stay, {each.question: each.shown for each in found}, priority)
    return Finding(
        stay_id=stay.stay_id,
        rule=CHECK_IN,
        family=Family.REQUEST,
        priority=priority,
        began_at=moment(began_s),
        due_at=moment(began_s),
        evidence=Evidence(
            rule_version=RULE_VERSION,
            text_key=CHECK_IN,
            params={
                "questions": ",".join(said),
                "answers": ",".join(said.values()),
                "device_id": last.device_id,
                "occurred_at": moment(last.occurred_s).isoformat(),
            },
            inputs=(),
            judged_at=moment(max(last.occurred_s, last.received_s)),
        ),
        repeats=len(told) - 1,
    )


def _with_open(stay: StayContext, said: dict[str, str], priority: Priority) -> dict[str, str]:
    """Return answers with those of before that nobody has closed the alert of; the more urgent ones come first."""
    alert = stay.alerts.get(CHECK_IN)
    if alert is None or alert.closure is not Closure.OPEN:
        return said
    asked, answered = (str(alert.evidence.params.get(name, "")).split(",") for name in ("questions", "answers"))
    before = {question: answer for question, answer in zip(asked, answered, strict=False) if question in TOPICS}
    first, then = (before, said) if alert.priority > priority else (said, before)
    return first | {question: answer for question, answer in then.items() if question not in first}


def _missed(stay: StayContext, now_s: float) -> tuple[list[Observation], float]:
    """Return whether today's answers are late, and when they will be if nothing comes."""
    if stay.answered_s is None:
        return [], np.inf
    due_s = due_on(stay.answered_s, 1)
    if now_s < due_s:
        return ([Quiet(stay_id=stay.stay_id, rule=MISSED)] if MISSED in stay.alerts else []), due_s
    if now_s >= due_on(stay.answered_s, 1 + EXPECTED_DAYS) and MISSED not in stay.alerts:
        return [], np.inf
    evidence = Evidence(
        rule_version=RULE_VERSION,
        text_key=MISSED,
        params={"duration_s": now_s - stay.answered_s},
        inputs=(),
        judged_at=moment(now_s),
    )
    found = Finding(
        stay_id=stay.stay_id,
        rule=MISSED,
        family=Family.TECHNICAL,
        priority=Priority.LOW,
        began_at=moment(due_s),
        due_at=moment(due_s),
        evidence=evidence,
    )
    return [found], np.inf


def due_on(answered_s: float, days: int) -> float:
    """Return until when, so many local days after the day of an answer, the next one is to come."""
    offset_s = float(local_offset_s(np.array([answered_s]))[0])
    local_s = np.floor((answered_s + offset_s) / DAY_S) * DAY_S + days * DAY_S + 60.0 * ANSWER_BY_MINUTE
    # The clock may have been put forward or back in between.
    return float(local_s - local_offset_s(np.array([local_s - offset_s]))[0])
