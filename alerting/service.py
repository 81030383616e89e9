"""The alerting process: passes over the stays that are due, over new waveforms, hints that wake it, a sign of life.

All of a pass is one transaction, so a worker that dies has done nothing; any number of workers share the list.
Hints only wake it, the list is the truth, and it looks at it at least every second. It yields to ingest: its process
has lower priority, and passes are a while apart. What reaches further beyond a limit does not wait for one: it rings
from a process beside it (`rush`).
"""

import asyncio
import gc
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from alerting import courier, duty, selfcheck, waves
from alerting.beside import Rushing
from alerting.due import MOST, Pass, evaluate_due
from alerting.figures import Passes, Sendings, families
from alerting.windows import Windows
from ward import log, process
from ward.clock import Clock, SystemClock
from ward.ending import end
from ward.errors import StoreUnavailable
from ward.settings import Settings
from ward.store import bus, devices, evaluation, heartbeats, wave_due
from ward.store.borrow import LOST, borrow
from ward.store.figures import Teller
from ward.store.pool import Pool, connect, pool

_APART_S = 0.5
_SWEEP_S = 1.0
_ENROL_S = 5.0
_BEAT_S = 2.0
_STUCK_S = 30.0
_RETRY_S = (0.2, 5.0)
_NICE = 10
_CONNECTIONS = 8


async def run(settings: Settings, clock: Clock | None = None) -> None:
    """Evaluate until SIGTERM or SIGINT; a lost store is waited for, and nothing is lost with it."""
    clock = clock or SystemClock()
    courier.require(settings)
    # Before this process gives way: what cannot wait does not.
    rushing = Rushing(settings)
    os.nice(_NICE)
    gc.freeze()  # what is made by now lives as long as the process
    gc.set_threshold(20_000, 20, 50)  # a pass makes thousands of things, which go with it
    stopping, wake = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    worker = Worker(clock=clock, wake=wake)
    sendings = Sendings()
    teller = Teller(service="alerting", clock=clock, families=lambda: families(worker.done, sendings))
    async with pool(settings.database_url, "alerting", size=_CONNECTIONS) as store:
        tasks = [
            asyncio.create_task(worker.work(store), name="work"),
            asyncio.create_task(rushing.keep(), name="rush"),
            asyncio.create_task(worker.look(store), name="look"),
            asyncio.create_task(worker.listen(settings.database_url), name="listen"),
            asyncio.create_task(worker.beat(store), name="beat"),
            asyncio.create_task(courier.run(settings, store, clock, sendings), name="courier"),
            asyncio.create_task(selfcheck.run(settings, store, clock), name="selfcheck"),
            asyncio.create_task(duty.run(store, clock), name="duty"),
            asyncio.create_task(teller.run(store), name="figures"),
            asyncio.create_task(stopping.wait(), name="stopping"),
        ]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await end(done, pending)
    log.get().info("alerting_stopped", passes=worker.done.passes, stays=worker.done.stays)


