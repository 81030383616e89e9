"""Notifications as people see them: of one alert, every one and its fate; of all, how many wait. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from ward.alerts import AlertId
from ward.people import StaffId, StayId, TeamId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    """One notification; an address is in no answer. `due_at` is when it is looked at again, None when never."""

    notification_id: UUID
    ring: int
    step: int
    channel: str
    team_id: TeamId
    team_name: str
    staff_id: StaffId | None
    staff_name: str | None
    staff_title: str | None
    state: str
    reason: str | None
    attempts: int
    queued_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    seen_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None
    together: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits by one way: how many notifications, and since when the oldest."""

    channel: str
    waiting: int
    oldest_at: datetime | None


async def of_alert(conn: Connection, stay_id: StayId, alert_id: AlertId) -> list[NotificationRow]:
    """Return every notification of an alert, in the order of its steps; `together` counts who went in one message."""
    async with conn.cursor(row_factory=class_row(NotificationRow)) as cursor:
        await cursor.execute(
            """
            select o.notification_id, o.ring, o.step, o.channel, o.team_id, t.name as team_name, o.staff_id,
                f.name as staff_name, f.title as staff_title, o.state, o.reason, o.attempts, o.queued_at, o.due_at,
                o.sent_at, o.delivered_at, o.seen_at, o.failed_at, o.cancelled_at,
                case when o.group_id is null then 1
                    else (select count(*) from outbox g where g.group_id = o.group_id) end as together
            from outbox o join team t using (team_id) left join staff f on f.staff_id = o.staff_id
            where o.stay_id = %s and o.alert_id = %s
            order by o.ring, o.step, o.queued_at, o.channel, o.team_id, o.staff_id
            """,
            (stay_id, alert_id),
        )
        return await cursor.fetchall()


async def backlog(conn: Connection) -> list[Backlog]:
    """Return what waits to be sent, by way."""
    async with conn.cursor(row_factory=class_row(Backlog)) as cursor:
        await cursor.execute(
            "select channel, count(*) as waiting, min(due_at) as oldest_at from outbox"
            " where due_at is not null and state in ('queued', 'failed') group by channel order by channel"
        )
        return await cursor.fetchall()


async def fates(conn: Connection, since: datetime) -> dict[tuple[str, str], int]:
    """Return how many notifications there were since an instant, by way and by fate; tests are left out."""
    rows = await (
        await conn.execute(
            "select channel, state, count(*) from outbox where queued_at > %s and mode <> 'test' group by 1, 2",
            (since,),
        )
    ).fetchall()
    return {(row[0], row[1]): int(row[2]) for row in rows}
