"""How a service ends when one of its loops has: the others with it, and the whole process where one of them does not.

The invariant: no half of a service goes on. Who starts it again loses nothing; who believes that it lives loses all.
"""

import asyncio
import os
import sys
from collections.abc import Collection
from typing import Any

from ward import log

PATIENCE_S = 8.0  # less than a supervisor has
STUCK = 75  # sysexits.h: try again


async def end(done: Collection[asyncio.Task[Any]], pending: Collection[asyncio.Task[Any]]) -> None:
    """Cancel the loops that go on, wait for their end, and raise what the first of the others failed by."""
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.get().error("task_failed", task=task.get_name(), error=type(error).__name__, exc_info=error)
    for task in pending:
        task.cancel()
    stuck = (await asyncio.wait(pending, timeout=PATIENCE_S))[1] if pending else set()
    if stuck:
        log.get().error("process_stuck", tasks=sorted(task.get_name() for task in stuck))
        sys.stdout.flush()
        os._exit(STUCK)
    for task in done:
        task.result()