@dataclass(slots=True, kw_only=True)
class Worker:
    """The loops of one process, and what they have counted."""

    clock: Clock
    wake: asyncio.Event
    windows: Windows = field(default_factory=Windows)
    lowered: set[int] = field(default_factory=set)
    done: Passes = field(default_factory=Passes)
    store_down: bool = False
    looked_at_s: float = field(default_factory=time.monotonic)

    async def work(self, store: Pool) -> None:
        """Evaluate for ever: on a hint, when a stay is due, and at least every second."""
        retry_s, enrol_at = _RETRY_S[0], 0.0
        while True:
            started = self.looked_at_s = time.monotonic()
            try:
                if started >= enrol_at:
                    async with borrow(store) as conn:
                        await evaluation.enrol(conn, self.clock.now())
                        await devices.heard_again(conn, self.clock.now())
                    enrol_at = started + _ENROL_S
                done = await self._pass(store)
            except StoreUnavailable as error:
                self.store_down = True
                self.windows.trends.forget()
                log.get().warning("store_lost", error=str(error)[:200], retry_s=retry_s)
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, _RETRY_S[1])
                continue
            retry_s, self.store_down = _RETRY_S[0], False
            await asyncio.sleep(max(0.0, started + _APART_S - time.monotonic()))
            if done.stays < MOST:
                await self._rest(done.due_at)

    async def look(self, store: Pool) -> None:
        """Look at new waveforms for ever, at least every second; what they tell is evaluated at once."""
        while True:
            started, stays = time.monotonic(), 0
            try:
                async with borrow(store) as conn:
                    await wave_due.enrol(conn)
                async with borrow(store) as conn:
                    looked = await waves.look(conn, self.clock.now())
                stays = looked.stays
                self.done.cells += looked.cells
            except StoreUnavailable as error:
                log.get().warning("store_lost", error=str(error)[:200], retry_s=_RETRY_S[1])
                await asyncio.sleep(_RETRY_S[1])
                continue
            if stays and looked.cells:
                self.wake.set()
                spent_ms = round((time.monotonic() - started) * 1000)
                log.get().debug("waveforms_looked_at", stays=stays, cells=looked.cells, rows=looked.rows, ms=spent_ms)
            if stays < waves.MOST_STAYS:
                await asyncio.sleep(_SWEEP_S)

    async def _pass(self, store: Pool) -> Pass:
        started = time.monotonic()
        self.wake.clear()
        async with borrow(store) as conn:
            # The server's half of the work gives way to ingest like ours.
            if (served_by := conn.info.backend_pid) not in self.lowered:
                process.give_way(served_by, _NICE)
                self.lowered.add(served_by)
            done = await evaluate_due(conn, self.clock.now(), windows=self.windows)
        if done.stays:
            spent_s = time.monotonic() - started
            self.done.passes += 1
            self.done.stays += done.stays
            self.done.took.add(spent_s)
            for alert in done.alerts:
                self.done.alerts[alert.priority] += 1
            log.get().debug(
                "stays_evaluated",
                stays=done.stays,
                scores=done.scores,
                alerts=[alert.alert_id for alert in done.alerts],
                ms=round(spent_s * 1000),
            )
        return done

    async def _rest(self, due_at: datetime | None) -> None:
        """Wait for a hint, the next due stay, or the sweep, whichever is first."""
        rest_s = _SWEEP_S if due_at is None else min(_SWEEP_S, (due_at - self.clock.now()).total_seconds())
        if rest_s > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self.wake.wait()

    async def listen(self, database_url: str) -> None:
        """Turn hints into wake-ups; without a connection the sweep goes on alone."""
        channels = (bus.Channel.READINGS, bus.Channel.DEVICES, bus.Channel.REGISTRY)
        while True:
            try:
                async with await connect(database_url, "alerting-hints", autocommit=True) as conn:
                    async for _ in bus.listen(conn, channels):
                        self.wake.set()
            except LOST as error:
                log.get().warning("hints_lost", error=str(error)[:200])
            await asyncio.sleep(_RETRY_S[1])

    async def beat(self, store: Pool) -> None:
        """Say every two seconds that this worker looks at the list; one that hangs over a pass does not say so."""
        while True:
            hangs_s = time.monotonic() - self.looked_at_s
            if hangs_s > _STUCK_S:
                log.get().error("pass_stuck", seconds=round(hangs_s))
                await asyncio.sleep(_BEAT_S)
                continue
            done = self.done
            detail = {"passes": done.passes, "stays": done.stays, "cells": done.cells, "store_down": self.store_down}
            try:
                async with borrow(store) as conn:
                    await heartbeats.beat(conn, "alerting", process.name(), self.clock.now(), detail)
            except StoreUnavailable as error:
                log.get().warning("beat_failed", error=str(error)[:200])
            await asyncio.sleep(_BEAT_S)
