"""Waking each other up: LISTEN and NOTIFY, one notification a batch, never one a row.

A hint says only where to look. It may be lost; the tables are the truth, and every listener also sweeps.
"""

from collections.abc import AsyncIterator, Iterable
from enum import StrEnum

from ward.store.pool import Connection

_PAYLOAD_BYTES = 7900  # PostgreSQL refuses 8,000


class Channel(StrEnum):
    """What has changed. The payload lists ids: stays, or for ALERTS alerts."""

    READINGS = "hv_readings"
    SCORES = "hv_scores"
    ALERTS = "hv_alerts"
    DEVICES = "hv_devices"
    REGISTRY = "hv_registry"
    SESSIONS = "hv_sessions"


def payloads(ids: Iterable[int]) -> list[str]:
    """Join ids by commas into as few payloads as the size limit allows."""
    out: list[str] = []
    line = ""
    for each in ids:
        text = str(each)
        if len(line) + len(text) + 1 > _PAYLOAD_BYTES:
            out.append(line)
            line = text
        else:
            line = f"{line},{text}" if line else text
    if line:
        out.append(line)
    return out


def parse(payload: str) -> list[int]:
    """Return the ids of a payload."""
    return [int(part) for part in payload.split(",")] if payload else []


async def announce(conn: Connection, channel: Channel, ids: Iterable[int]) -> None:
    """Tell listeners, when the caller's transaction commits, where to look."""
    for payload in payloads(ids):
        await conn.execute("select pg_notify(%s, %s)", (channel, payload))


async def subscribe(conn: Connection, channels: Iterable[Channel]) -> None:
    """Have `conn` hear these channels from now on; what is announced after this returns is not missed."""
    for channel in channels:
        await conn.execute(f"listen {channel.value}")


async def listen(conn: Connection, channels: Iterable[Channel]) -> AsyncIterator[tuple[Channel, list[int]]]:
    """Yield hints for ever. `conn` must be in autocommit mode and used for nothing else.

    Raises
    ------
    psycopg.OperationalError
        If the connection is lost; the caller reconnects and reads the tables anew.
    """
    await subscribe(conn, channels)
    async for note in conn.notifies():
        yield Channel(note.channel), parse(note.payload)
