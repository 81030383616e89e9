"""No order of events brings an alert where it must not be, or silences what is of high priority without an end."""

from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alerting.durations import CLAIMED_FOR, UNDO_WITHIN
from alerting.events import (
    KINDS,
    Accept,
    Acknowledge,
    Claim,
    Decline,
    EndHold,
    EndStay,
    Escalate,
    Event,
    FromPeople,
    GoOver,
    Hush,
    KeepClosed,
    Note,
    Offer,
    Raise,
    Record,
    Recur,
    Release,
    Renew,
    Resolve,
    Ring,
    Snooze,
    Undo,
    Worsen,
)
from alerting.holds import held
from alerting.lifecycle import due_at, respond, step
from alerting.observed import Observation, Quiet
from tests.builders_alerts import (
    FAMILIES,
    HELP,
    OTHER_TEAM,
    START,
    STAY,
    TEAM,
    a_finding,
    illegal,
)
from ward.alerts import Alert, AlertId, Closure, Condition, Finding, Hold, Outcome, Priority, Signal
from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId, TeamId
from ward.store.alert_columns import AlertColumns, to_alert, to_columns

RULES = tuple(FAMILIES)
PEOPLE = st.sampled_from([StaffId(1), StaffId(2), StaffId(3)])
TICK = timedelta(microseconds=1)
# What a person may want of an alert.
ACTS = (Acknowledge, Claim, Release, Offer, Accept, Decline, Snooze, Escalate, Note, Resolve, Undo)


def _act(act: type, by: StaffId, rev: int, now: datetime, minutes: int) -> FromPeople:
    """Make what somebody does; `minutes` are those of a pause, and tell an offer to a person from one to a team."""
    more: dict[type, dict[str, object]] = {
        Offer: {"team_id": TEAM, "staff_id": StaffId(3)} if minutes % 2 else {"team_id": OTHER_TEAM},
        Accept: {"teams": (OTHER_TEAM,)},
        Decline: {"teams": (OTHER_TEAM,)},
        Snooze: {"until": now + timedelta(minutes=minutes), "reason": "hostar"},
        Note: {"note": "ringer"},
        Resolve: {"outcome": Outcome.FALSE_ALARM},
    }
    made: FromPeople = act(by=by, rev=rev, **more.get(act, {}))
    return made


def _nobody_loses_it(before: Alert | None, after: Alert, event: Event) -> None:
    """An alert leaves somebody's hands by them, by who was asked, when they let it ring, or with its patient."""
    if before is None or before.holder_id in {None, after.holder_id}:
        return
    assert isinstance(event, Release | Claim | Accept | Undo | GoOver)
    if isinstance(event, Claim):
        assert before.signal is Signal.RINGING
    if isinstance(event, Accept):
        assert before.offered is not None
        assert before.offered.by == before.holder_id


def _closed_never_changes(before: Alert | None, event: Event, now: datetime) -> None:
    """A closed alert stays as it was; only who closed it may take that back, within seconds."""
    if before is not None and before.closure is Closure.CLOSED:
        assert isinstance(event, Undo)
        assert event.by == before.resolved_by
        assert now - before.changed_at <= UNDO_WITHIN


def _high_is_never_quiet_without_an_end(alert: Alert) -> None:
    """What is of high priority and not over rings, or is quiet until a time that is near."""
    not_over = alert.closure is Closure.OPEN and alert.condition is not Condition.CLEARED
    if alert.priority is Priority.HIGH and not_over and alert.signal is not Signal.RINGING:
        assert due_at(alert) is not None
        assert alert.signal_until is not None
        assert alert.acknowledged_at is not None
        assert alert.signal_until <= alert.acknowledged_at + CLAIMED_FOR[Priority.HIGH]


def _time_is_told_exactly(alert: Alert) -> None:
    """Time alone changes something at the instant that was told, and not before."""
    at = due_at(alert)
    if at is not None:
        assert respond(alert, None, at) is not None
        assert respond(alert, None, at - TICK) is None


def _store_keeps_everything(alert: Alert) -> None:
    """What goes into the columns of an alert's row comes out of them."""
    columns = to_columns(alert)
    row = AlertColumns(**{name: columns[name] for name in AlertColumns.__dataclass_fields__})  # type: ignore[arg-type]
    assert to_alert(row) == alert


