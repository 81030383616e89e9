"""Events of devices: exactly once by key, and which of them no alert has taken up yet.

A repeat is harmless; the same key with other contents is reported as a conflict and the stored one stays. The caller
owns the transaction. The invariant: an event that an alert has taken up, or a check-in that has been judged, is never
returned as unhandled again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.rows import class_row

from ward.events import Answer, DeviceEvent, EventKind
from ward.people import DeviceNo, StayId
from ward.store import bus
from ward.store.pool import Connection
from ward.store.samples import Inserted

_answers = msgspec.json.Decoder(list[Answer])


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event of a known device in a stay."""

    stay_id: StayId
    device_no: DeviceNo
    received_at: datetime
    event: DeviceEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Unhandled:
    """An event that no alert has taken up; `answers` are a check-in's, as they are kept."""

    stay_id: StayId
    device_no: DeviceNo
    device_id: str
    kind: str
    occurred_at: datetime
    received_at: datetime
    answers: str | None = None

    def read_answers(self) -> tuple[Answer, ...]:
        """Return what was answered."""
        return () if self.answers is None else tuple(_answers.decode(self.answers))


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
    "insert into device_event (stay_id, device_no, kind, occurred_at, received_at, detail)"  # nosec B608  # noqa: S608
    f" select stay_id, device_no, kind, occurred_at, received_at, detail from {_BATCH} order by n"
    " on conflict do nothing"
).encode()
_CONFLICTS = (
    f"select (n - 1)::int from {_BATCH} join device_event e using (stay_id, device_no, kind, occurred_at)"  # nosec B608  # noqa: S608
    " where e.detail <> batch.detail order by n"
).encode()


async def unhandled(conn: Connection, stay_ids: Sequence[StayId]) -> list[Unhandled]:
    """Return the events of these stays that no alert has taken up and, of check-ins, that nobody has judged."""
    async with conn.cursor(row_factory=class_row(Unhandled)) as cursor:
        await cursor.execute(
            """
            select e.stay_id, e.device_no, d.device_id, e.kind, e.occurred_at, e.received_at,
                (e.detail -> 'answers')::text as answers
            from device_event e join device d using (device_no)
            where e.stay_id = any(%s) and e.alert_id is null and e.judged_at is null
            order by e.stay_id, e.occurred_at, e.device_no
            """,
            (list(stay_ids),),
        )
        return await cursor.fetchall()


async def answered(conn: Connection, stay_ids: Sequence[StayId]) -> dict[StayId, datetime]:
    """Return when the last check-in of each of these stays was made, of those that have one."""
    rows = await (
        await conn.execute(
            """
            select w.stay_id, e.occurred_at from unnest(%s::bigint[]) as w (stay_id) cross join lateral (
                select occurred_at from device_event
                where stay_id = w.stay_id and kind = %s order by occurred_at desc limit 1) e
            """,
            (list(stay_ids), str(EventKind.CHECK_IN)),
        )
    ).fetchall()
    return {StayId(row[0]): row[1] for row in rows}


async def judged(conn: Connection, events: Sequence[Unhandled], now: datetime) -> None:
    """Write down that these check-ins have been judged; other kinds wait for their alert."""
    mine = [each for each in events if each.kind == EventKind.CHECK_IN]
    if not mine:
        return
    await conn.execute(
        """
        update device_event e set judged_at = %s
        from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) as w(stay_id, device_no, occurred_at)
        where (e.stay_id, e.device_no, e.kind, e.occurred_at) = (w.stay_id, w.device_no, %s, w.occurred_at)
        """,
        (
            now,
            [each.stay_id for each in mine],
            [each.device_no for each in mine],
            [each.occurred_at for each in mine],
            str(EventKind.CHECK_IN),
        ),
    )


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
