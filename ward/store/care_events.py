"""The timeline of a stay: what people wrote and what devices reported, newest first; errors and receipts beside it.

The caller owns the transaction. The invariant: rows are only ever added (the schema refuses anything else). An entry
in error stays, with who said so, when and why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ward.clock import from_us, to_us
from ward.people import StaffId, StayId
from ward.store.pool import Connection
from ward.timeline import Author, ByHand, EntryKind, Medication
from ward.vitals import VITALS, Acvpu, VitalKind

_LATEST_US = to_us(datetime(9999, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry that is new; `medication` and `values` belong to their kinds alone."""

    stay_id: StayId
    kind: EntryKind
    occurred_at: datetime
    author: Author
    staff_id: StaffId | None
    words: str = ""
    medication: Medication | None = None
    values: tuple[ByHand, ...] = ()
    remind_at: datetime | None = None
    corrects: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the timeline. `event_id` is None for what a device reported; `device_id` for what people wrote.

    `detail` is the JSON as kept; `error_*` are set on an entry in error, `corrected_by` is the entry that replaces it.
    """

    event_id: int | None
    kind: str
    occurred_at: datetime
    written_at: datetime
    author: str | None
    staff_id: StaffId | None
    staff_name: str | None
    staff_title: str | None
    device_id: str | None
    words: str
    detail: dict[str, object]
    remind_at: datetime | None
    corrects: int | None
    corrected_by: int | None
    error_at: datetime | None
    error_by: StaffId | None
    error_name: str | None
    error_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Who has read an entry, and when for the first time."""

    event_id: int
    staff_id: StaffId
    name: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines of a stay: of these kinds (none: all), before a time (microseconds since 1970, None: the newest)."""

    stay_id: StayId
    kinds: Sequence[str] = ()
    before_us: int | None = None
    limit: int = 100


def _written(chosen: str) -> str:
    """Return the query for the entries that `chosen` selects of `care_event`."""
    return f"""
        select e.event_id, e.kind, e.occurred_at, e.written_at, e.author, e.staff_id, f.name as staff_name,
               f.title as staff_title, null as device_id, e.words, e.detail, e.remind_at, e.corrects,
               (select min(c.event_id) from care_event c where c.stay_id = e.stay_id and c.corrects = e.event_id)
                   as corrected_by,
               x.at as error_at, x.staff_id as error_by, g.name as error_name, x.reason as error_reason
        from ({chosen}) e left join staff f on f.staff_id = e.staff_id
        left join care_event_error x on (x.stay_id, x.event_id) = (e.stay_id, e.event_id)
        left join staff g on g.staff_id = x.staff_id
    """  # nosec B608  # noqa: S608 - queries of this module


# Of either side as many as are asked for, so that a long timeline is not read whole for its newest page.
_PAGE = """
    where stay_id = %(stay)s and (cardinality(%(kinds)s::text[]) = 0 or kind = any(%(kinds)s))
    and (%(before)s::timestamptz is null or occurred_at < %(before)s)
    order by occurred_at desc fetch first %(limit)s rows with ties
"""
_REPORTED = f"""
    select null::bigint, d.kind, d.occurred_at, d.received_at, case when d.device_no = 0 then 'patient' end, null, null,
           null, nullif(v.device_id, 'by-hand'), '', d.detail, null, null, null, null, null, null, null
    from (select * from device_event {_PAGE}) d join device v using (device_no)
"""  # nosec B608  # noqa: S608 - from above
_WANTED = (
    f"select * from ({_written(f'select * from care_event {_PAGE}')} union all {_REPORTED}) e"  # nosec B608  # noqa: S608 - likewise
    " order by occurred_at desc fetch first %(limit)s rows with ties"
).encode()
_ONE = _written("select * from care_event where stay_id = %(stay)s and event_id = %(event)s").encode()
_NUMBERED = _written("select * from care_event where stay_id = %(stay)s and event_id = any(%(events)s)")
_SOME = f"{_NUMBERED} order by e.occurred_at, e.event_id".encode()
_CHANGES = _written(
    "select * from care_event where stay_id = %(stay)s and kind = 'medication'"
    " and occurred_at >= %(start)s and occurred_at < %(end)s"
)
_MARKS = b"""
    select e.kind, e.occurred_at from care_event e
    where e.stay_id = %(stay)s and e.kind = any(array['medication', 'visit'])
    and e.occurred_at >= %(start)s and e.occurred_at < %(end)s
    and not exists (select from care_event_error x where (x.stay_id, x.event_id) = (e.stay_id, e.event_id))
    and not exists (select from care_event c where c.stay_id = e.stay_id and c.corrects = e.event_id)
    order by e.occurred_at, e.event_id limit 100
