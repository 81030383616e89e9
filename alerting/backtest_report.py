"""Judges a back-test part by part and puts its report together. Pure; the worker reads and keeps.

The invariant: nothing is kept of a part but the alerts that it would have raised.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from alerting import backtest, deteriorations, evaluate, runs, suggestions, trend_period
from alerting.backtest import Gathered, Raised, raised
from alerting.backtest_read import Part, Question, contexts
from alerting.features import Batch, StayContext, batch, seconds
from alerting.rules import limit_alerts, limits, news2_steps
from alerting.rules.catalogue import RULES
from alerting.suggestions import Change
from alerting.tracks import Track
from ward.alerts import Family
from ward.backtests import Report, Suggestion
from ward.plans import Limits, Plan
from ward.vitals import VitalKind

_DAY = timedelta(days=1)
_LIMITS = tuple(rule for rule in RULES if rule.name == limit_alerts.LIMIT)


def judge(looked_at: Batch) -> Iterator[tuple[str, Track]]:
    """Judge a batch by every rule, one after the other: the same functions as live."""
    for _, name, track in evaluate.judge(looked_at):
        yield name, track


def judge_limits(looked_at: Batch) -> Iterator[tuple[str, Track]]:
    """Judge a batch by its limits alone."""
    for _, name, track in evaluate.judge(looked_at, _LIMITS):
        yield name, track


def is_technical(name: str) -> bool:
    """Tell whether an alert rule speaks of the equipment."""
    return any(rule.owns(name) for rule in RULES if rule.family is Family.TECHNICAL)


def _each_once(plans: Iterable[Plan]) -> list[Plan]:
    return list({id(plan): plan for plan in plans}.values())


def _usual(asked: Question) -> Plan:
    """Return the candidate that most stays have."""
    counts = Counter(id(plan) for plan in asked.candidate.values())
    return max(_each_once(asked.candidate.values()), key=lambda plan: counts[id(plan)])


def _only(plan: Plan, kind: VitalKind) -> Plan:
    """Return a plan without the limits of other kinds, by day and by night."""
    night = None if plan.night is None else replace(plan.night, limits=_of(plan.night.limits, kind))
    return replace(plan, limits=_of(plan.limits, kind), night=night)


def _of(every: Mapping[VitalKind, Limits], kind: VitalKind) -> dict[VitalKind, Limits]:
    return {kind: every[kind]} if kind in every else {}


class Reporter:
    """Takes the parts in any order, and reports on all of them."""

    def __init__(self, asked: Question) -> None:
        self._asked = asked
        self._period = seconds(asked.period[0]), seconds(asked.period[1])
        self._candidate = Gathered()
        self._in_force = Gathered()
        self._readings = 0
        plan = _usual(asked)
        self._limited = {kind: Gathered() for kind in plan.limits} if asked.suggest else {}
        changes = suggestions.changes(plan, sorted(plan.limits)) if asked.suggest else ()
        self._changed: list[tuple[Change, Gathered]] = [(change, Gathered()) for change in changes]

    def add(self, part: Part) -> None:
        """Judge the readings of some stays by both plans, and by the changes that are to be tried."""
        ours, theirs = (
            self._laid_out(part, contexts(self._asked, part.stays, plans))
            for plans in (self._asked.candidate, self._asked.in_force)
        )
        ours = self._with_trends(part, news2_steps.scored(limits.filtered(ours)))
        theirs = self._with_trends(part, self._shared(ours, theirs), ours)
        ends_s = self._asked.ends_s(part.stays)
        self._candidate.parts.append(raised(ours, judge, self._period, ends_s))
        self._in_force.parts.append(raised(theirs, judge, self._period, ends_s))
        self._readings += part.readings
        for kind, before in self._limited.items():
            before.parts.append(self._only(part, kind, None))
        for change, after in self._changed:
            after.parts.append(self._only(part, change.kind, change))

    def _only(self, part: Part, kind: VitalKind, change: Change | None) -> Raised:
        """Judge one kind's limits alone, with a change where it can be made."""
        made: dict[int, Plan] = {}
        for plan in self._asked.candidate.values():
            if id(plan) not in made:
                made[id(plan)] = _only(plan if change is None else change.apply(plan), kind)
        plan_of = {stay_id: made[id(plan)] for stay_id, plan in self._asked.candidate.items()}
        looked_at = self._laid_out(part, contexts(self._asked, part.stays, plan_of))
        return raised(looked_at, judge_limits, self._period, self._asked.ends_s(part.stays))

    def _laid_out(self, part: Part, stays: list[StayContext]) -> Batch:
        return runs.reduced(batch(stays, part.series))

    def _shared(self, ours: Batch, theirs: Batch) -> Batch:
        """Return a batch with what was made for another of the same readings and depends on no limit."""
        scales = [[stay.plan.spo2_scale for stay in each.stays] for each in (ours, theirs)]
        return replace(theirs, medians=ours.medians, totals=ours.totals if scales[0] == scales[1] else None)

    def _with_trends(self, part: Part, looked_at: Batch, like: Batch | None = None) -> Batch:
        """Return a batch with all that rules look at beside plain readings, as in `like` where its plans ask alike."""
        whole = replace(looked_at, implausible=part.implausible, signals=part.signals)
        if like is not None and trend_period.asks_as(whole, like):
            return replace(whole, quarters=like.quarters, normals=like.normals, trends_from_s=like.trends_from_s)
        return trend_period.period(whole, self._asked.trends_from_s(), self._period[1], part.earlier)

    def report(self) -> Report:
        """Return what all the parts have given."""
        asked, until_s = self._asked, self._period[1]
        ours, theirs = self._candidate.all(), self._in_force.all()
        days = sum(
            max(
                timedelta(0),
                min(asked.period[1], asked.ended.get(stay, asked.period[1]))
                - max(asked.period[0], asked.watched[stay]),
            )
            / _DAY
            for stay in asked.stays
        )
        equipment = frozenset(name for name in (*ours.rules, *theirs.rules) if is_technical(name))
        return Report(
            patients=len(set(asked.patients.values())),
            patient_days=round(days, 3),
            readings=self._readings,
            judged_until=asked.period[1],
            candidate=backtest.tally(ours, days, until_s, asked.patients),
            in_force=backtest.tally(theirs, days, until_s, asked.patients),
            deteriorations=backtest.deteriorations(
                ours, theirs, (asked.true_alerts, asked.false_alerts), asked.patients, equipment
            ),
            library=deteriorations.found(
                list({id(each): each for each in asked.candidate.values()}.values()), judge, is_technical
            ),
            false_alarms=backtest.false_alarms(ours, theirs, asked.false_alerts),
            only_candidate=backtest.only_in(ours, theirs, asked.patients),
            only_in_force=backtest.only_in(theirs, ours, asked.patients),
            suggestions=self._suggestions(),
        )

    def _suggestions(self) -> list[Suggestion]:
        before = {kind: gathered.all() for kind, gathered in self._limited.items()}
        recorded = self._asked.true_alerts, self._asked.false_alerts
        return suggestions.ranked(
            [
                suggestions.judged(change, before[change.kind], gathered.all(), recorded)
                for change, gathered in self._changed
            ]
        )
