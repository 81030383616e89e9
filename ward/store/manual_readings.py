"""Readings that people typed in, stored by the way of all readings, so that scores and rules count them.

The caller owns the transaction. Brings numpy. The invariant: such a reading bears the device number `BY_HAND` and is in
the entry of the timeline that it came with. One in error is taken out of the readings, so that nothing counts it any
more; the entry keeps what was typed.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from ward.clock import to_us
from ward.manual import BY_HAND
from ward.people import StayId
from ward.store import bus, migrate, registry, samples
from ward.store.pool import Connection
from ward.store.samples import Rows
from ward.timeline import Author, ByHand
from ward.vitals import VITALS, Validity

_UNKNOWN_QUALITY = -1


async def add(
    conn: Connection, stay_id: StayId, values: Sequence[ByHand], at: datetime, author: Author, now: datetime
) -> bool:
    """Store values measured at one time; False, and nothing is to be kept, where another value stands there.

    What staff measured is valid and confirmed by a person; what others did is valid.
    """
    await registry.hold(conn)
    await migrate.ensure_partitions(conn, [at.date()])
    await samples.prepare(conn)
    validity = Validity.VLDATED if author is Author.STAFF else Validity.VLD
    inserted = await samples.insert_batch(conn, _rows(stay_id, values, at, validity, now), await registry.version(conn))
    return inserted is not None and not inserted.conflicts


async def take_out(conn: Connection, stay_id: StayId, kinds: Sequence[int], at: datetime, now: datetime) -> None:
    """Take the values of an entry in error out, and have the stay evaluated anew by whoever has read them."""
    parameters = {"stay": stay_id, "kinds": list(kinds), "at": at, "hand": BY_HAND, "now": now}
    await conn.execute(_TAKE_OUT, parameters)
    await conn.execute(
        "delete from latest_reading where stay_id = %(stay)s and kind = any(%(kinds)s::smallint[])", parameters
    )
    await conn.execute(_NEWEST, parameters)
    await conn.execute("update evaluation_due set evaluated_by = null where stay_id = %(stay)s", parameters)
    await conn.execute(
        "insert into evaluation_request (stay_id, since) values (%(stay)s, least(%(at)s, %(now)s))", parameters
    )
    await bus.announce(conn, bus.Channel.REGISTRY, [0])


_TAKE_OUT = b"""
    delete from reading where stay_id = %(stay)s and kind = any(%(kinds)s::smallint[])
        and measured_at = %(at)s and device_no = %(hand)s
"""
_NEWEST = b"""
    insert into latest_reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)
    select r.* from unnest(%(kinds)s::smallint[]) as k(kind_of) cross join lateral (
        select stay_id, kind, measured_at, device_no, value, received_at, validity, quality from reading
        where stay_id = %(stay)s and kind = k.kind_of order by measured_at desc, device_no desc limit 1) r
"""


def _rows(stay_id: StayId, values: Sequence[ByHand], at: datetime, validity: Validity, now: datetime) -> Rows:
    number = len(values)
    return Rows(
        stay_id=np.full(number, stay_id, dtype=np.int64),
        kind=np.array([VITALS[each.kind].code for each in values], dtype=np.int64),
        measured_us=np.full(number, to_us(at), dtype=np.int64),
        device_no=np.full(number, BY_HAND, dtype=np.int64),
        value=np.array([each.value for each in values], dtype=np.float64),
        received_us=np.full(number, to_us(now), dtype=np.int64),
        validity=np.full(number, validity.value, dtype=np.int64),
        quality=np.full(number, _UNKNOWN_QUALITY, dtype=np.int64),
    )
