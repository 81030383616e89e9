"""Screens that can be heard: one row a screen, renewed every few seconds by what its own page says.

A page speaks only while it is visible and its sound is unlocked, so a row that is fresh is a person who can hear.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ward.people import StaffId
from ward.store.pool import Connection

# A page speaks every 5 s; three missed are silence.
SILENT_AFTER = timedelta(seconds=15)
_FORGET = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a screen said: that it listens, and the newest self-check walk that has reached it."""

    listener_id: UUID
    staff_id: StaffId
    heard_at: datetime
    echoed: int | None


async def hear(conn: Connection, heard: Sequence[Heard]) -> None:
    """Renew these screens."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "insert into listener (listener_id, staff_id, began_at, heard_at, echoed)"
            " values (%(id)s, %(staff)s, %(at)s, %(at)s, %(echoed)s)"
            " on conflict (listener_id) do update set heard_at = excluded.heard_at, echoed = excluded.echoed",
            [
                {"id": each.listener_id, "staff": each.staff_id, "at": each.heard_at, "echoed": each.echoed}
                for each in heard
            ],
        )


async def leave(conn: Connection, listener_ids: Collection[UUID], now: datetime) -> None:
    """Take screens out that have closed, and those that nobody has heard for long."""
    await conn.execute(
        "delete from listener where listener_id = any(%s) or heard_at < %s", (list(listener_ids), now - _FORGET)
    )


async def count(conn: Connection, now: datetime) -> int:
    """Return how many screens listen."""
    row = await (
        await conn.execute("select count(*) from listener where heard_at > %s", (now - SILENT_AFTER,))
    ).fetchone()
    return int(row[0]) if row else 0


async def echoed(conn: Connection, walk: int, since: datetime, now: datetime) -> tuple[int, int]:
    """Return how many screens have listened since an instant, and how many of them this self-check walk has reached."""
    row = await (
        await conn.execute(
            "select count(*), count(*) filter (where echoed >= %s) from listener"
            " where heard_at > %s and began_at <= %s",
            (walk, now - SILENT_AFTER, since),
        )
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
