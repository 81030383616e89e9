"""Events of devices: exactly once by key, and which of them no alert has taken up yet.

A repeat is harmless; the same key with other contents is reported as a conflict and the stored one stays. The caller
owns the transaction. The invariant: an event that an alert has taken up is never returned as unhandled again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.rows import class_row

from ward.events import DeviceEvent, EventKind
from ward.people import DeviceNo, StayId
from ward.store import bus
from ward.store.pool import Connection
from ward.store.samples import Inserted


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event of a known device in a stay."""

    stay_id: StayId
    device_no: DeviceNo
    received_at: datetime
    event: DeviceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Unhandled:
    """An event that no alert has taken up."""

    stay_id: StayId
    device_no: DeviceNo
    device_id: str
    kind: str
    occurred_at: datetime
    received_at: datetime


async def insert(conn: Connection, rows: Sequence[EventRow]) -> Inserted:
    """Store events, ask for their stays' evaluation, and announce them; conflicts are places in `rows`."""
    if not rows:
        return Inserted(stored=0, conflicts=())
    parameters = {
        "stay": [each.stay_id for each in rows],
        "device": [each.device_no for each in rows],
        "kind": [str(each.event.kind) for each in rows],
        "occurred": [each.event.occurred_at for each in rows],
        "received": [each.received_at for each in rows],
        "detail": [_detail(each.event) for each in rows],
    }
    stored = await conn.execute(_INSERT, parameters)
    conflicts = await (await conn.execute(_CONFLICTS, parameters)).fetchall()
    stays = sorted({each.stay_id for each in rows})
    await conn.execute(
        "insert into evaluation_request (stay_id, since) select unnest(%s::bigint[]), %s",
        (stays, min(each.received_at for each in rows)),
    )
    await bus.announce(conn, bus.Channel.DEVICES, stays)
    return Inserted(stored=stored.rowcount, conflicts=tuple(row[0] for row in conflicts))


_BATCH = """
unnest(%(stay)s::bigint[], %(device)s::bigint[], %(kind)s::text[], %(occurred)s::timestamptz[],
    %(received)s::timestamptz[], %(detail)s::jsonb[]) with ordinality
    as batch(stay_id, device_no, kind, occurred_at, received_at, detail, n)
"""
_INSERT = (
    "insert into device_event (stay_id, device_no, kind, occurred_at, received_at, detail)"  # noqa: S608
    f" select stay_id, device_no, kind, occurred_at, received_at, detail from {_BATCH} order by n"
    " on conflict do nothing"
).encode()
_CONFLICTS = (
    f"select (n - 1)::int from {_BATCH} join device_event e using (stay_id, device_no, kind, occurred_at)"  # noqa: S608
    " where e.detail <> batch.detail order by n"
).encode()


async def unhandled(conn: Connection, stay_ids: Sequence[StayId]) -> list[Unhandled]:
    """Return the events of these stays that call for somebody and that no alert has taken up."""
    async with conn.cursor(row_factory=class_row(Unhandled)) as cursor:
        await cursor.execute(
            """
            select e.stay_id, e.device_no, d.device_id, e.kind, e.occurred_at, e.received_at
            from device_event e join device d using (device_no)
            where e.stay_id = any(%s) and e.alert_id is null and e.kind <> %s
            order by e.stay_id, e.occurred_at, e.device_no
            """,
            (list(stay_ids), str(EventKind.CHECK_IN)),
        )
        return await cursor.fetchall()


async def take_up(conn: Connection, events: Sequence[Unhandled]) -> None:
    """Write down which alert, not resolved, each event has led to; the rule of an event has its kind's name."""
    if not events:
        return
    await conn.execute(
        """
        update device_event e set alert_id = a.alert_id
        from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
            as w(stay_id, device_no, kind, occurred_at)
        join alert a on a.stay_id = w.stay_id and a.rule = w.kind and a.state <> 'resolved'
        where (e.stay_id, e.device_no, e.kind, e.occurred_at) = (w.stay_id, w.device_no, w.kind, w.occurred_at)
        """,
        (
            [each.stay_id for each in events],
            [each.device_no for each in events],
            [each.kind for each in events],
            [each.occurred_at for each in events],
        ),
    )


def _detail(event: DeviceEvent) -> str:
    """Return what an event says beside its key, as it is kept."""
    said: dict[str, object] = {}
    if event.seq is not None:
        said["seq"] = event.seq
    if event.confidence is not None:
        said["confidence"] = event.confidence
    if event.answers:
        said["answers"] = [{"question": each.question, "answer": each.answer} for each in event.answers]
    return msgspec.json.encode(said).decode()
