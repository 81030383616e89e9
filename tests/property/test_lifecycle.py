"""No order of events brings an alert where it must not be."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alerting.events import KINDS, Acknowledge, Clear, Event, Raise, Record, Resolve, Worsen
from alerting.lifecycle import ACKNOWLEDGED_FOR, respond, step
from alerting.observed import Observation, Quiet
from ward.alerts import Alert, AlertId, AlertState, Condition, Evidence, Family, Finding, Outcome, Priority
from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId, StayId, TeamId

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
STAY = StayId(1)
RULES = ("limit.spo2.low", "nodata.spo2", "help_button")
FAMILIES = dict(zip(RULES, (Family.CLINICAL, Family.TECHNICAL, Family.REQUEST), strict=True))


def a_finding(rule_name: str = RULES[0], priority: Priority = Priority.HIGH, said: str = "") -> Finding:
    """Make a finding of its rule's family; two requests differ in what they say."""
    evidence = Evidence(rule_version=1, text_key="limit.low", params={"said": said}, inputs=())
    return Finding(
        stay_id=STAY,
        rule=rule_name,
        family=FAMILIES[rule_name],
        priority=priority,
        began_at=START,
        due_at=START,
        evidence=evidence,
    )


class Life(RuleBasedStateMachine):
    """Observations, people and time, in any order, on a rule of each family of one stay."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.alerts: list[Alert] = []
        self.resolved: dict[int, Alert] = {}
        self.lines: dict[int, list[int]] = {}

    def _open(self, rule_name: str) -> Alert | None:
        found = [each for each in self.alerts if each.rule == rule_name and each.state is not AlertState.RESOLVED]
        return found[0] if found else None

    def _take(self, alert: Alert | None, event: Event) -> Alert:
        changed, effects = step(alert, event, self.now)
        assert changed.rev == (alert.rev + 1 if alert else 1)
        if alert is not None:
            self.alerts.remove(alert)
        self.alerts.append(changed)
        if isinstance(event, Worsen):
            assert changed.state is AlertState.OPEN
        for effect in effects:
            if isinstance(effect, Record):
                self.lines.setdefault(changed.alert_id, []).append(effect.event.rev)
        return changed

    def _observe(self, rule_name: str, observation: Observation | None) -> None:
        alert = self._open(rule_name)
        if alert is None:
            if isinstance(observation, Finding):
                new = AlertId(len(self.alerts) + 1)
                self._take(None, Raise(alert_id=new, team_id=TeamId(1), finding=observation))
            return
        for _ in range(4):
            event = respond(alert, observation, self.now)
            if event is None:
                return
            alert = self._take(alert, event)
        raise AssertionError("an observation must settle")

    @rule(rule_name=st.sampled_from(RULES), priority=st.sampled_from(Priority))
    def find(self, rule_name: str, priority: Priority) -> None:
        """The rule finds its condition."""
        said = str(len(self.lines)) + str(self.now) if FAMILIES[rule_name] is Family.REQUEST else ""
        self._observe(rule_name, a_finding(rule_name, priority, said))

    @rule(rule_name=st.sampled_from(RULES))
    def quiet(self, rule_name: str) -> None:
        """The rule knows that its condition is absent."""
        self._observe(rule_name, Quiet(stay_id=STAY, rule=rule_name))

    @rule(minutes=st.integers(0, 70), rule_name=st.sampled_from(RULES))
    def wait(self, minutes: int, rule_name: str) -> None:
        """Time passes, and nothing can be known."""
        self.now += timedelta(minutes=minutes)
        self._observe(rule_name, None)

    @rule(pick=st.integers(0, 9), behind=st.integers(0, 2))
    def acknowledge(self, pick: int, behind: int) -> None:
        """Somebody acknowledges any alert there ever was, perhaps as it was before."""
        if self.alerts:
            alert = self.alerts[pick % len(self.alerts)]
            self._person(alert, Acknowledge(by=StaffId(2), rev=alert.rev - behind), behind)

    @rule(pick=st.integers(0, 9), behind=st.integers(0, 2), outcome=st.sampled_from(Outcome))
    def resolve(self, pick: int, behind: int, outcome: Outcome) -> None:
        """Somebody closes any alert there ever was, perhaps as it was before."""
        if self.alerts:
            alert = self.alerts[pick % len(self.alerts)]
            self._person(alert, Resolve(by=StaffId(2), outcome=outcome, rev=alert.rev - behind), behind)

    def _person(self, alert: Alert, event: Acknowledge | Resolve, behind: int) -> None:
        if behind:
            with pytest.raises(Conflict):
                step(alert, event, self.now)
        elif alert.state is AlertState.RESOLVED or (
            isinstance(event, Acknowledge) and alert.state is AlertState.ACKNOWLEDGED
        ):
            with pytest.raises(IllegalTransition):
                step(alert, event, self.now)
        else:
            self._take(alert, event)

    @invariant()
    def one_open_alert_a_rule(self) -> None:
        """A stay and rule never have two alerts that are not resolved."""
        live = [each.rule for each in self.alerts if each.state is not AlertState.RESOLVED]
        assert len(live) == len(set(live))

    @invariant()
    def resolved_never_changes(self) -> None:
        """Once resolved, an alert stays as it was."""
        for each in self.alerts:
            if each.alert_id in self.resolved:
                assert each == self.resolved[each.alert_id]
            elif each.state is AlertState.RESOLVED:
                self.resolved[each.alert_id] = each

    @invariant()
    def every_revision_has_its_line(self) -> None:
        """The lines of an alert's life are numbered like its revisions, without a hole."""
        for each in self.alerts:
            assert self.lines[each.alert_id] == list(range(1, each.rev + 1))

    @invariant()
    def states_are_whole(self) -> None:
        """What a state promises is there, and nothing else is."""
        for each in self.alerts:
            acknowledged = each.state is AlertState.ACKNOWLEDGED
            assert (each.acknowledged_until is not None) == acknowledged
            assert (each.cleared_at is not None) == (each.condition is Condition.CLEARED)
            assert (each.resolved_at is not None) == (each.outcome is not None) == (each.state is AlertState.RESOLVED)
            if each.state is AlertState.OPEN:
                assert each.acknowledged_by is None
            if each.condition is Condition.CLEARED and each.state is not AlertState.RESOLVED:
                assert each.state is AlertState.OPEN
                assert each.family is not Family.TECHNICAL
                assert each.priority is not Priority.LOW


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_every_event_has_a_word() -> None:
    """Every kind of event is named in an alert's life, each by its own word."""
    assert len(set(KINDS.values())) == len(KINDS) == 8


