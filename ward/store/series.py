"""Vitals and scores of one stay over time, raw or in buckets.

Invalid values are in no bucket, and a bucket in which nothing was measured is not made up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import sql

from ward.people import StayId
from ward.store import buckets, rollups
from ward.store.pool import Connection
from ward.vitals import USABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class RawSeries:
    """The readings of one kind (its code), oldest first. `t_ms` is milliseconds since 1970.

    `by_hand` tells which of them people entered.
    """

    kind: int
    t_ms: list[int]
    value: list[float]
    validity: list[int]
    by_hand: list[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSeries:
    """Buckets of one kind (its code), oldest first; `t_ms` is where each bucket starts."""

    kind: int
    t_ms: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]
    count: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSeries:
    """Scores, oldest first; `parts` are the points of each parameter, as they are kept with each score."""

    t_ms: list[int]
    low: list[int]
    high: list[int]
    risk: list[str]
    parts: list[dict[str, dict[str, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One stay's kinds (codes) from `start` until before `end`."""

    stay_id: StayId
    kinds: Sequence[int]
    start: datetime
    end: datetime

    def parameters(self) -> dict[str, object]:
        """Return the span as query parameters."""
        return {"stay": self.stay_id, "kinds": list(self.kinds), "start": self.start, "end": self.end}


_RAW = b"""
    select kind, array_agg((extract(epoch from measured_at) * 1000)::bigint order by measured_at, device_no),
           array_agg(value order by measured_at, device_no), array_agg(validity order by measured_at, device_no),
           array_agg(device_no = 0 order by measured_at, device_no)
    from (
        select * from reading
        where stay_id = %(stay)s and kind = any(%(kinds)s) and measured_at >= %(start)s and measured_at < %(end)s
        order by measured_at desc limit %(limit)s
    ) newest group by kind order by kind
"""

_BUCKETS = """
    select kind, array_agg((extract(epoch from at) * 1000)::bigint order by at), array_agg(mean order by at),
           array_agg(low order by at), array_agg(high order by at), array_agg(n order by at)
    from (
        select kind, date_bin(%(step)s, bucket, 'epoch') as at,
               sum(total) / sum(n) as mean, min(low) as low, max(high) as high, sum(n)::bigint as n
        from ({pieces}) p group by 1, 2
    ) b group by kind order by kind
"""
_FROM_READINGS = sql.SQL(
    "select kind, measured_at as bucket, 1::bigint as n, value as total, value as low, value as high from reading"
    " where stay_id = %(stay)s and kind = any(%(kinds)s) and measured_at >= {start} and measured_at < {end}"
    " and validity = any(%(usable)s)"
)
_FROM_LEVEL = sql.SQL(
    "select kind, bucket, n::bigint, total, low, high from {level}"
    " where stay_id = %(stay)s and kind = any(%(kinds)s) and bucket >= {start} and bucket < {end}"
)
_FROM_MINUTES = sql.SQL(
    "select kind, bucket, n, total, low, high from rollup_minutes_of(%(stay)s, %(kinds)s::smallint[], {start}, {end})"
)
_PENDING = """
    select array(select distinct hour from rollup_pending
                 where (stay_id = %(stay)s or stay_id is null) and hour > %(start)s::timestamptz - interval '1 hour'
                 and hour < %(end)s)
"""


async def read_raw(conn: Connection, span: Span, limit: int) -> list[RawSeries]:
    """Return readings as they are, at most the newest `limit` of all kinds together."""
    cursor = await conn.execute(_RAW, {**span.parameters(), "limit": limit}, binary=True)
    return [
        RawSeries(kind=kind, t_ms=t_ms, value=value, validity=validity, by_hand=by_hand)
        for kind, t_ms, value, validity, by_hand in await cursor.fetchall()
    ]


async def read_buckets(conn: Connection, span: Span, step: timedelta) -> list[BucketSeries]:
    """Return buckets of `step`, aligned to 1970; a bucket without a usable value is left out.

    The answer is that of the readings, whatever has been rolled up: means to the last digits of a double, the rest
    exactly. Where readings have been dropped it is that of the aggregates.
    """
    state = await rollups.state(conn)
    row = await (await conn.execute(_PENDING.encode(), span.parameters())).fetchone()
    pending = row[0] if row else []
    parts = [_select(piece) for piece in buckets.cut(span.start, span.end, step, state, pending)]
    query = sql.SQL(_BUCKETS).format(pieces=sql.SQL(" union all ").join(parts))
    parameters = {**span.parameters(), "step": step, "usable": [each.value for each in USABLE]}
    cursor = await conn.execute(query, parameters, binary=True)
    return [
        BucketSeries(kind=kind, t_ms=t_ms, mean=mean, low=low, high=high, count=count)
        for kind, t_ms, mean, low, high, count in await cursor.fetchall()
    ]


def _select(piece: buckets.Piece) -> sql.Composed:
    bounds = {name: sql.Literal(at) for name, at in (("start", piece.start), ("end", piece.end))}
    if piece.level is None:
        return _FROM_READINGS.format(**bounds)
    if piece.level is rollups.LEVELS[0]:
        return _FROM_MINUTES.format(**bounds)
    return _FROM_LEVEL.format(level=sql.Identifier(piece.level.table), **bounds)


async def read_scores(conn: Connection, span: Span, limit: int) -> ScoreSeries:
    """Return the newest `limit` scores of a span; its kinds are not looked at."""
    cursor = await conn.execute(
        "select (extract(epoch from scored_at) * 1000)::bigint, total_min, total_max, risk,"
        " coalesce(detail -> 'parts', '{}') from score"
        " where stay_id = %(stay)s and scored_at >= %(start)s and scored_at < %(end)s"
        " order by scored_at desc limit %(limit)s",
        {**span.parameters(), "limit": limit},
        binary=True,
    )
    rows = (await cursor.fetchall())[::-1]
    return ScoreSeries(
        t_ms=[row[0] for row in rows],
        low=[row[1] for row in rows],
        high=[row[2] for row in rows],
        risk=[row[3] for row in rows],
        parts=[row[4] for row in rows],
    )
