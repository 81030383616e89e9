"""Looks, once a minute, whether the data of stays on their way home is good, and completes transfers that wait for it.

Not here: when a transfer is complete (`ward.duty.onramp`). The invariant: a transfer whose data cannot be looked up
stays open, and the hospital's team answers.
"""

from datetime import datetime, timedelta

from alerting import apply
from ward import log, overlays
from ward.clock import Clock
from ward.duty.onramp import Heard, Transfer, due_at, good_since
from ward.errors import StoreBusy, StoreUnavailable
from ward.store import duty, duty_layout, duty_transfers
from ward.store.borrow import borrow
from ward.store.duty_transfers import Waiting
from ward.store.pool import Connection, Pool

# Further back than must be good; what is older is known by then, or was not good.
_BACK = timedelta(hours=3)


async def look(store: Pool, clock: Clock) -> int:
    """Tell each open transfer since when its data is good, where that has changed or completes it; return how many.

    Each in a transaction of its own: what one has met keeps no other patient waiting.
    """
    try:
        async with borrow(store) as conn:
            open_ones = await duty_transfers.waiting(conn, clock.now())
        return sum([await _guarded(store, clock, each) for each in open_ones])
    except StoreUnavailable as error:
        log.get().warning("transfers_wait_for_store", error=str(error)[:200])
        return 0


async def _guarded(store: Pool, clock: Clock, each: Waiting) -> bool:
    try:
        async with borrow(store) as conn:
            return await hear(conn, clock, each)
    except StoreBusy:
        log.get().warning("transfer_busy", stay=each.stay_id)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - the hospital goes on answering for this one, and the others are heard
        log.get().error("transfer_not_heard", stay=each.stay_id, error=type(error).__name__, exc_info=error)
    return False


async def hear(conn: Connection, clock: Clock, each: Waiting) -> bool:
    """Tell one transfer since when its data is good; its alerts go over with the patient where that completes it."""
    await duty_layout.hold(conn, [each.stay_id])
    now = clock.now()
    transfer = await duty_transfers.newest(conn, each.stay_id)
    if transfer is None or transfer.closed is not None:
        return False
    since, due = await _since(conn, each, transfer, now), due_at(transfer)
    if since == transfer.good_since and (due is None or due > now):
        return False
    before = await duty.holder(conn, each.stay_id, now)
    told = await duty_transfers.apply_event(conn, each.stay_id, Heard(good_since=since), now)
    await apply.go_over(conn, each.stay_id, before.team_id, now)
    log.get().info("transfer_heard", stay=each.stay_id, closed=told.closed)
    return True


async def _since(conn: Connection, each: Waiting, transfer: Transfer, now: datetime) -> datetime | None:
    expected = overlays.effective(each.programme, each.plan_layers, now).plan.expected
    begin = transfer.good_since or now - _BACK
    return good_since(expected, await duty_transfers.measured(conn, each.stay_id, list(expected), begin, now), now)
