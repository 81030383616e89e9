"""Since when alarms may fail to come, as the store tells it: for the board and for patients, who rely on them."""

from datetime import datetime

from ward import guard
from ward.store import evaluation_lag, heartbeats, selfchecks
from ward.store.pool import Connection


async def since(conn: Connection, now: datetime) -> datetime | None:
    """Return since when what rings may not be heard of, None while all is well."""
    return guard.in_doubt_since(
        guard.Way(
            beats=await heartbeats.newest(conn, now),
            held_since=await heartbeats.held_since(conn, now - guard.SILENT_AFTER),
            behind=(await evaluation_lag.read(conn, now)).behind(now),
            waiting=await selfchecks.waiting(conn),
            walk=await selfchecks.newest_ended(conn),
        ),
        now,
    )
