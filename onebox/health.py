"""`hemvakt check`: is the store whole, does every service live and keep up; each line with what to do.

Reads only. What is looked at is listed in `ward.store.checks.catalogue`.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import psycopg

from onebox.progress import bar
from ward.clock import Clock, SystemClock
from ward.store import upkeep
from ward.store.checks import catalogue, readings
from ward.store.checks.finding import Check, Finding, Level, fail, ok
from ward.store.keep import Keep
from ward.store.pool import Connection, connect

_CANNOT_ASK = "is it running, and is HEMVAKT_DATABASE_URL right?"


async def check(
    database_url: str, keep: Keep, *, deep: bool = False, clock: Clock | None = None
) -> tuple[Finding, ...]:
    """Look at everything and return what there is to say; with `deep` at every single reading too."""
    now = (clock or SystemClock()).now()
    try:
        async with await connect(database_url, "check", autocommit=True) as conn:
            found = await catalogue.run(conn, now, catalogue.FIRST)
            if not healthy(found):
                return tuple(found)
            found += await catalogue.run(conn, now, (*catalogue.CHECKS, _upkept(keep)))
            if not deep:
                return (*found, *await catalogue.run(conn, now, catalogue.SAMPLED))
            found += await catalogue.run(conn, now, catalogue.DEEP)
            stay_ids = await readings.stays(conn)
            with bar("Looking at every reading, stay by stay", len(stay_ids)) as step:
                return (*found, *await readings.deep(conn, stay_ids, step))
    except psycopg.OperationalError as error:
        return (fail("store", f"does not answer: {str(error).strip()}", _CANNOT_ASK),)


def _upkept(keep: Keep) -> Check:
    """Make the question whether aggregates, partitions and retention are as the settings say."""

    async def upkept(conn: Connection, now: datetime) -> list[Finding]:
        late = await upkeep.faults(conn, now, keep)
        return [fail("upkeep", each, "ingest does it while it runs: see its log") for each in late] or [
            ok("upkeep", "aggregates and retention are up to date")
        ]

    return upkept


def lines(findings: Sequence[Finding]) -> list[str]:
    """Write findings for people, a line each, and below it what to do."""
    told = []
    for each in findings:
        told.append(f"{each.level.value:<6} {each.what}: {each.said}")
        if each.level is not Level.OK:
            told.append(f"       -> {each.todo}")
    return told


def healthy(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing is wrong; what is worth a look is not wrong."""
    return all(finding.level is not Level.FAIL for finding in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """Write findings for a monitoring system: whether all is well, and each finding."""
    return msgspec.json.encode({"healthy": healthy(findings), "findings": list(findings)}).decode()
