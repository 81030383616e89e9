"""Readings of many stays by the quarter of an hour or by the hour, in one statement: what trends are judged by.

Aggregates where they are right, readings everywhere else, as in `ward.store.series`, but for a batch of stays and out
of one snapshot, so that no hour is counted twice or not at all while `rolled_until` moves. The invariant: the answer is
that of the readings, sums to the last digits of a double, the rest exactly; where readings have been dropped, that of
the aggregates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from psycopg import sql

from ward.people import StayId
from ward.store.columns import FLOAT8, INT2, INT4, INT8, TIMESTAMPTZ, read_array
from ward.store.pool import Connection
from ward.store.rollups import LEVELS, Level
from ward.vitals import USABLE

QUARTER: Final = LEVELS[1]
HOURLY: Final = LEVELS[2]
_TYPES: Final = {
    "place": INT4, "kind": INT2, "start_us": TIMESTAMPTZ, "n": INT8, "total": FLOAT8, "low": FLOAT8, "high": FLOAT8,
}  # fmt: skip
_ROW: Final = np.dtype([(name, each.dtype.replace(">", "=")) for name, each in _TYPES.items()])
# All of it comes as one row of arrays: a row for each step would cost more on the way than what is in it.
# `offset 0` keeps each stay's part a walk along its index: joined, whole partitions would be read for a few stays.
_READ = sql.SQL("""
    with wanted as materialized (
        select (n - 1)::int4 as place, stay_id, kind, since, until
        from unnest(%(stays)s::bigint[], %(kinds)s::smallint[], %(since)s::timestamptz[], %(until)s::timestamptz[])
            with ordinality as w (stay_id, kind, since, until, n)
    ), state as materialized (
        select rolled_until, dropped_until from rollup_state
    ), marked as materialized (
        select distinct p.stay_id, p.hour from rollup_pending p, state s
        where p.hour >= s.dropped_until and p.hour > (select min(since) from wanted) - interval '1 hour'
            and (p.stay_id is null or p.stay_id = any(%(stays)s::bigint[]))
    )
    select array_send(array_agg(place)), array_send(array_agg(kind)), array_send(array_agg(bucket)),
        array_send(array_agg(n)), array_send(array_agg(total)), array_send(array_agg(low)), array_send(array_agg(high))
    from (
    select place, kind, bucket, sum(n)::bigint as n, sum(total) as total, min(low) as low, max(high) as high from (
        select w.place, w.kind, r.bucket, r.n, r.total, r.low, r.high
        from wanted w cross join state s cross join lateral (
            select bucket, n::bigint as n, total, low, high from {level} l
            where l.stay_id = w.stay_id and l.kind = w.kind and l.bucket >= w.since
                and l.bucket < least(w.until, s.rolled_until) offset 0
        ) r
        where not exists (
            select from marked m where (m.stay_id = w.stay_id or m.stay_id is null)
                and r.bucket >= m.hour and r.bucket < m.hour + interval '1 hour')
        union all
        select w.place, w.kind, date_bin(%(step)s, r.measured_at, 'epoch'), 1::bigint, r.value, r.value, r.value
        from wanted w cross join state s cross join lateral (
            select measured_at, value from reading l
            where l.stay_id = w.stay_id and l.kind = w.kind and l.measured_at >= greatest(w.since, s.rolled_until)
                and l.measured_at < w.until and l.validity = any(%(usable)s) offset 0
        ) r
        union all
        select w.place, w.kind, date_bin(%(step)s, r.measured_at, 'epoch'), 1::bigint, r.value, r.value, r.value
        from wanted w cross join state s
        join marked m on (m.stay_id = w.stay_id or m.stay_id is null) and m.hour < w.until
            and m.hour > w.since - interval '1 hour' and not exists (
                select from marked o where m.stay_id is not null and o.stay_id is null and o.hour = m.hour)
        cross join lateral (
            select measured_at, value from reading l
            where l.stay_id = w.stay_id and l.kind = w.kind and l.measured_at >= greatest(w.since, m.hour)
                and l.measured_at < least(w.until, s.rolled_until, m.hour + interval '1 hour')
                and l.validity = any(%(usable)s) offset 0
        ) r
    ) p group by 1, 2, 3 order by 1, 2, 3
    ) q
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One kind (its code) of one stay from `since` until before `until`, both whole steps."""

    stay_id: StayId
    kind: int
    since: datetime
    until: datetime


async def read(conn: Connection, wanted: Sequence[Wanted], level: Level = QUARTER) -> npt.NDArray[np.void]:
    """Return the steps in which usable values were measured, by place in `wanted` and time.

    A row has `place`, `kind`, `start_us` (microseconds since 1970), `n`, `total`, `low` and `high`.
    """
    parameters = {
        "stays": [each.stay_id for each in wanted],
        "kinds": [each.kind for each in wanted],
        "since": [each.since for each in wanted],
        "until": [each.until for each in wanted],
        "step": level.step,
        "usable": [each.value for each in USABLE],
    }
    query = _READ.format(level=sql.Identifier(level.table))
    row = await (await conn.execute(query, parameters, binary=True)).fetchone()
    columns = [read_array(each, sent) for each, sent in zip(_TYPES.values(), row or (), strict=True)]
    found = np.empty(len(columns[0]), _ROW)
    for name, column in zip(_TYPES, columns, strict=True):
        found[name] = column
    return found
