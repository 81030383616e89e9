"""What waveforms tell, in and out of the store; and the waveforms that it is read from, of many stays at once.

Not here: the work list (`wave_due`), how features are found. The caller owns the transaction. The invariant: a cell's
rows are replaced together, so that what a late block has changed leaves nothing behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
import numpy.typing as npt

from ward.clock import from_us, to_us
from ward.people import StayId
from ward.store import partitions
from ward.store.columns import FLOAT8, INT2, INT4, TIMESTAMPTZ, instants, read_arrays, sent_arrays
from ward.store.pool import Connection
from ward.store.waveform_reads import MICROSECONDS, WINDOW, Stored, stored
from ward.wave_features import CODES, FeatureRow, Strip
from ward.waveforms import LOOKED_AT, MOST_S, WAVES

_ALL = list(CODES.values())
_DELETE = """
    delete from wave_feature f using unnest(%(stay)s::bigint[], %(at)s::timestamptz[]) as d(stay_id, at)
    where f.stay_id = d.stay_id and f.at = d.at and f.feature = any(%(all)s::smallint[])
        and f.at >= %(earliest)s and f.at <= %(latest)s
"""
_INSERT = """
    insert into wave_feature (stay_id, feature, at, value, quality, reasons, lead, strip)
    select * from unnest(%(stay)s::bigint[], %(feature)s::smallint[], %(at)s::timestamptz[], %(value)s::float8[],
        %(quality)s::real[], %(reasons)s::int[], %(lead)s::text[], %(strip)s::jsonb[])
"""
_ROWS = """
    from unnest(%(stays)s::bigint[], %(since)s::timestamptz[]) with ordinality as w(stay_id, since, n)
    join wave_due d using (stay_id)
    cross join lateral (
        select * from wave_feature where wave_feature.stay_id = d.stay_id and feature = any(%(features)s::smallint[])
            and at > w.since and at > %(earliest)s::timestamptz
    ) f
"""
_TYPES = {"place": INT4, "feature": INT2, "at_us": TIMESTAMPTZ, "value": FLOAT8, "quality": FLOAT8, "reasons": INT4}
_SERIES = f"""
    select {sent_arrays(_TYPES)} from (
        select (w.n - 1)::int4 as place, f.feature, f.at as at_us, f.value, f.quality::float8 as quality, f.reasons
        {_ROWS} order by 1, 2, 3
    ) f
""".encode()  # nosec B608  # noqa: S608 - put together from this module's own text
_STRIPS = f"""
    select (w.n - 1)::int4, f.feature, f.at, f.strip::text {_ROWS} where f.strip is not null
""".encode()
_OVERLAPS = """
    stay_id = w.stay_id and kind = any(%(kinds)s::smallint[]) and measured_at < w.until and ends_at > w.since
    and measured_at > w.since - %({back})s::interval and measured_at > %({earliest})s and measured_at < %(latest)s
"""
_COMMON = 'kind, lead, device_no, fs_hz, unit, scale, "offset", samples, codec, data'
_PIECES = f"""
    with w as materialized (
        select * from unnest(%(stays)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[])
            as w(stay_id, since, until)
    )
    select w.stay_id, {_COMMON}, {MICROSECONDS.format("measured_at")}, null::bytea, {MICROSECONDS.format("received_at")}
    from w cross join lateral (
        select {_COMMON}, measured_at, received_at from waveform_block
        where {_OVERLAPS.format(back="block", earliest="block_from")}
    ) b
    union all
    select w.stay_id, {_COMMON}, {MICROSECONDS.format("measured_at")}, parts, null
    from w cross join lateral (
        select {_COMMON}, measured_at, parts from waveform_stretch
        where {_OVERLAPS.format(back="stretch", earliest="stretch_from")}
    ) s
""".encode()  # nosec B608  # noqa: S608 - put together from this module's own text
_LONGEST_BLOCK = timedelta(seconds=MOST_S)
_LONGEST_STRETCH = _LONGEST_BLOCK + WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What of one stay's waveforms is asked for."""

    stay_id: StayId
    since: datetime
    until: datetime


async def replace(
    conn: Connection, cells: Mapping[StayId, Sequence[int]], rows: Sequence[tuple[StayId, FeatureRow]]
) -> None:
    """Write the features of cells, given by their ends (microseconds since 1970), in place of what was there."""
    pairs = [(stay_id, from_us(at_us)) for stay_id, each in cells.items() for at_us in each]
    if not pairs:
        return
    times = [at for _, at in pairs]
    await partitions.ensure(conn, partitions.FEATURE, {at.date() for at in times})
    bounds = {"earliest": min(times), "latest": max(times), "all": _ALL}
    await conn.execute(_DELETE, {"stay": [stay_id for stay_id, _ in pairs], "at": times, **bounds})
    if not rows:
        return
    await conn.execute(
        _INSERT,
        {
            "stay": [stay_id for stay_id, _ in rows],
            "feature": [CODES[row.feature] for _, row in rows],
            "at": [from_us(row.at_us) for _, row in rows],
            "value": [row.value for _, row in rows],
            "quality": [row.quality for _, row in rows],
            "reasons": [row.reasons for _, row in rows],
            "lead": [row.lead for _, row in rows],
            "strip": [None if row.strip is None else _json(row.strip) for _, row in rows],
        },
    )


def _json(strip: Strip) -> str:
    return msgspec.json.encode(strip).decode()


async def rows(
    conn: Connection, stay_ids: Sequence[StayId], since: Sequence[datetime], features: Sequence[int]
) -> npt.NDArray[np.void]:
    """Return these features (their codes) of stays, each stay's later than its own time, as a structured array.

    Sorted by `place`, which is that of the stay in `stay_ids`, `feature` and `at_us`, microseconds since 1970; with
    `value`, `quality` and `reasons`.
    """
    cursor = await conn.execute(_SERIES, _parameters(stay_ids, since, features), prepare=True)
    return read_arrays(_TYPES, await cursor.fetchone())


async def strips(
    conn: Connection, stay_ids: Sequence[StayId], since: Sequence[datetime], features: Sequence[int]
) -> dict[tuple[int, int, int], Strip]:
    """Return the strips of the same rows, by place, feature and time."""
    cursor = await conn.execute(_STRIPS, _parameters(stay_ids, since, features))
    return {
        (place, feature, to_us(at)): msgspec.json.decode(kept, type=Strip)
        for place, feature, at, kept in await cursor.fetchall()
    }


def _parameters(stay_ids: Sequence[StayId], since: Sequence[datetime], features: Sequence[int]) -> dict[str, object]:
    return {"stays": list(stay_ids), "since": instants(since), "earliest": min(since), "features": list(features)}


async def waveforms(conn: Connection, spans: Sequence[Span]) -> list[tuple[StayId, Stored]]:
    """Return the rows with ECG or PPG of these spans, still encoded; they reach beyond them."""
    if not spans:
        return []
    first, last = min(each.since for each in spans), max(each.until for each in spans)
    parameters = {
        "stays": [each.stay_id for each in spans],
        "since": [each.since for each in spans],
        "until": [each.until for each in spans],
        "kinds": [WAVES[kind].code for kind in sorted(LOOKED_AT)],
        "block": _LONGEST_BLOCK,
        "stretch": _LONGEST_STRETCH,
        "block_from": first - _LONGEST_BLOCK,
        "stretch_from": first - _LONGEST_STRETCH,
        "latest": last,
    }
    cursor = await conn.execute(_PIECES, parameters, binary=True)
    return [(StayId(stay_id), stored(tuple(columns))) for stay_id, *columns in await cursor.fetchall()]
