"""Sessions of devices at the MQTT endpoint: opened many at once, written many at once, swept when they are over.

Packets are opaque bytes here. The invariant: what is written for a session is written only while it still bears the
number (`generation`) of the connection that the writer knows, so an endpoint that has lost a session changes nothing.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ward.store.pool import Connection

DEAD_AFTER = timedelta(seconds=60)
MOST_SESSIONS = 8  # of one device, connected or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A device that wants in, and what it shows (digests); `key` stands for device and client."""

    device_id: str
    client_id: str
    key: int
    secret_sha256: bytes | None
    certificate_sha256: bytes | None
    named: bool
    clean: bool
    expiry_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message to a device; `packet_id` is None while it waits. `expires_at` None means never."""

    number: int
    packet_id: int | None
    packet: bytes
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A device that was let in. `formerly` is the generation under which its session was kept, None where none was."""

    generation: int
    formerly: int | None
    session_no: int | None
    subscriptions: bytes
    messages: Sequence[KeptMessage]
    retained: Sequence[tuple[bytes, datetime | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is kept of a session but its messages; None as `expires_at` while it is connected."""

    generation: int
    expiry_s: int
    expires_at: datetime | None
    subscriptions: bytes


@dataclass(slots=True, kw_only=True)
class Changes:
    """All that has changed since the last write; messages by (generation, …), what is retained by (device, topic)."""

    generations: set[int] = field(default_factory=set)
    heads: list[Head] = field(default_factory=list)
    put: list[tuple[int, KeptMessage]] = field(default_factory=list)
    gone: list[tuple[int, int]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    retained: dict[tuple[str, bytes], tuple[bytes, datetime | None] | None] = field(default_factory=dict)


async def open_many(conn: Connection, instance: str, now: datetime, asked: Sequence[Asked]) -> list[Opened | None]:
    """Let devices in, in the order asked; None for those that may not come in. No two of the same key at once."""
    rows = await (
        await conn.execute(
            "select * from mqtt_open(%s, %s, %s, %s::int[], %s::text[], %s::text[], %s::bigint[], %s::bytea[],"
            " %s::bytea[], %s::boolean[], %s::boolean[], %s::bigint[])",
            (
                instance,
                now,
                MOST_SESSIONS,
                list(range(len(asked))),
                [each.device_id for each in asked],
                [each.client_id for each in asked],
                [each.key for each in asked],
                [each.secret_sha256 for each in asked],
                [each.certificate_sha256 for each in asked],
                [each.named for each in asked],
                [each.clean for each in asked],
                [each.expiry_s for each in asked],
            ),
            binary=True,
        )
    ).fetchall()
    found: list[Opened | None] = [None] * len(asked)
    for n, generation, formerly, session_no, subscriptions, *messages, retained, until in rows:
        found[n] = Opened(
            generation=generation,
            formerly=formerly,
            session_no=session_no,
            subscriptions=subscriptions or b"",
            messages=[
                KeptMessage(number=number, packet_id=packet_id, packet=packet, expires_at=expires_at)
                for number, packet_id, packet, expires_at in zip(*(each or () for each in messages), strict=True)
            ],
            retained=list(zip(retained or (), until or (), strict=True)),
        )
    return found


async def write(conn: Connection, changes: Changes) -> set[int]:
    """Write what has changed; returns the generations that no session bears any more (somebody else has it)."""
    kept = await _hold(conn, changes.generations | set(changes.ended))
    heads = [each for each in changes.heads if each.generation in kept]
    if heads:
        await conn.execute(
            "update mqtt_session s set expiry_s = h.expiry_s, expires_at = h.expires_at,"
            " subscriptions = h.subscriptions from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bytea[])"
            " as h(generation, expiry_s, expires_at, subscriptions) where s.generation = h.generation",
            (
                [each.generation for each in heads],
                [each.expiry_s for each in heads],
                [each.expires_at for each in heads],
                [each.subscriptions for each in heads],
            ),
        )
    await _write_messages(conn, kept, changes)
    if changes.ended:
        await conn.execute("delete from mqtt_session where generation = any(%s)", (changes.ended,))
    await _write_retained(conn, changes)
    return changes.generations - kept.keys()


async def _hold(conn: Connection, generations: set[int]) -> dict[int, int]:
    """Lock the sessions that bear these numbers, in one order everywhere; returns their `session_no`."""
    if not generations:
        return {}
    rows = await conn.execute(
        "select generation, session_no from mqtt_session where generation = any(%s) order by key for update",
        (list(generations),),
    )
    return dict(await rows.fetchall())


async def _write_messages(conn: Connection, kept: dict[int, int], changes: Changes) -> None:
    gone = [(kept[generation], number) for generation, number in changes.gone if generation in kept]
    if gone:
        await conn.execute(
            "delete from mqtt_message m using unnest(%s::bigint[], %s::bigint[]) as g(session_no, number)"
            " where m.session_no = g.session_no and m.number = g.number",
            ([each[0] for each in gone], [each[1] for each in gone]),
        )
    put = [(kept[generation], message) for generation, message in changes.put if generation in kept]
    if put:
        await conn.execute(
            "insert into mqtt_message (session_no, number, packet_id, packet, expires_at)"
            " select * from unnest(%s::bigint[], %s::bigint[], %s::int[], %s::bytea[], %s::timestamptz[])"
            " on conflict (session_no, number) do update set packet_id = excluded.packet_id",
            (
                [session_no for session_no, _ in put],
                [message.number for _, message in put],
                [message.packet_id for _, message in put],
                [message.packet for _, message in put],
                [message.expires_at for _, message in put],
            ),
        )


async def _write_retained(conn: Connection, changes: Changes) -> None:
    if not changes.retained:
        return
    rows = [(device, topic, *(kept or (None, None))) for (device, topic), kept in sorted(changes.retained.items())]
    await conn.execute(
        "with given as (select * from unnest(%s::text[], %s::bytea[], %s::bytea[], %s::timestamptz[])"
        " as g(device_id, topic_sha256, packet, expires_at)), cleared as"
        " (delete from mqtt_retained r using given g, device d where g.packet is null"
        " and d.device_id = g.device_id and r.device_no = d.device_no"
        " and r.topic_sha256 = g.topic_sha256)"
        " insert into mqtt_retained (device_no, topic_sha256, packet, expires_at)"
        " select d.device_no, g.topic_sha256, g.packet, g.expires_at from given g join device d using (device_id)"
        " where g.packet is not null on conflict (device_no, topic_sha256)"
        " do update set packet = excluded.packet, expires_at = excluded.expires_at",
        tuple([row[n] for row in rows] for n in range(4)),
    )


def moved(payload: str, me: str) -> list[tuple[int, int]]:
    """Read a hint of the MQTT channel: (key, generation) of connections let in by other endpoints than `me`."""
    instance, _, listed = payload.partition(" ")
    pairs = (pair.split(":") for pair in listed.split(",") if instance != me)
    return [(int(key), int(generation)) for key, generation in pairs]


async def hints(conn: Connection, me: str) -> AsyncIterator[tuple[int, int]]:
    """Yield what `moved` reads, for ever. `conn` must be in autocommit mode, subscribed, and used for nothing else."""
    async for note in conn.notifies():
        for pair in moved(note.payload, me):
            yield pair


async def alive(conn: Connection, generations: Sequence[int]) -> set[int]:
    """Return which of these numbers a kept session still bears."""
    rows = await conn.execute("select generation from mqtt_session where generation = any(%s)", (list(generations),))
    return {row[0] for row in await rows.fetchall()}


async def beat(conn: Connection, instance: str, now: datetime) -> datetime | None:
    """Say that this endpoint lives; returns when it said so before, None where others count it as dead."""
    before = await (
        await conn.execute("select beat_at from mqtt_endpoint where instance = %s for update", (instance,))
    ).fetchone()
    await conn.execute(
        "insert into mqtt_endpoint (instance, beat_at) values (%s, %s)"
        " on conflict (instance) do update set beat_at = excluded.beat_at",
        (instance, now),
    )
    return before[0] if before is not None and before[0] > now - DEAD_AFTER else None


async def sweep(conn: Connection, now: datetime) -> int:
    """Let the sessions of dead endpoints run out, and remove those that have; returns how many were removed."""
    dead = now - DEAD_AFTER
    await conn.execute(
        "update mqtt_session s set expires_at = %(now)s + make_interval(secs => s.expiry_s) where s.session_no in"
        " (select o.session_no from mqtt_session o where o.expires_at is null and not exists"
        " (select 1 from mqtt_endpoint e where e.instance = o.owner and e.beat_at > %(dead)s)"
        " order by o.key for update skip locked)",
        {"now": now, "dead": dead},
    )
    removed = await conn.execute(
        "delete from mqtt_session where session_no in (select session_no from mqtt_session where expires_at <= %s"
        " order by key for update skip locked)",
        (now,),
    )
    await conn.execute("delete from mqtt_retained where expires_at <= %s", (now,))
    await conn.execute(
        "delete from device_throttled t where not exists"
        " (select 1 from mqtt_endpoint e where e.instance = t.instance and e.beat_at > %s)",
        (dead,),
    )
    await conn.execute("delete from mqtt_endpoint where beat_at < %s", (now - timedelta(days=1),))
    return removed.rowcount


async def throttle(conn: Connection, instance: str, throttled: dict[str, datetime]) -> None:
    """Keep which devices this endpoint reads slowly, and since when."""
    await conn.execute(
        "delete from device_throttled t using device d"
        " where t.device_no = d.device_no and t.instance = %s and d.device_id <> all(%s)",
        (instance, list(throttled)),
    )
    if throttled:
        await conn.execute(
            "insert into device_throttled (device_no, instance, since) select d.device_no, %s, g.since"
            " from unnest(%s::text[], %s::timestamptz[]) as g(device_id, since) join device d using (device_id)"
            " on conflict (device_no, instance) do update set since = excluded.since",
            (instance, list(throttled), list(throttled.values())),
        )
