"""What a broker must know of the devices: accounts and configurations. And which ingest tells it."""

from dataclasses import dataclass

from ward.store.pool import Connection

_KEEPER_LOCK = 4200003


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerDevice:
    """A device as a broker is to know it; `config` is JSON."""

    device_id: str
    secret_sha256: bytes
    revoked: bool
    config: str


async def elect(conn: Connection, broker: str) -> bool:
    """Tell whether this session is the one that keeps this broker, until it ends. `conn` is in autocommit mode.

    A broker is known by its address, as the settings of its workers give it.
    """
    query = "select pg_try_advisory_lock(%s, hashtext(%s))"
    row = await (await conn.execute(query, (_KEEPER_LOCK, broker))).fetchone()
    return bool(row and row[0])


async def devices(conn: Connection) -> list[BrokerDevice]:
    """Read every device."""
    found = await conn.execute(
        "select device_id, secret_sha256, revoked_at is not null, config::text from device where device_no > 0"
        " order by device_no"
    )
    return [
        BrokerDevice(device_id=name, secret_sha256=bytes(digest), revoked=revoked, config=config)
        for name, digest, revoked, config in await found.fetchall()
    ]
