"""Tells devices how often to measure, as the score of who wears them asks for it: once a minute, by a row's own change.

Not here: what the schedule is (`ward.measuring`), how it reaches the device (its retained `config`). The invariant: a
device that has not been given sampling intervals by somebody is told none.
"""

from datetime import datetime

from ward import log, measuring, overlays
from ward.measuring import Score
from ward.store import measuring as rows
from ward.store.measuring import TakingRow
from ward.store.pool import Connection


async def tell(conn: Connection, now: datetime) -> int:
    """Tell each device whose intervals differ from the schedule's; return how many were told."""
    told = 0
    for row in await rows.taking(conn, now):
        wanted = _wanted(row, now)
        if wanted != row.given and await rows.tell(conn, row, wanted):
            log.get().info("device_measures", device_no=row.device_no, stay=row.stay_id)
            told += 1
    return told


def _wanted(row: TakingRow, now: datetime) -> dict[str, float]:
    plan = overlays.effective(row.programme, row.plan_layers, now).plan
    score = None
    if row.total_min is not None and row.total_max is not None:
        score = Score(total_min=row.total_min, total_max=row.total_max, single_three=row.single_three)
    given = {kind: float(each) for kind, each in row.given.items() if isinstance(each, int | float)}
    return measuring.told(plan, measuring.band(plan, score), given)
