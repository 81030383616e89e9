"""Waking each other up: LISTEN and NOTIFY, one notification a batch, never one a row.

A hint says only where to look. It may be lost; the tables are the truth, and every listener also sweeps.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ward.clock import from_us
from ward.people import StayId
from ward.store.pool import Connection

_PAYLOAD_BYTES = 7900  # PostgreSQL refuses 8,000
PAGE_BYTES = 7600  # where SQL cuts lines into payloads: one more line of at most 300 still fits


class Channel(StrEnum):
    """What has changed. The payload lists ids: stays, or for ALERTS alerts. That of READINGS: `Latest`.

    That of SESSIONS is the hash of one session's token that has ended; an empty one may mean any session.
    """

    READINGS = "hv_readings"
    SCORES = "hv_scores"
    ALERTS = "hv_alerts"
    DEVICES = "hv_devices"
    REGISTRY = "hv_registry"
    SEATS = "hv_seats"
    SESSIONS = "hv_sessions"
    ACCESS = "hv_access"  # who may see whom; no payload
    NEWS = "hv_news"  # of which stays something was written; an empty payload may mean any
    PRESENCE = "hv_presence"
    MARK = "hv_mark"  # its payload names who made it: `mark`
    MQTT = "hv_mqtt"  # its payload is read by `mqtt_sessions.moved`


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


class Latest(NamedTuple):
    """A stay's newest reading of a kind (its code), as it was announced; in the order of `tiles.LatestRow`."""

    stay_id: StayId
    kind: int
    value: float
    measured_at: datetime
    received_at: datetime
    validity: int
    quality: int | None


@dataclass(frozen=True, slots=True)
class Hint:
    """One announcement."""

    channel: Channel
    payload: str

    def ids(self) -> list[int]:
        """Return the ids that are named."""
        if self.channel is Channel.READINGS:
            return list({int(line.partition(",")[0]) for line in self._lines()})
        return [int(part) for part in self.payload.split(",")] if self.payload else []

    def latest(self) -> tuple[list[Latest], list[int]]:
        """Return what is newest, and the stays of which there is something new that is not the newest."""
        found, others = [], []
        for line in self._lines():
            fields = line.split(",")
            if len(fields) == 1:
                others.append(int(line))
                continue
            stay_id, kind, measured_us, value, received_us, validity, *quality = fields
            found.append(
                Latest(
                    stay_id=StayId(int(stay_id)),
                    kind=int(kind),
                    value=float(value),
                    measured_at=from_us(int(measured_us)),
                    received_at=from_us(int(received_us)),
                    validity=int(validity),
                    quality=int(quality[0]) if quality else None,
                )
            )
        return found, others

    def _lines(self) -> list[str]:
        return self.payload.split(";") if self.payload else []


async def announce(conn: Connection, channel: Channel, ids: Iterable[int]) -> None:
    """Tell listeners, when the caller's transaction commits, where to look."""
    for payload in payloads(ids):
        await conn.execute("select pg_notify(%s, %s)", (channel, payload))


async def mark(conn: Connection, name: str) -> datetime:
    """Announce a mark by this name and return the store's time from before: `conn` must be in autocommit mode.

    Announcements come in the order of their commits. Who hears the mark has heard all that was announced before it.
    """
    cursor = await conn.execute(
        "select t.at from (select clock_timestamp() as at) t, pg_notify(%s, %s)", (Channel.MARK.value, name)
    )
    row = await cursor.fetchone()
    if row is None:
        raise AssertionError("a select without a table gives a row")
    at: datetime = row[0]
    return at


async def subscribe(conn: Connection, channels: Iterable[Channel]) -> None:
    """Have `conn` hear these channels from now on; what is announced after this returns is not missed."""
    for channel in channels:
        await conn.execute(f"listen {channel.value}")


async def listen(conn: Connection, channels: Iterable[Channel]) -> AsyncIterator[Hint]:
    """Yield hints for ever. `conn` must be in autocommit mode and used for nothing else.

    Raises
    ------
    psycopg.OperationalError
        If the connection is lost; the caller reconnects and reads the tables anew.
    """
    await subscribe(conn, channels)
    async for note in conn.notifies():
        yield Hint(Channel(note.channel), note.payload)
