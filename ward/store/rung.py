"""What has rung: each time that people were told of an alert, how urgently, which teams were first. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.people import StayId
from ward.store.pool import Connection

_RUNG = b"""
    select s.stay_id, a.rule, s.priority, coalesce(s.done_at, s.due_at) as at,
        coalesce((
            select array_agg(distinct tag order by tag) from jsonb_array_elements(s.contacts) c
            join team t on t.team_id = (c ->> 'team_id')::bigint join organisation o using (organisation_id),
            unnest(t.competences || o.kind || t.name) tag
        ), '{}') as told
    from escalation_step s join alert a using (stay_id, alert_id)
    where s.step = 1 and s.stay_id = any(%(stays)s)
    order by at, s.alert_id, s.ring
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RungRow:
    """One ring of an alert; `told`: names and competences of the teams told first, and their organisations' kinds."""

    stay_id: StayId
    rule: str
    priority: int
    at: datetime
    told: list[str]


async def read(conn: Connection, stay_ids: Sequence[StayId]) -> list[RungRow]:
    """Return every ring of these stays, the oldest first."""
    cursor = conn.cursor(row_factory=class_row(RungRow))
    await cursor.execute(_RUNG, {"stays": list(stay_ids)})
    return await cursor.fetchall()
