"""Scores into the store, by the evaluation, when they change. Reading them: `ward.store.tiles` and `series`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ward.people import StayId
from ward.store.pool import Connection


class PointRange(msgspec.Struct, frozen=True):
    """The least and greatest points of one part."""

    min: int
    max: int


class ScoreDetail(msgspec.Struct, frozen=True):
    """What the `detail` of a score holds; part names as in the NEWS2 chart."""

    parts: dict[str, PointRange]
    missing: list[str]
    stale: list[str]
    settles: str | None
    single_three: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One score of one stay; `detail` is JSON of `ScoreDetail`."""

    stay_id: StayId
    scored_at: datetime
    total_min: int
    total_max: int
    risk: str
    spo2_scale: int
    detail: str


async def insert(conn: Connection, rows: Sequence[ScoreRow]) -> None:
    """Add scores; a stay scored again in the same microsecond keeps the later one."""
    await conn.execute(
        """
        insert into score (stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail)
        select * from unnest(%s::bigint[], %s::timestamptz[], %s::smallint[], %s::smallint[], %s::text[],
            %s::smallint[], %s::jsonb[])
        on conflict (stay_id, scored_at) do update set total_min = excluded.total_min, total_max = excluded.total_max,
            risk = excluded.risk, spo2_scale = excluded.spo2_scale, detail = excluded.detail
        """,
        (
            [row.stay_id for row in rows],
            [row.scored_at for row in rows],
            [row.total_min for row in rows],
            [row.total_max for row in rows],
            [row.risk for row in rows],
            [row.spo2_scale for row in rows],
            [row.detail for row in rows],
        ),
    )
