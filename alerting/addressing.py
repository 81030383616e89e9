"""Which notifications a step of an escalation makes: for each contact, every way there is. Pure.

Two rules stand above all others. What a simulator or a test made never reaches a real way of a real person: a test
reaches boards and the console, a demo also the ways that are marked as the demo's. And a contact who cannot be reached
by anything is a notification too, one that has failed: nobody is left out in silence.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ward.alerts import Alert, Priority
from ward.duty.contact import Contact
from ward.people import StaffId, TeamId
from ward.store.contact_channels import ChannelRow
from ward.store.escalations import FrozenStep
from ward.store.outbox import Queued
from ward.vitals import Mode

BOARD, CONSOLE, NONE, WEBHOOK = "board", "console", "none", "webhook"
NO_SCREEN, NO_CHANNEL = "no_screen", "no_channel"
# A screen that is told and does not say that it shows the alert within this was not told.
SHOWN_WITHIN = timedelta(seconds=15)
# Less urgent ones wait a moment for their like, so that many of them become one message.
GATHERED_FOR = timedelta(seconds=5)
JUST_NOW = timedelta(seconds=60)


class Audience(NamedTuple):
    """What is known of those to be told: the stay's mode, the ways that work, the teams with a listening screen.

    `just_told` are the ways by which this ring went out a moment ago: nobody is told twice when a step is skipped.
    """

    mode: Mode
    ways: Collection[ChannelRow]
    listening: Collection[TeamId]
    just_told: Collection[int] = ()


class _Way(NamedTuple):
    team_id: TeamId
    staff_id: StaffId | None
    channel: str
    channel_id: int | None


def notifications(alert: Alert, step: FrozenStep, audience: Audience, now: datetime) -> tuple[Queued, ...]:
    """Return the notifications of one step, the boards of all its teams first."""
    teams = list(dict.fromkeys([*([alert.team_id] if step.number == 1 else []), *(c.team_id for c in step.contacts)]))
    boards = [_board(alert, step, audience, team, now) for team in teams]
    found = [] if alert.priority is Priority.LOW else _once(_ways(step.contacts, teams, audience))
    people = [way for way in found if way.channel_id not in audience.just_told]
    due_at = now if alert.priority is Priority.HIGH else now + GATHERED_FOR
    return (*boards, *(_queued(alert, step, audience.mode, way, due_at) for way in people))


def _board(alert: Alert, step: FrozenStep, audience: Audience, team_id: TeamId, now: datetime) -> Queued:
    heard = team_id in audience.listening
    return Queued(
        stay_id=alert.stay_id,
        alert_id=alert.alert_id,
        ring=step.ring,
        step=step.number,
        priority=alert.priority.value,
        family=alert.family.value,
        mode=audience.mode.value,
        team_id=team_id,
        staff_id=None,
        channel=BOARD,
        channel_id=None,
        state="sent" if heard else "failed",
        due_at=now + SHOWN_WITHIN if heard else None,
        reason=None if heard else NO_SCREEN,
    )


def _ways(contacts: Iterable[Contact], teams: Collection[TeamId], audience: Audience) -> Iterator[_Way]:
    for contact in contacts:
        found = [way for way in _allowed(audience) if _is_of(way, contact)]
        for way in found:
            yield _Way(contact.team_id, contact.staff_id, way.kind, way.channel_id)
        if not found and audience.mode is not Mode.REAL:
            yield _Way(contact.team_id, contact.staff_id, CONSOLE, None)
        elif not found and contact.staff_id is not None:
            yield _Way(contact.team_id, contact.staff_id, NONE, None)
    # Other systems follow everything of a team, whichever of its people is told.
    for way in _allowed(audience):
        if way.kind == WEBHOOK and way.team_id is not None and way.team_id in teams:
            yield _Way(way.team_id, None, way.kind, way.channel_id)


def _allowed(audience: Audience) -> list[ChannelRow]:
    """Return the ways that this mode may use: a test none, a demo its own, real care the real ones."""
    return [] if audience.mode is Mode.TEST else [way for way in audience.ways if way.mode == audience.mode.value]


def _is_of(way: ChannelRow, contact: Contact) -> bool:
    if contact.staff_id is None:
        return way.team_id == contact.team_id
    return way.staff_id == contact.staff_id


def _once(ways: Iterable[_Way]) -> list[_Way]:
    """Return each way once, though somebody may be a contact of two teams."""
    found: dict[tuple[object, ...], _Way] = {}
    for way in ways:
        key = (way.channel_id,) if way.channel_id is not None else (way.channel, way.staff_id or way.team_id)
        found.setdefault(key, way)
    return list(found.values())


def _queued(alert: Alert, step: FrozenStep, mode: Mode, way: _Way, due_at: datetime) -> Queued:
    unreachable = way.channel == NONE
    return Queued(
        stay_id=alert.stay_id,
        alert_id=alert.alert_id,
        ring=step.ring,
        step=step.number,
        priority=alert.priority.value,
        family=alert.family.value,
        mode=mode.value,
        team_id=way.team_id,
        staff_id=way.staff_id,
        channel=way.channel,
        channel_id=way.channel_id,
        state="failed" if unreachable else "queued",
        due_at=None if unreachable else due_at,
        reason=NO_CHANNEL if unreachable else None,
    )
