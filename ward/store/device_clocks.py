"""How far devices' clocks are ahead: the most that all ingest workers heard in a while, and in the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ward.store import bus
from ward.store.pool import Connection

ENOUGH: Final = 10  # messages in a while before "behind" is more than one late message
AHEAD_US: Final = 30_000_000  # from here the stay is evaluated because of the clock alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one worker heard of a device in the while that began at `began_at`; `messages` counts to `ENOUGH`."""

    device_no: int
    began_at: datetime
    ahead_us: int
    messages: int


async def save(conn: Connection, estimates: Sequence[Estimate], now: datetime) -> None:
    """Keep estimates in a transaction; the stays of clocks far ahead are evaluated, also where no reading is stored."""
    if not estimates:
        return
    columns = {
        "devices": [each.device_no for each in estimates],
        "began": [each.began_at for each in estimates],
        "ahead": [each.ahead_us for each in estimates],
        "messages": [each.messages for each in estimates],
    }
    async with conn.transaction():
        await conn.execute(
            "insert into device_clock as c (device_no, began_at, ahead_us, messages)"
            " select * from unnest(%(devices)s::bigint[], %(began)s::timestamptz[], %(ahead)s::bigint[],"
            " %(messages)s::int[]) as e(device_no, began_at, ahead_us, messages)"
            " where exists (select from device d where d.device_no = e.device_no) order by 1"
            " on conflict (device_no) do update set"
            " before_us = case when excluded.began_at > c.began_at then c.ahead_us else c.before_us end,"
            " before_messages = case when excluded.began_at > c.began_at then c.messages else c.before_messages end,"
            " ahead_us = case when excluded.began_at > c.began_at then excluded.ahead_us"
            " else greatest(c.ahead_us, excluded.ahead_us) end,"
            " messages = case when excluded.began_at > c.began_at then excluded.messages"
            " else greatest(c.messages, excluded.messages) end,"
            " began_at = excluded.began_at where excluded.began_at >= c.began_at",
            columns,
        )
        far = [each.device_no for each in estimates if each.ahead_us > AHEAD_US]
        if not far:
            return
        cursor = await conn.execute(
            "insert into evaluation_request (stay_id, since) select stay_id, %(now)s from binding"
            " where device_no = any(%(devices)s) and period @> %(now)s::timestamptz returning stay_id",
            {"devices": far, "now": now},
        )
        await bus.announce(conn, bus.Channel.DEVICES, sorted({row[0] for row in await cursor.fetchall()}))
