"""Readings into the store: exactly once by key, with everything that depends on them in one transaction.

`insert_batch` stores the readings, the newest of each kind and the request to evaluate their stays, and announces
them. A repeat is harmless; the same key with another value is reported as a conflict and the stored value stays.
The invariant: nothing is stored by bindings that have changed since the caller read them.
"""

from dataclasses import dataclass

import numpy as np

from ward.store import bus, registry
from ward.store.columns import FLOAT8, INT2, INT4, INT8, TIMESTAMPTZ, Column, array, copy_rows, register
from ward.store.pool import Connection

# Below, array parameters are as quick as COPY and take one round trip (benchmarks/); above, COPY spares memory.
COPY_FROM = 4000
_TYPES = (INT4, INT8, INT2, TIMESTAMPTZ, INT8, FLOAT8, TIMESTAMPTZ, INT2, INT2)
_ARRAYS = "int4[], int8[], int2[], timestamptz[], int8[], float8[], timestamptz[], int2[], int2[]"
_UNNEST = (
    "select * from unnest($4, $5, $6, $7, $8, $9, $10, $11, $12)"
    " as batch(n, stay_id, kind, measured_at, device_no, value, received_at, validity, quality)"
)
_STAGE = "select * from stage"
# A function of the session, so that a batch is one statement and, outside a transaction, one of its own: begin, lock,
# check, insert, announce and commit one by one would have the writer wait and work several times as long. Statements
# inside see what was committed before them, so the version is read after the lock is held.
_MAKE_FUNCTION = """
create or replace function pg_temp.{name} (registry bigint, expected bigint, announced text[]{arrays})
returns table (newly bigint, contradicting int4[]) language plpgsql as $body$
#variable_conflict use_column
declare
    counted bigint;
    differing int4[] := '{{}}';
begin
    perform pg_advisory_xact_lock_shared({lock});
    if (select version from registry_version) is distinct from registry then
        return;
    end if;
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
    select count(*) into counted from stored;
    if counted < expected then
        with batch as ({source})
        select coalesce(array_agg(batch.n order by batch.n), differing) into differing
        from batch join reading using (stay_id, kind, measured_at, device_no)
        where reading.value is distinct from batch.value;
    end if;
    perform pg_notify('{channel}', payload) from unnest(announced) as payload;
    return query select counted, differing;
end $body$
"""
_MAKE_STAGE = """
create temp table if not exists stage (
    n int4, stay_id int8, kind int2, measured_at timestamptz, device_no int8, value float8,
    received_at timestamptz, validity int2, quality int2
) on commit delete rows
"""
_FROM_ARRAYS = "select newly, contradicting from pg_temp.store_arrays(%s, %s, %s, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
_FROM_STAGE = "select newly, contradicting from pg_temp.store_stage(%s, %s, %s)"


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
    """Make the connection ready, once, before the first batch: array parameters, the staging table, the functions."""
    register(conn)
    await conn.execute(_MAKE_STAGE)
    for name, arrays, source in (("store_arrays", f", {_ARRAYS}", _UNNEST), ("store_stage", "", _STAGE)):
        made = _MAKE_FUNCTION.format(
            name=name, arrays=arrays, source=source, lock=registry.LOCK, channel=bus.Channel.READINGS
        )
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
    columns = rows.columns()
    told = (registry_version, len(rows), bus.payloads(np.unique(rows.stay_id).tolist()))
    if len(rows) < COPY_FROM:
        arrays = tuple(array(kind, column) for kind, column in zip(_TYPES, columns, strict=True))
        cursor = await conn.execute(_FROM_ARRAYS.encode(), (*told, *arrays), prepare=True)
        row = await cursor.fetchone()
    else:
        async with conn.transaction():
            async with conn.cursor() as staging, staging.copy("copy stage from stdin (format binary)") as copy:
                await copy.write(copy_rows(_TYPES, columns))
            row = await (await conn.execute(_FROM_STAGE.encode(), told)).fetchone()
    return Inserted(stored=row[0], conflicts=tuple(row[1])) if row else None
