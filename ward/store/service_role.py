"""The account that the services use: it reads and writes everything, and can only add to the logs.

The store belongs to another account, which migrates, backs up and restores. Of the tables the services own those that
are divided by time, since they make and drop their parts. The invariant: no service can alter or take away an entry of
the audit, the access log, their seals and reviews, nor switch off what refuses it.
"""

from psycopg import sql

from ward.store.partitions import AGEING
from ward.store.pool import Connection

NAME = "hemvakt_service"
LOGS = ("audit", "access_entry", "audit_seal", "access_review")
_TREE = """
    with recursive part (oid) as (
        select to_regclass(%s)::oid
        union all select i.inhrelid from pg_inherits i join part p on p.oid = i.inhparent
    )
    select oid::regclass::text from part where oid is not null
"""


async def create(conn: Connection, password: str) -> None:
    """Make the account, or give it this password."""
    there = await (await conn.execute("select from pg_roles where rolname = %s", (NAME,))).fetchone()
    verb = sql.SQL("create role") if there is None else sql.SQL("alter role")
    await conn.execute(
        sql.SQL("{} {} login nosuperuser nocreatedb nocreaterole nobypassrls password {}").format(
            verb, sql.Identifier(NAME), sql.Literal(password)
        )
    )


async def settle(conn: Connection) -> bool:
    """Give the account what it needs in this database, and no more; False where there is no such account.

    Whoever calls owns the store, and is a superuser or a member of the services' account. Done after each migration.
    """
    found = await (
        await conn.execute(
            "select from pg_roles where rolname = %s and rolname <> current_user"
            " and pg_has_role(current_user, oid, 'member')",
            (NAME,),
        )
    ).fetchone()
    if found is None:
        return False
    role = sql.Identifier(NAME)
    for statement in (
        "grant usage, create on schema public to {}",
        "grant select, insert, update, delete on all tables in schema public to {}",
        "grant usage, select on all sequences in schema public to {}",
        "grant execute on all functions in schema public to {}",
    ):
        await conn.execute(sql.SQL(statement).format(role))
    for log in LOGS:
        await conn.execute(sql.SQL("revoke all on {} from {}").format(sql.Identifier(log), role))
        await conn.execute(sql.SQL("grant select, insert on {} to {}").format(sql.Identifier(log), role))
    await conn.execute(sql.SQL("revoke insert, update, delete on migration from {}").format(role))
    for ageing in AGEING:
        for (name,) in await (await conn.execute(_TREE.encode(), (ageing.table,))).fetchall():
            if (kind := await _owned_as(conn, name)) is not None:
                await conn.execute(sql.SQL("alter {} {} owner to {}").format(kind, sql.SQL(name), role))
    return True


async def _owned_as(conn: Connection, name: str) -> sql.SQL | None:
    """Return what a name is to its owner: a table, or a continuous aggregate, that nobody else may refresh.

    None for a plain view: what it is of is owned by itself.
    """
    row = await (
        await conn.execute(
            "select relkind in ('r', 'p'), to_regclass('timescaledb_information.continuous_aggregates') is not null"
            " from pg_class where oid = %s::regclass",
            (name,),
        )
    ).fetchone()
    is_table, is_timescale = row or (False, False)
    if is_table:
        return sql.SQL("table")
    if not is_timescale:
        return None
    found = await conn.execute(
        "select from timescaledb_information.continuous_aggregates"
        " where format('%%I.%%I', view_schema, view_name)::regclass = %s::regclass",
        (name,),
    )
    return None if await found.fetchone() is None else sql.SQL("materialized view")


async def unguarded(conn: Connection) -> list[str]:
    """Return the accounts of running services that could alter or take away an entry of the logs."""
    rows = await conn.execute(
        "select distinct usename::text from pg_stat_activity join pg_roles on rolname = usename"
        " where datname = current_database()"
        " and application_name in ('hemvakt-ingest', 'hemvakt-alerting', 'hemvakt-api')"
        " and (rolsuper or exists (select from unnest(%s::text[]) log where"
        " has_table_privilege(usename, log, 'update, delete, truncate')"
        " or pg_has_role(usename, (select relowner from pg_class where oid = log::regclass), 'member'))) order by 1",
        (list(LOGS),),
    )
    return [name for (name,) in await rows.fetchall()]
