"""`hemvakt backup`: the whole store in one file, as it was at one instant, while the services go on.

The file appears under its name only when it is whole and PostgreSQL can read it; nobody else may read it. However it
ends, the store is told, so that an operator hears of a backup that failed or did not come (`ward.chores`).
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from onebox.progress import Step, bar
from ward import log
from ward.chores import Deed, Run
from ward.clock import SystemClock
from ward.errors import ConfigError, HemvaktError, MaintenanceFailed
from ward.store import chores, programs, snapshot
from ward.store.pool import reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that has been made: the file, its size, how long it took, and what is in it."""

    path: Path
    size_bytes: int
    took_s: float
    readings: int
    schema: str

    def said(self) -> str:
        """Say it in a line."""
        return (
            f"{self.path}: {self.size_bytes:,} bytes in {self.took_s:.1f} s,"
            f" {self.readings:,} readings, schema {self.schema}"
        )


def make(database_url: str, path: Path, *, over: bool = False) -> Made:
    """Write the store into `path`; with `over` a file that is there is replaced, when the new one is whole.

    Raises
    ------
    ConfigError
        If the file is there, cannot be written, or no program of PostgreSQL fits the server.
    MaintenanceFailed
        If the dump cannot be finished or read back; no file is left.
    StoreUnavailable
        If the store does not answer.
    """
    began_s = time.monotonic()
    if path.exists() and not over:
        raise ConfigError(f"{path} is there already: choose another name, or --force to replace it.")
    with told(database_url, Deed.BACKUP) as telling:
        part = _private(path.with_name(f"{path.name}.part"))
        try:
            readings, schema = asyncio.run(_write(database_url, part))
            part.replace(path)
            _sync(path.absolute().parent)
        finally:
            part.unlink(missing_ok=True)
        size = path.stat().st_size
        telling.of(size_bytes=size, readings=readings)
    took_s = time.monotonic() - began_s
    return Made(path=path, size_bytes=size, took_s=took_s, readings=readings, schema=schema)


def elsewhere(database_url: str) -> str:
    """Tell the store that a program that is not ours has just made a backup; return that in words."""
    now = SystemClock().now()
    asyncio.run(_note(database_url, Run(deed=Deed.BACKUP, began_at=now, ended_at=now)))
    return f"noted: a backup was made elsewhere, {now:%Y-%m-%d %H:%M}Z"


@dataclass(slots=True)
class Telling:
    """What is to be told of a run when it has ended."""

    run: Run = field(repr=False)

    def of(self, *, size_bytes: int | None = None, readings: int | None = None, as_of: datetime | None = None) -> None:
        """Say what came of it."""
        self.run = replace(self.run, size_bytes=size_bytes, readings=readings, as_of=as_of)


@contextmanager
def told(database_url: str, deed: Deed) -> Iterator[Telling]:
    """Tell the store how the block ended. That the store cannot be told ends nothing that was well."""
    clock = SystemClock()
    began = clock.now()
    telling = Telling(Run(deed=deed, began_at=began, ended_at=began))
    fault: str | None = "interrupted"
    try:
        yield telling
        fault = None
    except Exception as error:
        fault = type(error).__name__
        raise
    finally:
        ended = replace(telling.run, ended_at=max(began, clock.now()), fault=fault)
        try:
            asyncio.run(_note(database_url, ended))
        except (HemvaktError, OSError) as error:
            log.get().warning("run_untold", deed=deed.value, error=str(error))


async def _note(database_url: str, run: Run) -> None:
    async with await reach(database_url, "backup") as conn:
        await chores.note(conn, run)


async def _write(database_url: str, part: Path) -> tuple[int, str]:
    """Dump while counting in the same snapshot; return the number of readings and the schema's version."""
    async with snapshot.held(database_url, "backup") as (conn, name):
        dump = programs.fitting("pg_dump", conn.info.server_version // 10_000)
        with bar("Backing up", await snapshot.tables(conn)) as step:
            writing = asyncio.create_task(_dump(dump, database_url, part, name, step), name="dump")
            try:
                counted, schema = await snapshot.readings(conn), await snapshot.schema_version(conn)
                await writing
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
    await _check(dump, part)
    return counted, schema


def _private(part: Path) -> Path:
    """Make an empty file that nobody else may read; what an interrupted backup has left is replaced."""
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise ConfigError(f"{part} cannot be written ({error.strerror}): choose another file.") from error
    return part


async def _dump(program: Path, database_url: str, part: Path, snapshot_name: str, step: Step) -> None:
    where, secret = programs.address(database_url)
    arguments = ["--format=custom", "--verbose", "--no-password", f"--snapshot={snapshot_name}"]
    arguments += [f"--file={part}", f"--dbname={where}"]
    await programs.run(program, arguments, secret, lambda _table: step(1))


async def _check(dump: Path, part: Path) -> None:
    """Have PostgreSQL read the file's list of contents, which is written last."""
    listed = await programs.run(dump.with_name("pg_restore"), ["--list", str(part)], {})
    if "TABLE public reading " not in listed:
        raise MaintenanceFailed("The dump holds no table of readings: is HEMVAKT_DATABASE_URL the store of Hemvakt?")


def _sync(folder: Path) -> None:
    """Let the new name survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
