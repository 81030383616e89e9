"""The loop of duty in an alerting process: timers of who answers every few seconds, hours of nobody every minute.

Any number of processes may run it: rows are locked and skipped, a timer is a row, and a pass is one transaction.
"""

import asyncio
import time
from datetime import datetime

from alerting import apply
from alerting.coverage import COVERAGE, observe
from ward import log
from ward.alerts import Alert
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.store import alerts, duty_watch
from ward.store.borrow import borrow
from ward.store.duty_watch import Swept
from ward.store.pool import Connection, Pool

_SWEEP_S = 5.0
_WARN_S = 60.0


async def run(store: Pool, clock: Clock) -> None:
    """Sweep for ever; a lost store is waited for, and whatever else a pass meets does not end the next one."""
    warn_at = 0.0
    while True:
        began = time.monotonic()
        try:
            async with borrow(store) as conn:
                swept = await duty_watch.sweep(conn, clock.now())
            if any((swept.timed_out, swept.lapsed, swept.laid)):
                _tell(swept)
            if began >= warn_at:
                async with borrow(store) as conn:
                    await warn(conn, clock.now())
                warn_at = began + _WARN_S
        except StoreUnavailable as error:
            log.get().warning("duty_waits_for_store", error=str(error)[:200])
        except Exception as error:  # noqa: BLE001 - who answers is kept up, whatever one pass has met
            log.get().error("duty_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(_SWEEP_S)


def _tell(swept: Swept) -> None:
    log.get().info("duty_swept", timed_out=list(swept.timed_out), lapsed=list(swept.lapsed), laid=swept.laid)


async def warn(conn: Connection, now: datetime) -> list[Alert]:
    """Raise or quiet the alert of every stay that is, or no longer is, to be left alone soon."""
    uncovered = await duty_watch.uncovered(conn, now)
    warned = await duty_watch.warned(conn, COVERAGE)
    if not uncovered and not warned:
        return []
    known = await alerts.in_force(conn, sorted({each.stay_id for each in uncovered} | set(warned)))
    mine = [alert for alert in known if alert.rule == COVERAGE]
    return await apply.settle(conn, mine, observe(uncovered, warned, now), now)
