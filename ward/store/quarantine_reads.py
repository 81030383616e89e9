"""What was refused, as people look at it: pages, counts, one entry. Reads only; settling is `assignments`.

Clinical staff see an entry when they may see the patient who wore its device when it was received; where nobody wore
it then, the last wearer before or the first after. Scope None sees every entry (what of it is the route's).
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import StaffId, StayId
from ward.store import access
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One refused message, or reading of it, and how it was settled (None: it is not)."""

    quarantine_id: int
    received_at: datetime
    device_id: str | None
    topic: str
    reason: str
    detail: str
    item_index: int | None
    payload: bytes
    payload_sha256: bytes
    payload_bytes: int
    resolution: str | None
    resolved_at: datetime | None
    resolved_by: StaffId | None
    stay_id: StayId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """How many entries there are of a reason, and how many of them are not settled."""

    reason: str
    entries: int
    unsettled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedEntries:
    """Which entries are asked for, the newest first; None leaves a filter out."""

    scope: Scope | None
    quarantine_id: int | None = None
    device_id: str | None = None
    reason: str | None = None
    since: datetime | None = None
    settled: bool | None = None
    before: int | None = None
    limit: int = 100


# The entries that concern a binding: from the end of the one before it until the beginning of the one after it.
_SEEN = (
    b"with span as (select device_no, stay_id,"
    b" tstzrange(lag(upper(period)) over w, lead(lower(period)) over w) as during"
    b" from binding window w as (partition by device_no order by lower(period))),"
    b" visible as (select s.stay_id"
    + access.VISIBLE_STAYS
    + b"), seen as materialized (select d.device_id, span.during from visible join span using (stay_id)"
    b" join device d using (device_no))"
)
_CONCERNED = b" and exists (select from seen where seen.device_id = q.device_id and seen.during @> q.received_at)"
_WANTED = b"""
    from quarantine q
    where (%(number)s::bigint is null or q.quarantine_id = %(number)s)
    and (%(device)s::text is null or q.device_id = %(device)s)
    and (%(reason)s::text is null or q.reason = %(reason)s)
    and (%(since)s::timestamptz is null or q.received_at >= %(since)s)
    and (%(settled)s::boolean is null or (q.resolution is not null) = %(settled)s)
    and (%(before)s::bigint is null or q.quarantine_id < %(before)s)
"""
_COLUMNS = (
    b"select q.quarantine_id, q.received_at, q.device_id, q.topic, q.reason, q.detail, q.item_index, q.payload,"
    b" q.payload_sha256, q.payload_bytes, q.resolution, q.resolved_at, q.resolved_by, q.stay_id"
)
_COUNTS = b"select q.reason, count(*) as entries, count(*) filter (where q.resolution is null) as unsettled"


def _query(wanted: WantedEntries, columns: bytes) -> bytes:
    """Return the question, with what a scope may see where there is one."""
    if wanted.scope is None:
        return columns + _WANTED
    return _SEEN + columns + _WANTED + _CONCERNED


def _parameters(wanted: WantedEntries, now: datetime) -> dict[str, object]:
    return {
        **access.asked(wanted.scope or Scope()),
        "now": now,
        "number": wanted.quarantine_id,
        "device": wanted.device_id,
        "reason": wanted.reason,
        "since": wanted.since,
        "settled": wanted.settled,
        "before": wanted.before,
        "limit": wanted.limit,
    }


async def find(conn: Connection, wanted: WantedEntries, now: datetime) -> list[EntryRow]:
    """Return the entries that are asked for and may be seen, the newest first."""
    cursor = conn.cursor(row_factory=class_row(EntryRow))
    query = _query(wanted, _COLUMNS) + b" order by q.quarantine_id desc limit %(limit)s"
    await cursor.execute(query, _parameters(wanted, now))
    return await cursor.fetchall()


async def count(conn: Connection, wanted: WantedEntries, now: datetime) -> list[CountRow]:
    """Return how many of the entries that are asked for there are of each reason, the most first."""
    cursor = conn.cursor(row_factory=class_row(CountRow))
    query = _query(wanted, _COUNTS) + b" group by q.reason order by entries desc, q.reason"
    await cursor.execute(query, _parameters(wanted, now))
    return await cursor.fetchall()
