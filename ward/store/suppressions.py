"""What was held back, from when to when, by which rule and why. What is held at all: `alerting.suppress`.

One row an episode: it begins when a finding is held for the first time and ends when it is not held any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.people import StayId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A finding that is held now."""

    stay_id: StayId
    rule: str
    family: str
    priority: int
    by_rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A finding that was held, as people see it; `ended_at` is None while it is."""

    rule: str
    reason: str
    began_at: datetime
    ended_at: datetime | None


async def record(conn: Connection, stay_ids: Sequence[StayId], held: Sequence[Held], now: datetime) -> None:
    """Note what is held in these stays, all that there is: what is not among it is held no more."""
    rows = {"stays": list(stay_ids), "now": now}
    for name in ("stay_id", "rule", "family", "priority", "by_rule", "reason"):
        rows[name] = [getattr(each, name) for each in held]
    await conn.execute(
        "update suppression set ended_at = greatest(%(now)s, began_at) where ended_at is null"
        " and stay_id = any(%(stays)s) and (stay_id, rule) not in"
        " (select * from unnest(%(stay_id)s::bigint[], %(rule)s::text[]))",
        rows,
    )
    if held:
        await conn.execute(
            "insert into suppression (stay_id, rule, began_at, family, priority, by_rule, reason)"
            " select stay_id, rule, %(now)s, family, priority, by_rule, reason from unnest(%(stay_id)s::bigint[],"
            " %(rule)s::text[], %(family)s::text[], %(priority)s::int[], %(by_rule)s::text[], %(reason)s::text[])"
            " as held(stay_id, rule, family, priority, by_rule, reason) on conflict do nothing",
            rows,
        )


async def held_by(conn: Connection, stay_id: StayId, rule: str, since: datetime) -> list[Episode]:
    """Return what a rule's alert has been speaking for in a stay since an instant, the oldest first."""
    async with conn.cursor(row_factory=class_row(Episode)) as cursor:
        await cursor.execute(
            "select rule, reason, began_at, ended_at from suppression"
            " where stay_id = %s and by_rule = %s and (ended_at is null or ended_at >= %s) order by began_at, rule",
            (stay_id, rule, since),
        )
        return await cursor.fetchall()


async def wrongly_held(conn: Connection) -> int:
    """Count what must never be held: what was of high priority, or not technical. It is 0."""
    row = await (
        await conn.execute("select count(*) from suppression where priority = 3 or family <> 'technical'")
    ).fetchone()
    return int(row[0]) if row else 0
