"""How a refused entry is settled: once, by one person. What is done with it besides is `assignments`."""

from datetime import datetime

from ward.association import Refusal
from ward.clock import Clock
from ward.people import StaffId, StayId
from ward.store.pool import Connection
from ward.store.quarantine_reads import EntryRow


async def is_settled(conn: Connection, entry: EntryRow) -> bool:
    """Tell whether an entry is settled; if not, nobody else settles it until the caller's transaction ends."""
    cursor = await conn.execute(
        "select resolution is not null from quarantine where quarantine_id = %s for update", (entry.quarantine_id,)
    )
    row = await cursor.fetchone()
    return row is None or bool(row[0])


async def settle_assigned(conn: Connection, entry: EntryRow, stay_id: StayId, by: StaffId, now: datetime) -> None:
    """Settle an entry whose reading has been stored with a stay."""
    await _settle(conn, entry, "assigned", stay_id, by, now)


async def dismiss(conn: Connection, entry: EntryRow, by: StaffId, clock: Clock) -> Refusal | None:
    """Put an entry aside, or say why not, when whoever had it before has it no more."""
    if await is_settled(conn, entry):
        return Refusal.SETTLED
    await _settle(conn, entry, "dismissed", None, by, clock.now())
    return None


async def _settle(
    conn: Connection, entry: EntryRow, resolution: str, stay_id: StayId | None, by: StaffId, now: datetime
) -> None:
    await conn.execute(
        "update quarantine set resolution = %s, stay_id = %s, resolved_by = %s, resolved_at = %s"
        " where quarantine_id = %s",
        (resolution, stay_id, by, now, entry.quarantine_id),
    )
