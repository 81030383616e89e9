"""Devices and bindings as ingest needs them: read whole, kept in memory, and never used when out of date."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from ward.clock import to_us
from ward.fhir.observations import device_identity
from ward.people import Binding, Device, DeviceNo, StayId
from ward.store.pool import Connection
from ward.vitals import Mode

LOCK = 4200001  # taken exclusively by the trigger function registry_changed()
_FOREVER_US = 1 << 62


async def freeze(conn: Connection) -> None:
    """Let no batch be written until the caller's transaction, which changes a binding, ends.

    To be taken before looking at what has been stored under a binding. Whoever `hold`s must not ask for this.
    """
    await conn.execute("select pg_advisory_xact_lock(%s)", (LOCK,))


async def hold(conn: Connection) -> None:
    """Keep devices and bindings from changing until the caller's transaction ends."""
    await conn.execute("select pg_advisory_xact_lock_shared(%s)", (LOCK,))


async def version(conn: Connection) -> int:
    """Return the number that every change of a device, binding or stay takes up by one."""
    row = await (await conn.execute("select version from registry_version")).fetchone()
    return int(row[0]) if row else 0


async def devices(conn: Connection) -> dict[str, Device]:
    """Read every device with its bindings, oldest first.

    A device of one generation mode bound to a stay of another is nobody's: test and demo data never reach a
    real patient. A period written as up to `infinity`, or beyond the calendar, ends with the calendar: one such row
    must not keep all devices from being read.
    """
    found = await (await conn.execute(_DEVICES.format(which="where d.device_no > 0").encode())).fetchall()
    return _kept(found)


async def named(conn: Connection, identities: Iterable[str]) -> dict[str, Device]:
    """Read the devices that these FHIR ids stand for (`ward.fhir.observations.device_identity`), by those ids."""
    which = "where d.device_no > 0 and (d.device_id = any(%(ids)s) or 'device-' || d.device_no = any(%(ids)s))"
    wanted = sorted(identities)
    found = await (await conn.execute(_DEVICES.format(which=which).encode(), {"ids": wanted})).fetchall()
    by_identity = {device_identity(each.device_no, each.device_id): each for each in _kept(found).values()}
    return {identity: device for identity, device in by_identity.items() if identity in wanted}


_DEVICES = (
    "select d.device_no, d.device_id, d.mode, d.revoked_at is not null, d.config::text, d.secret_no,"
    " b.stay_id,"
    " greatest(lower(b.period * s.period), timestamptz '1970-01-01 00:00+00'),"
    " least(upper(b.period * s.period), timestamptz '9999-01-01 00:00+00')"
    " from device d left join (binding b join stay s using (stay_id))"
    " on b.device_no = d.device_no and s.mode = d.mode and b.period && s.period"
    " {which} order by d.device_no, lower(b.period)"
)


def _kept(found: list[tuple[Any, ...]]) -> dict[str, Device]:
    kept: dict[str, Device] = {}
    for number, name, mode, revoked, config, secret_no, stay_id, start, end in found:
        bindings: tuple[Binding, ...] = kept[name].bindings if name in kept else ()
        if stay_id is not None:
            bindings += (_binding(number, stay_id, start, end),)
        kept[name] = Device(
            device_no=DeviceNo(number),
            device_id=name,
            mode=Mode(mode),
            revoked=revoked,
            config=config,
            bindings=bindings,
            secret_no=secret_no,
        )
    return kept


def _binding(number: int, stay_id: int, start: datetime, end: datetime | None) -> Binding:
    return Binding(
        device_no=DeviceNo(number),
        stay_id=StayId(stay_id),
        start_us=to_us(start),
        end_us=to_us(end) if end else _FOREVER_US,
    )


async def admits(
    conn: Connection, device_id: str, *, secret_sha256: bytes | None, certificate_sha256: bytes | None, named: bool
) -> bool:
    """Tell whether a device may come in by what it shows; `named` says that its certificate bears its name."""
    row = await (
        await conn.execute(
            "select device_admits(d, %s::bytea, %s::bytea, %s) from device d where device_id = %s",
            (secret_sha256, certificate_sha256, named, device_id),
        )
    ).fetchone()
    return row is not None and bool(row[0])


async def silent_stays(conn: Connection, now: datetime, within: timedelta, devices: Collection[str]) -> int:
    """Count the stays that wear one of these devices now and of which nothing came `within` the time before `now`.

    Who wears none of them is not waited for, and what was shut out is not heard any more.
    """
    row = await (
        await conn.execute(
            "select count(*) from stay s where s.period @> %(now)s::timestamptz and exists (select 1"
            " from binding b join device d using (device_no) where b.stay_id = s.stay_id"
            " and b.period @> %(now)s::timestamptz and d.device_id = any(%(devices)s) and d.revoked_at is null)"
            " and not exists (select 1"
            " from latest_reading l where l.stay_id = s.stay_id and l.received_at > %(since)s)",
            {"now": now, "since": now - within, "devices": list(devices)},
        )
    ).fetchone()
    return int(row[0]) if row else 0


async def any_reading(conn: Connection) -> bool:
    """Tell whether a device has ever said anything; what people typed in does not count."""
    return await (await conn.execute("select 1 from latest_reading where device_no > 0 limit 1")).fetchone() is not None
