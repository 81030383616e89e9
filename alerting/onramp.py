"""Looks, once a minute, whether the data of stays on their way home is good, and completes transfers that wait for it.

Not here: when a transfer is complete (`ward.duty.onramp`). The invariant: a transfer whose data cannot be looked up
stays open, and the hospital's team answers.
"""

from datetime import datetime, timedelta

from ward import log, overlays
from ward.duty.onramp import Heard, Transfer, due_at, good_since
from ward.store import duty_transfers
from ward.store.duty_transfers import Waiting
from ward.store.pool import Connection

# Further back than must be good; what is older is known by then, or was not good.
_BACK = timedelta(hours=3)


async def look(conn: Connection, now: datetime) -> int:
    """Tell each open transfer since when its data is good, where that has changed or completes it; return how many."""
    changed = 0
    for each in await duty_transfers.waiting(conn, now):
        transfer = await duty_transfers.newest(conn, each.stay_id)
        if transfer is None or transfer.closed is not None:
            continue
        since = await _since(conn, each, transfer, now)
        due = due_at(transfer)
        if since != transfer.good_since or (due is not None and due <= now):
            told = await duty_transfers.apply_event(conn, each.stay_id, Heard(good_since=since), now)
            log.get().info("transfer_heard", stay=each.stay_id, closed=told.closed)
            changed += 1
    return changed


async def _since(conn: Connection, each: Waiting, transfer: Transfer, now: datetime) -> datetime | None:
    expected = overlays.effective(each.programme, each.plan_layers, now).plan.expected
    begin = transfer.good_since or now - _BACK
    return good_since(expected, await duty_transfers.measured(conn, each.stay_id, list(expected), begin, now), now)
