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


async def heard_again(conn: Connection, now: datetime) -> int:
    """Count a device as online whose readings go on after it was said to be gone; return how many there were.

    A will may come late: it waits at a broker for the one worker that is away, or comes from a broker that the device
    has left, and is told when the device is long back. What was measured, and received, after the device was said to be
    gone shows that it is not. One whose status is just being written is left for the next time.
    """
    found = await conn.execute(
        "with again as ("
        " select s.device_no, b.stay_id from device_status s"
        " join device d using (device_no) join binding b using (device_no)"
        " where not s.online and d.revoked_at is null and upper_inf(b.period) and exists ("
        "  select from latest_reading l where l.stay_id = b.stay_id and l.device_no = s.device_no"
        "  and least(l.measured_at, l.received_at) > greatest(s.reported_at, s.changed_at))"
        " for update of s skip locked)"
        " update device_status s set online = true, changed_at = %s from again where s.device_no = again.device_no"
        " returning again.stay_id",
        (now,),
    )
    stays = [stay_id for (stay_id,) in await found.fetchall()]
    for stay_id in stays:
        await tell(conn, stay_id, now)
    return len(stays)
