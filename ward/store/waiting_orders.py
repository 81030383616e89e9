"""Orders of SpO2 scale 2 that wait for a doctor's name, of whom somebody may see. Reads only.

Not here: whose name makes one whole (`ward.scale_orders`), and signing (`ward.store.plan_versions`).
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward import overlays, plans, scale_orders
from ward.access.principals import Scope
from ward.people import PatientId, StaffId, StayId
from ward.store import access, doctors
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A version that waits for a doctor because of the order that it brings; `rules` is its overlay as JSON."""

    stay_id: StayId
    patient_id: PatientId
    version: int
    author: str | None
    written_at: datetime
    rules: str

    def order(self) -> plans.Order | None:
        """Return the order."""
        found = overlays.decode(self.rules).scale_2_order
        return found if isinstance(found, plans.Order) else None


_WAITING = (
    b"select u.stay_id, u.patient_id, v.version, w.name as author, v.valid_from as written_at, v.rules::text as rules"
    b" from (select s.stay_id, s.patient_id"
    + access.VISIBLE_STAYS
    + b" and s.period @> %(now)s) u join plan v using (stay_id) left join staff w on w.staff_id = v.author_id"
    b" where v.state = 'awaiting' and %(ask)s = any(v.asks) order by v.valid_from, u.stay_id, v.version"
)


async def waiting(conn: Connection, scope: Scope, by: StaffId, now: datetime) -> list[tuple[WaitingRow, plans.Order]]:
    """Return the orders that somebody's name would make whole, the one that has waited longest first."""
    cursor = conn.cursor(row_factory=class_row(WaitingRow))
    await cursor.execute(_WAITING, {**access.asked(scope), "ask": scale_orders.ASK, "now": now})
    found = []
    for row in await cursor.fetchall():
        order = row.order()
        if order is None or order.expires_at <= now:
            continue
        if scale_orders.confirms(order, by, await doctors.caring(conn, row.stay_id, now)):
            found.append((row, order))
    return found
