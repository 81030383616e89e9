"""Databases of one server, beside each other: made, prepared for a restore, and put in each other's place.

A swap is one transaction: before it everybody is in the old database, after it in the new one, and nobody in between.
What leaves the place is kept under another name. The invariant: numbers that were once given (of alerts, of the
registry) are never given again, so that nobody acts upon another thing than the one they saw.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ward.errors import ConfigError, MaintenanceFailed
from ward.store.pool import Connection, reach

_MAINTENANCE = "postgres"
_AGAIN_S = 0.05
_LOCK_S = 60
_MARGIN = 1000  # numbers that may be given between the last look and the swap


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """How far a database has counted: its registry version, and its sequences by name."""

    registry: int
    sequences: dict[str, int]


def name_of(database_url: str) -> str:
    """Return the name of the database that an address leads to."""
    parts = conninfo_to_dict(database_url)
    return str(parts.get("dbname") or parts.get("user") or "")


def other(database_url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return make_conninfo(database_url, dbname=name)


async def _administer(database_url: str) -> Connection:
    conn = await reach(other(database_url, _MAINTENANCE), "restore")
    await conn.set_autocommit(True)
    return conn


async def require_rights(conn: Connection, name: str) -> None:
    """Refuse an account that may not make databases, or does not own the one that is to be replaced.

    Raises
    ------
    ConfigError
        Saying what an administrator has to grant.
    """
    row = await (
        await conn.execute(
            "select current_user, rolsuper or rolcreatedb, rolsuper or pg_has_role(d.datdba, 'member')"
            " from pg_roles, pg_database d where rolname = current_user and d.datname = %s",
            (name,),
        )
    ).fetchone()
    if row is None or not row[1]:
        user = row[0] if row else "this account"
        raise ConfigError(
            f"{user} may not make databases: let an administrator run `alter role {user} createdb`, or restore with"
            " an account that may (HEMVAKT_DATABASE_URL)."
        )
    if not row[2]:
        raise ConfigError(f"{row[0]} does not own the database {name} and cannot put another in its place.")


async def timescale_offered(conn: Connection) -> bool:
    """Tell whether the server has TimescaleDB loaded.

    An account that may not ask the server for that is told whether this database has the extension already: on a
    server of one's own an administrator makes it.
    """
    row = await (
        await conn.execute(
            "select coalesce("
            "(select setting like '%%timescaledb%%' from pg_settings where name = 'shared_preload_libraries'),"
            " exists (select from pg_extension where extname = 'timescaledb'))"
        )
    ).fetchone()
    return bool(row and row[0])


async def require_free(database_url: str, name: str) -> None:
    """Refuse a name that a database of the server has.

    Raises
    ------
    ConfigError
        Saying so.
    """
    async with await reach(database_url, "restore") as conn:
        found = await conn.execute("select from pg_database where datname = %s", (name,))
        if await found.fetchone() is not None:
            raise ConfigError(f"There is a database {name} already: choose another name, or --forget it first.")


async def create(conn: Connection, database_url: str, name: str, template: str = "template0") -> None:
    """Make a database with the encoding, the order of letters and the owner of the one that `conn` is in.

    It is empty, or a copy of the database `template`, in which nobody may be meanwhile.

    Raises
    ------
    ConfigError
        If one of that name is there.
    """
    row = await (
        await conn.execute(
            "select pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba)"
            " from pg_database where datname = current_database()"
        )
    ).fetchone()
    if row is None:
        raise AssertionError("a connection is in a database")
    query = sql.SQL("create database {} template {} encoding {} lc_collate {} lc_ctype {} owner {}").format(
        sql.Identifier(name),
        sql.Identifier(template),
        *(sql.Literal(each) for each in row[:3]),
        sql.Identifier(row[3]),
    )
    admin = await _administer(database_url)
    async with admin:
        try:
            await admin.execute(query)
        except errors.DuplicateDatabase as error:
            raise ConfigError(f"There is a database {name} already: choose another name.") from error


async def drop(database_url: str, name: str) -> None:
    """Remove a database, whoever is in it; one that is not there is no fault."""
    admin = await _administer(database_url)
    async with admin:
        await admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


async def forget(database_url: str, name: str) -> None:
    """Remove a database beside the one in use, if nobody is in it.

    Raises
    ------
    ConfigError
        If it is the one in use, is not there, or somebody works in it.
    """
    if name == name_of(database_url):
        raise ConfigError(f"{name} is the store in use.")
    async with await _administer(database_url) as admin:
        try:
            await admin.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
        except (errors.InvalidCatalogName, errors.ObjectInUse, errors.InsufficientPrivilege) as error:
            raise ConfigError(f"{name} is not removed: {str(error).strip()}") from error


async def begin_timescale(database_url: str, name: str) -> None:
    """Make TimescaleDB ready for a dump to be restored into `name`."""
    async with await reach(other(database_url, name), "restore") as conn:
        await conn.execute("create extension if not exists timescaledb")
        await conn.execute("select timescaledb_pre_restore()")


async def end_timescale(database_url: str, name: str) -> None:
    """Let TimescaleDB work again in `name`, after the dump has been restored."""
    async with await reach(other(database_url, name), "restore") as conn:
        await conn.execute("select timescaledb_post_restore()")


async def numbers(conn: Connection) -> Numbers:
    """Return how far the database has counted; zero and nothing where there is no schema."""
    registry = 0
    row = await (await conn.execute("select to_regclass('registry_version') is not null")).fetchone()
    if row and row[0]:
        version = await (await conn.execute("select version from registry_version")).fetchone()
        registry = version[0] if version else 0
    found = await conn.execute(
        "select sequencename, last_value from pg_sequences where schemaname = 'public' and last_value is not null"
    )
    return Numbers(registry=registry, sequences=dict(await found.fetchall()))


async def settle(conn: Connection, before: Numbers) -> None:
    """Make a restored database fit to follow the one that has counted to `before`.

    It counts on from beyond there, and whoever was logged in logs in again.
    """
    mine = await numbers(conn)
    await conn.execute("update registry_version set version = %s", (max(mine.registry, before.registry) + _MARGIN,))
    known = {row[0] for row in await (await conn.execute("select sequencename from pg_sequences")).fetchall()}
    for name, value in before.sequences.items():
        if name in known and value > mine.sequences.get(name, 0):
            await conn.execute("select setval(%s::regclass, %s)", (f'public."{name}"', value + _MARGIN))
    await conn.execute("delete from session")
    await conn.execute("delete from password_reset")
    await conn.execute("delete from oidc_login")


async def analyze(conn: Connection) -> None:
    """Give the planner statistics, which a dump may come without."""
    await conn.execute("analyze")


async def swap(database_url: str, fresh: str, kept: str) -> None:
    """Put the database `fresh` in the place of the one that the address leads to, which is `kept` from then on.

    Sessions in either are ended; they find the new one when they come back.

    Raises
    ------
    MaintenanceFailed
        If somebody cannot be sent away; then everything is as it was.
    """
    used = name_of(database_url)
    rename = sql.SQL("alter database {} rename to {}")
    async with await _administer(database_url) as turning, await _administer(database_url) as clearing:
        await turning.execute(f"set lock_timeout = '{_LOCK_S}s'".encode())
        try:
            async with turning.transaction():
                for old, new in ((used, kept), (fresh, used)):
                    query = rename.format(sql.Identifier(old), sql.Identifier(new))
                    await _while_clearing(clearing, old, turning, query)
        except (errors.ObjectInUse, errors.LockNotAvailable, errors.InsufficientPrivilege) as error:
            raise MaintenanceFailed(f"{used} stays as it is: {str(error).strip()}") from error


async def _while_clearing(clearing: Connection, name: str, turning: Connection, rename: sql.Composed) -> None:
    """Rename a database while another connection ends the sessions in it.

    The rename holds the door shut and waits for those inside to leave, so nobody can come in between.
    """
    done = asyncio.ensure_future(turning.execute(rename))
    try:
        while not done.done():
            await clearing.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"
                " and pg_has_role(usesysid, 'member')",
                (name,),
            )
            await asyncio.wait([done], timeout=_AGAIN_S)
    finally:
        with suppress(asyncio.CancelledError):
            await done
