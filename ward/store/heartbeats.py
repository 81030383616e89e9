"""Signs of life of the services, in the store, so that each can see whether the others work."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from ward.selfcheck import CLOCKS_APART
from ward.store.pool import Connection

LISTS = "fallback-list"
"""What a timer starts and nothing keeps running: its last sign of life is kept, however old (`ward.store.chores`)."""

_FORGET = timedelta(days=1)


async def beat(conn: Connection, service: str, instance: str, now: datetime, detail: Mapping[str, object]) -> None:
    """Record that an instance of a service lives, and forget instances silent for a day."""
    await conn.execute(
        "insert into service_heartbeat (service, instance, beat_at, detail) values (%s, %s, %s, %s)"
        " on conflict (service, instance) do update set beat_at = excluded.beat_at, detail = excluded.detail",
        (service, instance, now, Jsonb(dict(detail))),
    )
    await conn.execute("delete from service_heartbeat where beat_at < %s and service <> %s", (now - _FORGET, LISTS))


# Where one process had a clock that was ahead, those of the others tell whether the service lives.
NEWEST = "coalesce(max(beat_at) filter (where beat_at <= %(ahead)s), min(beat_at))"


async def newest(conn: Connection, now: datetime) -> dict[str, datetime]:
    """Return the newest heartbeat of each service; one that lies ahead of now only where there is no other."""
    rows = await (
        await conn.execute(
            f"select service, {NEWEST} from service_heartbeat group by service".encode(),  # nosec B608  # noqa: S608
            {"ahead": now + CLOCKS_APART},
        )
    ).fetchall()
    return {row[0]: row[1] for row in rows}


async def held_since(conn: Connection, since: datetime) -> datetime | None:
    """Return when the oldest message came that an ingest, heard since, has not stored yet; None where nothing waits."""
    row = await (
        await conn.execute(
            "select min((detail ->> 'held_since')::timestamptz) from service_heartbeat"
            " where service = 'ingest' and beat_at > %s",
            (since,),
        )
    ).fetchone()
    return None if row is None else row[0]
