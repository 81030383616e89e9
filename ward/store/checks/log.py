"""Checks of the audit and the access log: every entry is under a seal, and the seals hold as a chain."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ward.store import audit_seals, service_role
from ward.store.checks.finding import Finding, fail, listed, ok, warn
from ward.store.pool import Connection

_SEALED_WITHIN = timedelta(minutes=5)
_NEWEST = 500  # seals that are recomputed each time


async def sealed(conn: Connection, now: datetime) -> Iterable[Finding]:
    """See that no entry waits for its seal."""
    loose = await audit_seals.loose(conn, now - _SEALED_WITHIN)
    if loose:
        said = f"{loose} entries older than {_SEALED_WITHIN.seconds // 60} minutes are under no seal"
        return [warn("audit", said, "start the api: it seals; if they stay, somebody may have put them in by hand")]
    return [ok("audit", "every entry is under a seal")]


async def guarded(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that the services can only add to the logs."""
    able = await service_role.unguarded(conn)
    if able:
        said = f"the services use {listed(able)}, which could alter the audit and the access log"
        return [warn("audit guard", said, f"let them use the account {service_role.NAME}: docs/operating.md")]
    return [ok("audit guard", "no running service can alter the audit or the access log")]


async def chain(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """Recompute the newest seals."""
    newest = await audit_seals.newest(conn)
    if newest is None:
        return [ok("audit chain", "nothing has been sealed yet")]
    return [await _held(conn, newest, since=max(1, newest.seal_id - _NEWEST + 1))]


async def whole_chain(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """Recompute every seal."""
    newest = await audit_seals.newest(conn)
    return [] if newest is None else [await _held(conn, newest, since=1)]


async def _held(conn: Connection, newest: audit_seals.Seal, since: int) -> Finding:
    broken = await audit_seals.verify(conn, since)
    if broken is not None:
        todo = "find out who could write to the store; compare with the hashes in the api's log and in backups"
        return fail("audit chain", f"seal {broken.seal_id} does not hold: {broken.why}", todo)
    said = f"seals {since}-{newest.seal_id} hold; the newest is {newest.sha256.hex()}"
    return ok("audit chain", said)
