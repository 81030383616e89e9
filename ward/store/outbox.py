"""Notifications on their way: one row an alert, a person or team, and a way. What is to happen: `alerting.deliver`.

A row is leased by moving its `due_at`: a worker that dies before it has recorded what it sent lets the row fall due
again, and it is sent once more under the same id. The invariant: a row leaves the list (`due_at` null) only when it was
sent, given up with a reason, or cancelled. The caller owns the transaction. Reading them for people: `outbox_reads`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from ward.alerts import AlertId
from ward.people import StaffId, StayId, TeamId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A notification to be written; `state` is what is known of it at once, `reason` why it cannot be sent."""

    stay_id: StayId
    alert_id: AlertId
    ring: int
    step: int
    priority: int
    family: str
    mode: str
    team_id: TeamId
    staff_id: StaffId | None
    channel: str
    channel_id: int | None
    state: str
    due_at: datetime | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A notification that somebody must look at now, with what is needed to send it.

    `group_id` is of those that one act has caused.
    """

    stay_id: StayId
    notification_id: UUID
    alert_id: AlertId
    ring: int
    step: int
    priority: int
    family: str
    mode: str
    team_id: TeamId
    team_name: str
    staff_id: StaffId | None
    language: str | None
    channel: str
    channel_id: int | None
    address: str | None
    state: str
    attempts: int
    queued_at: datetime
    group_id: UUID | None = None


class Alike(NamedTuple):
    """What notifications have in common that may be one message."""

    channel: str
    channel_id: int | None
    staff_id: StaffId | None
    team_id: TeamId
    family: str


_QUEUE = b"""
    insert into outbox (stay_id, alert_id, ring, step, priority, family, mode, team_id, staff_id, channel, channel_id,
        state, due_at, queued_at, sent_at, failed_at, reason, group_id)
    select stay_id, alert_id, ring, step, priority, family, mode, team_id, staff_id, channel, channel_id,
        state, due_at, %(now)s::timestamptz, case when state = 'sent' then %(now)s::timestamptz end,
        case when state = 'failed' then %(now)s::timestamptz end, reason,
        case when priority = 3 and channel <> 'board' then (
            select g.group_id from outbox g where g.stay_id = r.stay_id and g.alert_id = r.alert_id and g.ring = r.ring
            and g.group_id is not null order by 1 limit 1) end
    from json_to_recordset(%(rows)s::json) r(stay_id bigint, alert_id bigint, ring int, step int, priority smallint,
        family text, mode text, team_id bigint, staff_id bigint, channel text, channel_id bigint, state text,
        due_at timestamptz, reason text)
    on conflict do nothing
"""


async def queue(conn: Connection, rows: Sequence[Queued], now: datetime) -> None:
    """Write notifications, in one statement, for an alert waits for it; one that is there already stays as it is.

    What is urgent and was told together with others (`join`) is so at the steps that follow.
    """
    await conn.execute(_QUEUE, {"rows": msgspec.json.encode(rows).decode(), "now": now})


_CLAIM = b"""
    with first as (
        select stay_id, notification_id, group_id from outbox
        where due_at <= %(now)s and priority = any(%(priorities)s)
        order by priority desc, due_at limit %(most)s for update skip locked
    ), joined as (
        select stay_id, notification_id from outbox
        where group_id in (select group_id from first where group_id is not null)
        and due_at <= %(now)s and priority = any(%(priorities)s) for update skip locked
    ), due as (
        select stay_id, notification_id from first union select stay_id, notification_id from joined
    ), taken as (
        update outbox o set due_at = %(until)s, attempts = attempts + 1 from due d
        where o.stay_id = d.stay_id and o.notification_id = d.notification_id returning o.*
    )
    select n.stay_id, n.notification_id, n.alert_id, n.ring, n.step, n.priority, n.family, n.mode, n.team_id,
        t.name as team_name, n.staff_id, f.language, n.channel, n.channel_id,
        case when f.disabled_at is null then c.address end as address, n.state, n.attempts,
        n.queued_at, n.group_id
    from taken n join team t using (team_id) left join staff f on f.staff_id = n.staff_id
    left join contact_channel c on c.channel_id = n.channel_id and c.broken_at is null
    order by n.priority desc, n.queued_at
