"""The last minutes of a few kinds of a few stays, for who must know at once. Reads only.

What a whole pass reads is `ward.store.evaluation.readings`; this is the same question about so little that one
statement, prepared once, answers it without a plan being made each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from ward.people import StayId
from ward.store.evaluation import ROW, Rows
from ward.store.pool import Connection

Cursor = AsyncCursor[TupleRow]

_COLUMNS = (
    "kind, (extract(epoch from measured_at) * 1000000)::int8, (extract(epoch from received_at) * 1000000)::int8,"
    " value, validity, coalesce(quality, -1)"
)
# The newest usable one before is what held when the time begins.
_QUERY = f"""
    select w.place, r.* from unnest(%(places)s::int4[], %(stays)s::int8[], %(kinds)s::int2[], %(since)s::timestamptz[])
        as w(place, stay_id, kind, since)
    cross join lateral (
        (select {_COLUMNS} from reading
         where stay_id = w.stay_id and kind = w.kind and measured_at >= w.since and measured_at >= %(earliest)s)
        union all
        (select {_COLUMNS} from reading
         where stay_id = w.stay_id and kind = w.kind and measured_at < w.since
             and measured_at >= w.since - interval '48 hours' and measured_at >= %(furthest)s
             and validity = any(%(usable)s::int2[])
         order by measured_at desc limit 1)
    ) r
""".encode()  # nosec B608  # noqa: S608 - a list of columns
_BEFORE = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One kind (its code) of one stay since a time; `place` tells the stay."""

    place: int
    stay_id: StayId
    kind: int
    since: datetime


async def ask(conn: Connection, wanted: Sequence[Wanted], usable: Sequence[int]) -> Cursor:
    """Ask for these readings with the newest usable one before each, so that other questions can go with it."""
    earliest = min(each.since for each in wanted)
    return await conn.execute(
        _QUERY,
        {
            "places": [each.place for each in wanted],
            "stays": [each.stay_id for each in wanted],
            "kinds": [each.kind for each in wanted],
            "since": [each.since for each in wanted],
            "earliest": earliest,
            "furthest": earliest - _BEFORE,
            "usable": list(usable),
        },
    )


async def answer(asked: Cursor) -> Rows:
    """Return what was asked for as `evaluation.ROW`, by stay, kind and time."""
    return np.array(sorted(await asked.fetchall()), ROW)
