"""Which notifications a step makes: every way to everybody, and nothing real from what is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerting.addressing import GATHERED_FOR, SHOWN_WITHIN, Audience, notifications
from tests.builders_alerting import an_alert
from ward.alerts import Alert, AlertId, Priority
from ward.duty.contact import Contact, Why
from ward.people import StaffId, StayId, TeamId
from ward.store.contact_channels import ChannelRow
from ward.store.escalations import FrozenStep
from ward.store.outbox import Queued
from ward.vitals import Mode

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
TEAM, OTHER = TeamId(1), TeamId(2)
NURSE, DOCTOR = StaffId(1), StaffId(9)


def a_way(channel_id: int, kind: str, mode: str = "real", **whose: object) -> ChannelRow:
    """Make a way of the nurse's."""
    row = ChannelRow(
        channel_id=channel_id,
        staff_id=NURSE,
        team_id=None,
        kind=kind,
        address="x",
        mode=mode,
        added_at=NOON,
        broken_at=None,
        broken_reason=None,
    )
    return replace(row, **whose)  # type: ignore[arg-type]


def a_step(*contacts: Contact, number: int = 1) -> FrozenStep:
    """Make a step of high priority."""
    return FrozenStep(
        stay_id=StayId(1),
        alert_id=AlertId(1),
        ring=1,
        number=number,
        level=number,
        priority=3,
        due_at=NOON,
        contacts=contacts,
        again=None,
    )


def a_contact(staff_id: StaffId | None = NURSE, team_id: TeamId = TEAM) -> Contact:
    """Make the nurse, or somebody else."""
    return Contact(team_id=team_id, staff_id=staff_id, why=Why.TEAM)


def made(
    step: FrozenStep, *ways: ChannelRow, mode: Mode = Mode.REAL, priority: Priority = Priority.HIGH, **known: object
) -> list[Queued]:
    """Make the notifications of a step."""
    audience = Audience(mode=mode, ways=ways, listening=(TEAM,))._replace(**known)  # type: ignore[arg-type]
    alert: Alert = an_alert("limit.spo2.low", priority)
    return list(notifications(alert, step, audience, NOON))


def channels(found: list[Queued]) -> list[tuple[str, str]]:
    """(channel, state) of each."""
    return [(each.channel, each.state) for each in found]


def test_person_is_told_by_every_way_there_is() -> None:
    """The board, and each of the person's ways, at once where it is urgent."""
    found = made(a_step(a_contact()), a_way(1, "sms"), a_way(2, "push"))

    assert channels(found) == [("board", "sent"), ("sms", "queued"), ("push", "queued")]
    assert [each.due_at for each in found] == [NOON + SHOWN_WITHIN, NOON, NOON]


def test_less_urgent_waits_a_moment_for_its_like() -> None:
    """A medium notification is due a few seconds later, so that many become one."""
    assert made(a_step(a_contact()), a_way(1, "sms"), priority=Priority.MEDIUM)[1].due_at == NOON + GATHERED_FOR


def test_h30_silent_board_is_a_failure_with_its_reason() -> None:
    """A team without a listening screen has a notification of the board that has failed."""
    found = made(a_step(a_contact()), listening=())

    assert (found[0].state, found[0].reason, found[0].due_at) == ("failed", "no_screen", None)


def test_h04_nobody_is_left_out_in_silence() -> None:
    """A person whom no way leads to is a notification that has failed; a team without a way has its board."""
    assert channels(made(a_step(a_contact()))) == [("board", "sent"), ("none", "failed")]
    assert channels(made(a_step(a_contact(None)))) == [("board", "sent")]


def test_contact_of_two_teams_is_told_once() -> None:
    """Somebody who is a contact for two teams gets one message, and both boards are told."""
    found = made(a_step(a_contact(), a_contact(team_id=OTHER)), a_way(1, "sms"))

    assert [(each.channel, each.team_id) for each in found] == [("board", TEAM), ("board", OTHER), ("sms", TEAM)]


def test_webhook_follows_every_step_of_its_team() -> None:
    """Another system that follows a team hears of it whichever person is told."""
    found = made(a_step(a_contact(DOCTOR)), a_way(3, "webhook", staff_id=None, team_id=TEAM))

    assert ("webhook", "queued") in channels(found)


def test_nobody_is_told_twice_when_a_step_is_skipped() -> None:
    """A way by which this ring has just gone out is not used again by the step that follows at once."""
    assert channels(made(a_step(a_contact(), number=2), a_way(1, "sms"), just_told=(1,))) == [("board", "sent")]


def test_low_priority_is_on_the_board_alone() -> None:
    """A low alert uses no way but the board."""
    assert channels(made(a_step(a_contact()), a_way(1, "sms"), priority=Priority.LOW)) == [("board", "sent")]


WAYS = st.lists(
    st.builds(
        a_way,
        st.integers(1, 9),
        st.sampled_from(["sms", "email", "push", "chat", "webhook"]),
        st.sampled_from(["real", "demo"]),
        staff_id=st.sampled_from([NURSE, DOCTOR]),
    ),
    unique_by=lambda way: way.channel_id,
)


@given(WAYS, st.sampled_from(Mode), st.booleans())
def test_h28_what_is_not_real_uses_nothing_real(ways: list[ChannelRow], mode: Mode, heard: object) -> None:
    """Whatever ways there are: a test uses none, a demo the demo's, real care the real ones, and somebody is told."""
    found = made(a_step(a_contact(), a_contact(DOCTOR)), *ways, mode=mode, listening=(TEAM,) if heard else ())
    modes = {way.channel_id: way.mode for way in ways}
    used = {modes[each.channel_id] for each in found if each.channel_id is not None}

    assert used <= (set() if mode is Mode.TEST else {mode.value})
    told = {each.staff_id for each in found if each.channel != "board"}
    assert told == {NURSE, DOCTOR}
    assert {each.mode for each in found} == {mode.value}
    assert all(each.due_at is None or each.due_at <= NOON + timedelta(seconds=15) for each in found)
