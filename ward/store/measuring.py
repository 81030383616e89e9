"""What devices are told of how often to measure: those that take sampling intervals, with what decides them.

The caller owns the transaction. The invariant: only intervals that a device has been given before are changed, by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.rows import class_row

from ward.people import DeviceNo, StayId
from ward.store.plans import LAYERS_OF_STAY
from ward.store.pool import Connection

_TAKING = (
    b"""
    select s.stay_id, s.programme, plan.plan_layers, d.device_no, d.rev, d.config -> 'every_s' as given,
        c.total_min, c.total_max, coalesce((c.detail ->> 'single_three')::boolean, false) as single_three
    from stay s join binding b using (stay_id) join device d using (device_no)
    """
    + LAYERS_OF_STAY.encode()
    + b"""
    left join lateral (
        select total_min, total_max, detail from score where score.stay_id = s.stay_id order by scored_at desc limit 1
    ) c on true
    where s.period @> %(now)s and b.period @> %(now)s and d.revoked_at is null
      and jsonb_typeof(d.config -> 'every_s') = 'object'
    order by d.device_no
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingRow:
    """A worn device that takes sampling intervals (`given`), and its stay's newest score; None where there is none."""

    stay_id: StayId
    programme: str
    plan_layers: str
    device_no: DeviceNo
    rev: int
    given: dict[str, object]
    total_min: int | None
    total_max: int | None
    single_three: bool


async def taking(conn: Connection, now: datetime) -> list[TakingRow]:
    """Return the devices worn now that take sampling intervals."""
    cursor = conn.cursor(row_factory=class_row(TakingRow))
    await cursor.execute(_TAKING, {"now": now})
    return await cursor.fetchall()


async def tell(conn: Connection, row: TakingRow, every_s: Mapping[str, float]) -> bool:
    """Tell a device how often to measure; False where somebody has configured it since it was read."""
    done = await conn.execute(
        "update device set config = jsonb_set(config, '{every_s}', %s::jsonb), rev = rev + 1"
        " where device_no = %s and rev = %s",
        (msgspec.json.encode(every_s).decode(), row.device_no, row.rev),
    )
    return done.rowcount == 1
