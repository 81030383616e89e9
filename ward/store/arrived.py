"""What has arrived of some devices since a moment: readings, what was refused, alerts of who wears them. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ward.people import DeviceNo
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Readings that were new, quarantined messages or readings by reason, alerts by rule."""

    stored: int
    quarantined: dict[str, int]
    alerts: dict[str, int]


async def numbers(conn: Connection, device_ids: Sequence[str]) -> list[DeviceNo]:
    """Return the numbers of those devices that there are."""
    rows = await conn.execute("select device_no from device where device_id = any(%s)", (list(device_ids),))
    return [each[0] for each in await rows.fetchall()]


async def of(conn: Connection, device_ids: Sequence[str], since: datetime) -> Arrived:
    """Return what has been received of these devices since, and which alerts their wearers have had since."""
    known = await numbers(conn, device_ids)
    stored = await (
        await conn.execute(
            "select count(*) from reading where device_no = any(%s) and received_at >= %s", (known, since)
        )
    ).fetchone()
    refused = await conn.execute(
        "select reason, count(*) from quarantine where device_id = any(%s) and received_at >= %s group by 1",
        (list(device_ids), since),
    )
    alerts = await conn.execute(
        "select rule, count(*) from alert where opened_at >= %(since)s and stay_id in"
        " (select stay_id from binding where device_no = any(%(known)s) and upper_inf(period)) group by 1",
        {"known": known, "since": since},
    )
    return Arrived(
        stored=stored[0] if stored else 0,
        quarantined={str(reason): int(count) for reason, count in await refused.fetchall()},
        alerts={str(rule): int(count) for rule, count in await alerts.fetchall()},
    )
