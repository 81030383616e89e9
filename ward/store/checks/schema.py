"""Checks of the schema: migrations, rules that are in force, partitions ahead of time, numbers ahead of rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from psycopg import sql

from ward.store import migrate
from ward.store.checks.finding import Finding, fail, listed, number, ok, rows, warn
from ward.store.pool import Connection

_AHEAD_FAIL, _AHEAD_WARN = timedelta(hours=12), timedelta(days=3)
# Tables whose rows may not overlap in time, each by a constraint that the schema has.
_NO_OVERLAP = frozenset({"binding", "responsibility", "stay"})
_UNIQUE = frozenset({"alert_one_open", "reading_pkey", "latest_reading_pkey"})
_TRIGGERS = frozenset({"binding_changed", "device_changed", "stay_changed"})
_BACKUP = "restore a backup, or have the schema mended by hand"


async def migrations(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that the store has had exactly the migrations of this program."""
    if missing := await migrate.missing(conn):
        return [fail("schema", f"{', '.join(missing)} missing", "run hemvakt migrate")]
    known = migrate.digests()
    kept = await rows(conn, "select number, name, sha256 from migration order by number")
    strange = [name for count, name, digest in kept if known.get(count) != (name, digest)]
    if strange:
        return [
            fail("schema", f"{listed(strange)} is not this program's", "run the version of the program that made it")
        ]
    return [ok("schema", f"up to date: {kept[-1][1] if kept else 'none'}")]


async def rules(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that constraints, indexes and triggers are in force, so that what they forbid cannot happen."""
    found = []
    guarded = {
        row[0] for row in await rows(conn, "select conrelid::regclass::text from pg_constraint where contype = 'x'")
    }
    if missing := sorted(_NO_OVERLAP - guarded):
        found.append(fail("rules", f"{listed(missing)}: nothing keeps periods from overlapping", _BACKUP))
    loose = await rows(
        conn,
        "select conrelid::regclass || '.' || conname from pg_constraint where not convalidated and contype <> 'n'"
        " and connamespace = 'public'::regnamespace",
    )
    if loose:
        found.append(
            fail("rules", f"{listed(row[0] for row in loose)} never validated", "alter table … validate constraint")
        )
    unique = {
        row[0]
        for row in await rows(
            conn, "select indexrelid::regclass::text from pg_index where indisvalid and indisready and indisunique"
        )
    }
    if missing := sorted(_UNIQUE - unique):
        found.append(fail("rules", f"unique index {listed(missing)} missing or not valid", _BACKUP))
    broken = await rows(
        conn,
        "select indexrelid::regclass from pg_index i join pg_class c on c.oid = i.indexrelid"
        " where not indisvalid and c.relnamespace = 'public'::regnamespace and c.relname <> all(%(named)s)",
        {"named": list(_UNIQUE)},
    )
    if broken:
        found.append(fail("rules", f"index {listed(row[0] for row in broken)} not valid", "reindex it"))
    firing = {row[0] for row in await rows(conn, "select tgname from pg_trigger where tgenabled in ('O', 'A')")}
    if missing := sorted(_TRIGGERS - firing):
        found.append(fail("rules", f"trigger {listed(missing)} missing or off: ingest is not told of changes", _BACKUP))
    return found or [ok("rules", "constraints, indexes and triggers are in force")]


async def partitions(conn: Connection, now: datetime) -> Iterable[Finding]:
    """Tables that are divided by time have their divisions made ahead; a hypertable makes its own."""
    ends = await rows(
        conn,
        r"""
        select t.relname, max(substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz)
        from pg_class t
        join pg_partitioned_table p on p.partrelid = t.oid and p.partstrat = 'r'
        join pg_attribute a on a.attrelid = t.oid and a.attnum = p.partattrs[0] and a.atttypid = 'timestamptz'::regtype
        left join pg_inherits i on i.inhparent = t.oid
        left join pg_class c on c.oid = i.inhrelid
        where t.relnamespace = 'public'::regnamespace group by 1 order by 1
        """,
    )
    todo = "run hemvakt migrate; ingest makes them too while it runs"
    found = []
    for table, until in ends:
        ahead = until - now if isinstance(until, datetime) else timedelta(0)
        said = f"{table} has room until {until:%Y-%m-%d %H:%M}Z" if isinstance(until, datetime) else f"{table} has none"
        if ahead < _AHEAD_FAIL:
            found.append(fail("partitions", said, todo))
        else:
            found.append(warn("partitions", said, todo) if ahead < _AHEAD_WARN else ok("partitions", said))
    return found


async def sequences(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that the next number of everything is larger than all that are in use."""
    behind = []
    for table, column, sequence in await rows(
        conn,
        r"""
        select c.relname, a.attname, coalesce(pg_get_serial_sequence(quote_ident(c.relname), a.attname),
            substring(pg_get_expr(d.adbin, d.adrelid) from 'nextval\(''([^'']+)''::regclass\)'))
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            and (a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%')
        """,
    ):
        largest = sql.SQL("select coalesce(max({}), 0) from {}").format(sql.Identifier(column), sql.Identifier(table))
        row = await (await conn.execute(largest)).fetchone()
        next_is = await number(
            conn, "select coalesce(pg_sequence_last_value(%(name)s::regclass), 0)", {"name": sequence}
        )
        if row and row[0] > next_is:
            behind.append(f"{table}.{column}")
    if behind:
        return [fail("numbers", f"{listed(behind)} would be given twice", "select setval(…) beyond the largest in use")]
    return [ok("numbers", "all ahead of what is in use")]
