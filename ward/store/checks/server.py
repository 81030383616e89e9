"""Checks of the database server: version, what a power failure would cost, room on disk, connections, age."""

from collections.abc import Iterable
from datetime import datetime
from types import MappingProxyType

from ward.guard import LEAST_FREE_BYTES
from ward.store import disk
from ward.store.checks.finding import Finding, fail, number, ok, rows, warn
from ward.store.pool import Connection

_OLDEST_MAJOR = 15
_FREE_FAIL, _FREE_WARN = 3, 10  # connections; each process of ours takes up to 8
_DISK_WARN = 5 << 30  # bytes
_DISK_WARN_SHARE = 0.1
_AGE_WARN, _AGE_FAIL = 500_000_000, 1_500_000_000  # transactions; PostgreSQL stops at two thousand million

# Setting, the values that will do, whether others are a fault, and what they cost.
_SETTINGS = (
    ("fsync", ("on",), True, "a power failure may destroy the store"),
    ("full_page_writes", ("on",), True, "a power failure may destroy pages of the store"),
    ("synchronous_commit", ("on", "local", "remote_write", "remote_apply"), True, "acknowledged readings may be lost"),
    ("wal_level", ("replica", "logical"), False, "neither replicas nor recovery to a point in time are possible"),
    ("autovacuum", ("on",), False, "tables grow without end and queries become slow"),
    ("data_checksums", ("on",), False, "damage on disk goes unnoticed"),
)
_OTHERWISE = MappingProxyType({"data_checksums": "stop the server, run pg_checksums --enable on its folder, start it"})


async def version(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that the server is one that the schema is made for."""
    major = conn.info.server_version // 10_000
    size = await number(conn, "select pg_database_size(current_database())")
    said = f"answers: PostgreSQL {major}, {_bytes(size)}"
    if major < _OLDEST_MAJOR:
        return [fail("store", said, f"move to PostgreSQL {_OLDEST_MAJOR} or newer")]
    return [ok("store", said)]


async def settings(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that what is committed stays, whatever happens to the machine."""
    found: dict[str, str] = dict(await rows(conn, "select name, setting from pg_settings"))
    wrong = []
    for name, right, fatal, cost in _SETTINGS:
        value = found.get(name)
        if value not in right:
            say = fail if fatal else warn
            todo = _OTHERWISE.get(name, f"set {name} = {right[0]} in postgresql.conf")
            wrong.append(say("settings", f"{name} is {value}: {cost}", todo))
    return wrong or [ok("settings", "what is committed is on disk")]


async def standby(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that commits wait for a standby where there is one: what it has not got is lost when it takes over."""
    # Who may not see others' states is told none.
    found = await rows(
        conn,
        "select count(*), count(*) filter (where sync_state in ('sync', 'quorum')) from pg_stat_replication"
        " where state in ('streaming', 'catchup') and sync_state is not null"
        " and application_name not in ('pg_basebackup', 'pg_receivewal')",
    )
    following, waited_for = found[0]
    if not following:
        return []
    if not waited_for:
        todo = "alter system set synchronous_standby_names = '*'; select pg_reload_conf()"
        return [warn("standby", "follows, and no commit waits for it: a promotion loses what it has not got", todo)]
    return [ok("standby", "has each commit before it is answered")]


async def connections(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that services that start again find room."""
    (used, most), *_ = await rows(
        conn,
        "select (select count(*) from pg_stat_activity where backend_type = 'client backend'),"
        " current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int",
    )
    free = most - used
    said, todo = f"{free} of {most} free", "raise max_connections, or run fewer processes"
    if free < _FREE_FAIL:
        return [fail("connections", said, todo)]
    return [warn("connections", said, todo) if free < _FREE_WARN else ok("connections", said)]


async def space(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that there is room on the disk of the store, where that is this machine's."""
    usage = await disk.room(conn)
    if usage is None:
        return [ok("disk", "the server's own: watch it there")]
    said, todo = f"{_bytes(usage.free)} free of {_bytes(usage.total)}", "make room before the store stops"
    if usage.free < LEAST_FREE_BYTES:
        return [fail("disk", said, todo)]
    short = usage.free < _DISK_WARN or usage.free < _DISK_WARN_SHARE * usage.total
    return [warn("disk", said, todo) if short else ok("disk", said)]


async def age(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that old rows are frozen in time, so that the server need not stop for it."""
    oldest = await number(conn, "select age(datfrozenxid) from pg_database where datname = current_database()")
    said, todo = (
        f"{oldest:,} transactions since the oldest row was frozen",
        "run vacuum, and see why autovacuum does not",
    )
    if oldest > _AGE_FAIL:
        return [fail("age", said, todo)]
    return [warn("age", said, todo) if oldest > _AGE_WARN else ok("age", said)]


async def leftovers(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """Name the stores that a restore has put aside, which fill the disk."""
    found = await rows(
        conn,
        "select datname, pg_database_size(oid) from pg_database"
        " where datname ~ ('^' || current_database() || '_(before|restored)_[0-9]{8}_[0-9]{6}$') order by 1",
    )
    return [
        warn(
            "kept stores",
            f"{name} takes {_bytes(size)}",
            f"when it is no longer needed: hemvakt restore --forget {name}",
        )
        for name, size in found
    ]


def _bytes(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"
