"""Alerts that ring and have come to nobody: none of what was sent of them went out, or was shown. Reads only."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ward.alerts import Priority
from ward.store.pool import Connection

_UNTOLD = b"""
    select coalesce(n.rang_at, a.changed_at) as since
    from alert a join stay s using (stay_id)
    join unnest(%(priorities)s::int[], %(spans)s::interval[]) as bound (priority, span) on bound.priority = a.priority
    left join lateral (
        select min(queued_at) as rang_at, bool_or(state in ('sent', 'delivered', 'seen')) as told
        from outbox o where o.stay_id = a.stay_id and o.alert_id = a.alert_id
        group by ring order by ring desc limit 1
    ) n on true
    where a.resolved_at is null and a.signal = 'ringing' and s.mode <> 'test'
    and not coalesce(n.told, false) and coalesce(n.rang_at, a.changed_at) < %(now)s - bound.span
    order by since
"""


async def since(conn: Connection, after: Mapping[Priority, timedelta], now: datetime) -> list[datetime]:
    """Return since when each alert rings that has come to nobody for longer than its priority may, the oldest first.

    What counts is its present ring: that somebody was told before they let it go again helps nobody now.
    """
    cursor = await conn.execute(
        _UNTOLD,
        {"priorities": [each.value for each in after], "spans": list(after.values()), "now": now},
    )
    return [row[0] for row in await cursor.fetchall()]
