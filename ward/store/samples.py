"""Readings into the store: exactly once by key, with everything that depends on them in one transaction.

`insert_batch` stores the readings, the newest of each kind and the request to evaluate their stays, announces them,
and marks what is late to be rolled up anew. A repeat is harmless; the same key with another value is reported as a
conflict and the stored value stays.
The invariant: nothing is stored by bindings that have changed since the caller read them.

Three ways, chosen by size alone, with one result: few rows are one statement with arrays (one round trip); many go
by COPY straight into the table, which is twice as quick but suffers no repeat; where one is among them, all of that
is undone and they go by COPY into a staging table and from there, as the few do.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from psycopg.errors import UniqueViolation

from ward.store import bus, registry
from ward.store.columns import FLOAT8, INT2, INT4, INT8, TIMESTAMPTZ, Column, array, copy_rows, register
from ward.store.pool import Connection

COPY_FROM: Final = 700  # rows; below, one round trip counts for more (benchmarks/)
_COLUMNS = "stay_id, kind, measured_at, device_no, value, received_at, validity, quality"
_TYPES = (INT8, INT2, TIMESTAMPTZ, INT8, FLOAT8, TIMESTAMPTZ, INT2, INT2)
_PAIRS = (INT8, TIMESTAMPTZ, INT8, TIMESTAMPTZ)
_HOUR_US = 3_600_000_000
_ARRAYS = "int8[], int2[], timestamptz[], int8[], float8[], timestamptz[], int2[], int2[]"

_NAMES = {"columns": _COLUMNS, "channel": bus.Channel.READINGS.value, "page": bus.PAGE_BYTES, "lock": registry.LOCK}

# Of the rows in {source}: the newest of each stay and kind, the request to evaluate, and what is announced: for every
# stay a line, and with it the newest reading where it is newer than what was known.
_FOLLOW = """
    newest as (
        insert into latest_reading as l ({columns})
        select distinct on (stay_id, kind) {columns} from {source}
        order by stay_id, kind, measured_at desc, device_no desc
        on conflict (stay_id, kind) do update set
            measured_at = excluded.measured_at, device_no = excluded.device_no, value = excluded.value,
            received_at = excluded.received_at, validity = excluded.validity, quality = excluded.quality
        where (excluded.measured_at, excluded.device_no) > (l.measured_at, l.device_no)
        returning {columns}
    ), requested as (
        insert into evaluation_request (stay_id, since) select stay_id, min(since) from request group by stay_id
        returning stay_id
    ), line as (
        select concat_ws(',', stay_id, kind, (extract(epoch from measured_at) * 1000000)::int8, value,
                         (extract(epoch from received_at) * 1000000)::int8, validity, quality) as line from newest
        union all
        select stay_id::text from requested where stay_id not in (select stay_id from newest)
    ), page as (
        select line, sum(length(line) + 1) over (rows unbounded preceding) / {page} as page from line
    ), told as (
        select pg_notify('{channel}', string_agg(line, ';')) from page group by page
    )
"""

# Functions of the session, so that a batch is one statement and, outside a transaction, one of its own: begin, lock,
# check, insert, announce and commit one by one would have the writer wait and work several times as long. Statements
# inside see what was committed before them, so the version is read after the lock is held.
_HOLD = """
create or replace function pg_temp.hold (expected bigint) returns boolean language plpgsql as $body$
begin
    perform pg_advisory_xact_lock_shared({lock});
    return (select version from registry_version) is not distinct from expected;
end $body$
"""
_STORE = """
create or replace function pg_temp.{name} (registry bigint, expected bigint{arrays})
returns table (newly bigint, contradicting int4[]) language plpgsql as $body$
#variable_conflict use_column
declare
    counted bigint;
    differing int4[] := array[]::int4[];
    earliest timestamptz;
    latest timestamptz;