"""


async def claim(conn: Connection, now: datetime, lease: timedelta, most: int, priorities: Sequence[int]) -> list[Due]:
    """Lease up to `most` notifications that are due, the most urgent first, and with them what goes together with them.

    What others hold is left out.

    Who cannot log in any more has no address: being sent a message is not being told.
    """
    async with conn.cursor(row_factory=class_row(Due)) as cursor:
        await cursor.execute(_CLAIM, {"now": now, "until": now + lease, "most": most, "priorities": list(priorities)})
        return await cursor.fetchall()


async def bring_back(conn: Connection, now: datetime, longest: timedelta) -> None:
    """Let notifications be due now that are due later than any may be: a clock was ahead when they were written."""
    await conn.execute(
        "update outbox set due_at = %(now)s where (stay_id, notification_id) in ("
        " select stay_id, notification_id from outbox where due_at > %(far)s for update skip locked)",
        {"now": now, "far": now + longest},
    )


_THESE = (
    " from unnest(%(stays)s::bigint[], %(ids)s::uuid[]) as these (stay_id, id)"
    " where o.stay_id = these.stay_id and o.notification_id = these.id"
)


def _named(rows: Sequence[Due], now: datetime) -> dict[str, object]:
    return {"stays": [row.stay_id for row in rows], "ids": [row.notification_id for row in rows], "now": now}


async def join(
    conn: Connection, stay_ids: Sequence[StayId], alert_ids: Sequence[AlertId], now: datetime, group_id: UUID
) -> None:
    """Let what was written just now of these stays' alerts go together, however urgent: one act has caused it all."""
    await conn.execute(
        "update outbox set group_id = %(group)s where stay_id = any(%(stays)s) and alert_id = any(%(alerts)s)"
        " and queued_at = %(now)s and state = 'queued' and due_at is not null and channel <> 'board'",
        {"group": group_id, "stays": list(stay_ids), "alerts": list(alert_ids), "now": now},
    )


async def sent(conn: Connection, rows: Sequence[Due], now: datetime, group_id: UUID | None) -> None:
    """Record that these were sent, together where they are a group; what was cancelled meanwhile stays so."""
    query = (
        "update outbox o set sent_at = %(now)s, due_at = null, group_id = %(group)s, reason = null,"  # nosec B608  # noqa: S608
        " state = case when state in ('queued', 'failed') then 'sent' else state end" + _THESE
    )
    await conn.execute(query.encode(), {**_named(rows, now), "group": group_id})


async def failed(conn: Connection, rows: Sequence[Due], now: datetime, reason: str, retry_at: datetime | None) -> None:
    """Record that these did not come through, and when they are tried again (None: not any more)."""
    query = (
        "update outbox o set state = 'failed', failed_at = %(now)s, reason = %(reason)s,"  # nosec B608  # noqa: S608
        " due_at = %(retry)s" + _THESE + " and state in ('queued', 'failed', 'sent')"
    )
    await conn.execute(query.encode(), {**_named(rows, now), "reason": reason[:500], "retry": retry_at})


async def put_off(conn: Connection, rows: Sequence[Due], until: datetime) -> None:
    """Give these back untried, to be looked at again at `until`."""
    query = "update outbox o set due_at = %(until)s, attempts = attempts - 1" + _THESE  # nosec B608  # noqa: S608
    query += " and state in ('queued', 'failed')"
    await conn.execute(query.encode(), {**_named(rows, until), "until": until})


async def cancel(conn: Connection, stay_id: StayId, alert_id: AlertId, now: datetime, reason: str) -> None:
    """Take back every notification of an alert that has not been sent; the others are not waited for any more."""
    await conn.execute(
        """
        update outbox set due_at = null,
            state = case when state = 'queued' or state = 'failed' and due_at is not null then 'cancelled'
                else state end,
            cancelled_at = case when state = 'queued' or state = 'failed' and due_at is not null then %(now)s end,
            reason = case when state = 'queued' then %(reason)s else reason end
        where stay_id = %(stay)s and alert_id = %(alert)s
        and (due_at is not null or state = 'queued')
        """,
        {"stay": stay_id, "alert": alert_id, "now": now, "reason": reason},
    )


