"""Every check, in the order in which it is told. A new check is one function and one line here."""

from collections.abc import Iterable
from datetime import datetime

from psycopg import Error, errors

from ward.store.checks import chores, log, people, readings, schema, server, services
from ward.store.checks.finding import Check, Finding, fail, warn
from ward.store.pool import Connection

# Looked at first: without the right schema the others cannot ask.
FIRST: tuple[Check, ...] = (server.version, schema.migrations)
CHECKS: tuple[Check, ...] = (
    schema.rules,
    schema.partitions,
    schema.sequences,
    server.settings,
    server.standby,
    server.connections,
    server.space,
    server.age,
    server.leftovers,
    services.heartbeats,
    services.holding,
    services.lag,
    services.unread,
    people.overlaps,
    people.responsibility,
    people.watched,
    people.alerts,
    people.modes,
    log.guarded,
    log.sealed,
    log.chain,
    chores.ends,
)
# With --deep: every seal, not the newest alone.
DEEP: tuple[Check, ...] = (log.whole_chain,)
# Of the readings: some, or with --deep all (`readings.deep`).
SAMPLED: tuple[Check, ...] = (readings.sampled, readings.newest)


async def run(conn: Connection, now: datetime, checks: Iterable[Check]) -> list[Finding]:
    """Ask one question after the other; `conn` is in autocommit mode, so one that cannot be asked stops no other."""
    found: list[Finding] = []
    for check in checks:
        try:
            found += await check(conn, now)
        except errors.InsufficientPrivilege as error:
            found.append(warn(_name(check), _unasked(error), "ask with an account that owns the store"))
        except Error as error:
            if conn.closed:
                raise
            found.append(fail(_name(check), _unasked(error), "try again; if it stays, report it"))
    return found


def _name(check: Check) -> str:
    return getattr(check, "__name__", "check")


def _unasked(error: Error) -> str:
    return f"could not be looked at: {str(error).strip().splitlines()[0]}"