class Life(RuleBasedStateMachine):
    """Observations, people and time, in any order, on a rule of each family of one stay."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.alerts: dict[AlertId, Alert] = {}
        self.holds: dict[str, Hold] = {}
        self.lines: dict[AlertId, list[int]] = {}
        self.rings: dict[AlertId, bool] = {}
        self.worse: dict[AlertId, int] = {}

    def _open(self, rule_name: str) -> Alert | None:
        found = [each for each in self.alerts.values() if each.rule == rule_name and each.closure is Closure.OPEN]
        return found[0] if found else None

    def _take(self, alert: Alert | None, event: Event) -> Alert:
        """Take an event as the shell would, and carry out its effects."""
        changed, effects = step(alert, event, self.now)
        assert changed.rev == (alert.rev + 1 if alert else 1)
        if isinstance(event, Worsen):
            assert changed.signal is Signal.RINGING
        _nobody_loses_it(alert, changed, event)
        _closed_never_changes(alert, event, self.now)
        self.alerts[changed.alert_id] = changed
        rang_anew = changed.signal is Signal.RINGING and (alert is None or alert.signal is not Signal.RINGING)
        if rang_anew or isinstance(event, Raise | Worsen | Renew | Recur | Escalate | GoOver):
            self.worse[changed.alert_id] = changed.rev
        for effect in effects:
            if isinstance(effect, Record):
                self.lines.setdefault(changed.alert_id, []).append(effect.event.rev)
            elif isinstance(effect, Ring | Hush):
                self.rings[changed.alert_id] = isinstance(effect, Ring)
            elif isinstance(effect, KeepClosed):
                self.holds[changed.rule] = effect.hold
            elif isinstance(effect, EndHold):
                self.holds.pop(changed.rule, None)
        assert illegal(changed) == []
        assert self.lines[changed.alert_id] == list(range(1, changed.rev + 1))
        assert (changed.signal is Signal.RINGING) == self.rings.get(changed.alert_id, False)
        _high_is_never_quiet_without_an_end(changed)
        _time_is_told_exactly(changed)
        _store_keeps_everything(changed)
        return changed

    def _observe(self, rule_name: str, observation: Observation | None) -> None:
        for _ in range(8):
            alert = self._open(rule_name)
            if alert is None:
                self._raise(rule_name, observation)
                return
            event = respond(alert, observation, self.now)
            if event is None:
                return
            self._take(alert, event)
        raise AssertionError("an observation must settle")

    def _raise(self, rule_name: str, observation: Observation | None) -> None:
        hold = self.holds.get(rule_name)
        if hold is not None and observation is not None:
            kept = held(hold, observation, self.now)
            if kept is not None:
                self.holds[rule_name] = kept
                return
            del self.holds[rule_name]
        if isinstance(observation, Finding):
            self._take(None, Raise(alert_id=AlertId(len(self.alerts) + 1), team_id=TEAM, finding=observation))

    @rule(rule_name=st.sampled_from(RULES), priority=st.sampled_from(Priority))
    def find(self, rule_name: str, priority: Priority) -> None:
        """The rule finds its condition."""
        said = f"{self.now} {len(self.lines)}" if rule_name == HELP else ""
        self._observe(rule_name, a_finding(rule_name, priority, said=said, began_at=self.now))
        alert = self._open(rule_name)
        if alert is not None and rule_name != HELP:
            assert (alert.condition, alert.priority) == (Condition.PRESENT, priority)

    @rule(rule_name=st.sampled_from([each for each in RULES if each != HELP]), value=st.integers(60, 88))
    def find_worse(self, rule_name: str, value: int) -> None:
        """The rule finds its condition worse at the same priority: the alert says so, and tells nobody anew."""
        alert = self._open(rule_name)
        if alert is None or alert.condition is not Condition.PRESENT:
            return
        found = a_finding(rule_name, alert.priority, said=f"{value}", began_at=alert.began_at, renews=True)
        rang = dict(self.rings)
        self._observe(rule_name, found)
        after = self._open(rule_name)
        assert after is not None
        assert after.evidence == found.evidence
        assert after.signal is alert.signal or alert.signal_until == self.now
        assert self.rings == rang or alert.signal_until == self.now

    @rule()
    def end_stay(self) -> None:
        """The stay is over: whatever is open is closed, and nobody is told any more."""
        for alert in [each for each in self.alerts.values() if each.closure is Closure.OPEN]:
            ended = self._take(alert, EndStay())
            assert ended.closure is Closure.CLOSED
            assert due_at(ended) is None
            assert not self.rings.get(alert.alert_id, False)

    @rule(team=st.sampled_from([TEAM, OTHER_TEAM]))
    def go_over(self, team: TeamId) -> None:
        """The patient goes over to another team: nobody else has what is open; what was somebody's rings."""
        for alert in [each for each in self.alerts.values() if each.closure is Closure.OPEN]:
            after = self._take(alert, GoOver(team_id=team))
            assert after.offered is None
            if after.condition is not Condition.CLEARED:
                assert (after.holder_id, after.team_id) == (None, team)
            if after.condition is not Condition.CLEARED and None is not (alert.holder_id or alert.offered):
                assert after.signal is Signal.RINGING

    @rule(rule_name=st.sampled_from(RULES))
    def quiet(self, rule_name: str) -> None:
        """The rule knows that its condition is absent."""
        self._observe(rule_name, Quiet(stay_id=STAY, rule=rule_name))

    @rule(rule_name=st.sampled_from(RULES))
    def unasked(self, rule_name: str) -> None:
        """The plan asks for the rule's condition no more."""
        self._observe(rule_name, Quiet(stay_id=STAY, rule=rule_name, unasked=True))

    @rule(
        rule_name=st.sampled_from([each for each in RULES if each != HELP]),
        priority=st.sampled_from(Priority),
        ago=st.integers(1, 200),
        lasted=st.integers(1, 30),
    )
    def find_late(self, rule_name: str, priority: Priority, ago: int, lasted: int) -> None:
        """The rule finds that its condition was there, some time ago; that in itself rings nowhere."""
        ended_at = self.now - timedelta(minutes=ago)
        found = a_finding(rule_name, priority, began_at=ended_at - timedelta(minutes=lasted), ended_at=ended_at)
        rang = dict(self.rings)
        before = self._open(rule_name)
        self._observe(rule_name, found)
        alert = self._open(rule_name)
        if before is None and alert is not None:
            assert self.rings == rang
            assert (alert.signal, alert.condition) == (Signal.SILENT, Condition.CLEARED)
        if before is not None and priority <= before.worst:
            assert self.rings == rang
            assert alert is not None
            assert alert.signal is before.signal

    @rule(minutes=st.integers(0, 70))
    def wait(self, minutes: int) -> None:
        """Time passes, and nothing can be known: everything that time alone does is done when it is due."""
        goal = self.now + timedelta(minutes=minutes)
        while True:
            due = [at for each in self.alerts.values() if (at := due_at(each)) is not None and at <= goal]
            if not due:
                break
            self.now = max(min(due), self.now)
            for rule_name in RULES:
                self._observe(rule_name, None)
        self.now = goal

    @rule(
        pick=st.integers(0, 3),
        act=st.sampled_from(ACTS),
        by=PEOPLE,
        behind=st.sampled_from([0, 0, 0, 1, 2]),
        minutes=st.integers(1, 300),
    )
    def act(self, pick: int, act: type, by: StaffId, behind: int, minutes: int) -> None:
        """Somebody does something to an alert, an open one mostly, perhaps as it was before."""
        if not self.alerts:
            return
        open_first = sorted(self.alerts.values(), key=lambda each: (each.closure, -each.alert_id), reverse=True)
        alert = open_first[pick % len(open_first)]
        event = _act(act, by, alert.rev - behind, self.now, minutes)
        heard = alert.signal in {Signal.RINGING, Signal.SILENT} and self.worse[alert.alert_id] <= event.rev
        if behind and not (isinstance(event, Acknowledge) and heard):
            with pytest.raises(Conflict):
                step(alert, event, self.now)
        elif not self._is_taken_place_of(alert):
            try:
                self._take(alert, event)
            except IllegalTransition:
                assert self.alerts[alert.alert_id] == alert

    def _is_taken_place_of(self, alert: Alert) -> bool:
        """Return whether a closed alert's rule has another one open: then the shell refuses to reopen it."""
        return alert.closure is Closure.CLOSED and self._open(alert.rule) is not None

    @invariant()
    def one_open_alert_a_rule(self) -> None:
        """A stay and rule never have two alerts that are open."""
        live = [each.rule for each in self.alerts.values() if each.closure is Closure.OPEN]
        assert len(live) == len(set(live))
        assert {rule_name for rule_name in self.holds if self._open(rule_name)} == set()


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_every_event_has_a_word() -> None:
    """Every kind of event is named in an alert's life, each by its own word."""
    assert len(set(KINDS.values())) == len(KINDS) == 24
