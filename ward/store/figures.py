"""Figures of the processes, in the store: each tells its own every few seconds, and any api tells them all.

The invariant: a process that has stopped telling is not told of any more after `SILENT_AFTER`, so that a figure is
never older than that; that it is silent, its heartbeat says.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client.metrics_core import Metric
from psycopg.rows import class_row

from ward import figures, log, process
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.store.borrow import borrow
from ward.store.pool import Connection, Pool

TELL_S = 5.0
SILENT_AFTER = timedelta(seconds=30)
Families = Callable[[], Iterable[Metric]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one process last told of itself; `families` as `ward.figures.pack` made them."""

    service: str
    process: str
    told_at: datetime
    families: bytes


async def tell(conn: Connection, service: str, name: str, now: datetime, families: bytes) -> None:
    """Put a process's figures in the place of what it told before, and forget those that are silent."""
    await conn.execute(
        "insert into service_figures (service, process, told_at, families) values (%s, %s, %s, %s) on conflict"
        " (service, process) do update set told_at = excluded.told_at, families = excluded.families",
        (service, name, now, families),
    )
    await conn.execute("delete from service_figures where told_at < %s", (now - 2 * SILENT_AFTER,))


async def told(conn: Connection, now: datetime) -> list[Told]:
    """Return what every process that is not silent has told."""
    async with conn.cursor(row_factory=class_row(Told)) as cursor:
        await cursor.execute(
            "select service, process, told_at, families from service_figures where told_at > %s"
            " order by service, process",
            (now - SILENT_AFTER,),
        )
        return await cursor.fetchall()


async def clock_offset_s(conn: Connection, clock: Clock) -> float:
    """Return how far the store's clock is ahead of ours, in seconds, as well as one question can tell.

    The answer is wrong by half of the time that the question took, at most.
    """
    before = clock.now()
    row = await (await conn.execute("select clock_timestamp()")).fetchone()
    after = clock.now()
    return 0.0 if row is None else (row[0] - (before + (after - before) / 2)).total_seconds()


@dataclass(slots=True, kw_only=True)
class Teller:
    """Tells the figures of one process. `families` makes those of its service; what every process has is added."""

    service: str
    clock: Clock
    families: Families
    offset_s: float | None = None
    failed: int = 0

    def collect(self) -> list[Metric]:
        """Return all figures of this process."""
        in_step = process.clock_in_step()
        own = [
            figures.gauge(
                "clock_in_step",
                "Whether the system says that its clock follows a time source",
                [] if in_step is None else [({}, float(in_step))],
            ),
            figures.gauge(
                "clock_offset_seconds",
                "How far the store's clock is ahead of this process's",
                [] if self.offset_s is None else [({}, self.offset_s)],
            ),
            figures.counter("figures_untold", "Times that figures could not be told to the store", [({}, self.failed)]),
        ]
        every = [*self.families(), *own, *figures.of_process()]
        return figures.labelled(every, {"service": self.service, "process": process.name()})

    async def run(self, store: Pool) -> None:
        """Tell for ever; a store that does not answer is told the next time."""
        while True:
            began = time.monotonic()
            try:
                async with borrow(store) as conn:
                    self.offset_s = await clock_offset_s(conn, self.clock)
                    packed = figures.pack(self.collect())
                    await tell(conn, self.service, process.name(), self.clock.now(), packed)
            except StoreUnavailable as error:
                self.failed += 1
                log.get().warning("figures_untold", error=type(error).__name__)
            await asyncio.sleep(max(0.0, began + TELL_S - time.monotonic()))