begin
    if not pg_temp.hold(registry) then
        return;
    end if;
    with batch as ({batch}),
    stored as (
        insert into reading ({columns})
        select stay_id, kind, measured_at, device_no, value, received_at, validity, nullif(quality, -1)
        from batch order by stay_id, kind, measured_at, device_no, n
        on conflict do nothing
        returning {columns}
    ), request as (
        select stay_id, measured_at as since from stored
    ), late as (
        select mark_late(array_agg(stay_id), array_agg(measured_at)) from stored
    ), {follow}
    select (select count(*) from stored) into counted
    from (select count(*) from told) as announced, (select count(*) from late) as marked;
    if counted < expected then
        -- The bounds let the server look into the days of the batch alone, however many there are.
        with batch as ({batch}) select min(measured_at), max(measured_at) into earliest, latest from batch;
        with batch as ({batch})
        select coalesce(array_agg(batch.n order by batch.n), differing) into differing
        from batch join reading using (stay_id, kind, measured_at, device_no)
        where reading.value is distinct from batch.value
            and reading.measured_at >= earliest and reading.measured_at <= latest;
    end if;
    return query select counted, differing;
end $body$
"""
_BATCH_OF_ARRAYS = "select * from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11) as batch(n, {columns})"
_BATCH_OF_STAGE = "select * from stage"
_MAKE_STAGE = b"""
create temp table if not exists stage (
    n int4, stay_id int8, kind int2, measured_at timestamptz, device_no int8, value float8,
    received_at timestamptz, validity int2, quality int2
) on commit delete rows
"""
_MAKE_FOLLOW = """
create or replace function pg_temp.follow ({arrays}, int8[], timestamptz[], int8[], timestamptz[])
returns void language plpgsql as $body$
#variable_conflict use_column
declare
    announced bigint;
begin
    perform mark_late($11, $12);
    with batch as (
        select stay_id, kind, measured_at, device_no, value, received_at, validity, nullif(quality, -1) as quality
        from unnest($1, $2, $3, $4, $5, $6, $7, $8) as batch({columns})
    ), request as (
        select * from unnest($9, $10) as request(stay_id, since)
    ), {follow}
    select count(*) into announced from told;
