"""The process that does back-tests: takes a job, reads its readings part by part, judges them, keeps the report.

It runs at the lowest priority and shares nothing with live evaluation but the store, so that no back-test can delay an
alert: where memory runs out, it is the first to go. Nothing that it does can notify anybody: it writes the job's own
row and nothing else. Killed at any instant, its job is taken again when the lease is over, and begins anew, a few
times; one that is at work renews it, however long a part takes, and one that is asked to end gives it back.
"""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from alerting import backtest_read
from alerting.backtest_read import Part, Question
from alerting.backtest_report import Reporter
from ward import log, process
from ward.backtests import BacktestId
from ward.clock import Clock, SystemClock
from ward.errors import StoreUnavailable
from ward.people import StayId
from ward.settings import Settings
from ward.store import backtests
from ward.store.backtests import JobRow
from ward.store.borrow import borrow
from ward.store.figures import Teller
from ward.store.pool import Pool, pool

_LOOK_S = 1.0
_RETRY_S = (0.5, 10.0)
_NICE = 15
# A few times within `backtests.LEASE`.
_RENEW_S = 5.0


async def run(settings: Settings, clock: Clock | None = None) -> None:
    """Do back-tests until SIGTERM or SIGINT; a lost store is waited for."""
    clock = clock or SystemClock()
    os.nice(_NICE)
    process.first_to_go()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with pool(settings.database_url, "backtest", size=3) as store:
        worker = Worker(store=store, clock=clock)
        working = asyncio.create_task(worker.work(), name="work")
        waiting = asyncio.create_task(stopping.wait(), name="stopping")
        teller = Teller(service="backtest", clock=clock, families=list)
        telling = asyncio.create_task(teller.run(store), name="figures")
        done, _ = await asyncio.wait({working, waiting, telling}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, waiting, telling):
            task.cancel()
        await asyncio.gather(working, waiting, telling, return_exceptions=True)
        await worker.leave()
        if working in done:
            working.result()


class Cancelled(Exception):  # noqa: N818 - reads as what happened
    """The job is no longer this worker's: somebody has cancelled it, or another has taken it."""


@dataclass(slots=True, kw_only=True)
class Worker:
    """Takes one job after the other."""

    store: Pool
    clock: Clock
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    async def work(self) -> None:
        """Do what waits, for ever."""
        retry_s = _RETRY_S[0]
        while True:
            try:
                busy = await self.once()
                retry_s = _RETRY_S[0]
            except StoreUnavailable as error:
                log.get().warning("store_lost", error=str(error)[:200], retry_s=retry_s)
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, _RETRY_S[1])
                continue
            if not busy:
                await asyncio.sleep(_LOOK_S)

    async def leave(self) -> None:
        """Give back what is under way; where the store is lost, it is taken when the lease is over."""
        with suppress(StoreUnavailable):
            async with borrow(self.store) as conn:
                await backtests.give_back(conn, self.name, self.clock.now())

    async def once(self) -> bool:
        """Take a job and do it; whether there was one."""
        async with borrow(self.store) as conn:
            for given_up in await backtests.give_up(conn, self.name, self.clock.now()):
                log.get().error("backtest_given_up", backtest=given_up, tries=backtests.MOST_TRIES)
            job = await backtests.take(conn, self.name, self.clock.now())
            if job is not None:
                job = await backtests.gather(conn, job, self.clock.now())
        if job is None:
            return False
        number = BacktestId(job.backtest_id)
        started = time.monotonic()
        try:
            report = await self._held(job)
        except Cancelled:
            log.get().info("backtest_ended_early", backtest=number)
            return True
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one job, the others go on
            log.get().error("backtest_failed", backtest=number, error=type(error).__name__, exc_info=error)
            async with borrow(self.store) as conn:
                fault = f"It could not be done ({type(error).__name__}); the operator's log says more."
                await backtests.fail(conn, number, self.name, fault, self.clock.now())
            return True
        async with borrow(self.store) as conn:
            await backtests.finish(conn, number, self.name, report, self.clock.now())
        log.get().info(
            "backtest_done", backtest=number, stays=len(job.stays), ms=round((time.monotonic() - started) * 1e3)
        )
        return True

    async def _held(self, job: JobRow) -> str:
        """Judge a job while its lease is renewed; nobody judges what is no longer this worker's."""
        judging = asyncio.create_task(self._judge(job))
        holding = asyncio.create_task(self._hold(BacktestId(job.backtest_id)))
        try:
            await asyncio.wait({judging, holding}, return_when=asyncio.FIRST_COMPLETED)
            if not judging.done():
                holding.result()
                raise Cancelled
            return judging.result()
        finally:
            for task in (judging, holding):
                task.cancel()
            await asyncio.gather(judging, holding, return_exceptions=True)

    async def _hold(self, number: BacktestId) -> None:
        """Renew the lease until the job is no longer this worker's."""
        while True:
            await asyncio.sleep(_RENEW_S)
            with suppress(StoreUnavailable):
                async with borrow(self.store) as conn:
                    if not await backtests.renew(conn, number, self.name, self.clock.now()):
                        return

    async def _judge(self, job: JobRow) -> str:
        """Read part by part, the next one while one is judged, and return the report as JSON."""
        question = await self._question(job)
        reporter = Reporter(question)
        parts = question.parts()
        reading: asyncio.Task[Part] | None = asyncio.create_task(self._read(question, parts[0]))
        done = 0
        try:
            for following in [*parts[1:], None]:
                if reading is None:
                    raise AssertionError("there is a part for every turn")
                part = await reading
                reading = None if following is None else asyncio.create_task(self._read(question, following))
                await asyncio.to_thread(reporter.add, part)
                done += len(part.stays)
                await self._progress(BacktestId(job.backtest_id), done)
            report = await asyncio.to_thread(reporter.report)
        finally:
            if reading is not None:
                reading.cancel()
                with suppress(asyncio.CancelledError):
                    await asyncio.gather(reading, return_exceptions=True)
        return msgspec.json.encode(report).decode()

    async def _question(self, job: JobRow) -> Question:
        now = self.clock.now()
        until: datetime = min(job.until_at or now, now)
        async with borrow(self.store) as conn:
            stays = [StayId(each) for each in job.stays]
            return await backtest_read.question(conn, stays, (job.from_at, until), job, now)

    async def _read(self, question: Question, stays: Sequence[StayId]) -> Part:
        async with borrow(self.store) as conn:
            return await backtest_read.read(conn, question, stays)

    async def _progress(self, number: BacktestId, done: int) -> None:
        async with borrow(self.store) as conn:
            if not await backtests.progress(conn, number, self.name, done, self.clock.now()):
                raise Cancelled
