"""Partitions by time of the tables that grow for ever: made ahead, listed, dropped whole. Never a row deleted.

On plain PostgreSQL they are native partitions, made and dropped without keeping ingest waiting. With TimescaleDB the
tables are hypertables, whose chunks make themselves. `AGEING` is the one list of these tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from psycopg import sql

from ward.store.keep import Kept
from ward.store.pool import Connection

_LOCK = 4200011
_EPOCH = date(1970, 1, 1)
_DAYS_BEHIND = 2
_DAYS_AHEAD = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """A table by time: how many days, counted from 1970, a partition holds, and its class of keeping."""

    table: str
    days: int
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One partition or chunk, from `start` until before `end`; `dense` when it is compressed."""

    name: str
    start: datetime
    end: datetime
    dense: bool = False


READING = Ageing(table="reading", days=1, kept=Kept.READINGS)
# A store has minutes as `rollup_minutes` or as `rollup_1min`; what it has not is passed over everywhere.
MINUTES = Ageing(table="rollup_minutes", days=30, kept=Kept.AGGREGATES)
ROLLUPS = (
    MINUTES,
    Ageing(table="rollup_1min", days=30, kept=Kept.AGGREGATES),
    Ageing(table="rollup_15min", days=30, kept=Kept.AGGREGATES),
    Ageing(table="rollup_1h", days=360, kept=Kept.AGGREGATES),
    Ageing(table="rollup_1d", days=360, kept=Kept.AGGREGATES),
)
WAVEFORM = Ageing(table="waveform_block", days=1, kept=Kept.WAVEFORMS)
STRETCH = Ageing(table="waveform_stretch", days=1, kept=Kept.WAVEFORMS)
FEATURE = Ageing(table="wave_feature", days=1, kept=Kept.READINGS)
AGEING = (READING, *ROLLUPS, WAVEFORM, STRETCH, FEATURE)


def days_around(now: datetime) -> list[date]:
    """Return the days whose partitions must exist at `now`: some behind, more ahead."""
    return [now.date() + timedelta(days=offset) for offset in range(-_DAYS_BEHIND, _DAYS_AHEAD + 1)]


async def native(conn: Connection, ageing: Ageing) -> bool:
    """Tell whether a table has native partitions, and not chunks."""
    row = await (
        await conn.execute("select relkind = 'p' from pg_class where oid = to_regclass(%s)", (ageing.table,))
    ).fetchone()
    return row is not None and bool(row[0])


async def ahead(conn: Connection, now: datetime) -> list[str]:
    """Make what partitions are missing around `now`; return their names."""
    return [name for ageing in AGEING for name in await ensure(conn, ageing, days_around(now))]


async def ensure(conn: Connection, ageing: Ageing, days: Iterable[date]) -> list[str]:
    """Make the partitions that hold these days (UTC) where they are missing; return the names of the new ones.

    In the caller's transaction, or each statement in its own. Made beside the table and then attached, which keeps
    nobody from reading and writing; two processes that make the same one take turns.
    """
    if not await native(conn, ageing):
        return []
    wanted = {f"{ageing.table}_{start:%Y%m%d}": start for start in {_start(ageing, day) for day in days}}
    if not await _absent(conn, wanted):
        return []
    async with conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        made = await _absent(conn, wanted)
        for name in made:
            await _make(conn, ageing, name, wanted[name])
    return made


async def missing(conn: Connection, ageing: Ageing, days: Iterable[date]) -> list[str]:
    """Return the names of the partitions for these days that are not there."""
    if not await native(conn, ageing):
        return []
    return await _absent(conn, [f"{ageing.table}_{_start(ageing, day):%Y%m%d}" for day in days])


def _start(ageing: Ageing, day: date) -> date:
    return day - timedelta(days=(day - _EPOCH).days % ageing.days)


async def _absent(conn: Connection, names: Iterable[str]) -> list[str]:
    found = await conn.execute(  # the table itself: to_regclass() may remember what was before the lock
        "select distinct name from unnest(%s::text[]) as name where not exists (select from pg_class"
        " where relname = name and relnamespace = current_schema()::regnamespace) order by name",
        (list(names),),
    )
    return [name for (name,) in await found.fetchall()]


async def _make(conn: Connection, ageing: Ageing, name: str, start: date) -> None:
    table, part = sql.Identifier(ageing.table), sql.Identifier(name)
    end = start + timedelta(days=ageing.days)
    bounds = [sql.Literal(f"{day} 00:00+00") for day in (start, end)]
    await conn.execute(sql.SQL("create table {} (like {} including all)").format(part, table))
    await conn.execute(
        sql.SQL("alter table {} attach partition {} for values from ({}) to ({})").format(table, part, *bounds)
    )


async def parts(conn: Connection, ageing: Ageing) -> list[Part]:
    """Return the partitions or chunks of a table, oldest first."""
    if await native(conn, ageing):
        found = await conn.execute(
            "select name, bounds[1]::timestamptz, bounds[2]::timestamptz, false from (select relname as name,"
            r" regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(.+)''\) TO \(''(.+)''\)') as bounds"
            " from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = to_regclass(%s)) p order by 2",
            (ageing.table,),
        )
    else:
        if not await _timescale(conn):
            return []
        found = await conn.execute(
            "select format('%%I.%%I', chunk_schema, chunk_name), range_start, range_end, is_compressed"
            " from timescaledb_information.chunks where (hypertable_schema, hypertable_name) in ("
            " select materialization_hypertable_schema, materialization_hypertable_name"
            " from timescaledb_information.continuous_aggregates where view_name = %(table)s"
            " union all select current_schema, %(table)s) order by range_start",
            {"table": ageing.table},
        )
    return [Part(name=name, start=start, end=end, dense=dense) for name, start, end, dense in await found.fetchall()]


async def _timescale(conn: Connection) -> bool:
    found = await conn.execute("select 1 from pg_extension where extname = 'timescaledb'")
    return await found.fetchone() is not None


async def drop(conn: Connection, ageing: Ageing, part: Part) -> None:
    """Drop the oldest partition or chunk of a table, whole, in the caller's transaction.

    Raises
    ------
    psycopg.errors.LockNotAvailable
        If it is in use for longer than the caller's `lock_timeout`: nothing has happened, come again.
    """
    if await native(conn, ageing):
        await conn.execute(sql.SQL("drop table {}").format(sql.Identifier(part.name)))
        return
    await conn.execute("select drop_chunks(%s::regclass, older_than => %s)", (ageing.table, part.end))


async def compressible(conn: Connection, ageing: Ageing) -> bool:
    """Tell whether a table has chunks that TimescaleDB may compress (its Apache edition does not)."""
    if not await _timescale(conn):
        return False
    row = await (
        await conn.execute(
            "select exists (select from timescaledb_information.hypertables"
            " where hypertable_name = %(table)s and compression_enabled)"
            " or exists (select from timescaledb_information.continuous_aggregates"
            " where view_name = %(table)s and compression_enabled)",
            {"table": ageing.table},
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def compress(conn: Connection, part: Part) -> None:
    """Compress a chunk, or what has come into it since; nothing happens where all of it is compressed."""
    await conn.execute("select compress_chunk(%s::regclass, if_not_compressed => true)", (part.name,))
