"""Readings into the store: exactly once by key, with everything that depends on them in one transaction.

`begin_insert` sends the readings, the newest of each kind, and the request to evaluate their stays.
A repeat is harmless; the same key with another value is reported as a conflict and stored value stays.
"""

from dataclasses import dataclass

import numpy as np
from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from ward.store import bus
from ward.store.columns import FLOAT8, INT2, INT4, INT8, TIMESTAMPTZ, Array, Column, array, copy_rows, register
from ward.store.pool import Connection

# Up to here one statement with array parameters is quicker; above, COPY into a staging table (benchmarks/).
_COPY_FROM = 400
_TYPES = (INT4, INT8, INT2, TIMESTAMPTZ, INT8, FLOAT8, TIMESTAMPTZ, INT2, INT2)
_UNNEST = (
    "select * from unnest(%b::int4[], %b::int8[], %b::int2[], %b::timestamptz[], %b::int8[], %b::float8[],"
    " %b::timestamptz[], %b::int2[], %b::int2[])"
    " as batch(n, stay_id, kind, measured_at, device_no, value, received_at, validity, quality)"
)
_STAGE = "select * from stage"
_INSERT = """
with batch as ({source}),
stored as (
    insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)
    select stay_id, kind, measured_at, device_no, value, received_at, validity, nullif(quality, -1)
    from batch order by stay_id, kind, measured_at, device_no, n
    on conflict do nothing
    returning stay_id, kind, measured_at, device_no, value, received_at, validity, quality
), newest as (
    insert into latest_reading as l (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)
    select distinct on (stay_id, kind) stay_id, kind, measured_at, device_no, value, received_at, validity, quality
    from stored order by stay_id, kind, measured_at desc, device_no desc
    on conflict (stay_id, kind) do update set
        measured_at = excluded.measured_at, device_no = excluded.device_no, value = excluded.value,
        received_at = excluded.received_at, validity = excluded.validity, quality = excluded.quality
    where (excluded.measured_at, excluded.device_no) > (l.measured_at, l.device_no)
), requested as (
    insert into evaluation_request (stay_id, since) select stay_id, min(measured_at) from stored group by stay_id
)
select count(*) from stored
"""
_CONFLICTS = """
with batch as ({source})
select batch.n from batch join reading using (stay_id, kind, measured_at, device_no)
where reading.value is distinct from batch.value order by batch.n
"""
_INSERT_UNNEST, _INSERT_STAGE = _INSERT.format(source=_UNNEST), _INSERT.format(source=_STAGE)
_CONFLICTS_UNNEST, _CONFLICTS_STAGE = _CONFLICTS.format(source=_UNNEST), _CONFLICTS.format(source=_STAGE)
_MAKE_STAGE = """
create temp table if not exists stage (
    n int4, stay_id int8, kind int2, measured_at timestamptz, device_no int8, value float8,
    received_at timestamptz, validity int2, quality int2
) on commit delete rows
"""


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
        """Return the columns in the order of the staging table, row numbers first."""
        numbers = np.arange(len(self), dtype=np.int64)
        return (
            numbers, self.stay_id, self.kind, self.measured_us, self.device_no,
            self.value, self.received_us, self.validity, self.quality,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """What became of a batch: newly stored rows, and the row numbers that contradict what is stored."""

    stored: int
    conflicts: tuple[int, ...]


async def prepare(conn: Connection) -> None:
    """Make the connection ready, once, before the first batch: array parameters and the staging table."""
    register(conn)
    await conn.execute(_MAKE_STAGE)


Begun = tuple[AsyncCursor[TupleRow], tuple[Array, ...]]


def copies(rows: Rows) -> bool:
    """Tell whether a batch is large enough for COPY, which cannot run inside a pipeline."""
    return len(rows) >= _COPY_FROM


async def begin_insert(conn: Connection, rows: Rows) -> Begun:
    """Send a batch in the caller's transaction and announce its stays; inside a pipeline it does not wait.

    Raises
    ------
    psycopg.errors.CheckViolation
        If a day has no partition yet (`migrate.ensure_partitions`).
    """
    columns = rows.columns()
    if copies(rows):
        async with conn.cursor() as cursor, cursor.copy("copy stage from stdin (format binary)") as copy:
            await copy.write(copy_rows(_TYPES, columns))
        begun: Begun = await conn.execute(_INSERT_STAGE.encode()), ()
    else:
        arrays = tuple(array(kind, column) for kind, column in zip(_TYPES, columns, strict=True))
        begun = await conn.execute(_INSERT_UNNEST.encode(), arrays), arrays
    await bus.announce(conn, bus.Channel.READINGS, np.unique(rows.stay_id).tolist())
    return begun


async def finish_insert(conn: Connection, rows: Rows, begun: Begun) -> Inserted:
    """Return what became of a batch that was begun in the same transaction."""
    cursor, arrays = begun
    counted = await cursor.fetchone()
    stored = int(counted[0]) if counted else 0
    if stored == len(rows):
        return Inserted(stored=stored, conflicts=())
    conflicting = _CONFLICTS_UNNEST if arrays else _CONFLICTS_STAGE
    found = await (await conn.execute(conflicting.encode(), arrays or None)).fetchall()
    return Inserted(stored=stored, conflicts=tuple(row[0] for row in found))


async def insert_batch(conn: Connection, rows: Rows) -> Inserted:
    """Store a batch in the caller's transaction (`begin_insert`, then `finish_insert`)."""
    return await finish_insert(conn, rows, await begin_insert(conn, rows))
