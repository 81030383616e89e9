"""A process beside the passes that rings at once for what reaches further beyond a limit: the shell around `at_once`.

Whatever is overlooked here (a lost hint, a lost store, a plan not yet learnt) is found by the pass, which looks at
everything; so this only ever makes an alert earlier. It is a process of its own so that no pass, however long, stands
before it, and it takes no stay out of the hands of one: an alert that both want to open is opened once, and what has
changed since either of them looked is looked at again (`apply.settle`). Its memory is what it has heard; nothing is
lost with it.
"""

import asyncio
import gc
import multiprocessing
import signal
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from alerting import apply, at_once
from alerting.at_once import Heard
from alerting.features import StayContext, seconds
from alerting.rules import limit_alerts
from alerting.screen import Screen
from ward import log, overlays, process
from ward.alerts import Alert
from ward.clock import Clock, SystemClock
from ward.ending import end
from ward.errors import StoreBusy, StoreUnavailable
from ward.people import StayId
from ward.plans import Plan
from ward.store import alerts, bus, evaluation, newest_readings, plans
from ward.store.alert_columns import to_alert
from ward.store.borrow import LOST, borrow, hurry, patience
from ward.store.bus import Channel, Hint
from ward.store.pool import Connection, Pool, connect, pool
from ward.vitals import BY_CODE, USABLE, VITALS

Asked = Mapping[StayId, Collection[Heard]]

# So few are told in one transaction that the first of them does not wait for the others.
_TOGETHER = 8
_AT_A_TIME = 200
# What a pass is about to write is left to it, so that the others do not wait.
_PATIENCE_MS, _WITHOUT_END = 30, 0
_BEGINNING = StayId(0)
_LEARN_S, _RETRY_S = 5.0, 1.0