end $body$
"""
_FROM_ARRAYS = b"select newly, contradicting from pg_temp.store_arrays(%s, %s, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
_FROM_STAGE = b"select newly, contradicting from pg_temp.store_stage(%s, %s)"
_THEN_FOLLOW = b"select pg_temp.follow(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
# A device that says nothing of quality leaves the column empty, and COPY has one form for all its rows.
_COPY_WITH = (
    b"copy reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality) from stdin binary"
)
_COPY_WITHOUT = b"copy reading (stay_id, kind, measured_at, device_no, value, received_at, validity) from stdin binary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Accepted readings as columns of one length; times in microseconds since 1970.

    `quality` is 0-100, or -1 when the device did not say.
    """

    stay_id: Column
    kind: Column
    measured_us: Column
    device_no: Column
    value: Column
    received_us: Column
    validity: Column
    quality: Column

    def __len__(self) -> int:
        """Return the number of readings."""
        return len(self.stay_id)

    def columns(self) -> tuple[Column, ...]:
        """Return the columns in the order of the table."""
        return (
            self.stay_id, self.kind, self.measured_us, self.device_no,
            self.value, self.received_us, self.validity, self.quality,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """What became of a batch: newly stored rows, and the row numbers that contradict what is stored."""

    stored: int
    conflicts: tuple[int, ...]


async def prepare(conn: Connection) -> None:
    """Make the connection ready, once, before the first batch: the staging table, the functions."""
    register(conn.adapters)
    await conn.execute(_MAKE_STAGE)
    await conn.execute(_HOLD.format(**_NAMES).encode())
    follow = _FOLLOW.format(source="batch", **_NAMES)
    await conn.execute(_MAKE_FOLLOW.format(arrays=_ARRAYS, follow=follow, **_NAMES).encode())
    follow = _FOLLOW.format(source="stored", **_NAMES)
    for name, arrays, batch in (
        ("store_arrays", f", int4[], {_ARRAYS}", _BATCH_OF_ARRAYS.format(**_NAMES)),
        ("store_stage", "", _BATCH_OF_STAGE),
    ):
        made = _STORE.format(name=name, arrays=arrays, batch=batch, follow=follow, **_NAMES)
        await conn.execute(made.encode())


async def insert_batch(conn: Connection, rows: Rows, registry_version: int) -> Inserted | None:
    """Store a batch and announce its stays: in the caller's transaction, or in one of its own where there is none.

    Returns
    -------
    Inserted or None
        None, and nothing is stored, when devices or bindings are no longer as of `registry_version`.

    Raises
    ------
    psycopg.errors.CheckViolation
        If a day has no partition yet (`migrate.ensure_partitions`).
    """
    if len(rows) < COPY_FROM:
        numbered = ((INT4, np.arange(len(rows))), *zip(_TYPES, rows.columns(), strict=True))
        arrays = tuple(array(kind, column) for kind, column in numbered)
        cursor = await conn.execute(_FROM_ARRAYS, (registry_version, len(rows), *arrays), prepare=True)
        row = await cursor.fetchone()
        return Inserted(stored=row[0], conflicts=tuple(row[1])) if row else None
    try:
        return await _insert_new(conn, rows, registry_version)
    except UniqueViolation:
        return await _insert_staged(conn, rows, registry_version)


async def _insert_new(conn: Connection, rows: Rows, registry_version: int) -> Inserted | None:
    """Store a batch of which nothing is stored yet.

    Raises
    ------
    psycopg.errors.UniqueViolation
        If a reading is stored already, or is in the batch twice; nothing is stored then.
    """
    async with conn.transaction(), conn.cursor() as cursor:
        await cursor.execute("select pg_temp.hold(%s)", (registry_version,), prepare=True)
        row = await cursor.fetchone()
        if row is None or not row[0]:
            return None
        order = np.lexsort((rows.device_no, rows.measured_us, rows.kind, rows.stay_id))
        columns = tuple(column[order] for column in rows.columns())
        said = columns[-1] >= 0
        for chosen, statement, width in ((said, _COPY_WITH, 8), (~said, _COPY_WITHOUT, 7)):
            if chosen.any():
                parts = columns[:width] if chosen.all() else tuple(column[chosen] for column in columns[:width])
                async with cursor.copy(statement) as copy:
                    await copy.write(copy_rows(_TYPES[:width], parts))
        newest = tuple(array(kind, column) for kind, column in zip(_TYPES, _newest(columns), strict=True))
        pairs = (*_requests(columns), *_hours(columns))
        await cursor.execute(
            _THEN_FOLLOW,
            (*newest, *(array(kind, each) for kind, each in zip(_PAIRS, pairs, strict=True))),
            prepare=True,
        )
    return Inserted(stored=len(rows), conflicts=())


async def _insert_staged(conn: Connection, rows: Rows, registry_version: int) -> Inserted | None:
    """Store a batch of which some may be stored already."""
    async with conn.transaction(), conn.cursor() as cursor:
        async with cursor.copy("copy stage from stdin (format binary)") as copy:
            await copy.write(copy_rows((INT4, *_TYPES), (np.arange(len(rows)), *rows.columns())))
        await cursor.execute(_FROM_STAGE, (registry_version, len(rows)))
        row = await cursor.fetchone()
    return Inserted(stored=row[0], conflicts=tuple(row[1])) if row else None


def _newest(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the last row of each stay and kind of columns that are in the order of the key."""
    stay_id, kind = columns[0], columns[1]
    last = np.append((stay_id[1:] != stay_id[:-1]) | (kind[1:] != kind[:-1]), True)
    return tuple(column[last] for column in columns)


def _hours(columns: tuple[Column, ...]) -> tuple[Column, Column]:
    """Return the hours of each stay that have readings, as when they begin."""
    pairs = np.unique(np.stack((columns[0], columns[2] // _HOUR_US)), axis=1).astype(np.int64)
    return pairs[0], pairs[1] * _HOUR_US


def _requests(columns: tuple[Column, ...]) -> tuple[Column, Column]:
    """Return each stay and the earliest time of it, of columns that are in the order of the key."""
    stays, first = np.unique(columns[0], return_index=True)
    since_us = np.minimum.reduceat(columns[2], first).astype(np.int64)
    return stays.astype(np.int64), since_us
