"""`hemvakt check`: does the store answer, is its schema this program's, does every service live."""

from datetime import timedelta

import psycopg

from ward.clock import SystemClock
from ward.store import heartbeats, migrate, upkeep
from ward.store.keep import Keep
from ward.store.pool import connect

_SERVICES = ("ingest", "alerting")
_SILENT = timedelta(seconds=15)


async def check(database_url: str, keep: Keep) -> tuple[list[str], bool]:
    """Return a line for each thing looked at, and whether all of it is well."""
    now = SystemClock().now()
    try:
        conn = await connect(database_url, "check")
    except psycopg.OperationalError as error:
        return [f"FAULT  store: does not answer: {str(error).strip()}"], False
    async with conn:
        missing = await migrate.missing(conn)
        beats = {} if missing else await heartbeats.newest(conn)
        late = [] if missing else await upkeep.faults(conn, now, keep)
    found = [(not missing, "schema", "up to date" if not missing else f"run hemvakt migrate: {', '.join(missing)}")]
    found.append((not late, "upkeep", "; ".join(late) or "up to date"))
    for service in _SERVICES:
        beat_at = beats.get(service)
        alive = beat_at is not None and now - beat_at < _SILENT
        said = "has never run" if beat_at is None else f"last sign of life {(now - beat_at).total_seconds():.0f} s ago"
        found.append((alive, service, said))
    lines = ["ok     store: answers"]
    lines += [f"{'ok    ' if well else 'FAULT '} {what}: {said}" for well, what, said in found]
    return lines, all(well for well, _, _ in found)