@pytest.mark.parametrize("priority", Priority)
def test_h05_acknowledgement_runs_out_by_priority(priority: Priority) -> None:
    """An acknowledgement holds for the time of its priority, to the instant."""
    raised, _ = step(None, Raise(alert_id=AlertId(1), team_id=TeamId(1), finding=a_finding(priority=priority)), START)
    seen, _ = step(raised, Acknowledge(by=StaffId(2), rev=1), START)
    last = START + ACKNOWLEDGED_FOR[priority]

    assert respond(seen, None, last - timedelta(microseconds=1)) is None
    assert respond(seen, None, last) is not None


def test_h24_second_of_two_acknowledgements_loses() -> None:
    """Of two people who acknowledge the same revision, one wins and the other is told."""
    raised, _ = step(None, Raise(alert_id=AlertId(1), team_id=TeamId(1), finding=a_finding()), START)
    seen, _ = step(raised, Acknowledge(by=StaffId(2), rev=1), START)

    with pytest.raises(Conflict):
        step(seen, Acknowledge(by=StaffId(3), rev=1), START)
    assert seen.acknowledged_by == StaffId(2)


def test_low_alert_that_clears_is_over() -> None:
    """A low alert is not latched."""
    low = a_finding(priority=Priority.LOW)
    raised, _ = step(None, Raise(alert_id=AlertId(1), team_id=TeamId(1), finding=low), START)
    over, _ = step(raised, Clear(), START)

    assert (over.state, over.outcome) == (AlertState.RESOLVED, Outcome.SELF_RESOLVED)
