"""Scores into the store, by the evaluation, when they change. Reading them: `ward.store.tiles` and `series`."""

from collections.abc import Sequence
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


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """One score of one stay."""

    stay_id: StayId
    scored_at: datetime
    total_min: int
    total_max: int
    risk: str
    spo2_scale: int
    detail: ScoreDetail


async def insert(conn: Connection, rows: Sequence[ScoreRow]) -> None:
    """Add scores; a stay scored again in the same microsecond keeps the later one."""
    # As one text: lists of texts are quoted one by one, which took as long as judging some of the rules.
    await conn.execute(
        """
        insert into score (stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail)
        select * from json_to_recordset(%s::json) r(stay_id bigint, scored_at timestamptz, total_min smallint,
            total_max smallint, risk text, spo2_scale smallint, detail jsonb)
        on conflict (stay_id, scored_at) do update set total_min = excluded.total_min, total_max = excluded.total_max,
            risk = excluded.risk, spo2_scale = excluded.spo2_scale, detail = excluded.detail
        """,
        (msgspec.json.encode(rows).decode(),),
    )
