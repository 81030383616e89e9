"""What has arrived of some devices since a moment: readings, what was refused, alerts of who wears them. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ward.people import DeviceNo
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Readings that were new, quarantined messages or readings by reason, alerts by rule.

    Latencies are the 50th, 95th and 99th percentile, None of nothing: `received_ms` from a reading's measuring, by the
    device's clock, to its arrival; `alerted_ms` from the arrival of the newest reading that an alert names to its
    opening.
    """

    stored: int
    quarantined: dict[str, int]
    alerts: dict[str, int]
    received_ms: tuple[float, ...] | None = None
    alerted_ms: tuple[float, ...] | None = None


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
        received_ms=await _percentiles(conn, _RECEIVED, known, since),
        alerted_ms=await _percentiles(conn, _ALERTED, known, since),
    )


_RECEIVED = b"""
    select percentile_disc(array[0.5, 0.95, 0.99]) within group (order by took) from (
        select extract(epoch from received_at - measured_at) * 1000 as took from reading
        where device_no = any(%(known)s) and received_at >= %(since)s) t
"""
# What was raised and has not changed since: a later change names later readings.
_ALERTED = b"""
    select percentile_disc(array[0.5, 0.95, 0.99]) within group (order by took) from (
        select extract(epoch from a.opened_at - max(r.received_at)) * 1000 as took
        from alert a cross join jsonb_array_elements(a.evidence -> 'inputs') i
        join reading r on r.stay_id = a.stay_id and r.measured_at = (i ->> 'measured_at')::timestamptz
        where a.opened_at >= %(since)s and a.rev = 1 and r.device_no = any(%(known)s)
            and coalesce(i ->> 'role', 'judged') = 'judged'
        group by a.alert_id, a.opened_at) t
"""


async def _percentiles(
    conn: Connection, query: bytes, known: list[DeviceNo], since: datetime
) -> tuple[float, ...] | None:
    row = await (await conn.execute(query, {"known": known, "since": since})).fetchone()
    return None if row is None or row[0] is None else tuple(round(float(each), 1) for each in row[0])
