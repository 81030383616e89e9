"""Apply the forward-only migrations under a lock; upkeep does the rest (ward/store/upkeep.py)."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from ward.errors import ConfigError
from ward.store import databases, partitions, service_role
from ward.store.pool import Connection, reach

MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 4200002


def migrations() -> list[tuple[int, str, str]]:
    """Return (number, name, SQL) of every migration, in order."""
    files = sorted(MIGRATIONS.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    return [(int(path.name[:4]), path.stem, path.read_text(encoding="utf-8")) for path in files]


def digests() -> dict[int, tuple[str, str]]:
    """Return name and SHA-256 of every migration by its number, as the store keeps them."""
    return {number: (name, hashlib.sha256(text.encode()).hexdigest()) for number, name, text in migrations()}


async def migrate(database_url: str, now: datetime) -> list[str]:
    """Bring the store to the newest schema; return the names of what was applied, empty when nothing was.

    Safe to run from many processes at once: an advisory lock lets one work and the others find it done.

    Raises
    ------
    ConfigError
        If an applied migration has been altered, or the store is newer than this program.
    """
    conn = await reach(database_url, "migrate")
    async with conn:
        await conn.execute("set lock_timeout = 0")  # another migration may take its time
        await conn.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        await conn.execute(
            "create table if not exists migration (number int primary key, name text not null,"
            " sha256 text not null, applied_at timestamptz not null)"
        )
        rows = await (await conn.execute("select number, name, sha256 from migration order by number")).fetchall()
        known = digests()
        for number, name, digest in rows:
            if known.get(number) != (name, digest):
                raise ConfigError(
                    f"The store holds migration {name}, which this program knows otherwise or not at all. "
                    "Run the program version that made it, or restore a backup made by this one."
                )
        applied = {row[0] for row in rows}
        if not applied:
            await _timescale(conn)
        done = []
        for number, name, text in migrations():
            if number in applied:
                continue
            await conn.execute(text.encode())
            await conn.execute("insert into migration values (%s, %s, %s, %s)", (number, name, known[number][1], now))
            done.append(name)
        await partitions.ahead(conn, now)
        await service_role.settle(conn)
    return done


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
