"""What became of a patient's call for help: its alert, and who of the staff was the first to take it up.

Calls by a device's button and from the patient's own page alike. The caller owns the transaction. The invariant:
nothing is said to be seen that no person has touched.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.people import StayId
from ward.store.pool import Connection

SHOWN_FOR = timedelta(hours=12)
"""How long a call that is over is still told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpCall:
    """A call: when it came, since when the team has its alert, who took it up first and when, when it was closed."""

    called_at: datetime
    received_at: datetime
    team_at: datetime | None
    seen_at: datetime | None
    seen_by: str | None
    seen_title: str | None
    over_at: datetime | None


_NEWEST = b"""
    select e.occurred_at as called_at, e.received_at, greatest(a.opened_at, case when a.alert_id is not null
        then e.received_at end) as team_at, f.at as seen_at, f.name as seen_by,
        f.title as seen_title, a.resolved_at as over_at
    from (
        select stay_id, occurred_at, received_at, alert_id from device_event
        where stay_id = %(stay)s and kind = 'help_button' and received_at > %(since)s
        order by received_at desc limit 1
    ) e
    left join alert a on a.stay_id = e.stay_id and a.alert_id = e.alert_id
    left join lateral (
        select v.at, s.name, s.title from alert_event v join staff s using (staff_id)
        where v.stay_id = a.stay_id and v.alert_id = a.alert_id and v.at >= e.received_at order by v.rev limit 1
    ) f on true
"""


async def newest(conn: Connection, stay_id: StayId, now: datetime) -> HelpCall | None:
    """Return the newest call of a stay and what became of it, None where none is recent."""
    cursor = conn.cursor(row_factory=class_row(HelpCall))
    await cursor.execute(_NEWEST, {"stay": stay_id, "since": now - SHOWN_FOR})
    return await cursor.fetchone()
