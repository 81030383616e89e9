"""A reading of nobody's is given to the patient who wore the device after all, and its entry is settled.

It is decoded and stored by the same way as every other reading, in the transaction that settles its entry. The
invariant: no reading (device, kind, time) is ever stored with two stays.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from psycopg.rows import class_row

from ward import redecode
from ward.association import Refusal
from ward.clock import Clock, from_us, to_us
from ward.formats.settle import Settled
from ward.people import DeviceNo, StaffId, StayId
from ward.store import bindings, migrate, registry, samples, settlements
from ward.store.pool import Connection
from ward.store.quarantine_reads import EntryRow
from ward.store.samples import Inserted, Rows
from ward.wire import Reason

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a reading would go: the device, and what stands between it and the stay."""

    device_no: DeviceNo
    modes_agree: bool
    stay_went_on: bool
    worn_by: StayId | None


async def assign(conn: Connection, entry: EntryRow, stay_id: StayId, by: StaffId, clock: Clock) -> Refusal | None:
    """Store the reading of an entry with a stay and settle the entry, or say why not.

    Settled when it could be: whoever it waited for had the entry, or the bindings, until then.
    """
    if await settlements.is_settled(conn, entry):
        return Refusal.SETTLED
    reading = redecode.decode(entry.topic, bytes(entry.payload)) if entry.reason == Reason.NO_BINDING else None
    if not isinstance(reading, Settled) or entry.device_id is None:
        return Refusal.NO_READING
    at = from_us(int(reading.measured_us[0]))
    await registry.hold(conn)
    place = await _place(conn, entry.device_id, stay_id, at)
    if place is None:
        return Refusal.NO_READING
    refusal = await _fault(conn, place, stay_id, at)
    if refusal is not None:
        return refusal
    await migrate.ensure_partitions(conn, [at.date()])
    inserted = await _store(conn, place.device_no, stay_id, reading, entry.received_at)
    if inserted is None or inserted.conflicts:
        return Refusal.CONTRADICTS
    await settlements.settle_assigned(conn, entry, stay_id, by, clock.now())
    return None


async def _place(conn: Connection, device_id: str, stay_id: StayId, at: datetime) -> _Place | None:
    cursor = conn.cursor(row_factory=class_row(_Place))
    await cursor.execute(
        "select d.device_no, d.mode = s.mode as modes_agree, s.period @> %(at)s::timestamptz as stay_went_on,"
        " (select b.stay_id from binding b where b.device_no = d.device_no and b.period @> %(at)s::timestamptz)"
        " as worn_by from device d, stay s where d.device_id = %(device)s and s.stay_id = %(stay)s",
        {"at": at, "device": device_id, "stay": stay_id},
    )
    return await cursor.fetchone()


async def _fault(conn: Connection, place: _Place, stay_id: StayId, at: datetime) -> Refusal | None:
    """Say why a reading cannot be a stay's; the time at which another wore the device is never this one's."""
    if not place.modes_agree:
        return Refusal.OTHER_MODE
    if not place.stay_went_on:
        return Refusal.BEFORE_STAY
    if place.worn_by not in {None, stay_id}:
        return Refusal.WORN
    if await bindings.given_to_another(conn, place.device_no, stay_id, at, at + _INSTANT):
        return Refusal.GIVEN_TO_ANOTHER
    return None


async def _store(
    conn: Connection, device_no: DeviceNo, stay_id: StayId, reading: Settled, received_at: datetime
) -> Inserted | None:
    """Store one reading as ingest does."""
    rows = Rows(
        stay_id=np.array([stay_id], dtype=np.int64),
        kind=reading.kind,
        measured_us=reading.measured_us,
        device_no=np.array([device_no], dtype=np.int64),
        value=reading.value,
        received_us=np.array([to_us(received_at)], dtype=np.int64),
        validity=reading.validity,
        quality=reading.quality,
    )
    await samples.prepare(conn)
    return await samples.insert_batch(conn, rows, await registry.version(conn))
