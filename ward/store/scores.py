"""Scores over time. Written by the evaluation when they change; the caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.rows import class_row

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
    """Add scores; a stay scored again in the same microsecond keeps the first."""
    await conn.execute(
        """
        insert into score (stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail)
        select * from unnest(%s::bigint[], %s::timestamptz[], %s::smallint[], %s::smallint[], %s::text[],
            %s::smallint[], %s::jsonb[])
        on conflict do nothing
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


async def latest(conn: Connection, stay_ids: Sequence[StayId]) -> list[ScoreRow]:
    """Return the newest score of each of these stays that has one."""
    async with conn.cursor(row_factory=class_row(ScoreRow)) as cursor:
        await cursor.execute(
            """
            select s.stay_id, s.scored_at, s.total_min, s.total_max, s.risk, s.spo2_scale, s.detail::text as detail
            from unnest(%(stays)s::bigint[]) w(stay_id)
            cross join lateral (select * from score where score.stay_id = w.stay_id
                                order by scored_at desc limit 1) s
            """,
            {"stays": list(stay_ids)},
        )
        return await cursor.fetchall()


async def between(conn: Connection, stay_id: StayId, start: datetime, end: datetime) -> list[ScoreRow]:
    """Return a stay's scores from `start` until before `end`, and the one in force at `start`, oldest first."""
    async with conn.cursor(row_factory=class_row(ScoreRow)) as cursor:
        await cursor.execute(
            """
            select stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail::text as detail from score
            where stay_id = %(stay)s and scored_at < %(end)s and scored_at >= coalesce(
                (select max(scored_at) from score where stay_id = %(stay)s and scored_at <= %(start)s), %(start)s)
            order by scored_at
            """,
            {"stay": stay_id, "start": start, "end": end},
        )
        return await cursor.fetchall()