async def seen(conn: Connection, stay_id: StayId, alert_id: AlertId, staff_id: StaffId, now: datetime) -> None:
    """Record that a person has seen an alert: what was sent to them, and to the boards of their teams."""
    await conn.execute(
        """
        update outbox o set state = 'seen', seen_at = %(now)s, due_at = null,
            delivered_at = coalesce(delivered_at, %(now)s)
        where stay_id = %(stay)s and alert_id = %(alert)s and sent_at is not null and state in ('sent', 'delivered')
        and (staff_id = %(staff)s or channel = 'board' and team_id in
            (select team_id from team_member where staff_id = %(staff)s))
        """,
        {"stay": stay_id, "alert": alert_id, "staff": staff_id, "now": now},
    )


async def shown(conn: Connection, staff_id: StaffId, alert_ids: Sequence[AlertId], now: datetime) -> int:
    """Record that a listening screen of this person shows these alerts; return how many notifications that met."""
    done = await conn.execute(
        """
        update outbox o set state = 'delivered', delivered_at = %(now)s, sent_at = coalesce(o.sent_at, %(now)s),
            due_at = null, reason = null
        from alert a
        where a.alert_id = any(%(alerts)s) and o.stay_id = a.stay_id and o.alert_id = a.alert_id
        and o.channel = 'board' and o.state in ('sent', 'failed')
        and o.team_id in (select team_id from team_member where staff_id = %(staff)s)
        """,
        {"alerts": list(alert_ids), "staff": staff_id, "now": now},
    )
    return done.rowcount


async def still_shown(conn: Connection, said: Sequence[tuple[StaffId, AlertId]], now: datetime) -> None:
    """Record that listening screens go on showing these alerts: what a step has told them since was delivered.

    Only what is still waited for is looked at, so that it costs little however often it is said; what others hold is
    said again with the next heartbeat.
    """
    await conn.execute(
        """
        update outbox o set state = 'delivered', delivered_at = %(now)s, due_at = null from (
            select w.stay_id, w.notification_id
            from unnest(%(staff)s::bigint[], %(alerts)s::bigint[]) as said (staff_id, alert_id)
            join team_member m using (staff_id) join outbox w on w.team_id = m.team_id and w.alert_id = said.alert_id
            where w.due_at is not null and w.channel = 'board' and w.state = 'sent' for update of w skip locked
        ) w where o.stay_id = w.stay_id and o.notification_id = w.notification_id
        """,
        {"staff": [each for each, _ in said], "alerts": [each for _, each in said], "now": now},
    )


async def sent_since(conn: Connection, since: datetime) -> dict[str, int]:
    """Return how many messages went out by each way since an instant; a group is one."""
    rows = await (
        await conn.execute(
            "select channel, count(distinct coalesce(group_id, notification_id)) from outbox"
            " where sent_at > %s and channel <> 'board' group by channel",
            (since,),
        )
    ).fetchall()
    return {row[0]: int(row[1]) for row in rows}


async def told_since(conn: Connection, since: datetime, family: str) -> dict[Alike, datetime]:
    """Return when what is of a family and not of high priority was last sent since an instant, by what is alike."""
    rows = await (
        await conn.execute(
            "select channel, channel_id, staff_id, team_id, family, max(sent_at) from outbox"
            " where sent_at > %s and family = %s and priority < 3 and channel not in ('board', 'console')"
            " group by 1, 2, 3, 4, 5",
            (since, family),
        )
    ).fetchall()
    return {Alike(*row[:5]): row[5] for row in rows}


async def out_now(conn: Connection, now: datetime, until: datetime, family: str) -> set[Alike]:
    """Return what is alike of a family that is out for the first time: leased at `now` or before, up to `until`.

    Of what the caller has leased itself just now, until that very instant, nothing is said.
    """
    rows = await (
        await conn.execute(
            "select distinct channel, channel_id, staff_id, team_id, family from outbox"
            " where due_at > %s and due_at < %s and family = %s and priority < 3 and state = 'queued' and attempts > 0"
            " and channel not in ('board', 'console')",
            (now, until, family),
        )
    ).fetchall()
    return {Alike(*row) for row in rows}


async def next_due(conn: Connection) -> datetime | None:
    """Return when the next notification is to be looked at."""
    row = await (await conn.execute("select min(due_at) from outbox where due_at is not null")).fetchone()
    return row[0] if row else None
