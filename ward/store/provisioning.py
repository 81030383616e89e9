"""Devices as their operator keeps them: added, listed, told what to do, given a new secret, revoked.

Every change takes the registration's revision up by one and is audited in the same transaction. Ingest learns of it
by the schema's own trigger. Who wears a device is `bindings`.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import Actor
from ward.people import DeviceNo, StayId
from ward.store import audit, device_clocks, devices
from ward.store.audit import Action, Deed
from ward.store.pool import Connection
from ward.vitals import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """What an operator says of a device that is new; its secret is kept as a digest only."""

    device_id: str
    model: str
    mode: Mode
    secret_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A device as it stands: registration, last status (None: never reported), and the stay it is worn in.

    `config` is the JSON as kept; `clock_ahead_s` the estimate of the last half hour, negative for one behind;
    `throttled_since` is told while the endpoint reads it slowly, because it publishes more than it may.
    """

    device_no: DeviceNo
    device_id: str
    model: str
    mode: Mode
    rev: int
    secret_no: int
    config: str
    revoked_at: datetime | None
    revoked_reason: str | None
    online: bool | None
    battery_pct: float | None
    firmware: str | None
    reported_at: datetime | None
    clock_ahead_s: float | None
    throttled_since: datetime | None
    stay_id: StayId | None
    worn_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDevices:
    """Which devices a list asks for, by their number; None leaves a filter out."""

    device_id: str | None = None
    device_no: DeviceNo | None = None
    unbound: bool | None = None
    revoked: bool | None = None
    mode: Mode | None = None
    after: int | None = None
    limit: int = 100


_DEVICES = b"""
    select d.device_no, d.device_id, d.model, d.mode, d.rev, d.secret_no, d.config::text as config,
           d.revoked_at, d.revoked_reason,
           st.online and d.revoked_at is null as online, st.battery_pct, st.firmware, st.reported_at,
           case when c.ahead_us > 0 or c.before_us > 0 or c.messages + c.before_messages >= %(enough)s
                then greatest(c.ahead_us, c.before_us) / 1e6::float8 end as clock_ahead_s,
           (select min(since) from device_throttled t where t.device_no = d.device_no) as throttled_since,
           w.stay_id, w.worn_since
    from device d left join device_status st using (device_no)
    left join device_clock c on c.device_no = d.device_no and c.began_at > %(now)s - interval '30 minutes'
    left join lateral (
        select b.stay_id, greatest(lower(b.period), 'epoch') as worn_since from binding b join stay s using (stay_id)
        where b.device_no = d.device_no and b.period @> %(now)s::timestamptz and s.period @> %(now)s::timestamptz
    ) w on true
    where d.device_no > 0 and (%(device_id)s::text is null or d.device_id = %(device_id)s)
    and (%(device_no)s::bigint is null or d.device_no = %(device_no)s)
    and (%(unbound)s::boolean is null or (w.stay_id is null) = %(unbound)s)
    and (%(revoked)s::boolean is null or (d.revoked_at is not null) = %(revoked)s)
    and (%(mode)s::text is null or d.mode = %(mode)s)
    and (%(after)s::bigint is null or d.device_no > %(after)s)
    order by d.device_no limit %(limit)s
"""


async def find(conn: Connection, wanted: WantedDevices, now: datetime) -> list[Registered]:
    """Return the devices that are asked for, by their number."""
    cursor = conn.cursor(row_factory=class_row(Registered))
    await cursor.execute(
        _DEVICES,
        {
            "now": now,
            "enough": device_clocks.ENOUGH,
            "device_id": wanted.device_id,
            "device_no": wanted.device_no,
            "unbound": wanted.unbound,
            "revoked": wanted.revoked,
            "mode": wanted.mode,
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return await cursor.fetchall()


async def find_one(conn: Connection, device_id: str, now: datetime) -> Registered | None:
    """Return one device, None when there is none of that id."""
    found = await find(conn, WantedDevices(device_id=device_id, limit=1), now)
    return found[0] if found else None


async def add(conn: Connection, device: NewDevice, actor: Actor, now: datetime) -> DeviceNo | None:
    """Add a device; None, and nothing is done, when the id is taken."""
    cursor = await conn.execute(
        "insert into device (device_id, secret_sha256, model, mode) values (%s, %s, %s, %s)"
        " on conflict (device_id) do nothing returning device_no",
        (device.device_id, device.secret_sha256, device.model, device.mode.value),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    detail = {"model": device.model, "mode": device.mode.value}
    await audit.write(conn, actor, Deed(action=Action.DEVICE_ADDED, device_id=device.device_id, detail=detail), now)
    return DeviceNo(row[0])


async def hold(conn: Connection, device_no: DeviceNo) -> None:
    """Keep others from changing a device until the transaction ends; the clock is read after this."""
    await conn.execute("select from device where device_no = %s for no key update", (device_no,))


async def revoke(conn: Connection, device: Registered, reason: str, actor: Actor, now: datetime) -> bool:
    """Shut a device out for good; False when it was out already. Its stay is evaluated: it has gone silent."""
    done = await conn.execute(
        "update device set revoked_at = %s, revoked_reason = %s, rev = rev + 1"
        " where device_no = %s and revoked_at is null",
        (now, reason, device.device_no),
    )
    if not done.rowcount:
        return False
    await conn.execute(
        "update device_status set online = false, changed_at = %s where device_no = %s and online",
        (now, device.device_no),
    )
    if device.stay_id is not None:
        await devices.tell(conn, device.stay_id, now)
    deed = Deed(action=Action.DEVICE_REVOKED, device_id=device.device_id, stay_id=device.stay_id, reason=reason)
    await audit.write(conn, actor, deed, now)
    return True


async def rotate(
    conn: Connection, device: Registered, secret_sha256: bytes, reason: str, actor: Actor, now: datetime
) -> bool:
    """Give a device its next secret, and end what is open by the last; False when it is revoked or has it already."""
    done = await conn.execute(
        "update device set secret_sha256 = %s, secret_no = secret_no + 1, rev = rev + 1"
        " where device_no = %s and secret_no = %s and revoked_at is null",
        (secret_sha256, device.device_no, device.secret_no),
    )
    if not done.rowcount:
        return False
    deed = Deed(action=Action.DEVICE_SECRET_ROTATED, device_id=device.device_id, reason=reason)
    await audit.write(conn, actor, deed, now)
    return True


async def configure(conn: Connection, device: Registered, config: str, actor: Actor, now: datetime) -> bool:
    """Tell a device something else (`config`, JSON); False when it is no longer as `device` says."""
    done = await conn.execute(
        "update device set config = %s::jsonb, rev = rev + 1 where device_no = %s and rev = %s",
        (config, device.device_no, device.rev),
    )
    if not done.rowcount:
        return False
    detail = {"rev": device.rev + 1}
    await audit.write(
        conn, actor, Deed(action=Action.DEVICE_CONFIGURED, device_id=device.device_id, detail=detail), now
    )
    return True
