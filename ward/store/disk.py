"""Room on the disk of the store, where that is this machine's: elsewhere its own watch looks after it."""

import shutil
from dataclasses import dataclass

from psycopg import errors

from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Room of the file system that holds the store, in bytes."""

    free: int
    total: int


async def room(conn: Connection) -> Room | None:
    """Return the room there is; None where the store is on another machine, or its folder is not ours to see."""
    row = await (
        await conn.execute(
            "select (inet_server_addr() is null or inet_server_addr() <<= '127.0.0.0/8' or inet_server_addr() = '::1')"
            " and pg_has_role('pg_read_all_settings', 'member')"
        )
    ).fetchone()
    if not (row and row[0]):
        return None
    try:
        folder = await (await conn.execute("select current_setting('data_directory')")).fetchone()
        usage = shutil.disk_usage(folder[0]) if folder else None
    except (OSError, errors.InsufficientPrivilege):
        return None
    return None if usage is None else Room(free=usage.free, total=usage.total)
