"""What each of several devices of a stay has measured lately: whether two of them tell of the same person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import class_row

from ward.people import StayId
from ward.store.pool import Connection
from ward.vitals import USABLE

LATELY: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardRow:
    """The readings of one kind (its code) by one device."""

    stay_id: StayId
    kind: int
    device_id: str
    mean: float
    count: int
    first_at: datetime
    last_at: datetime


async def lately(conn: Connection, stay_ids: Sequence[StayId], kinds: Sequence[int], now: datetime) -> list[HeardRow]:
    """Return what the devices of these stays have measured in the last `LATELY`; ask of those that wear several."""
    if not stay_ids:
        return []
    async with conn.cursor(row_factory=class_row(HeardRow)) as cursor:
        await cursor.execute(
            """
            select r.stay_id, r.kind, d.device_id, avg(r.value) as mean, count(*)::int as count,
                min(r.measured_at) as first_at, max(r.measured_at) as last_at
            from reading r join device d using (device_no)
            where r.stay_id = any(%(stays)s) and r.kind = any(%(kinds)s::smallint[])
                and r.measured_at > %(since)s and r.measured_at <= %(now)s and r.validity = any(%(usable)s)
            group by 1, 2, 3 order by 1, 2, 3
            """,
            {
                "stays": list(stay_ids),
                "kinds": list(kinds),
                "since": now - LATELY,
                "now": now,
                "usable": [each.value for each in USABLE],
            },
        )
        return await cursor.fetchall()
