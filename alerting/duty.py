"""The loop of duty in an alerting process: timers of who answers every few seconds, hours of nobody every minute.

Stays that are over are looked for too: their alerts end with them. Devices are told how often to measure, and ways home
looked at.

Any number of processes may run it: rows are locked and skipped, a timer is a row, and a pass is one transaction.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from alerting import apply, going_over, measuring, onramp
from alerting.coverage import COVERAGE, observe
from alerting.events import EndStay
from ward import log
from ward.alerts import Alert
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.people import StayId
from ward.store import alerts, duty_batons, duty_handovers, duty_layout, duty_watch
from ward.store.borrow import LOST, borrow
from ward.store.duty_layout import AT_ONCE
from ward.store.pool import Connection, Pool

_SWEEP_S = 5.0
_WARN_S = 60.0
_BREATH_S = 0.1


async def run(store: Pool, clock: Clock) -> None:
    """Sweep for ever; a lost store is waited for, and whatever one piece of work meets ends no other."""
    warn_at = 0.0
    while True:
        began = time.monotonic()
        done = await sweep(store, clock)
        if began >= warn_at:
            await _guarded(store, clock, _warnings)
            await _guarded(store, clock, _measuring)
            await onramp.look(store, clock)
            warn_at = began + _WARN_S
        await asyncio.sleep(_BREATH_S if done >= AT_ONCE else _SWEEP_S)


async def sweep(store: Pool, clock: Clock) -> int:
    """Do once what is due: what has run out, layouts, alerts of ended stays; return the most that one of them did."""
    return max([await _guarded(store, clock, work) for work in (_offers, _handovers, _layouts, _ended)])


async def _guarded(store: Pool, clock: Clock, work: Callable[[Connection, Clock], Awaitable[int]]) -> int:
    """Do a piece of work in a transaction of its own; return how much was done."""
    try:
        async with borrow(store) as conn:
            done = await work(conn, clock)
    except StoreUnavailable as error:
        log.get().warning("duty_waits_for_store", error=str(error)[:200])
    except Exception as error:  # noqa: BLE001 - who answers is kept up, whatever one pass has met
        log.get().error("duty_failed", work=work.__name__, error=type(error).__name__, exc_info=error)
    else:
        if done:
            log.get().info("duty_done", work=work.__name__.removeprefix("_"), count=done)
        return done
    return 0


async def _offers(conn: Connection, clock: Clock) -> int:
    return len(await duty_batons.time_out(conn, clock.now()))


async def _handovers(conn: Connection, clock: Clock) -> int:
    return len(await duty_handovers.lapse(conn, clock.now()))


async def _ended(conn: Connection, clock: Clock) -> int:
    """Close the alerts of stays that are over: nobody is told of them any more, and their end is in their life."""
    ended = await alerts.of_ended_stays(conn, clock.now(), AT_ONCE)
    for alert_id in ended:
        await apply.hold(conn, alert_id)
        await apply.apply_event(conn, alert_id, EndStay(), clock.now())
    return len(ended)


async def _layouts(conn: Connection, clock: Clock) -> int:
    """Lay out what is due together; where one stay is at fault, each alone, so that it keeps no other waiting."""
    due, later = await duty_layout.portion(conn, await duty_layout.due(conn, clock.now()))
    now = clock.now()
    try:
        async with conn.transaction():
            done = await _lay(conn, due, now)
    except LOST:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one stay, the others must be laid out
        log.get().error("layout_failed", stays=len(due), error=type(error).__name__, exc_info=error)
        done = sum([await _alone(conn, stay_id, now) for stay_id in due])
    return AT_ONCE if later else done


async def _lay(conn: Connection, stays: Sequence[StayId], now: datetime) -> int:
    laid = await duty_layout.lay(conn, stays, now)
    await going_over.go_over(conn, laid)
    return laid.count


async def _alone(conn: Connection, stay_id: StayId, now: datetime) -> int:
    try:
        async with conn.transaction():
            return await _lay(conn, [stay_id], now)
    except LOST:
        raise
    except Exception as error:  # noqa: BLE001 - the same; its last period has no end, so somebody answers
        log.get().error("stay_not_laid_out", stay=stay_id, error=type(error).__name__)
        return 0


async def _warnings(conn: Connection, clock: Clock) -> int:
    return len(await warn(conn, clock.now()))


async def _measuring(conn: Connection, clock: Clock) -> int:
    return await measuring.tell(conn, clock.now())


async def warn(conn: Connection, now: datetime) -> list[Alert]:
    """Raise or quiet the alert of every stay that is, or no longer is, to be left alone soon."""
    uncovered = await duty_watch.uncovered(conn, now)
    warned = await duty_watch.warned(conn, COVERAGE)
    if not uncovered and not warned:
        return []
    known = await alerts.in_force(conn, sorted({each.stay_id for each in uncovered} | set(warned)))
    mine = [alert for alert in known if alert.rule == COVERAGE]
    return list((await apply.settle(conn, mine, observe(uncovered, warned, now), now)).changed)
