"""What a replay says of an alert at the end of its lines is what the alert was."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.events import (
    Accept,
    Acknowledge,
    Claim,
    Decline,
    Effect,
    EndStay,
    Escalate,
    Event,
    GoOver,
    Note,
    Offer,
    Raise,
    Record,
    Release,
    Resolve,
    Snooze,
    Undo,
)
from alerting.lifecycle import due_at, respond, step
from alerting.observed import Quiet
from tests.builders_alerts import OTHER_TEAM, SPO2, START, STAY, TEAM, a_finding
from ward.alerts import AlertId, Outcome, Priority
from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId
from ward.replay import Line, moments

WISHES = st.tuples(
    st.sampled_from(["found", "quiet", "wait", "ends", "goes", *(each.__name__ for each in (
        Accept, Acknowledge, Claim, Decline, Escalate, Note, Offer, Release, Resolve, Snooze, Undo))]),
    st.sampled_from([StaffId(1), StaffId(2)]),
    st.sampled_from(Priority),
    st.integers(1, 40),
)  # fmt: skip


def _act(name: str, by: StaffId, rev: int, now: datetime, minutes: int) -> Event:
    made: dict[str, Event] = {
        "Accept": Accept(by=by, rev=rev, teams=(OTHER_TEAM,)),
        "Acknowledge": Acknowledge(by=by, rev=rev),
        "Claim": Claim(by=by, rev=rev),
        "Decline": Decline(by=by, rev=rev, teams=(OTHER_TEAM,)),
        "Escalate": Escalate(by=by, rev=rev),
        "Note": Note(by=by, rev=rev, note="ringer"),
        "Offer": Offer(by=by, rev=rev, team_id=OTHER_TEAM),
        "Release": Release(by=by, rev=rev),
        "Resolve": Resolve(by=by, rev=rev, outcome=Outcome.FALSE_ALARM),
        "Snooze": Snooze(by=by, rev=rev, until=now + timedelta(minutes=minutes), reason="hostar"),
        "Undo": Undo(by=by, rev=rev),
        "ends": EndStay(),
        "goes": GoOver(team_id=OTHER_TEAM),
    }
    return made[name]


class _Told:
    """One alert and its lines, as the store keeps them."""

    def __init__(self, priority: Priority) -> None:
        self.lines: list[Line] = []
        raised = Raise(alert_id=AlertId(1), team_id=TEAM, finding=a_finding(SPO2, priority))
        self.alert, effects = step(None, raised, START)
        self._keep(effects)

    def take(self, event: Event, now: datetime) -> None:
        """Take an event, if it is allowed, and keep its line."""
        try:
            self.alert, effects = step(self.alert, event, now)
        except (IllegalTransition, Conflict):
            return
        self._keep(effects)

    def _keep(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Record):
                said = effect.event
                who = None if said.staff_id is None else str(said.staff_id)
                self.lines.append(Line(at=said.at, kind=said.kind, who=who, priority=said.priority, until=said.until))


@given(first=st.sampled_from(Priority), wishes=st.lists(WISHES, max_size=14))
def test_last_moment_is_what_the_alert_is(first: Priority, wishes: list[tuple[str, StaffId, Priority, int]]) -> None:
    """Whatever people, rules and time do: state, priority, condition, and who has it, are those of the alert itself."""
    told, now = _Told(first), START
    for name, by, priority, minutes in wishes:
        alert = told.alert
        observed = a_finding(SPO2, priority, began_at=now) if name == "found" else None
        if name in {"found", "quiet", "wait"}:
            now = max(now, due_at(alert) or now) if name == "wait" else now + timedelta(minutes=minutes)
            event: Event | None = respond(alert, Quiet(stay_id=STAY, rule=SPO2) if name == "quiet" else observed, now)
        else:
            now += timedelta(seconds=minutes / 8)
            event = _act(name, by, alert.rev, now, minutes)
        if event is not None:
            told.take(event, now)

        alert = told.alert
        shown = moments(alert.family, told.lines, alert.resolved_at)[-1]
        holder = None if alert.holder_id is None else str(alert.holder_id)
        assert (shown.state, shown.priority, shown.condition) == (alert.state, alert.priority, alert.condition)
        assert shown.held_by == holder
        assert len(told.lines) == alert.rev
