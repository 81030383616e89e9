"""What strains the platform, read for `ward.guard`: signs of life, what waits, room on disk, who was told."""

from datetime import datetime

from ward import guard
from ward.store import disk, evaluation_lag, heartbeats, untold
from ward.store.pool import Connection


async def read(conn: Connection, now: datetime) -> guard.Strain:
    """Return how the platform fares."""
    room = await disk.room(conn)
    return guard.Strain(
        beats=await heartbeats.newest(conn, now),
        held_since=await heartbeats.held_since(conn, now - guard.SILENT_AFTER),
        behind=(await evaluation_lag.read(conn, now)).behind(now),
        free_bytes=None if room is None else room.free,
        untold=await untold.since(conn, guard.UNTOLD_AFTER, now),
    )
