"""The shapes of who was told of an alert, when, by which way, and what became of it. Pure."""

from datetime import datetime
from typing import Literal

from typing_extensions import TypedDict

from api.live.life_messages import AlertDetail
from api.plan_states import CardState
from ward.store.escalations import StepRow
from ward.store.outbox_reads import NotificationRow
from ward.store.suppressions import Episode

Fate = Literal["queued", "sent", "delivered", "seen", "failed", "cancelled"]


class StepState(TypedDict):
    """A step of the escalation: who is next at which minute, frozen when the alert rang. `ring` counts the rings."""

    ring: int
    step: int
    level: int
    state: Literal["pending", "fired", "skipped", "cancelled"]
    due_at: datetime
    done_at: datetime | None
    reason: str | None


class ToldState(TypedDict):
    """Who is told: a team, or a person of it."""

    team_id: int
    team: str
    staff_id: int | None
    name: str | None
    title: str | None


class NotificationState(TypedDict):
    """One notification and its fate; `together` counts those that went in the same message."""

    notification_id: str
    ring: int
    step: int
    channel: str
    to: ToldState
    state: Fate
    reason: str | None
    attempts: int
    together: int
    queued_at: datetime
    retry_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    seen_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None


class HeldState(TypedDict):
    """A finding that is not told by itself, since this alert speaks for it; `ended_at` is None while it does."""

    rule: str
    reason: str
    began_at: datetime
    ended_at: datetime | None


class AlertTold(AlertDetail):
    """An alert with its life, what applies here, every step and notification, and what it speaks for."""

    card: CardState | None
    steps: list[StepState]
    notifications: list[NotificationState]
    speaks_for: list[HeldState]


def step_state(row: StepRow) -> StepState:
    """Build a step."""
    return StepState(
        ring=row.ring,
        step=row.number,
        level=row.level,
        state=row.state,  # type: ignore[typeddict-item]  # the schema checks the word
        due_at=row.due_at,
        done_at=row.done_at,
        reason=row.reason,
    )


def held_state(row: Episode) -> HeldState:
    """Build a finding that is held."""
    return HeldState(rule=row.rule, reason=row.reason, began_at=row.began_at, ended_at=row.ended_at)


def notification_state(row: NotificationRow) -> NotificationState:
    """Build a notification."""
    told = ToldState(
        team_id=row.team_id, team=row.team_name, staff_id=row.staff_id, name=row.staff_name, title=row.staff_title
    )
    return NotificationState(
        notification_id=str(row.notification_id),
        ring=row.ring,
        step=row.step,
        channel=row.channel,
        to=told,
        state=row.state,  # type: ignore[typeddict-item]  # the schema checks the word
        reason=row.reason,
        attempts=row.attempts,
        together=row.together,
        queued_at=row.queued_at,
        retry_at=row.due_at if row.state in {"queued", "failed"} else None,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        seen_at=row.seen_at,
        failed_at=row.failed_at,
        cancelled_at=row.cancelled_at,
    )
