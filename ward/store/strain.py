"""What strains the platform, read for `ward.guard`: signs of life, what waits at ingest and alerting, room on disk."""

from datetime import datetime

from ward import guard
from ward.store import disk, evaluation_lag, heartbeats
from ward.store.pool import Connection


async def read(conn: Connection, now: datetime) -> guard.Strain:
    """Return how the platform fares."""
    room = await disk.room(conn)
    return guard.Strain(
        beats=await heartbeats.newest(conn),
        held_since=await heartbeats.held_since(conn, now - guard.SILENT_AFTER),
        behind=(await evaluation_lag.read(conn, now)).behind(now),
        free_bytes=None if room is None else room.free,
    )