"""
_MEDICATIONS = f"{_CHANGES} where x.at is null order by e.occurred_at, e.event_id".encode()


async def add(conn: Connection, entry: Entry, now: datetime) -> int:
    """Keep an entry and return its number. Who wrote it has read it."""
    cursor = await conn.execute(
        "insert into care_event (stay_id, kind, occurred_at, written_at, author, staff_id, words, detail, remind_at,"
        " corrects) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning event_id",
        (
            entry.stay_id,
            entry.kind.value,
            entry.occurred_at,
            now,
            entry.author.value,
            entry.staff_id,
            entry.words,
            Jsonb(_detail(entry)),
            entry.remind_at,
            entry.corrects,
        ),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an insert with returning gives a row
    if entry.staff_id is not None:
        await read(conn, entry.stay_id, [int(row[0])], entry.staff_id, now)
    return int(row[0])


async def find(conn: Connection, wanted: Wanted) -> list[Row]:
    """Return the lines that are asked for, the newest first; those of one instant are never divided by a page."""
    cursor = conn.cursor(row_factory=class_row(Row))
    before = None if wanted.before_us is None else from_us(min(wanted.before_us, _LATEST_US))
    parameters = {"stay": wanted.stay_id, "kinds": list(wanted.kinds), "before": before, "limit": wanted.limit}
    await cursor.execute(_WANTED, parameters)
    return sorted(await cursor.fetchall(), key=lambda row: (row.occurred_at, row.event_id or 0), reverse=True)


async def find_one(conn: Connection, stay_id: StayId, event_id: int) -> Row | None:
    """Return one entry that somebody wrote."""
    cursor = conn.cursor(row_factory=class_row(Row))
    await cursor.execute(_ONE, {"stay": stay_id, "event": event_id})
    return await cursor.fetchone()


async def some(conn: Connection, stay_id: StayId, event_ids: Sequence[int]) -> list[Row]:
    """Return these entries that somebody wrote, the oldest first."""
    cursor = conn.cursor(row_factory=class_row(Row))
    await cursor.execute(_SOME, {"stay": stay_id, "events": list(event_ids)})
    return await cursor.fetchall()


async def put_in_error(
    conn: Connection, stay_id: StayId, event_id: int, by: StaffId, reason: str, now: datetime
) -> bool:
    """Say of an entry that it was entered in error; False where somebody has said so already."""
    done = await conn.execute(
        "insert into care_event_error (stay_id, event_id, staff_id, at, reason) values (%s, %s, %s, %s, %s)"
        " on conflict do nothing",
        (stay_id, event_id, by, now, reason),
    )
    return done.rowcount == 1


async def read(conn: Connection, stay_id: StayId, event_ids: Sequence[int], by: StaffId, now: datetime) -> None:
    """Note that somebody has read these entries; the first time counts."""
    await conn.execute(
        "insert into care_event_receipt (stay_id, event_id, staff_id, at) select stay_id, event_id, %s, %s"
        " from care_event where stay_id = %s and event_id = any(%s) on conflict do nothing",
        (by, now, stay_id, list(event_ids)),
    )


async def receipts(conn: Connection, stay_id: StayId, event_ids: Sequence[int]) -> list[Receipt]:
    """Return who has read these entries, the first reader first."""
    cursor = conn.cursor(row_factory=class_row(Receipt))
    await cursor.execute(
        "select r.event_id, r.staff_id, f.name, f.title, r.at from care_event_receipt r join staff f using (staff_id)"
        " where r.stay_id = %s and r.event_id = any(%s) order by r.at, r.staff_id",
        (stay_id, list(event_ids)),
    )
    return await cursor.fetchall()


async def medications(conn: Connection, stay_id: StayId, start: datetime, end: datetime) -> list[Row]:
    """Return the changes of medication of a stay within [start, end) that are not in error, the oldest first."""
    cursor = conn.cursor(row_factory=class_row(Row))
    await cursor.execute(_MEDICATIONS, {"stay": stay_id, "start": start, "end": end})
    return await cursor.fetchall()


async def marks(conn: Connection, stay_id: StayId, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
    """Return when medication was changed and visits were made within [start, end), the oldest first: kind and time."""
    cursor = await conn.execute(_MARKS, {"stay": stay_id, "start": start, "end": end})
    return [(str(kind), at) for kind, at in await cursor.fetchall()]


def medication(row: Row) -> Medication:
    """Return what a row of that kind says.

    Raises
    ------
    msgspec.ValidationError
        If another program kept what this one cannot read.
    """
    return msgspec.convert(row.detail["medication"], Medication)


def _detail(entry: Entry) -> dict[str, object]:
    if entry.medication is not None:
        kept: object = msgspec.to_builtins(entry.medication)
        return {"medication": kept}
    return {"values": [_value(each) for each in entry.values]} if entry.values else {}


def _value(each: ByHand) -> dict[str, object]:
    """Return a value as it is kept and shown, consciousness as its letter."""
    value = Acvpu(int(each.value)).name if each.kind is VitalKind.CONSCIOUSNESS else each.value
    return {"kind": each.kind.value, "value": value, "unit": VITALS[each.kind].unit}
