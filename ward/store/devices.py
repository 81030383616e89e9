"""What devices say of themselves: online, battery, firmware."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ward.store import bus
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One status message of a known device; `stay_id` is whose it was when it was received."""

    device_no: int
    stay_id: int | None
    online: bool
    battery_pct: float | None
    firmware: str | None
    reported_at: datetime


async def tell(conn: Connection, stay_id: int, now: datetime) -> None:
    """Have a stay evaluated, and those who look at it told, because its device came, went or fell silent."""
    await conn.execute("insert into evaluation_request (stay_id, since) values (%s, %s)", (stay_id, now))
    await bus.announce(conn, bus.Channel.DEVICES, [stay_id])


async def save(conn: Connection, statuses: Sequence[Status]) -> None:
    """Keep the newest status of each device, ask for its stay's evaluation, and announce it."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "insert into device_status as s (device_no, online, battery_pct, firmware, reported_at, changed_at)"
            " values (%(device_no)s, %(online)s, %(battery_pct)s, %(firmware)s, %(at)s, %(at)s)"
            " on conflict (device_no) do update set online = excluded.online,"
            " battery_pct = coalesce(excluded.battery_pct, s.battery_pct),"
            " firmware = coalesce(excluded.firmware, s.firmware), reported_at = excluded.reported_at,"
            " changed_at = case when s.online = excluded.online then s.changed_at else excluded.changed_at end"
            " where excluded.reported_at >= s.reported_at",
            [
                {
                    "device_no": each.device_no,
                    "online": each.online,
                    "battery_pct": each.battery_pct,
                    "firmware": each.firmware,
                    "at": each.reported_at,
                }
                for each in sorted(statuses, key=lambda status: (status.device_no, status.reported_at))
            ],
        )
        stays = sorted({each.stay_id for each in statuses if each.stay_id is not None})
        await cursor.executemany(
            "insert into evaluation_request (stay_id, since) values (%s, %s)",
            [(stay_id, min(each.reported_at for each in statuses)) for stay_id in stays],
        )
    await bus.announce(conn, bus.Channel.DEVICES, stays)
