"""Patients who go over to other teams by what was said of many: a saved week, an exception, routes, a consent.

Their open alerts and offers go over with them in the transaction that moves them, as those of one patient do
(`apply.go_over`). The invariants: no alert stays with a team that somebody's act has relieved of its patient; whoever
is told of many alerts by one act is told once on each way, however urgent they are.
"""

from collections.abc import Sequence
from uuid import uuid4

from alerting import apply
from ward.clock import Clock
from ward.people import StayId
from ward.store import alerts, duty_layout, outbox
from ward.store.duty_layout import Laid
from ward.store.pool import Connection


async def lay_out(conn: Connection, stays: Sequence[StayId], clock: Clock) -> None:
    """Lay out stays anew after what routes them was changed; the first of many at once, the others by the sweeps."""
    await go_over(conn, await duty_layout.lay_or_leave(conn, stays, clock))


async def go_over(conn: Connection, laid: Laid) -> None:
    """Have the alerts and offers go over of the patients whom a layout moves; the caller holds their stays."""
    if not laid.moved:
        return
    gone = [
        alert_id
        for stay_id in await alerts.left_open(conn, sorted(laid.moved))
        for alert_id in await apply.go_over(conn, stay_id, laid.moved[stay_id], laid.at)
    ]
    if len(gone) > 1:
        await outbox.join(conn, sorted(laid.moved), gone, laid.at, uuid4())
