"""Certificates, backups, rehearsals and fallback lists as the store knows them, for `ward.chores`.

The invariant: what a process said of its certificates counts while it says it, so that one that has ended, or uses
another by now, raises no alarm; what a device came with counts while it is in use.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from psycopg.rows import TupleRow

from ward.chores import Chores, Deed, Ending, Kind, Run
from ward.store import heartbeats
from ward.store.pool import Connection

# Who has a certificate says so every minute, who looks at one from outside every five.
_SAID = timedelta(minutes=15)
_IN_USE = timedelta(days=35)


async def seen(conn: Connection, endings: Iterable[Ending], now: datetime) -> None:
    """Keep when certificates end, and forget what nobody has said for long. Each is named once."""
    told = sorted(endings, key=lambda each: (each.kind, each.holder))
    await conn.execute(
        "insert into certificate_seen (kind, holder, ends_at, seen_at)"
        " select kind, holder, ends_at, %s from unnest(%s::text[], %s::text[], %s::timestamptz[])"
        " as t (kind, holder, ends_at)"
        " on conflict (kind, holder) do update set ends_at = excluded.ends_at, seen_at = excluded.seen_at",
        (now, [each.kind.value for each in told], [each.holder for each in told], [each.ends_at for each in told]),
    )
    await conn.execute(
        "delete from certificate_seen where seen_at < case kind when 'device' then %s else %s end",
        (now - _IN_USE, now - 2 * _SAID),
    )


async def note(conn: Connection, run: Run) -> None:
    """Keep that a backup was made or a restore tried; in a store that is older than this there is no place for it."""
    if not await _there(conn):
        return
    await conn.execute(
        "insert into backup_run (kind, began_at, ended_at, as_of, size_bytes, readings, fault)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (run.deed.value, run.began_at, run.ended_at, run.as_of, run.size_bytes, run.readings, run.fault),
    )


async def listed(conn: Connection, teams: int, now: datetime) -> None:
    """Keep that the fallback lists of all teams were made: a sign of life, like a service's."""
    await heartbeats.beat(conn, heartbeats.LISTS, "all", now, {"teams": teams})


async def _there(conn: Connection) -> bool:
    row = await (await conn.execute("select to_regclass('backup_run') is not null")).fetchone()
    return row is not None and bool(row[0])


async def read(conn: Connection, now: datetime) -> Chores:
    """Return what is known."""
    endings = await conn.execute(
        "select c.kind, c.holder, c.ends_at from certificate_seen c left join device d"
        " on c.kind = 'device' and d.device_id = c.holder where d.revoked_at is null and"
        " c.seen_at > case c.kind when 'device' then %s::timestamptz else %s end order by c.ends_at, c.kind, c.holder",
        (now - _IN_USE, now - _SAID),
    )
    made = await (await conn.execute("select min(applied_at) from migration")).fetchone()
    return Chores(
        made_at=now if made is None or made[0] is None else made[0],
        endings=[Ending(kind=Kind(row[0]), holder=row[1], ends_at=row[2]) for row in await endings.fetchall()],
        newest=await _newest(conn, good=False),
        good=[*await _newest(conn, good=True), *await _lists(conn, now)],
    )


async def _newest(conn: Connection, *, good: bool) -> list[Run]:
    """Return the newest run of each deed; with `good` the newest that did not fail."""
    rows = await conn.execute(
        "select distinct on (kind) kind, began_at, ended_at, as_of, size_bytes, readings, fault from backup_run"
        " where fault is null or not %s order by kind, began_at desc, backup_run_id desc",
        (good,),
    )
    return [_run(row) for row in await rows.fetchall()]


async def _lists(conn: Connection, now: datetime) -> list[Run]:
    at = (await heartbeats.newest(conn, now)).get(heartbeats.LISTS)
    return [] if at is None else [Run(deed=Deed.LISTS, began_at=at, ended_at=at)]


async def carry(of: Connection, to: Connection) -> None:
    """Copy what was done and tried from a store, which may be empty, to the one that takes its place."""
    if not await _there(of):
        return
    ask = b"select kind, began_at, ended_at, as_of, size_bytes, readings, fault from backup_run order by backup_run_id"
    rows = await (await of.execute(ask)).fetchall()
    known = set(await (await to.execute(ask)).fetchall())
    for row in rows:
        if row not in known:
            await note(to, _run(row))


def _run(row: TupleRow) -> Run:
    return Run(
        deed=Deed(row[0]),
        began_at=row[1],
        ended_at=row[2],
        as_of=row[3],
        size_bytes=row[4],
        readings=row[5],
        fault=row[6],
    )
