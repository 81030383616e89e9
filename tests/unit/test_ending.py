"""How a service ends: the others with the one that failed, and the whole process where one of them does not end."""

import asyncio
import subprocess
import sys

import pytest

from ward import ending

STUBBORN = """
import asyncio
from ward import ending, log
ending.PATIENCE_S = 0.01

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def broken():
    raise KeyError("why")

async def run():
    tasks = [asyncio.create_task(stubborn(), name="lane"), asyncio.create_task(broken(), name="work")]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await ending.end(done, pending)

log.configure("test")
asyncio.run(run())
"""


def test_h21_process_in_which_something_does_not_end_is_ended() -> None:
    """It says which task failed and which would not end, and is gone, so that it can be started again."""
    done = subprocess.run([sys.executable, "-c", STUBBORN], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 75, done.stderr
    assert '"task": "work", "error": "KeyError", "event": "task_failed"' in done.stdout
    assert '"tasks": ["lane"], "event": "process_stuck"' in done.stdout


def test_others_end_with_the_one_that_failed() -> None:
    """What it failed by is raised when all have ended; who was only waiting is cancelled."""

    async def broken() -> None:
        raise KeyError("why")

    async def run() -> None:
        waiting = asyncio.create_task(asyncio.Event().wait())
        done, pending = await asyncio.wait(
            [asyncio.create_task(broken()), waiting], return_when=asyncio.FIRST_COMPLETED
        )
        with pytest.raises(KeyError):
            await ending.end(done, pending)
        assert waiting.cancelled()

    asyncio.run(run())