class Rush:
    """What has been heard and cannot wait; `rang` counts the alerts that were made of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._screen = Screen()
        self._asked: dict[StayId, set[Heard]] = {}
        self._heard = asyncio.Event()
        self._unknown: set[StayId] = set()
        self._to_learn = asyncio.Event()
        self.rang = 0

    def hear(self, hint: Hint) -> None:
        """Take up announced readings, and stays whose plan has changed."""
        if hint.channel is Channel.REGISTRY:
            self._unknown |= set(map(StayId, hint.ids()))
        else:
            for reading in hint.latest()[0]:
                side = self._screen.worse(reading.stay_id, reading.kind, reading.value)
                if side is not None:
                    self._asked.setdefault(reading.stay_id, set()).add((BY_CODE[reading.kind].kind, side))
                    self._heard.set()
                elif not self._screen.knows(reading.stay_id):
                    self._unknown.add(reading.stay_id)
        if self._unknown:
            self._to_learn.set()

    async def work(self, store: Pool) -> None:
        """Ring for what cannot wait, for ever."""
        while True:
            await self._heard.wait()
            asked = {each: self._asked.pop(each) for each in list(self._asked)[:_TOGETHER]}
            if not self._asked:
                self._heard.clear()
            await self.ring(asked, store)

    async def ring(self, asked: Asked, store: Pool) -> None:
        """Ring for these, each of them alone where somebody holds what another one needs."""
        started = time.monotonic()
        try:
            # Few answers to wait for: what is written goes with the next question, or with the commit.
            async with borrow(store) as conn, conn.pipeline():
                rang = await ring(conn, asked, self._screen.plans(asked), self._clock.now())
                await conn.commit()
        except StoreBusy:
            # A pass has found the same of one of them, and is about to tell it.
            if len(asked) > 1:
                for each, limits in asked.items():
                    await self.ring({each: limits}, store)
        except StoreUnavailable as error:
            log.get().warning("store_lost", error=str(error)[:200])
        except Exception as error:  # noqa: BLE001 - whatever is wrong here, the passes watch all the same
            log.get().error("rush_broken", error=type(error).__name__, exc_info=error)
        else:
            self.rang += rang
            spent_ms = round((time.monotonic() - started) * 1000)
            log.get().debug("rushed", stays=len(asked), alerts=rang, ms=spent_ms)

    async def learn(self, store: Pool) -> None:
        """Learn the limits of every stay, again and again, and of those that are new or changed at once."""
        turn = _BEGINNING
        while True:
            try:
                async with borrow(store) as conn:
                    turn = await self.learn_some(conn, turn)
            except StoreUnavailable as error:
                log.get().warning("store_lost", error=str(error)[:200], retry_s=_RETRY_S)
                await asyncio.sleep(_RETRY_S)
            if not self._unknown:
                self._to_learn.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LEARN_S):
                        await self._to_learn.wait()

    async def learn_some(self, conn: Connection, after: StayId) -> StayId:
        """Learn what is not known, else the next stays of the list after one; return where the list stands then."""
        now = self._clock.now()
        wanted = sorted(self._unknown)[:_AT_A_TIME]
        if not wanted:
            wanted = await evaluation.listed(conn, after, _AT_A_TIME)
            after = wanted[-1] if wanted else _BEGINNING
        rows = await plans.effective(conn, wanted, now)
        self._screen.learn((row.stay_id, overlays.effective(row.programme, row.plan_layers, now).plan) for row in rows)
        self._unknown.difference_update(wanted)
        return after


async def ring(conn: Connection, asked: Asked, plan_of: Mapping[StayId, Plan], now: datetime) -> int:
    """Open or worsen the alerts that these limits call for now; return how many changed.

    The caller owns the transaction. `plan_of` are the plans by which it is known how far back to look; a stay that has
    another by now is left to the pass.
    """
    ids = sorted(asked.keys() & plan_of.keys())
    back_s = {each: at_once.look_back(plan_of[each], asked[each]) for each in ids}
    wanted = [
        newest_readings.Wanted(place=place, stay_id=each, kind=VITALS[kind].code, since=now - timedelta(seconds=far_s))
        for place, each in enumerate(ids)
        for kind, far_s in back_s[each].items()
    ]
    if not wanted:
        return 0
    readings_asked = await newest_readings.ask(conn, wanted, [each.value for each in USABLE])
    await hurry(conn, _PATIENCE_MS)
    alerts_asked = await alerts.ask_in_force(conn, ids)
    plans_asked = await plans.ask(conn, ids, now)
    rules = [(each, limit_alerts.name_of(*limit)) for each in ids for limit in asked[each]]
    # The usual one comes alone, and is told after as few answers as can be.
    asked_early = {key: await apply.ask(conn, *key, now) for key in rules} if len(rules) == 1 else {}
    known = [to_alert(row) for row in await alerts_asked.fetchall()]
    stays = [_context(row, known, now) for row in await plans_asked.fetchall()]
    if {stay.stay_id: at_once.look_back(stay.plan, asked[stay.stay_id]) for stay in stays} != back_s:
        return 0
    found = at_once.findings(stays, await newest_readings.answer(readings_asked), asked, seconds(now))
    told = {(each.stay_id, each.rule) for each in found}
    in_force = [alert for alert in known if (alert.stay_id, alert.rule) in told]
    settled = await apply.settle(conn, in_force, found, now, asked_early)
    # Nobody's row is waited for any more: at the commit there is a short queue of all who announce something.
    await patience(conn, _WITHOUT_END)
    return len(settled.changed)


def _context(row: plans.StayLayers, known: Sequence[Alert], now: datetime) -> StayContext:
    return StayContext(
        stay_id=row.stay_id,
        plan=overlays.effective(row.programme, row.plan_layers, now).plan,
        watched_from_s=seconds(now),
        alerts={alert.rule: alert for alert in known if alert.stay_id == row.stay_id},
    )


async def listen(database_url: str, rush: Rush) -> None:
    """Hand on what is announced, for ever; what is missed while there is no connection the passes find."""
    while True:
        try:
            async with await connect(database_url, "rush-hints", autocommit=True) as conn:
                async for hint in bus.listen(conn, (Channel.READINGS, Channel.REGISTRY)):
                    rush.hear(hint)
        except LOST as error:
            log.get().warning("hints_lost", error=str(error)[:200])
        await asyncio.sleep(_RETRY_S)


async def run(database_url: str, clock: Clock | None = None) -> None:
    """Ring for what cannot wait until SIGTERM or SIGINT; a lost store is waited for."""
    rush, stopping = Rush(clock or SystemClock()), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with pool(database_url, "rush", size=2) as store:
        tasks = [
            asyncio.create_task(rush.work(store), name="work"),
            asyncio.create_task(rush.learn(store), name="learn"),
            asyncio.create_task(listen(database_url, rush), name="listen"),
            asyncio.create_task(stopping.wait(), name="stopping"),
        ]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await end(done, pending)
    log.get().info("rush_stopped", rang=rush.rang)


def serve(database_url: str, log_level: str) -> None:
    """Be the process; it ends with the one that started it, at once: nothing is in it that is not in the store."""
    process.die_with_parent(signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is None or not parent.is_alive():  # it ended before the kernel was asked
        return
    log.configure("alerting-rush", level=log_level)
    # What is there by now stays: no look through all of it while somebody waits.
    gc.freeze()
    runner = asyncio.run
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415

        runner = uvloop.run
    runner(run(database_url))
