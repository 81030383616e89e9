"""The log: a line of JSON for each unit of work, in which nobody's words are repeated."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "191212121212"
_START = "import logging, sys\nfrom ward import log\nlog.configure('test')\n"


def lines(program: str) -> list[dict[str, object]]:
    """Return what a process of ours logs that runs this program; it says nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", _START + program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert SECRET not in done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_exception_is_its_kind_and_its_way() -> None:
    """Of an exception and its cause a line says the kind and the places, and not what they say."""
    (line,) = lines(f"""
def inner(): raise KeyError({SECRET!r})
def outer():
    try: inner()
    except KeyError as error: raise ValueError("row ({SECRET})") from error
try: outer()
except ValueError as error: log.get().error("it_broke", error=type(error).__name__, exc_info=error)
""")

    trace = line["trace"]
    assert (line["event"], line["error"], line["service"]) == ("it_broke", "ValueError", "test")
    assert isinstance(trace, list)
    assert trace[0] == "ValueError"
    assert trace[-1].endswith("inner")
    assert "KeyError" in trace


def test_group_of_exceptions_names_each() -> None:
    """Of a group every exception is named."""
    (line,) = lines(f"""
group = ExceptionGroup({SECRET!r}, [ValueError({SECRET!r}), OSError({SECRET!r})])
log.get().error("it_broke", exc_info=group)
""")

    assert line["trace"] == ["ExceptionGroup", "ValueError", "OSError"]


def test_what_the_store_quotes_is_cut() -> None:
    """An error of the store has its first line; the row that it quotes below is left out."""
    (line,) = lines(f"log.get().warning('refused', error='duplicate key\\nDETAIL:  Key (x)=({SECRET}).')")

    assert line["error"] == "duplicate key"


@pytest.mark.parametrize("level", [logging.WARNING, logging.ERROR, logging.CRITICAL])
def test_library_says_its_form_and_not_what_it_filled_in(level: int) -> None:
    """What a library logs is a line of ours, without its arguments and without its exception's words."""
    (line,) = lines(f"""
try: raise ValueError({SECRET!r})
except ValueError: logging.getLogger("some.library").log({level}, "cannot take %s", {SECRET!r}, exc_info=True)
logging.getLogger("some.library").info("not worth a line")
""")

    assert (line["event"], line["library"], line["said"]) == ("library_said", "some.library", "cannot take %s")
    assert line["level"] == logging.getLevelName(level).lower()
    assert isinstance(line["trace"], list)
    assert line["trace"][0] == "ValueError"


def test_process_that_breaks_tells_where() -> None:
    """A fault that ends a process is its last line."""
    (line,) = lines(f"raise ValueError({SECRET!r})")

    assert (line["event"], line["level"]) == ("process_broken", "critical")


def test_task_that_nobody_asked_after_tells_nothing_of_what_broke_it() -> None:
    """What asyncio says of a lost task's exception is its first line."""
    (line,) = lines(f"""
import asyncio, gc
async def broken(): raise ValueError({SECRET!r})
async def main():
    asyncio.create_task(broken())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
asyncio.run(main())
""")

    assert (line["library"], line["said"]) == ("asyncio", "Task exception was never retrieved")
