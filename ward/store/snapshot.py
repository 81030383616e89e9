"""What a whole store holds: counted at one instant for a backup, and compared before one store replaces another.

Counts and times only, nothing about anybody.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from psycopg import IsolationLevel, OperationalError, sql

from ward.errors import StoreUnavailable
from ward.store import migrate
from ward.store.pool import Connection, reach

# What people miss when it is gone: the words for it, its table, and when a row came or last changed.
_COUNTED = (
    ("readings", "reading", "received_at"),
    ("scores", "score", "scored_at"),
    ("alerts", "alert", "changed_at"),
    ("events of alerts", "alert_event", "at"),
    ("refused messages", "quarantine", "received_at"),
    ("plans", "plan", "valid_from"),
    ("plans of teams", "team_plan", "valid_from"),
    ("patients", "patient", None),
    ("stays", "stay", None),
    ("devices", "device", None),
    ("bindings", "binding", None),
    ("log-ins", "account", None),
    ("audit entries", "audit", "at"),
)
# Doors that were shut, and that the older store would open again.
_SHUT = (
    ("revoked devices", "select device_id from device where revoked_at is not null and device_no > 0 order by 1"),
    (
        "disabled log-ins",
        (
            "select c.username from account c left join staff f using (staff_id) where c.username is not null and"
            " (c.disabled_at is not null or f.disabled_at is not null) order by 1"
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows there are of one thing, and the time of the newest; None where there is none or it has no time."""

    what: str
    rows: int
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """One thing in the store in use beside the same in the store that is to replace it."""

    what: str
    here: Count
    there: Count
    lost: int


@asynccontextmanager
async def held(database_url: str, service: str) -> AsyncIterator[tuple[Connection, str]]:
    """Yield a connection whose transaction sees the store as it is now, and the snapshot's name for other sessions."""
    conn = await reach(database_url, service)
    try:
        async with conn:
            await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await conn.set_read_only(True)
            await conn.execute("set idle_in_transaction_session_timeout = 0")  # it stands while others work
            row = await (await conn.execute("select pg_export_snapshot()")).fetchone()
            if row is None:
                raise AssertionError("pg_export_snapshot gives a row")
            yield conn, row[0]
    except OperationalError as error:
        raise StoreUnavailable(f"The store was lost: {str(error).strip()}") from error


async def schema_version(conn: Connection) -> str:
    """Return the name of the newest migration, or `none` in a database without a schema of ours."""
    if not await _exists(conn, "migration"):
        return "none"
    row = await (await conn.execute("select name from migration order by number desc limit 1")).fetchone()
    return row[0] if row else "none"


async def strangers(conn: Connection) -> list[str]:
    """Return the migrations of a store that this program does not know, or knows otherwise."""
    if not await _exists(conn, "migration"):
        return []
    known = migrate.digests()
    rows = await (await conn.execute("select number, name, sha256 from migration order by number")).fetchall()
    return [name for number, name, digest in rows if known.get(number) != (name, digest)]


async def tables(conn: Connection) -> int:
    """Count the tables that a dump goes through."""
    row = await (
        await conn.execute(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema)'"
        )
    ).fetchone()
    return int(row[0]) if row else 0


async def readings(conn: Connection) -> int:
    """Count the readings."""
    if not await _exists(conn, "reading"):
        return 0
    row = await (await conn.execute("select count(*) from reading")).fetchone()
    return int(row[0]) if row else 0


async def census(conn: Connection) -> list[Count]:
    """Count everything that people would miss; a table that is not there counts as empty."""
    counts = []
    for what, table, column in _COUNTED:
        if not await _exists(conn, table):
            counts.append(Count(what=what, rows=0, newest=None))
            continue
        newest = sql.SQL("max({})").format(sql.Identifier(column)) if column else sql.SQL("null::timestamptz")
        query = sql.SQL("select count(*), {} from {}").format(newest, sql.Identifier(table))
        row = await (await conn.execute(query)).fetchone()
        counts.append(Count(what=what, rows=row[0] if row else 0, newest=row[1] if row else None))
    return counts


async def shut(conn: Connection) -> dict[str, list[str]]:
    """Return the names of what has been shut out: revoked devices, disabled log-ins."""
    if not await _exists(conn, "device"):
        return {}
    return {what: [row[0] for row in await (await conn.execute(query)).fetchall()] for what, query in _SHUT}


async def compare(conn: Connection, here: Sequence[Count], there: Sequence[Count]) -> list[Lost]:
    """Say of each thing what the store in use (`conn`) has and the other has not.

    With a time: what is newer than the other's newest. Without: by how many it has more.
    """
    found = []
    for (what, table, column), mine, other in zip(_COUNTED, here, there, strict=True):
        lost = max(0, mine.rows - other.rows)
        if column and other.newest is not None and mine.rows:
            query = sql.SQL("select count(*) from {} where {} > %s").format(
                sql.Identifier(table), sql.Identifier(column)
            )
            row = await (await conn.execute(query, (other.newest,))).fetchone()
            lost = row[0] if row else lost
        found.append(Lost(what=what, here=mine, there=other, lost=lost))
    return found


async def _exists(conn: Connection, table: str) -> bool:
    row = await (await conn.execute("select to_regclass(%s) is not null", (table,))).fetchone()
    return bool(row and row[0])
