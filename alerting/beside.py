"""The process beside the passes (`rush`): started with them, started again when it ends, and ended with them.

It is a fresh interpreter, no copy of this one. Whatever becomes of it the passes go on: it only makes alerts earlier.
The passes give way to others after it has been started, and what they start then gives way too: so it is started from a
thread of its own, which was there before, each time.
"""

import asyncio
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import SpawnProcess

from alerting import rush
from ward import log
from ward.settings import Settings

_AGAIN_S = 1.0
_PATIENCE_S = 5.0


class Rushing:
    """A process that rings at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # A process ends with the thread that started it (`process.die_with_parent`): this one lives as long as ours.
        self._starter = ThreadPoolExecutor(1, "rush-starter")
        self.child = self._starter.submit(self._started).result()

    def _started(self) -> SpawnProcess:
        child = multiprocessing.get_context("spawn").Process(
            target=rush.serve, args=(self._settings.database_url, self._settings.log_level), name="rush", daemon=True
        )
        child.start()
        return child

    async def keep(self) -> None:
        """Start it again whenever it ends, for ever; at the end, end it."""
        try:
            while True:
                await self._ended()
                log.get().error("rush_ended", code=self.child.exitcode)
                await asyncio.sleep(_AGAIN_S)
                self.child = await asyncio.get_running_loop().run_in_executor(self._starter, self._started)
        finally:
            self.child.terminate()
            await asyncio.to_thread(self.child.join, _PATIENCE_S)
            self.child.kill()

    async def _ended(self) -> None:
        """Wait until the process has ended."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.child.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self.child.sentinel)
        self.child.join(0)
