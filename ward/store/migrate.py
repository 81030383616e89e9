"""Apply the forward-only migrations under a lock; upkeep does the rest (ward/store/upkeep.py).

Services of the version before may be at work meanwhile. The invariant: nobody waits for a migration that waits for
somebody else for longer than `_LOCK_S`; then it lets go of everything, nothing has changed, and it begins anew.
"""

import asyncio
import hashlib
import itertools
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from psycopg import errors

from ward import log
from ward.errors import ConfigError, StoreBusy
from ward.store import databases, partitions, service_role
from ward.store.pool import Connection, reach

MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 4200002
# Longer than PostgreSQL looks for a deadlock (1 s), shorter than what waits behind us can bear.
_LOCK_S = 3
# Twelve minutes of trying in all, so that a backup or an export that reads every table comes to its end.
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, *([15.0] * 40))


def migrations() -> list[tuple[int, str, str]]:
    """Return (number, name, SQL) of every migration, in order."""
    files = sorted(MIGRATIONS.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [(int(path.name[:4]), path.stem, path.read_text(encoding="utf-8")) for path in files]


def digests() -> dict[int, tuple[str, str]]:
    """Return name and SHA-256 of every migration by its number, as the store keeps them."""
    return {number: (name, hashlib.sha256(text.encode()).hexdigest()) for number, name, text in migrations()}


async def migrate(database_url: str, now: datetime, pauses_s: Sequence[float] = PAUSES_S) -> list[str]:
    """Bring the store to the newest schema; return the names of what was applied, empty when nothing was.

    Safe to run from many processes at once: an advisory lock lets one work and the others find it done. Where others
    hold the tables, or the server ends it because two wait for each other, it is tried again after each pause.

    Raises
    ------
    ConfigError
        If an applied migration has been altered, or the store is newer than this program.
    StoreBusy
        If others held the tables each time; nothing has changed.
    """
    for tried, pause_s in enumerate(itertools.chain(pauses_s, (None,)), start=1):
        try:
            return await _whole(database_url, now)
        except (errors.LockNotAvailable, errors.DeadlockDetected) as error:
            if pause_s is None:
                raise StoreBusy(
                    f"Others held the store's tables at each of {tried} tries, and nothing has changed: see who in"
                    " pg_stat_activity, oldest xact_start first, let them end, and migrate again."
                ) from error
            log.get().warning("migrate_waits", tried=tried, error=type(error).__name__, again_s=pause_s)
            await asyncio.sleep(pause_s)
    raise AssertionError("the last try returns or raises")


async def _whole(database_url: str, now: datetime) -> list[str]:
    """Apply what is missing, all in one transaction."""
    conn = await reach(database_url, "migrate")
    async with conn:
        await conn.execute("set lock_timeout = 0")  # another migration may take its time
        await conn.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        await conn.execute("select set_config('lock_timeout', %s, false)", (f"{_LOCK_S * 1000:.0f}ms",))
        await conn.execute(
            "create table if not exists migration (number int primary key, name text not null,"
            " sha256 text not null, applied_at timestamptz not null)"
        )
        applied = await _applied(conn)
        if not applied:
            await _timescale(conn)
        done, known = [], digests()
        for number, name, text in migrations():
            if number in applied:
                continue
            await conn.execute(text.encode())
            await conn.execute("insert into migration values (%s, %s, %s, %s)", (number, name, known[number][1], now))
            done.append(name)
        await partitions.ahead(conn, now)
        await service_role.settle(conn)
    return done


async def _applied(conn: Connection) -> set[int]:
    """Return the numbers of what was applied, all of it known to this program as it was then."""
    rows = await (await conn.execute("select number, name, sha256 from migration order by number")).fetchall()
    known = digests()
    for number, name, digest in rows:
        if known.get(number) != (name, digest):
            raise ConfigError(
                f"The store holds migration {name}, which this program knows otherwise or not at all. "
                "Run the program version that made it, or restore a backup made by this one."
            )
    return {row[0] for row in rows}


async def missing(conn: Connection) -> list[str]:
    """Return the names of migrations that the store has not had yet."""
    row = await (await conn.execute("select to_regclass('migration') is not null")).fetchone()
    applied: set[int] = set()
    if row and row[0]:
        applied = {number for (number,) in await (await conn.execute("select number from migration")).fetchall()}
    return [name for number, name, _ in migrations() if number not in applied]


async def _timescale(conn: Connection) -> None:
    """Switch TimescaleDB on where the server has it loaded; do without where not."""
    if not await databases.timescale_offered(conn):
        return
    found = await conn.execute("select 1 from pg_available_extensions where name = 'timescaledb'")
    if await found.fetchone():
        await conn.execute("create extension if not exists timescaledb")


async def ensure_partitions(conn: Connection, days: Iterable[date]) -> None:
    """Create the partitions for these days' measurements (UTC) where they are missing; a hypertable needs none."""
    wanted = list(days)
    for ageing in (partitions.READING, partitions.WAVEFORM, partitions.STRETCH):
        await partitions.ensure(conn, ageing, wanted)
