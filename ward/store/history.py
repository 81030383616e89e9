"""Readings of many stays over a long time, for a back-test: a column per stay and kind, packed by the server.

A row per reading would cost more to send than to judge; the server packs each stay's readings of a kind into bytes
instead. The caller owns the transaction. The invariant: what is returned is exactly the readings asked for whose
`measured_at` lies in the span, on event time (the earlier of measured and received), never falling.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from ward.people import StayId
from ward.store.columns import TIMESTAMPTZ
from ward.store.pool import Connection
from ward.vitals import Validity

_ROW = np.dtype([("t_us", ">i8"), ("value", ">f8"), ("quality", ">i2")])

_PACKED = b"""
select r.stay_id, r.kind,
    string_agg(timestamptz_send(least(r.measured_at, r.received_at)) || float8send(r.value)
               || int2send(coalesce(r.quality, -1::smallint)), ''::bytea) as packed
from reading r
where r.stay_id = any(%(stays)s::bigint[]) and r.kind = any(%(kinds)s::smallint[])
    and r.measured_at >= %(start)s and r.measured_at < %(end)s and r.validity = any(%(validities)s::smallint[])
group by r.stay_id, r.kind
"""

_NEWEST = b"""
select w.stay_id, w.kind,
    timestamptz_send(r.event_at) || float8send(r.value) || int2send(coalesce(r.quality, -1::smallint)) as packed
from (select s as stay_id, k as kind from unnest(%(stays)s::bigint[]) s cross join unnest(%(kinds)s::smallint[]) k) w
cross join lateral (
    select least(measured_at, received_at) as event_at, value, quality from reading
    where reading.stay_id = w.stay_id and reading.kind = w.kind and measured_at < %(before)s
        and measured_at >= %(before)s::timestamptz - interval '48 hours' and validity = any(%(validities)s::smallint[])
    order by measured_at desc limit 1
) r
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One stay's readings of one kind (its code).

    t_us : (n,) int64, microseconds since 1970, never falling
    value : (n,) float64, canonical unit; quality : (n,) int16, 0-100, -1 where the device did not say
    """

    stay_id: StayId
    kind: int
    t_us: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.int16]


async def courses(
    conn: Connection,
    stay_ids: Sequence[StayId],
    kinds: Sequence[int],
    span: tuple[datetime, datetime],
    validities: Collection[Validity],
) -> list[Course]:
    """Return the readings of these stays, kinds (codes) and validities, measured within (from, until before)."""
    cursor = await conn.execute(
        _PACKED,
        {
            "stays": list(stay_ids),
            "kinds": list(kinds),
            "start": span[0],
            "end": span[1],
            "validities": [each.value for each in validities],
        },
        binary=True,
    )
    return [_course(StayId(stay_id), kind, packed) for stay_id, kind, packed in await cursor.fetchall()]


async def newest(
    conn: Connection,
    stay_ids: Sequence[StayId],
    kinds: Sequence[int],
    before: datetime,
    validities: Collection[Validity],
) -> list[Course]:
    """Return each stay's newest such reading of each kind measured before an instant, at most 48 hours earlier."""
    cursor = await conn.execute(
        _NEWEST,
        {
            "stays": list(stay_ids),
            "kinds": list(kinds),
            "before": before,
            "validities": [each.value for each in validities],
        },
        binary=True,
    )
    return [_course(StayId(stay_id), kind, packed) for stay_id, kind, packed in await cursor.fetchall()]


def _course(stay_id: StayId, kind: int, packed: bytes) -> Course:
    """Unpack one column, by time; readings of one instant are all of them there."""
    rows = np.frombuffer(packed, _ROW)
    t_us = rows["t_us"].astype(np.int64) - TIMESTAMPTZ.shift
    value = rows["value"].astype(np.float64)
    quality = rows["quality"].astype(np.int16)
    if not (t_us[1:] >= t_us[:-1]).all():
        order = np.argsort(t_us, kind="stable")
        t_us, value, quality = t_us[order], value[order], quality[order]
    return Course(stay_id=stay_id, kind=kind, t_us=t_us, value=value, quality=quality)
