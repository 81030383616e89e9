"""Room on the disk of the store, where that is this machine's: elsewhere its own watch looks after it."""

import shutil
from dataclasses import dataclass

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
            "select case when inet_server_addr() is null or inet_server_addr() <<= '127.0.0.0/8'"
            " or inet_server_addr() = '::1' then store_folder() end"
        )
    ).fetchone()
    if row is None or row[0] is None:
        return None
    try:
        usage = shutil.disk_usage(row[0])
    except OSError:
        return None
    return Room(free=usage.free, total=usage.total)
